//! The stage that draws the report of a result: a page, its figures, and the rows behind them.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::listener::{LogLevel, Watch};
use crate::machine::link::leads_to_sibling;
use crate::outcome::curves::Curve;
use crate::outcome::fit::{AngleResult, FitResult};
use crate::outcome::pictures::AnglePicture;
use crate::outcome::posterior::PosteriorResult;
use crate::pipeline::chosen_angles::{Chosen, chosen};
use crate::pipeline::drawing::{Drawing, Known, Put, ReportSettings};
use crate::pipeline::fitted::{fitted_table, write_fitted};
use crate::pipeline::looked_at::StoreAtTheta;
use crate::pipeline::peers_draws::write_peers_draws;
use crate::pipeline::peers_files::write_peers_files;
use crate::pipeline::posterior_directory::{POSTERIOR, read_posterior};
use crate::pipeline::report_directory::{self, Reported};
use crate::pipeline::report_folder::ReportFolder;
use crate::pipeline::stages::report_table::{is_table, report_table};
use crate::report::curves::curves;
use crate::report::figures::lines::figures;
use crate::report::figures::posterior;
use crate::report::page::Page;
use crate::report::pairs::together;
use crate::report::posterior_curves::posterior_curves;
use crate::report::posterior_cuts::drawn_cuts;
use crate::report::posterior_section::PosteriorShown;
use crate::report::tables;
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::sweep::raw::picture_patches::Level;
use crate::units::listed;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Draws the report of a run directory, or of a table of many q, and returns its page.
///
/// # Errors
/// Config if there is no result, or if its store is gone or another; what reading and writing report.
pub fn report(directory: &Path, settings: &ReportSettings, watch: &Watch<'_>) -> Result<PathBuf> {
    // `latest` may lead elsewhere by the time the page is written.
    let directory = &led_to(directory);
    if is_table(directory) {
        return report_table(directory, settings, watch);
    }
    let mut reported = Reported::read(directory)?;
    let store = store_of(directory, &reported, settings.store.as_deref())?;
    check_angles(settings, &reported)?;
    let place = directory.join(report_directory::REPORT);
    let asked = report_directory::as_before(&place, settings);
    let chosen = chosen(&reported.outcome.result);
    let settings = &with_angles(&asked, &reported.outcome.result, &chosen);
    let sampled = sampled(directory, &mut reported, (settings.npz, watch))?;
    let result = &reported.outcome.result;
    let known = result.angles.iter().map(known).collect();
    let store = Arc::new(store);
    if settings.fitted {
        write_fitted(directory, &reported, Arc::clone(&store), settings.threads, watch)?;
    }
    if settings.npz {
        write_peers_files(directory, &reported, Arc::clone(&store), settings.threads, watch)?;
    }
    let source = StoreAtTheta::of_result(Arc::clone(&store) as _, &reported.outcome)?;
    let joint = StoreAtTheta::of_result(Arc::clone(&store) as _, &reported.outcome)?;
    let drawing = Drawing::of(Box::new(source), store.experiment(), known, Some("fit"), settings);
    let mut folder = ReportFolder::begin((&place, directory))?;
    let put: Put<'_> = &mut |files| folder.put(files);
    let (pictures, mut angles) = drawing.all(put, watch)?;
    let mut curves = curves(&reported.outcome, &pictures, &|phi, lag| joint.mean_h(phi, lag));
    curves.extend(sampled.iter().flat_map(|found| drawn_curves(found, &reported, (&pictures, &drawing), &joint)));
    let figures = figures(&curves, &together(result));
    chosen.iter().for_each(|known| angles[known.angle].why.clone_from(&known.why));
    for (shown, partition) in angles.iter_mut().zip(&store.manifest().partitions) {
        shown.data =
            Some(data_of_map(directory, shown.phi_degrees, &from_report(&reported, settings).join(&partition.file)));
    }
    put(vec![("curves.parquet".to_owned(), tables::curves::table(&curves, &reported.origin())?)])?;
    let (results, diagnostics) = (posterior::results(&curves), posterior::diagnostics(&curves));
    [&figures, &results, &diagnostics].into_iter().try_for_each(|figures| drawing.together(figures, put))?;
    let page = Page {
        name: &reported.name,
        outcome: Some(&reported.outcome),
        angles: &angles,
        figures: &figures,
        facts: &[&reported.facts[..], &report_directory::facts_of_store(store.manifest())].concat(),
        warnings: &warnings(&reported, &store),
        settings: &reported.settings,
        has_model: true,
        formats: &settings.formats,
        posterior: sampled.as_ref().map(|found| PosteriorShown::of(found, &results, &diagnostics)),
    };
    put(vec![(report_directory::PAGE.to_owned(), page.html()?.into_bytes())])?;
    let mut says = report_directory::as_asked(&asked);
    says.insert("result_key".to_owned(), reported.noted.result_key.clone().into());
    folder.publish(says, watch)
}

