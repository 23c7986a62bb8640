//! Whether a run of a configuration could begin: is the data file there, and does it have what is asked for? It reads metadata alone.

use crate::config::keys::data;
use crate::config::settings::Settings;
use crate::error::catalogue::Code;
use crate::error::{Error, Fault};
use crate::ingest::survey::size_of_selection;
use crate::pipeline::find_store::agreeing;

/// Everything that would stop a run before it begins.
#[must_use]
pub fn check_ready(settings: &Settings) -> Vec<Error> {
    let selection = &settings.ingest.selection;
    let source = match settings.ingest.source() {
        Ok(source) => source,
        // What is in the store is there without its file.
        Err(_) if !agreeing(settings).is_empty() => return Vec::new(),
        Err(error) => return std::iter::once(error).chain(missing_q(settings)).collect(),
    };
    match size_of_selection(source, selection) {
        Ok(_) => Vec::new(),
        Err(_) if !source.exists() && !agreeing(settings).is_empty() => Vec::new(),
        // The file tells of a missing q; one that is not there tells nothing.
        Err(error) if source.exists() => vec![error],
        Err(error) => std::iter::once(error).chain(missing_q(settings)).collect(),
    }
}

fn missing_q(settings: &Settings) -> Option<Error> {
    settings.ingest.selection.q_per_angstrom.is_none().then(|| {
        Fault::at(data::WAVEVECTOR, "not given")
            .expected("the wavevector in 1/angstrom, here or as --q (a file with a single q needs none)")
            .code(Code::E62)
            .config()
    })
}
