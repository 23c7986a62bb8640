//! How far importance weights can be believed: the shape of the generalised Pareto distribution of the largest ones (Vehtari, Simpson,
//! Gelman, Yao and Gabry, JMLR 25(72) (2024) 1; its estimate: Zhang and Stephens, Technometrics 51 (2009) 316, doi
//! 10.1198/tech.2009.08017). It knows no density. Numbers agree with ArviZ.

/// Fewer weights in the tail tell no shape.
const FEWEST: usize = 5;
/// Weight of the shape 1/2 that is believed before, in values.
const BEFORE: f64 = 10.0;
/// Width of what is believed of the scale before, in quartiles.
const SCALE_BEFORE: f64 = 3.0;

/// The shape k-hat of the largest of some weights, from their logarithms; `None` for too few of them.
///
/// Means by these weights have a finite variance below 0.5; above 0.7 they are not to be believed.
#[must_use]
pub fn pareto_shape(log_weights: &[f64]) -> Option<f64> {
    if log_weights.iter().any(|weight| weight.is_nan()) {
        return None;
    }
    let n = log_weights.len();
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut ascending: Vec<f64> = log_weights.iter().map(|weight| weight - largest).collect();
    ascending.sort_by(f64::total_cmp);
    let in_tail = (0.2 * n as f64).min(3.0 * (n as f64).sqrt()).ceil() as usize;
    let cutoff = ascending.get(n.checked_sub(in_tail + 1)?)?.max(f64::MIN_POSITIVE.ln());
    let tail: Vec<f64> = ascending.iter().filter(|weight| **weight > cutoff).map(|w| w.exp() - cutoff.exp()).collect();
    (tail.len() >= FEWEST).then(|| shape(&tail))
}

/// Shape of ascending exceedances: the mean over a grid of the one parameter that is left when the shape is eliminated, weighed by its
/// likelihood, and drawn a little to 1/2.
fn shape(tail: &[f64]) -> f64 {
    let n = tail.len() as f64;
    let points = 30 + n.sqrt() as usize;
    let (quartile, last) = (tail[(n / 4.0 + 0.5) as usize - 1], tail[tail.len() - 1]);
    let place = |j: usize| {
        let spread = 1.0 - (points as f64 / (j as f64 + 0.5)).sqrt();
        spread / (SCALE_BEFORE * quartile) + 1.0 / last
    };
    let places: Vec<f64> = (0..points).map(place).collect();
    let shape_at = |b: f64| tail.iter().map(|x| (-b * x).ln_1p()).sum::<f64>() / n;
    let log_likelihood = |&b: &f64| {
        let shape = shape_at(b);
        n * ((-b / shape).ln() - shape - 1.0)
    };
    let logs: Vec<f64> = places.iter().map(log_likelihood).collect();
    let weight = |log: &f64| 1.0 / logs.iter().map(|other| (other - log).exp()).sum::<f64>();
    let weighed = |(place, log): (&f64, &f64)| (*place, weight(log));
    let kept: Vec<(f64, f64)> =
        places.iter().zip(&logs).map(weighed).filter(|(_, weight)| *weight >= 10.0 * f64::EPSILON).collect();
    let all: f64 = kept.iter().map(|(_, weight)| weight).sum();
    let mean = kept.iter().map(|(place, weight)| place * weight / all).sum::<f64>();
    (n * shape_at(mean) + BEFORE * 0.5) / (n + BEFORE)
}
