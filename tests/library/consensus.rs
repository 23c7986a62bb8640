//! Sampling in shards: every pair in one of them, the density of all is that of the shards together, draws combine to those of all data,
//! and what goes wrong is told.

use crate::common::{LAMINAR, experiment, fit_memory, gaussian, memory_f64, model, settings, values_of};
use homodyne::api::*;
use homodyne::parameters::prior::Prior;
use homodyne::sample::chain::Target;
use homodyne::sample::consensus::combination::Weighing;
use homodyne::sample::consensus::combined::{Combined, Naming, combined, facts, lost};
use homodyne::sample::consensus::heterogeneity::Spread;
use homodyne::sample::consensus::ladder::{Rung, Trouble, lengths};
use homodyne::sample::consensus::modes::two_modes;
use homodyne::sample::consensus::moments::{Moments, inverse};
use homodyne::sample::consensus::pareto::pareto_shape;
use homodyne::sample::consensus::pool::{Pool, Pooled};
use homodyne::sample::consensus::sizes::{Extent, check_memory, published_draws, published_shards};
use homodyne::sample::consensus::tempered::TemperedShards;
use homodyne::sample::consensus::trial::ShardTargets;
use homodyne::sample::course::Start;
use homodyne::sample::density::Slope;
use homodyne::sample::journal::Kept;
use homodyne::sample::outlook::Outlook;
use homodyne::store::shard_file::ShardFile;
use ndarray::{Array2, array};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut x = seed;
    let mut next = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (x >> 11) as f64 / 9_007_199_254_740_992.0
    };
    (0..n).map(|_| next()).collect()
}

#[test]
fn the_shape_of_the_largest_weights_is_that_of_arviz() {
    // ArviZ 0.23.4, psislw: weights with Pareto tails of shape 0.3 and 0.9, weights that are nearly equal, and bounded ones far from 1.
    type Draws = fn(f64) -> f64;
    let cases: [(usize, f64, Draws); 4] = [
        (500, 0.268_539_762_538_059_6, |u| -0.3 * (1.0 - u).ln()),
        (500, 0.537_611_658_451_700_9, |u| -0.9 * (1.0 - u).ln()),
        (200, -0.687_683_851_106_489_6, |u| 0.05 * u),
        (1000, -0.732_227_899_219_508_1, |u| 0.5 * u.ln() - 400.0),
    ];
    for (kind, (n, expected, log)) in cases.into_iter().enumerate() {
        let weights: Vec<f64> = uniform(n, 91 + kind as u64).into_iter().map(log).collect();
        let found = pareto_shape(&weights).expect("enough weights");
        assert!((found - expected).abs() < 1e-6, "{kind}: {found}, not {expected}");
    }
    assert_eq!(pareto_shape(&[0.0; 500]), None, "equal weights have no tail");
    assert_eq!(pareto_shape(&[0.0, 1.0]), None);
}

/// Three angles, of which one has masked frames and pairs without a value.
fn source() -> MemoryStore {
    let mut experiment = experiment(70, 3);
    experiment.angles[1].masked_frames = vec![0, 17];
    let values = |angle: usize, pair: usize| match pair % 211 {
        5 => f64::NAN,
        _ => 1.0 + 0.1 * gaussian(angle as u64, pair as u64),
    };
    let pairs = experiment.time.n_pairs();
    let all = (0..3).map(|angle| (0..pairs).map(|pair| values(angle, pair)).collect()).collect();
    memory_f64(experiment, all, 500)
}

/// What stands in the shards of a directory: shard, angle, frames, value.
fn dealt(place: &Path, n_shards: usize) -> Vec<(usize, usize, [u32; 2], u64)> {
    let mut found = Vec::new();
    for shard in 0..n_shards {
        let file = ShardFile::open(&place.join(format!("shard-{shard:05}.arrow"))).expect("a shard");
        for k in 0..file.n_batches() {
            let batch = file.batch(k).expect("whole");
            let row = |row: usize| {
                let frames = [batch.frames[0][row], batch.frames[1][row]];
                (shard, batch.angle, frames, batch.values.get(row).to_bits())
            };
            found.extend((0..batch.values.len()).map(row));
        }
    }
    found
}

