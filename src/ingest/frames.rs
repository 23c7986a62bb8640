//! Frames and values that are not data, and the baseline. It changes no value but a missing baseline.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::ingest::coincidences::{are_counts, scattered_zeros};
use crate::ingest::diagonal::Diagonal;
use crate::store::block::{Values, pair_position};

/// What the values of one angle tell about themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// Usable pairs without a finite value: their number and share.
    pub non_finite: (usize, f64),
    /// What deserves a warning.
    pub warnings: Vec<String>,
}

/// Frames that every pair shows to be empty: all zero (boost_corr), all missing (CHX) or all exactly one (ID10).
#[must_use]
pub fn dead_frames(values: &Values, n: usize) -> Vec<usize> {
    const KINDS: [fn(f64) -> bool; 3] = [|v| v == 0.0, |v| !v.is_finite(), |v| v == 1.0];
    let mut alike = vec![0b111_u8; n];
    let mut position = 0;
    for i in 0..n {
        let mut row = alike[i];
        for column in &mut alike[i + 1..] {
            let value = values.get(position);
            let kinds = KINDS.iter().enumerate().fold(0, |bits, (k, is)| bits | u8::from(is(value)) << k);
            row &= kinds;
            *column &= kinds;
            position += 1;
        }
        alike[i] = row;
        if row == 0 && alike[i + 1..].iter().all(|&bits| bits == 0) {
            break;
        }
    }
    // Empty frames of two kinds would clear each other; no writer mixes kinds.
    (0..n).filter(|&frame| alike[frame] != 0).collect()
}

/// Examines the values of an angle whose `dead` frames are known.
///
/// # Errors
/// E18 without usable frames, E20 with too many missing values, E22 if the values are no correlation.
pub fn examine(
    values: &Values,
    n: usize,
    dead: &[usize],
    place: &str,
    max_non_finite_fraction: f64,
) -> Result<Examined> {
    let mut warnings = Vec::new();
    if dead.len() + 3 > n {
        return Err(Fault::at(place, format!("{} of {n} frames are empty", dead.len()))
            .expected("at least 3 usable frames")
            .advice("set experimental_data.skip_bad_bins: true to go on without this bin")
            .code(Code::E18)
            .layout());
    }
    let counts = Counts::of(values, n, dead);
    let fraction = |count: usize| count as f64 / counts.usable.max(1) as f64;
    if fraction(counts.non_finite) > max_non_finite_fraction {
        return Err(Fault::at(place, format!("{} of {} values are not finite", counts.non_finite, counts.usable))
            .expected(format!("at most {} %", max_non_finite_fraction * 100.0))
            .code(Code::E20)
            .non_finite());
    }
    if counts.non_finite > 0 {
        warnings.push(format!("[{}] {place}: {} values are not finite and are masked", Code::E20, counts.non_finite));
    }
    let counted = (counts.zeros > 0).then(|| scattered_zeros(values, n, &usable_frames(n, dead))).flatten();
    if let Some(share) = counted.filter(|&share| are_counts(share)) {
        let percent = 100.0 * share;
        warnings
            .push(format!("{place}: {percent:.1} % of the values are zero by coincidence: weak counts, all are used"));
    }
    let implausible = counts.implausible(counted);
    if fraction(implausible) > 0.01 {
        return Err(Fault::at(place, format!("{implausible} of {} values are outside (0, 10)", counts.usable))
            .expected("a normalised c2 with baseline 1 (or 0)")
            .code(Code::E22)
            .layout());
    }
    if implausible > 0 {
        warnings.push(format!("[{}] {place}: {implausible} values are outside (0, 10)", Code::E22));
    }
    Ok(Examined { non_finite: (counts.non_finite, fraction(counts.non_finite)), warnings })
}

#[derive(Default)]
struct Counts {
    usable: usize,
    non_finite: usize,
    negative: usize,
    zeros: usize,
    /// 10 and more.
    large: usize,
    sum: f64,
}

impl Counts {
    fn of(values: &Values, n: usize, dead: &[usize]) -> Self {
        let is_usable = usable_frames(n, dead);
        let mut counts = Counts::default();
        let mut position = 0;
        for i in 0..n {
            for &usable_j in &is_usable[i + 1..] {
                let value = values.get(position);
                position += 1;
                if is_usable[i] && usable_j {
                    counts.usable += 1;
                    counts.add(value);
                }
            }
        }
        counts
    }

    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.non_finite += 1;
            return;
        }
        self.negative += usize::from(value < 0.0);
        self.zeros += usize::from(value == 0.0);
        self.large += usize::from(value >= 10.0);
        self.sum += value;
    }

    /// Values that no correlation can have. Where pairs are `counted` by coincidences, zeros are data; where these are few, a single
    /// one is worth far more than 10, and it is the mean that must be near 1.
    fn implausible(&self, counted: Option<f64>) -> usize {
        let mean = self.sum / (self.usable - self.non_finite).max(1) as f64;
        match counted {
            Some(share) if are_counts(share) && mean < 10.0 => self.negative,
            Some(_) => self.negative + self.large,
            None => self.negative + self.zeros + self.large,
        }
    }
}

