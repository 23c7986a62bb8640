//! Posteriors: the density is the one that is written down, chains draw from it, and diagnostics are those that others compute.

use crate::common::{LAMINAR, experiment, fit_memory, gaussian, given, memory_f64, model, settings, values_of};
use homodyne::api::*;
use homodyne::parameters::prior::Prior;
use homodyne::sample::chain::{Target, walk};
use homodyne::sample::course::Start;
use homodyne::sample::density::Slope;
use homodyne::sample::diagnostics::{e_bfmi, ess_bulk, ess_tail, mcse_mean, r_hat};
use homodyne::sums::objective::{Fineness, RawData};
use serde_json::Value;
use std::sync::Arc;

/// Uniform numbers of a linear congruence, as the script that made the reference numbers draws them.
fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut x = seed;
    let mut next = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (x >> 11) as f64 / 9_007_199_254_740_992.0
    };
    (0..n).map(|_| next()).collect()
}

/// Four chains of 251 draws: independent, sticky with a heavy tail, oscillating with ties, and apart from one another.
fn chains(kind: usize) -> Vec<Vec<f64>> {
    let (m, n) = (4, 251);
    let numbers = uniform(m * n * 12, 17 + kind as u64);
    let rho = [0.0, 0.9, -0.6, 0.5][kind];
    let chain = |c: usize| {
        let mut state = 0.0;
        let draw = |t: usize| {
            let from = (c * n + t) * 12;
            state = rho * state + (numbers[from..from + 12].iter().sum::<f64>() - 6.0);
            match kind {
                1 => (state / 2.0).exp(),
                2 => (state * 4.0).floor() / 4.0,
                3 => state + 0.8 * c as f64,
                _ => state,
            }
        };
        (0..n).map(draw).collect()
    };
    (0..m).map(chain).collect()
}

#[test]
fn diagnostics_are_those_of_arviz() {
    // ArviZ 0.23.4: rhat, ess (bulk, tail), mcse of the mean, bfmi of the first chain.
    let expected = [
        [0.9992575307596467, 1112.4151433832092, 951.8978084920631, 0.03061987301239141, 2.04695357],
        [1.0702288797558925, 65.14058280065608, 159.54835308293804, 0.2456807368696996, 0.32327857],
        [0.9998868928487872, 3000.0, 980.2338302889867, 0.023035108760812953, 3.26562609],
        [1.3036072490340007, 10.78544014114366, 65.50511755744107, 0.44910701095524275, 0.88514851],
    ];
    for (kind, expected) in expected.iter().enumerate() {
        let chains = chains(kind);
        let found = [r_hat(&chains), ess_bulk(&chains), ess_tail(&chains), mcse_mean(&chains), e_bfmi(&chains[0])];
        for (found, expected) in found.into_iter().zip(expected) {
            let found = found.expect("enough draws");
            assert!((found / expected - 1.0).abs() < 1e-6, "kind {kind}: {found}, not {expected}");
        }
    }
    assert_eq!(r_hat(&[vec![1.0; 50], vec![1.0; 50]]), None);
    assert_eq!(ess_bulk(&[vec![1.0, 2.0]]), None);
}

/// A density with hand-written gradient, whose values are its coordinates but for logarithms of scales.
struct Written {
    width: usize,
    log: Box<LogOf>,
    values: Box<ValuesOf>,
}

type LogOf = dyn Fn(&[f64]) -> Slope + Sync;
type ValuesOf = dyn Fn(&[f64]) -> Vec<f64> + Sync;

impl Target for Written {
    fn width(&self) -> usize {
        self.width
    }

    fn log(&self, w: &[f64]) -> Result<Slope> {
        Ok((self.log)(w))
    }

    fn values(&self, w: &[f64]) -> Vec<f64> {
        (self.values)(w)
    }
}