#[test]
fn each_pair_with_a_value_is_in_exactly_one_shard_and_shards_are_balanced_over_angle_and_lag() {
    let (source, folder) = (source(), tempfile::tempdir().expect("folder"));
    let model = model(AnalysisMode::Static, ShearConvention::Homodyne, source.experiment());
    let deal = |name: &str, (n_shards, seed): (usize, u64), threads: usize| {
        let place = folder.path().join(name);
        let dealer = SourceDealer { source: &source, model: &model, place: &place, threads, stop: StopFlag::default() };
        let sizes = dealer.deal(n_shards, seed).expect("dealt").sizes().to_vec();
        (dealt(&place, n_shards), sizes)
    };
    for n_shards in [1, 7, 131] {
        let (found, sizes) = deal("shards", (n_shards, 42), 2);
        let mut expected = BTreeSet::new();
        let plan = source.plan();
        for index in 0..plan.n_blocks() {
            let block = source.read(index).expect("in memory");
            for k in 0..block.values.len() {
                let (i, j) = homodyne::store::block::pair_at(plan.n_frames, block.first_pair + k);
                let masked = &source.experiment().angles[block.angle].masked_frames;
                let value = block.values.get(k);
                if value.is_finite() && !masked.contains(&i) && !masked.contains(&j) {
                    expected.insert((block.angle, [i as u32, j as u32], value.to_bits()));
                }
            }
        }
        let once: BTreeSet<_> = found.iter().map(|&(_, angle, frames, value)| (angle, frames, value)).collect();
        assert_eq!((found.len(), &once), (expected.len(), &expected), "{n_shards} shards");
        let mut counts: BTreeMap<(usize, u32), Vec<u64>> = BTreeMap::new();
        let mut of_shard = vec![0; n_shards];
        for (shard, angle, [i, j], _) in &found {
            counts.entry((*angle, (j - i).ilog10())).or_insert_with(|| vec![0; n_shards])[*shard] += 1;
            of_shard[*shard] += 1;
        }
        assert_eq!(of_shard, sizes);
        for counts in counts.values().chain([&of_shard]) {
            let (least, most) = (counts.iter().min().expect("shards"), counts.iter().max().expect("shards"));
            assert!(most - least <= 1, "{n_shards} shards: {counts:?}");
        }
    }
    let (one, other) = (deal("one", (7, 42), 1).0, deal("other", (7, 43), 1).0);
    assert_eq!(one, deal("again", (7, 42), 4).0, "threads change nothing");
    assert_ne!(one, other, "seeds do");
}

/// A set whose noise is Gaussian, and its fit.
struct Fitted {
    store: MemoryStore,
    model: Model,
    settings: FitSettings,
    result: FitResult,
}

fn fitted(mode: AnalysisMode, n_frames: usize) -> Fitted {
    let experiment = experiment(n_frames, 5);
    let model = model(mode, ShearConvention::Homodyne, &experiment);
    let noise = |angle: usize, pair: usize| 0.003 * gaussian(5 + angle as u64, pair as u64);
    let values = values_of(&model, &experiment, &LAMINAR[..mode.n_parameters()], &|_| (0.22, 1.01), &noise);
    let mut settings = settings(mode, ScalingMode::Auto.into());
    settings.space.physical[2].fixed = Some(LAMINAR[2]);
    if mode == AnalysisMode::LaminarFlow {
        settings.space.physical[5].fixed = Some(LAMINAR[5]);
    }
    let store = || memory_f64(experiment.clone(), values.clone(), 4096);
    let result = fit_memory(store(), &model, &settings);
    Fitted { store: store(), model, settings, result }
}

/// Small shards are wanted here.
fn in_shards(n_shards: usize) -> SampleSettings {
    let consensus = ConsensusSettings {
        enable: Sharded::Yes,
        n_shards: Some(n_shards),
        min_points_per_shard: 1,
        min_points_per_param: 1,
        adaptive: false,
        ..ConsensusSettings::default()
    };
    SampleSettings { n_warmup: 300, n_draws: 1000, consensus, ..SampleSettings::default() }
}

impl Fitted {
    fn sampled(&self, settings: &SampleSettings, threads: usize) -> PosteriorResult {
        self.sampled_again((settings, threads), &())
    }

    fn sampled_again(
        &self,
        (settings, threads): (&SampleSettings, usize),
        journal: &dyn homodyne::sample::journal::Journal,
    ) -> PosteriorResult {
        let folder = tempfile::tempdir().expect("folder");
        let place = folder.path().join("shards");
        let stop = StopFlag::default();
        let dealer = SourceDealer { source: &self.store, model: &self.model, place: &place, threads, stop };
        let resources = Resources { dealer: &dealer, folder: folder.path(), journal, threshold_bytes: 1 << 30 };
        let sweep = Sweep::new(Arc::new(self.store.clone()), self.model.clone(), 1);
        let (space, scaling) = (&self.settings.space, &self.settings.scaling);
        let ask =
            Ask { space, scaling, settings, fitted: &self.result, t_ref_seconds: self.model.t_ref_seconds(), threads };
        let data = Data { together: &sweep, alone: &sweep, may_be_condensed: false };
        sample_as_chosen(data, &resources, &ask, &Watch::nobody()).expect("drawn")
    }
}