fn usable_frames(n: usize, dead: &[usize]) -> Vec<bool> {
    let mut usable = vec![true; n];
    dead.iter().filter(|&&frame| frame < n).for_each(|&frame| usable[frame] = false);
    usable
}

/// Mean of the pairs with the longest lags (the far corner), or `None` without usable ones.
#[must_use]
pub fn far_corner_mean(values: &Values, n: usize, dead: &[usize]) -> Option<f64> {
    let edge = (n / 10).max(2);
    let (mut sum, mut count) = (0.0, 0_usize);
    for i in (0..edge).filter(|i| !dead.contains(i)) {
        for j in (n - edge..n).filter(|&j| j > i && !dead.contains(&j)) {
            let value = values.get(pair_position(n, i, j));
            if value.is_finite() {
                sum += value;
                count += 1;
            }
        }
    }
    (count > 0).then(|| sum / count as f64)
}

/// The values with 1 added, if their baseline is 0 (E23); `None` if they can stay as they are.
#[must_use]
pub fn with_baseline(
    values: &Values,
    n: usize,
    dead: &[usize],
    place: &str,
    warnings: &mut Vec<String>,
) -> Option<Values> {
    let mean = far_corner_mean(values, n, dead)?;
    if !(0.5..=1.5).contains(&mean) && (was_not_filled(values, mean) || has_coincidences(values, n, dead)) {
        return None;
    }
    if mean.abs() <= 0.2 {
        warnings.push(format!("[{}] {place}: the baseline is near 0 (mean {mean:.3}): 1 is added", Code::E23));
        return Some(match values {
            Values::F32(values) => Values::from_f32(values.iter().map(|value| value + 1.0).collect()),
            Values::F64(values) => Values::from_f64(values.iter().map(|value| value + 1.0).collect()),
        });
    }
    if !(0.5..=1.5).contains(&mean) {
        warnings.push(format!("[{}] {place}: the mean at the longest lags is {mean:.3}, expected near 1", Code::E23));
    }
    None
}

/// Whether the longest lags hold exact zeros and other pairs far more than a c2 - 1 could: they were never correlated (E22).
fn was_not_filled(values: &Values, far_mean: f64) -> bool {
    let filled = (0..values.len()).map(|k| values.get(k)).filter(|&value| value.is_finite() && value != 0.0);
    let (sum, count) = filled.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    far_mean == 0.0 && sum > 0.8 * count as f64
}

/// Whether many pairs are zero by coincidence and none is negative: counts, whose baseline can only be 1 (zeros would be -1), while
/// the mean of a few of them in a corner may be anything.
fn has_coincidences(values: &Values, n: usize, dead: &[usize]) -> bool {
    let negative = (0..values.len()).any(|k| values.get(k) < 0.0);
    !negative && scattered_zeros(values, n, &usable_frames(n, dead)).is_some_and(are_counts)
}

/// Empty frames without those that live as a raw diagonal shows: with few photons all pairs of a frame may be zero by coincidence, but
/// a frame with any photon has self-correlation, 1 or more.
#[must_use]
pub fn without_living(dead: Vec<usize>, diagonal: &[f64], values: &Values) -> Vec<usize> {
    if dead.is_empty() || Diagonal::of(diagonal, values, &dead).raw().is_none() {
        return dead;
    }
    let n = diagonal.len();
    let is_zero = |frame: usize| {
        let (i, j) = if frame + 1 < n { (frame, frame + 1) } else { (frame - 1, frame) };
        values.get(pair_position(n, i, j)) == 0.0
    };
    dead.into_iter().filter(|&frame| !(is_zero(frame) && diagonal[frame] >= 1.0)).collect()
}

/// Frames as text, with ranges: "1-3, 7", counted from `first`.
#[must_use]
pub fn ranges(frames: &[usize], first: usize) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for frame in frames.iter().map(|frame| frame + first) {
        match parts.last_mut() {
            Some((_, end)) if *end + 1 == frame => *end = frame,
            _ => parts.push((frame, frame)),
        }
    }
    let text = parts.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") });
    text.collect::<Vec<String>>().join(", ")
}

/// Masks joined, in ascending order.
#[must_use]
pub fn joined_masks(masks: [&[usize]; 3]) -> Vec<usize> {
    let mut masked_frames: Vec<usize> = masks.into_iter().flatten().copied().collect();
    masked_frames.sort_unstable();
    masked_frames.dedup();
    masked_frames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triangle(n: usize, value: impl Fn(usize, usize) -> f64) -> Values {
        Values::from_f64((0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| value(i, j)).collect())
    }

    #[test]
    fn empty_frames_of_all_kinds_are_found() {
        let dead_value = |frame: usize| match frame {
            2 => Some(0.0),
            5 => Some(f64::NAN),
            8 => Some(1.0),
            _ => None,
        };
        for dead in [2, 5, 8] {
            let values = triangle(12, |i, j| match (i == dead || j == dead, dead_value(dead)) {
                (true, Some(value)) => value,
                _ => 1.1 + 0.001 * (i * j) as f64,
            });
            assert_eq!(dead_frames(&values, 12), vec![dead]);
        }
    }

    #[test]
    fn frames_are_written_as_ranges() {
        assert_eq!(ranges(&[0, 1, 2, 6], 1), "1-3, 7");
    }
}
