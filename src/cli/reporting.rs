//! The command `report`: a run directory to a page with figures.

use crate::cli::interrupt::stop_flag;
use crate::cli::loudness::Loudness;
use crate::cli::terminal::{Terminal, print};
use crate::cli::words::{path, shown, standing_here, wrong_argument};
use clap::{Args, ValueEnum};
use homodyne::api::{
    Colours, Format, LogLevel, Node, ReportSettings, Result, Simulation, Watch, keys, look, look_at_simulation, report,
    usable_cores, without_file,
};
use std::path::{Path, PathBuf};

/// For `homodyne report --help`.
pub const REPORT_EXAMPLES: &str = "\
Examples:
  homodyne report results/latest                          report/report.html beside the numbers
  homodyne report results/latest --fitted                 every pair: fitted/phi=<degrees>/fitted.parquet
  homodyne report results/latest --npz                    nlsq/fitted_data.npz and JSON under the names of the Python programs
  homodyne report results/latest --angles -30,0,60 --colormap jet --formats svg,png,pdf
  homodyne report elsewhere/run --store elsewhere/store   of a result or a store that was moved

Every line figure can be drawn again from report/curves.parquet: figure, phi_degrees, segment, x, y, y_error, model.";

/// Colours of maps.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ColourMap {
    /// Perceptually even.
    Viridis,
    /// The habit.
    Jet,
}

/// Formats of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// Lines and words.
    Svg,
    /// Pixels.
    Png,
    /// For LaTeX and print.
    Pdf,
}

/// The formats that were asked for, each once.
fn formats(names: &[FormatName]) -> Vec<Format> {
    let all = [(FormatName::Svg, Format::Svg), (FormatName::Png, Format::Png), (FormatName::Pdf, Format::Pdf)];
    all.into_iter().filter(|(name, _)| names.contains(name)).map(|(_, format)| format).collect()
}

/// Options of `report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// Run directory, or that of a table of many q, as `homodyne runs` lists them.
    #[arg(value_parser = path())]
    run: PathBuf,
    /// Azimuths in degrees whose full figures are on the page at once, separated by commas (default: those of the report that is there,
    /// else the worst, those along and across the flow, and others: four).
    #[arg(long, value_name = "PHI,PHI,..", allow_hyphen_values = true, value_delimiter = ',')]
    angles: Vec<f64>,
    /// Colours of maps (default: those of the report that is there, else viridis).
    #[arg(long, value_enum)]
    colormap: Option<ColourMap>,
    /// Formats of the figures in report/plots, separated by commas, beside those that are there (default: svg): svg follows the page,
    /// png and pdf are dark on white.
    #[arg(long, value_enum, value_delimiter = ',')]
    formats: Vec<FormatName>,
    /// Write the arrays of all maps and their results under the names of the Python programs too: nlsq/.
    #[arg(long)]
    npz: bool,
    /// Write data, model and residual of every pair too: fitted/phi=<degrees>/fitted.parquet.
    #[arg(long)]
    fitted: bool,
    /// Where the store that was fitted is now, if it, or the run directory, was moved.
    #[arg(long, value_name = "DIR", value_parser = path())]
    store: Option<PathBuf>,
    /// Worker threads (default: all cores).
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// How much is said on stderr.
    #[command(flatten)]
    loudness: Loudness,
}

/// Draws.
pub fn draw(arguments: &ReportArguments) -> Result<u8> {
    if let Some(angle) = arguments.angles.iter().find(|angle| !angle.is_finite()) {
        return Err(wrong_argument("--angles", &angle.to_string(), "azimuths in degrees, separated by commas"));
    }
    let settings = ReportSettings {
        phi_degrees: arguments.angles.clone(),
        colours: arguments.colormap.map(|colormap| match colormap {
            ColourMap::Viridis => Colours::Viridis,
            ColourMap::Jet => Colours::Jet,
        }),
        threads: arguments.threads.unwrap_or_else(usable_cores).max(1),
        formats: formats(&arguments.formats),
        fitted: arguments.fitted,
        npz: arguments.npz,
        store: arguments.store.clone(),
        ..ReportSettings::default()
    };
    let terminal = Terminal::new(&arguments.loudness, LogLevel::Info)?;
    let page = report(&arguments.run, &settings, &Watch::new(&terminal, &stop_flag()))?;
    terminal.finish();
    print(&format!("report: {}\n", shown(&page)))?;
    Ok(0)
}

/// Draws a file or a store before any fit.
pub fn draw_data(path: &Path, q: Option<f64>, place: &Path, names: &[FormatName]) -> Result<u8> {
    let mut list = vec![(keys::data::FILE.to_owned(), standing_here("FILE", path)?)];
    list.extend(q.map(|q| (keys::data::WAVEVECTOR.to_owned(), Node::Float(q))));
    let ingest = without_file(&list)?.ingest;
    let settings = ReportSettings { threads: usable_cores(), formats: formats(names), ..ReportSettings::default() };
    let terminal = Terminal::new(&Loudness::default(), LogLevel::Info)?;
    let page = look(path, &ingest, place, &settings, &Watch::new(&terminal, &stop_flag()))?;
    terminal.finish();
    print(&format!("pictures: {}\n", shown(&page)))?;
    Ok(0)
}

/// Draws a file that was just simulated, with the truth beside it.
pub fn draw_simulation(simulation: &Simulation, path: &Path, place: &Path, terminal: &Terminal) -> Result<()> {
    let settings = ReportSettings { threads: usable_cores(), ..ReportSettings::default() };
    let page = look_at_simulation(simulation, path, place, &settings, &Watch::new(terminal, &stop_flag()))?;
    terminal.finish();
    print(&format!("pictures: {}\n", shown(&page)))
}