/// Curves of draws; of c2 for the angles that are shown.
fn drawn_curves(
    found: &PosteriorResult,
    reported: &Reported,
    (pictures, drawing): (&[AnglePicture], &Drawing),
    joint: &StoreAtTheta,
) -> Vec<Curve> {
    let all = pictures.iter().enumerate();
    let shown: Vec<(usize, &AnglePicture)> = all.filter(|(angle, _)| drawing.is_shown(*angle)).collect();
    let mean_h = |theta: &[f64], phi: f64, lags: &[usize]| joint.mean_h_at(theta, phi, lags);
    let mut curves = posterior_curves(found, &reported.outcome);
    curves.extend(drawn_cuts(found, &reported.outcome, &shown, &mean_h));
    curves
}

/// The store as seen from a report: beside the results, or in full.
fn from_report(reported: &Reported, settings: &ReportSettings) -> PathBuf {
    let named = || Path::new("..").join(&reported.noted.store);
    settings.store.as_ref().map_or_else(named, |now| now.canonicalize().unwrap_or_else(|_| now.clone()))
}

/// What a map is drawn from: every pair with its model where that was written, else the partition of the store.
fn data_of_map(run: &Path, phi_degrees: f64, partition: &Path) -> String {
    let table = fitted_table(phi_degrees);
    let data = if run.join(&table).is_file() { Path::new("..").join(table) } else { partition.to_path_buf() };
    data.to_string_lossy().into_owned()
}

/// The posterior of a run, where there is one; also for the Python programs where that is asked for. One that was changed is left out, and
/// that is a warning of the page.
fn sampled(
    directory: &Path,
    reported: &mut Reported,
    (is_for_peers, watch): (bool, &Watch<'_>),
) -> Result<Option<PosteriorResult>> {
    let sampled = read_posterior(directory);
    let place = directory.join(POSTERIOR);
    if sampled.is_none() && place.is_dir() {
        let told = "is not as it was written: the report leaves the posterior out; move it away and sample again";
        reported.warnings.push(format!("{POSTERIOR} {told}"));
        watch.log(LogLevel::Warning, &format!("{} {told}", place.display()));
    }
    if let Some(posterior) = sampled.as_ref().filter(|_| is_for_peers) {
        write_peers_draws(directory, posterior, &reported.outcome)?;
    }
    Ok(sampled)
}

/// With the chosen angles where nobody has said which.
fn with_angles(asked: &ReportSettings, result: &FitResult, chosen: &[Chosen]) -> ReportSettings {
    let mut settings = asked.clone();
    if settings.phi_degrees.is_empty() {
        settings.phi_degrees = chosen.iter().map(|known| result.angles[known.angle].phi_degrees).collect();
    }
    settings
}

/// Of the store and of the run, each once.
fn warnings(reported: &Reported, store: &Store) -> Vec<String> {
    let mut warnings = store.manifest().provenance.warnings.clone();
    for warning in &reported.warnings {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    warnings
}

/// The run that a link beside it leads to, or the directory itself.
fn led_to(directory: &Path) -> PathBuf {
    // A slash at the end would make the link what it leads to.
    let named: PathBuf = directory.components().collect();
    leads_to_sibling(&named).map_or(named.clone(), |name| named.with_file_name(name))
}

fn known(angle: &AngleResult) -> Known {
    let level = Level {
        contrast: angle.contrast_fitted,
        offset_less_one: angle.offset - 1.0,
        sigma: angle.sigma.unwrap_or(0.0),
    };
    Known { level, speckles: angle.noise.speckles }
}

/// Angles that are asked for have to be there.
fn check_angles(settings: &ReportSettings, reported: &Reported) -> Result<()> {
    let known: Vec<f64> = reported.outcome.result.angles.iter().map(|angle| angle.phi_degrees).collect();
    let is_unknown = |asked: &&f64| known.iter().all(|phi| (phi - **asked).abs() >= 0.01);
    match settings.phi_degrees.iter().find(is_unknown) {
        None => Ok(()),
        Some(asked) => Err(Fault::at("--angles", asked.to_string())
            .expected(format!("angles of the result, in degrees: {}", listed(&known)))
            .code(Code::E62)
            .parameter()),
    }
}

/// Numbers are whole without their store; pictures are made of it.
fn gone(place: &Path, directory: &Path) -> Error {
    let run = directory.display();
    Fault::at(place.display(), "the store of this result is not there: it, or the result, was moved or removed")
        .expected("the data that were fitted, to draw them")
        .advice(format!(
            "`homodyne report {run} --store DIR` draws them from where they are now, and `homodyne run` makes the store again with the \
             same configuration; the numbers of the result are whole"
        ))
        .code(Code::E01)
        .io()
}

/// The store of a result, where somebody says that it is or where it was, if it still holds what was fitted.
fn store_of(directory: &Path, reported: &Reported, now: Option<&Path>) -> Result<Store> {
    let noted = &reported.noted;
    let place = now.map_or_else(|| directory.join(&noted.store), Path::to_path_buf);
    if now.is_none() && !place.exists() {
        return Err(gone(&place, directory));
    }
    let store = Store::open(&place, reported.outcome.conditions.gap_angstrom)?;
    if store.manifest().content_key == noted.store_content_key {
        return Ok(store);
    }
    Err(Fault::at(place.display(), "the store holds other data than were fitted")
        .expected(format!("the store {}", noted.store_content_key))
        .advice("fit again")
        .code(Code::E76)
        .config())
}
