//! Every code of the catalogue is provoked by input that deserves it: one line says where and what to do, with exit code 2.

use crate::adopted::{options, told, with_columns, with_row};
use crate::beamline::{ApsLegacy, ApsU, Fill, matrix};
use crate::place::{Place, altered, q};
use crate::tables::{Row, columns, write};
use crate::told::{
    HASHES, Told, aps_u, aps_u_with, bytes, configured, images, ingested, legacy, odd_file, of_a_store_that_is_there,
    over, over_something_else, results_over, resumed, run, settings, shipped, small_legacy, unreadable, warnings,
    with_store, written_to_meanwhile,
};
use arrow_array::UInt64Array;
use homodyne::config::key::Meaning;
use homodyne::config::keys::patterns;
use homodyne::config::load::load;
use homodyne::config::settings::Settings;
use homodyne::error::Error;
use homodyne::error::catalogue::Code;
use homodyne::ingest::layouts::detect::Layout;
use homodyne::ingest::request::IngestSettings;
use homodyne::ingest::selection::{PhiRange, Selection};
use homodyne::machine::staged_file::{Replace, write_file};
use homodyne::pipeline::checkpoint::Hashes;
use homodyne::pipeline::plan::plan;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[test]
fn every_code_is_provoked_and_says_in_one_line_where_and_what_to_do() {
    for &code in Code::ALL {
        for (told, words) in situations(code) {
            let line = match told {
                Ok(warnings) => warning(code, &warnings),
                Err(error) => refusal(code, &error),
            };
            assert!(line.contains(&format!("[{code}] ")) && line.contains(words), "{words}: {line}");
            assert!(!line.contains('\n') && line.len() < 1500, "{line}");
        }
    }
}

fn warning(code: Code, warnings: &[String]) -> String {
    let found = warnings.iter().find(|warning| warning.starts_with(&format!("[{code}] ")));
    found.unwrap_or_else(|| panic!("{code} is no error, and not among the warnings {warnings:?}")).clone()
}

fn refusal(code: Code, error: &Error) -> String {
    let fault = error.fault();
    assert_eq!((fault.code, error.exit_code()), (Some(code), 2), "{error}");
    assert!(!fault.place.is_empty() && !fault.found.is_empty(), "{error}");
    assert!(!fault.expected.is_empty() || !fault.advice.is_empty(), "{error}");
    error.to_string()
}

