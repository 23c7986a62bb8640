//! Do residuals repeat themselves? What beats faster than the smooth sums of the test of fit see (a gain that alternates, a beam that
//! shakes, a beat of the offset) is a line in the spectrum of the sums over all pairs of single frames, of the same weighted with
//! the correlation, or of the sums over single lags. It decides nothing.
//!
//! Noise has a smooth spectrum there, whatever it is made of (speckles, photons, readout, running means), so that the frequencies next
//! to a line say what noise there is: a test for hidden periodicities with a local level (Fisher, Proc. R. Soc. A 125 (1929) 54), and
//! no noise model is needed.

use crate::fit::verdict::lack_of_fit::{Tested, several};
use crate::likelihood::speckle::departure::of_ratio;
use crate::outcome::noise::{RegularPattern, Repeats};
use std::f64::consts::TAU;

/// Frequencies on either side that tell the level of the noise: so many at least where there are, more where the spectrum is flat.
const NEIGHBOURS: usize = 12;
const MOST_NEIGHBOURS: usize = 30;
/// The nearest ones may hold the rest of a line that lies between two frequencies.
const REST: usize = 1;
/// Fewer neighbours on either side tell no level; there the smooth sums of the test of fit look.
const FEWEST_NEIGHBOURS: usize = 4;
/// A median of powers scatters like a mean of so many times fewer.
const EFFICIENCY: f64 = 0.48;

impl Tested<'_> {
    /// The strongest line of all angles together; `None` with too few frames.
    pub(super) fn regular_pattern(&self) -> Option<RegularPattern> {
        let sums = self.last.judged().0;
        let n = sums.first()?.frames.len();
        let together = |of_angle: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            (0..n).map(|k| (0..sums.len()).map(|angle| of_angle(angle, k)).sum()).collect()
        };
        let plain = together(&|angle, frame| sums[angle].frames[frame][0]);
        let correlated = together(&|angle, frame| sums[angle].frames[frame][1]);
        let lags = together(&|angle, lag| sums[angle].of_lags()[lag]);
        let found = [
            (Repeats::Frames, strongest(&power(&plain), 2.0, n)),
            (Repeats::Correlation, strongest(&power(&correlated), 2.0, n)),
            (Repeats::Lags, strongest(&power_of_cosines(&lags), 1.0, n)),
        ];
        let strongest = |(along, line): (Repeats, Option<Line>)| {
            let line = line?;
            let p_value = several(several(line.p_value, line.frequencies), found.len());
            Some(RegularPattern { along, period_frames: n as f64 / line.frequency as f64, p_value })
        };
        found.into_iter().filter_map(strongest).min_by(|a, b| a.p_value.total_cmp(&b.p_value))
    }
}

/// A frequency that stands out.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Cycles in the whole series.
    frequency: usize,
    /// Of that frequency alone.
    p_value: f64,
    /// How many frequencies were looked at.
    frequencies: usize,
}

/// Of a spectrum of noise with 1 or 2 degrees of freedom per frequency, from a series of `n`.
fn strongest(power: &[f64], degrees: f64, n: usize) -> Option<Line> {
    let looked_at = (1..power.len()).filter_map(|k| Some((k, level(power, k, degrees)?)));
    let of_line = |(frequency, (level, neighbours)): (usize, (f64, f64))| {
        // The fastest frequency of an even number has no phase.
        let is_fastest = 2 * frequency == n;
        let (own, scale) = if is_fastest { (1.0, 2.0 / degrees) } else { (degrees, 1.0) };
        let ratio = power[frequency] / (level * scale);
        let p_value = if ratio.is_finite() { of_ratio(ratio, own, degrees * EFFICIENCY * neighbours) } else { 1.0 };
        (frequency, p_value)
    };
    let lines: Vec<(usize, f64)> = looked_at.map(of_line).collect();
    let &(frequency, p_value) = lines.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Line { frequency, p_value, frequencies: lines.len() })
}

