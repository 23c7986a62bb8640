//! What the system refuses: threads, long names, pipes that nobody writes to. The work goes on, or one line says why not.

use crate::program::{folder_with_data, homodyne, remains, stderr};
use std::path::Path;
use std::process::Command;

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";

fn folder() -> tempfile::TempDir {
    folder_with_data(CONFIG, &["--frames", "60", "--angles", "3"])
}

/// Preloaded, it lets a process have so many threads beside its first.
const FEW_THREADS: &str = "\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
static int started;
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*job)(void *), void *argument) {
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, \"pthread_create\");
    return started++ < atoi(getenv(\"THREADS_LEFT\")) ? next(thread, attributes, job, argument) : EAGAIN;
}
";

#[test]
fn threads_that_the_system_refuses_are_done_without() {
    let folder = folder();
    let folder = folder.path();
    std::fs::write(folder.join("few.c"), FEW_THREADS).expect("source");
    let words = ["-shared", "-fPIC", "-o", "few.so", "few.c", "-ldl"];
    let compile = Command::new("cc").args(words).current_dir(folder).status();
    if !(cfg!(target_os = "linux") && compile.is_ok_and(|status| status.success())) {
        println!("not tested: there is no C compiler, or this is not Linux");
        return;
    }
    let free = homodyne(folder, &["run", "c.yaml", "--threads", "4", "--json", "--quiet"]);
    assert!(free.status.success(), "{}", stderr(&free));
    for left in ["0", "1", "2", "3"] {
        let output = format!("results{left}");
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("homodyne"));
        command.current_dir(folder).args(["run", "c.yaml", "--threads", "4", "--json", "--output", &output]);
        command.env("LD_PRELOAD", folder.join("few.so")).env("THREADS_LEFT", left);
        let done = command.output().expect("run");
        let said = stderr(&done);
        assert_eq!((done.status.code(), &done.stdout), (Some(0), &free.stdout), "{left} threads: {said}");
        assert!(said.contains(" WARNING the system has refused"), "{said}");
    }
}

/// One line that names the place and says what is wrong.
fn too_long(folder: &Path, words: &[&str], place: &str) {
    let refused = homodyne(folder, words);
    let said = stderr(&refused);
    let line = said.lines().last().unwrap_or_default();
    assert_eq!(refused.status.code(), Some(2), "{words:?}: {said}");
    assert!(line.starts_with("error: ") && line.contains(place) && line.contains("the name is too long"), "{said}");
    assert!(!line.contains(".staging-"), "{said}");
}

#[test]
fn names_that_are_too_long_are_told_by_the_path_of_the_user() {
    let folder = folder();
    let folder = folder.path();
    for length in [225, 250, 300] {
        let name = "n".repeat(length);
        too_long(folder, &["ingest", "--config", "c.yaml", "--store", &name], &name);
        too_long(folder, &["simulate", "--frames", "20", "--angles", "1", "--out", &name], &name);
        too_long(folder, &["config", "init", "static", "--out", &name], &name);
    }
    for length in [195, 215, 230] {
        let name = "n".repeat(length);
        std::fs::copy(folder.join("c.yaml"), folder.join(format!("{name}.yaml"))).expect("copied");
        too_long(folder, &["run", &format!("{name}.yaml"), "--store", "S"], &name);
    }
    assert!(remains(folder).is_empty());
}

#[test]
fn a_pipe_that_nobody_writes_to_is_no_configuration_and_a_live_one_is() {
    let folder = folder();
    let folder = folder.path();
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().expect("mkfifo").success());
    let program = assert_cmd::cargo::cargo_bin!("homodyne");
    for words in [&["config", "validate", "pipe"][..], &["run", "pipe"], &["plan", "pipe"], &["config", "show", "pipe"]]
    {
        let mut command = Command::new("timeout");
        let output = command.arg("20").arg(program).args(words).current_dir(folder).output().expect("timeout");
        let said = stderr(&output);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{words:?}: {said}");
        assert!(said.contains("pipe: cannot be read") && said.contains("nobody writes"), "{said}");
    }
    let script = format!("{} config validate <(sleep 0.3; cat c.yaml)", program.display());
    let live = Command::new("bash").args(["-c", &script]).current_dir(folder).output().expect("bash");
    assert!(live.status.success(), "{}", stderr(&live));
}