#[test]
fn the_densities_of_shards_multiply_to_that_of_all_data_with_priors_and_bounds_in_every_shard() {
    let mut fit = fitted(AnalysisMode::LaminarFlow, 60);
    let bounds = (15_000.0, 25_000.0);
    (fit.settings.space.physical[0].lower, fit.settings.space.physical[0].upper) = bounds;
    fit.settings.space.physical[0].prior = Prior::LogNormal { mean: 9.8, deviation: 0.1 };
    fit.settings.space.physical[1].prior = Prior::Normal { mean: 0.0, deviation: 0.02 };
    let folder = tempfile::tempdir().expect("folder");
    let sweep = Sweep::new(Arc::new(fit.store.clone()), fit.model.clone(), 1);
    let (space, scaling) = (&fit.settings.space, &fit.settings.scaling);
    let settings = SampleSettings::default();
    let ask = Ask {
        space,
        scaling,
        settings: &settings,
        fitted: &fit.result,
        t_ref_seconds: fit.model.t_ref_seconds(),
        threads: 1,
    };
    let start = Start::of(&sweep, &ask).expect("a start");
    let all = start.posterior(&sweep, None);
    for n_shards in [1, 6] {
        let place = folder.path().join("shards");
        let stop = StopFlag::default();
        let dealer = SourceDealer { source: &fit.store, model: &fit.model, place: &place, threads: 2, stop };
        let shards = dealer.deal(n_shards, 1).expect("dealt");
        let tempered = TemperedShards::new(&start, &*shards, true);
        let wide = (n_shards as f64).sqrt();
        let n = tempered.width();
        let summed = |w: &[f64]| {
            let mut sum = Slope { value: 0.0, gradient: vec![0.0; n] };
            for shard in 0..n_shards {
                let one = tempered.open(&[shard]).expect("a shard").log(w).expect("finite");
                sum.value += one.value;
                sum.gradient.iter_mut().zip(one.gradient).for_each(|(sum, one)| *sum += one);
            }
            sum
        };
        let places: Vec<Vec<f64>> =
            (0..4).map(|seed| uniform(n, seed).iter().map(|u| 2.0 * u - 1.0).collect()).collect();
        let zero = (summed(&vec![0.0; n]).value, all.log(&vec![0.0; n]).expect("finite").value);
        for w in &places {
            let base: Vec<f64> = w.iter().map(|value| wide * value).collect();
            let (shards, all) = (summed(w), all.log(&base).expect("finite"));
            let (found, expected) = (shards.value - zero.0, all.value - zero.1);
            assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{n_shards}: {found}, not {expected}");
            for (found, expected) in shards.gradient.iter().zip(&all.gradient) {
                let expected = wide * expected;
                assert!(
                    (found - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                    "{n_shards}: {found}, not {expected}"
                );
            }
        }
        for end in [-1e3, 1e3] {
            let value = tempered.values(&vec![end; n])[0];
            assert!((bounds.0..=bounds.1).contains(&value), "{value}");
        }
    }
}

#[test]
fn one_shard_has_the_posterior_of_all_data_and_twenty_agree_with_it() {
    let fit = fitted(AnalysisMode::Static, 80);
    let direct = SampleSettings {
        consensus: ConsensusSettings { enable: Sharded::No, ..ConsensusSettings::default() },
        ..in_shards(1)
    };
    let direct = fit.sampled(&direct, 2);
    assert!(direct.consensus.is_none());
    for (n_shards, most) in [(1, 0.15), (20, 0.3)] {
        let found = fit.sampled(&in_shards(n_shards), 2);
        let consensus = found.consensus.as_ref().expect("shards");
        assert_eq!(found.verdict, PosteriorVerdict::Converged, "{:?} {:?}", found.reasons, consensus.check);
        assert_eq!((consensus.n_shards, consensus.shards.len(), consensus.lost.len()), (n_shards, n_shards, 0));
        assert!((consensus.prior_power - 1.0 / n_shards as f64).abs() < 1e-15);
        let check = consensus.check.as_ref().expect("checked");
        assert!(consensus.warnings.iter().all(|warning| !warning.contains("max_between_shard_kl")));
        assert!(check.draws >= 100 && check.pareto_k.is_none_or(|k| k < 0.7), "{check:?}");
        // A single shard was drawn from as it is; what twenty make together is weighed.
        let expected = if n_shards == 1 { DrawsAre::Combined } else { DrawsAre::Reweighed };
        assert_eq!(consensus.draws, expected);
        for (found, direct) in found.numbers.iter().zip(&direct.numbers) {
            let apart = (found.mean - direct.mean) / direct.deviation;
            let wider = found.deviation / direct.deviation;
            assert!(apart.abs() < most && (wider - 1.0).abs() < most, "{n_shards} {}: {apart} {wider}", found.name);
        }
    }
}

/// Remembers how a sampling was to be made, and its shards by name.
struct Remembers {
    outlook: Mutex<Outlook>,
    names: Mutex<BTreeSet<String>>,
}

impl homodyne::sample::journal::Journal for Remembers {
    fn recall_outlook(&self) -> Result<Option<Outlook>> {
        Ok(Some(self.outlook.lock().expect("unharmed").clone()))
    }

    fn keep_outlook(&self, outlook: &Outlook) -> Result<()> {
        outlook.clone_into(&mut self.outlook.lock().expect("unharmed"));
        Ok(())
    }

    fn keep_shards(&self, tried: &str, _: usize, _: &Kept) -> Result<()> {
        self.names.lock().expect("unharmed").insert(tried.to_owned());
        Ok(())
    }
}

#[test]
fn a_sampling_that_goes_on_does_so_in_the_shards_it_began_with_however_fast_the_machine_is_now() {
    let fit = fitted(AnalysisMode::Static, 60);
    let mut settings = in_shards(1);
    (settings.n_warmup, settings.n_draws) = (100, 200);
    // So few pairs are sampled directly where nothing is remembered.
    (settings.consensus.enable, settings.consensus.n_shards) = (Sharded::Auto, None);
    assert!(fit.sampled(&settings, 2).consensus.is_none());
    for gradient_seconds in [0.1, 0.2] {
        let outlook = Outlook { is_direct: false, reason: "as it began".into(), direct_seconds: 1e4, gradient_seconds };
        let remembers = Remembers { outlook: Mutex::new(outlook.clone()), names: Mutex::default() };
        let found = fit.sampled_again((&settings, 2), &remembers).consensus.expect("shards");
        assert_eq!((found.n_shards, found.reason), ((20.0 * gradient_seconds) as usize, "as it began".to_owned()));
        assert_eq!(*remembers.outlook.lock().expect("unharmed"), outlook);
        let names = remembers.names.into_inner().expect("unharmed");
        assert!(!names.is_empty() && names.iter().all(|name| name.ends_with(&format!("-of-{}", found.n_shards))));
    }
}

#[test]
fn all_methods_agree_where_shards_do_and_a_broken_memory_limit_is_told() {
    let fit = fitted(AnalysisMode::Static, 60);
    let of = |method: Combination| {
        let mut settings = in_shards(4);
        (settings.n_draws, settings.consensus.method) = (400, method);
        fit.sampled(&settings, 2)
    };
    let robust = of(Combination::RobustConsensusMc);
    for (name, method) in Combination::NAMES {
        let found = of(method);
        assert_eq!(found.consensus.as_ref().map(|told| told.method.as_str()), Some(name));
        for (found, robust) in found.numbers.iter().zip(&robust.numbers) {
            let apart = (found.mean - robust.mean) / robust.deviation;
            let wider = found.deviation / robust.deviation;
            assert!(apart.abs() < 0.3 && (wider - 1.0).abs() < 0.2, "{name} {}: {apart} {wider}", found.name);
        }
    }
    // What is told while sampling is part of the result.
    let mut strict = in_shards(4);
    strict.n_draws = 200;
    (strict.consensus.max_between_shard_kl, strict.consensus.max_parameter_cv) = (Some(1e-9), Some(1e-9));
    let told = fit.sampled(&strict, 2);
    let warnings = &told.consensus.as_ref().expect("shards").warnings;
    for key in ["max_between_shard_kl", "max_parameter_cv"] {
        assert!(warnings.iter().any(|warning| warning.contains(key)), "{key}: {warnings:?}");
        assert!(homodyne::report::tables::posterior::summary(&told).contains(key), "{key}");
    }
    let settings = in_shards(4);
    let extent = Extent { n_pairs: 9000, n_numbers: 5, settings: &settings, gradient_seconds: 1e-3 };
    let memory = extent.memory(4, 2);
    assert!(check_memory(&memory, memory.held).is_ok());
    let error = check_memory(&memory, memory.held - 1).expect_err("a byte too little");
    assert_eq!(error.fault().code, Some(Code::E66));
}

#[test]
fn memory_is_that_of_the_published_example_where_draws_of_all_shards_are_held_and_far_less_here() {
    assert_eq!(published_draws(1000, 4, 1500, 9), 432_000_000);
    assert_eq!(published_shards(8, 100_000, 9), 57_600_000);
    let settings = SampleSettings::default();
    let extent = Extent { n_pairs: 100_000_000, n_numbers: 9, settings: &settings, gradient_seconds: 1.0 };
    let memory = extent.memory(1000, 8);
    assert_eq!((memory.draws_as_published, memory.shards_as_published), (432_000_000, 57_600_000));
    assert!(memory.held < 10 << 20, "{memory:?}");
}

#[test]
fn the_number_of_shards_follows_budget_deadline_widths_and_fewest_pairs() {
    let n_shards = |settings: &SampleSettings, gradient_seconds: f64, most_parabolic: f64| {
        let extent = Extent { n_pairs: 1_000_000, n_numbers: 5, settings, gradient_seconds };
        let drops = |widths: f64| {
            // A parabola up to some width, then a straight line.
            let drop = if widths * widths <= most_parabolic { 0.5 * widths * widths } else { 0.1 * widths };
            Ok(vec![drop; 10])
        };
        extent.n_shards(&drops, &Watch::nobody()).expect("drops are finite")
    };
    let default = SampleSettings::default();
    // 2000 draws of 10 gradients, of which scattered ones take six times as long: 60 000 s against a budget of 900 s.
    assert_eq!(n_shards(&default, 0.5, 1e9), 67);
    assert_eq!(n_shards(&default, 5e-4, 1e9), 1);
    assert_eq!(n_shards(&default, 0.5, 50.0), 33, "widths stay where the cost is a parabola");
    assert_eq!(n_shards(&default, 0.5, 2.0), 17, "but chains end before half of their deadline");
    assert_eq!(n_shards(&default, 100.0, 1e9), 100, "at least 10 000 pairs each");
    let with = |consensus: ConsensusSettings| SampleSettings { consensus, ..SampleSettings::default() };
    let asked = with(ConsensusSettings { n_shards: Some(7), ..ConsensusSettings::default() });
    assert_eq!(n_shards(&asked, 1.0, 1e9), 7);
    let points = with(ConsensusSettings { max_points_per_shard: Some(30_000), ..ConsensusSettings::default() });
    assert_eq!(n_shards(&points, 1.0, 1e9), 34);
    let many =
        with(ConsensusSettings { n_shards: Some(5000), min_points_per_param: 4000, ..ConsensusSettings::default() });
    assert_eq!(n_shards(&many, 1.0, 1e9), 50, "at least 4000 pairs for each of five numbers");
    assert_eq!(lengths(&default, (1000, 5)), (100, 250), "small shards draw less");
}

#[test]
fn shards_that_are_asked_for_are_made_however_wide_but_that_is_told() {
    let told = |most_parabolic: f64| {
        let consensus = ConsensusSettings { n_shards: Some(60), ..ConsensusSettings::default() };
        let settings = SampleSettings { consensus, ..SampleSettings::default() };
        let extent = Extent { n_pairs: 1_000_000, n_numbers: 5, settings: &settings, gradient_seconds: 1.0 };
        let drop = |widths: f64| if widths * widths <= most_parabolic { 0.5 * widths * widths } else { 0.1 * widths };
        let warnings = Warnings::default();
        let watch = Watch::new(&warnings, &StopFlag::default());
        assert_eq!(extent.n_shards(&|widths| Ok(vec![drop(widths); 10]), &watch).expect("drops are finite"), 60);
        warnings.0.into_inner().expect("no thread failed")
    };
    assert_eq!(told(100.0), Vec::<String>::new());
    assert!(told(50.0).concat().contains("one of 60 shards is wider than where the cost is a parabola"));
}

/// Keeps warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Listener for Warnings {
    fn hear(&self, event: &Event<'_>) {
        if let Event::Log { level: LogLevel::Warning, text } = event {
            self.0.lock().expect("no thread failed").push((*text).to_string());
        }
    }
}

