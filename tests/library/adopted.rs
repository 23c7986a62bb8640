//! Tables that other Arrow tools have written or edited become stores: the same data give the same fit, what is missing is masked, what
//! is wrong or damaged is refused in one line.

use crate::beamline::ApsU;
use crate::place::{Place, q};
use crate::tables::{Row, columns, constant, rows, shuffled, values, write};
use crate::told::Told;
use arrow_array::BooleanArray;
use homodyne::api::{
    AdoptSettings, BlockSource, Error, IngestSettings, Ingested, Node, Run, Selection, Store, StoreFormat, Watch,
    adopt, ingest, inspect, load,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Adopts the tables of the folder `tables`; what is refused leaves nothing behind.
pub fn adopted(place: &Place, change: impl FnOnce(&mut AdoptSettings)) -> Result<Ingested, Error> {
    let mut settings = AdoptSettings {
        source: place.path("tables"),
        store: place.path("adopted"),
        block_points: 4096,
        ..AdoptSettings::default()
    };
    change(&mut settings);
    let before = place.path("adopted").exists();
    let adopted = adopt(&settings, 2, &Watch::nobody());
    if adopted.is_err() {
        assert_eq!(place.path("adopted").exists(), before, "something is left behind");
    }
    adopted
}

/// Of adopting tables that are made from the rows of a small store.
pub fn told(tables: impl FnOnce(&Place, Vec<Row>), change: impl FnOnce(&mut AdoptSettings)) -> Told {
    let place = Place::new();
    let store = small(&place);
    tables(&place, rows(&store));
    adopted(&place, change).map(|adopted| adopted.manifest.provenance.warnings)
}

/// Everything that tables do not tell.
pub fn options(settings: &mut AdoptSettings) {
    settings.q_per_angstrom = Some(0.0054);
    settings.dt_seconds = Some(0.1);
}

/// The default file as a store.
fn small(place: &Place) -> Store {
    place.ingest_u(&ApsU::default(), Selection { exclude_first_frame: false, ..q() }).expect("good");
    Store::open(&place.path("store"), None).expect("whole")
}

fn opened(place: &Place) -> Store {
    Store::open(&place.path("adopted"), None).expect("whole")
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn assert_same_data(one: &Store, other: &Store) {
    let (a, b) = (one.experiment(), other.experiment());
    assert_eq!(
        (a.q_per_angstrom, a.time.n_frames, a.angles.len()),
        (b.q_per_angstrom, b.time.n_frames, b.angles.len())
    );
    assert!((a.time.dt_seconds - b.time.dt_seconds).abs() < 1e-7);
    for (k, (a, b)) in a.angles.iter().zip(&b.angles).enumerate() {
        assert_eq!((a.phi_degrees, a.sigma, &a.masked_frames), (b.phi_degrees, b.sigma, &b.masked_frames));
        assert_eq!(bits(&values(one, k)), bits(&values(other, k)), "phi = {}", a.phi_degrees);
    }
}

/// The shipped sample, ingested.
fn sample(place: &Place, format: StoreFormat, long: bool) -> PathBuf {
    let store = place.path(&format!("{format:?}{long}"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/laminar_flow.h5");
    let settings =
        IngestSettings { source: Some(source), store: store.clone().into(), format, long, ..IngestSettings::default() };
    ingest(&settings, 2, &Watch::nobody()).expect("the shipped sample");
    store
}

const STATIC: &str = "\
analysis_mode: static
optimization: {nlsq: {cmaes: {enable: false}}}
";

/// The parameters of a fit of a store, as they are written.
fn fitted(place: &Place, store: &Path) -> Result<String, Error> {
    let inside = |path: &Path| Node::Text(path.display().to_string());
    let places =
        [("store.directory".into(), inside(store)), ("output.directory".into(), inside(&place.path("results")))];
    let settings = load(&place.file("fit.yaml", STATIC.as_bytes()), &places)?;
    let run = Run::new(&settings, &Watch::nobody());
    let finished = run.fit(run.open(store)?)?;
    let outcome = serde_json::to_value(&finished.outcome).expect("JSON");
    Ok(format!("{} {} {}", outcome["parameters"], outcome["per_angle"], outcome["chi2"]))
}

#[test]
fn unedited_tables_give_the_same_store_and_a_fit_of_the_same_bits() {
    let place = Place::new();
    let mut fits = Vec::new();
    for (format, long) in [(StoreFormat::Parquet, false), (StoreFormat::Arrow, false), (StoreFormat::Arrow, true)] {
        let store = sample(&place, format, long);
        let name = format!("of {format:?}{long}");
        let settings = AdoptSettings { source: store.join("c2"), store: place.path(&name), ..AdoptSettings::default() };
        let first = adopt(&settings, 2, &Watch::nobody()).expect("all is told by the schema");
        assert!(!first.reused && adopt(&settings, 2, &Watch::nobody()).expect("again").reused);
        let (original, adopted) =
            (Store::open(&store, None).expect("whole"), Store::open(&place.path(&name), None).expect("whole"));
        assert_same_data(&original, &adopted);
        let provenance = &adopted.manifest().provenance;
        assert_eq!((provenance.layout.as_str(), provenance.files.len()), ("adopted", 6));
        assert!(provenance.files.iter().all(|file| file.blake3.len() == 64 && file.name.starts_with("phi=")));
        fits.push(fitted(&place, &store.clone()).expect("a fit"));
        fits.push(fitted(&place, &place.path(&name)).expect("a fit"));
    }
    assert!(fits.iter().all(|fit| *fit == fits[0]) && fits[0].contains("D0"), "{fits:?}");
}

#[test]
fn long_arrow_stores_open_like_plain_ones_and_any_tool_sees_the_pairs() {
    let place = Place::new();
    let (plain, long) = (sample(&place, StoreFormat::Arrow, false), sample(&place, StoreFormat::Arrow, true));
    let [plain, long] = [plain, long].map(|store| Store::open(&store, None).expect("whole"));
    assert_same_data(&plain, &long);
    let [of_plain, of_long] = [&plain, &long].map(Store::manifest);
    assert_ne!(of_plain.content_key, of_long.content_key);
    let checksums = |store: &Store| -> Vec<Vec<String>> {
        store.manifest().partitions.iter().map(|partition| partition.block_checksums.clone()).collect()
    };
    assert_eq!(checksums(&plain), checksums(&long));
    let file = std::fs::File::open(place.path("Arrowtrue").join(&of_long.partitions[0].file)).expect("partition");
    let reader = arrow_ipc::reader::FileReader::try_new(file, None).expect("an Arrow file");
    let names: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["i", "j", "t1", "t2", "c2"]);
}

#[test]
fn rows_may_come_in_any_order_from_any_number_of_tables_in_any_type() {
    let names: [&[&str]; 5] = [
        &["i", "j", "c2", "phi"],
        &["t1", "t2", "c2", "phi"],
        &["phi as text", "c2 in f64", "j", "i"],
        &["i", "j", "t1", "t2", "c2", "phi as text"],
        &["c2", "phi", "t2", "t1"],
    ];
    for ending in ["parquet", "arrow"] {
        for names in names {
            let place = Place::new();
            let store = small(&place);
            let mut all = shuffled(&rows(&store));
            // i > j is the same pair.
            all.iter_mut().step_by(3).for_each(|row| std::mem::swap(&mut row.i, &mut row.j));
            for (k, part) in all.chunks(all.len() / 2 + 1).enumerate() {
                write(&place.path(&format!("tables/deep/part-{k}.{ending}")), columns(names, part), &[]);
            }
            std::fs::write(place.path("tables/_SUCCESS"), b"").expect("passed by");
            let adopted = adopted(&place, options).expect("good");
            // The values of this file are without noise.
            let warnings = adopted.manifest.provenance.warnings;
            assert!(warnings.iter().all(|warning| warning.contains("sigma is not known")), "{warnings:?}");
            assert_same_data(&store, &opened(&place));
        }
    }
}

#[test]
fn what_all_tables_share_comes_from_schema_folders_columns_or_options_and_must_agree() {
    let place = Place::new();
    let store = small(&place);
    for angle in &store.experiment().angles {
        let own: Vec<Row> = rows(&store).into_iter().filter(|row| row.phi == angle.phi_degrees).collect();
        let mut of_pairs = columns(&["i", "j", "c2"], &own);
        of_pairs.push(constant("dt_seconds", 0.1, &own));
        let path = place.path(&format!("tables/q=0.0054/phi={}/x.parquet", angle.phi_degrees + 360.0));
        // Dataset writers give every table the schema of the first.
        write(&path, of_pairs, &[("phi_degrees", "-45.0"), ("gap_angstrom", "2000000")]);
    }
    adopted(&place, |_| ()).expect("all is told");
    assert_same_data(&store, &opened(&place));
    assert_eq!(opened(&place).experiment().gap_angstrom, Some(2e6));
    let facts = inspect(&place.path("adopted"), true).expect("a store");
    let told = |name: &str| facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!(told("layout").as_deref(), Some("adopted"));
    assert!(
        told("adopted from")
            .is_some_and(|words| words.starts_with(&format!("{} tables", store.experiment().angles.len())))
    );
    for (change, words) in [
        (
            &(|settings: &mut AdoptSettings| settings.q_per_angstrom = Some(0.01)) as &dyn Fn(&mut AdoptSettings),
            "0.0054",
        ),
        (&|settings| settings.dt_seconds = Some(0.2), "0.1"),
        (&|settings| settings.gap_angstrom = Some(1e6), "gap"),
    ] {
        let line = adopted(&place, change).expect_err("a contradiction").to_string();
        assert!(line.contains("[E80]") && line.contains(words), "{line}");
    }
}

#[test]
fn pairs_without_a_row_null_and_not_a_number_are_the_same_and_masked() {
    let is_left_out = |row: &Row| (row.i + 2 * row.j) % 7 == 3 || row.i == 5 || row.j == 5;
    let without = |change: fn(&mut Row)| {
        let place = Place::new();
        let store = sample(&place, StoreFormat::Parquet, false);
        let mut all = rows(&Store::open(&store, None).expect("whole"));
        all.iter_mut().filter(|row| is_left_out(row)).for_each(change);
        all.retain(|row| row.phi > -10.0 && row.i >= 0);
        write(&place.path("tables/a.parquet"), columns(&["i", "j", "phi", "c2"], &all), &[("n_frames", "300")]);
        let adopted = adopted(&place, |settings| {
            options(settings);
            settings.block_points = 65_536;
        });
        let adopted = adopted.expect("good").manifest;
        let angle = &adopted.experiment.angles[0];
        assert_eq!((adopted.experiment.angles.len(), &angle.masked_frames[..]), (4, &[0, 5][..]));
        assert!(angle.sigma > 0.0 && adopted.partitions[0].non_finite_values > 5000);
        let is_told = |code: &str| adopted.provenance.warnings.iter().any(|warning| warning.starts_with(code));
        assert!(is_told("[E20]") && is_told("[E21]"), "{:?}", adopted.provenance.warnings);
        let checksums: Vec<String> = adopted.partitions.iter().flat_map(|of| of.block_checksums.clone()).collect();
        (checksums, fitted(&place, &place.path("adopted")).expect("a fit"))
    };
    let dropped = without(|row| row.i = -1);
    assert_eq!(dropped, without(|row| row.c2 = None));
    assert_eq!(dropped, without(|row| row.c2 = Some(f64::NAN)));
}

#[test]
fn pairs_that_are_not_used_are_masked_and_columns_that_say_nothing_are_named() {
    let of = |with_column: bool| {
        let place = Place::new();
        let mut all = rows(&small(&place));
        let used: Vec<Option<bool>> = all.iter().map(|row| (row.i != 7).then_some(row.j != 7)).collect();
        if !with_column {
            all.iter_mut().zip(&used).filter(|(_, used)| **used != Some(true)).for_each(|(row, _)| row.c2 = None);
        }
        let mut table = columns(&["i", "j", "phi", "c2"], &all);
        if with_column {
            table.push(("used".into(), Arc::new(BooleanArray::from(used))));
            table.push(constant("remark", 1.0, &all));
        }
        write(&place.path("tables/a.parquet"), table, &[]);
        let manifest = adopted(&place, options).expect("good").manifest;
        let checksums: Vec<String> = manifest.partitions.iter().flat_map(|of| of.block_checksums.clone()).collect();
        (checksums, manifest.experiment.angles[0].masked_frames.clone(), manifest.provenance.warnings)
    };
    let (told, empty) = (of(true), of(false));
    assert_eq!((&told.0, &told.1), (&empty.0, &empty.1));
    assert_eq!(told.1, [7]);
    assert!(told.2.iter().any(|warning| warning.contains("left out: remark")), "{:?}", told.2);
    let numbers = |place: &Place, rows: Vec<Row>| {
        let mut table = columns(&["i", "j", "phi", "c2"], &rows);
        table.push(constant("used", 1.0, &rows));
        write(&place.path("tables/a.parquet"), table, &[]);
    };
    let line = told_of(numbers).to_string();
    assert!(line.contains("column used") && line.contains("true or false"), "{line}");
}

/// What is said of tables that are refused.
fn told_of(tables: impl FnOnce(&Place, Vec<Row>)) -> Error {
    told(tables, options).expect_err("refused")
}

#[test]
fn a_standard_deviation_that_is_told_holds_and_diagonal_rows_are_left_out() {
    let place = Place::new();
    let store = small(&place);
    let mut all = rows(&store);
    all.extend(store.experiment().angles.iter().map(|angle| Row { phi: angle.phi_degrees, i: 3, j: 3, c2: Some(7.0) }));
    let mut table = columns(&["i", "j", "phi", "c2"], &all);
    table.push(constant("sigma", 0.25, &all));
    write(&place.path("tables/a.parquet"), table, &[]);
    let adopted = adopted(&place, options).expect("good").manifest;
    assert!(adopted.experiment.angles.iter().all(|angle| angle.sigma == 0.25));
    assert!(adopted.provenance.warnings.iter().any(|warning| warning.contains("1 rows of a frame with itself")));
}

#[test]
fn columns_of_one_name_and_a_scatter_that_cannot_be_are_refused() {
    let of = |extra: Vec<&'static str>, sigma: Option<f64>, metadata: &'static [(&str, &str)]| {
        let tables = move |place: &Place, rows: Vec<Row>| {
            let mut table = columns(&[&["i", "j", "phi", "c2"], &extra[..]].concat(), &rows);
            table.extend(sigma.map(|sigma| constant("sigma", sigma, &rows)));
            write(&place.path("tables/a.arrow"), table, metadata);
        };
        told(tables, options)
    };
    assert!(of(vec![], Some(0.25), &[("sigma", "0.25")]).is_ok() && of(vec![], None, &[("sigma", "0.0")]).is_ok());
    for (told, words) in [
        (of(vec!["c2"], None, &[]), "2 columns c2"),
        (of(vec!["c2 in f64"], None, &[]), "2 columns c2"),
        (of(vec!["j"], None, &[]), "2 columns j"),
        (of(vec![], None, &[("sigma", "-1")]), "sigma = -1;"),
        (of(vec![], None, &[("sigma", "NaN")]), "sigma = NaN;"),
        (of(vec![], None, &[("sigma", "small")]), "sigma = small;"),
        (of(vec![], Some(f64::NAN), &[]), "sigma = NaN;"),
        (of(vec![], Some(-1.0), &[]), "sigma = -1;"),
        (of(vec![], Some(f64::INFINITY), &[]), "sigma = inf"),
    ] {
        let line = told.expect_err(words).to_string();
        assert!(line.contains(words), "{words}: {line}");
    }
}

#[test]
fn a_configuration_leaves_the_file_out_or_names_the_adopted_tables() {
    let place = Place::new();
    let all: Vec<Row> = rows(&Store::open(&sample(&place, StoreFormat::Parquet, false), None).expect("whole"));
    write(&place.path("tables/a.parquet"), columns(&["i", "j", "phi", "c2"], &all), &[]);
    adopted(&place, |settings| {
        options(settings);
        settings.gap_angstrom = Some(1e6);
    })
    .expect("good");
    let open = |more: &str| {
        let text = format!("analysis_mode: static\n{more}");
        let settings = load(&place.file("c.yaml", text.as_bytes()), &[]).expect("valid");
        Run::new(&settings, &Watch::nobody()).open(&place.path("adopted")).map(drop)
    };
    open("").expect("nothing is asked for");
    open(
        "experimental_data: {file_path: tables}\nanalyzer_parameters: {dt: 0.1, scattering: {wavevector_q: 0.0054}}\n",
    )
    .expect("what was adopted");
    open("analyzer_parameters: {start_frame: 3, end_frame: 302}").expect("as many frames");
    open("experimental_data: {masked_frames: [1], symmetrise: upper}").expect("masked, and told, not compared");
    place.file("other.h5", b"anything");
    for (more, words) in [
        ("experimental_data: {file_path: other.h5}", "file_path=null"),
        ("analyzer_parameters: {dt: 0.2}", "analyzer_parameters.dt is 0.2"),
        ("analyzer_parameters: {end_frame: 20}", "end_frame is 20 (with frame 1 as the first: 20 frames)"),
        ("experimental_data: {masked_frames: [1, 4]}", "with pairs of frames 4, of"),
        ("analyzer_parameters: {scattering: {wavevector_q: 0.01}}", "wavevector_q is 0.01"),
        ("analyzer_parameters: {geometry: {stator_rotor_gap: 2000000}}", "stator_rotor_gap is 2000000"),
        ("phi_filtering: {target_ranges: [{min_angle: 0, max_angle: 90}]}", "target_ranges is"),
    ] {
        let line = open(more).expect_err("another question").to_string();
        assert!(line.contains("[E76]") && line.contains(words) && !line.contains('\n'), "{line}");
    }
    write(&place.path("tables/b.parquet"), columns(&["i", "j", "phi", "c2"], &all[..1]), &[]);
    assert!(
        open("experimental_data: {file_path: tables}").expect_err("not those tables").to_string().contains("[E76]")
    );
}

#[test]
fn damaged_tables_are_refused_in_one_line_and_never_end_in_a_panic() {
    let place = Place::new();
    let all = rows(&small(&place));
    let mut refused = 0;
    for ending in ["parquet", "arrow"] {
        let path = place.path(&format!("tables/a.{ending}"));
        let _ = std::fs::remove_dir_all(place.path("tables"));
        write(&path, columns(&["i", "j", "phi", "c2"], &all), &[]);
        let whole = std::fs::read(&path).expect("written");
        let mut try_with = |content: &[u8]| {
            std::fs::write(&path, content).expect("damaged");
            if let Err(error) = adopted(&place, options) {
                let line = error.to_string();
                assert!(error.exit_code() == 2 && line.contains("[E") && line.contains("tables"), "{line}");
                assert!(!line.contains('\n') && line.len() < 1000, "{line}");
                refused += 1;
            }
        };
        for k in 0..60 {
            try_with(&whole[..whole.len() * k / 60]);
            let mut noise = whole.clone();
            noise.iter_mut().skip(whole.len() * k / 60).for_each(|byte| *byte = byte.wrapping_add(k as u8 + 1));
            try_with(&noise);
            let mut tail = whole.clone();
            let start = tail.len() - 8 * (k + 2);
            tail[start..].iter_mut().take(3).for_each(|byte| *byte ^= 0x5a);
            try_with(&tail);
        }
        // Lengths that buffers have before they are compressed among them.
        for at in (0..whole.len()).step_by(23) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x40;
            try_with(&damaged);
        }
    }
    assert!(refused > 240, "{refused}");
}

#[test]
fn tables_that_change_while_they_are_read_are_refused() {
    use homodyne::api::{Event, Listener, StopFlag};
    struct Toucher(PathBuf);
    impl Listener for Toucher {
        fn hear(&self, event: &Event<'_>) {
            if matches!(event, Event::Angles { .. }) {
                std::fs::File::options().append(true).open(&self.0).expect("own file").set_len(9).expect("cut");
            }
        }
    }
    let place = Place::new();
    let all = rows(&small(&place));
    write(&place.path("tables/a.parquet"), columns(&["i", "j", "phi", "c2"], &all), &[]);
    let mut settings =
        AdoptSettings { source: place.path("tables"), store: place.path("adopted"), ..AdoptSettings::default() };
    options(&mut settings);
    let toucher = Toucher(place.path("tables/a.parquet"));
    let line = adopt(&settings, 1, &Watch::new(&toucher, &StopFlag::default())).expect_err("changed").to_string();
    assert!(line.contains("[E40]") && line.contains("a.parquet") && !place.path("adopted").exists(), "{line}");
}

/// Rows of one angle with one of them changed, as told to the catalogue of codes.
pub fn with_row(change: fn(&mut Row)) -> Told {
    told(
        |place, mut all| {
            change(&mut all[17]);
            write(&place.path("tables/a.parquet"), columns(&["i", "j", "phi", "c2"], &all), &[("n_frames", "24")]);
        },
        options,
    )
}

/// Tables with these columns.
pub fn with_columns(names: &'static [&'static str]) -> Told {
    told(|place, all| write(&place.path("tables/a.parquet"), columns(names, &all), &[]), options)
}

/// Readers of datasets add a column of the names of folders to the one of numbers.
#[test]
fn two_columns_of_phi_that_agree_are_one() {
    let place = Place::new();
    let all: Vec<Row> = rows(&Store::open(&sample(&place, StoreFormat::Parquet, false), None).expect("whole"));
    let write_with = |change: f64| {
        let mut table = columns(&["i", "j", "phi", "c2"], &all);
        let own: Vec<f64> = all.iter().map(|row| row.phi + change).collect();
        table.push(("phi_degrees".into(), std::sync::Arc::new(arrow_array::Float64Array::from(own))));
        write(&place.path("tables/a.parquet"), table, &[]);
    };
    write_with(0.0);
    let store = adopted(&place, options).expect("one column twice");
    assert!(store.manifest.experiment.angles.len() > 1);
    write_with(10.0);
    let line = adopted(&place, options).expect_err("two angles").to_string();
    assert!(line.contains("[E80]") && line.contains("two columns of phi that differ"), "{line}");
}
