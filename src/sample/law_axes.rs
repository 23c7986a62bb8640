//! The axes along which the numbers of one power law are sampled: what its data determine, whatever the units of time. It knows no data.
//!
//! ```text
//! v(t) = a t^e + c          p = a t_s^e          g = e p          r = a t_ref^e + c          t_ref = sqrt(dt t_max)
//!
//! a   by x = ln p            ln a = x - e ln t_s
//! e   by its value, or, where all three are free, by the slope g of v over ln t at t_s:          e = g exp(-x)
//! c   by the law's value r at t_ref          c = r - a t_ref^e
//! ```
//!
//! Data tell r and g well and the rest from the curvature of v(t) alone: valleys that are bent in (a, e, c), D0 alpha = const, are
//! straight in (x, g, r), also through e = 0; the more so where the slope is taken at the time t_s at which the fit tells it best, that
//! is, where its error has nothing in common with that of e. What comes out is a coordinate of a, e or c, which cannot leave its bounds.
//!
//! Beyond a bound of one number the others follow what it is, not what it would be, so that r and g stay what the data tell and the
//! valley does not turn a corner, round which walks would need much shorter steps. Far from bounds all of this changes nothing:
//!
//! ```text
//! e1 = e(g exp(-x))          u1 = x - e1 ln t_s                    as if nothing were bounded but the exponent
//! c = c(u_c)                 u_c = r - a(u1) t_ref^e1              the constant follows the amplitude
//! a = a(u1 + d)              d = ln [ s(r0 - c) / s(r0 - u_c) ]    the amplitude follows the constant; s: softplus, r0: r of the fit
//! e = e(g exp(u1 - x) / a)                                         the exponent follows the amplitude
//! ```
//!
//! Every step turns one number with those before it held, so that volumes are products.

use crate::parameters::coordinate::{Coordinate, Placed, log_softplus};
use crate::parameters::power_law::PowerLaw;

/// A number that is sampled, by its place, or held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Member {
    /// Its place among the numbers.
    Free(usize),
    /// Its value.
    Held(f64),
}

/// The axes of one law.
#[derive(Debug, Clone, PartialEq)]
pub struct LawAxes {
    amplitude: Member,
    exponent: Member,
    constant: Member,
    ln_t_ref: f64,
    /// ln t_s.
    ln_t_slope: f64,
    /// Whether the amplitude is sampled by its logarithm.
    is_logarithmic: bool,
    /// r of the fit.
    value_of_fit: f64,
    /// On which the constant part meets its bounds.
    width_of_constant: Option<f64>,
}

/// A law that was fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FittedLaw {
    /// Its numbers.
    pub law: PowerLaw,
    /// Variance of its exponent and covariance of amplitude and exponent, where they are known.
    pub of_exponent: Option<(f64, f64)>,
}

/// The slope is taken at most so many times earlier or later than t_ref.
const FARTHEST: f64 = 10.0;

impl FittedLaw {
    /// ln t_s: there errors of e a t^e and of e have nothing in common.
    fn ln_t_of_slope(&self, ln_t_ref: f64) -> f64 {
        let Some((variance, with_amplitude)) = self.of_exponent else { return ln_t_ref };
        let found = -1.0 / self.law.exponent - with_amplitude / (self.law.amplitude * variance);
        let farthest = FARTHEST.ln();
        if found.is_finite() { found.clamp(ln_t_ref - farthest, ln_t_ref + farthest) } else { ln_t_ref }
    }
}

/// What stands between the axes of a law and its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steps {
    /// g exp(-x).
    unbounded_exponent: f64,
    /// e1.
    exponent: Placed,
    /// a(u1).
    amplitude: Placed,
    /// d and how it turns with u_c.
    shift: (f64, f64),
    /// u1 - ln a.
    left: f64,
}