#[test]
fn small_shards_draw_less() {
    let default = SampleSettings::default();
    assert_eq!(lengths(&default, (1000, 5)), (100, 250));
    assert_eq!(lengths(&default, (50_000, 5)), (500, 1500));
}

/// Shards of a linear Gaussian model: y = x . b + noise of variance 1, a standard normal prior of b.
struct Linear {
    sizes: Vec<u64>,
    /// Sums of x x' and x y of every shard.
    sums: Vec<(Array2<f64>, Vec<f64>)>,
    /// What goes wrong in shards, by their first.
    wrong: BTreeMap<usize, Wrong>,
}

#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    /// Takes long.
    Slow,
    /// Has no density until it is sampled with another shard.
    AloneNowhere,
}

const WIDTH: usize = 3;

impl Linear {
    fn new(n_shards: usize) -> Self {
        let rows = 4000;
        let mut sums = vec![(Array2::zeros((WIDTH, WIDTH)), vec![0.0; WIDTH]); n_shards];
        let mut sizes = vec![0; n_shards];
        for row in 0..rows {
            let x: Vec<f64> = (0..WIDTH).map(|k| 0.3 + gaussian(k as u64, row)).collect();
            let y = x[0] - 0.5 * x[1] + 0.25 * x[2] + gaussian(77, row);
            let shard = row as usize % n_shards;
            sizes[shard] += 1;
            for a in 0..WIDTH {
                sums[shard].1[a] += x[a] * y;
                for b in 0..WIDTH {
                    sums[shard].0[[a, b]] += x[a] * x[b];
                }
            }
        }
        Linear { sizes, sums, wrong: BTreeMap::new() }
    }

