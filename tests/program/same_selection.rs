//! A store that holds what a configuration asks for is taken, however either of them is written; where that is not known, the refusal says what is not.

use crate::program::{folder_with_data, homodyne, stderr};
use homodyne::store::manifest::{MANIFEST_NAME, Manifest};
use std::path::Path;

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";

/// Data of 60 frames and the angles -90, -30 and 30 degrees, with stores of them in several words.
fn folder() -> tempfile::TempDir {
    let folder = folder_with_data(CONFIG, &["--frames", "60", "--angles", "3"]);
    for (store, set) in [
        ("plain", &[][..]),
        ("frames", &["analyzer_parameters.end_frame=60", "experimental_data.masked_frames=[9, 7]"]),
        ("angles", &["phi_filtering.target_ranges=[{min_angle: -95, max_angle: 0}]"]),
        (
            "lenient",
            &[
                "experimental_data.skip_bad_bins=true",
                "experimental_data.allow_missing=true",
                "experimental_data.symmetrise=mean",
                "phi_filtering.merge_within_degrees=20",
                "analyzer_parameters.dt=0.1",
                "experimental_data.dt_override=true",
            ],
        ),
    ] {
        let made = homodyne(folder.path(), &with("ingest", store, set));
        assert!(made.status.success(), "{store}: {}", stderr(&made));
    }
    folder
}

/// A command on a store with some keys set.
fn with<'a>(verb: &'a str, store: &'a str, set: &[&'a str]) -> Vec<&'a str> {
    let mut words = if verb == "ingest" { vec![verb, "--config", "c.yaml"] } else { vec![verb, "c.yaml"] };
    words.extend(["-q", "--store", store]);
    set.iter().for_each(|set| words.extend(["--set", set]));
    words
}

/// The error of a fit; `None` if the store is taken.
fn refusal(folder: &Path, store: &str, set: &[&str]) -> Option<String> {
    let done = homodyne(folder, &with("fit", store, set));
    let said = stderr(&done);
    let error = said.lines().find(|line| line.starts_with("error: ")).map(str::to_owned);
    assert_eq!(done.status.code() == Some(2), error.is_some(), "{store} {set:?}: {said}");
    error
}

const ALL_FRAMES: &str = "analyzer_parameters.end_frame=-1";
const MERGED: &str = "phi_filtering.merge_within_degrees=70";
const NO_FILE: &str = "experimental_data.file_path=null";
const MASKED: &str = "experimental_data.masked_frames=[7, 9, 7]";

/// What a selection takes of the data at hand is the same, or is not.
const TAKEN: &[(&str, &[&str], Option<&str>)] = &[
    ("frames", &[ALL_FRAMES, MASKED], None),
    ("frames", &["analyzer_parameters.end_frame=60", "experimental_data.masked_frames=[1, 7, 9]"], None),
    ("frames", &["experimental_data.exclude_first_frame=false", "experimental_data.masked_frames=[9, 1, 7]"], None),
    ("frames", &["analyzer_parameters.end_frame=50", MASKED], Some("S: analyzer_parameters.end_frame is 50 in")),
    ("frames", &["experimental_data.masked_frames=[7]"], Some("S: experimental_data.masked_frames is 7 in")),
    (
        "frames",
        &[MASKED, "experimental_data.exclude_first_frame=false"],
        Some("S: experimental_data.exclude_first_frame"),
    ),
    ("plain", &["analyzer_parameters.end_frame=60", "experimental_data.skip_bad_bins=true"], None),
    ("plain", &["experimental_data.symmetrise=mean", "experimental_data.allow_missing=true"], None),
    ("plain", &["phi_filtering.merge_within_degrees=50"], None),
    ("plain", &[MERGED], Some("S: phi_filtering.merge_within_degrees is 70")),
    ("plain", &["phi_filtering.target_ranges=[{min_angle: 20, max_angle: 40}, {min_angle: -95, max_angle: 0}]"], None),
    (
        "plain",
        &["phi_filtering.target_ranges=[{min_angle: -95, max_angle: 0}]"],
        Some("S: phi_filtering.target_ranges"),
    ),
    ("angles", &["phi_filtering.target_ranges=[{min_angle: -100, max_angle: 10}]"], None),
    ("angles", &[], Some("S: phi_filtering.target_ranges is all angles in")),
    ("lenient", &[], None),
    ("lenient", &[MERGED], Some("S: phi_filtering.merge_within_degrees is 70")),
];

