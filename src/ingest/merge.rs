//! Nearly identical angles as one: which belong together, and their weighted mean. It reads no file.

use crate::experiment::{AngleNoise, wrap_degrees};
use crate::store::block::Values;
use crate::store::manifest::MergedAngle;

/// What has an angle (ascending) in groups that become one angle each: none is farther than `within_degrees` from the first of
/// its group. Zero merges nothing. The circle closes: -179.9 and 179.9 degrees are neighbours.
#[must_use]
pub fn groups<T>(all: Vec<T>, phi_degrees: impl Fn(&T) -> f64, within_degrees: f64) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    for one in all {
        match groups.last_mut() {
            Some(group) if phi_degrees(&one) - phi_degrees(&group[0]) <= within_degrees && within_degrees > 0.0 => {
                group.push(one);
            }
            _ => groups.push(vec![one]),
        }
    }
    let (first, last) = (groups.first(), groups.last());
    let closes = match (first, last) {
        (Some(first), Some(last)) if groups.len() > 1 => {
            phi_degrees(&first[first.len() - 1]) + 360.0 - phi_degrees(&last[0]) <= within_degrees
        }
        _ => false,
    };
    if closes {
        let mut around = groups.pop().unwrap_or_default();
        around.append(&mut groups[0]);
        groups[0] = around;
    }
    groups
}

/// Running weighted mean of the values of several angles.
pub struct Merged {
    sums: Vec<f64>,
    weights: Vec<f64>,
    narrow: bool,
    members: Vec<MergedAngle>,
}

impl Merged {
    /// Of nothing yet, for `n` values.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Merged { sums: vec![0.0; n], weights: vec![0.0; n], narrow: true, members: Vec::new() }
    }

    /// Adds an angle. Values that are not finite are left out of the mean, pair by pair.
    pub fn add(&mut self, phi_degrees: f64, values: &Values, weight: f64) {
        self.narrow &= matches!(values, Values::F32(_));
        for (k, (sum, total)) in self.sums.iter_mut().zip(&mut self.weights).enumerate() {
            let value = values.get(k);
            if value.is_finite() {
                *sum += weight * value;
                *total += weight;
            }
        }
        self.members.push(MergedAngle { phi_degrees, weight });
    }

    /// The mean angle, the mean values in the width of the members, and the members.
    #[must_use]
    pub fn finish(self) -> (f64, Values, Vec<MergedAngle>) {
        let reference = self.members[0].phi_degrees;
        let total: f64 = self.members.iter().map(|member| member.weight).sum();
        let offset = |member: &MergedAngle| member.weight * wrap_degrees(member.phi_degrees - reference);
        let phi = wrap_degrees(reference + self.members.iter().map(offset).sum::<f64>() / total);
        let means = self.sums.iter().zip(&self.weights).map(|(sum, weight)| sum / weight);
        let values = match self.narrow {
            true => Values::from_f32(means.map(|value| value as f32).collect()),
            false => Values::from_f64(means.collect()),
        };
        (phi, values, self.members)
    }
}

/// What a mean map tells of its noise, from what its members tell, each with its weight: what one of them does not know is not known.
/// Correlations come from the mean map itself.
#[must_use]
pub fn joined_noise(members: &[(f64, AngleNoise)]) -> AngleNoise {
    let total: f64 = members.iter().map(|(weight, _)| weight).sum();
    let of_diagonal = |(weight, noise): &(f64, AngleNoise)| noise.diagonal.map(|diagonal| weight * diagonal / total);
    AngleNoise {
        diagonal: members.iter().map(of_diagonal).sum(),
        pixels: members.iter().map(|(_, noise)| noise.pixels).sum(),
        ..AngleNoise::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(angles: &[f64], within: f64) -> Vec<usize> {
        groups(angles.to_vec(), |phi| *phi, within).iter().map(Vec::len).collect()
    }

    #[test]
    fn near_angles_group_around_the_circle_and_chains_do_not_grow() {
        assert_eq!(sizes(&[0.0, 0.3, 0.6, 5.0], 0.5), [2, 1, 1]);
        assert_eq!(sizes(&[0.0, 0.3, 5.0], 0.0), [1, 1, 1]);
        assert_eq!(sizes(&[-179.9, 0.0, 179.9], 0.5), [2, 1]);
    }

    #[test]
    fn means_are_weighted_and_leave_out_what_is_missing() {
        let mut merged = Merged::new(3);
        merged.add(179.9, &Values::from_f32(vec![1.0, 2.0, f32::NAN]), 1.0);
        merged.add(-179.9, &Values::from_f32(vec![4.0, 2.0, 7.0]), 2.0);
        let (phi, values, members) = merged.finish();
        assert!((phi - (-179.966_666)).abs() < 1e-4, "{phi}");
        assert_eq!((values.get(0), values.get(1), values.get(2)), (3.0, 2.0, 7.0));
        assert_eq!(members.len(), 2);
    }
}
