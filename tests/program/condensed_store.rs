//! Condensed data that a store keeps: made once, the same bits as without them, and never believed where they are not its own.

use crate::program::{homodyne, stderr};
use std::path::Path;
use std::process::Output;

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: a.h5}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n\
                      initial_parameters: {fixed_parameters: {D_offset: 900.0}}\n";

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn folder_with_stores() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for (name, seed) in [("a.h5", "1"), ("b.h5", "2")] {
        let words = ["simulate", "--mode", "static", "--frames", "420", "--angles", "2", "--seed", seed, "--out", name];
        let made = homodyne(folder.path(), &words);
        assert!(made.status.success(), "{}", stderr(&made));
        let made = homodyne(folder.path(), &["ingest", name, "--q", "0.0054", "--store", &name.replace(".h5", "")]);
        assert!(made.status.success(), "{}", stderr(&made));
    }
    std::fs::write(folder.path().join("c.yaml"), CONFIG).expect("config");
    folder
}

/// What a fit says and finds.
fn fitted(folder: &Path, output: &str) -> (String, String) {
    let words = ["fit", "c.yaml", "--store", "a", "--strategy", "condensed", "--json", "--output", output];
    let fit = homodyne(folder, &words);
    assert!(fit.status.success(), "{}", stderr(&fit));
    (stdout(&fit), stderr(&fit))
}

#[test]
fn condensed_data_are_kept_in_the_store_and_change_no_bit() {
    let folder = folder_with_stores();
    let folder = folder.path();
    let (without, said_by_fit) = fitted(folder, "without");
    assert!(said_by_fit.contains("condensed data: ") && said_by_fit.contains("pseudo-pairs"), "{said_by_fit}");
    let condense = || {
        let output = homodyne(folder, &["condense", "c.yaml", "--store", "a"]);
        assert!(output.status.success(), "{}", stderr(&output));
        (stdout(&output), stderr(&output))
    };
    let (told, said) = condense();
    assert!(
        told.contains("pseudo-pairs for 175980 pairs; beside smooth functions ") && said.contains("written"),
        "{told}"
    );
    assert!(condense().1.contains("up to date"));
    let (with, said_with) = fitted(folder, "with");
    assert!(without == with && !said_with.contains("are not used"), "{said_with}");
    let inspected = stdout(&homodyne(folder, &["inspect", "a"]));
    assert!(inspected.contains("pseudo-pairs for 175980 pairs"), "{inspected}");
    // What the configuration's model lets expect of them is what a fit of it finds.
    let predicted = |text: &str| {
        let (_, rest) = text.split_once("minimum predicted to ").expect("a prediction");
        rest.split_once(" errors").expect("in errors").0.parse::<f64>().expect("a number")
    };
    assert!(inspected.contains("; static: minimum predicted to "), "{inspected}");
    let (foreseen, found) = (predicted(&inspected), predicted(&said_by_fit));
    assert!(foreseen < 2.0 * found && found < 2.0 * foreseen, "{foreseen} {found}");
    // A store with them is a store: it is listed as one and replaced as one.
    let again = homodyne(folder, &["ingest", "a.h5", "--q", "0.0054", "--store", "a", "--format", "parquet"]);
    assert!(again.status.success() && !folder.join("a/_condensed.arrow").exists(), "{}", stderr(&again));
}

#[test]
fn condensed_data_of_another_store_are_passed_by_and_damaged_ones_refused() {
    let folder = folder_with_stores();
    let folder = folder.path();
    let (own, _) = fitted(folder, "own");
    let made = homodyne(folder, &["condense", "c.yaml", "--store", "b", "--set", "experimental_data.file_path=b.h5"]);
    assert!(made.status.success(), "{}", stderr(&made));
    std::fs::copy(folder.join("b/_condensed.arrow"), folder.join("a/_condensed.arrow")).expect("copied");
    let (foreign, said) = fitted(folder, "foreign");
    assert!(foreign == own && said.contains("a/_condensed.arrow: condensed data of other masks"), "{said}");
    let made = homodyne(folder, &["condense", "c.yaml", "--store", "a"]);
    assert!(stderr(&made).contains("written"), "{}", stderr(&made));
    let place = folder.join("a/_condensed.arrow");
    let bytes = std::fs::read(&place).expect("there");
    for (k, change) in [bytes.len() / 4, 3 * bytes.len() / 4].into_iter().enumerate() {
        let mut damaged = bytes.clone();
        damaged[change] ^= 0x40;
        std::fs::write(&place, &damaged).expect("written");
        let output = format!("damaged-{k}");
        let words = ["fit", "c.yaml", "--store", "a", "--strategy", "condensed", "--output", &output];
        let refused = homodyne(folder, &words);
        let said = stderr(&refused);
        assert!(refused.status.code() == Some(2) && said.contains("[E72] a/_condensed.arrow"), "{change}: {said}");
    }
    std::fs::write(&place, &bytes[..bytes.len() / 2]).expect("cut");
    let refused = homodyne(folder, &["condense", "c.yaml", "--store", "a"]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("condense --force"), "{}", stderr(&refused));
    let made = homodyne(folder, &["condense", "c.yaml", "--store", "a", "--force"]);
    assert!(made.status.success() && std::fs::read(&place).expect("there") == bytes, "{}", stderr(&made));
}