/// What provokes a code, with words that the line must have.
fn situations(code: Code) -> Vec<(Told, &'static str)> {
    match code {
        Code::E01 => vec![
            (ingested(|place| place.file("data_1.hdf", b"x").with_file_name("data_2.hdf"), q()), "data_1.hdf"),
            (ingested(|place| place.folder().to_path_buf(), q()), "is a folder"),
            (load(Path::new("nowhere.yaml"), &[]).map(|_| vec![]), "nowhere.yaml"),
        ],
        Code::E02 => vec![(bytes("a.hdf", b""), "0 bytes"), (other_file(b""), "0 bytes")],
        Code::E03 => vec![
            (bytes("a.hdf", b"phi q c2\n1 2 3\n"), "text"),
            (bytes("a.hdf", b"\x80\x04\x95rest"), "pickle"),
            (bytes("a.hdf", b"PK\x03\x04....archive/data.pkl"), "PyTorch"),
            (bytes("a.hdf", b"PK\x03\x04....c2.npy"), ".npz"),
            (bytes("a.hdf", b"\x93NUMPY\x01\x00"), ".npy"),
            (bytes("a.hdf", b"MATLAB 5.0 MAT-file, Platform"), "MATLAB"),
            (bytes("a.hdf", b"version https://git-lfs.github.com/spec/v1\n"), "git-lfs"),
            (bytes("a.hdf", b"\xff\xd8\xff\xe0 something else \x00\x01"), "unknown"),
            (other_file(b"phi,i,j,c2\n"), "begin the names of other files with an underscore"),
            (other_file(b"FEA1...."), "Feather 1"),
            (other_file(b"\xff\xff\xff\xff...."), "an Arrow stream"),
        ],
        Code::E04 => {
            let place = Place::new();
            let whole = std::fs::read(ApsU::default().write(&place.path("a.hdf"))).expect("written");
            vec![
                (bytes("a.hdf", &whole[..whole.len() / 3]), "copy the file again"),
                (bytes("a.hdf", &whole[..whole.len() - 100]), "copy the file again"),
                (bytes("result.hdf.temp", &whole), "still being written"),
                (other_file(b"PAR1 and no more PAR1"), "whole"),
                (other_file(b"ARROW1 and no more ARROW1"), "whole"),
            ]
        }
        Code::E05 => vec![(unreadable(), "permission denied")],
        Code::E06 => vec![
            (ingested(images, q()), "/images"),
            (aps_u_with(&ApsU::default(), Selection { layout: Some(Layout::ApsLegacy), ..q() }), "aps_u"),
        ],
        Code::E07 => vec![(aps_u(&ApsU { twotime: false, ..ApsU::default() }), "Twotime")],
        Code::E08 => vec![
            (aps_u(&ApsU { names: vec![], matrices: vec![], ..ApsU::default() }), "0 matrices"),
            (legacy(&ApsLegacy { names: vec![], bins: vec![], ..ApsLegacy::eigen() }), "0 matrices"),
        ],
        Code::E09 => {
            let mut fewer = ApsU::default();
            fewer.names.remove(3);
            fewer.matrices.remove(3);
            vec![(aps_u(&fewer), "8 matrices, 9 processed bins")]
        }
        Code::E10 => {
            let of_label = |label| aps_u(&ApsU { labels: vec![1, 2, 3, 4, 5, 6, 7, 8, label], ..ApsU::default() });
            let short_list = legacy(&ApsLegacy { dqlist: vec![0.0054; 4], ..ApsLegacy::eigen() });
            vec![
                (of_label(0), "label 0;"),
                (of_label(-3), "label -3;"),
                (of_label(10), "from 1 to 9"),
                (short_list, "from 1 to 4"),
            ]
        }
        Code::E11 => vec![
            (aps_u(&ApsU { mapping: None, ..ApsU::default() }), "9 labels for 12 bins"),
            (aps_u(&ApsU::without_mapping()), "identity is used"),
        ],
        Code::E12 => {
            let mapped = |last| ApsU { mapping: Some(vec![1, 2, 4, 5, 7, 8, 9, 10, last]), ..ApsU::default() };
            vec![(aps_u(&mapped(12)), "natural bin 12"), (aps_u(&mapped(10)), "natural bin 10")]
        }
        Code::E13 => vec![(aps_u(&ApsU { num_pts: vec![3, 5], ..ApsU::default() }), "dynamic_num_pts 3, 5, but")],
        Code::E14 => vec![(aps_u(&ApsU { map_names: vec!["x", "y"], ..ApsU::default() }), "q and phi")],
        Code::E15 => vec![(ingested(|place| small_legacy(place, &[3, 4], true), q()), "shape 3 x 4")],
        Code::E16 => {
            let shorter = |place: &Place, mut rows: Vec<Row>| {
                rows.retain(|row| row.phi != 0.0 || row.j < 20);
                plain_table(place, rows);
            };
            let mut file = ApsU::default();
            file.matrices[3] = matrix(20, 5, Fill::Upper);
            vec![
                (aps_u(&file), "20 frames; expected 24"),
                (told(shorter, options), "20 frames at phi = 0; expected 24"),
            ]
        }
        Code::E17 => {
            let mut file = ApsU::with(Fill::Full);
            file.matrices[2][5 * 24 + 2] += 0.25;
            vec![(aps_u(&file), "(2, 5)")]
        }
        Code::E18 => {
            let filled = |value| {
                let mut file = ApsU::default();
                file.matrices[2].fill(value);
                file
            };
            vec![
                (aps_u(&filled(0.0)), "c2_00003"),
                (aps_u(&filled(f64::NAN)), "c2_00003"),
                (aps_u(&altered(|i, _, value| if i < 22 { 0.0 } else { value })), "frames are empty"),
                (
                    aps_u_with(&ApsU::default(), Selection { masked_frames: (1..=24).collect(), ..q() }),
                    "0 of 24 frames",
                ),
                (all_missing(), "empty"),
                (aps_u_with(&filled(0.0), Selection { skip_bad_bins: true, ..q() }), "c2_00003"),
            ]
        }
        Code::E19 => {
            let whole_numbers = |place: &Place, rows: Vec<Row>| {
                let mut table = columns(&["i", "j", "phi"], &rows);
                table.push(("c2".into(), table[0].1.clone()));
                write(&place.path("tables/a.parquet"), table, &[]);
            };
            vec![
                (shipped("complex.h5"), "complex"),
                (shipped("text.h5"), "text"),
                (shipped("half.h5"), "16-bit float"),
                (told(whole_numbers, options), "Int64"),
            ]
        }
        Code::E20 => vec![
            (aps_u(&altered(|i, j, value| if (i, j) == (3, 9) { f64::NAN } else { value })), "1 values"),
            (aps_u(&altered(|i, j, value| if (i + j) % 11 == 0 { f64::INFINITY } else { value })), "at most 1 %"),
        ],
        Code::E21 => {
            let dead = [5, 6, 11];
            let empty = |i, j, value| if dead.contains(&i) || dead.contains(&j) { 0.0 } else { value };
            vec![(aps_u(&altered(empty)), "6-7, 12")]
        }
        Code::E22 => vec![
            (aps_u(&altered(|i, _, value| if i % 3 == 1 { -50.0 } else { value })), "(0, 10)"),
            (aps_u(&altered(|i, j, value| if (i, j) == (3, 9) { 40.0 } else { value })), "1 values"),
        ],
        Code::E23 => vec![
            (aps_u(&altered(|i, j, _| 0.1 / (1.0 + (j - i) as f64) + 1e-6)), "1 is added"),
            (aps_u(&altered(|_, _, value| 2.0 * value)), "expected near 1"),
        ],
        Code::E25 => {
            let of_time = |frame_time| aps_u(&ApsU { frame_time, ..ApsU::default() });
            vec![
                (of_time(Some(0.0)), "positive"),
                (of_time(Some(-1.0)), "positive"),
                (of_time(Some(f64::NAN)), "positive"),
                (of_time(None), "analyzer_parameters.dt"),
                (aps_u(&ApsU { stride: Some(0), ..ApsU::default() }), "stride_frame"),
            ]
        }
        Code::E26 => {
            let other = Selection { dt_seconds: Some(0.05), ..q() };
            vec![(
                aps_u_with(&ApsU::default(), other),
                "stride 2 x average 1); expected the configuration's dt = 0.05 s",
            )]
        }
        Code::E27 => vec![(aps_u(&ApsU { stride: None, ..ApsU::default() }), "stride_frame")],
        Code::E29 => [(0, -1), (10, 5), (1, 25), (23, 24), (30, -1)]
            .map(|(start_frame, end_frame)| Selection { start_frame, end_frame, ..q() })
            .map(|selection| (aps_u_with(&ApsU::default(), selection), "end_frame <= 24"))
            .into(),
        Code::E30 => [0.5, 0.0048, 0.054]
            .map(|wanted| Selection { q_per_angstrom: Some(wanted), ..q() })
            .map(|selection| (aps_u_with(&ApsU::default(), selection), "0.0054"))
            .into(),
        Code::E31 => {
            let slip = ApsU { q: vec![30.0, 54.0, 90.0], ..ApsU::default() };
            let unknown = ApsU { map_units: vec!["1/fm", "deg"], ..ApsU::default() };
            vec![
                (aps_u_with(&slip, Selection { q_per_angstrom: Some(54.0), ..q() }), "slip of units"),
                (aps_u_with(&unknown, q()), "1/angstrom, 1/nm"),
            ]
        }
        Code::E32 => {
            let phi_ranges = vec![PhiRange { min_angle: 100.0, max_angle: 120.0 }];
            vec![(aps_u_with(&ApsU::default(), Selection { phi_ranges, ..q() }), "-90")]
        }
        Code::E33 => vec![(legacy(&ApsLegacy { dphilist: vec![f64::NAN; 5], ..ApsLegacy::eigen() }), "phi = NaN")],
        Code::E34 => {
            let dphilist = vec![0.0, -45.0, f64::NAN, 10.0, 370.0];
            vec![(legacy(&ApsLegacy { dphilist, ..ApsLegacy::eigen() }), "g2_00004 and /exchange_2/C2T_all/g2_00005")]
        }
        Code::E36 => vec![(shipped("zstd_filter.h5"), "h5repack")],
        Code::E37 => vec![
            (shipped("unreadable_dataset.h5"), "g2_00001"),
            (shipped("dangling_link.h5"), "g2_00001: is a link to /c2 of another file, not_there.h5"),
        ],
        Code::E38 => {
            let place = Place::new();
            let request = place.request(&odd_file("larger_than_memory.h5"), Selection::default());
            vec![(warnings(place.ingest_with(&request, 100)), "fewer --threads")]
        }
        Code::E39 => vec![
            (shipped("absurd_shape.h5"), "1000000000 frames"),
            (
                told(plain_table, |settings| (options(settings), settings.n_frames = Some(2_000_000)).1),
                "2000000 frames",
            ),
            (
                told(
                    |place, rows| {
                        let mut columns = columns(&["phi", "i", "c2"], &rows);
                        let last = rows.iter().map(|row| if row.j == 3 { u64::MAX } else { row.j as u64 });
                        columns.push(("j".into(), Arc::new(last.collect::<UInt64Array>())));
                        write(&place.path("tables/a.parquet"), columns, &[]);
                    },
                    options,
                ),
                "18446744073709551615 frames; expected 3 to 100000 frames; check the columns of frames (from 0; below 0 is a huge",
            ),
        ],
        Code::E47 => vec![
            (aps_u(&ApsU { legacy_too: Some(24), ..ApsU::default() }), "also holds aps_legacy"),
            (aps_u(&ApsU { legacy_too: Some(20), ..ApsU::default() }), "24 frames and aps_legacy with 20"),
        ],
        Code::E51 => vec![(ingested(|place| small_legacy(place, &[4, 4], false), q()), "/xpcs/dqlist: missing")],
        Code::E60 => vec![(configured("analysis_mode: [static\n"), "YAML"), (configured("just text\n"), "mapping")],
        Code::E61 => vec![
            (configured("analysis_mode: static\nanalyser_parameters: {}\n"), "c.yaml:2:1"),
            (configured("analysis_mode: static\noptimization: {nlsq: {max_iteration: 5}}\n"), "max_iterations`"),
        ],
        Code::E62 => vec![
            (configured("analysis_mode: turbulent\n"), "one of static"),
            (configured("analysis_mode: laminar_flow\n"), "stator_rotor_gap"),
            (configured("analysis_mode: static\nanalyzer_parameters: {dt: -1}\n"), "a number from 1e-9"),
            (aps_u_with(&ApsU::default(), Selection::default()), "0.003, 0.0054, 0.009"),
            (run("", |settings| settings.ingest.source = None), "experimental_data.file_path"),
        ],
        Code::E63 => {
            let bounds = "parameter_space: {bounds: [{name: D0, min: 3, max: 2}]}\n";
            let fixed = "initial_parameters: {fixed_parameters: {alpha: 99}}\n";
            vec![(run(bounds, |_| ()), "min < max"), (run(fixed, |_| ()), "within its bounds")]
        }
        Code::E64 => {
            let text = "\
parameter_space: {bounds: [{name: D0, min: 1, max: 1.0e+30}, {name: alpha, min: -500, max: 500}]}
initial_parameters: {values: [1.0e+30, -400, 0]}
";
            vec![(run(text, |_| ()), "tighter bounds")]
        }
        Code::E65 => {
            let mode =
                |name: &str| format!("optimization: {{nlsq: {{anti_degeneracy: {{per_angle_mode: {name}}}}}}}\n");
            let given = "initial_parameters: {per_angle_scaling: {contrast: [0.1], offset: [1.0]}}\n";
            vec![
                (run(&mode("fourier"), |_| ()), "at least 5 angles"),
                (run(&format!("{}{given}", mode("constant")), |_| ()), "each of the 3 angles"),
            ]
        }
        Code::E66 => {
            let settings = settings(&Place::new(), "optimization: {nlsq: {strategy: stratified}}\n");
            let larger =
                IngestSettings { source: Some(odd_file("larger_than_memory.h5")), ..IngestSettings::default() };
            let settings = settings.map(|settings| Settings { ingest: larger, ..settings });
            vec![(settings.and_then(|settings| plan(&settings)).map(|_| vec![]), "hybrid_streaming")]
        }
        Code::E40 => {
            let lengthened = |path: &Path| {
                let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("own file");
                file.write_all(b"more").expect("written");
            };
            let touched = |path: &Path| {
                let file = std::fs::File::options().write(true).open(path).expect("own file");
                file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).expect("set");
            };
            vec![
                (written_to_meanwhile(lengthened), "it changed while it was read"),
                (written_to_meanwhile(touched), "was written to while it was read"),
            ]
        }
        Code::E70 => vec![
            (over_something_else(), "--store"),
            (
                over(&[("_manifest.json", b"{\"name\": \"x\"}"), ("thesis.tex", b"precious")]),
                "no store of this program",
            ),
            (over(&[("c2/phi=0.0/notes.txt", b"mine")]), "c2/phi=0.0/notes.txt, which is no part"),
            (over(&[("c2/../figure.pdf", b"mine")]), "figure.pdf, which is no part"),
            (told(plain_table, |settings| settings.store = settings.source.join("store")), "choose another --out"),
        ],
        Code::E71 => ["{", "{}", "{\"format_version\": 1}"]
            .map(|text| with_store(|store| std::fs::write(store.join("_manifest.json"), text).expect("damaged")))
            .map(|told| (told, "_manifest.json"))
            .into(),
        Code::E72 => {
            let damaged = |damage: fn(&mut Vec<u8>)| {
                with_store(|store| {
                    let partition = store.join("c2/phi=0.0/c2.arrow");
                    let mut content = std::fs::read(&partition).expect("partition");
                    damage(&mut content);
                    std::fs::write(&partition, content).expect("damaged");
                })
            };
            vec![
                (damaged(|content| content.truncate(100)), "100 bytes"),
                (damaged(|content| content.iter_mut().rev().take(10).for_each(|byte| *byte = 0)), "Arrow footer"),
                (damaged(|content| content.iter_mut().skip(1000).take(1).for_each(|byte| *byte ^= 1)), "checksum"),
            ]
        }
        Code::E73 => {
            let place = Place::new();
            let request = place.request(&ApsU::default().write(&place.path("a.hdf")), q());
            let below_a_file = place.file("file", b"x").join("store");
            vec![(
                warnings(place.ingest_with(&IngestSettings { store: below_a_file.into(), ..request }, 2)),
                "is a file; expected a folder to write into",
            )]
        }
        Code::E74 => vec![(resumed(|path| std::fs::write(path, "{").expect("damaged"), HASHES), "without --resume")],
        Code::E75 => vec![
            (resumed(|_| (), Hashes { config: "another", ..HASHES }), "another configuration"),
            (resumed(|_| (), Hashes { store: "another", ..HASHES }), "another store"),
        ],
        Code::E77 => vec![(results_over(false), "figure.pdf"), (results_over(true), "something else than results")],
        Code::E78 => {
            let place = Place::new();
            let there = place.file("there.yaml", b"x");
            let told = |target: &Path| write_file(target, b"y", Replace::Nothing).map(|()| vec![]);
            vec![(told(&there), "--force"), (told(&place.path("")), "is a folder")]
        }
        Code::E76 => {
            let selected = |change: fn(&mut Selection)| {
                of_a_store_that_is_there(|_, settings| change(&mut settings.ingest.selection))
            };
            let another = |place: &Place, _: &mut Settings| {
                altered(|_, _, value| value + 0.001).write(&place.path("a.hdf"));
            };
            vec![
                (selected(|selection| selection.q_per_angstrom = Some(0.0108)), "wavevector_q is 0.0108"),
                (selected(|selection| selection.end_frame = 20), "end_frame is 20 in the configuration and -1 in the"),
                (selected(|selection| selection.masked_frames = vec![3, 4]), "masked_frames is 3, 4 in"),
                (selected(|selection| selection.dt_seconds = Some(7.0)), "analyzer_parameters.dt is 7 in"),
                (selected(|selection| selection.layout = Some(Layout::ApsLegacy)), "layout is aps_legacy"),
                (selected(|selection| selection.exclude_first_frame = false), "exclude_first_frame is false"),
                (of_a_store_that_is_there(another), "file_path"),
            ]
        }
        Code::E79 => vec![
            (told(|place, _| std::fs::create_dir(place.path("tables")).expect("folder"), options), "no table"),
            (with_columns(&["i", "j", "phi"]), "no column c2"),
            (with_columns(&["i", "phi", "c2"]), "i and j alone"),
            (told(|place, _| plain_table(place, vec![]), options), "no row"),
        ],
        Code::E80 => vec![
            (with_row(|row| row.j = 24), "frame 24; expected frames 0 to 23"),
            (with_row(|row| row.i = -2), "frame -2"),
            (with_row(|row| (row.i, row.j) = (0, 3)), "row 17 (from 0): pair (0, 3) for the second time"),
            (with_row(|row| row.phi = f64::NAN), "phi = NaN"),
            (with_columns(&["i", "j", "c2"]), "nothing tells its angle"),
            (told(plain_table, |settings| settings.dt_seconds = Some(0.1)), "nothing tells q"),
            (told(plain_table, |settings| settings.q_per_angstrom = Some(0.0054)), "nothing tells dt"),
            (told(off_the_grid, options), "a multiple of dt = 0.1 s"),
            (told(exchanged, options), "phi = -90 by its folder; expected 0 as its schema says"),
            (
                told(plain_table, |settings| (options(settings), settings.n_frames = Some(20)).1),
                "expected frames 0 to 19",
            ),
        ],
    }
}

