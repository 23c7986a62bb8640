//! The standard deviation of one c2 value, from the data themselves. It knows no model.
//!
//! Along a line of constant lag c2 changes slowly with age, so d = c2(i,j) - 2 c2(i+1,j+1) + c2(i+2,j+2) is noise with
//! variance 6 sigma^2, if the three pairs share no frame (lag > 2). sigma = 1.4826 median |d| / sqrt 6: half of the
//! values may be outliers.

use crate::store::block::{Values, pair_position};

const LAGS: usize = 400;
const AGES: usize = 500;

/// Standard deviation of one value; zero if the data are constant. Frames for which `masked` holds are left out.
#[must_use]
pub fn estimate_sigma(values: &Values, n: usize, masked: &[usize]) -> f64 {
    let mut usable = vec![true; n];
    masked.iter().filter(|&&frame| frame < n).for_each(|&frame| usable[frame] = false);
    let mut differences = Vec::new();
    let n_lags = n.saturating_sub(5);
    for lag in (0..n_lags.min(LAGS)).map(|k| 3 + k * n_lags / n_lags.min(LAGS)) {
        let room = (n - lag).saturating_sub(2);
        for i in (0..room.min(AGES)).map(|k| k * room / room.min(AGES)) {
            let frames = [i, i + 1, i + 2, i + lag, i + lag + 1, i + lag + 2];
            if frames.iter().all(|&frame| usable[frame]) {
                let value = |step: usize| values.get(pair_position(n, i + step, i + lag + step));
                differences.push((value(0) - 2.0 * value(1) + value(2)).abs());
            }
        }
    }
    differences.retain(|difference| difference.is_finite());
    median(&mut differences).map_or(0.0, |median| 1.4826 * median / 6.0_f64.sqrt())
}

fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigma_of_known_noise_is_found_under_a_slow_signal() {
        let n = 200;
        let mut state = 1_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        // Sums of twelve uniforms have variance 1.
        let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let value = |(i, j): (usize, usize)| 1.0 + 0.1 * (-((j - i) as f64) * (1.0 + 0.001 * i as f64) / 20.0).exp();
        let values = Values::from_f64(pairs.map(|pair| value(pair) + 0.01 * normal()).collect());
        let sigma = estimate_sigma(&values, n, &[7]);
        assert!((sigma - 0.01).abs() < 3e-4, "{sigma}");
    }

    #[test]
    fn a_constant_map_has_no_noise() {
        assert_eq!(estimate_sigma(&Values::from_f64(vec![1.1; 45]), 10, &[]), 0.0);
    }
}