fn read(name: &str) -> Value {
    let path = format!("{}/tests/data/posteriordb/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("shipped")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

/// y ~ N(X beta, sigma): beta normal or flat, sigma = exp(last coordinate) half-Cauchy or half-normal, with its Jacobian.
fn regression(rows: Vec<Vec<f64>>, y: Vec<f64>, beta_width: Option<f64>, half_cauchy: Option<f64>) -> Written {
    let width = rows[0].len() + 1;
    // Coordinates in which the columns are of size one: a sampler's metric has no correlations.
    let log = move |w: &[f64]| {
        let p = w.len() - 1;
        let sigma = w[p].exp();
        let mut slope = Slope { value: 0.0, gradient: vec![0.0; p + 1] };
        for (row, y) in rows.iter().zip(&y) {
            let z = (y - row.iter().zip(w).map(|(x, beta)| x * beta).sum::<f64>()) / sigma;
            slope.value -= 0.5 * z * z + w[p];
            row.iter().enumerate().for_each(|(k, x)| slope.gradient[k] += z * x / sigma);
            slope.gradient[p] += z * z - 1.0;
        }
        if let Some(width) = beta_width {
            for (k, beta) in w[..p].iter().enumerate() {
                slope.value -= 0.5 * (beta / width).powi(2);
                slope.gradient[k] -= beta / (width * width);
            }
        }
        match half_cauchy {
            Some(scale) => {
                let ratio = (sigma / scale).powi(2);
                slope.value += w[p] - ratio.ln_1p();
                slope.gradient[p] += 1.0 - 2.0 * ratio / (1.0 + ratio);
            }
            None => {
                slope.value += w[p] - 0.5 * (sigma / 10.0).powi(2);
                slope.gradient[p] += 1.0 - (sigma / 10.0).powi(2);
            }
        }
        slope
    };
    let values = |w: &[f64]| [&w[..w.len() - 1], &[w[w.len() - 1].exp()]].concat();
    Written { width, log: Box::new(log), values: Box::new(values) }
}

fn eight_schools() -> Written {
    let data = read("eight_schools_noncentered_data");
    let (y, sigma) = (numbers(&data["y"]), numbers(&data["sigma"]));
    let log = move |w: &[f64]| {
        let (mu, tau) = (w[8], w[9].exp());
        let mut slope = Slope { value: 0.0, gradient: vec![0.0; 10] };
        for j in 0..8 {
            let z = (y[j] - mu - tau * w[j]) / sigma[j];
            slope.value -= 0.5 * z * z + 0.5 * w[j] * w[j];
            slope.gradient[j] += z * tau / sigma[j] - w[j];
            slope.gradient[8] += z / sigma[j];
            slope.gradient[9] += z * tau * w[j] / sigma[j];
        }
        let ratio = (tau / 5.0).powi(2);
        slope.value += -0.5 * (mu / 5.0).powi(2) - ratio.ln_1p() + w[9];
        slope.gradient[8] -= mu / 25.0;
        slope.gradient[9] += 1.0 - 2.0 * ratio / (1.0 + ratio);
        slope
    };
    let values = |w: &[f64]| {
        let (mu, tau) = (w[8], w[9].exp());
        (0..8).map(|j| mu + tau * w[j]).chain([mu, tau]).collect()
    };
    Written { width: 10, log: Box::new(log), values: Box::new(values) }
}

fn autoregression() -> Written {
    let y = numbers(&read("arK_data")["y"]);
    let row = |t: usize| std::iter::once(1.0).chain((1..=5).map(|k| y[t - k])).collect::<Vec<f64>>();
    let rows = (5..y.len()).map(row).collect();
    regression(rows, y[5..].to_vec(), Some(10.0), Some(2.5))
}

#[test]
fn reference_posteriors_are_drawn_from() {
    let kid = read("kidscore_momiq_data");
    let rows = numbers(&kid["mom_iq"]).into_iter().map(|iq| vec![1.0, iq]).collect();
    let blr = read("blr_data");
    let design = blr["X"].as_array().expect("rows").iter().map(numbers).collect();
    let models = [
        ("eight_schools_noncentered", eight_schools()),
        ("arK", autoregression()),
        ("kidscore_momiq", regression(rows, numbers(&kid["kid_score"]), None, Some(2.5))),
        ("blr", regression(design, numbers(&blr["y"]), Some(10.0), None)),
    ];
    let settings = SampleSettings { max_tree_depth: 12, ..SampleSettings::default() };
    for (name, target) in models {
        let walk = |chain: usize| walk(&target, &settings, (chain, 0.9), &|_| ()).expect("a density everywhere");
        let chains: Vec<_> = (0..4).map(walk).collect();
        let reference = read(&format!("{name}_mean_value"));
        let (means, errors) = (numbers(&reference["mean_value"]), numbers(&reference["mcse_mean"]));
        for (k, (mean, error)) in means.iter().zip(&errors).enumerate() {
            let columns: Vec<Vec<f64>> =
                chains.iter().map(|chain| chain.draws.iter().map(|draw| draw.values[k]).collect()).collect();
            let found = columns.concat().iter().sum::<f64>() / columns.concat().len() as f64;
            let own = mcse_mean(&columns).expect("enough draws");
            assert!((found - mean).abs() < 4.0 * error.hypot(own), "{name} {k}: {found}, not {mean} +- {error}");
            let r_hat = r_hat(&columns).expect("enough draws");
            assert!(r_hat < 1.02, "{name} {k}: R-hat {r_hat}");
        }
    }
}

/// A set whose noise is Gaussian, and its fit.
struct Fitted {
    store: MemoryStore,
    values: Vec<Vec<f64>>,
    model: Model,
    settings: FitSettings,
    result: FitResult,
}

fn fitted(mode: AnalysisMode, n_frames: usize, scaling: ScalingSettings) -> Fitted {
    fitted_with(mode, n_frames, scaling, Constants::Held)
}

/// Constant parts of power laws.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Constants {
    Held,
    Free,
}

fn fitted_with(mode: AnalysisMode, n_frames: usize, scaling: ScalingSettings, constants: Constants) -> Fitted {
    let experiment = experiment(n_frames, 5);
    let model = model(mode, ShearConvention::Homodyne, &experiment);
    let noise = |angle: usize, pair: usize| 0.003 * gaussian(5 + angle as u64, pair as u64);
    let values = values_of(&model, &experiment, &LAMINAR[..mode.n_parameters()], &|_| (0.22, 1.01), &noise);
    let mut settings = settings(mode, scaling);
    for constant in [2, 5].into_iter().filter(|&k| constants == Constants::Held && k < mode.n_parameters()) {
        settings.space.physical[constant].fixed = Some(LAMINAR[constant]);
    }
    let store = || memory_f64(experiment.clone(), values.clone(), 4096);
    let result = fit_memory(store(), &model, &settings);
    Fitted { store: store(), values: values.clone(), model, settings, result }
}

impl Fitted {
    fn sweep(self) -> (Sweep<'static>, Model, FitSettings, FitResult) {
        (Sweep::new(Arc::new(self.store), self.model.clone(), 1), self.model, self.settings, self.result)
    }
}

#[test]
fn gradients_are_those_of_the_density_in_every_mode() {
    let flow = AnalysisMode::LaminarFlow;
    let constant = given(vec![AngleScaling::new(0.22, 1.01); 5]);
    let (held, free) = (Constants::Held, Constants::Free);
    let scalings = [
        (flow, ScalingSettings::from(ScalingMode::Auto), held),
        (flow, ScalingSettings::from(ScalingMode::Auto), free),
        (flow, ScalingSettings { fourier_order: 1, ..ScalingMode::Fourier.into() }, held),
        (AnalysisMode::Static, ScalingSettings::from(ScalingMode::Individual), free),
        (AnalysisMode::Static, constant, held),
    ];
    for (mode, scaling, constants) in scalings {
        let (sweep, _, mut fit, result) = fitted_with(mode, 60, scaling.clone(), constants).sweep();
        fit.space.physical[0].prior = Prior::LogNormal { mean: 9.8, deviation: 0.5 };
        fit.space.physical[1].prior = Prior::Normal { mean: 0.0, deviation: 0.2 };
        for (noise, noise_correlation) in [
            (NoiseScale::PerAngle, NoiseCorrelation::Frame),
            (NoiseScale::Shared, NoiseCorrelation::None),
            (NoiseScale::Fixed, NoiseCorrelation::Frame),
        ] {
            let settings = SampleSettings { noise, noise_correlation, ..SampleSettings::default() };
            let ask = Ask {
                space: &fit.space,
                scaling: &scaling,
                settings: &settings,
                fitted: &result,
                t_ref_seconds: 2.0,
                threads: 1,
            };
            let start = Start::of(&sweep, &ask).expect("a start");
            let posterior = start.posterior(&sweep, None);
            let n = Target::width(&posterior);
            let center = posterior.values(&vec![0.0; n]);
            for (&k, found) in fit.space.free().iter().zip(&center) {
                let fitted = result.parameters[k].value;
                assert!((found - fitted).abs() < 1e-9 * fitted.abs(), "{mode:?} {k}: {found}, not {fitted}");
            }
            let place: Vec<f64> = uniform(n, 3).iter().map(|value| 2.0 * value - 1.0).collect();
            let slope = posterior.log(&place).expect("finite");
            for k in 0..n {
                let at = |step: f64| {
                    let mut moved = place.clone();
                    moved[k] += step;
                    posterior.log(&moved).expect("finite").value
                };
                // Costs are differences of sums of 1e7: shorter steps see their rounding.
                let step = 1e-2;
                let difference = (8.0 * (at(step) - at(-step)) - (at(2.0 * step) - at(-2.0 * step))) / (12.0 * step);
                let error = (slope.gradient[k] - difference).abs();
                let told =
                    format!("{mode:?} {:?} {noise:?} {k}: {}, not {difference}", scaling.mode, slope.gradient[k]);
                assert!(error < 2e-5 * (1.0 + slope.gradient[k].abs()), "{told}");
            }
        }
    }
}

/// What a unit of every physical parameter is in another's: D in units of 100, gamma_dot in 1/ks.
const UNITS: [f64; 7] = [0.01, 1.0, 0.01, 1e-3, 1.0, 1e-3, 1.0];

/// The same data, bounds and fit where lengths are ten times as short and the gap a hundred times as wide: D and gamma_dot are other numbers.
fn in_other_units(fitted: Fitted) -> Fitted {
    let experiment = fitted.store.experiment().clone();
    let other = Experiment {
        q_per_angstrom: 10.0 * experiment.q_per_angstrom,
        gap_angstrom: experiment.gap_angstrom.map(|gap| 100.0 * gap),
        ..experiment
    };
    let Fitted { values, mut settings, mut result, .. } = fitted;
    for (parameter, unit) in settings.space.physical.iter_mut().zip(UNITS) {
        (parameter.lower, parameter.upper) = (unit * parameter.lower, unit * parameter.upper);
        parameter.fixed = parameter.fixed.map(|value| unit * value);
    }
    for (parameter, unit) in result.parameters.iter_mut().zip(UNITS) {
        parameter.value *= unit;
    }
    let unit_of =
        |name: &String| result.parameters.iter().position(|found| found.name == *name).map_or(1.0, |k| UNITS[k]);
    let units: Vec<f64> = result.covariance_names.iter().map(unit_of).collect();
    for (row, of_row) in result.covariance.iter_mut().zip(&units) {
        row.iter_mut().zip(&units).for_each(|(entry, unit)| *entry = entry.map(|entry| entry * of_row * unit));
    }
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &other);
    Fitted { store: memory_f64(other, values.clone(), 4096), values, model, settings, result }
}

