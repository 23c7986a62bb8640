//! The words of the command line.

use crate::cli::choices::{Convention, Format, Mode, PurposeName, StrategyName, ValueWidth};
use crate::cli::config_arguments::ConfigCommand;
use crate::cli::earlier_store::EarlierStore;
use crate::cli::examples::{
    ADOPT_HELP, CONDENSE_EXAMPLES, EXAMPLES, EXPLAIN_EXAMPLES, FIT_EXAMPLES, INGEST_EXAMPLES, SAMPLE_EXAMPLES,
    SIMULATE_EXAMPLES,
};
use crate::cli::holdings::{HoldingsArguments, RUNS_EXAMPLES, STORES_EXAMPLES};
use crate::cli::loudness::Loudness;
use crate::cli::page_arguments::{COMPLETION_EXAMPLES, CompletionArguments, MAN_EXAMPLES, ManArguments};
use crate::cli::reporting::{FormatName, REPORT_EXAMPLES, ReportArguments};
use crate::cli::shorthands::Shorthands;
use crate::cli::words::{many_wavevectors, path, wavevector};
use clap::{Args, Parser, Subcommand};
use homodyne::api::{DEFAULT_BLOCK_POINTS, ManyQ};
use std::path::PathBuf;

/// XPCS two-time correlation data to transport coefficients with honest error bars.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ingest, fit and report, as a configuration says; what has not changed is reused.
    #[command(after_help = "Example: homodyne run pipelines/laminar_flow.yaml --threads 4 --stats")]
    Run(FitArguments),
    /// Fit a store (made first if need be) and write a run directory.
    #[command(after_help = FIT_EXAMPLES)]
    Fit(FitArguments),
    /// Sample the posterior of a store around its fit (both made first if need be): draws, intervals, diagnostics.
    #[command(after_help = SAMPLE_EXAMPLES)]
    Sample(FitArguments),
    /// Say what a fit would take: points, parameters, memory, strategy and why. Runs nothing.
    #[command(after_help = "Example: homodyne plan my.yaml --set optimization.nlsq.memory_fraction=0.5")]
    Plan(PlanArguments),
    /// Look at the machine: cores, memory, vector instructions; suggest threads, block size and workers.
    #[command(after_help = "Example: homodyne tune --mode nlsq")]
    Tune(TuneArguments),
    /// Convert a beamline file to a store.
    #[command(after_help = INGEST_EXAMPLES)]
    Ingest(IngestArguments),
    /// Condense a store (made first if need be): pseudo-pairs that stand for all pairs, for every fit of it.
    #[command(after_help = CONDENSE_EXAMPLES)]
    Condense(CondenseArguments),
    /// Make a store of tables that another Arrow tool has written or edited.
    #[command(after_help = ADOPT_HELP)]
    Adopt(AdoptArguments),
    /// Show what a beamline file or a store holds.
    #[command(
        after_help = "Examples:\n  homodyne inspect data.hdf\n  homodyne inspect data.hdf --plot look --q 0.0054   pictures: look/report.html"
    )]
    Inspect(InspectArguments),
    /// Make a beamline file (APS-U layout) with a known truth.
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArguments),
    /// Draw the report of a run directory: maps, cuts, laws, residuals on one page.
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArguments),
    /// List the stores of an output folder, or remove one.
    #[command(after_help = STORES_EXAMPLES)]
    Stores(HoldingsArguments),
    /// List the results of an output folder, or remove one of them.
    #[command(after_help = RUNS_EXAMPLES)]
    Runs(HoldingsArguments),
    /// Write, check or show configurations.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say what the code of an error or warning means, why it happens and what to do.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArguments),
    /// Print what a shell needs to complete words of this program.
    #[command(after_help = COMPLETION_EXAMPLES)]
    Completions(CompletionArguments),
    /// Write manual pages, one for every command.
    #[command(after_help = MAN_EXAMPLES)]
    Man(ManArguments),
}

