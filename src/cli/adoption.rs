//! The command `adopt`: words to a store of tables.

use crate::cli::arguments::AdoptArguments;
use crate::cli::choices::Format;
use crate::cli::interrupt::stop_flag;
use crate::cli::terminal::{Terminal, print};
use crate::cli::words::{shown, wrong_argument};
use homodyne::api::{AdoptSettings, LogLevel, Result, StoreFormat, Watch, adopt, usable_cores};

/// Fewest pairs of a block, as in a configuration.
const FEWEST_POINTS: usize = 64;

/// Makes a store of tables.
pub fn adopt_tables(arguments: &AdoptArguments) -> Result<u8> {
    let settings = settings(arguments)?;
    let terminal = Terminal::new(&arguments.loudness, LogLevel::Info)?;
    let watch = Watch::new(&terminal, &stop_flag());
    let adopted = adopt(&settings, arguments.threads.unwrap_or_else(usable_cores), &watch)?;
    terminal.finish();
    let warnings = adopted.earlier.iter().chain(&adopted.manifest.provenance.warnings);
    warnings.for_each(|warning| watch.log(LogLevel::Warning, warning));
    let what = if adopted.reused { "up to date" } else { "written" };
    print(&format!("store {what}: {}\n", shown(&adopted.store)))?;
    Ok(0)
}

fn settings(arguments: &AdoptArguments) -> Result<AdoptSettings> {
    for (option, value) in [("--dt", arguments.dt), ("--gap", arguments.gap)] {
        if let Some(value) = value.filter(|value| !(value.is_finite() && *value > 0.0)) {
            return Err(wrong_argument(option, &value.to_string(), "a positive number"));
        }
    }
    if arguments.block_points < FEWEST_POINTS {
        let expected = format!("at least {FEWEST_POINTS}");
        return Err(wrong_argument("--block-points", &arguments.block_points.to_string(), &expected));
    }
    Ok(AdoptSettings {
        source: arguments.tables.clone(),
        store: arguments.out.clone(),
        format: match arguments.format {
            Format::Arrow => StoreFormat::Arrow,
            Format::Parquet => StoreFormat::Parquet,
        },
        long: arguments.long,
        block_points: arguments.block_points,
        reuse: arguments.earlier.reuse(),
        q_per_angstrom: arguments.q,
        dt_seconds: arguments.dt,
        gap_angstrom: arguments.gap,
        n_frames: arguments.frames,
    })
}
