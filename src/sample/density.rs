//! The logarithm of the posterior and its gradient, where a sampler walks. It draws nothing.
//!
//! ```text
//! ln L(v)   = - sum_a n_a ln s_a - sum_a cost_a(theta, contrast, offset) / s_a^2          s_a: factor on sigma, cost_a = chi2_a / 2
//! ln p(w)   = k ln L(v(u')) + t (ln prior(v(u)) + ln |dv/du|)          u = center + S w,  u' = center + B w (see `geometry`)
//! ```
//!
//! t = 1; of data that are one of K parts it is 1/K, so that the densities of all parts multiply to that of all data.
//!
//! Pairs share frames and speckles: the product over pairs is a composite likelihood, whose curvature is not its information. k and B
//! give it the covariance of the fit's noise model and leave shape, prior and bounds (Ribatet, Cooley and Davison, Statistica Sinica 22
//! (2012) 813; Pauli, Racugno and Ventura, Statistica Sinica 21 (2011) 149).

use crate::error::Result;
use crate::likelihood::reduced::{angle_cost, angle_gradient};
use crate::likelihood::scaling::ScalingMap;
use crate::parameters::scaling::AngleScaling;
use crate::sample::geometry::Geometry;
use crate::sample::numbers::{Number, Numbers, Placement};
use crate::sums::gram::Gram;
use crate::sums::objective::{Objective, Query};
use crate::sums::rank_update::Depth;

/// The likelihood of some data.
#[derive(Clone, Copy)]
pub struct Likelihood<'a> {
    /// What is sampled.
    pub numbers: &'a Numbers,
    /// How coefficients make contrast and offset.
    pub map: &'a ScalingMap,
    /// 1 / sigma^2 of every angle.
    pub weights: &'a [f64],
}

/// A logarithm and its gradient.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// Logarithm.
    pub value: f64,
    /// By every number.
    pub gradient: Vec<f64>,
}

impl Likelihood<'_> {
    /// Weighted sums at some values.
    ///
    /// # Errors
    /// What the sweep reports.
    pub fn grams(&self, data: &dyn Objective, values: &[f64], depth: Depth) -> Result<Vec<Gram>> {
        let theta = self.numbers.theta(values);
        data.sweep(&Query { theta: &theta, weights: Some(self.weights), reweighing: None }, depth)
    }

    /// What [`Self::log`] needs for a gradient at some values, and nothing else.
    ///
    /// # Errors
    /// What the sweep reports.
    pub fn slopes(&self, data: &dyn Objective, values: &[f64]) -> Result<Vec<Gram>> {
        let theta = self.numbers.theta(values);
        data.slopes(&Query { theta: &theta, weights: Some(self.weights), reweighing: None }, &self.scaling(values))
    }

    /// Contrast and offset of every angle.
    #[must_use]
    pub fn scaling(&self, values: &[f64]) -> Vec<AngleScaling> {
        self.map.per_angle(self.numbers.coefficients(values), self.weights.len())
    }

    /// The log likelihood of sums at some values, less than nothing being possible where bounds of sums of coefficients are left; and
    /// what was corrected (see [`Correction`]).
    #[must_use]
    pub fn log(&self, grams: &[Gram], values: &[f64], correction: Option<&Correction>) -> Slope {
        let (numbers, theta, scaling) = (self.numbers, self.numbers.theta(values), self.scaling(values));
        let mut slope = Slope { value: 0.0, gradient: vec![0.0; values.len()] };
        if !self.map.holds(&scaling) || grams.iter().any(|gram| !gram.is_finite()) {
            slope.value = f64::NEG_INFINITY;
            return slope;
        }
        let mut by_scaling = vec![[0.0; 2]; grams.len()];
        for (angle, gram) in grams.iter().enumerate() {
            let (mut cost, mut gradient) = (angle_cost(gram, scaling[angle]).0, angle_gradient(gram, scaling[angle]));
            if let Some(correction) = correction {
                correction.correct(angle, (&theta, scaling[angle]), (&mut cost, &mut gradient));
            }
            let log_factor = numbers.log_factor(values, angle);
            let precision = (-2.0 * log_factor).exp();
            slope.value -= gram.pairs as f64 * log_factor + precision * cost;
            for (place, &parameter) in numbers.free.iter().enumerate() {
                slope.gradient[place] -= precision * gradient[parameter];
            }
            let p = gradient.len() - 2;
            by_scaling[angle] = [precision * gradient[p], precision * gradient[p + 1]];
            if let Some(place) = numbers.factor_of(angle) {
                slope.gradient[place] += 2.0 * precision * cost - gram.pairs as f64;
            }
        }
        let mut first = numbers.free.len();
        for block in &self.map.blocks {
            let m = block.order();
            for (angle, basis) in &block.members {
                for (k, value) in basis.iter().enumerate() {
                    slope.gradient[first + k] -= value * by_scaling[*angle][0];
                    slope.gradient[first + m + k] -= value * by_scaling[*angle][1];
                }
            }
            first += 2 * m;
        }
        slope
    }
}

