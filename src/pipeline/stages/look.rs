//! Pictures without a fit: of a file or a store, with the truth beside them where it was simulated, or of what another program has
//! fitted.

use crate::error::{Result, io_at};
use crate::experiment::{Angle, Experiment};
use crate::ingest::convert::ingest;
use crate::ingest::files::npz::Npz;
use crate::ingest::inspect::inspect;
use crate::ingest::request::IngestSettings;
use crate::ingest::selection::Selection;
use crate::listener::Watch;
use crate::machine::claim::Claim;
use crate::machine::folder::{make_folder, parent_of};
use crate::model::catalogue::Model;
use crate::outcome::curves::Curve;
use crate::outcome::transport::{Rate, TransportPoint};
use crate::parameters::definitions::{AnalysisMode, LawPlaces, ShearConvention};
use crate::pipeline::drawing::{Drawing, Known, Put, ReportSettings};
use crate::pipeline::looked_at::{LookedAt, StoreAtTheta};
use crate::pipeline::peers_fit::PeersFit;
use crate::pipeline::report_directory;
use crate::pipeline::report_folder::ReportFolder;
use crate::report::curves::{curves_of_data, laws};
use crate::report::figures::lines::{figures, figures_of_truth};
use crate::report::page::{Facts, Page};
use crate::report::tables;
use crate::report::tables::parquet::Origin;
use crate::simulate::{Scatter, Simulation};
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::store::manifest::{MANIFEST_NAME, Partition};
use crate::sweep::raw::picture_patches::Level;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Draws what a file (read as `ingest` says), a store or the fitted arrays of another program hold into a new directory, or one of
/// earlier pictures; returns the page.
///
/// # Errors
/// What reading the file or the store and writing report.
pub fn look(
    path: &Path,
    ingest_settings: &IngestSettings,
    place: &Path,
    settings: &ReportSettings,
    watch: &Watch<'_>,
) -> Result<PathBuf> {
    let facts = inspect(path, false)?;
    report_directory::check_place(place)?;
    let look = Look { name: name_of(path), facts, place, settings, watch };
    if Npz::is_one(path) {
        let fitted = PeersFit::open(path)?;
        let (experiment, model) = (fitted.experiment().clone(), fitted.has_fit().then_some("fit"));
        let n_angles = experiment.angles.len();
        let known = vec![Known { level: PeersFit::LEVEL, speckles: None }; n_angles];
        return look.draw(
            Box::new(fitted),
            &experiment,
            Seen { known, model, laws: Vec::new(), content_key: String::new(), data: vec![in_full(path); n_angles] },
        );
    }
    if path.join(MANIFEST_NAME).is_file() {
        let store = Store::open(path, None)?;
        let folder = path.canonicalize().map_err(io_at(path))?;
        let partition = |partition: &Partition| folder.join(&partition.file).to_string_lossy().into_owned();
        let data = store.manifest().partitions.iter().map(partition).collect();
        return look.draw_store(store, data);
    }
    look.read(path, ingest_settings, |look, store| {
        let data = vec![in_full(path); store.experiment().angles.len()];
        look.draw_store(store, data)
    })
}