fn plain_table(place: &Place, rows: Vec<Row>) {
    write(&place.path("tables/a.parquet"), columns(&["i", "j", "phi", "c2"], &rows), &[]);
}

/// Two angles under the name of each other.
fn exchanged(place: &Place, rows: Vec<Row>) {
    for (folder, schema) in [("0.0", "-90.0"), ("-90.0", "0.0")] {
        let own: Vec<Row> = rows.iter().filter(|row| row.phi == 0.0).copied().collect();
        let path = place.path(&format!("tables/phi={folder}/a.arrow"));
        write(&path, columns(&["i", "j", "c2"], &own), &[("phi_degrees", schema)]);
    }
}

/// Of adopting a folder with a table and a file beside it.
fn other_file(content: &'static [u8]) -> Told {
    let beside = |place: &Place, rows: Vec<Row>| {
        plain_table(place, rows);
        std::fs::write(place.path("tables/beside"), content).expect("written");
    };
    told(beside, options)
}

fn off_the_grid(place: &Place, rows: Vec<Row>) {
    let mut table = columns(&["t1", "t2", "phi", "c2"], &rows);
    table[0].1 = table[3].1.clone();
    write(&place.path("tables/a.parquet"), table, &[("n_frames", "24")]);
}

/// Of adopting tables without a value.
fn all_missing() -> Told {
    let empty = |place: &Place, mut rows: Vec<Row>| {
        rows.iter_mut().for_each(|row| row.c2 = None);
        plain_table(place, rows);
    };
    told(empty, options)
}