    /// Mean and covariance of some shards together, with their share of the prior.
    fn posterior(&self, members: &[usize]) -> Moments {
        let share = members.len() as f64 / self.sizes.len() as f64;
        let mut precision = Array2::eye(WIDTH) * share;
        let mut right = ndarray::Array1::zeros(WIDTH);
        for &shard in members {
            precision += &self.sums[shard].0;
            right = right + ndarray::Array1::from(self.sums[shard].1.clone());
        }
        let covariance = inverse(&precision);
        Moments { mean: covariance.dot(&right).to_vec(), covariance }
    }

    fn all(&self) -> Moments {
        self.posterior(&(0..self.sizes.len()).collect::<Vec<usize>>())
    }
}

/// The density of a Gaussian.
struct Normal {
    moments: Moments,
    precision: Array2<f64>,
    wrong: Option<Wrong>,
}

impl Normal {
    fn new(moments: Moments, wrong: Option<Wrong>) -> Self {
        Normal { precision: moments.precision(), moments, wrong }
    }
}

impl Target for Normal {
    fn width(&self) -> usize {
        WIDTH
    }

    fn log(&self, w: &[f64]) -> Result<Slope> {
        if self.wrong == Some(Wrong::Slow) {
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        let apart: ndarray::Array1<f64> = w.iter().zip(&self.moments.mean).map(|(w, mean)| w - mean).collect();
        let slope = -self.precision.dot(&apart);
        let value = if self.wrong == Some(Wrong::AloneNowhere) { f64::NEG_INFINITY } else { 0.5 * apart.dot(&slope) };
        Ok(Slope { value, gradient: slope.to_vec() })
    }

    fn values(&self, w: &[f64]) -> Vec<f64> {
        w.to_vec()
    }
}

impl ShardTargets for Linear {
    fn width(&self) -> usize {
        WIDTH
    }

    fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    fn open(&self, members: &[usize]) -> Result<Box<dyn Target + '_>> {
        let wrong = self.wrong.get(&members[0]).copied();
        let wrong = wrong.filter(|wrong| *wrong == Wrong::Slow || members.len() == 1);
        Ok(Box::new(Normal::new(self.posterior(members), wrong)))
    }

    fn values(&self, place: &[f64]) -> Vec<f64> {
        place.to_vec()
    }
}

fn pooled(shards: &Linear, settings: &SampleSettings, workers: usize) -> (Pooled, Combined) {
    let folder = tempfile::tempdir().expect("folder");
    let pool = Pool { shards, settings, acceptance: 0.85, workers, folder: folder.path(), journal: &() };
    let pooled = pool.run(&Watch::nobody()).expect("no error");
    let names: Vec<String> = (0..WIDTH).map(|k| format!("b{k}")).collect();
    let naming = Naming { center: &[0.0; WIDTH], stretch: &Array2::eye(WIDTH), names: &names };
    let made = combined(&pooled, &naming, (settings.consensus.method, 42), &|w| w.to_vec()).expect("read");
    (pooled, made)
}

#[test]
fn gaussian_shards_combine_exactly() {
    for n_shards in [1, 10, 200] {
        let toy = Linear::new(n_shards);
        let shards: Vec<Moments> = (0..n_shards).map(|shard| toy.posterior(&[shard])).collect();
        let (found, exact) = (Weighing::of(Combination::ConsensusMc, &shards, None), toy.all());
        for k in 0..WIDTH {
            let width = exact.covariance[[k, k]].sqrt();
            assert!((found.mean[k] - exact.mean[k]).abs() < 1e-3 * width, "{n_shards} {k}");
            for l in 0..WIDTH {
                let other = exact.covariance[[l, l]].sqrt();
                let apart = (found.covariance[[k, l]] - exact.covariance[[k, l]]).abs();
                assert!(apart < 1e-3 * width * other, "{n_shards} {k} {l}");
            }
        }
    }
    // The same by draws.
    let toy = Linear::new(10);
    let (pooled, made) = pooled(&toy, &in_shards(10), 2);
    assert!(pooled.sampled.iter().all(|shard| shard.doubt.is_none()) && pooled.retried.is_empty());
    let (found, exact) = (Moments::of(made.places(), WIDTH), toy.all());
    for k in 0..WIDTH {
        let width = exact.covariance[[k, k]].sqrt();
        assert!((found.mean[k] - exact.mean[k]).abs() < 0.1 * width, "{k}: {:?} {:?}", found.mean, exact.mean);
        assert!((found.covariance[[k, k]].sqrt() / width - 1.0).abs() < 0.1, "{k}");
    }
}

