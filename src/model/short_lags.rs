//! The model on single pairs of frames at short lags, summed over coarse groups. It sees no data.
//!
//! Within a group of a grid h falls by up to a third, and its derivatives vanish where a frame meets itself: what a sum over a lag of a
//! few frames has in common with a score is not what the means over groups have.

use crate::model::pair::PairEvaluator;
use crate::sums::grid::{GridQuery, ShortLag};
use crate::sums::lags::half_octave;

/// Lags up to so many widths of the widest group.
const WIDTHS: usize = 4;
/// Lags of a half octave, and frames of a measurement, that stand for the others.
const LAGS: usize = 3;
const FRAMES: usize = 256;

/// All half octaves up to a few times the widest group of a grid, in frames.
pub(super) fn short_lags(
    model: &PairEvaluator<'_>,
    (query, widest): (&GridQuery<'_>, usize),
    is_usable: &[bool],
) -> Vec<ShortLag> {
    let n_frames = is_usable.len();
    let sampled = Sampled { model, coarse: query.coarse, p: query.theta.len(), is_usable };
    let bins = (0..).take_while(|&bin| half_octave(bin).start <= WIDTHS * widest && half_octave(bin).end <= n_frames);
    bins.flat_map(|bin| sampled.of_bin(bin)).collect()
}

/// Pairs of frames that stand for their neighbours.
struct Sampled<'a> {
    model: &'a PairEvaluator<'a>,
    /// First frame of every coarse group.
    coarse: &'a [usize],
    /// Parameters.
    p: usize,
    is_usable: &'a [bool],
}

impl Sampled<'_> {
    fn of_bin(&self, bin: usize) -> Vec<ShortLag> {
        let lags = half_octave(bin);
        let (first, n_lags) = (lags.start, lags.len());
        let n_sampled = n_lags.min(LAGS);
        let mut found: Vec<ShortLag> = Vec::new();
        for k in 0..n_sampled {
            let part = first + k * n_lags / n_sampled..first + (k + 1) * n_lags / n_sampled;
            self.at_lag(usize::midpoint(part.start, part.end - 1), part.len(), |coarse, sums, times_h| {
                let place = found.iter().position(|known| known.coarse == coarse).unwrap_or_else(|| {
                    let (sums, times_h) = (vec![0.0; self.p + 2], vec![0.0; self.p + 2]);
                    found.push(ShortLag { bin, coarse, sums, times_h });
                    found.len() - 1
                });
                found[place].sums.iter_mut().zip(sums).for_each(|(sum, term)| *sum += term);
                found[place].times_h.iter_mut().zip(times_h).for_each(|(sum, term)| *sum += term);
            });
        }
        found
    }

    /// Pairs (i, i + lag), each for `n_lags` lags: coarse groups, columns and columns times h.
    fn at_lag(&self, lag: usize, n_lags: usize, mut add: impl FnMut((usize, usize), &[f64], &[f64])) {
        let n_pairs = self.is_usable.len() - lag;
        let n_sampled = n_pairs.min(FRAMES);
        let coarse = |frame: usize| self.coarse.partition_point(|&first| first <= frame) - 1;
        for k in 0..n_sampled {
            let (from, to) = (k * n_pairs / n_sampled, (k + 1) * n_pairs / n_sampled);
            let usable = (from..to).filter(|&i| self.is_usable[i] && self.is_usable[i + lag]).count();
            let weight = (usable * n_lags) as f64;
            let i = usize::midpoint(from, to - 1);
            let value = self.model.at(i, i + lag);
            let columns = value.dh[..self.p].iter().copied().chain([value.h, 1.0]);
            let sums: Vec<f64> = columns.map(|column| weight * column).collect();
            let times_h: Vec<f64> = sums.iter().map(|sum| sum * value.h).collect();
            add((coarse(i), coarse(i + lag)), &sums, &times_h);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::experiment::{Angle, Experiment, TimeGrid};
    use crate::model::catalogue::Model;
    use crate::model::pair::PairEvaluator;
    use crate::parameters::definitions::{AnalysisMode, ShearConvention};
    use crate::sums::grid::GridQuery;
    use crate::sums::lags::half_octave;

    #[test]
    fn sums_over_short_lags_are_those_over_all_their_pairs() {
        let angle = Angle { sigma: 1.0, masked_frames: vec![30], ..Angle::default() };
        let experiment = Experiment {
            q_per_angstrom: 0.0054,
            gap_angstrom: None,
            time: TimeGrid { n_frames: 90, dt_seconds: 0.1, start_seconds: 0.0, first_frame: 1 },
            angles: vec![angle.clone()],
        };
        let model = Model::new(AnalysisMode::Static, ShearConvention::Homodyne, &experiment).expect("valid");
        let (theta, coarse) = ([9_000.0, -0.2, 500.0], [0, 10, 31, 60]);
        let grid = model.grid(&GridQuery { theta: &theta, coarse: &coarse, step: 0.5, with_lags: true }, &angle);
        let tables = model.tables(&theta);
        let exact = PairEvaluator::new(&model, &tables, &theta, 0.0);
        for bin in [0, 2, 4] {
            let (mut sums, mut times_h) = ([0.0; 5], [0.0; 5]);
            let frames = (0..90).flat_map(|i| half_octave(bin).map(move |lag| (i, i + lag)));
            for (i, j) in frames.filter(|&(i, j)| j < 90 && i != 30 && j != 30) {
                let value = exact.at(i, j);
                for (k, column) in value.dh[..3].iter().copied().chain([value.h, 1.0]).enumerate() {
                    sums[k] += column;
                    times_h[k] += column * value.h;
                }
            }
            let found = |k: usize| {
                let of_bin = grid.short_lags.iter().filter(|short| short.bin == bin);
                of_bin.fold((0.0, 0.0), |(all, with_h), short| (all + short.sums[k], with_h + short.times_h[k]))
            };
            for k in 0..5 {
                let close = |one: f64, other: f64| (one - other).abs() < 5e-3 * other.abs();
                assert!(
                    close(found(k).0, sums[k]) && close(found(k).1, times_h[k]),
                    "{bin} {k}: {:?} {}",
                    found(k),
                    sums[k]
                );
            }
        }
    }
}