#[test]
fn the_catalogue_is_in_order_and_its_texts_are_whole_and_name_keys_that_have_an_effect() {
    assert!(Code::ALL.is_sorted_by_key(Code::to_string), "codes are found by halving");
    for code in Code::ALL {
        let told = code.explanation();
        let texts = || [told.meaning, told.cause].into_iter().chain(told.remedies.iter().copied());
        assert!(!told.remedies.is_empty() && !code.title().is_empty(), "{code}");
        for text in texts() {
            assert!(text.ends_with('.') && !text.contains('\n') && !text.contains("  "), "{code}: {text}");
            for key in keys(text) {
                assert!(has_effect(key), "{code}: {key}");
            }
        }
    }
    let named = Code::ALL.iter().flat_map(|code| code.explanation().remedies).flat_map(|text| keys(text)).count();
    assert!(named > 20, "keys are found in the texts: {named}");
}

/// Keys of the configuration among the words in backticks.
fn keys(text: &'static str) -> impl Iterator<Item = &'static str> {
    let quoted = text.split('`').skip(1).step_by(2).filter_map(|words| words.split([':', ' ']).next());
    quoted.filter(|word| {
        word.contains('.') && patterns().iter().any(|(key, _)| key.split('.').next() == word.split('.').next())
    })
}

/// Whether it is a key that is used, or a list or section of such keys.
fn has_effect(key: &str) -> bool {
    let within = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
    patterns().iter().any(|(known, meaning)| *meaning == Meaning::Used && known.strip_prefix(key).is_some_and(within))
}
