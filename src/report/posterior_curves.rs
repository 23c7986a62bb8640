//! From the draws of a posterior to the curves of its figures: marginals, walks, ranks, energies, pairs, and the bands of the laws. It draws
//! nothing.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::outcome::fit::FitOutcome;
use crate::outcome::posterior::{Draw, FEWEST_INDEPENDENT, LARGEST_R_HAT, PosteriorNumber, PosteriorResult};
use crate::parameters::definitions::{AnalysisMode, PHYSICAL, find};
use crate::parameters::power_law::PowerLaw;

/// Density of the draws of one parameter; `model` is the normal density of least squares.
pub const MARGINAL: &str = "posterior_marginal";
/// The values of every chain, in order.
pub const TRACE: &str = "posterior_trace";
/// How often draws of every chain are among so many smallest of all.
pub const RANK: &str = "posterior_rank";
/// Autocorrelation of the draws.
pub const AUTOCORRELATION: &str = "posterior_autocorrelation";
/// Densities of the energy (1) and of its steps (2).
pub const ENERGY: &str = "posterior_energy";
/// Intervals of all parameters, less the least-squares value and in units of its error: x is the share of draws below.
pub const FOREST: &str = "posterior_forest";
/// R-hat of every parameter; the model is what it has to be below.
pub const R_HAT: &str = "posterior_r_hat";
/// Independent draws of every parameter that tell the mean (x = 1) and the ends of intervals (2); the model is how many it takes.
pub const INDEPENDENT: &str = "posterior_independent_draws";
/// Draws of two parameters.
pub const DRAWN_PAIRS: &str = "posterior_pairs";
/// Laws through the draws: segment is the percentile of the draws, 50 the median, rounded where it is 2.5 and 97.5.
pub const DRAWN_DIFFUSION: &str = "posterior_diffusion";
/// The same of gamma_dot(t).
pub const DRAWN_SHEAR_RATE: &str = "posterior_shear_rate";

const MOST_BINS: usize = 40;
const RANK_BINS: usize = 20;
/// Points of a walk or a pair: more are not told apart.
const MOST_POINTS: usize = 300;
const MOST_LAGS: usize = 60;
/// Percentiles of laws, and the shares of draws below them.
const PERCENTILES: [(usize, f64); 5] = [(3, 0.025), (16, 0.158_655), (50, 0.5), (84, 0.841_345), (97, 0.975)];
/// Draws through which laws are followed.
const MOST_LAWS: usize = 1000;

/// All curves of a posterior; of physical parameters only: contrast and offset of a hundred angles would be no figures.
#[must_use]
pub fn posterior_curves(posterior: &PosteriorResult, outcome: &FitOutcome) -> Vec<Curve> {
    let columns: Vec<Sampled<'_>> =
        posterior.numbers.iter().enumerate().filter_map(|of| sampled(posterior, of)).collect();
    let mut curves = Vec::new();
    for column in &columns {
        curves.push(column.marginal());
        curves.extend(column.traces());
        curves.extend(column.ranks());
        curves.push(column.autocorrelation());
        curves.extend(column.in_rows());
    }
    curves.extend(energies(&posterior.draws));
    for (row, vertical) in columns.iter().enumerate() {
        curves.extend(columns[..row].iter().map(|horizontal| pair(horizontal, vertical)));
    }
    curves.extend(laws(posterior, outcome));
    curves.retain(|curve| !curve.points.is_empty());
    curves
}

/// One parameter: its draws by chain.
struct Sampled<'a> {
    name: &'static str,
    number: &'a PosteriorNumber,
    chains: Vec<Vec<f64>>,
}