#[test]
fn draws_are_the_same_for_any_number_of_workers_and_order_of_shards() {
    let settings = SampleSettings { n_warmup: 60, n_draws: 60, n_chains: 3, ..in_shards(7) };
    let settings = SampleSettings {
        consensus: ConsensusSettings { min_ess: 0.0, max_r_hat: 10.0, ..settings.consensus.clone() },
        ..settings
    };
    let of = |sizes: Option<Vec<u64>>, workers: usize| {
        let mut toy = Linear::new(7);
        toy.sizes = sizes.unwrap_or(toy.sizes);
        pooled(&toy, &settings, workers).1.places().flatten().map(|value| value.to_bits()).collect::<Vec<u64>>()
    };
    let one = of(None, 1);
    assert!(one.len() == 3 * 60 * WIDTH && one == of(None, 2) && one == of(None, 5));
    // Other sizes are begun in another order: the last shard first.
    assert_eq!(one, of(Some((0..7).map(|k| 100_000 + k).collect()), 2));
    let other = SampleSettings { seed: 43, ..settings.clone() };
    assert_ne!(one, pooled(&Linear::new(7), &other, 2).1.places().flatten().map(|v| v.to_bits()).collect::<Vec<u64>>());
}

#[test]
fn shards_that_fail_are_tried_in_other_ways_merged_or_told_as_lost() {
    let mut toy = Linear::new(6);
    toy.wrong = BTreeMap::from([(1, Wrong::AloneNowhere), (5, Wrong::Slow)]);
    let mut settings = SampleSettings { n_warmup: 100, n_draws: 300, n_chains: 2, ..in_shards(6) };
    // The slow one makes some thirty gradients, the others have time also where many programs run.
    settings.consensus.timeout_seconds = 10.0;
    let (pooled, made) = pooled(&toy, &settings, 4);
    let facts = facts(&pooled, &made.weighing.trust);
    let members: Vec<Vec<usize>> = facts.iter().map(|shard| shard.shards.clone()).collect();
    assert_eq!(members, [vec![0], vec![1, 2], vec![3], vec![4]]);
    assert_eq!(facts[1].attempt, "merged");
    let lost = lost(&pooled, &toy.sizes);
    assert_eq!(lost.iter().map(|lost| (lost.shard, lost.pairs)).collect::<Vec<_>>(), [(5, toy.sizes[5])]);
    assert!(lost[0].why.contains("per_shard_timeout"), "{}", lost[0].why);
    assert_eq!(pooled.retried, BTreeSet::from([1, 2, 5]));
    // What is left is the posterior of the shards that were sampled.
    let (found, exact) = (Moments::of(made.places(), WIDTH), toy.posterior(&[0, 1, 2, 3, 4]));
    for k in 0..WIDTH {
        let width = exact.covariance[[k, k]].sqrt();
        assert!((found.mean[k] - exact.mean[k]).abs() < 0.2 * width, "{k}");
    }
}

#[test]
fn the_ladder_climbs_with_streams_of_its_own_and_time_is_not_wasted() {
    let doubt = Trouble::Doubtful("R-hat".into());
    let mut rungs = vec![Rung::First];
    while let Some(next) = rungs.last().and_then(|rung| rung.next(&doubt)) {
        rungs.push(next);
    }
    assert_eq!(rungs, [Rung::First, Rung::Longer, Rung::Rewhitened, Rung::Careful, Rung::Merged]);
    assert_eq!(Rung::First.next(&Trouble::OutOfTime), Some(Rung::Rewhitened));
    assert_eq!(Rung::Rewhitened.next(&Trouble::OutOfTime), None);
    let acceptances: Vec<f64> = rungs.iter().map(|rung| rung.acceptance(0.85)).collect();
    assert_eq!(acceptances, [0.85, 0.9, 0.9, 0.98, 0.98]);
    let asked = SampleSettings::default();
    let of = |rung: &Rung, shard: usize| rung.settings(&asked, shard, (100_000, 5));
    assert_eq!(of(&Rung::First, 0).seed, asked.seed, "one shard draws as all data do");
    let seeds: BTreeSet<u64> = rungs.iter().flat_map(|rung| (0..50).map(move |shard| of(rung, shard).seed)).collect();
    assert_eq!(seeds.len(), 250);
    assert_eq!((of(&Rung::First, 3).n_warmup, of(&Rung::Longer, 3).n_warmup), (500, 1000));
}