impl LawAxes {
    /// Of the three numbers of a law and their coordinates, and of what a fit has found.
    #[must_use]
    pub fn new(
        [amplitude, exponent, constant]: [Member; 3],
        coordinates: &[Coordinate],
        fitted: &FittedLaw,
        t_ref_seconds: f64,
    ) -> Self {
        let is_logarithmic =
            matches!(amplitude, Member::Free(place) if matches!(coordinates[place], Coordinate::LogInterval(_)));
        let width_of_constant = match constant {
            Member::Free(place) => coordinates[place].width(),
            Member::Held(_) => None,
        };
        let ln_t_ref = t_ref_seconds.ln();
        let mut axes = LawAxes {
            amplitude,
            exponent,
            constant,
            ln_t_ref,
            ln_t_slope: ln_t_ref,
            is_logarithmic,
            value_of_fit: fitted.law.at(t_ref_seconds),
            width_of_constant,
        };
        if axes.by_slope().is_some() {
            axes.ln_t_slope = fitted.ln_t_of_slope(ln_t_ref);
        }
        axes
    }

    /// The place of an amplitude that is sampled by its logarithm.
    fn by_logarithm(&self) -> Option<usize> {
        match self.amplitude {
            Member::Free(a) if self.is_logarithmic => Some(a),
            _ => None,
        }
    }

    /// Places of amplitude and exponent, if the exponent is sampled by the slope.
    fn by_slope(&self) -> Option<(usize, usize)> {
        match (self.by_logarithm(), self.exponent, self.constant) {
            (Some(a), Member::Free(e), Member::Free(_)) => Some((a, e)),
            _ => None,
        }
    }

    /// t_ref^e.
    fn power(&self, exponent: f64) -> f64 {
        (exponent * self.ln_t_ref).exp()
    }

    /// d and how it turns with u_c.
    fn shift(&self, u: f64, constant: &Placed) -> (f64, f64) {
        let Some(width) = self.width_of_constant else { return (0.0, 0.0) };
        let (to, to_slope) = log_softplus((self.value_of_fit - constant.value) / width);
        let (from, from_slope) = log_softplus((self.value_of_fit - u) / width);
        (to - from, (from_slope - to_slope * constant.slope) / width)
    }

    /// Replaces the numbers of the law, which stand where their axes do, by what they are. Returns what stands between, if anything does.
    pub fn place(&self, (axes, coordinates): (&[f64], &[Coordinate]), placed: &mut [Placed]) -> Option<Steps> {
        let Some(a) = self.by_logarithm() else {
            if let Member::Free(c) = self.constant {
                let part = self.amplitude.value(placed) * self.power(self.exponent.value(placed));
                placed[c] = coordinates[c].place(axes[c] - part);
            }
            return None;
        };
        let by_slope = self.by_slope().map(|(_, e)| (axes[e] * (-axes[a]).exp(), e));
        let exponent = match by_slope {
            Some((unbounded, e)) => coordinates[e].place(unbounded),
            None => self.exponent.placed(placed),
        };
        let u = axes[a] - exponent.value * self.ln_t_slope;
        let amplitude = coordinates[a].place(u);
        let mut shift = (0.0, 0.0);
        if let Member::Free(c) = self.constant {
            let u = axes[c] - amplitude.value * self.power(exponent.value);
            placed[c] = coordinates[c].place(u);
            shift = self.shift(u, &placed[c]);
        }
        placed[a] = coordinates[a].place(u + shift.0);
        let left = u - placed[a].value.ln();
        if let Some((unbounded, e)) = by_slope {
            placed[e] = coordinates[e].place(unbounded * left.exp());
        }
        let unbounded_exponent = by_slope.map_or(exponent.value, |(unbounded, _)| unbounded);
        Some(Steps { unbounded_exponent, exponent, amplitude, shift, left })
    }

    /// What the steps add to the logarithm of the volume.
    #[must_use]
    pub fn log_volume(&self, axes: &[f64], steps: &Steps) -> f64 {
        self.by_slope().map_or(0.0, |(a, _)| steps.left - axes[a])
    }

