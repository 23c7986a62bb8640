//! What the program says when it is given a file, a configuration, a store or a checkpoint.

use crate::beamline::{ApsLegacy, ApsU};
use crate::place::{Place, q};
use hdf5_pure::FileBuilder;
use homodyne::config::load::load;
use homodyne::config::settings::Settings;
use homodyne::config::tree::Node;
use homodyne::error::Error;
use homodyne::fit::solver::journal::Journal;
use homodyne::ingest::convert::ingest;
use homodyne::ingest::request::Ingested;
use homodyne::ingest::selection::Selection;
use homodyne::listener::{Event, Listener, StopFlag, Watch};
use homodyne::pipeline::checkpoint::{Checkpoint, Hashes};
use homodyne::pipeline::run::Run;
use homodyne::store::directory::Store;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The warnings of work that went on, or an error.
pub type Told = Result<Vec<String>, Error>;

pub fn warnings(ingested: Result<Ingested, Error>) -> Told {
    ingested.map(|ingested| ingested.manifest.provenance.warnings)
}

/// Of the ingest of a file that is made in a place of its own.
pub fn ingested(file: impl FnOnce(&Place) -> PathBuf, selection: Selection) -> Told {
    let place = Place::new();
    warnings(place.ingest(&file(&place), selection))
}

pub fn bytes(name: &str, content: &[u8]) -> Told {
    ingested(|place| place.file(name, content), q())
}

pub fn aps_u(file: &ApsU) -> Told {
    aps_u_with(file, q())
}

pub fn aps_u_with(file: &ApsU, selection: Selection) -> Told {
    warnings(Place::new().ingest_u(file, selection))
}

pub fn legacy(file: &ApsLegacy) -> Told {
    ingested(|place| file.write(&place.path("l.hdf")), q())
}

/// Of a file in tests/data.
pub fn shipped(name: &str) -> Told {
    ingested(|_| odd_file(name), Selection::default())
}

pub fn odd_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// An HDF5 file of something else.
pub fn images(place: &Place) -> PathBuf {
    let mut file = FileBuilder::new();
    file.create_dataset("images").with_f64_data(&[1.0, 2.0]);
    file.write(place.path("other.h5")).expect("test file");
    place.path("other.h5")
}

/// A legacy file with one matrix of any shape, and the lists of q and phi or not.
pub fn small_legacy(place: &Place, shape: &[u64; 2], lists: bool) -> PathBuf {
    let mut file = FileBuilder::new();
    let mut exchange = file.create_group("exchange");
    let mut all = exchange.create_group("C2T_all");
    let values = vec![1.0; (shape[0] * shape[1]) as usize];
    all.create_dataset("g2_00001").with_f32_data(&values).with_shape(shape);
    exchange.add_group(all.finish());
    file.add_group(exchange.finish());
    let mut xpcs = file.create_group("xpcs");
    if lists {
        xpcs.create_dataset("dqlist").with_f64_data(&[0.0054]);
        xpcs.create_dataset("dphilist").with_f64_data(&[3.0]);
    }
    file.add_group(xpcs.finish());
    file.write(place.path("small.h5")).expect("test file");
    place.path("small.h5")
}

/// Of a file that nobody may read. Root may read every file, so the right to do that is given up, by one thread.
pub fn unreadable() -> Told {
    let place = Place::new();
    let path = ApsU::default().write(&place.path("a.hdf"));
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).expect("own file");
    as_anybody(|| warnings(place.ingest(&path, q())))
}

/// What is done without the rights of root, by one thread.
pub fn as_anybody<T: Send>(job: impl FnOnce() -> T + Send) -> T {
    let without_rights = || {
        give_up_root();
        job()
    };
    std::thread::scope(|scope| scope.spawn(without_rights).join().expect("no panic"))
}

#[cfg(target_os = "linux")]
fn give_up_root() {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    let mut rights = capabilities(None).expect("asked");
    rights.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
    set_capabilities(None, rights).expect("given up");
}

#[cfg(not(target_os = "linux"))]
fn give_up_root() {}

/// Of an ingest whose store would take the place of other work, which is kept.
pub fn over_something_else() -> Told {
    let place = Place::new();
    std::fs::create_dir(place.path("store")).expect("folder");
    let thesis = place.file("store/thesis.tex", b"precious");
    let told = warnings(place.ingest_u(&ApsU::default(), q()));
    assert_eq!(std::fs::read(thesis).expect("kept"), b"precious");
    told
}