#[test]
fn a_far_maximum_is_found_and_its_own_coordinates_are_round() {
    use homodyne::sample::consensus::rewhitened::Rewhitened;
    let covariance = array![[4.0, 1.5, 0.0], [1.5, 1.0, 0.2], [0.0, 0.2, 0.25]];
    let target = Normal::new(Moments { mean: vec![30.0, -20.0, 5.0], covariance }, None);
    let own = Rewhitened::of(&target).expect("a density");
    for (found, expected) in own.place(&[0.0; WIDTH]).iter().zip(&target.moments.mean) {
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }
    for z in [[1.0, 0.0, 0.0], [0.0, -2.0, 0.5]] {
        let slope = own.log(&z).expect("finite").gradient;
        assert!(slope.iter().zip(z).all(|(slope, z)| (slope + z).abs() < 1e-6), "{slope:?}");
    }
}

#[test]
fn what_differs_between_shards_is_found_widens_the_posterior_and_counts_less() {
    // Q and tau^2 by hand: means 0, 1, 2 with variance 1/4 each.
    let spread = Spread::of(&[0.0, 1.0, 2.0], &[0.25; 3]);
    assert!((spread.q - 8.0).abs() < 1e-12 && (spread.i_squared - 0.75).abs() < 1e-12);
    assert!((spread.tau_squared - 0.75).abs() < 1e-12 && (spread.p_value - (-4.0_f64).exp()).abs() < 1e-12);
    let agreeing = Spread::of(&[0.0, 0.1, -0.1], &[0.25; 3]);
    assert!(agreeing.tau_squared == 0.0 && agreeing.i_squared == 0.0 && !agreeing.is_significant(1));
    assert_eq!(Spread::of(&[1.0], &[0.25]).p_value, 1.0);
    let shard = |mean: f64| Moments { mean: vec![mean, 0.0], covariance: array![[1.0, 0.3], [0.3, 1.0]] };
    let shards: Vec<Moments> = (0..12).map(|k| shard(0.2 * gaussian(1, k))).chain([shard(30.0)]).collect();
    let robust = Weighing::of(Combination::RobustConsensusMc, &shards, None);
    let plain = Weighing::of(Combination::ConsensusMc, &shards, None);
    assert!(robust.trust[..12].iter().all(|trust| *trust == 1.0) && robust.trust[12] < 0.2, "{:?}", robust.trust);
    assert!(plain.mean[0] > 2.0 && robust.mean[0] < 0.6, "{} {}", plain.mean[0], robust.mean[0]);
    // A variance between shards is added as it would be for independent ones.
    let between = array![[12.0, 0.0], [0.0, 0.0]];
    let widened = Weighing::of(Combination::SimpleAverage, &shards[..12], Some(&between));
    assert!((widened.covariance[[0, 0]] - 13.0 / 12.0).abs() < 1e-12 && widened.between.is_some());
}

#[test]
fn two_modes_are_told_only_with_evidence() {
    let n = 600;
    let draws = |apart: f64| -> Vec<Vec<f64>> {
        let draw = |k: u64| vec![gaussian(1, k) + if k.is_multiple_of(3) { apart } else { 0.0 }, gaussian(2, k)];
        (0..n).map(draw).collect()
    };
    let of = |apart: f64, r_hat: f64| {
        let draws = draws(apart);
        two_modes(&draws.iter().map(Vec::as_slice).collect::<Vec<&[f64]>>(), Some(r_hat))
    };
    let modes = of(6.0, 1.5).expect("two modes");
    assert!((modes.share - 1.0 / 3.0).abs() < 0.02 && (modes.ashman_d - 6.0).abs() < 0.6, "{modes:?}");
    assert_eq!(of(6.0, 1.05), None, "chains agree");
    assert_eq!(of(0.0, 1.5), None, "one Gaussian describes them");
    assert_eq!(of(1.0, 1.5), None, "they are not apart");
}
