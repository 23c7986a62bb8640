//! Zeros by coincidence. A pair of frames with very few photons has no pixel that has seen both, and c2 is exactly zero: that is data,
//! half of the truth. It is told from what a broken map holds (frames, blocks, stripes of zeros) by how zeros are scattered.

use crate::store::block::Values;

/// Pairs are counted one coincidence at a time where at least this share has none: up to seven in the mean.
const COUNTED: f64 = 1e-3;
/// Changes between zero and another value along a line, as a share of what scattered zeros make.
const SCATTERED: f64 = 0.25;

/// Whether values are so few coincidences that their scatter is that of counts: skew, with exact zeros.
#[must_use]
pub fn are_counts(share_of_zeros: f64) -> bool {
    share_of_zeros >= COUNTED
}

/// Share of usable pairs that are exactly zero, if they are scattered through the lines of the map; `None` if there is none, or if
/// they stand together.
///
/// Along a line of m pairs of which a share z is zero, scattered zeros change 2 z (1 - z) (m - 1) times to another value and back.
/// Blocks change twice. Both along rows and along columns it must be a quarter of it: stripes are scattered across only, and a slow
/// change of the intensity costs up to half.
#[must_use]
pub fn scattered_zeros(values: &Values, n: usize, usable: &[bool]) -> Option<f64> {
    let (mut rows, mut columns) = (vec![Line::default(); n], vec![Line::default(); n]);
    let mut position = 0;
    for i in 0..n {
        for j in i + 1..n {
            if usable[i] && usable[j] {
                let zero = values.get(position) == 0.0;
                rows[i].pass(zero);
                columns[j].pass(zero);
            }
            position += 1;
        }
    }
    let (zeros, pairs) = rows.iter().fold((0, 0), |(zeros, pairs), line| (zeros + line.zeros, pairs + line.pairs));
    let scattered = |lines: &[Line]| {
        let changes: usize = lines.iter().map(|line| line.changes).sum();
        let expected: f64 = lines.iter().map(Line::expected).sum();
        expected > 0.0 && changes as f64 > SCATTERED * expected
    };
    (scattered(&rows) && scattered(&columns)).then(|| zeros as f64 / pairs as f64)
}

/// What was met along a row or a column.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    pairs: usize,
    zeros: usize,
    changes: usize,
    last: bool,
}

impl Line {
    fn pass(&mut self, zero: bool) {
        self.changes += usize::from(self.pairs > 0 && zero != self.last);
        self.pairs += 1;
        self.zeros += usize::from(zero);
        self.last = zero;
    }

    fn expected(&self) -> f64 {
        let share = self.zeros as f64 / self.pairs.max(1) as f64;
        2.0 * share * (1.0 - share) * self.pairs.saturating_sub(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(zero: impl Fn(usize, usize) -> bool) -> Option<f64> {
        let n = 90;
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let values = pairs.map(|(i, j)| if zero(i, j) { 0.0 } else { 1.1 });
        scattered_zeros(&Values::from_f64(values.collect()), n, &[true; 90])
    }

    /// Looks random.
    fn draw(i: usize, j: usize) -> usize {
        let mixed = (i * 1000 + j + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33
    }

    #[test]
    fn scattered_zeros_are_found_however_many_they_are() {
        assert_eq!(share(|_, _| false), None);
        for percent in [1, 20, 50, 85] {
            let found = share(|i, j| draw(i, j) % 100 < percent).expect("scattered");
            assert!((found - percent as f64 / 100.0).abs() < 0.03, "{percent}: {found}");
        }
        // The beam grows weaker: from 10 to 90 % in the course of the run.
        assert!(share(|i, j| draw(i, j) % 100 < 10 + (i + j) * 80 / 180).is_some());
        assert!(share(|i, j| (i, j) == (3, 40)).is_some(), "a single one is scattered");
    }

    #[test]
    fn zeros_that_stand_together_are_no_coincidences() {
        assert_eq!(share(|i, _| i % 3 == 1), None, "stripes along rows");
        assert_eq!(share(|_, j| j % 3 == 1), None, "stripes along columns");
        assert_eq!(share(|i, j| j - i > 40), None, "lags that were not correlated");
        assert_eq!(share(|i, j| (20..40).contains(&i) && (50..80).contains(&j)), None, "a block");
    }
}