    /// The axes at coordinates, in place; the inverse of `place`.
    pub fn axes_of(&self, (placed, coordinates): (&[Placed], &[Coordinate]), axes: &mut [f64]) {
        let Some(a) = self.by_logarithm() else {
            if let Member::Free(c) = self.constant {
                axes[c] += self.amplitude.value(placed) * self.power(self.exponent.value(placed));
            }
            return;
        };
        let shift = match self.constant {
            Member::Free(c) => self.shift(axes[c], &placed[c]).0,
            Member::Held(_) => 0.0,
        };
        let u = axes[a] - shift;
        let mut exponent = self.exponent.value(placed);
        if let Some((_, e)) = self.by_slope() {
            let unbounded = axes[e] * (placed[a].value.ln() - u).exp();
            exponent = coordinates[e].place(unbounded).value;
            axes[e] = unbounded * (u + exponent * self.ln_t_slope).exp();
        }
        axes[a] = u + exponent * self.ln_t_slope;
        if let Member::Free(c) = self.constant {
            axes[c] += coordinates[a].place(u).value * self.power(exponent);
        }
    }

    /// Turns a gradient by the coordinates of the law's numbers, in place, into one by its axes. `by_value` adds to the gradient by a
    /// value that others of the law depend on; `volume` is the share of the logarithm of the volume in what is derived.
    pub fn pull_back(&self, at: (&[f64], &[Placed], Option<&Steps>), slopes: &mut [Slopes], volume: f64) {
        let (axes, placed, steps) = at;
        match steps {
            Some(steps) => self.pull_back_steps((axes, placed, steps), slopes, volume),
            None => self.pull_back_plain(placed, slopes, volume),
        }
    }

    fn pull_back_plain(&self, placed: &[Placed], slopes: &mut [Slopes], volume: f64) {
        let Member::Free(c) = self.constant else { return };
        let by_part = -slopes[c].turned(&placed[c], volume);
        let (amplitude, exponent) = (self.amplitude.value(placed), self.exponent.value(placed));
        if let Member::Free(a) = self.amplitude {
            slopes[a].by_value += by_part * self.power(exponent);
        }
        if let Member::Free(e) = self.exponent {
            slopes[e].by_value += by_part * amplitude * self.power(exponent) * self.ln_t_ref;
        }
    }

    /// The steps of `place`, from the last to the first.
    fn pull_back_steps(&self, at: (&[f64], &[Placed], &Steps), slopes: &mut [Slopes], volume: f64) {
        let (axes, placed, steps) = at;
        let Some(a) = self.by_logarithm() else { return };
        let (mut by_unbounded, mut by_left) = (0.0, 0.0);
        if let Some((_, e)) = self.by_slope() {
            let by_last = slopes[e].turned(&placed[e], volume);
            by_unbounded = by_last * steps.left.exp();
            by_left = by_last * steps.unbounded_exponent * steps.left.exp() + volume;
        }
        let by_last = slopes[a].turned(&placed[a], volume) - by_left * placed[a].slope / placed[a].value;
        let (mut by_u, mut by_exponent) = (by_left + by_last, 0.0);
        if let Member::Free(c) = self.constant {
            let by_constant = slopes[c].turned(&placed[c], volume) + by_last * steps.shift.1;
            slopes[c].by_axis = Some(by_constant);
            let power = self.power(steps.exponent.value);
            by_u -= by_constant * steps.amplitude.slope * power;
            by_exponent -= by_constant * steps.amplitude.value * power * self.ln_t_ref;
        }
        by_exponent -= by_u * self.ln_t_slope;
        match (self.by_slope(), self.exponent) {
            (Some((_, e)), _) => {
                by_unbounded += by_exponent * steps.exponent.slope;
                slopes[e].by_axis = Some(by_unbounded * (-axes[a]).exp());
                by_u -= by_unbounded * steps.unbounded_exponent + volume;
            }
            (None, Member::Free(e)) => slopes[e].by_value += by_exponent,
            (None, Member::Held(_)) => {}
        }
        slopes[a].by_axis = Some(by_u);
    }
}