#[test]
fn the_posterior_does_not_depend_on_units() {
    for constants in [Constants::Held, Constants::Free] {
        let scaling = ScalingSettings::from(ScalingMode::Auto);
        let of = || fitted_with(AnalysisMode::LaminarFlow, 60, scaling.clone(), constants);
        let settings = SampleSettings::default();
        let walk_through = |fitted: Fitted| {
            let (sweep, model, fit, result) = fitted.sweep();
            let t_ref_seconds = model.t_ref_seconds();
            let ask = Ask {
                space: &fit.space,
                scaling: &scaling,
                settings: &settings,
                fitted: &result,
                t_ref_seconds,
                threads: 1,
            };
            let start = Start::of(&sweep, &ask).expect("a start");
            let posterior = start.posterior(&sweep, None);
            let n = Target::width(&posterior);
            let at = |seed: u64| {
                let place: Vec<f64> = uniform(n, seed).iter().map(|value| 4.0 * (value - 0.5)).collect();
                let slope = posterior.log(&place).expect("finite");
                (slope.value, slope.gradient, posterior.values(&place))
            };
            (fit.space.free(), (0..6).map(at).collect::<Vec<_>>())
        };
        let (free, one) = walk_through(of());
        let (_, other) = walk_through(in_other_units(of()));
        for (one_at, other_at) in one.iter().zip(&other) {
            // A density per unit of D is another by a constant.
            let (one_value, other_value) = (one_at.0 - one[0].0, other_at.0 - other[0].0);
            assert!((one_value - other_value).abs() < 1e-4, "{one_value} {other_value}");
            for (k, (one, other)) in one_at.1.iter().zip(&other_at.1).enumerate() {
                assert!((one - other).abs() < 1e-4 * (1.0 + one.abs()), "{k}: {one} {other}");
            }
            for (k, (one, other)) in one_at.2.iter().zip(&other_at.2).enumerate() {
                let unit = free.get(k).map_or(1.0, |&place| UNITS[place]);
                assert!((unit * one - other).abs() < 1e-7 * other.abs().max(1e-6), "{k}: {one} {other}");
            }
        }
    }
}

