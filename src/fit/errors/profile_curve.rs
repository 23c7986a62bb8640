//! The way of a profile: where all parameters lie when the cost has risen by so many errors, between and beyond the places where that is
//! known. It asks for no cost.
//!
//! Errors away (z, negative below the minimum) are the way's own measure: by it the held parameter and those that follow lie on curves that
//! a cubic through two known places and their slopes (Hermite) goes on with.

/// A known place, and how all parameters go on from it with z.
#[derive(Debug, Clone)]
struct Station {
    z: f64,
    theta: Vec<f64>,
    along: Vec<f64>,
}

/// Known places of one profile.
#[derive(Debug, Clone)]
pub struct Curve {
    stations: Vec<Station>,
}

impl Curve {
    /// From the minimum on, and how all parameters go on from there with z.
    #[must_use]
    pub fn new(theta: Vec<f64>, along: Vec<f64>) -> Self {
        Curve { stations: vec![Station { z: 0.0, theta, along }] }
    }

    /// Adds a place.
    pub fn add(&mut self, z: f64, theta: Vec<f64>, along: Vec<f64>) {
        self.stations.push(Station { z, theta, along });
    }

    /// All parameters so many errors away, from the two known places that are nearest.
    #[must_use]
    pub fn at(&self, z: f64) -> Vec<f64> {
        let mut nearest: Vec<&Station> = self.stations.iter().collect();
        nearest.sort_by(|a, b| (a.z - z).abs().total_cmp(&(b.z - z).abs()));
        let one = nearest[0];
        let Some(other) = nearest.get(1) else {
            return one.theta.iter().zip(&one.along).map(|(from, along)| from + along * (z - one.z)).collect();
        };
        let apart = other.z - one.z;
        let share = (z - one.z) / apart;
        let rest = 1.0 - share;
        let between = |k: usize| {
            let from = (1.0 + 2.0 * share) * one.theta[k] + share * apart * one.along[k];
            let to = (1.0 + 2.0 * rest) * other.theta[k] - rest * apart * other.along[k];
            rest * rest * from + share * share * to
        };
        (0..one.theta.len()).map(between).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_way_is_gone_on_with_exactly() {
        let way = |z: f64| vec![1.0 + 2.0 * z - 0.3 * z * z + 0.1 * z.powi(3), 5.0 - z * z];
        let along = |z: f64| vec![2.0 - 0.6 * z + 0.3 * z * z, -2.0 * z];
        let mut curve = Curve::new(way(0.0), along(0.0));
        assert_eq!(curve.at(-2.0), vec![-3.0, 5.0]);
        curve.add(-1.0, way(-1.0), along(-1.0));
        curve.add(-1.9, way(-1.9), along(-1.9));
        for z in [1.0, -0.4, -1.5, -3.0] {
            for (found, exact) in curve.at(z).iter().zip(way(z)) {
                assert!((found - exact).abs() < 1e-12, "{z}: {found} {exact}");
            }
        }
    }
}