/// Draws a file that was simulated, with the truth where a report of a fit has the fit; returns the page.
///
/// # Errors
/// What reading the file and writing report.
pub fn look_at_simulation(
    simulation: &Simulation,
    path: &Path,
    place: &Path,
    settings: &ReportSettings,
    watch: &Watch<'_>,
) -> Result<PathBuf> {
    report_directory::check_place(place)?;
    let look = Look { name: name_of(path), facts: truth(simulation), place, settings, watch };
    let selection = Selection { q_per_angstrom: Some(simulation.q_per_angstrom), ..Selection::default() };
    look.read(path, &IngestSettings { selection, ..IngestSettings::default() }, |look, store| {
        let experiment = Experiment { gap_angstrom: Some(simulation.gap_angstrom), ..store.experiment().clone() };
        let speckles = match simulation.noise.scatter {
            Scatter::Intensities { speckles, .. } => Some(speckles as f64),
            Scatter::Pairs => None,
        };
        let known = |angle: &Angle| {
            let scaling = simulation.scaling(angle.phi_degrees);
            let (contrast, offset_less_one) = (scaling.contrast, scaling.offset() - 1.0);
            Known { level: Level { contrast, offset_less_one, sigma: angle.sigma }, speckles }
        };
        let known = experiment.angles.iter().map(known).collect();
        let model = Model::new(simulation.mode, simulation.convention, &experiment)?;
        let content_key = store.manifest().content_key.clone();
        let source = StoreAtTheta::new(Arc::new(store), model, simulation.theta.clone());
        let laws = laws_of_truth(simulation);
        let data = vec![in_full(path); experiment.angles.len()];
        let seen = Seen { known, model: Some(TRUTH), laws, content_key, data };
        look.draw(Box::new(source), &experiment, seen)
    })
}

/// The truth in words.
fn truth(simulation: &Simulation) -> Facts {
    let (mode, theta) = (simulation.mode, &simulation.theta);
    let value = |(known, value): (&crate::parameters::definitions::Definition, &f64)| {
        let unit = if known.unit == "1" { String::new() } else { format!(" {}", known.unit) };
        (format!("true {}", known.name), format!("{value}{unit}"))
    };
    let mut facts: Facts = vec![("simulated".into(), mode.name().into())];
    facts.extend(mode.parameters().iter().zip(theta).map(value));
    facts.extend([
        ("true contrast, offset".into(), format!("{}, {}", simulation.contrast, simulation.offset)),
        ("noise".into(), noise(simulation)),
        ("seed".into(), simulation.seed.to_string()),
    ]);
    facts
}

/// What makes the simulated values scatter.
fn noise(simulation: &Simulation) -> String {
    let sigma = format!("sigma {} of every value", simulation.noise.sigma);
    match simulation.noise.scatter {
        Scatter::Pairs => format!("{sigma}, pairs independent"),
        Scatter::Intensities { speckles, counts } => {
            format!("{speckles} speckles, {counts} photons per pixel and frame; {sigma} besides")
        }
    }
}

/// D(t) and gamma_dot(t) as they were simulated.
fn laws_of_truth(simulation: &Simulation) -> Vec<Curve> {
    /// Points of a law.
    const POINTS: u32 = 100;
    let (mode, theta) = (simulation.mode, &simulation.theta);
    let known = |value: f64| Rate { value, uncertainty: None };
    let rate = |law: LawPlaces, t: f64| known(law.of(theta).at(t));
    let last = simulation.n_frames.max(2) as f64;
    let time = |k: u32| simulation.dt_seconds * last.powf(f64::from(k) / f64::from(POINTS));
    let times: Vec<f64> = (0..=POINTS).map(time).collect();
    let at = |(&t_seconds, (mean, _)): (&f64, (f64, [f64; 3]))| TransportPoint {
        t_seconds,
        diffusion: rate(mode.diffusion(), t_seconds),
        mean_diffusion: Some(known(mean)),
        shear_rate: mode.shear().map(|law| rate(law, t_seconds)),
    };
    let means = mode.diffusion().of(theta).means(&times);
    laws(&times.iter().zip(means).map(at).collect::<Vec<TransportPoint>>())
}

/// Name of the model that a simulation is made with.
const TRUTH: &str = "truth";

/// Where pictures come from and where they go.
struct Look<'a> {
    name: String,
    facts: Facts,
    place: &'a Path,
    settings: &'a ReportSettings,
    watch: &'a Watch<'a>,
}

/// What is known beside the data.
struct Seen {
    known: Vec<Known>,
    /// Name of the model, if there is one.
    model: Option<&'static str>,
    /// Curves of its laws.
    laws: Vec<Curve>,
    /// Of the store; empty where there is none.
    content_key: String,
    /// Where the data of every angle are: a partition, or the file that is looked at.
    data: Vec<String>,
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The address of a file from any page.
fn in_full(path: &Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf()).to_string_lossy().into_owned()
}

