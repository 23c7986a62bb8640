//! Curves through parameter space along which a power law with a constant part changes evenly. It knows no data.
//!
//! D(t) = D0 t^alpha + D_offset = D_ref (1 + s ((t / t_ref)^alpha - 1) / alpha): with D_ref = D(t_ref) and the local exponent
//! s = d ln D / d ln t there, the law stays regular where alpha passes through zero, while D0 and D_offset run away
//! along a hyperbola, D0 alpha = const. Data determine D_ref and s well and alpha from the curvature of D only, so the
//! valley of the cost is straight in (ln D_ref, s, alpha) and bent in (D0, alpha, D_offset). A solver that follows the
//! bent path takes a few steps where straight ones crawl.

/// Amplitude, exponent and constant part of a power law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// D0 or gamma_dot_t0.
    pub amplitude: f64,
    /// alpha or beta.
    pub exponent: f64,
    /// D_offset or gamma_dot_t_offset.
    pub constant: f64,
}

/// Exponents nearer to zero than this have no regular amplitude.
const SMALLEST_EXPONENT: f64 = 1e-6;

/// So near to the least slope, or to none, both exponents are one, or one is none.
const MIRROR_EDGE: f64 = 1e-3;
/// Beyond, a power is no longer a part of the law.
const MOST_MIRRORED: f64 = 30.0;

impl PowerLaw {
    /// amplitude t^exponent + constant.
    #[must_use]
    pub fn at(&self, t: f64) -> f64 {
        self.amplitude * t.powf(self.exponent) + self.constant
    }

    /// Its derivatives by amplitude, exponent and constant.
    #[must_use]
    pub fn derivatives(&self, t: f64) -> [f64; 3] {
        let power = t.powf(self.exponent);
        [power, self.amplitude * power * t.ln(), 1.0]
    }

    /// Its means from the first of some ascending times to each of them, and the derivatives of the means, by trapezoids.
    #[must_use]
    pub fn means(&self, times: &[f64]) -> Vec<(f64, [f64; 3])> {
        let (mut integral, mut derived) = (0.0, [0.0; 3]);
        let mut means: Vec<(f64, [f64; 3])> =
            times.first().map(|&t| (self.at(t), self.derivatives(t))).into_iter().collect();
        for two in times.windows(2) {
            let (half, elapsed) = (0.5 * (two[1] - two[0]), two[1] - times[0]);
            integral += half * (self.at(two[0]) + self.at(two[1]));
            let [before, after] = [two[0], two[1]].map(|t| self.derivatives(t));
            derived = std::array::from_fn(|k| derived[k] + half * (before[k] + after[k]));
            means.push((integral / elapsed, derived.map(|integral| integral / elapsed)));
        }
        means
    }

    /// The other law of the same amplitude that has the same value and slope at `t_ref`: slopes `x exp(x)`, x = exponent ln t_ref, that
    /// are negative have two exponents (the two branches of Lambert's W). `None` where there is no other.
    #[must_use]
    pub fn mirrored(&self, t_ref: f64) -> Option<PowerLaw> {
        let scale = t_ref.ln();
        let x = self.exponent * scale;
        if !(x < -MIRROR_EDGE && (x + 1.0).abs() > MIRROR_EDGE && x > -MOST_MIRRORED) {
            return None;
        }
        let slope = |x: f64| x * x.exp();
        // On the other side of -1, where slope(x) is least; it falls on the left and rises on the right.
        let (mut low, mut high) = if x > -1.0 { (-MOST_MIRRORED, -1.0) } else { (-1.0, 0.0) };
        for _ in 0..80 {
            let middle = f64::midpoint(low, high);
            let is_beyond = (slope(middle) < slope(x)) == (x > -1.0);
            if is_beyond { high = middle } else { low = middle }
        }
        let exponent = f64::midpoint(low, high) / scale;
        Some(PowerLaw { exponent, constant: self.at(t_ref) - self.amplitude * t_ref.powf(exponent), ..*self })
    }

