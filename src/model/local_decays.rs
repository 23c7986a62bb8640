//! The model as a function of the lag alone, at a few ages: what neighbouring lags have in common is lost in means over groups of frames.
//! It sees no data.

use crate::model::pair::PairEvaluator;
use crate::sums::grid::LocalDecay;

/// Ages; the first are single frames, where rates change most.
const AGES: usize = 32;
/// Lags in frames.
const LONGEST: usize = 256;
/// Below this h is taken as zero.
const NEGLIGIBLE: f64 = 1e-3;

/// Of all ages, the earliest first.
pub(super) fn local_decays(model: &PairEvaluator<'_>, p: usize, is_usable: &[bool]) -> Vec<LocalDecay> {
    let n_frames = is_usable.len();
    let boundary =
        |k: usize| k.max((n_frames as f64 * (k as f64 / AGES as f64).powi(3)).round() as usize).min(n_frames);
    let mut boundaries: Vec<usize> = (0..=AGES).map(boundary).collect();
    boundaries.dedup();
    let of_age = |bounds: &[usize]| {
        let middle = usize::midpoint(bounds[0], bounds[1] - 1);
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); p + 1];
        for lag in 0..n_frames.min(LONGEST) {
            let i = middle.saturating_sub(lag / 2).min(n_frames - 1 - lag);
            let value = model.at(i, i + lag);
            let of_lag = value.dh[..p].iter().copied().chain([value.h]);
            columns.iter_mut().zip(of_lag).for_each(|(column, value)| column.push(value));
            if value.h < NEGLIGIBLE {
                break;
            }
        }
        // Both frames of a pair have to be there.
        let is_used = |&frame: &usize| is_usable[frame] && is_usable.get(frame + 1).is_none_or(|next| *next);
        LocalDecay { first_frame: bounds[0], frames: (bounds[0]..bounds[1]).filter(is_used).count() as f64, columns }
    };
    boundaries.windows(2).map(of_age).collect()
}
