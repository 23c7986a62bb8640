//! Do residuals swing with time? A contrast or an offset that beats, a rate that oscillates: half waves of the frames' ages in every
//! column of the model, each alone and all together. It decides nothing.
//!
//! Covariances are Gaussian; each column of the model is set right by the ratio that its whole score has, whose covariance is known
//! in closed form.

use crate::fit::verdict::lack_of_fit::{Parts, Sums, Tested};
use crate::likelihood::speckle::covariance::Noise;
use crate::likelihood::speckle::departure::Departure;
use crate::likelihood::speckle::gaussian::Gaussian;
use crate::outcome::noise::Test;
use crate::sums::algebra::Algebra;
use ndarray::{Array1, Array2, s};

/// Directions of which the fit leaves less than this share of the variance are the fit's: the Gaussian part does not tell what is
/// left.
const LEFT: f64 = 0.15;

/// Roots of the ratios of what is exact to the Gaussian part, of every function.
struct Ratios {
    noise: Vec<f64>,
    products: Vec<f64>,
}

impl Tested<'_> {
    /// Sums of all angles, at the minimum of least squares.
    pub(super) fn swings(&self, parts: &[Parts], step: &Array1<f64>) -> Sums {
        let (swings, of_angles) = (&self.last.speckles.swings, 0..parts.len());
        let n = swings.n_scores();
        let ratios: Vec<Ratios> = of_angles.clone().map(|angle| self.ratios_of_swings(angle, &parts[angle])).collect();
        let of_angle = |angle: usize| {
            let noise = self.last.speckles.swing_noise(angle);
            let units = self.problem.weights[angle] * self.last.judged().1.slope;
            let all =
                noise.at(self.noise.levels.angles[angle]).with_factors(&ratios[angle].noise, &ratios[angle].noise);
            let products = noise.products().with_factors(&ratios[angle].products, &ratios[angle].products);
            let moved = products.slice(s![n.., ..n]).dot(&self.bread.spread(self.problem, angle).t());
            Parts {
                values: swings.sums(&self.last.judged().0[angle]) / units - moved.dot(step),
                own: all.slice(s![n.., n..]).to_owned(),
                with_numbers: all.slice(s![n.., ..n]).dot(&self.noise.influences[angle].t()),
                moved,
            }
        };
        let of_swings: Vec<Parts> = of_angles.map(of_angle).collect();
        self.together(&of_swings, &|one, other| {
            let noise = Noise { white: 0.0, ..self.noise.levels.angles[one] };
            let all = self.last.speckles.swing_noise_of_two(one, other).at(noise);
            let all = all.with_factors(&ratios[one].noise, &ratios[one].noise);
            (all.slice(s![n.., n..]).to_owned(), all.slice(s![n.., ..n]).to_owned())
        })
    }

    /// What the Gaussian part misses of the scores of an angle.
    fn ratios_of_swings(&self, angle: usize, parts: &Parts) -> Ratios {
        let scores = self.last.speckles.functions.scores();
        let of_scores = |all: &Array2<f64>| scores.dot(all).dot(&scores.t()).diag().to_owned();
        let (exact, products) = (of_scores(&parts.own), of_scores(self.last.speckles.components(angle).products()));
        let noise: Gaussian = self.last.speckles.swing_noise(angle);
        let columns: Vec<usize> = self.last.speckles.swings.columns().collect();
        let of = |exact: &Array1<f64>, gaussian: &Array2<f64>| -> Vec<f64> {
            let ratio = |&column: &usize| (exact[column] / gaussian[[column, column]]).max(0.0).sqrt();
            columns.iter().map(ratio).map(|ratio| if ratio.is_finite() { ratio } else { 0.0 }).collect()
        };
        Ratios {
            noise: of(&exact, &noise.at(self.noise.levels.angles[angle])),
            products: of(&products, noise.products()),
        }
    }
}

impl Sums {
    /// All swings together; `None` where there are none.
    pub(super) fn of_swings(&self) -> Option<Test> {
        let found = Departure::of(&self.values, (&self.covariance, &self.before), LEFT);
        (found.degrees > 0).then_some(Test {
            statistic: found.statistic,
            degrees_of_freedom: found.degrees,
            p_value: found.p_value,
        })
    }
}
