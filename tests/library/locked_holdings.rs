//! Stores and results that may not be read or removed are told as such, not passed by.

use crate::place::Place;
use crate::told::{as_anybody, settings};
use homodyne::config::settings::Settings;
use homodyne::error::Error;
use homodyne::ingest::request::StorePlace;
use homodyne::listener::Watch;
use homodyne::pipeline::drawing::ReportSettings;
use homodyne::pipeline::holdings::{remove_store, runs, stores};
use homodyne::pipeline::run::Run;
use homodyne::pipeline::stages::report::report;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The settings of a run that has been, with its store among the results.
fn after_a_run(place: &Place) -> Settings {
    let mut settings = settings(place, "").expect("settings");
    let folder = settings.run.output.join("stores");
    settings.ingest.store = StorePlace::Keyed { folder, name: "c".into() };
    assert!(Run::new(&settings, &Watch::nobody()).run().expect("good").is_some());
    settings
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("own file");
}

#[test]
fn what_may_not_be_read_is_listed_with_the_reason() {
    let place = Place::new();
    let settings = after_a_run(&place);
    let output = &settings.run.output;
    let (store, run) = (stores(output).expect("listed").remove(0), runs(output).expect("listed").remove(0));
    assert_eq!((&store.damage, &run.damage), (&None, &None));
    set_mode(&store.directory.join("_manifest.json"), 0o000);
    set_mode(&run.directory.join("run.json"), 0o000);
    as_anybody(|| {
        let (stores, runs) = (stores(output).expect("listed"), runs(output).expect("listed"));
        assert_eq!((stores.len(), runs.len()), (1, 1));
        let told = remove_store(output, "c-", false).expect_err("nobody knows").to_string();
        assert!(told.contains("not known") && told.contains("ermission denied"), "{told}");
        for damage in [&stores[0].damage, &runs[0].damage] {
            assert!(damage.as_ref().is_some_and(|told| told.contains("ermission denied")), "{damage:?}");
        }
        // A fit of it says so, too; so does what would take its place.
        let named = Settings { ingest: settings.ingest.clone(), ..settings.clone() };
        let mut named = named;
        named.ingest.store = StorePlace::Directory(store.directory.clone());
        let run = Run::new(&named, &Watch::nobody());
        let fit = run.store().and_then(|store| run.open(&store)).map(|_| ()).expect_err("locked");
        let ingest = Run::new(&named, &Watch::nobody()).ingest().map(|_| ()).expect_err("locked");
        for error in [fit, ingest].map(|error| error.to_string()) {
            assert!(error.contains("_manifest.json") && error.contains("ermission denied"), "{error}");
        }
    });
}

#[test]
fn a_store_that_cannot_be_removed_is_not_said_to_be() {
    let place = Place::new();
    let settings = after_a_run(&place);
    let store = stores(&settings.run.output).expect("listed").remove(0);
    let inner = store.directory.join("c2/phi=0.0");
    set_mode(&inner, 0o555);
    let told = as_anybody(|| remove_store(&settings.run.output, &store.key, false).map(|_| ()));
    let line = told.expect_err("it is there").to_string();
    assert!(line.contains("[E73]") && line.contains("chmod -R u+w"), "{line}");
    assert!(inner.join("c2.arrow").is_file(), "at its place");
    set_mode(&inner, 0o755);
    let left = std::fs::read_dir(settings.run.output.join("stores")).expect("stores").count();
    assert_eq!(left, 1, "nothing hidden");
}

#[test]
fn a_folder_that_may_not_be_written_to_is_told_and_no_name_in_it() {
    let place = Place::new();
    let known = after_a_run(&place);
    let output = known.run.output.clone();
    let run = runs(&output).expect("listed").remove(0).directory;
    let mut again = settings(&place, "optimization: {nlsq: {ftol: 1e-9}}\n").expect("settings");
    again.ingest.store = known.ingest.store.clone();
    let mut other = known.clone();
    other.ingest.selection.exclude_first_frame = false;
    let mut elsewhere = other.clone();
    elsewhere.run.output = output.join("new/below");
    elsewhere.ingest.store = StorePlace::Directory(output.join("new/store"));
    for folder in [&output, &output.join("stores"), &run] {
        set_mode(folder, 0o555);
    }
    let told = |what: Result<(), Error>, folder: &Path| {
        let line = what.expect_err("it may not be written to").to_string();
        let expected =
            format!("[E73] {}: permission denied: nothing may be written into this folder", folder.display());
        assert!(line.contains(&expected) && line.contains("chmod u+w") && !line.contains(".staging-"), "{line}");
    };
    as_anybody(|| {
        told(Run::new(&other, &Watch::nobody()).ingest().map(drop), &output.join("stores"));
        told(Run::new(&elsewhere, &Watch::nobody()).ingest().map(drop), &output);
        told(report(&run, &ReportSettings::default(), &Watch::nobody()).map(drop), &run);
        told(Run::new(&again, &Watch::nobody()).run().map(drop), &output);
        // What is there can be used as it is.
        assert!(Run::new(&known, &Watch::nobody()).run().expect("reused").is_some());
    });
    for folder in [&output, &output.join("stores"), &run] {
        set_mode(folder, 0o755);
    }
}