/// What the gradient of data that stand for all pairs misses at one place: added everywhere, it makes their minimum that of all pairs.
#[derive(Debug, Clone)]
pub struct Correction {
    theta: Vec<f64>,
    scaling: Vec<AngleScaling>,
    /// Per angle: by theta, contrast, offset.
    missing: Vec<Vec<f64>>,
}

impl Correction {
    /// From the sums of all pairs and of those that stand for them, at the same values.
    #[must_use]
    pub fn of(likelihood: &Likelihood<'_>, values: &[f64], (all, some): (&[Gram], &[Gram])) -> Self {
        let scaling = likelihood.scaling(values);
        let missing = |((all, some), &at): ((&Gram, &Gram), &AngleScaling)| {
            let (all, some) = (angle_gradient(all, at), angle_gradient(some, at));
            all.iter().zip(some).map(|(all, some)| all - some).collect()
        };
        let missing = all.iter().zip(some).zip(&scaling).map(missing).collect();
        Correction { theta: likelihood.numbers.theta(values), scaling, missing }
    }

    fn correct(
        &self,
        angle: usize,
        (theta, scaling): (&[f64], AngleScaling),
        (cost, gradient): (&mut f64, &mut [f64]),
    ) {
        let center = self.scaling[angle];
        let moved = theta.iter().zip(&self.theta).map(|(to, from)| to - from);
        let scaled = [scaling.contrast - center.contrast, scaling.offset_less_one - center.offset_less_one];
        for ((moved, missing), into) in moved.chain(scaled).zip(&self.missing[angle]).zip(gradient) {
            *cost += missing * moved;
            *into += missing;
        }
    }
}

/// The posterior where a sampler walks.
pub struct Posterior<'a> {
    /// The likelihood.
    pub likelihood: Likelihood<'a>,
    /// Its data.
    pub data: &'a (dyn Objective + Sync),
    /// What they miss.
    pub correction: Option<&'a Correction>,
    /// Coordinates of the walk.
    pub geometry: &'a Geometry,
    /// The power of the prior: 1, or the share of data that are some of many.
    pub prior_power: f64,
}

impl Posterior<'_> {
    /// The values of a place.
    #[must_use]
    pub fn values(&self, w: &[f64]) -> Vec<f64> {
        self.likelihood.numbers.place(&self.geometry.prior_coordinates(w)).values()
    }

    /// The log likelihood, adjusted, at a place, on any data: what is compared between all pairs and those that stand for them.
    ///
    /// # Errors
    /// What the sweep reports.
    pub fn log_likelihood(&self, data: &dyn Objective, correction: Option<&Correction>, w: &[f64]) -> Result<f64> {
        let values = self.likelihood.numbers.place(&self.geometry.likelihood_coordinates(w)).values();
        let grams = self.likelihood.grams(data, &values, Depth::Cost)?;
        Ok(self.geometry.magnitude * self.likelihood.log(&grams, &values, correction).value)
    }

    /// The logarithm of the posterior at a place, less that of a constant, and its gradient.
    ///
    /// # Errors
    /// What the sweep reports; Interrupted if the user asks to stop.
    pub fn log(&self, w: &[f64]) -> Result<Slope> {
        let numbers = self.likelihood.numbers;
        let shifted = numbers.place(&self.geometry.likelihood_coordinates(w));
        let plain = numbers.place(&self.geometry.prior_coordinates(w));
        let values = shifted.values();
        if !(shifted.log_volume.is_finite() && plain.log_volume.is_finite()) {
            return Ok(Slope { value: f64::NEG_INFINITY, gradient: vec![0.0; values.len()] });
        }
        let grams = self.likelihood.slopes(self.data, &values)?;
        let found = self.likelihood.log(&grams, &values, self.correction);
        let magnitude = self.geometry.magnitude;
        let by_values: Vec<f64> = found.gradient.iter().map(|slope| magnitude * slope).collect();
        let by_shifted = numbers.pulled_back(&shifted, &by_values, 0.0);
        let (prior, by_prior) = self.prior(&plain);
        let by_prior: Vec<f64> = by_prior.iter().map(|slope| self.prior_power * slope).collect();
        let gradient = self.geometry.pulled_back(&by_shifted, &by_prior);
        Ok(Slope { value: magnitude * (found.value - self.geometry.least) + self.prior_power * prior, gradient })
    }

    /// Prior and change of coordinates.
    fn prior(&self, at: &Placement) -> (f64, Vec<f64>) {
        let numbers = self.likelihood.numbers;
        let of_number = |(number, value): (&Number, f64)| number.prior.log_density(value + number.shift);
        let (logs, slopes): (Vec<f64>, Vec<f64>) = numbers.all.iter().zip(at.values()).map(of_number).unzip();
        (logs.iter().sum::<f64>() + at.log_volume, numbers.pulled_back(at, &slopes, 1.0))
    }
}