fn posterior_of(fitted: Fitted, settings: &SampleSettings, threads: usize, may_be_condensed: bool) -> PosteriorResult {
    let (sweep, _, fit, result) = fitted.sweep();
    let ask = Ask { space: &fit.space, scaling: &fit.scaling, settings, fitted: &result, t_ref_seconds: 2.0, threads };
    let data = Data { together: &sweep, alone: &sweep, may_be_condensed };
    sample(data, &ask, &Watch::nobody()).expect("drawn")
}

#[test]
fn widths_are_those_of_the_noise_model_and_of_independent_pairs() {
    let auto = || ScalingSettings::from(ScalingMode::Auto);
    let settings = SampleSettings { n_draws: 1000, n_warmup: 300, ..SampleSettings::default() };
    let fit = fitted(AnalysisMode::Static, 80, auto());
    let parameters = fit.result.parameters.clone();
    let found = posterior_of(fit, &settings, 2, false);
    assert_eq!(found.verdict, PosteriorVerdict::Converged, "{:?}", found.reasons);
    let plain = SampleSettings { noise_correlation: NoiseCorrelation::None, ..settings };
    let independent = posterior_of(fitted(AnalysisMode::Static, 80, auto()), &plain, 2, false);
    for parameter in parameters.iter().filter(|parameter| parameter.uncertainty.is_some()) {
        let of = |result: &PosteriorResult| {
            result.numbers.iter().find(|number| number.name == parameter.name).expect("sampled").deviation
        };
        let ratio = of(&found) / parameter.uncertainty.expect("free");
        assert!((ratio - 1.0).abs() < 0.1, "{}: {ratio}", parameter.name);
        let plain = of(&independent) / parameter.uncertainty_plain.expect("noise is known");
        assert!((plain - 1.0).abs() < 0.1, "{}: {plain}", parameter.name);
    }
}

