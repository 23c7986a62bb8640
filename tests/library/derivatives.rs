//! The model and its derivatives are exact: against 60-digit values, and fast rows against the slow twin.

use crate::common::{LAMINAR, experiment, memory_f64, model, values_of};
use homodyne::experiment::{Angle, Experiment, TimeGrid};
use homodyne::model::catalogue::{AngleRows, Model};
use homodyne::model::diffusion::rows::STATIC_WIDTH;
use homodyne::model::laminar_flow::rows::LAMINAR_WIDTH;
use homodyne::model::pair::PairEvaluator;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::sums::objective::{Objective, Query};
use homodyne::sums::pairs::{LANES, PairGroup, PairModel, Run};
use homodyne::sums::rank_update::Depth;
use homodyne::sums::tile::Tile;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::simd::SimdLevel;
use homodyne::sweep::slow_twin::sweep_pair_by_pair;
use pulp::{Simd, WithSimd};
use serde_json::Value;
use std::sync::Arc;

struct Case {
    experiment: Experiment,
    model: Model,
    theta: Vec<f64>,
    contrast: f64,
    offset: f64,
    rows: Vec<Vec<f64>>,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../data/c2_reference.json");
    let json: Value = serde_json::from_str(text).expect("reference file is JSON");
    json["cases"].as_array().expect("cases").iter().map(case).collect()
}

fn case(json: &Value) -> Case {
    let number = |key: &str| json[key].as_f64().expect("number");
    let mode = match json["mode"].as_str() {
        Some("static") => AnalysisMode::Static,
        _ => AnalysisMode::LaminarFlow,
    };
    let convention = match json["shear_convention"].as_str() {
        Some("gap_average") => ShearConvention::GapAverage,
        _ => ShearConvention::Homodyne,
    };
    let row = |row: &Value| row.as_array().expect("row").iter().map(|v| v.as_f64().expect("number")).collect();
    let rows: Vec<Vec<f64>> = json["rows"].as_array().expect("rows").iter().map(row).collect();
    let mut phi: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    phi.dedup();
    let n_frames = number("n_t") as usize;
    let experiment = Experiment {
        q_per_angstrom: number("q_per_angstrom"),
        gap_angstrom: Some(number("gap_angstrom")),
        time: TimeGrid { n_frames, dt_seconds: number("dt_seconds"), start_seconds: 0.0, first_frame: 1 },
        angles: phi.iter().map(|&phi_degrees| Angle { phi_degrees, sigma: 1.0, ..Angle::default() }).collect(),
    };
    let parameter = |name: &str| json["parameters"][name].as_f64().expect("parameter");
    Case {
        model: model(mode, convention, &experiment),
        theta: mode.parameters().iter().map(|known| parameter(known.name)).collect(),
        contrast: parameter("contrast"),
        offset: parameter("offset"),
        experiment,
        rows,
    }
}

/// One pair through the vector kernel.
struct OnePair<'a, R, const W: usize>(&'a R, usize, usize);

impl<M: PairModel, const W: usize> WithSimd for OnePair<'_, M, W> {
    type Output = (f64, Vec<f64>);
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let OnePair(model, i, j) = self;
        let run = Run { row: i, frames: j..j + 1 };
        let mut groups = [PairGroup::default()];
        model.fill::<S, true>(simd, &run, &mut groups);
        let mut tile = Tile::<W>::default();
        tile.push(simd, model, i, j / LANES, &groups);
        let at = |k: usize| tile.column(k)[j % LANES];
        (at(W - 3), (0..W - 3).map(at).collect())
    }
}

fn kernel(case: &Case, level: SimdLevel, phi: f64, i: usize, j: usize) -> (f64, Vec<f64>) {
    let tables = case.model.tables(&case.theta);
    match case.model.rows(&tables, &case.theta, phi) {
        AngleRows::Static(rows) => level.run(OnePair::<_, STATIC_WIDTH>(&rows, i, j)),
        AngleRows::Laminar(rows) => level.run(OnePair::<_, LAMINAR_WIDTH>(&rows, i, j)),
    }
}