fn sampled<'a>(posterior: &'a PosteriorResult, (place, number): (usize, &'a PosteriorNumber)) -> Option<Sampled<'a>> {
    let name = find(&number.name)?.name;
    let chain = |draws: &Vec<Draw>| draws.iter().map(|draw| draw.values[place]).collect();
    let chains: Vec<Vec<f64>> = posterior.draws.iter().map(chain).collect();
    (PHYSICAL.iter().any(|known| known.name == name) && chains.iter().any(|chain| !chain.is_empty()))
        .then_some(Sampled { name, number, chains })
}

fn point(x: f64, y: f64) -> CurvePoint {
    CurvePoint { x, y: Some(y), ..CurvePoint::default() }
}

/// Every so many of so many.
fn stride(n: usize) -> usize {
    n.div_ceil(MOST_POINTS).max(1)
}

/// Density of values in equal bins, 2 n^(1/3) of them (Rice's rule).
fn density(values: &[f64]) -> Vec<(f64, f64)> {
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    let bins = ((2.0 * (values.len() as f64).cbrt()) as usize).clamp(1, MOST_BINS);
    let width = (high - low) / bins as f64;
    if !(width > 0.0 && width.is_finite()) {
        return Vec::new();
    }
    let mut counts = vec![0_u32; bins];
    values.iter().for_each(|value| counts[(((value - low) / width) as usize).min(bins - 1)] += 1);
    let of =
        |(k, count): (usize, &u32)| (low + (k as f64 + 0.5) * width, f64::from(*count) / (values.len() as f64 * width));
    counts.iter().enumerate().map(of).collect()
}

impl Sampled<'_> {
    fn marginal(&self) -> Curve {
        let normal = |x: f64| {
            let error = self.number.least_squares_uncertainty.filter(|error| *error > 0.0)?;
            let z = (x - self.number.least_squares?) / error;
            Some((-0.5 * z * z).exp() / (error * std::f64::consts::TAU.sqrt()))
        };
        let points =
            density(&self.chains.concat()).into_iter().map(|(x, y)| CurvePoint { model: normal(x), ..point(x, y) });
        Curve::of(MARGINAL, [self.name, "density"], points.collect())
    }

    fn traces(&self) -> Vec<Curve> {
        let trace = |(chain, values): (usize, &Vec<f64>)| {
            let kept = values.iter().enumerate().step_by(stride(values.len()));
            let points = kept.map(|(k, value)| point(k as f64, *value)).collect();
            Curve { segment: Some(chain + 1), ..Curve::of(TRACE, ["draw", self.name], points) }
        };
        self.chains.iter().enumerate().map(trace).collect()
    }

    /// Counts of ranks in equal bins, over what is expected of chains that agree.
    fn ranks(&self) -> Vec<Curve> {
        let mut all: Vec<(f64, usize)> = self
            .chains
            .iter()
            .enumerate()
            .flat_map(|(chain, values)| values.iter().map(move |value| (*value, chain)))
            .collect();
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        let rank = |(chain, values): (usize, &Vec<f64>)| {
            let mut counts = [0_u32; RANK_BINS];
            for (rank, _) in all.iter().enumerate().filter(|(_, (_, of))| *of == chain) {
                counts[rank * RANK_BINS / all.len()] += 1;
            }
            let expected = values.len().max(1) as f64 / RANK_BINS as f64;
            let at =
                |(k, count): (usize, &u32)| point((k as f64 + 0.5) / RANK_BINS as f64, f64::from(*count) / expected);
            let points = counts.iter().enumerate().map(at).collect();
            Curve { segment: Some(chain + 1), ..Curve::of(RANK, ["rank among all draws", self.name], points) }
        };
        self.chains.iter().enumerate().map(rank).collect()
    }

    /// What has a row in figures of all parameters.
    fn in_rows(&self) -> [Curve; 3] {
        let number = self.number;
        let within = |(value, error): (f64, f64)| {
            let ([outer, inner], median) = ([number.interval_95, number.interval_68], number.median);
            let ends = [outer[0], inner[0], median, inner[1], outer[1]];
            PERCENTILES.iter().zip(ends).map(|((_, share), end)| point(*share, (end - value) / error)).collect()
        };
        let fitted = number.least_squares.zip(number.least_squares_uncertainty).filter(|(_, error)| *error > 0.0);
        let limited = |(x, y): (f64, Option<f64>), limit: f64| CurvePoint { x, y, y_error: None, model: Some(limit) };
        let independent = [(1.0, number.ess_bulk), (2.0, number.ess_tail)];
        [
            Curve::of(FOREST, [self.name, "(draws - least squares) / its error"], fitted.map_or_else(Vec::new, within)),
            Curve::of(R_HAT, [self.name, "R-hat"], vec![limited((1.0, number.r_hat), LARGEST_R_HAT)]),
            Curve::of(
                INDEPENDENT,
                [self.name, "independent draws"],
                independent.map(|ess| limited(ess, FEWEST_INDEPENDENT)).to_vec(),
            ),
        ]
    }

    /// Mean over chains.
    fn autocorrelation(&self) -> Curve {
        let shortest = self.chains.iter().map(Vec::len).min().unwrap_or(0);
        let of_chain = |values: &Vec<f64>, lag: usize| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let product =
                |lag: usize| -> f64 { values.iter().zip(&values[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum() };
            product(lag) / product(0)
        };
        let at = |lag: usize| {
            let sum: f64 = self.chains.iter().map(|values| of_chain(values, lag)).sum();
            point(lag as f64, sum / self.chains.len() as f64)
        };
        let points = (0..MOST_LAGS.min(shortest / 2)).map(at).filter(|point| point.y.is_some_and(f64::is_finite));
        Curve::of(AUTOCORRELATION, ["lag (draws)", self.name], points.collect())
    }
}

/// Both less their means: where the steps are much narrower, chains are slow to explore energies.
fn energies(chains: &[Vec<Draw>]) -> Vec<Curve> {
    let all: Vec<f64> = chains.iter().flatten().map(|draw| draw.energy).collect();
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    let levels: Vec<f64> = all.iter().map(|energy| energy - mean).collect();
    let steps: Vec<f64> =
        chains.iter().flat_map(|draws| draws.windows(2).map(|two| two[1].energy - two[0].energy)).collect();
    let curve = |(k, values): (usize, &Vec<f64>)| {
        let points = density(values).into_iter().map(|(x, y)| point(x, y)).collect();
        Curve { segment: Some(k + 1), ..Curve::of(ENERGY, ["energy less its mean, or its step", "density"], points) }
    };
    [levels, steps].iter().enumerate().map(curve).collect()
}

fn pair(horizontal: &Sampled<'_>, vertical: &Sampled<'_>) -> Curve {
    let (x, y) = (horizontal.chains.concat(), vertical.chains.concat());
    let points = x.iter().zip(&y).step_by(stride(x.len())).map(|(x, y)| point(*x, *y)).collect();
    Curve::of(DRAWN_PAIRS, [horizontal.name, vertical.name], points)
}

/// D(t) and gamma_dot(t) of draws at the times of the fit's curves.
fn laws(posterior: &PosteriorResult, outcome: &FitOutcome) -> Vec<Curve> {
    let found = &outcome.result.parameters;
    let mode = if found.len() > AnalysisMode::Static.n_parameters() {
        AnalysisMode::LaminarFlow
    } else {
        AnalysisMode::Static
    };
    let thetas: Vec<Vec<f64>> = some(posterior, MOST_LAWS).map(|draw| theta(posterior, outcome, draw)).collect();
    let times: Vec<f64> = outcome.result.transport.iter().map(|at| at.t_seconds).collect();
    let names = [(DRAWN_DIFFUSION, "D (angstrom^2/s)"), (DRAWN_SHEAR_RATE, "gamma_dot (1/s)")];
    let mut curves = Vec::new();
    for (places, (figure, label)) in mode.power_laws().iter().zip(names) {
        let law = |theta: &Vec<f64>| {
            let [amplitude, exponent, constant] = places.all().map(|k| theta[k]);
            PowerLaw { amplitude, exponent, constant }
        };
        let drawn: Vec<PowerLaw> = thetas.iter().map(law).collect();
        if drawn.is_empty() {
            continue;
        }
        let at = |t: &&f64| (**t, drawn.iter().map(|law| law.at(**t)).collect());
        for (percent, values) in percentiles(times.iter().filter(|t| **t > 0.0).map(|t| at(&t)).collect()) {
            let points = values.into_iter().map(|(t, value)| point(t, value)).collect();
            curves.push(Curve { segment: Some(percent), ..Curve::of(figure, ["time (s)", label], points) });
        }
    }
    curves
}

/// So many draws at most, evenly among all.
pub fn some(posterior: &PosteriorResult, most: usize) -> impl Iterator<Item = &Draw> {
    let n: usize = posterior.draws.iter().map(Vec::len).sum();
    posterior.draws.iter().flatten().step_by(n.div_ceil(most).max(1))
}

/// Physical parameters of a draw; what was held is as in the fit.
#[must_use]
pub fn theta(posterior: &PosteriorResult, outcome: &FitOutcome, draw: &Draw) -> Vec<f64> {
    let value = |name: &str| posterior.numbers.iter().position(|number| number.name == name).map(|k| draw.values[k]);
    outcome.result.parameters.iter().map(|found| value(&found.name).unwrap_or(found.value)).collect()
}

/// Lines below which certain shares of some values lie, at every x.
#[must_use]
pub fn percentiles(mut columns: Vec<(f64, Vec<f64>)>) -> Vec<(usize, Vec<(f64, f64)>)> {
    columns.retain(|(_, values)| !values.is_empty());
    columns.iter_mut().for_each(|(_, values)| values.sort_by(f64::total_cmp));
    let line = |(percent, share): (usize, f64)| {
        let at = |(x, values): &(f64, Vec<f64>)| (*x, values[((values.len() - 1) as f64 * share).round() as usize]);
        (percent, columns.iter().map(at).collect())
    };
    PERCENTILES.into_iter().map(line).collect()
}