#[test]
fn what_is_taken_decides_and_not_how_it_is_written() {
    let folder = folder();
    let folder = folder.path();
    for state in ["there", "not named", "gone"] {
        if state == "gone" {
            std::fs::rename(folder.join("data.h5"), folder.join("away")).expect("moved");
        }
        for (store, set, expected) in TAKEN {
            let set = if state == "there" { set.to_vec() } else { [set, &[NO_FILE][..]].concat() };
            match (refusal(folder, store, &set), expected) {
                (None, None) => {}
                (Some(line), Some(words)) => {
                    let words = words.replacen("S: ", &format!("[E76] {store}: "), 1);
                    let (alone, known) = (line.matches(" in the configuration").count(), !line.contains("perhaps"));
                    assert!(line.contains(&words) && alone == 1 && known, "{state} {store} {set:?}: {line}");
                }
                (found, _) => panic!("{state} {store} {set:?}: {found:?}"),
            }
        }
    }
}

#[test]
fn what_an_earlier_store_does_not_tell_is_read_from_its_source_or_told_to_be_unknown() {
    let folder = folder();
    let folder = folder.path();
    for store in ["plain", "frames", "angles", "lenient"] {
        let place = folder.join(store).join(MANIFEST_NAME);
        let mut manifest = Manifest::of(&folder.join(store)).expect("a store");
        assert!(manifest.provenance.extent.take().is_some_and(|extent| extent.n_frames == 60 && extent.is_complete));
        for partition in &mut manifest.partitions {
            assert_eq!(partition.triangles_agree.take(), Some(true));
        }
        std::fs::write(&place, manifest.sealed(&place).expect("JSON")).expect("written");
    }
    for named in [&[][..], &[NO_FILE]] {
        for (store, set, expected) in TAKEN {
            let found = refusal(folder, store, &[set, named].concat());
            assert_eq!(found.is_some(), expected.is_some(), "{store} {set:?}: {found:?}");
        }
    }
    std::fs::rename(folder.join("data.h5"), folder.join("away")).expect("moved");
    assert_eq!(refusal(folder, "plain", &["analyzer_parameters.end_frame=60", NO_FILE]), None);
    for (store, set, unknown) in [
        ("frames", &[ALL_FRAMES, MASKED][..], &["how many frames its source has"][..]),
        ("angles", &[], &["which other angles its source has"]),
        ("plain", &["experimental_data.symmetrise=lower"], &["whether both triangles of its matrices hold the same"]),
        (
            "lenient",
            &[],
            &[
                "the frame interval of its source",
                "whether its source has matrices without data",
                "whether matrices and bins of its source match",
            ],
        ),
    ] {
        let line = refusal(folder, store, &[set, &[NO_FILE]].concat()).expect("not known");
        for what in unknown {
            let told = format!("(perhaps the same: {what}, neither the store tells nor a source that is there)");
            assert!(line.contains(&told), "{store}: {line}");
        }
        assert!(line.contains("[E76]") && line.contains("`homodyne run` without --store"), "{line}");
    }
}

#[test]
fn a_source_that_is_gone_is_told_by_its_name_and_one_that_moved_by_its_content() {
    let folder = folder();
    let folder = folder.path();
    std::fs::create_dir(folder.join("moved")).expect("folder");
    std::fs::rename(folder.join("data.h5"), folder.join("moved/other.h5")).expect("moved");
    assert_eq!(refusal(folder, "plain", &["experimental_data.file_path=moved/other.h5"]), None);
    let fit = |file: &str| {
        let set = format!("experimental_data.file_path={file}");
        homodyne(folder, &["fit", "c.yaml", "--store", "plain", "--set", &set])
    };
    for file in ["./data.h5", "data.h5"] {
        let said = stderr(&fit(file));
        assert!(!said.contains("error: ") && !said.contains("by the name alone"), "{file}: {said}");
    }
    for file in ["nowhere/data.h5", "/mnt/beamline/data.h5"] {
        let said = stderr(&fit(file));
        let told = said.lines().filter(|line| line.contains("WARNING") && line.contains("by the name alone, of /"));
        assert!(!said.contains("error: ") && told.count() == 1, "{file}: {said}");
    }
    let said = stderr(&fit("nowhere/b.h5"));
    assert!(said.contains("nowhere/b.h5 (gone: only its name can be compared) in the configuration and /"), "{said}");
    // Where no store is named, a file of the same name in another folder is another one; the store is told.
    std::fs::copy(folder.join("moved/other.h5"), folder.join("data.h5")).expect("copied");
    assert!(homodyne(folder, &["ingest", "--config", "c.yaml"]).status.success());
    std::fs::remove_file(folder.join("data.h5")).expect("gone");
    let here = homodyne(folder, &["run", "c.yaml"]);
    assert!(here.status.success() && stderr(&here).contains("is gone: taking the store"), "{}", stderr(&here));
    let there = homodyne(folder, &["run", "c.yaml", "--set", "experimental_data.file_path=/mnt/beamline/data.h5"]);
    let said = stderr(&there);
    assert_eq!(there.status.code(), Some(2), "{said}");
    assert!(
        said.contains("[E01] /mnt/beamline/data.h5: no such file") && said.contains("name it with --store"),
        "{said}"
    );
}
