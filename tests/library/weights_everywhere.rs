//! Weights that know speckles hold in every setting: scaling modes, conventions, masks, bounds, held parameters, opposite angles; and the
//! same bits come of any number of threads and either format of a store.

use crate::common::{Q, fit_memory, given, memory_of_matrices, outset, settings, simulation};
use crate::stored::write_store;
use homodyne::experiment::Experiment;
use homodyne::fit::course::fit;
use homodyne::fit::settings::{FitSettings, Weighting};
use homodyne::fit::solver::journal::Following;
use homodyne::likelihood::scaling::ScalingSettings;
use homodyne::listener::StopFlag;
use homodyne::model::catalogue::Model;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::verdict::Verdict;
use homodyne::outcome::weighting::PairWeights;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::{AngleScaling, ScalingMode};
use homodyne::simulate::Scatter;
use homodyne::store::block::{BlockSource, Values};
use homodyne::store::directory::Store;
use homodyne::store::manifest::StoreFormat;
use homodyne::store::memory::MemoryStore;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use std::sync::Arc;

const FLOW: [f64; 7] = [25_000.0, -0.2, 0.0, 0.002, 0.2, 0.0, 3.0];

/// What a measurement is made with.
struct Made<'a> {
    phi_degrees: &'a [f64],
    convention: ShearConvention,
    masked_frames: &'a [usize],
}

const USUAL: Made<'static> =
    Made { phi_degrees: &[0.0, 45.0, 90.0, 135.0], convention: ShearConvention::Homodyne, masked_frames: &[] };

/// Simulated intensities of a flow, three photons per pixel and frame.
fn made(of: &Made<'_>) -> (Model, MemoryStore) {
    let (model, store, _) = made_with_values(of);
    (model, store)
}

/// The same, and the values of every angle.
fn made_with_values(of: &Made<'_>) -> (Model, MemoryStore, Vec<Values>) {
    let scatter = Scatter::Intensities { speckles: 800, counts: 3.0 };
    let mut simulation = simulation(AnalysisMode::LaminarFlow, &FLOW, of.phi_degrees.to_vec(), scatter);
    simulation.convention = of.convention;
    let mut experiment = simulation.experiment();
    let model = Model::new(simulation.mode, of.convention, &experiment).expect("model");
    let tables = model.tables(&FLOW);
    experiment.angles.iter_mut().for_each(|angle| angle.masked_frames = of.masked_frames.to_vec());
    let (n, mut values) = (simulation.n_frames, Vec::new());
    let store = memory_of_matrices(experiment, 1_000, |place, _| {
        let mut matrix = simulation.correlations(&model, &tables, place, &StopFlag::default()).expect("a correlation");
        for &frame in of.masked_frames {
            (0..n).for_each(|other| (matrix[frame * n + other], matrix[other * n + frame]) = (f64::NAN, f64::NAN));
        }
        let upper = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        values.push(Values::from_f64(upper.map(|(i, j)| matrix[i * n + j]).collect()));
        matrix
    });
    (model, store, values)
}

fn weighted(scaling: ScalingSettings) -> FitSettings {
    let mut settings = settings(AnalysisMode::LaminarFlow, scaling);
    settings.weighting = Weighting::Speckle;
    [2, 5].iter().for_each(|&k| settings.space.physical[k].fixed = Some(0.0));
    settings.start = Some(FLOW.to_vec());
    settings.space.physical[6].upper = 40.0;
    settings
}

/// That weights were taken, errors are smaller for it and hold the truth, and the test of fit knows both.
fn assert_weighted(found: &FitResult, what: &str) {
    let weighting = found.weighting.as_ref().expect("looked at");
    assert_eq!(weighting.weights, PairWeights::Speckle, "{what}: {}", weighting.reason);
    assert_eq!(found.verdict, Verdict::Converged, "{what}: {:?}", found.reasons);
    for (parameter, truth) in found.parameters.iter().zip(FLOW) {
        let Some(error) = parameter.uncertainty else { continue };
        let compared = weighting.numbers[&parameter.name];
        let gain = compared.uniform_uncertainty.expect("free") / error;
        assert!(gain > 1.0, "{what}: {}: {gain}", parameter.name);
        assert!((parameter.value - truth).abs() < 4.0 * error, "{what}: {}: {}", parameter.name, parameter.value);
    }
    assert!(weighting.agreement.expect("tested").p_value > 1e-3, "{what}: {:?}", weighting.agreement);
    assert!(found.lack_of_fit.as_ref().expect("tested").p_value > 1e-3, "{what}");
}