fn check_row(case: &Case, row: &[f64], largest: &[f64], found: (f64, Vec<f64>)) {
    let (h, dh) = found;
    let c2 = case.offset + case.contrast * h;
    assert!((c2 - row[3]).abs() <= 1e-12 * row[3].abs(), "c2 of {row:?}: {c2}");
    let all = [h, 1.0].into_iter().chain(dh.iter().map(|d| case.contrast * d));
    for (k, derivative) in all.enumerate() {
        let expected = row[4 + k];
        let allowed = (1e-9 * expected.abs()).max(1e-13 * largest[4 + k]);
        assert!((derivative - expected).abs() <= allowed, "column {k} of {row:?}: {derivative}");
    }
}

#[test]
fn kernel_and_slow_twin_agree_with_sixty_digits() {
    for case in cases() {
        let columns = case.rows[0].len();
        let largest: Vec<f64> =
            (0..columns).map(|k| case.rows.iter().map(|row| row[k].abs()).fold(0.0, f64::max)).collect();
        let tables = case.model.tables(&case.theta);
        for row in &case.rows {
            let (phi, i, j) = (row[0], row[1] as usize, row[2] as usize);
            for level in [SimdLevel::Best, SimdLevel::Avx2, SimdLevel::Scalar] {
                check_row(&case, row, &largest, kernel(&case, level, phi, i, j));
            }
            let twin = PairEvaluator::new(&case.model, &tables, &case.theta, phi).at(i, j);
            check_row(&case, row, &largest, (twin.h, twin.dh[..case.theta.len()].to_vec()));
        }
        assert_eq!(case.rows.len() % case.experiment.angles.len(), 0);
    }
}

fn sweeps_agree(mode: AnalysisMode, convention: ShearConvention, theta: &[f64], n_frames: usize) {
    let experiment = experiment(n_frames, 3);
    let model = model(mode, convention, &experiment);
    let values = values_of(&model, &experiment, theta, &|_| (0.2, 1.0), &|_, k| 1e-3 * ((k % 17) as f64 - 8.0));
    let store = Arc::new(memory_f64(experiment, values, 1000));
    let slow = sweep_pair_by_pair(store.as_ref(), &model, &Query::plain(theta)).expect("memory");
    let fast = Sweep::new(store, model, 1).sweep(&Query::plain(theta), Depth::Normal).expect("memory");
    for (slow, fast) in slow.iter().zip(&fast) {
        assert_eq!(slow.pairs, fast.pairs);
        for row in 0..theta.len() + 3 {
            for col in row..theta.len() + 3 {
                let size = (slow.get(row, row) * slow.get(col, col)).sqrt();
                let difference = (slow.get(row, col) - fast.get(row, col)).abs();
                assert!(difference <= 1e-11 * size, "{mode:?} {theta:?} ({row}, {col}): {difference} of {size}");
            }
        }
    }
}

#[test]
fn fast_sweep_equals_slow_twin_in_every_regime() {
    let mut cases: Vec<Vec<f64>> = vec![LAMINAR.to_vec()];
    // Violent decay (groups computed pair by pair), slow decay, many shear fringes, floors, no shear at all.
    cases.push(vec![1e5, 1.5, 0.0, 0.3, 0.0, 0.0, 0.0]);
    cases.push(vec![100.0, -1.0, 0.0, 1e-6, 0.0, 0.0, 10.0]);
    cases.push(vec![3000.0, 0.4, -1000.0, 0.02, -1.5, -0.001, 3.0]);
    for theta in &cases {
        for n_frames in [40, 300] {
            sweeps_agree(AnalysisMode::Static, ShearConvention::Homodyne, &theta[..3], n_frames);
            sweeps_agree(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, theta, n_frames);
            sweeps_agree(AnalysisMode::LaminarFlow, ShearConvention::GapAverage, theta, n_frames);
        }
    }
}
