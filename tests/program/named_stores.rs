//! A store whose place is named is never replaced by one of something else, nor one that somebody has edited.

use crate::program::{homodyne, stderr};
use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: a.h5}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";

/// A folder with two data files, a configuration of the first and the store `S` of it.
fn folder_with_store() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for (name, seed) in [("a.h5", "1"), ("b.h5", "2")] {
        let words = ["simulate", "--mode", "static", "--frames", "60", "--angles", "2", "--q", "0.0054,0.007"];
        let made = homodyne(folder.path(), &[&words[..], &["--seed", seed, "--out", name]].concat());
        assert!(made.status.success(), "{}", stderr(&made));
    }
    std::fs::write(folder.path().join("c.yaml"), CONFIG).expect("config");
    let made = homodyne(folder.path(), &["run", "c.yaml", "--store", "S"]);
    assert!(made.status.success(), "{}", stderr(&made));
    folder
}

/// Refused, with every word in one line, and nothing of the store has changed.
fn is_kept(folder: &Path, store: &str, words: &[&str], told: &[&str]) {
    let manifest = folder.join(store).join("_manifest.json");
    let before = std::fs::read(&manifest).expect("a store");
    let output = homodyne(folder, words);
    let said = stderr(&output);
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!((output.status.code(), lines.len()), (Some(2), 1), "{words:?}: {said}");
    assert!(told.iter().all(|word| lines[0].contains(word)), "{words:?}: {told:?}: {said}");
    assert_eq!(std::fs::read(&manifest).expect("kept"), before, "{words:?}");
}

#[test]
fn a_named_store_of_something_else_is_kept_and_every_difference_told() {
    let folder = folder_with_store();
    let folder = folder.path();
    let ways_out = "choose another --store directory, or remove this one first (`homodyne stores remove S`)";
    let [other_file, shorter] = ["experimental_data.file_path=b.h5", "analyzer_parameters.end_frame=50"];
    let both = ["[E76] S: ", "end_frame is 50 in", "file_path is", "b.h5", ways_out];
    is_kept(folder, "S", &["ingest", "b.h5", "--q", "0.0054", "--store", "S"], &["[E76] S: ", "b.h5", ways_out]);
    is_kept(folder, "S", &["ingest", "a.h5", "--q", "0.007", "--store", "S"], &["wavevector_q is 0.007 in"]);
    is_kept(folder, "S", &["run", "c.yaml", "--store", "S", "--set", shorter, "--set", other_file], &both);
    let table = homodyne(folder, &["run", "c.yaml", "--q", "0.0054,0.007", "--store", "X"]);
    assert!(table.status.code().is_some_and(|code| code < 2), "{}", stderr(&table));
    for verb in ["run", "fit"] {
        for (change, told) in [(other_file, "file_path is"), (shorter, "end_frame is 50 in")] {
            let words = [verb, "c.yaml", "--q", "0.0054", "--store", "X", "--set", change];
            is_kept(folder, "X/q=0.0054", &words, &["q = 0.0054: X/q=0.0054: ", told, "--store"]);
        }
    }
    // A broken seal does not change whose data they are.
    let manifest = folder.join("S/_manifest.json");
    let sealed = std::fs::read_to_string(&manifest).expect("a manifest");
    std::fs::write(&manifest, sealed.replace("\"n_frames\": 60", "\"n_frames\": 61")).expect("changed");
    is_kept(folder, "S", &["ingest", "b.h5", "--q", "0.0054", "--store", "S"], &["[E70] S: ", "made from", "a.h5"]);
    std::fs::write(&manifest, sealed).expect("restored");
    // The same data in another form, or a later state of the same file, take the place; but a fit takes a named store as it is.
    assert!(
        homodyne(folder, &["ingest", "a.h5", "--q", "0.0054", "--format", "parquet", "--store", "S"]).status.success()
    );
    std::fs::copy(folder.join("b.h5"), folder.join("a.h5")).expect("a later state");
    let fit = ["fit", "c.yaml", "--q", "0.0054", "--store", "X"];
    is_kept(folder, "X/q=0.0054", &fit, &["file_path is"]);
    let again = homodyne(folder, &["run", "c.yaml", "--q", "0.0054", "--store", "X"]);
    assert!(again.status.code().is_some_and(|code| code < 2), "{}", stderr(&again));
}

#[test]
fn a_store_of_other_tables_is_kept() {
    let folder = folder_with_store();
    let folder = folder.path();
    let copied = Command::new("cp").args(["-r", "S/c2", "tables"]).current_dir(folder).status();
    assert!(copied.expect("cp").success());
    let adopt = |tables: &str| homodyne(folder, &["adopt", tables, "--out", "A"]);
    assert!(adopt("tables").status.success());
    std::fs::remove_dir_all(folder.join("tables/phi=-90.0")).expect("a bad angle");
    assert!(adopt("tables").status.success(), "a later state of the same tables");
    is_kept(folder, "A", &["adopt", "S/c2", "--out", "A"], &["[E70] A: ", "made from", "tables", "choose another"]);
    is_kept(folder, "S", &["adopt", "tables", "--out", "S"], &["[E70] S: ", "made from", "a.h5"]);
}

