//! The command `condense`: a store gets its pseudo-pairs.

use crate::cli::arguments::CondenseArguments;
use crate::cli::interrupt::stop_flag;
use crate::cli::overrides::condense_settings;
use crate::cli::terminal::{Terminal, print};
use crate::cli::words::shown;
use homodyne::api::{Again, BlockSource, Result, Run, Watch, check_address_space};

/// Condenses the store of a configuration, made first if need be.
pub fn condense_store(arguments: &CondenseArguments) -> Result<u8> {
    let settings = condense_settings(arguments)?;
    check_address_space(settings.run.threads())?;
    let terminal = Terminal::new(&arguments.common.loudness, settings.run.log_level)?;
    let run = Run::new(&settings, &Watch::new(&terminal, &stop_flag()));
    let store = run.open(&run.store()?)?;
    let again = if arguments.force { Again::Always } else { Again::IfNeedBe };
    let tally = run.condense(&store, again)?;
    terminal.finish();
    let n_pairs = store.plan().n_angles * store.plan().pairs_per_angle();
    let told = tally.map_or("not condensed: too few frames to gain by it".into(), |tally| tally.in_words(n_pairs));
    print(&format!("{}: {told}\n", shown(store.directory())))?;
    Ok(0)
}
