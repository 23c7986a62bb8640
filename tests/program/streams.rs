//! stdin, stdout and stderr that are closed before the program begins, full, or pipes that nobody reads. Closed ones lead nowhere: what is
//! opened next must not take their place, and be written into.

use crate::program::{folder_with_data, homodyne, stderr};
use std::path::Path;
use std::process::{Command, Output};

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";

/// With streams as a shell redirects them.
fn redirected(folder: &Path, streams: &str, words: &str) -> Output {
    let program = assert_cmd::cargo::cargo_bin!("homodyne");
    let script = format!("{} {words} {streams}; exit ${{PIPESTATUS[0]}}", program.display());
    Command::new("bash").args(["-c", &script]).current_dir(folder).output().expect("bash")
}

#[test]
fn closed_streams_lead_nowhere_and_files_are_whole() {
    let folder = folder_with_data(CONFIG, &["--frames", "60", "--angles", "2"]);
    let folder = folder.path();
    let usual = homodyne(folder, &["run", "c.yaml", "--output", "usual", "--json", "-q"]);
    assert!(usual.status.success(), "{}", stderr(&usual));
    let found = |output: &str| std::fs::read(folder.join(output).join("latest/parameters.json")).expect("results");
    let data = std::fs::read(folder.join("data.h5")).expect("data");
    for (k, streams) in ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"].into_iter().enumerate() {
        let output = format!("closed{k}");
        for (words, code) in [
            (format!("run c.yaml -v --output {output}"), 0),
            (format!("run c.yaml --output {output} --json"), 0),
            (format!("simulate --mode static --frames 60 --angles 2 --out {output}.h5"), 0),
            ("inspect data.h5".into(), 0),
            ("--help".into(), 0),
            ("explain E17".into(), 0),
            ("nothing".into(), 2),
            ("run nowhere.yaml".into(), 2),
        ] {
            let done = redirected(folder, streams, &words);
            assert_eq!(done.status.code(), Some(code), "{words} {streams}: {}", stderr(&done));
        }
        assert_eq!(found(&output), found("usual"), "{streams}");
        let whole = homodyne(folder, &["runs", "--output", &output]);
        assert!(whole.status.success(), "{}", stderr(&whole));
        assert_eq!(std::fs::read(folder.join(format!("{output}.h5"))).expect("simulated"), data, "{streams}");
        let reused = homodyne(folder, &["run", "c.yaml", "--output", &output]);
        assert!(stderr(&reused).contains("nothing changed: reusing"), "{streams}: {}", stderr(&reused));
    }
}

#[test]
fn what_cannot_be_told_is_exit_code_three_and_results_stay() {
    if !Path::new("/dev/full").exists() {
        println!("not tested: there is no /dev/full");
        return;
    }
    let folder = folder_with_data(CONFIG, &["--frames", "60", "--angles", "2"]);
    let folder = folder.path();
    for (k, (streams, words)) in [
        (">/dev/full", "run c.yaml -q"),
        (">/dev/full", "run c.yaml -q --json"),
        ("2>/dev/full", "run c.yaml -v"),
        (">/dev/full 2>/dev/full", "run c.yaml"),
        // Nobody reads, and the program learns of it when it writes.
        ("| { exec <&-; sleep 2; }", "run c.yaml -q"),
    ]
    .into_iter()
    .enumerate()
    {
        let output = format!("full{k}");
        let done = redirected(folder, streams, &format!("{words} --output {output}"));
        let said = stderr(&done);
        assert_eq!(done.status.code(), Some(3), "{words} {streams}: {said}");
        assert!(said.is_empty() || (said.lines().count() == 1 && said.contains("stdout: is full or closed")), "{said}");
        let reused = homodyne(folder, &["run", "c.yaml", "--output", &output]);
        assert!(stderr(&reused).contains("nothing changed: reusing"), "{streams}: {}", stderr(&reused));
    }
    for words in
        ["--help", "stores --output full0", "explain E17", "config keys", "inspect data.h5", "completions bash"]
    {
        let done = redirected(folder, ">/dev/full", words);
        assert_eq!((done.status.code(), stderr(&done).lines().count()), (Some(3), 1), "{words}: {}", stderr(&done));
    }
}