#[test]
fn every_scaling_mode_is_weighted() {
    let (model, store) = made(&USUAL);
    let known = given(vec![AngleScaling::new(0.2, 1.0); 4]);
    let fourier = ScalingSettings { fourier_order: 1, ..ScalingMode::Fourier.into() };
    let modes =
        [ScalingMode::Auto.into(), ScalingMode::Individual.into(), ScalingMode::Constant.into(), known, fourier];
    for scaling in modes {
        let what = format!("{scaling:?}");
        assert_weighted(&fit_memory(store.clone(), &model, &weighted(scaling)), &what);
    }
}

#[test]
fn both_conventions_masked_frames_and_opposite_angles_are_weighted() {
    let gap_average = Made { convention: ShearConvention::GapAverage, ..USUAL };
    let masked = Made { masked_frames: &[20, 21, 77], ..USUAL };
    let opposite = Made { phi_degrees: &[0.0, 45.0, 110.0, 180.0], ..USUAL };
    for (what, of) in [("gap_average", gap_average), ("masked", masked), ("opposite", opposite)] {
        let (model, store) = made(&of);
        assert_weighted(&fit_memory(store, &model, &weighted(ScalingMode::Auto.into())), what);
    }
}

#[test]
fn a_number_that_is_held_stays_where_it_is() {
    let (model, store) = made(&USUAL);
    let mut held = weighted(ScalingMode::Auto.into());
    held.space.physical[4].fixed = Some(FLOW[4]);
    let found = fit_memory(store.clone(), &model, &held);
    assert_weighted(&found, "fixed");
    assert_eq!((found.parameters[4].value, found.parameters[4].uncertainty), (FLOW[4], None));
    // On its bound, the contrast has no error; the others have smaller ones.
    let mut bounded = weighted(ScalingMode::Auto.into());
    bounded.space.contrast.upper = 0.18;
    let found = fit_memory(store, &model, &bounded);
    let weighting = found.weighting.as_ref().expect("looked at");
    assert_eq!(found.verdict, Verdict::AtBound, "{:?}", found.reasons);
    if weighting.weights == PairWeights::Speckle {
        assert!(found.angles.iter().all(|angle| (angle.contrast_fitted - 0.18).abs() < 1e-9), "{:?}", found.angles);
    }
}

fn on_threads(source: Arc<dyn BlockSource>, model: &Model, threads: usize) -> String {
    let settings = weighted(ScalingMode::Individual.into());
    let sample = Sample::draw(source.as_ref(), model).expect("drawn");
    let sweep = Sweep::new(source, model.clone(), threads);
    let found = fit(&sample, &sweep, &settings, &outset(model, &settings), &mut Following::default()).expect("fitted");
    assert_eq!(found.weighting.as_ref().expect("looked at").weights, PairWeights::Speckle);
    format!("{:?} {:?} {:?} {:?}", found.parameters, found.angles, found.weighting, found.lack_of_fit)
}

#[test]
fn the_same_bits_come_of_any_threads_and_either_format() {
    let (model, store, values) = made_with_values(&Made { masked_frames: &[50], ..USUAL });
    let experiment: Experiment = store.experiment().clone();
    assert_eq!(experiment.q_per_angstrom, Q);
    let one = on_threads(Arc::new(store.clone()), &model, 1);
    for threads in [2, 4] {
        assert_eq!(on_threads(Arc::new(store.clone()), &model, threads), one, "{threads} threads");
    }
    let folder = tempfile::tempdir().expect("a place");
    for (name, format) in [("arrow", StoreFormat::Arrow), ("parquet", StoreFormat::Parquet)] {
        let place = folder.path().join(name);
        write_store(&place, &experiment, &values, format, 1_000);
        let opened = Store::open(&place, experiment.gap_angstrom).expect("whole");
        assert_eq!(on_threads(Arc::new(opened), &model, 2), one, "{name}");
    }
}
