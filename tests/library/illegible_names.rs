//! Names in HDF5 files that are not UTF-8: beside what is read they disturb nobody, among what is read they are told, never taken for
//! absent.

use crate::place::Place;
use crate::told::odd_file;
use homodyne::error::Error;
use homodyne::ingest::request::Ingested;
use homodyne::ingest::selection::Selection;

fn ingested(content: &[u8]) -> Result<Ingested, Error> {
    let place = Place::new();
    place.ingest(&place.file("a.hdf", content), Selection::default())
}

/// The bytes of a file with one name, of the same length, in place of another.
fn renamed(content: &[u8], name: &[u8], other: &[u8]) -> Vec<u8> {
    let mut content = content.to_vec();
    let at = content.windows(name.len()).position(|bytes| bytes == name).expect("the name");
    content[at..at + other.len()].copy_from_slice(other);
    content
}

#[test]
fn a_name_that_is_no_text_beside_what_is_read_disturbs_nobody() {
    // Groups of the oldest form and of the newest, with few names and with many.
    for name in ["names_earliest.h5", "names_latest.h5", "names_many.h5"] {
        let content = std::fs::read(odd_file(name)).expect("shipped");
        let found = ingested(&content).expect(name).manifest.experiment;
        assert_eq!((found.angles.len(), found.time.dt_seconds, found.q_per_angstrom), (1, 0.1, 0.01), "{name}");
        // The part before the HDF5 part of a file moves all addresses.
        let behind_others = [&[b' '; 512][..], &content].concat();
        assert_eq!(ingested(&behind_others).expect("a user block").manifest.experiment, found, "{name}");
    }
}

#[test]
fn a_name_that_is_no_text_among_what_is_read_is_told() {
    let content = std::fs::read(odd_file("names_earliest.h5")).expect("shipped");
    for (name, other, shown) in [
        (&b"g2_00001"[..], &b"g2_0000\xe9"[..], "g2_0000?"),
        (b"dqlist", b"dq\xe4\xf6st", "dq??st"),
        (b"exposure_period", b"exp\xf6sure_peri\xf6d", "exp?sure_peri?d"),
    ] {
        let line = ingested(&renamed(&content, name, other)).expect_err("it may be what is needed").to_string();
        assert!(line.contains("[E04]") && line.contains(shown) && line.contains("not UTF-8"), "{line}");
    }
}
