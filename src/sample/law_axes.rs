//! The axes along which the numbers of one power law are sampled: what its data determine, whatever the units of time. It knows no data.
//!
//! ```text
//! v(t) = a t^e + c          p = a t_ref^e          g = e p          r = p + c          t_ref = sqrt(dt t_max)
//!
//! a   by x = ln p            ln a = x - e ln t_ref
//! e   by its value, or, where all three are free, by the slope g of v over ln t at t_ref:          e = g exp(-x)
//! c   by the law's value r at t_ref          c = r - p
//! ```
//!
//! Data tell r and g well and the rest from the curvature of v(t) alone: valleys that are bent in (a, e, c), D0 alpha = const, are
//! straight in (x, g, r), also through e = 0. What comes out is a coordinate of a, e or c, which cannot leave its bounds.

use crate::parameters::coordinate::{Coordinate, Placed};

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
    /// Whether the amplitude is sampled by its logarithm.
    is_logarithmic: bool,
}

impl LawAxes {
    /// Of the three numbers of a law and their coordinates.
    #[must_use]
    pub fn new([amplitude, exponent, constant]: [Member; 3], coordinates: &[Coordinate], t_ref_seconds: f64) -> Self {
        let is_logarithmic =
            matches!(amplitude, Member::Free(place) if matches!(coordinates[place], Coordinate::LogInterval(_)));
        LawAxes { amplitude, exponent, constant, ln_t_ref: t_ref_seconds.ln(), is_logarithmic }
    }

    /// Places of amplitude and exponent, if the exponent is sampled by the slope.
    fn by_slope(&self) -> Option<(usize, usize)> {
        match (self.amplitude, self.exponent, self.constant) {
            (Member::Free(a), Member::Free(e), Member::Free(_)) if self.is_logarithmic => Some((a, e)),
            _ => None,
        }
    }

    /// p.
    fn part(&self, placed: &[Placed]) -> f64 {
        self.amplitude.value(placed) * (self.exponent_of(placed) * self.ln_t_ref).exp()
    }

    fn exponent_of(&self, placed: &[Placed]) -> f64 {
        self.exponent.value(placed)
    }

    /// Replaces the numbers of the law, which stand where their axes do, by what they are; adds what this does to the logarithm of the
    /// volume.
    pub fn place(&self, (axes, coordinates): (&[f64], &[Coordinate]), placed: &mut [Placed]) -> f64 {
        let mut log_volume = 0.0;
        if let Some((a, e)) = self.by_slope() {
            placed[e] = coordinates[e].place(axes[e] * (-axes[a]).exp());
            log_volume = -axes[a];
        }
        if let (Member::Free(a), true) = (self.amplitude, self.is_logarithmic) {
            placed[a] = coordinates[a].place(axes[a] - self.exponent_of(placed) * self.ln_t_ref);
        }
        if let Member::Free(c) = self.constant {
            placed[c] = coordinates[c].place(axes[c] - self.part(placed));
        }
        log_volume
    }

    /// The axes at coordinates, in place; the inverse of `place`.
    pub fn axes_of(&self, placed: &[Placed], axes: &mut [f64]) {
        if let Member::Free(c) = self.constant {
            axes[c] += self.part(placed);
        }
        if let (Member::Free(a), true) = (self.amplitude, self.is_logarithmic) {
            axes[a] += self.exponent_of(placed) * self.ln_t_ref;
        }
        if let Some((a, e)) = self.by_slope() {
            axes[e] *= axes[a].exp();
        }
    }

    /// Turns a gradient by the coordinates of the law's numbers, in place, into one by its axes. `by_value` adds to the gradient by a
    /// value that others of the law depend on; `volume` is the share of the logarithm of the volume in what is derived.
    pub fn pull_back(&self, (axes, placed): (&[f64], &[Placed]), slopes: &mut [Slopes], volume: f64) {
        if let Member::Free(c) = self.constant {
            let by_part = -slopes[c].turned(&placed[c], volume);
            if let Member::Free(a) = self.amplitude {
                slopes[a].by_value += by_part * (self.exponent_of(placed) * self.ln_t_ref).exp();
            }
            if let Member::Free(e) = self.exponent {
                slopes[e].by_value += by_part * self.part(placed) * self.ln_t_ref;
            }
        }
        let logarithmic = self.is_logarithmic.then_some(self.amplitude);
        if let Some(Member::Free(a)) = logarithmic {
            let by_axis = slopes[a].turned(&placed[a], volume);
            if let Member::Free(e) = self.exponent {
                slopes[e].by_value -= by_axis * self.ln_t_ref;
            }
        }
        if let Some((a, e)) = self.by_slope() {
            let by_coordinate = slopes[e].turned(&placed[e], volume);
            slopes[e].by_axis = Some(by_coordinate * (-axes[a]).exp());
            let rest = -by_coordinate * axes[e] * (-axes[a]).exp() - volume;
            slopes[a].by_axis = slopes[a].by_axis.map(|slope| slope + rest);
        }
    }
}

impl Member {
    fn value(self, placed: &[Placed]) -> f64 {
        match self {
            Member::Free(place) => placed[place].value,
            Member::Held(value) => value,
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
