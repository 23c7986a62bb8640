//! How long does a beamline file take to become a store, by format and threads, and how much memory? `cargo bench --bench
//! ingest -- ANGLES FRAMES`

mod measured;

use homodyne::machine::memory::{peak_rss_anon_bytes, rss_anon_bytes};
use homodyne::store::manifest::StoreFormat;
use measured::{best_of, convert, simulate, size};

fn main() {
    let (angles, frames) = size((40, 1000));
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("data.h5");
    // The simulation holds all matrices: it runs in a process of its own, so that its memory is not counted here.
    if std::env::args().any(|word| word == "--simulate-only") {
        return simulate(std::path::Path::new(&std::env::args().next_back().expect("path")), angles, frames);
    }
    let itself = std::env::current_exe().expect("bench");
    let words = [angles.to_string(), frames.to_string(), "--simulate-only".into(), file.display().to_string()];
    assert!(std::process::Command::new(itself).args(words).status().expect("simulated").success());
    let bytes = file.metadata().expect("file").len();
    println!("{angles} angles x {frames} frames, file of {:.0} MB; best of 3", bytes as f64 / 1e6);
    for format in [StoreFormat::Arrow, StoreFormat::Parquet] {
        for threads in [1, 2] {
            let place = folder.path().join("store");
            let seconds = best_of(3, || {
                let _ = std::fs::remove_dir_all(&place);
                convert(&file, &place, format, threads);
                let _ = rss_anon_bytes();
            });
            let points = (angles * frames * frames) as f64;
            println!("{format:?} {threads} threads: {seconds:.2} s, {:.1} M points/s", points / seconds / 1e6);
        }
    }
    let start = std::time::Instant::now();
    assert!(convert(&file, &folder.path().join("store"), StoreFormat::Parquet, 2).reused);
    println!("reuse: {:.2} s", start.elapsed().as_secs_f64());
    println!("peak anonymous memory: {:.0} MiB", peak_rss_anon_bytes().unwrap_or(0) as f64 / (1 << 20) as f64);
}
