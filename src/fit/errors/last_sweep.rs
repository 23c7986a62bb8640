//! The last sweep of a fit: residuals at the solution and what speckles do there. It computes no error.

use crate::error::Result;
use crate::fit::errors::frame_robust::FrameNodes;
use crate::fit::settings::Sharing;
use crate::fit::solver::problem::{Point, Problem};
use crate::likelihood::speckle::angles::Speckles;
use crate::likelihood::speckle::shared_noise::SharedNoise;
use crate::sums::loss::{Loss, Reweighing, mean_over_normal};
use crate::sums::objective::{RawData, ResidualQuery, Told};
use crate::sums::residuals::ResidualSums;

/// The last sweep of a fit.
pub struct LastSweep {
    /// What residuals look like, per angle.
    pub sums: Vec<ResidualSums>,
    /// Groups of frames.
    pub nodes: FrameNodes,
    /// What speckles do at every angle.
    pub speckles: Speckles,
    /// What the file tells of the noise, per angle.
    pub told: Vec<Told>,
    /// How often the speckles of every angle renew themselves.
    pub renewals: Vec<f64>,
    /// What frames share of their white noise, as the file tells it.
    pub shared_noise: SharedNoise,
    /// Pairs of angles 180 degrees apart: they see the same speckles (Friedel's law).
    pub opposite: Vec<(usize, usize)>,
    /// Under a robust loss whose residuals are not mostly white: the sums of plain least squares.
    pub plain: Option<Vec<ResidualSums>>,
    loss: Loss,
    first_frame: usize,
}

/// Angles this close to 180 degrees apart see the same speckles.
const SAME_SPECKLES_DEGREES: f64 = 1.0;

/// Means over all pairs that turn the sums of a robust loss into those of plain least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossMeans {
    /// rho'.
    pub weight: f64,
    /// Squared residuals in units of sigma^2.
    pub plain: f64,
    /// Squared weighted residuals in units of sigma^2.
    pub squares: f64,
    /// rho' + 2 z rho''.
    pub slope: f64,
}

impl LastSweep {
    /// Sweeps the residuals at a point.
    ///
    /// # Errors
    /// What the sweep reports; Interrupted if the user asks to stop meanwhile.
    pub fn of(data: &dyn RawData, problem: &Problem<'_>, point: &Point, sharing: Sharing) -> Result<Self> {
        let n_numbers = problem.space.free().len() + problem.map.n_free();
        let sharing = sharing.for_size(n_numbers, problem.weights.len());
        let nodes = FrameNodes::new(&data.decorrelation(&point.theta), sharing);
        let reweighing = problem.reweighing(&point.scaling);
        let query = ResidualQuery {
            theta: &point.theta,
            weights: Some(&problem.weights),
            reweighing: &reweighing,
            groups: &nodes.groups,
        };
        let sums = data.residuals(&query)?;
        let means = LossMeans::of(&sums, problem.loss);
        let plain = match problem.loss == Loss::Linear || means.is_mostly_white(problem.f_scale) {
            true => None,
            false => {
                let linear: Vec<Reweighing> =
                    reweighing.iter().map(|reweighing| Reweighing { loss: Loss::Linear, ..*reweighing }).collect();
                Some(data.residuals(&ResidualQuery { reweighing: &linear, ..query })?)
            }
        };
        let laws = problem.space.mode.power_laws();
        let amplitudes: Vec<usize> = laws.iter().map(|law| law.amplitude).collect();
        let is_shape = |k: &usize| laws.iter().any(|law| law.exponent == *k || law.constant == *k);
        let swinging: Vec<usize> = (0..point.theta.len()).filter(|k| !is_shape(k)).collect();
        let speckles = Speckles::of(data, &point.theta, &nodes.groups, (&amplitudes, &swinging))?;
        let told = data.told();
        let shared = told.iter().filter_map(|told| told.white_correlation.zip(told.white_correlation_diagonal));
        Ok(LastSweep {
            shared_noise: SharedNoise::of(shared),
            sums,
            nodes,
            speckles,
            told,
            renewals: data.renewals(&point.theta),
            opposite: opposite(&data.phi_degrees()),
            plain,
            loss: problem.loss,
            first_frame: data.first_frame(),
        })
    }

    /// Number of frame `k` in its file, from 1.
    #[must_use]
    pub fn number(&self, k: usize) -> usize {
        self.first_frame + k
    }

