//! Pseudo-pairs of one angle as plain data. It does not know where they lie.

use crate::experiment::Angle;
use std::ops::Range;

/// Pseudo-pairs of one angle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CondensedAngle {
    /// What the values of all pairs add up to at every pseudo-pair.
    pub moments: Vec<f64>,
    /// Sum of (c2 - 1)^2 over all pairs with a value.
    pub squares: f64,
    /// Their number.
    pub pairs: u64,
    /// Pairs of usable frames without a value.
    pub missing: Vec<Missing>,
    /// What pseudo-pairs cannot see.
    pub unseen: Unseen,
}

/// A pair of usable frames without a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missing {
    /// Its frames.
    pub frames: [u32; 2],
    /// c2 - 1 that stands there.
    pub stand_in: f64,
}

/// What is left of the values beside smooth functions: noise, or what jumps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unseen {
    /// Sum of (c2 - 1)^2 less what smooth functions explain of it.
    pub energy: f64,
    /// Pairs less pseudo-pairs.
    pub degrees: f64,
    /// The same where most of it is left per pair.
    pub most_energy: f64,
    /// Pairs less pseudo-pairs there.
    pub most_degrees: f64,
    /// Earlier and later frames there.
    pub most_at: [Range<usize>; 2],
}

/// Degrees of freedom from which on a part may stand out.
const MANY: f64 = 150.0;

impl Unseen {
    /// Nothing yet of the pairs of some earlier and later frames.
    #[must_use]
    pub fn at(rows: Range<usize>, columns: Range<usize>) -> Self {
        Unseen { most_at: [rows, columns], ..Unseen::default() }
    }

    /// Of all, and of the one of which most is left per pair.
    #[must_use]
    pub fn summary(parts: &[Unseen]) -> Self {
        let (energy, degrees) = parts.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.energy, sum.1 + part.degrees));
        // Fewer values have a mean of squares that chance makes large somewhere.
        let share = |part: &Unseen| if part.degrees >= MANY { part.energy / part.degrees } else { 0.0 };
        let most = parts.iter().max_by(|a, b| share(a).total_cmp(&share(b)));
        most.map_or_else(Unseen::default, |most| Unseen {
            energy,
            degrees,
            most_energy: most.energy,
            most_degrees: most.degrees,
            most_at: most.most_at.clone(),
        })
    }
}

impl CondensedAngle {
    /// How many pseudo-pairs there are, and what they cannot see.
    #[must_use]
    pub fn told(&self) -> (usize, &Unseen) {
        (self.moments.len(), &self.unseen)
    }
}

/// What is told of the pseudo-pairs of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// Pseudo-pairs of all angles.
    pub pseudo_pairs: usize,
    /// Per angle, in order: what they cannot see in units of the white noise, 1 where that is all; `None` if the noise is not known.
    pub unseen: Vec<Option<f64>>,
    /// Where most is left, in words; empty if the noise is not known.
    pub most: String,
}

impl Tally {
    /// Of all angles, with their pseudo-pairs and what those cannot see.
    #[must_use]
    pub fn of<'a>(angles: &[Angle], parts: impl Iterator<Item = (usize, &'a Unseen)>) -> Self {
        let (mut pseudo_pairs, mut unseen, mut most) = (0, Vec::new(), (0.0, String::new()));
        for (angle, (count, part)) in angles.iter().zip(parts) {
            pseudo_pairs += count;
            let in_noise = |energy: f64, degrees: f64| {
                Some(energy / degrees / angle.sigma.powi(2)).filter(|share| share.is_finite())
            };
            unseen.push(in_noise(part.energy, part.degrees));
            let Some(there) = in_noise(part.most_energy, part.most_degrees).filter(|&there| there > most.0) else {
                continue;
            };
            let [rows, columns] = part.most_at.clone().map(|frames| format!("{} to {}", frames.start + 1, frames.end));
            most = (there, format!("{there:.2} at phi {}, frames {rows} against {columns}", angle.phi_degrees));
        }
        Tally { pseudo_pairs, unseen, most: most.1 }
    }

    /// In one line.
    #[must_use]
    pub fn in_words(&self, n_pairs: usize) -> String {
        let Tally { pseudo_pairs, unseen, most } = self;
        let told = format!("{pseudo_pairs} pseudo-pairs for {n_pairs} pairs");
        let known = unseen.iter().flatten();
        let (least, largest) = known.clone().fold((f64::INFINITY, 0.0_f64), |(a, b), &x| (a.min(x), b.max(x)));
        let beside = match known.count() {
            0 => String::new(),
            _ => format!("; beside smooth functions {least:.2} to {largest:.2} of the white noise, most {most}"),
        };
        format!("{told}{beside}; the shift of a minimum depends on the model and is predicted by every fit")
    }
}
