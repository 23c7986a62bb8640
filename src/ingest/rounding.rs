//! How finely the values of a map are written: scatter that is not coarser than that is rounding, not noise.

use crate::store::block::Values;

/// Values nearer to each other than this many units in the last place are one value: what is left of a rounded one after arithmetic.
const SAME: f64 = 4.0;
/// Rounding to 32 bits, with some arithmetic in that width, scatters by less than this many units in the last place.
const NARROW: f64 = 8.0;
/// Arithmetic in 64 bits leaves less than this, relatively: sums over frames lose a few digits, and no measurement is so exact.
const WIDE: f64 = 1e-12;

/// How finely the values of a map are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounding {
    /// Smallest distance between two different values: the step of values that were written with few digits, and far below the noise
    /// of others.
    pub quantum: f64,
    /// What the float width leaves.
    pub float: f64,
}

impl Rounding {
    /// From some values of a map, and the width in which all are stored. 64-bit values that are all exact in 32 bits were computed there.
    #[must_use]
    pub fn of(mut sample: Vec<f64>, values: &Values) -> Self {
        let narrow = matches!(values, Values::F32(_)) || sample.iter().all(|&value| f64::from(value as f32) == value);
        let scale = sample.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let unit = if narrow { f64::from(f32::EPSILON) } else { f64::EPSILON };
        sample.sort_by(f64::total_cmp);
        let steps = sample.windows(2).map(|pair| pair[1] - pair[0]).filter(|&step| step > SAME * unit * scale);
        let quantum = steps.fold(f64::INFINITY, f64::min);
        let float = scale * if narrow { NARROW * unit } else { WIDE };
        Rounding { quantum: if quantum.is_finite() { quantum } else { 0.0 }, float }
    }

    /// A scatter up to this is no measured noise. Rounding alone scatters by 0.29 quanta, rounded noise of half a quantum by 0.58.
    #[must_use]
    pub fn least(self) -> f64 {
        self.float.max(0.5 * self.quantum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(quantum: f64) -> Vec<f64> {
        (0..900).map(|k| 1.0 + quantum * f64::from(k * k % 97)).collect()
    }

    #[test]
    fn the_quantum_of_decimals_is_found_in_either_width() {
        for quantum in [0.01, 1e-3, 1e-5] {
            let narrow: Vec<f64> = steps(quantum).iter().map(|&value| f64::from(value as f32)).collect();
            let of_wide = Rounding::of(steps(quantum), &Values::from_f64(vec![]));
            let of_narrow = Rounding::of(narrow.clone(), &Values::from_f32(vec![]));
            assert!((of_wide.quantum / quantum - 1.0).abs() < 1e-6 && (of_narrow.quantum / quantum - 1.0).abs() < 0.03);
            assert_eq!(Rounding::of(narrow, &Values::from_f64(vec![])), of_narrow, "widened values keep their digits");
            assert!(of_wide.float < 1e-11);
        }
    }

    #[test]
    fn one_value_has_no_quantum() {
        assert_eq!(Rounding::of(vec![1.1; 9], &Values::from_f64(vec![])).quantum, 0.0);
    }
}
