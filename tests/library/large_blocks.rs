//! Blocks of many rows, as real stores have them: bands, patches and cells of the sweep all occur. The same bits for every
//! instruction set and any number of threads, and what the slow formulas give.

use crate::common::{LAMINAR, experiment, gaussian, memory_f32, memory_f64, model, values_of};
use homodyne::experiment::Experiment;
use homodyne::model::catalogue::Model;
use homodyne::model::pair::PairEvaluator;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::AngleScaling;
use homodyne::store::block::{BlockSource, pair_at};
use homodyne::sums::gram::Gram;
use homodyne::sums::lags::lag_bin;
use homodyne::sums::loss::{Loss, Reweighing};
use homodyne::sums::objective::{Objective, Query, RawData, ResidualQuery};
use homodyne::sums::rank_update::Depth;
use homodyne::sums::residuals::{FrameGroups, ResidualSums};
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::simd::SimdLevel;
use homodyne::sweep::slow_twin::sweep_pair_by_pair;
use std::sync::Arc;

/// Two cells and a bit, no multiple of a group, and more pairs than two blocks hold.
const FRAMES: usize = 523;
const BLOCK: usize = 65_536;
/// Groups of frames of the residual sums, some shorter than a group of rows, one across a cell's edge.
const FIRST_FRAMES: [usize; 7] = [0, 7, 30, 64, 100, 200, 400];
const DEAD: [usize; 10] = [0, 13, 14, 63, 64, 200, 255, 256, 300, 522];

/// Everything a sweep can return at one theta.
#[derive(Debug, Clone, PartialEq)]
struct Swept {
    grams: [Vec<Gram>; 3],
    residuals: Vec<ResidualSums>,
}

struct Measured {
    experiment: Experiment,
    model: Model,
    values: Vec<Vec<f64>>,
}

/// Noisy data with dead frames at one angle and values that are not finite at another.
fn measured(mode: AnalysisMode, convention: ShearConvention) -> Measured {
    let mut experiment = experiment(FRAMES, 3);
    experiment.angles[1].masked_frames = DEAD.to_vec();
    let laminar = model(AnalysisMode::LaminarFlow, convention, &experiment);
    let noise = |angle: usize, pair: usize| 0.003 * gaussian(angle as u64, pair as u64);
    let mut values = values_of(&laminar, &experiment, &LAMINAR, &|_| (0.14, 1.0), &noise);
    for (k, value) in [(5, f64::NAN), (700, f64::INFINITY), (701, f64::NEG_INFINITY), (70_000, f64::NAN)] {
        values[2][k] = value;
    }
    Measured { model: model(mode, convention, &experiment), experiment, values }
}

fn reweighing(loss: Loss) -> Vec<Reweighing> {
    vec![Reweighing { loss, turn: 0.004, scaling: AngleScaling { contrast: 0.13, offset_less_one: 0.001 } }; 3]
}

fn swept(sweep: &Sweep<'_>, theta: &[f64], loss: Loss) -> Swept {
    let all = reweighing(loss);
    let query = Query { theta, weights: None, reweighing: (loss != Loss::Linear).then_some(&all[..]) };
    let at = |depth| sweep.sweep(&query, depth).expect("memory");
    let groups = FrameGroups::new(FIRST_FRAMES.to_vec(), FRAMES);
    let asked = ResidualQuery { theta, weights: None, reweighing: &all, groups: &groups };
    let residuals = sweep.residuals(&asked).expect("memory");
    Swept { grams: [at(Depth::Cost), at(Depth::Gradient), at(Depth::Normal)], residuals }
}

/// Sweeps a source in every way; all must give the same bits.
fn in_every_way(source: &Arc<dyn BlockSource>, model: &Model, theta: &[f64], loss: Loss) -> Swept {
    let sweep = |threads| Sweep::new(Arc::clone(source), model.clone(), threads);
    let first = swept(&sweep(1), theta, loss);
    for (threads, level) in [(2, SimdLevel::Avx2), (3, SimdLevel::Best), (1, SimdLevel::Scalar)] {
        assert_eq!(swept(&sweep(threads).at_level(level), theta, loss), first, "{threads} threads, {level:?}");
    }
    first
}