    /// Spread of residuals in units of sigma, outliers aside.
    #[must_use]
    pub fn spread(&self) -> f64 {
        self.loss_means().spread()
    }

    /// Under a robust loss the inverse of the weighted Hessian is not yet a covariance.
    #[must_use]
    pub fn loss_means(&self) -> LossMeans {
        LossMeans::of(&self.sums, self.loss)
    }

    /// The sums in which noise and misfit are looked for, and what makes them those of plain least squares.
    #[must_use]
    pub fn judged(&self) -> (&[ResidualSums], LossMeans) {
        match &self.plain {
            Some(plain) => (plain, LossMeans::OF_SQUARES),
            None => (&self.sums, self.loss_means()),
        }
    }
}

impl LossMeans {
    const OF_SQUARES: LossMeans = LossMeans { weight: 1.0, plain: 1.0, squares: 1.0, slope: 1.0 };

    fn of(sums: &[ResidualSums], loss: Loss) -> Self {
        if loss == Loss::Linear {
            return LossMeans::OF_SQUARES;
        }
        let pairs = sums.iter().map(ResidualSums::pairs).sum::<u64>();
        let mean = |value: &dyn Fn(&ResidualSums) -> f64| sums.iter().map(value).sum::<f64>() / pairs.max(1) as f64;
        LossMeans {
            weight: mean(&|sums| sums.weights),
            plain: mean(&ResidualSums::squares),
            squares: mean(&|sums| sums.weighted_squares),
            slope: mean(&|sums| sums.slopes),
        }
    }

    /// Spread of residuals in units of sigma by what the loss leaves of them, sqrt(<psi^2>) / <psi'> (Huber, Ann. Math. Stat. 35 (1964)
    /// 73, doi 10.1214/aoms/1177703732): outliers hardly count in it.
    fn spread(&self) -> f64 {
        self.squares.sqrt() / self.slope.max(f64::MIN_POSITIVE)
    }

    /// What scatters white in scores, in units of sigma^2: all of their variance but the smooth part. Without outliers this is what squares
    /// exceed sigma^2 by, with some what Gaussian residuals of the same spread would.
    #[must_use]
    pub fn white(&self, loss: Loss, f_scale: f64) -> f64 {
        if *self == LossMeans::OF_SQUARES {
            return 1.0;
        }
        let spread = self.spread().powi(2);
        let gaussian = (0..SETTLING).fold(spread, |variance, _| spread - lost_to_the_loss(variance, loss, f_scale));
        let smooth = (self.plain.min(gaussian) - 1.0).max(0.0);
        spread - smooth
    }

    /// Whether residuals that are not white are no more than those that are, or far below where the loss turns: then what a robust
    /// loss does to them is known.
    fn is_mostly_white(&self, f_scale: f64) -> bool {
        self.spread() <= f64::max(MOSTLY_WHITE, BELOW_THE_TURN * f_scale)
    }
}

/// Rounds in which the variance behind a spread is found: each brings it several times nearer.
const SETTLING: usize = 30;

/// What a loss adds to the variance of Gaussian residuals: E[psi^2] / E[psi']^2 less their own.
fn lost_to_the_loss(variance: f64, loss: Loss, f_scale: f64) -> f64 {
    let scaled = |x: f64| variance * (x / f_scale).powi(2);
    let squares = mean_over_normal(|x| variance * (x * loss.weight(scaled(x))).powi(2));
    squares / mean_over_normal(|x| loss.slope(scaled(x))).powi(2) - variance
}

/// Largest spread, as a share of `f_scale`, of residuals on which a loss is nearly plain squares.
pub const BELOW_THE_TURN: f64 = 0.5;

/// Largest spread, in units of sigma, of residuals that are mostly white.
const MOSTLY_WHITE: f64 = std::f64::consts::SQRT_2;

/// Pairs of angles that see the same speckles, by their places.
#[must_use]
pub fn opposite(phi_degrees: &[f64]) -> Vec<(usize, usize)> {
    let turned = |a: f64, b: f64| ((a - b).rem_euclid(360.0) - 180.0).abs() < SAME_SPECKLES_DEGREES;
    let n = phi_degrees.len();
    let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
    pairs.filter(|&(a, b)| turned(phi_degrees[a], phi_degrees[b])).collect()
}