/// Of an ingest to a place with a file in it, which is kept.
pub fn over(files: &[(&str, &[u8])]) -> Told {
    let place = Place::new();
    let store = place.path("store");
    if files[0].0.starts_with("c2/") {
        // A store of this program, and something of the user's beside its partitions.
        place.ingest_u(&ApsU::default(), q()).expect("good");
    }
    for (name, content) in files {
        let path = store.join(name);
        std::fs::create_dir_all(path.parent().expect("below the store")).expect("folder");
        std::fs::write(path, content).expect("written");
    }
    let told = warnings(place.ingest_u(&ApsU::default(), Selection { end_frame: 20, ..q() }));
    for (name, content) in files {
        assert_eq!(std::fs::read(store.join(name)).expect("kept"), *content);
    }
    told
}

/// Of a run whose results would take the place of something else, which is kept.
pub fn results_over(foreign: bool) -> Told {
    let place = Place::new();
    let settings = settings(&place, "")?;
    let finished = Run::new(&settings, &Watch::nobody()).run()?.expect("a fit");
    let figure = finished.directory.join("figure.pdf");
    std::fs::write(&figure, b"precious").expect("written");
    if foreign {
        std::fs::write(finished.directory.join("run.json"), b"{\"name\": \"x\"}").expect("written");
    }
    let told = Run::new(&settings, &Watch::nobody()).open(&settings.ingest.store.of(""));
    let told = told.and_then(|store| Run::new(&settings, &Watch::nobody()).fit(store)).map(|_| vec![]);
    assert_eq!(std::fs::read(figure).expect("kept"), b"precious");
    told
}

/// Of opening and verifying a store after some damage.
pub fn with_store(damage: impl FnOnce(&Path)) -> Told {
    let place = Place::new();
    place.ingest_u(&ApsU::default(), q()).expect("good");
    damage(&place.path("store"));
    Store::open(&place.path("store"), None).and_then(|store| store.verify()).map(|()| vec![])
}

/// Of reading a configuration.
pub fn configured(text: &str) -> Told {
    let place = Place::new();
    load(&place.file("c.yaml", text.as_bytes()), &[]).map(|settings| settings.notes)
}

/// A static configuration of the default file, with more keys.
pub fn settings(place: &Place, more: &str) -> Result<Settings, Error> {
    ApsU::default().write(&place.path("a.hdf"));
    let text = "\
analysis_mode: static
analyzer_parameters: {scattering: {wavevector_q: 0.0054}}
experimental_data: {file_path: a.hdf}
";
    let inside = |name: &str| Node::Text(place.path(name).display().to_string());
    let places = [("store.directory".into(), inside("store")), ("output.directory".into(), inside("results"))];
    load(&place.file("c.yaml", format!("{text}{more}").as_bytes()), &places)
}

/// Of a whole run of a configuration, after a change.
pub fn run(more: &str, change: impl FnOnce(&mut Settings)) -> Told {
    let place = Place::new();
    let mut settings = settings(&place, more)?;
    change(&mut settings);
    Run::new(&settings, &Watch::nobody()).run().map(|_| vec![])
}

/// Of a fit of the store that a configuration has made, after changes of file and configuration.
pub fn of_a_store_that_is_there(change: impl FnOnce(&Place, &mut Settings)) -> Told {
    let place = Place::new();
    let mut settings = settings(&place, "")?;
    Run::new(&settings, &Watch::nobody()).ingest()?;
    change(&place, &mut settings);
    let run = Run::new(&settings, &Watch::nobody());
    run.open(&settings.ingest.store.of("")).map(|_| vec![])
}

/// Of an ingest while the file is written to.
pub fn written_to_meanwhile(write: fn(&Path)) -> Told {
    struct Writer<'a>(&'a Path, fn(&Path));
    impl Listener for Writer<'_> {
        fn hear(&self, event: &Event<'_>) {
            if matches!(event, Event::Angles { done: 1, .. }) {
                self.1(self.0);
            }
        }
    }
    let place = Place::new();
    let source = ApsU::default().write(&place.path("a.hdf"));
    let (writer, stop) = (Writer(&source, write), StopFlag::default());
    let told = warnings(ingest(&place.request(&source, q()), 1, &Watch::new(&writer, &stop)));
    assert!(!place.path("store").exists(), "half a store");
    told
}

pub const HASHES: Hashes<'_> = Hashes { config: "c", store: "s" };

/// Of going on from a checkpoint of `HASHES` after some damage.
pub fn resumed(damage: impl FnOnce(&Path), hashes: Hashes<'_>) -> Told {
    let place = Place::new();
    let path = Checkpoint::path_of(&place.path(""), "fit", HASHES);
    Checkpoint::new(path.clone(), HASHES).keep("local", &[]).expect("written");
    damage(&path);
    Checkpoint::resume(&path, hashes).map(|_| vec![])
}
