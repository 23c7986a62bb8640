//! The report of fits of many q: a page, its figure, and the rows behind it.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::listener::Watch;
use crate::machine::regular_file;
use crate::pipeline::drawing::{Files, ReportSettings};
use crate::pipeline::report_directory;
use crate::pipeline::report_folder::ReportFolder;
use crate::pipeline::run_directory::TABLE_NAME;
use crate::report::figures::formats::written;
use crate::report::figures::lines;
use crate::report::table_page::TablePage;
use crate::report::tables;
use crate::report::tables::many_q::{PowerLawCheck, QRow, origin, over_q};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What is read of a table.
#[derive(Deserialize)]
struct Read {
    rows: Vec<QRow>,
    #[serde(rename = "D0_power_law")]
    check: Option<PowerLawCheck>,
}

/// Whether a directory holds a table of many q.
#[must_use]
pub fn is_table(directory: &Path) -> bool {
    directory.join(TABLE_NAME).is_file()
}

/// Draws the report of a table of many q and returns its page.
///
/// # Errors
/// Config if there is no table; E62 for what only one fit has; what writing reports.
pub fn report_table(directory: &Path, settings: &ReportSettings, watch: &Watch<'_>) -> Result<PathBuf> {
    if settings.fitted || settings.npz || !settings.phi_degrees.is_empty() || settings.store.is_some() {
        return Err(Fault::at(directory.display(), "is a table of many q, which has no angles, no pairs and no store")
            .expected("--formats alone")
            .advice("ask for the report of one of its runs, as `homodyne runs` lists them")
            .code(Code::E62)
            .parameter());
    }
    let file = directory.join(TABLE_NAME);
    let missing = || report_directory::no_results(&file, "a table, as `homodyne run --q` writes it");
    let text = regular_file::read_to_string(&file).map_err(|_| missing())?;
    let Read { rows, check } = serde_json::from_str(&text).map_err(|_| missing())?;
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let place = directory.join(report_directory::REPORT);
    let settings = report_directory::as_before(&place, settings);
    let curve = over_q(&rows, check.as_ref());
    let figure = curve.as_ref().map(|curve| lines::over_q(curve, check.as_ref()));
    let mut files = Files::new();
    for format in figure.iter().flat_map(|_| &settings.formats) {
        let drawn = figure.iter().map(|figure| written(&figure.picture, *format)).collect::<Result<Vec<_>>>()?;
        files.extend(
            drawn.into_iter().map(|drawn| (format!("plots/{}.{}", tables::many_q::OVER_Q, format.ending()), drawn)),
        );
    }
    let curves: Vec<_> = curve.into_iter().collect();
    files.push(("curves.parquet".to_owned(), tables::curves::table(&curves, &origin(&rows, &name))?));
    let has_page =
        |run: &str| directory.with_file_name(run).join(report_directory::REPORT).join(report_directory::PAGE).is_file();
    let page = TablePage {
        name: &name,
        rows: &rows,
        check: check.as_ref(),
        figure: figure.as_ref(),
        formats: &settings.formats,
        has_page: &has_page,
    };
    files.push((report_directory::PAGE.to_owned(), page.html()?.into_bytes()));
    let mut folder = ReportFolder::begin((&place, directory))?;
    folder.put(files)?;
    folder.publish(report_directory::as_asked(&settings), watch)
}