#[test]
fn what_cannot_be_condensed_is_said() {
    let folder = folder_with_stores();
    let folder = folder.path();
    let words = ["fit", "c.yaml", "--store", "a", "--strategy", "condensed"];
    let robust = homodyne(folder, &[&words[..], &["--set", "optimization.nlsq.loss=huber"]].concat());
    assert!(robust.status.code() == Some(2) && stderr(&robust).contains("loss huber"), "{}", stderr(&robust));
    let made =
        homodyne(folder, &["simulate", "--mode", "static", "--frames", "40", "--angles", "2", "--out", "few.h5"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let few = ["condense", "c.yaml", "--set", "experimental_data.file_path=few.h5"];
    let told = homodyne(folder, &few);
    assert!(told.status.success() && stdout(&told).contains("too few frames"), "{}", stderr(&told));
}

#[test]
fn condensed_data_of_other_values_are_not_used_and_not_made() {
    let folder = folder_with_stores();
    let folder = folder.path();
    let condense = ["condense", "c.yaml", "--store", "a"];
    assert!(homodyne(folder, &condense).status.success());
    let partition = std::fs::read_dir(folder.join("a/c2")).expect("angles").flatten().next().expect("one");
    let partition = partition.path().join("c2.arrow");
    let mut edited = std::fs::read(&partition).expect("a partition");
    // The lowest bytes of a few hundred values.
    let middle = edited.len() / 2 / 4 * 4;
    (0..400).for_each(|k| edited[middle + 4 * k + 1] ^= 0x7f);
    std::fs::write(&partition, &edited).expect("edited");
    let fit = |output: &str| {
        let words = ["fit", "c.yaml", "--store", "a", "--strategy", "condensed", "--json", "--no-verify"];
        let fit = homodyne(folder, &[&words[..], &["--output", output]].concat());
        assert!(fit.status.code().is_some_and(|code| code < 2), "{}", stderr(&fit));
        let kept = std::fs::read_to_string(folder.join(output).join("latest/log.txt")).expect("a log");
        (stdout(&fit), kept)
    };
    let (with, log) = fit("with");
    assert!(log.contains("somebody may have written to them: condensed data of the store are not used"), "{log}");
    for words in [&["--set", "store.verify=false"][..], &["--set", "store.verify=false", "--force"]] {
        let refused = homodyne(folder, &[&condense[..], words].concat());
        let is_kept = words.len() < 3 && stderr(&refused).contains("up to date");
        assert!(
            is_kept || (refused.status.code() == Some(2) && stderr(&refused).contains("[E72]")),
            "{}",
            stderr(&refused)
        );
    }
    std::fs::remove_file(folder.join("a/_condensed.arrow")).expect("there");
    assert_eq!(with, fit("without").0);
}

#[test]
fn verifying_a_store_looks_at_its_condensed_data() {
    let folder = folder_with_stores();
    let folder = folder.path();
    assert!(homodyne(folder, &["condense", "c.yaml", "--store", "a"]).status.success());
    let ingest = ["ingest", "a.h5", "--q", "0.0054", "--store", "a", "--verify"];
    assert!(homodyne(folder, &ingest).status.success());
    let place = folder.join("a/_condensed.arrow");
    let mut bytes = std::fs::read(&place).expect("there");
    // Among the moments.
    let at = 3 * bytes.len() / 4;
    bytes[at] ^= 0x40;
    std::fs::write(&place, &bytes).expect("damaged");
    for words in [&ingest[..], &["inspect", "a", "--verify"]] {
        let refused = homodyne(folder, words);
        let line = stderr(&refused);
        assert!(refused.status.code() == Some(2) && line.contains("[E72] a/_condensed.arrow"), "{words:?}: {line}");
    }
}
