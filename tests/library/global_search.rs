//! A local fit from a bad start ends in a wrong basin, says so, and the global search finds the truth: the same for equal
//! seeds and any number of threads.

use crate::common::{LAMINAR, experiment, gaussian, memory_f64, model, outset, settings, values_of};
use homodyne::fit::course::fit;
use homodyne::fit::settings::{Design, Enable, FitSettings, MultiStart};
use homodyne::fit::solver::journal::Following;
use homodyne::model::catalogue::Model;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::search::SearchMethod;
use homodyne::outcome::verdict::Verdict;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::store::memory::MemoryStore;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use std::sync::Arc;

/// The flow direction may be anything, and the start is nearly across it.
const BAD_START: [f64; 7] = [300.0, 1.2, 0.0, 0.05, -1.0, 0.0, 80.0];

fn data() -> (FitSettings, Model, MemoryStore) {
    let experiment = experiment(120, 8);
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
    let noise = |a: usize, k: usize| 0.003 * gaussian(40 + a as u64, k as u64);
    let values = values_of(&model, &experiment, &LAMINAR, &|_| (0.14, 1.003), &noise);
    let mut settings = settings(AnalysisMode::LaminarFlow, ScalingMode::Auto.into());
    (settings.space.physical[6].lower, settings.space.physical[6].upper) = (-90.0, 90.0);
    settings.start = Some(BAD_START.to_vec());
    (settings, model, memory_f64(experiment, values, 2000))
}

fn run(data: &(FitSettings, Model, MemoryStore), threads: usize, edit: impl Fn(&mut FitSettings)) -> FitResult {
    let (settings, model, store) = data;
    let mut settings = settings.clone();
    edit(&mut settings);
    let sample = Sample::draw(store, model).expect("memory");
    let sweep = Sweep::new(Arc::new(store.clone()), model.clone(), threads);
    fit(&sample, &sweep, &settings, &outset(model, &settings), &mut Following::default()).expect("memory")
}

fn at_truth(result: &FitResult) -> bool {
    let near = |(found, truth): (&homodyne::outcome::parameter::ParameterResult, &f64)| {
        found.uncertainty.is_some_and(|error| (found.value - truth).abs() < 4.0 * error)
    };
    result.parameters.iter().zip(&LAMINAR).all(near)
}

fn multi_start(design: Design, seed: u64) -> MultiStart {
    let (n_starts, screen_keep_fraction, refine_top_k) = (40, 0.3, 2);
    MultiStart { enable: true, n_starts, seed, design, screen_keep_fraction, refine_top_k, ..MultiStart::default() }
}

#[test]
fn the_local_fit_from_a_bad_start_ends_in_a_wrong_basin_and_does_not_claim_otherwise() {
    let result = run(&data(), 1, |_| ());
    assert!(!at_truth(&result) && result.verdict != Verdict::Converged, "{:?} {:?}", result.verdict, result.parameters);
}

#[test]
fn cma_es_runs_when_the_local_fit_is_not_acceptable_and_finds_the_truth() {
    let data = data();
    let result = run(&data, 1, |settings| settings.cma_es.enable = Enable::Auto);
    assert!(at_truth(&result), "{:?} {:?}", result.verdict, result.parameters);
    assert_eq!(result.verdict, Verdict::Converged, "{:?}", result.reasons);
    let search = result.search.as_ref().expect("searched");
    assert!(
        search.improved && search.method == SearchMethod::CmaEs && search.reason.contains("scale ratio"),
        "{search:?}"
    );
    assert!(!search.basins.is_empty() && search.candidates.iter().any(|candidate| candidate.basin == Some(0)));
    let threaded = run(&data, 5, |settings| settings.cma_es.enable = Enable::Auto);
    assert_eq!(threaded, result, "same seed, any threads: same answer");
    let narrow = run(&data, 1, |settings| {
        settings.cma_es.enable = Enable::Auto;
        settings.cma_es.scale_threshold = 1e12;
    });
    assert_eq!(narrow.search, None, "the scale ratio is below the threshold");
}

#[test]
fn an_accepted_local_fit_is_not_searched_again() {
    let mut data = data();
    data.0.start = None;
    let result = run(&data, 1, |settings| settings.cma_es.enable = Enable::Auto);
    assert_eq!((result.verdict, result.search), (Verdict::Converged, None));
}

#[test]
fn multi_start_finds_the_truth_with_every_design() {
    let data = data();
    for (_, design) in Design::NAMES {
        let result = run(&data, 1, |settings| settings.multi_start = multi_start(design, 42));
        assert!(at_truth(&result), "{design:?}: {:?} {:?}", result.verdict, result.parameters);
        let search = result.search.as_ref().expect("searched");
        assert_eq!(search.candidates.len(), 42, "the design's starts, the user's and the data's");
        let polished = search.candidates.iter().filter(|candidate| candidate.polished.is_some()).count();
        assert_eq!(polished, 13, "30 % of 42, rounded up");
        let again = run(&data, 3, |settings| settings.multi_start = multi_start(design, 42));
        assert_eq!(again, result);
    }
}

#[test]
fn a_start_of_the_user_s_own_takes_part() {
    let data = data();
    let result = run(&data, 1, |settings| {
        let starts =
            MultiStart { n_starts: 1, custom_starts: vec![LAMINAR.to_vec()], ..multi_start(Design::Random, 1) };
        settings.multi_start = starts;
    });
    assert!(at_truth(&result), "{:?}", result.parameters);
}