/// Options of `run` and `fit`.
#[derive(Debug, Args)]
pub struct FitArguments {
    /// Configuration (YAML); may be left out where --data-file and a mode are given.
    #[arg(value_parser = path())]
    pub config: Option<PathBuf>,
    /// The same as an option.
    #[arg(long = "config", value_name = "FILE", conflicts_with = "config", value_parser = path())]
    pub config_file: Option<PathBuf>,
    /// Use (or make) the store here.
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub store: Option<PathBuf>,
    /// Parent of the run directory.
    #[arg(long, visible_alias = "output-dir", value_name = "DIR", value_parser = path())]
    pub output: Option<PathBuf>,
    /// Options for all work.
    #[command(flatten)]
    pub common: Common,
    /// How the data are gone through.
    #[arg(long, value_enum)]
    pub strategy: Option<StrategyName>,
    /// Go on from the checkpoint of an interrupted fit or sampling.
    #[arg(long)]
    pub resume: bool,
    /// Search from several starts.
    #[arg(long)]
    pub multi_start: bool,
    /// Fit every q of the file (`all`) or a list in 1/angstrom, separated by commas, into one table.
    #[arg(long, value_name = "all|Q,Q,..", value_parser = many_wavevectors, allow_hyphen_values = true)]
    pub q: Option<ManyQ>,
    /// Keep worker threads on the cores of a memory node.
    #[arg(long)]
    pub pin: bool,
    /// Believe the store as it is: its blocks are not compared with their checksums.
    #[arg(long)]
    pub no_verify: bool,
    /// Print parameters.json instead of the table.
    #[arg(long)]
    pub json: bool,
    /// Print what every stage did and waited for.
    #[arg(long)]
    pub stats: bool,
    /// Options that users of the Python programs know.
    #[command(flatten)]
    pub shorthands: Shorthands,
}

/// Options of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// Configuration (YAML).
    #[arg(value_parser = path())]
    pub config: PathBuf,
    /// The store here, if it is there.
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub store: Option<PathBuf>,
    /// How the data are to be gone through.
    #[arg(long, value_enum)]
    pub strategy: Option<StrategyName>,
    /// Print as JSON.
    #[arg(long)]
    pub json: bool,
    /// Options for all work.
    #[command(flatten)]
    pub common: Common,
    /// Options that users of the Python programs know.
    #[command(flatten)]
    pub shorthands: Shorthands,
}