fn check_gram(slow: &Gram, fast: &Gram, width: usize, allowed: f64) {
    assert_eq!(slow.pairs, fast.pairs);
    assert!((slow.loss - fast.loss).abs() <= allowed * slow.loss);
    for row in 0..width {
        for col in row..width {
            let size = (slow.get(row, row) * slow.get(col, col)).sqrt();
            let apart = (slow.get(row, col) - fast.get(row, col)).abs();
            assert!(apart <= allowed * size, "({row}, {col}): {apart:e} of {size:e}");
        }
    }
}

/// Residual sums of one angle, pair by pair.
fn slow_residuals(data: &Measured, angle: usize, theta: &[f64], reweighing: &Reweighing) -> ResidualSums {
    let tables = data.model.tables(theta);
    let evaluator = PairEvaluator::new(&data.model, &tables, theta, data.experiment.angles[angle].phi_degrees);
    let group = |frame: usize| FIRST_FRAMES.partition_point(|&first| first <= frame) - 1;
    let masked = &data.experiment.angles[angle].masked_frames;
    let mut sums = ResidualSums::zero(FRAMES, FIRST_FRAMES.len(), theta.len() + 2);
    for (k, &value) in data.values[angle].iter().enumerate() {
        let (i, j) = pair_at(FRAMES, k);
        if !value.is_finite() || masked.contains(&i) || masked.contains(&j) {
            continue;
        }
        let pair = evaluator.at(i, j);
        let residual = reweighing.residual(pair.h, 1.0, value - 1.0);
        let z = reweighing.z(residual);
        let weighted = reweighing.loss.weight(z) * residual;
        let bin = &mut sums.lags[lag_bin(j - i)];
        bin.pairs += 1;
        bin.squares += residual * residual;
        for frame in [i, j] {
            sums.frames[frame][0] += weighted;
            sums.frames[frame][1] += weighted * pair.h;
        }
        sums.lags_of(i, j)[0] += weighted;
        sums.weights += reweighing.loss.weight(z);
        sums.weighted_squares += weighted * weighted;
        sums.slopes += reweighing.loss.slope(z);
        sums.take_extreme(residual, (i, j));
        let row = pair.dh[..theta.len()].iter().copied().chain([pair.h, 1.0]);
        for (sum, value) in sums.score_mut(group(i), group(j)).iter_mut().zip(row) {
            *sum += weighted * value;
        }
    }
    sums
}

fn all_near(slow: &[f64], fast: &[f64]) {
    let largest = slow.iter().map(|sum| sum.abs()).fold(0.0, f64::max);
    assert!(largest > 0.0 && slow.len() == fast.len());
    for (slow, fast) in slow.iter().zip(fast) {
        assert!((slow - fast).abs() <= 1e-11 * largest, "{slow} {fast}");
    }
}

fn check_residuals(slow: &ResidualSums, fast: &ResidualSums) {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-11 * a.abs().max(b.abs());
    for (slow, fast) in slow.lags.iter().zip(&fast.lags) {
        assert_eq!(slow.pairs, fast.pairs);
        assert!(near(slow.squares, fast.squares));
    }
    for (slow, fast) in slow.extremes.iter().zip(&fast.extremes) {
        assert_eq!((slow.i, slow.j), (fast.i, fast.j));
        assert!(near(slow.residual, fast.residual));
    }
    all_near(slow.frames.as_flattened(), fast.frames.as_flattened());
    all_near(slow.of_lags(), fast.of_lags());
    assert!(near(slow.weights, fast.weights) && near(slow.slopes, fast.slopes));
    assert!(near(slow.weighted_squares, fast.weighted_squares));
    let pairs_of_groups = || (0..slow.n_groups).flat_map(|a| (a..slow.n_groups).map(move |b| (a, b)));
    for k in 0..slow.width {
        let size = pairs_of_groups().map(|(a, b)| slow.score(a, b)[k].abs()).fold(0.0, f64::max);
        for (a, b) in pairs_of_groups() {
            let apart = (slow.score(a, b)[k] - fast.score(a, b)[k]).abs();
            assert!(apart <= 1e-11 * size, "groups {a} {b}, entry {k}: {apart:e} of {size:e}");
        }
    }
}

