//! Whether chains agree and how much their draws tell: rank-normalised split R-hat, bulk and tail effective sample sizes, Monte Carlo
//! error (Vehtari, Gelman, Simpson, Carpenter and Buerkner, Bayesian Analysis 16 (2021) 667, doi 10.1214/20-BA1221), E-BFMI (Betancourt,
//! arXiv 1604.00695). It knows no model. Numbers agree with ArviZ.

use statrs::distribution::{ContinuousCDF, Normal};

/// Draws of one number: a row per chain, all of one length.
pub type Chains = [Vec<f64>];

/// Fewer draws per chain tell nothing.
const FEWEST: usize = 4;

/// The larger of the rank-normalised split R-hats of the draws and of their distance from the median; `None` for too few draws or a
/// constant.
#[must_use]
pub fn r_hat(chains: &Chains) -> Option<f64> {
    let split = split(chains)?;
    let mut all: Vec<f64> = split.concat();
    all.sort_by(f64::total_cmp);
    let median = quantile(&all, 0.5);
    let folded: Vec<Vec<f64>> =
        split.iter().map(|chain| chain.iter().map(|value| (value - median).abs()).collect()).collect();
    let found = [between_over_within(&rank_normalised(&split)), between_over_within(&rank_normalised(&folded))];
    found.into_iter().try_fold(f64::NEG_INFINITY, |largest, one| Some(largest.max(one?)))
}

/// Independent draws that tell the location as well as these.
#[must_use]
pub fn ess_bulk(chains: &Chains) -> Option<f64> {
    Some(effective(&rank_normalised(&split(chains)?)))
}

/// The same for the less well known of the 5 and 95 % quantiles.
#[must_use]
pub fn ess_tail(chains: &Chains) -> Option<f64> {
    let mut all: Vec<f64> = chains.concat();
    all.sort_by(f64::total_cmp);
    let split = split(chains)?;
    let of = |probability: f64| {
        let limit = quantile(&all, probability);
        let below = |chain: &Vec<f64>| chain.iter().map(|value| f64::from(u8::from(*value <= limit))).collect();
        effective(&split.iter().map(below).collect::<Vec<Vec<f64>>>())
    };
    Some(of(0.05).min(of(0.95)))
}

/// Monte Carlo standard error of the mean.
#[must_use]
pub fn mcse_mean(chains: &Chains) -> Option<f64> {
    let effective = effective(&split(chains)?);
    Some((variance(&chains.concat()) / effective).sqrt())
}

/// How well one chain explores energies; `None` for too few draws or a constant energy.
#[must_use]
pub fn e_bfmi(energies: &[f64]) -> Option<f64> {
    let steps: Vec<f64> = energies.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).collect();
    let spread = variance(energies);
    (steps.len() >= FEWEST && spread > 0.0).then(|| mean(&steps) / spread)
}

/// A quantile of ascending values, between neighbours in a straight line.
#[must_use]
pub fn quantile(ascending: &[f64], probability: f64) -> f64 {
    let place = probability * (ascending.len() - 1) as f64;
    let below = (place.floor() as usize).min(ascending.len() - 1);
    let above = (below + 1).min(ascending.len() - 1);
    ascending[below] + (place - below as f64) * (ascending[above] - ascending[below])
}

/// Mean.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Variance, with one degree of freedom less.
#[must_use]
pub fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len().max(2) - 1) as f64
}

/// Every chain in two; of an odd number of draws the middle one is left out.
fn split(chains: &Chains) -> Option<Vec<Vec<f64>>> {
    let n = chains.iter().map(Vec::len).min().filter(|&n| n >= FEWEST)?;
    let half = n / 2;
    Some(chains.iter().flat_map(|chain| [chain[..half].to_vec(), chain[n - half..n].to_vec()]).collect())
}

/// Normal scores of the ranks among all chains; equal draws share the mean of their ranks.
fn rank_normalised(chains: &Chains) -> Vec<Vec<f64>> {
    let all: Vec<f64> = chains.concat();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| all[a].total_cmp(&all[b]));
    let (mut scores, mut first) = (vec![0.0; all.len()], 0);
    let normal = Normal::standard();
    while first < order.len() {
        let equal = order[first..].iter().take_while(|&&k| all[k] == all[order[first]]).count();
        let rank = first as f64 + (equal + 1) as f64 / 2.0;
        let score = normal.inverse_cdf((rank - 0.375) / (all.len() as f64 + 0.25));
        order[first..first + equal].iter().for_each(|&k| scores[k] = score);
        first += equal;
    }
    let mut rest = &scores[..];
    let mut take = |n: usize| {
        let (own, others) = rest.split_at(n);
        rest = others;
        own.to_vec()
    };
    chains.iter().map(|chain| take(chain.len())).collect()
}

fn between_over_within(chains: &Chains) -> Option<f64> {
    let n = chains[0].len() as f64;
    let within = mean(&chains.iter().map(|chain| variance(chain)).collect::<Vec<f64>>());
    let between = n * variance(&chains.iter().map(|chain| mean(chain)).collect::<Vec<f64>>());
    (within > 0.0).then(|| ((between / within + n - 1.0) / n).sqrt())
}

/// Geyer's initial monotone sequence over chains that were split.
fn effective(chains: &Chains) -> f64 {
    let (m, n) = (chains.len(), chains[0].len());
    let total = (m * n) as f64;
    let first = chains[0][0];
    if chains.iter().flatten().all(|value| *value == first) {
        return total;
    }
    let means: Vec<f64> = chains.iter().map(|chain| mean(chain)).collect();
    let autocovariance = |lag: usize| {
        let of = |(chain, mean): (&Vec<f64>, &f64)| {
            let pairs = chain.iter().zip(&chain[lag..]);
            pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / n as f64
        };
        chains.iter().zip(&means).map(of).sum::<f64>() / m as f64
    };
    let within = autocovariance(0) * n as f64 / (n - 1) as f64;
    let plus = within * (n - 1) as f64 / n as f64 + if m > 1 { variance(&means) } else { 0.0 };
    let correlation = |lag: usize| 1.0 - (within - autocovariance(lag)) / plus;
    let mut rho = vec![1.0, correlation(1)];
    let (mut even, mut odd) = (rho[0], rho[1]);
    let mut t = 1;
    while t + 3 < n && even + odd > 0.0 {
        (even, odd) = (correlation(t + 1), correlation(t + 2));
        // What is not kept counts as nothing.
        rho.extend(if even + odd >= 0.0 { [even, odd] } else { [0.0, 0.0] });
        t += 2;
    }
    let last = t.saturating_sub(2);
    if even > 0.0 {
        rho[last + 1] = even;
    }
    for t in (1..(last + 1).saturating_sub(2)).step_by(2) {
        if rho[t + 1] + rho[t + 2] > rho[t - 1] + rho[t] {
            let mean = f64::midpoint(rho[t - 1], rho[t]);
            (rho[t + 1], rho[t + 2]) = (mean, mean);
        }
    }
    let tau = -1.0 + 2.0 * rho[..=last].iter().sum::<f64>() + rho.get(last + 1).copied().unwrap_or(0.0);
    total / tau.max(1.0 / total.log10())
}
