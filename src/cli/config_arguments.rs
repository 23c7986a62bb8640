//! The words of the commands on configurations.

use crate::cli::choices::{Mode, PageFormat};
use crate::cli::words::path;
use clap::Subcommand;
use std::path::PathBuf;

const KEYS_EXAMPLES: &str = "\
Examples:
  homodyne config keys optimization.nlsq.cmaes
  homodyne config keys --format markdown > keys.md";

/// Commands on configurations.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Write a commented configuration, with the bounds of all parameters.
    #[command(after_help = "Example: homodyne config init laminar_flow -o my.yaml")]
    Init {
        /// Physics.
        #[arg(value_enum)]
        mode: Mode,
        /// File to write (default: stdout).
        #[arg(long, short = 'o', value_parser = path())]
        out: Option<PathBuf>,
        /// Replace an earlier file.
        #[arg(long)]
        force: bool,
    },
    /// Check every key and value of a configuration, the data file's place, and q.
    #[command(after_help = "Example: homodyne config validate my.yaml --set analyzer_parameters.start_frame=100")]
    Validate {
        /// Configuration (YAML).
        #[arg(value_parser = path())]
        config: PathBuf,
        /// Set any key, as in `run`.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// List keys without effect, each with the reason.
        #[arg(long, short)]
        verbose: bool,
    },
    /// Print the reference of all keys: type, unit, default, choices, meaning, and what other programs call them.
    #[command(after_help = KEYS_EXAMPLES)]
    Keys {
        /// Only keys that begin like this.
        prefix: Option<String>,
        /// How it is written.
        #[arg(long, value_enum, default_value = "text")]
        format: PageFormat,
        /// The same as --format json.
        #[arg(long, conflicts_with = "format")]
        json: bool,
    },
    /// Print every value in force and where it comes from.
    #[command(after_help = "Example: homodyne config show my.yaml --set optimization.nlsq.loss=huber")]
    Show {
        /// Configuration (YAML).
        #[arg(value_parser = path())]
        config: PathBuf,
        /// Set any key, as in `run`.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
}
