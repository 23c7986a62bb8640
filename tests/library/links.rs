//! Links in HDF5 files: those within the file are followed, all others are told with their place; none is taken for absence.

use crate::told::{odd_file, shipped};
use homodyne::error::catalogue::Code;
use homodyne::ingest::files::hdf5::Source;

#[test]
fn a_link_that_leads_out_of_the_file_or_nowhere_is_not_taken_for_absence() {
    for name in ["links_old.h5", "links_new.h5"] {
        let source = Source::open(&odd_file(name)).expect("readable");
        for group in ["few", "many"] {
            assert_eq!(source.number(&format!("/{group}/soft")).expect("followed"), Some(3.0), "{name}");
            assert_eq!(source.number(&format!("/{group}/never")).expect("absent"), None, "{name}");
        }
        for (path, told) in [
            ("/few/nowhere", "few/nowhere: is a link to /not_there, where nothing of this file is"),
            ("/many/nowhere", "many/nowhere: is a link to /not_there"),
            ("/few/circle", "few/circle: is a link to /few/circle"),
            ("/many/circle", "many/circle: is a link to /many/circle"),
            ("/elsewhere/external", "elsewhere/external: is a link to /c2 of another file, other.h5"),
            ("/elsewhere/by_detour", "elsewhere/by_detour: is a link to external"),
            ("/away/config/stride", "away: is a link to / of another file, other.h5"),
        ] {
            let refused = [source.number(path).err(), source.strings(path).err(), source.group(path).err()];
            for error in refused.map(|error| error.expect(path)) {
                assert_eq!((error.fault().code, error.exit_code()), (Some(Code::E37), 2), "{name}: {error}");
                assert!(error.to_string().contains(told), "{name}: {error}");
            }
        }
    }
}

#[test]
fn a_stride_that_another_file_holds_is_refused() {
    let error = shipped("linked_stride.h5").expect_err("a stride of 1 would be a guess");
    assert!(error.to_string().contains("/xpcs/stride_frames: is a link to /stride of another file"), "{error}");
}
