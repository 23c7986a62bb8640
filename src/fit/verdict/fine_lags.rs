//! Do residuals differ between neighbouring lags? A decay of another shape, vibrations and the afterglow of a detector: differences
//! between the means at lags of single frames, which noise that is smooth in time hardly reaches. It decides nothing.

use crate::fit::verdict::lack_of_fit::{Parts, Sums, Tested};
use crate::likelihood::speckle::covariance::Noise;
use crate::likelihood::speckle::departure::{Departure, of_ratio};
use crate::outcome::noise::Test;
use ndarray::Array1;

/// Directions of which the fit leaves less than this share of the variance are the fit's.
const LEFT: f64 = 0.3;

impl Tested<'_> {
    /// All differences together, at the minimum of least squares; `None` with few frames.
    pub(super) fn fine_lags(&self, step: &Array1<f64>) -> Option<Test> {
        let all: Vec<Parts> = (0..self.phi_degrees.len()).map(|angle| self.fine_lags_of(angle, step)).collect();
        let Sums { values, covariance, before } = self.together(&all, &|one, other| {
            let noise = Noise { white: 0.0, ..self.noise.levels.angles[one] };
            let fine = self.last.speckles.fine_lags(one, other);
            let differences = fine.differences(self.last.nodes.groups.of_frame.len());
            let own = differences.dot(&fine.own.at(noise)).dot(&differences.t());
            (own, differences.dot(&fine.with_scores.at(noise)))
        });
        let Departure { statistic, degrees, .. } = Departure::of(&values, (&covariance, &before), LEFT);
        // Slow sums tell how many speckles there are; differences of neighbouring lags have noise of their own.
        let ratio = statistic / degrees.max(1) as f64;
        let p_value = of_ratio(ratio, degrees as f64, self.noise_degrees());
        (degrees > 0).then_some(Test { statistic, degrees_of_freedom: degrees, p_value })
    }

    fn fine_lags_of(&self, angle: usize, step: &Array1<f64>) -> Parts {
        let (residuals, means) = self.last.judged();
        let (fine, noise) = (self.last.speckles.fine_lags(angle, angle), self.noise.levels.angles[angle]);
        let units = self.problem.weights[angle] * means.slope;
        let differences = fine.differences(self.last.nodes.groups.of_frame.len());
        let products = differences.dot(fine.with_scores.products());
        let moved = products.dot(&self.bread.spread(self.problem, angle).t());
        let with_scores = differences.dot(&fine.with_scores.at(noise));
        Parts {
            values: differences.dot(&fine.of_lags(residuals[angle].of_lags())) / units - moved.dot(step),
            own: differences.dot(&fine.own.at(noise)).dot(&differences.t()),
            with_numbers: with_scores.dot(&self.noise.influences[angle].t()),
            moved,
        }
    }
}