#[test]
fn draws_are_the_same_for_any_number_of_threads_and_another_seed_has_others() {
    let settings = SampleSettings { n_draws: 60, n_warmup: 60, n_chains: 3, ..SampleSettings::default() };
    let scaling = || ScalingSettings::from(ScalingMode::Auto);
    let of = |settings: &SampleSettings, threads: usize| {
        posterior_of(fitted(AnalysisMode::LaminarFlow, 50, scaling()), settings, threads, false).draws
    };
    let one = of(&settings, 1);
    assert_eq!(one, of(&settings, 2));
    assert_eq!(one, of(&settings, 4));
    assert_ne!(one, of(&SampleSettings { seed: 43, ..settings.clone() }, 2));
}

#[test]
fn condensed_data_have_the_posterior_of_all_pairs() {
    let settings = SampleSettings { n_draws: 1000, n_warmup: 300, ..SampleSettings::default() };
    let scaling = || ScalingSettings::from(ScalingMode::Auto);
    let (sweep, _, fit, result) = fitted(AnalysisMode::LaminarFlow, 400, scaling()).sweep();
    let condensed = sweep.condensed(Fineness::Usual).expect("no error").expect("enough frames");
    let ask = Ask {
        space: &fit.space,
        scaling: &fit.scaling,
        settings: &settings,
        fitted: &result,
        t_ref_seconds: 2.0,
        threads: 2,
    };
    let start = Start::of(&sweep, &ask).expect("a start");
    let correction = start.correction(&*condensed).expect("finite");
    let (all, some) = (start.posterior(&sweep, None), start.posterior(&*condensed, Some(&correction)));
    for seed in 0..5 {
        let place: Vec<f64> = uniform(Target::width(&all), seed).iter().map(|value| 6.0 * (value - 0.5)).collect();
        let (all, some) = (all.log(&place).expect("finite"), some.log(&place).expect("finite"));
        assert!((all.value - some.value).abs() < 0.05, "{} {}", all.value, some.value);
        let apart = all.gradient.iter().zip(&some.gradient).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart < 0.05, "{apart}");
    }
    drop(condensed);
    let found = posterior_of(fitted(AnalysisMode::LaminarFlow, 400, scaling()), &settings, 2, true);
    assert!(found.condensed.is_some_and(|condensed| condensed.largest_difference < 0.05), "{:?}", found.condensed);
    assert_eq!(found.verdict, PosteriorVerdict::Converged, "{:?}", found.reasons);
}