#[test]
fn a_store_of_the_same_tables_with_another_q_or_interval_is_kept() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    std::fs::create_dir(folder.join("t")).expect("folder");
    let rows = (0..12).flat_map(|i| (i + 1..12).map(move |j| (i, j)));
    let (i, j): (Vec<i32>, Vec<i32>) = rows.unzip();
    let c2: Vec<f64> =
        i.iter().zip(&j).map(|(i, j)| 1.0 + 0.1 / f64::from(1 + j - i) + 1e-3 * f64::from(i % 3)).collect();
    let columns: [(&str, ArrayRef); 3] = [
        ("i", Arc::new(Int32Array::from(i))),
        ("j", Arc::new(Int32Array::from(j))),
        ("c2", Arc::new(Float64Array::from(c2))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("a table");
    std::fs::create_dir(folder.join("t/phi=0.0")).expect("folder");
    let file = std::fs::File::create(folder.join("t/phi=0.0/a.parquet")).expect("file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    let adopt = |told: [&'static str; 3]| {
        let [q, dt, frames] = told;
        ["adopt", "t", "--q", q, "--dt", dt, "--frames", frames, "--out", "A"]
    };
    for what in ["written", "up to date"] {
        let made = homodyne(folder, &adopt(["0.0054", "0.1", "12"]));
        assert!(String::from_utf8_lossy(&made.stdout).contains(what), "{}", stderr(&made));
    }
    for (told, difference) in [
        (["0.006", "0.1", "12"], "q [1/angstrom] is 0.006 now and 0.0054 in the store"),
        (["0.0054", "0.5", "12"], "dt [s] is 0.5 now and 0.1 in the store"),
        (["0.0054", "0.1", "14"], "the number of frames is 14 now and 12 in the store"),
    ] {
        for more in [&[][..], &["--force"]] {
            let ways_out = "choose another --out, or remove A first";
            is_kept(folder, "A", &[&adopt(told)[..], more].concat(), &["[E76] A: ", difference, ways_out]);
        }
    }
    let none = ["adopt", "t", "--q", "0.0054", "--dt", "0.1", "--frames", "0", "--out", "B"];
    let refused = stderr(&homodyne(folder, &none));
    assert!(refused.contains("a whole number from 1 to 1000000000"), "{refused}");
}

#[test]
fn a_partition_that_is_missing_is_damage_with_its_remedy() {
    let folder = folder_with_store();
    let folder = folder.path();
    let partition = folder.join("S/c2/phi=-90.0/c2.arrow");
    std::fs::remove_file(&partition).expect("removed");
    for words in [
        &["run", "c.yaml", "--store", "S"][..],
        &["fit", "c.yaml", "--store", "S"],
        &["inspect", "S"],
        &["ingest", "--config", "c.yaml", "--store", "S"],
    ] {
        is_kept(folder, "S", words, &["[E72]", "phi=-90.0/c2.arrow: is not there", "--force"]);
    }
    let made = homodyne(folder, &["ingest", "--config", "c.yaml", "--store", "S", "--force"]);
    assert!(made.status.success() && partition.is_file(), "{}", stderr(&made));
}

#[test]
fn a_store_that_was_edited_gives_way_only_on_request() {
    let folder = folder_with_store();
    let folder = folder.path();
    let partition = folder.join("S/c2/phi=-90.0/c2.arrow");
    let whole = std::fs::read(&partition).expect("a partition");
    let mut edited = whole.clone();
    edited.extend_from_slice(b"an edit of mine");
    std::fs::write(&partition, &edited).expect("edited");
    let told = ["[E72]", "phi=-90.0", "adopt"];
    for words in [
        &["run", "c.yaml", "--store", "S"][..],
        &["fit", "c.yaml", "--store", "S"],
        &["ingest", "--config", "c.yaml", "--store", "S"],
        // Also where the store is made anew in another form.
        &["ingest", "--config", "c.yaml", "--store", "S", "--format", "parquet"],
    ] {
        is_kept(folder, "S", words, &told);
        assert_eq!(std::fs::read(&partition).expect("kept"), edited, "{words:?}");
    }
    // An edit of the same length is found before it would be lost, whatever its time of writing says.
    let mut same_length = whole.clone();
    let middle = same_length.len() / 2;
    same_length[middle] ^= 1;
    let stamp = std::fs::metadata(folder.join("S/_manifest.json")).and_then(|there| there.modified()).expect("a time");
    std::fs::write(&partition, &same_length).expect("edited");
    let file = std::fs::File::options().write(true).open(&partition).expect("own file");
    file.set_modified(stamp).expect("set back");
    for words in [
        // What was found before the edit is not the answer to what is there now.
        &["run", "c.yaml", "--store", "S"][..],
        &["run", "c.yaml", "--store", "S", "--set", "optimization.nlsq.ftol=1e-9"],
        &["fit", "c.yaml", "--store", "S"],
        &["ingest", "--config", "c.yaml", "--store", "S"],
        &["ingest", "--config", "c.yaml", "--store", "S", "--verify"],
        &["ingest", "--config", "c.yaml", "--store", "S", "--format", "parquet"],
    ] {
        is_kept(folder, "S", words, &["[E72]", "phi=-90.0", "--force", "adopt"]);
        assert_eq!(std::fs::read(&partition).expect("kept"), same_length, "{words:?}");
    }
    let believed = homodyne(folder, &["run", "c.yaml", "--store", "S", "--no-verify"]);
    assert!(stderr(&believed).contains("up to date (its values are believed)"), "{}", stderr(&believed));
    let made = homodyne(folder, &["ingest", "--config", "c.yaml", "--store", "S", "--force"]);
    assert!(made.status.success() && stderr(&made).contains("is made anew"), "{}", stderr(&made));
    assert_eq!(std::fs::read(&partition).expect("anew"), whole);
}

#[test]
fn what_was_checked_of_a_store_that_is_there_is_told() {
    let folder = folder_with_store();
    let folder = folder.path();
    let told = |words: &[&str], expected: &str| {
        let done = homodyne(folder, words);
        assert!(done.status.success() && stderr(&done).contains(expected), "{words:?}: {}", stderr(&done));
    };
    let ingest = ["ingest", "--config", "c.yaml", "--store", "S"];
    told(&ingest, "up to date (nobody has written to it since it was made)");
    told(&[&ingest[..], &["--verify"]].concat(), "up to date (2 of 2 partitions compared with their checksums)");
    // Touched and still the same: only that partition is read.
    let partition = folder.join("S/c2/phi=-90.0/c2.arrow");
    let content = std::fs::read(&partition).expect("a partition");
    std::fs::write(&partition, content).expect("the same again");
    told(&ingest, "up to date (1 of 2 partitions compared with their checksums)");
    told(&["run", "c.yaml", "--store", "S"], "nothing changed: reusing");
    // A store that moved with a copy.
    let copied = Command::new("cp").args(["-r", "S", "T"]).current_dir(folder).status();
    assert!(copied.expect("cp").success());
    told(&["ingest", "--config", "c.yaml", "--store", "T"], "(2 of 2 partitions compared with their checksums)");
    // Stores of earlier versions do not tell what the file system said of them.
    let told_of = |place: &str| {
        let manifest = std::fs::read_to_string(folder.join(place).join("_manifest.json")).expect("a manifest");
        serde_json::from_str::<serde_json::Value>(&manifest).expect("JSON")["partitions"][0]["identity"].clone()
    };
    assert!(told_of("S")["inode"].is_u64() && told_of("S") == told_of("T"));
    told(&[&ingest[..], &["--force"]].concat(), "store written: S");
}

#[test]
fn a_manifest_that_tells_nothing_is_told_with_what_to_remove() {
    let folder = folder_with_store();
    let folder = folder.path();
    std::fs::write(folder.join("S/_manifest.json"), "{").expect("damaged");
    for verb in ["run", "fit"] {
        is_kept(
            folder,
            "S",
            &[verb, "c.yaml", "--store", "S"],
            &["[E70] S: ", "_manifest.json is damaged", "remove S and run"],
        );
    }
    std::fs::remove_dir_all(folder.join("S")).expect("removed");
    assert!(homodyne(folder, &["run", "c.yaml", "--store", "S"]).status.success());
    // One among the stores of an output folder is listed.
    assert!(homodyne(folder, &["run", "c.yaml"]).status.success());
    let stores = std::fs::read_dir(folder.join("results/stores")).expect("stores").flatten();
    let store = stores.map(|entry| entry.path()).next().expect("a store");
    std::fs::write(store.join("_manifest.json"), "{").expect("damaged");
    let listed = String::from_utf8(homodyne(folder, &["stores"]).stdout).expect("text");
    assert!(listed.contains("cannot be used: ") && listed.contains("E71"), "{listed}");
}

#[test]
fn missing_values_are_counted_against_the_limit_of_the_fit() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/missing_values.h5");
    std::fs::copy(file, folder.join("a.h5")).expect("copied");
    let config = "analysis_mode: static\nexperimental_data: {file_path: a.h5, max_non_finite_fraction: 0.1}\n";
    std::fs::write(folder.join("c.yaml"), config).expect("config");
    let made = homodyne(folder, &["ingest", "--config", "c.yaml", "--store", "S"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let words = ["fit", "c.yaml", "--store", "S", "--set", "experimental_data.max_non_finite_fraction=0.01"];
    is_kept(folder, "S", &words, &["[E20] S/c2/phi=3.0/c2.arrow: ", "not finite; expected at most 1 %"]);
    let allowed = homodyne(folder, &words[..4]);
    assert!(!stderr(&allowed).contains("[E20] S/"), "{}", stderr(&allowed));
}

/// The only folder below the stores of the output whose name ends so.
fn store_called(folder: &Path, is_meant: impl Fn(&str) -> bool) -> PathBuf {
    let entries = std::fs::read_dir(folder.join("results/stores")).expect("stores").flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.retain(|path| is_meant(&path.file_name().expect("a name").to_string_lossy()));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_store_that_cannot_be_read_is_kept_under_a_name_that_is_told() {
    let folder = folder_with_store();
    let folder = folder.path();
    let is_kept = |name: &str| name.contains("-kept-");
    assert!(homodyne(folder, &["run", "c.yaml"]).status.success());
    let store = store_called(folder, |_| true);
    let (manifest, partition) = (store.join("_manifest.json"), "c2/phi=-90.0/c2.arrow");
    let sealed = std::fs::read_to_string(&manifest).expect("a manifest");
    let broken = sealed.replace("\"n_frames\": 60", "\"n_frames\": 61");
    let mut edited = std::fs::read(store.join(partition)).expect("a partition");
    edited.extend_from_slice(b"an edit of mine");
    std::fs::write(store.join(partition), &edited).expect("edited");
    std::fs::write(&manifest, &broken).expect("damaged");
    let again = homodyne(folder, &["run", "c.yaml"]);
    let kept = store_called(folder, is_kept);
    let told = stderr(&again);
    let name = kept.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(again.status.success() && told.contains("WARNING the store that was in this place is kept as"), "{told}");
    assert!(told.contains(&name) && told.contains("[E71]"), "{told}");
    assert_eq!(std::fs::read(kept.join(partition)).expect("kept"), edited);
    assert_eq!(std::fs::read_to_string(kept.join("_manifest.json")).expect("kept"), broken);
    // It is not taken for a store, but listed, and removed on request.
    let listed = String::from_utf8(homodyne(folder, &["stores"]).stdout).expect("text");
    assert!(listed.contains(&name) && listed.contains("cannot be used: "), "{listed}");
    assert_eq!(homodyne(folder, &["stores", "remove", &name]).status.code(), Some(2));
    assert!(homodyne(folder, &["stores", "remove", &name, "--force"]).status.success() && !kept.exists());
    assert!(stderr(&homodyne(folder, &["run", "c.yaml"])).contains("nothing changed: reusing"));
}

#[test]
fn an_adopted_store_in_the_place_of_another_is_kept() {
    let folder = folder_with_store();
    let folder = folder.path();
    assert!(homodyne(folder, &["run", "c.yaml"]).status.success());
    let store = store_called(folder, |_| true);
    let place = store.to_string_lossy().into_owned();
    let copied = Command::new("cp").args(["-r", "S/c2", "tables"]).current_dir(folder).status();
    assert!(copied.expect("cp").success());
    std::fs::remove_dir_all(folder.join("tables/phi=-90.0")).expect("a bad angle");
    for is_there in [true, false] {
        std::fs::remove_dir_all(&store).expect("removed");
        assert!(homodyne(folder, &["adopt", "tables", "--out", &place]).status.success());
        if !is_there {
            std::fs::rename(folder.join("tables"), folder.join("away")).expect("moved");
        }
        let adopted = std::fs::read(store.join("_manifest.json")).expect("a manifest");
        let again = homodyne(folder, &["run", "c.yaml"]);
        let kept = store_called(folder, |name| name.contains("-kept-"));
        let told = stderr(&again);
        assert!(
            told.contains(&format!(
                "is kept as results/stores/{}",
                kept.file_name().expect("a name").to_string_lossy()
            )),
            "{told}"
        );
        assert!(told.contains("WARNING") && told.contains("made from") && again.status.success(), "{told}");
        assert_eq!(std::fs::read(kept.join("_manifest.json")).expect("kept"), adopted);
        let fit = homodyne(
            folder,
            &["fit", "c.yaml", "--store", &kept.to_string_lossy(), "--set", "experimental_data.file_path=null"],
        );
        assert!(fit.status.code().is_some_and(|code| code < 2), "it can be used: {}", stderr(&fit));
        std::fs::remove_dir_all(kept).expect("removed");
    }
}