fn check(mode: AnalysisMode, convention: ShearConvention) {
    let data = measured(mode, convention);
    let theta = &LAMINAR[..mode.n_parameters()];
    let store = memory_f64(data.experiment.clone(), data.values.clone(), BLOCK);
    let source: Arc<dyn BlockSource> = Arc::new(store.clone());
    for loss in [Loss::Linear, Loss::SoftL1] {
        let all = reweighing(loss);
        let query = Query { theta, weights: None, reweighing: (loss != Loss::Linear).then_some(&all[..]) };
        let slow = sweep_pair_by_pair(&store, &data.model, &query).expect("memory");
        let fast = in_every_way(&source, &data.model, theta, loss);
        for (angle, slow) in slow.iter().enumerate() {
            check_gram(slow, &fast.grams[2][angle], theta.len() + 3, 1e-12);
            check_residuals(&slow_residuals(&data, angle, theta, &all[angle]), &fast.residuals[angle]);
        }
    }
}

#[test]
fn static_blocks_agree_at_every_level_and_with_the_slow_formulas() {
    check(AnalysisMode::Static, ShearConvention::Homodyne);
}

#[test]
fn laminar_blocks_agree_at_every_level_and_with_the_slow_formulas() {
    check(AnalysisMode::LaminarFlow, ShearConvention::Homodyne);
    check(AnalysisMode::LaminarFlow, ShearConvention::GapAverage);
}

#[test]
fn narrow_values_agree_at_every_level_and_with_the_slow_formulas() {
    let data = measured(AnalysisMode::LaminarFlow, ShearConvention::Homodyne);
    let store = memory_f32(data.experiment.clone(), &data.values, BLOCK);
    let slow = sweep_pair_by_pair(&store, &data.model, &Query::plain(&LAMINAR)).expect("memory");
    let fast = in_every_way(&(Arc::new(store) as Arc<dyn BlockSource>), &data.model, &LAMINAR, Loss::Linear);
    for (slow, fast) in slow.iter().zip(&fast.grams[2]) {
        check_gram(slow, fast, 10, 1e-12);
    }
}

#[test]
fn block_qr_agrees_with_the_sums_of_large_blocks() {
    let data = measured(AnalysisMode::LaminarFlow, ShearConvention::Homodyne);
    let source = Arc::new(memory_f64(data.experiment.clone(), data.values.clone(), BLOCK));
    let factors = |threads, level| {
        let sweep = Sweep::new(source.clone(), data.model.clone(), threads).at_level(level);
        sweep.factors(&Query::plain(&LAMINAR)).expect("memory")
    };
    let first = factors(1, SimdLevel::Best);
    assert_eq!(first, factors(3, SimdLevel::Avx2));
    let slow = sweep_pair_by_pair(source.as_ref(), &data.model, &Query::plain(&LAMINAR)).expect("memory");
    for (slow, factor) in slow.iter().zip(&first) {
        check_gram(slow, &factor.gram(), 10, 1e-12);
    }
}

#[test]
fn digits_stay_from_slow_to_violent_decay_and_wherever_the_exponents_derivative_turns() {
    // B = int D0 tau^alpha ln tau turns at tau = 1 s: frame 10 of 523 here, frame 100 and 400 with shorter intervals.
    for dt_seconds in [0.1, 0.01, 0.0025] {
        for decay in [1e-3, 1.0, 1e3] {
            let mut experiment = experiment(FRAMES, 2);
            experiment.time.dt_seconds = dt_seconds;
            let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
            let mut theta = LAMINAR;
            theta[0] *= decay * 0.1 / dt_seconds;
            theta[2] *= decay * 0.1 / dt_seconds;
            let values =
                (0..2).map(|a| (0..FRAMES * (FRAMES - 1) / 2).map(|k| 1.0 + 0.1 * gaussian(a, k as u64)).collect());
            let store = Arc::new(memory_f64(experiment, values.collect(), BLOCK));
            let slow = sweep_pair_by_pair(store.as_ref(), &model, &Query::plain(&theta)).expect("memory");
            let fast = Sweep::new(store, model, 2).sweep(&Query::plain(&theta), Depth::Normal).expect("memory");
            for (slow, fast) in slow.iter().zip(&fast) {
                check_gram(slow, fast, 10, 1e-12);
            }
        }
    }
}