/// Mean power of the noise at a frequency, from the median of as many neighbours on either side; and how many different ones there are.
fn level(power: &[f64], frequency: usize, degrees: f64) -> Option<(f64, f64)> {
    let last = power.len() - 1;
    let reach = (frequency / 2).clamp(NEIGHBOURS, MOST_NEIGHBOURS).min(frequency.saturating_sub(1 + REST));
    // Beyond the fastest frequency the spectrum is its mirror image.
    let mut neighbours: Vec<f64> = (REST + 1..=REST + reach)
        .flat_map(|d| [Some(frequency - d), Some(frequency + d).filter(|&k| k <= last)])
        .flatten()
        .map(|k| power[k])
        .collect();
    if reach < FEWEST_NEIGHBOURS {
        return None;
    }
    neighbours.sort_by(f64::total_cmp);
    let half = neighbours.len() / 2;
    let median = if neighbours.len() % 2 == 1 {
        neighbours[half]
    } else {
        f64::midpoint(neighbours[half - 1], neighbours[half])
    };
    let of_mean = if degrees > 1.0 { MEDIAN_OF_TWO } else { MEDIAN_OF_ONE };
    (median > 0.0).then(|| (median / of_mean, neighbours.len() as f64))
}

/// Medians of chi-square with 1 and 2 degrees of freedom, over their means.
const MEDIAN_OF_ONE: f64 = 0.4549;
const MEDIAN_OF_TWO: f64 = std::f64::consts::LN_2;

/// Squared Fourier sums of a series, from no cycle up to the fastest.
fn power(series: &[f64]) -> Vec<f64> {
    transform(series, |[cosine, sine]| cosine * cosine + sine * sine)
}

/// Squared cosine sums.
fn power_of_cosines(series: &[f64]) -> Vec<f64> {
    transform(series, |[cosine, _]| cosine * cosine)
}

fn transform(series: &[f64], power: impl Fn([f64; 2]) -> f64) -> Vec<f64> {
    let n = series.len();
    let circle: Vec<[f64; 2]> = (0..n).map(|k| TAU * k as f64 / n as f64).map(|x| [x.cos(), x.sin()]).collect();
    let of_frequency = |k: usize| {
        let (mut sums, mut at) = ([0.0; 2], 0);
        for value in series {
            let [cosine, sine] = circle[at];
            sums = [sums[0] + value * cosine, sums[1] + value * sine];
            at += k;
            if at >= n {
                at -= n;
            }
        }
        power(sums)
    };
    (0..=n / 2).map(of_frequency).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::SeedableRng;

    /// White noise on a slow walk: a steep spectrum.
    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (mut walk, mut draw) = (0.0, || -> f64 { StandardNormal.sample(&mut random) });
        let value = |_| {
            walk += 0.5 * draw();
            walk + draw()
        };
        (0..n).map(value).collect()
    }

    #[test]
    fn noise_of_any_colour_has_no_line_more_often_than_said() {
        for (n, draws) in [(60, 400), (201, 300)] {
            let lines = |seed| strongest(&power(&noise(n, seed)), 2.0, n).map(|l| several(l.p_value, l.frequencies));
            let p_values: Vec<f64> = (0..draws).filter_map(lines).collect();
            let below = |limit: f64| p_values.iter().filter(|p| **p < limit).count() as f64 / draws as f64;
            assert_eq!(p_values.len(), draws as usize);
            assert!(below(0.1) < 0.15 && below(0.01) < 0.03, "{n}: {} {}", below(0.1), below(0.01));
        }
    }

    #[test]
    fn a_line_in_noise_is_found_at_its_frequency() {
        for cycles in [25, 40, 80] {
            let line = |k: usize| (TAU * (cycles * k) as f64 / 160.0).cos();
            let series: Vec<f64> = noise(160, 5).iter().enumerate().map(|(k, value)| value + 2.0 * line(k)).collect();
            let found = strongest(&power(&series), 2.0, 160).expect("enough");
            assert!(found.frequency == cycles && found.p_value < 1e-6, "{found:?}");
        }
    }
}
