//! The program replaces files of the user only on request.

use crate::program::{homodyne, stderr};

#[test]
fn files_are_replaced_only_with_force_and_links_never() {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "--frames", "20", "--angles", "1", "--noise", "0", "--out", "data.h5"];
    let init = ["config", "init", "static", "-o", "my.yaml"];
    for (words, name) in [(&simulate[..], "data.h5"), (&init[..], "my.yaml")] {
        let path = folder.path().join(name);
        std::fs::write(&path, "a thesis").expect("written");
        let refused = homodyne(folder.path(), words);
        let line = stderr(&refused);
        assert_eq!((refused.status.code(), line.lines().count()), (Some(2), 1), "{line}");
        assert!(line.contains("[E78]") && line.contains(name) && line.contains("--force"), "{line}");
        assert_eq!(std::fs::read_to_string(&path).expect("kept"), "a thesis");
        assert!(homodyne(folder.path(), &[words, &["--force"]].concat()).status.success());
        assert_ne!(std::fs::read(&path).expect("replaced"), b"a thesis");
        std::fs::rename(&path, folder.path().join("real")).expect("moved");
        std::os::unix::fs::symlink("real", &path).expect("link");
        let refused = homodyne(folder.path(), &[words, &["--force"]].concat());
        assert!(stderr(&refused).contains("is a symbolic link"), "{}", stderr(&refused));
        std::fs::remove_file(&path).expect("removed");
        assert!(homodyne(folder.path(), words).status.success(), "a new name needs no --force");
        let left = std::fs::read_dir(folder.path()).expect("folder").flatten();
        assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')));
    }
    let written = std::fs::read_to_string(folder.path().join("my.yaml")).expect("written");
    let printed = homodyne(folder.path(), &["config", "init", "static"]);
    assert_eq!(written.as_bytes(), printed.stdout);
}