impl Member {
    fn value(self, placed: &[Placed]) -> f64 {
        match self {
            Member::Free(place) => placed[place].value,
            Member::Held(value) => value,
        }
    }

    fn placed(self, placed: &[Placed]) -> Placed {
        match self {
            Member::Free(place) => placed[place],
            Member::Held(value) => Placed { value, slope: 0.0, log_slope: 0.0, log_slope_turns: 0.0 },
        }
    }
}

/// A gradient on its way from values to axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slopes {
    /// By the value.
    pub by_value: f64,
    /// By the axis, once it is known.
    pub by_axis: Option<f64>,
}

impl Slopes {
    /// By the coordinate of a number, which is its axis unless a law says otherwise.
    pub fn turned(&mut self, placed: &Placed, volume: f64) -> f64 {
        *self.by_axis.get_or_insert(self.by_value * placed.slope + volume * placed.log_slope_turns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::coordinate::Between;

    const FITTED: PowerLaw = PowerLaw { amplitude: 25_400.0, exponent: -0.275, constant: -4000.0 };
    const T_REF: f64 = 0.77;

    /// A law whose three numbers are free, its constant part between two bounds.
    fn law(constant: (f64, f64)) -> (LawAxes, [Coordinate; 3]) {
        let coordinates = [
            Coordinate::LogInterval(Between::new(100f64.ln(), 1e5f64.ln(), Some(0.23))),
            Coordinate::Interval(Between::new(-2.0, 2.0, Some(0.07))),
            Coordinate::Interval(Between::new(constant.0, constant.1, Some(5700.0))),
        ];
        // The slope is told best at 1.7 s.
        let with_amplitude = -FITTED.amplitude * (1.0 / FITTED.exponent + 1.7f64.ln());
        let fitted = FittedLaw { law: FITTED, of_exponent: Some((1.0, with_amplitude)) };
        (LawAxes::new([0, 1, 2].map(Member::Free), &coordinates, &fitted, T_REF), coordinates)
    }

    fn placed(law: &LawAxes, coordinates: &[Coordinate], axes: &[f64]) -> (Vec<Placed>, Option<Steps>) {
        let mut placed: Vec<Placed> =
            coordinates.iter().zip(axes).map(|(coordinate, &axis)| coordinate.place(axis)).collect();
        let steps = law.place((axes, coordinates), &mut placed);
        (placed, steps)
    }

    /// Axes inside the bounds, beyond that of the amplitude, and beyond both of a narrow constant part.
    const PLACES: [((f64, f64), [f64; 3]); 5] = [
        ((-1e5, 1e5), [10.3, -7400.0, 23_400.0]),
        ((-1e5, 1e5), [12.5, -6095.0, 22_900.0]),
        ((-1e5, 1e5), [3.0, -30.0, 23_000.0]),
        ((-2000.0, 1000.0), [10.23, -7600.0, 23_200.0]),
        ((-2000.0, 1000.0), [9.9, -8000.0, 23_600.0]),
    ];

    #[test]
    fn axes_come_back() {
        for (bounds, _) in PLACES {
            let (law, coordinates) = law(bounds);
            for start in [[10.1, -0.28, -500.0], [11.6, -0.06, -7e4], [10.0, -0.3, -3100.0], [10.0, -0.3, 1900.0]] {
                let mut axes = start;
                let at: Vec<Placed> =
                    coordinates.iter().zip(start).map(|(coordinate, u)| coordinate.place(u)).collect();
                law.axes_of((&at, &coordinates), &mut axes);
                let (back, _) = placed(&law, &coordinates, &axes);
                for (back, at) in back.iter().zip(&at) {
                    assert!((back.value - at.value).abs() < 1e-8 * at.value.abs(), "{start:?}: {back:?} {at:?}");
                }
            }
        }
    }

    #[test]
    fn the_slope_is_taken_where_the_fit_tells_it_best() {
        // e a t^e is the same for both at t = 2, so that the errors of a run along exactly this.
        let (e, moved, ln_t) = (-0.275, 1e-6, 2f64.ln());
        let by_exponent = -FITTED.amplitude * (1.0 / e + ln_t);
        let fitted = FittedLaw { law: FITTED, of_exponent: Some((moved * moved, by_exponent * moved * moved)) };
        assert!((fitted.ln_t_of_slope(T_REF.ln()) - ln_t).abs() < 1e-9);
        let unknown = FittedLaw { law: FITTED, of_exponent: None };
        assert_eq!(unknown.ln_t_of_slope(0.3), 0.3);
        let none = FittedLaw { law: PowerLaw { exponent: 0.0, ..FITTED }, of_exponent: Some((0.0, 0.0)) };
        assert_eq!(none.ln_t_of_slope(0.3), 0.3);
    }

    #[test]
    fn beyond_a_bound_the_law_at_its_time_is_still_what_its_axes_say() {
        for (bounds, axes) in PLACES {
            let (law, coordinates) = law(bounds);
            let (placed, _) = placed(&law, &coordinates, &axes);
            let found = PowerLaw { amplitude: placed[0].value, exponent: placed[1].value, constant: placed[2].value };
            if axes[0] > 9.0 {
                // Far beyond a bound numbers follow e1, which is no longer e: some hundredths.
                assert!((found.at(T_REF) / axes[2] - 1.0).abs() < 0.06, "{axes:?}: {}", found.at(T_REF));
                let slope = found.exponent * found.amplitude * 1.7f64.powf(found.exponent);
                assert!((slope / axes[1] - 1.0).abs() < 0.06, "{axes:?}: {slope}");
            }
        }
    }

    #[test]
    fn gradients_and_volumes_are_those_of_the_values_also_beyond_bounds() {
        for (bounds, axes) in PLACES {
            let (law, coordinates) = law(bounds);
            // Any function of the values, and the volume.
            let weights = [1e-4, 3.0, 2e-4];
            let value = |axes: &[f64]| {
                let (placed, steps) = placed(&law, &coordinates, axes);
                let of_values: f64 = placed.iter().zip(weights).map(|(placed, weight)| weight * placed.value).sum();
                let volume = placed.iter().map(|placed| placed.log_slope).sum::<f64>();
                of_values + volume + law.log_volume(axes, &steps.expect("steps"))
            };
            let (at, steps) = placed(&law, &coordinates, &axes);
            let mut slopes: Vec<Slopes> = weights.iter().map(|&by_value| Slopes { by_value, by_axis: None }).collect();
            law.pull_back((&axes, &at, steps.as_ref()), &mut slopes, 1.0);
            let mut columns = Vec::new();
            for k in 0..3 {
                let step = 1e-5 * axes[k].abs();
                let moved = |side: f64| {
                    let mut moved = axes;
                    moved[k] += side * step;
                    moved
                };
                let difference = (value(&moved(1.0)) - value(&moved(-1.0))) / (2.0 * step);
                let found = slopes[k].turned(&at[k], 1.0);
                assert!(
                    (found - difference).abs() < 1e-5 * (found.abs() + 1.0 / axes[k].abs()),
                    "{axes:?} {k}: {found}, not {difference}"
                );
                let (above, below) = (moved(1.0), moved(-1.0));
                let (above, below) = (placed(&law, &coordinates, &above).0, placed(&law, &coordinates, &below).0);
                columns.push([0, 1, 2].map(|row| (above[row].value - below[row].value) / (2.0 * step)));
            }
            let [a, b, c] = [0, 1, 2].map(|k: usize| columns[k]);
            let determinant = a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1])
                + c[0] * (a[1] * b[2] - a[2] * b[1]);
            let volume =
                at.iter().map(|placed| placed.log_slope).sum::<f64>() + law.log_volume(&axes, &steps.expect("steps"));
            assert!((determinant.abs().ln() - volume).abs() < 1e-3, "{axes:?}: {} {volume}", determinant.ln());
        }
    }
}
