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

/// What is told of the pseudo-pairs of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// Pseudo-pairs of all angles.
    pub pseudo_pairs: usize,
    /// Per angle, in order: what they cannot see in units of the white noise, 1 where that is all; `None` if the noise is not known.
    pub unseen: Vec<Option<f64>>,
    /// The most that is left anywhere, in the same units, and where; `None` if the noise is not known.
    pub most: Option<(f64, String)>,
    /// How near their minimum is to that of all pairs, as the model of the configuration that they were made with predicts it; `None` if it
    /// has found no minimum.
    pub prediction: Option<String>,
}

impl Tally {
    /// Nothing yet.
    #[must_use]
    pub fn none() -> Self {
        Tally { pseudo_pairs: 0, unseen: Vec::new(), most: None, prediction: None }
    }

    /// Adds the next angle.
    pub fn add(&mut self, angle: &Angle, found: &CondensedAngle) {
        let part = &found.unseen;
        let in_noise =
            |energy: f64, degrees: f64| Some(energy / degrees / angle.sigma.powi(2)).filter(|share| share.is_finite());
        self.pseudo_pairs += found.moments.len();
        self.unseen.push(in_noise(part.energy, part.degrees));
        let most = self.most.as_ref().map_or(0.0, |(most, _)| *most);
        let Some(there) = in_noise(part.most_energy, part.most_degrees).filter(|&there| there > most) else { return };
        let [rows, columns] = part.most_at.clone().map(|frames| format!("{} to {}", frames.start + 1, frames.end));
        // As few digits as tell the angle.
        let phi_degrees = angle.phi_degrees as f32;
        self.most = Some((there, format!("phi {phi_degrees}, frames {rows} against {columns}")));
    }

    /// In one line.
    #[must_use]
    pub fn in_words(&self, n_pairs: usize) -> String {
        let near = self.prediction.as_deref().unwrap_or("the shift of a minimum is predicted by every fit");
        format!("{} pseudo-pairs for {n_pairs} pairs{}; {near}", self.pseudo_pairs, self.unseen_in_words())
    }

    /// What pseudo-pairs cannot see, after a semicolon; nothing if the noise is not known.
    #[must_use]
    pub fn unseen_in_words(&self) -> String {
        let known = self.unseen.iter().flatten();
        let (least, largest) = known.fold((f64::INFINITY, 0.0_f64), |(a, b), &x| (a.min(x), b.max(x)));
        let told = |(most, place): &(f64, String)| {
            format!(
                "; beside smooth functions {least:.2} to {largest:.2} of the white noise, most {most:.2} at {place}"
            )
        };
        self.most.as_ref().map(told).unwrap_or_default()
    }
}