    /// Goes from here along `step`, evenly in (ln D_ref, s, alpha) instead of straight; `None` where that leads nowhere (the
    /// exponent would change its sign, or the law or its amplitude would not stay positive).
    #[must_use]
    pub fn bent(&self, step: PowerLaw, t_ref: f64) -> Option<PowerLaw> {
        let part = self.amplitude * t_ref.powf(self.exponent);
        let at_ref = part + self.constant;
        let exponent = self.exponent + step.exponent;
        if at_ref <= 0.0 || exponent * self.exponent <= 0.0 || exponent.abs() < SMALLEST_EXPONENT {
            return None;
        }
        let d_part = part * (step.amplitude / self.amplitude + step.exponent * t_ref.ln());
        let d_ln_at_ref = (d_part + step.constant) / at_ref;
        let local = self.exponent * part / at_ref;
        let d_local = (step.exponent * part + self.exponent * d_part) / at_ref - local * d_ln_at_ref;
        let new_at_ref = at_ref * d_ln_at_ref.exp();
        let new_part = (local + d_local) * new_at_ref / exponent;
        let law = PowerLaw { amplitude: new_part / t_ref.powf(exponent), exponent, constant: new_at_ref - new_part };
        (law.amplitude > 0.0 && law.amplitude.is_finite()).then_some(law)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bent_steps_are_straight_to_first_order() {
        let law = PowerLaw { amplitude: 19_000.0, exponent: -0.35, constant: 900.0 };
        for scale in [1e-3, 1e-4] {
            let step = PowerLaw { amplitude: 300.0 * scale, exponent: 0.2 * scale, constant: -400.0 * scale };
            let bent = law.bent(step, 2.0).expect("regular");
            assert!((bent.amplitude - law.amplitude - step.amplitude).abs() < 3e4 * scale * scale);
            assert!((bent.constant - law.constant - step.constant).abs() < 3e4 * scale * scale);
        }
    }

    #[test]
    fn the_mirrored_law_has_the_same_amplitude_value_and_slope() {
        let slope = |law: &PowerLaw, t: f64| law.amplitude * law.exponent * t.powf(law.exponent - 1.0);
        for exponent in [-0.9, -0.2, -0.03] {
            let law = PowerLaw { amplitude: 2107.0, exponent, constant: 2394.0 };
            let other = law.mirrored(8.0).expect("there is one");
            assert!((other.exponent - exponent).abs() > 0.1 && other.amplitude == law.amplitude);
            assert!((other.at(8.0) / law.at(8.0) - 1.0).abs() < 1e-12, "{exponent}");
            assert!((slope(&other, 8.0) / slope(&law, 8.0) - 1.0).abs() < 1e-9, "{exponent}");
            let back = other.mirrored(8.0).expect("the way back");
            assert!((back.exponent - exponent).abs() < 1e-9);
        }
        let rising = PowerLaw { amplitude: 1.0, exponent: 0.3, constant: 0.0 };
        assert_eq!(rising.mirrored(8.0), None);
        assert_eq!(PowerLaw { exponent: -0.3, ..rising }.mirrored(1.0), None);
    }

    #[test]
    fn along_the_valley_the_law_hardly_changes() {
        let law = PowerLaw { amplitude: 2000.0, exponent: 0.05, constant: 100.0 };
        // Tangent of the hyperbola D0 alpha = const with D_ref held: a third of the way to alpha = 0.
        let exponent = -0.015;
        let amplitude = -law.amplitude * exponent / law.exponent;
        let step = PowerLaw { amplitude, exponent, constant: -amplitude };
        let bent = law.bent(step, 1.0).expect("regular");
        for t in [0.1, 1.0, 10.0] {
            assert!((bent.at(t) / law.at(t) - 1.0).abs() < 3e-3, "{t}");
        }
    }

    #[test]
    fn the_exponent_does_not_change_its_sign_on_a_bent_path() {
        let law = PowerLaw { amplitude: 1.0, exponent: 0.1, constant: 0.0 };
        assert_eq!(law.bent(PowerLaw { amplitude: 0.0, exponent: -0.2, constant: 0.0 }, 1.0), None);
    }
}