impl Look<'_> {
    /// The file is read once into a store that nobody else sees, beside the pictures, and goes when they are drawn.
    fn read(
        &self,
        path: &Path,
        ingest_settings: &IngestSettings,
        draw: impl FnOnce(&Self, Store) -> Result<PathBuf>,
    ) -> Result<PathBuf> {
        make_folder(&parent_of(self.place))?;
        let target = self.place.with_extension("store");
        for left in Claim::abandoned(&target) {
            let _ = std::fs::remove_dir_all(left.path(""));
        }
        let claim = Claim::beside(&target)?;
        let aside = claim.path("");
        std::fs::create_dir(&aside).map_err(io_at(&aside))?;
        let store = aside.join("store");
        let read =
            IngestSettings { source: Some(path.to_path_buf()), store: store.clone().into(), ..ingest_settings.clone() };
        let drawn =
            ingest(&read, self.settings.threads, self.watch).and_then(|_| draw(self, Store::open(&store, None)?));
        let _ = std::fs::remove_dir_all(&aside);
        drawn
    }

    /// Data alone, and where they are.
    fn draw_store(&self, store: Store, data: Vec<String>) -> Result<PathBuf> {
        let experiment = store.experiment().clone();
        let model = Model::new(AnalysisMode::Static, ShearConvention::Homodyne, &experiment)?;
        let known = |angle: &Angle| Known {
            level: Level { contrast: 0.0, offset_less_one: 0.0, sigma: angle.sigma },
            speckles: None,
        };
        let known = experiment.angles.iter().map(known).collect();
        let theta = vec![0.0; AnalysisMode::Static.n_parameters()];
        let content_key = store.manifest().content_key.clone();
        let source = StoreAtTheta::new(Arc::new(store), model, theta);
        self.draw(Box::new(source), &experiment, Seen { known, model: None, laws: Vec::new(), content_key, data })
    }

    fn draw(&self, source: Box<dyn LookedAt>, experiment: &Experiment, seen: Seen) -> Result<PathBuf> {
        let Seen { known, model, laws, content_key, data } = seen;
        let settings = &report_directory::as_before(self.place, self.settings);
        let drawing = Drawing::of(source, experiment, known, model, settings);
        let mut folder = ReportFolder::begin((self.place, self.place))?;
        let put: Put<'_> = &mut |files| folder.put(files);
        let (pictures, mut angles) = drawing.all(put, self.watch)?;
        angles.iter_mut().zip(data).for_each(|(shown, data)| shown.data = Some(data));
        let mut curves = curves_of_data(&pictures, experiment.time.dt_seconds);
        curves.extend(laws.into_iter().filter(|curve| !curve.points.is_empty()));
        let figures = if model == Some(TRUTH) { figures_of_truth(&curves) } else { figures(&curves, &[]) };
        let q_per_angstrom = Some(experiment.q_per_angstrom);
        let origin = Origin { run_id: "", store_content_key: &content_key, q_per_angstrom, conditions: None };
        put(vec![("curves.parquet".to_owned(), tables::curves::table(&curves, &origin)?)])?;
        drawing.together(&figures, put)?;
        let page = Page {
            // Of the q of a file only one is drawn.
            name: &format!("{} at q = {} 1/angstrom", self.name, experiment.q_per_angstrom),
            outcome: None,
            angles: &angles,
            figures: &figures,
            facts: &self.facts,
            warnings: &[],
            settings: &[],
            has_model: model.is_some(),
            formats: &settings.formats,
            posterior: None,
        };
        put(vec![(report_directory::PAGE.to_owned(), page.html()?.into_bytes())])?;
        folder.publish(report_directory::as_asked(settings), self.watch)
    }
}