/// The distribution of (D0, alpha, D_offset), one factor on sigma, contrast and offset in common: summed over a grid of the axes in which
/// it is nearly straight, contrast, offset and factor integrated by formulas. Returns the probability of every D0 above some.
fn above_by_grid(values: &[Vec<f64>], time: &TimeGrid, q_per_angstrom: f64, limits: &[f64]) -> Vec<f64> {
    let n = time.n_frames;
    let mean: Vec<f64> =
        (0..values[0].len()).map(|k| values.iter().map(|angle| angle[k]).sum::<f64>() / values.len() as f64).collect();
    let within: f64 = values.iter().flat_map(|angle| angle.iter().zip(&mean).map(|(y, mean)| (y - mean).powi(2))).sum();
    let tau: Vec<f64> = (0..n).map(|k| (k as f64 * time.dt_seconds).max(time.dt_seconds / 2.0)).collect();
    let log = |law: [f64; 3]| {
        let rate: Vec<f64> = tau.iter().map(|t| (law[0] * t.powf(law[1]) + law[2]).max(1e-10)).collect();
        let mut k = vec![0.0; n];
        for frame in 1..n {
            let step = 0.5 * (rate[frame] + rate[frame - 1]) * time.dt_seconds;
            k[frame] = k[frame - 1] + q_per_angstrom.powi(2) * step;
        }
        let (mut sums, mut pair) = ([0.0; 5], 0);
        for i in 0..n {
            for j in i + 1..n {
                let (h, y) = ((k[i] - k[j]).exp(), mean[pair]);
                [1.0, h, y, h * h, h * y].iter().zip(&mut sums).for_each(|(term, sum)| *sum += term);
                pair += 1;
            }
        }
        let [m, h, y, hh, hy] = sums;
        let (hh, hy) = (hh - h * h / m, hy - h * y / m);
        let yy = mean.iter().map(|value| value * value).sum::<f64>() - y * y / m;
        let all = values.len() as f64;
        let chi2 = within + all * (yy - hy * hy / hh);
        -0.5 * hh.ln() - 0.5 * (all * m - 2.0) * chi2.ln()
    };
    let t_ref = (time.dt_seconds * time.dt_seconds * (n - 1) as f64).sqrt();
    let mut found = Vec::new();
    for x in (0..60).map(|k| 9.2 + 0.04 * f64::from(k)) {
        for g in (0..19).map(|k| -9500.0 + 250.0 * f64::from(k)) {
            for r in (0..19).map(|k| 19_900.0 + 200.0 * f64::from(k)) {
                let (exponent, part) = (g * f64::exp(-x), f64::exp(x));
                let amplitude = (x - exponent * t_ref.ln()).exp();
                if (100.0..=1e5).contains(&amplitude) && (r - part).abs() <= 1e5 {
                    found.push((amplitude, log([amplitude, exponent, r - part]) + amplitude.ln() - x));
                }
            }
        }
    }
    let largest = found.iter().map(|(_, log)| *log).fold(f64::NEG_INFINITY, f64::max);
    let all: f64 = found.iter().map(|(_, log)| (log - largest).exp()).sum();
    let above = |limit: &f64| {
        found.iter().filter(|(d0, _)| d0 > limit).map(|(_, log)| (log - largest).exp()).sum::<f64>() / all
    };
    limits.iter().map(above).collect()
}