/// Options of `tune`.
#[derive(Debug, Args)]
pub struct TuneArguments {
    /// What the machine is to be used for.
    #[arg(long, value_enum, default_value = "auto")]
    pub mode: PurposeName,
    /// Print as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options for all work.
#[derive(Debug, Args)]
pub struct Common {
    /// Worker threads (default: all cores).
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Pairs per block of a new store.
    #[arg(long, value_name = "N")]
    pub block_points: Option<usize>,
    /// Encoding of a new store.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Columns i, j, t1, t2 beside the values of a new Arrow store, for other tools (Parquet stores always have them).
    #[arg(long)]
    pub long: bool,
    /// Set any key of the configuration, for example --set optimization.nlsq.max_iterations=50.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// How much is said.
    #[command(flatten)]
    pub loudness: Loudness,
}

/// Options of `ingest`.
#[derive(Debug, Args)]
pub struct IngestArguments {
    /// Beamline file.
    #[arg(value_parser = path())]
    pub data: Option<PathBuf>,
    /// Configuration (YAML) with the selection.
    #[arg(long, value_parser = path())]
    pub config: Option<PathBuf>,
    /// Directory of the store (default: <output.directory>/stores/<name of the configuration, or else of the file>-<12 digits of a key
    /// of its content>).
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub store: Option<PathBuf>,
    /// Layout, if it is not to be detected.
    #[arg(long)]
    pub layout: Option<String>,
    /// Wavevector in 1/angstrom.
    #[arg(long, value_name = "Q", value_parser = wavevector, allow_hyphen_values = true)]
    pub q: Option<f64>,
    /// What becomes of a store that is there already.
    #[command(flatten)]
    pub earlier: EarlierStore,
    /// Options for all work.
    #[command(flatten)]
    pub common: Common,
}

/// Options of `condense`.
#[derive(Debug, Args)]
pub struct CondenseArguments {
    /// Configuration (YAML).
    #[arg(value_parser = path())]
    pub config: PathBuf,
    /// Use (or make) the store here.
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub store: Option<PathBuf>,
    /// Make them again, whatever is there.
    #[arg(long)]
    pub force: bool,
    /// Options for all work.
    #[command(flatten)]
    pub common: Common,
}

/// Options of `adopt`.
#[derive(Debug, Args)]
pub struct AdoptArguments {
    /// Folder of tables, or one table.
    #[arg(value_parser = path())]
    pub tables: PathBuf,
    /// Directory of the store.
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub out: PathBuf,
    /// Wavevector in 1/angstrom.
    #[arg(long, value_name = "Q", value_parser = wavevector, allow_hyphen_values = true)]
    pub q: Option<f64>,
    /// Frame interval in seconds.
    #[arg(long, allow_hyphen_values = true)]
    pub dt: Option<f64>,
    /// Number of frames.
    #[arg(long)]
    pub frames: Option<usize>,
    /// Gap in angstrom.
    #[arg(long, allow_hyphen_values = true)]
    pub gap: Option<f64>,
    /// Encoding of the store.
    #[arg(long, value_enum, default_value = "arrow")]
    pub format: Format,
    /// Columns i, j, t1, t2 beside the values of an Arrow store.
    #[arg(long)]
    pub long: bool,
    /// Pairs per block of the store.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BLOCK_POINTS)]
    pub block_points: usize,
    /// What becomes of a store that is there already.
    #[command(flatten)]
    pub earlier: EarlierStore,
    /// Worker threads (default: all cores).
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// How much is said.
    #[command(flatten)]
    pub loudness: Loudness,
}

/// Options of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// Beamline file, store, or fitted_data.npz of homodyne, xpcsjax or `report --npz`.
    #[arg(value_parser = path())]
    pub path: PathBuf,
    /// Compare a store's checksums.
    #[arg(long)]
    pub verify: bool,
    /// Draw maps, cuts and frames of every angle into this directory, before any fit.
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub plot: Option<PathBuf>,
    /// Formats of the figures, separated by commas (with --plot).
    #[arg(long, value_enum, value_delimiter = ',', requires = "plot")]
    pub formats: Vec<FormatName>,
    /// Which wavevector of a file with several, in 1/angstrom (with --plot).
    #[arg(long, value_name = "Q", value_parser = wavevector, allow_hyphen_values = true, requires = "plot")]
    pub q: Option<f64>,
    /// Print as JSON.
    #[arg(long, conflicts_with = "plot")]
    pub json: bool,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The code (default: a list of all).
    pub code: Option<String>,
    /// Print as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// Physics.
    #[arg(long, value_enum, default_value = "laminar-flow", alias = "analysis-mode")]
    pub mode: Mode,
    /// File to write.
    #[arg(long, short = 'o', value_parser = path())]
    pub out: PathBuf,
    /// Replace an earlier file.
    #[arg(long)]
    pub force: bool,
    /// Draw maps, cuts and laws with their truth into this directory.
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub plot: Option<PathBuf>,
    /// Frames.
    #[arg(long, default_value_t = 300)]
    pub frames: usize,
    /// Number of angles, spread evenly over [-90, 90).
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub angles: u32,
    /// Angles in degrees instead, separated by commas.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    pub phi: Vec<f64>,
    /// Frame interval in seconds.
    #[arg(long, allow_hyphen_values = true, default_value_t = 0.1)]
    pub dt: f64,
    /// Wavevectors in 1/angstrom, ascending, separated by commas.
    #[arg(long, value_parser = wavevector, allow_hyphen_values = true, value_delimiter = ',', default_value = "0.0054")]
    pub q: Vec<f64>,
    /// Gap in angstrom.
    #[arg(long, allow_hyphen_values = true, default_value_t = 2e6)]
    pub gap: f64,
    /// Truth, for example --parameter D0=19000 (repeat for more).
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// What gamma_dot means.
    #[arg(long, value_enum, default_value = "homodyne")]
    pub shear_convention: Convention,
    /// Contrast.
    #[arg(long, allow_hyphen_values = true, default_value_t = 0.14)]
    pub contrast: f64,
    /// Offset (default: 1.003; with speckles and intensities 1, their own).
    #[arg(long, allow_hyphen_values = true)]
    pub offset: Option<f64>,
    /// Relative amplitude of a smooth change of contrast with the angle.
    #[arg(long, allow_hyphen_values = true, default_value_t = 0.0)]
    pub scaling_variation: f64,
    /// gaussian (pairs independent), intensities (speckles of as many modes as the contrast needs, photons counted, reduced as a
    /// beam line does it, raw diagonal), speckle (the same without photons), or the standard deviation of Gaussian noise.
    #[arg(
        long,
        allow_hyphen_values = true,
        default_value = "gaussian",
        value_name = "gaussian|speckle|intensities|SIGMA"
    )]
    pub noise: String,
    /// Standard deviation of Gaussian noise (default: 0.003; with speckles and intensities 0, otherwise added to them).
    #[arg(long, allow_hyphen_values = true)]
    pub sigma: Option<f64>,
    /// Simulated speckles per angle, a pixel each.
    #[arg(long, default_value_t = 2000)]
    pub speckles: usize,
    /// Mean photons per pixel and frame with intensities (default: 1; 0 counts none).
    #[arg(long, allow_hyphen_values = true)]
    pub counts: Option<f64>,
    /// Seed of the noise.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Frames without intensity (1-based), separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub dead_frames: Vec<usize>,
    /// Width of the values.
    #[arg(long, value_enum, default_value = "f32")]
    pub width: ValueWidth,
    /// How much is said.
    #[command(flatten)]
    pub loudness: Loudness,
}