#[test]
fn the_far_tail_of_a_hardly_determined_law_is_that_of_a_grid() {
    let mut experiment = experiment(60, 3);
    experiment.angles.iter_mut().for_each(|angle| angle.sigma = 0.01);
    let model = model(AnalysisMode::Static, ShearConvention::Homodyne, &experiment);
    let noise = |angle: usize, pair: usize| 0.01 * gaussian(FAR_REACHING + angle as u64, pair as u64);
    let values = values_of(&model, &experiment, &LAMINAR[..3], &|_| (0.14, 1.003), &noise);
    let settings = settings(AnalysisMode::Static, ScalingMode::Auto.into());
    let store = || memory_f64(experiment.clone(), values.clone(), 4096);
    let result = fit_memory(store(), &model, &settings);
    let fitted = Fitted { store: store(), values: values.clone(), model, settings, result };
    let plain = SampleSettings { noise_correlation: NoiseCorrelation::None, ..SampleSettings::default() };
    let found = posterior_of(fitted, &plain, 2, false);
    assert_eq!(found.verdict, PosteriorVerdict::Converged, "{:?}", found.reasons);
    // The valley is straight: draws are nearly independent, and walks do not break off on their way into the tail.
    let d0 = &found.numbers[0];
    assert!(d0.ess_bulk.is_some_and(|ess| ess > 3000.0), "{:?}", d0.ess_bulk);
    let divergences: usize = found.chains.iter().map(|chain| chain.divergences).sum();
    assert!(divergences <= 5, "{divergences}");
    let limits = [20_000.0, 25_000.0, 30_000.0, 40_000.0];
    let above = above_by_grid(&values, &experiment.time, experiment.q_per_angstrom, &limits);
    let draws: Vec<f64> = found.draws.iter().flatten().map(|draw| draw.values[0]).collect();
    assert!(above[3] > 1e-3 && d0.deviation > 3000.0, "no far tail: {above:?} {}", d0.deviation);
    for (limit, expected) in limits.iter().zip(&above) {
        let share = draws.iter().filter(|d0| *d0 > limit).count() as f64 / draws.len() as f64;
        // Two thousand independent draws, and a grid of steps of 4 % of D0.
        let error = (expected * (1.0 - expected) / 2000.0).sqrt();
        assert!((share - expected).abs() < 3.0 * error + 0.05 * expected, "{limit}: {share}, not {expected}");
    }
}

/// Seed of a noise with which D0 reaches far.
const FAR_REACHING: u64 = 5;
