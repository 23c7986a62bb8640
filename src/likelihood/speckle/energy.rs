//! The residuals of one angle as a sum of squares, and what is to be expected of it with so many speckles.

use crate::likelihood::speckle::blocks::{Blocks, Moments};
use crate::likelihood::speckle::covariance::Noise;
use crate::likelihood::speckle::shared_noise::SharedNoise;
use crate::likelihood::speckle::trends::{AlongTrends, Trends};
use crate::sums::residuals::ResidualSums;

/// Fewer speckles than this are never believed.
pub const FEWEST_SPECKLES: f64 = 4.0;

/// What is known of one angle besides.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Known {
    /// Contrast.
    pub contrast: f64,
    /// Standard deviation of the white part of one value; zero if it is not known.
    pub sigma: f64,
    /// Mean of the raw diagonal less 1, where the file has it.
    pub diagonal: Option<f64>,
    /// Pixels of the bin, where the file has them: there are no more speckles.
    pub pixels: Option<f64>,
    /// Means of h and h^2 over all pairs.
    pub mean_h: f64,
    /// Mean of h^2.
    pub mean_h2: f64,
    /// Share of the variance of speckles that second differences see.
    pub leak: f64,
    /// Share of it that is lost within a few frames.
    pub fast: f64,
    /// What frames share of their white noise.
    pub shared: SharedNoise,
}

/// Residuals of one angle and what is to be expected of them.
#[derive(Debug, Clone)]
pub struct Energy {
    moments: Moments,
    /// What is known besides.
    pub known: Known,
    /// Sum over pairs of different groups of n_A n_B (mean r_AB)^2.
    found: f64,
    /// Share of the expected sum that the fit has taken.
    pub taken: f64,
    /// What of it lies along trends.
    along: AlongTrends,
    /// Whether the level is told by the rest alone, if residuals along trends exceed it beyond doubt: misfit, not noise.
    pub trends_aside: bool,
}

/// A part of the residuals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Sum of squares.
    pub found: f64,
    /// What is to be expected of it.
    pub expected: f64,
    /// Degrees of freedom.
    pub degrees: f64,
}

impl Part {
    /// Mean square over degrees of freedom, in units of what is expected.
    #[must_use]
    pub fn excess(self) -> f64 {
        if self.expected > 0.0 { self.found / self.expected } else { 0.0 }
    }
}

impl Known {
    /// The white part for a number of speckles.
    fn white(&self, root_speckle: f64) -> f64 {
        let (square, linear) = self.factors();
        let half = 0.5 * linear * root_speckle;
        let speckles = self.leak * (self.contrast * root_speckle).powi(2);
        let white = (self.sigma * self.sigma - speckles).max(0.0) / self.shared.seen();
        ((half * half + square * white).sqrt() - half) / square
    }

    /// Factors of w^2 and w in N sigma^2.
    fn factors(&self) -> (f64, f64) {
        let beta = self.contrast;
        (1.0 + beta * self.mean_h, 2.0 * beta + beta * beta * (4.0 * self.mean_h - 2.0 * self.mean_h2))
    }

    /// Noise of smooth sums with so many speckles.
    #[must_use]
    pub fn noise(&self, root_speckle: f64) -> Noise {
        Noise { contrast: self.contrast, root_speckle, white: self.white(root_speckle) * self.shared.widening() }
    }

    /// 1/sqrt(N) from the raw diagonal, where photons are few enough for it to tell.
    #[must_use]
    pub fn from_diagonal(&self) -> Option<f64> {
        let white = self.diagonal? - self.contrast;
        let (square, linear) = self.factors();
        let told = white > TELLING * self.contrast && self.sigma > 0.0;
        told.then(|| self.sigma / self.shared.seen().sqrt() / (square * white * white + linear * white).sqrt())
    }

    /// 1/sqrt(N) is not above this.
    #[must_use]
    pub fn most(&self) -> f64 {
        FEWEST_SPECKLES.sqrt().recip()
    }

    /// 1/sqrt(N) is not below this.
    #[must_use]
    pub fn least(&self) -> f64 {
        self.pixels.filter(|&pixels| pixels > FEWEST_SPECKLES).map_or(0.0, |pixels| pixels.sqrt().recip())
    }
}

/// Trends are not believed to take more than this share of the noise.
const MOST_ALONG: f64 = 0.95;
/// The fit leaves at least this share of it.
const LEAST_LEFT: f64 = 0.1;

/// A diagonal tells w where it exceeds the contrast by this much of it.
const TELLING: f64 = 0.3;

impl Energy {
    /// Of the residuals of an angle, which count `unit`-fold in their sums.
    #[must_use]
    pub fn of((blocks, trends): (&Blocks, &Trends), known: Known, sums: &ResidualSums, unit: f64) -> Self {
        let column = sums.width - 1;
        let energy = |(a, b): (usize, usize)| {
            let sum = sums.score(a, b)[column] / unit;
            sum * sum / (blocks.counts()[a] * blocks.counts()[b])
        };
        let found = blocks.pairs().map(energy).sum();
        let known = Known { leak: blocks.leak(), fast: blocks.fast(), ..known };
        Energy {
            along: trends.along(sums, unit),
            moments: blocks.moments(),
            known,
            found,
            taken: 0.0,
            trends_aside: false,
        }
    }

    /// The sum that tells the level, with so many speckles.
    #[must_use]
    pub fn telling(&self, root_speckle: f64) -> Part {
        let (all, degrees) = (self.before_fit(root_speckle), self.degrees(root_speckle));
        match self.trends_aside {
            false => Part { found: self.found, expected: all * (1.0 - self.taken), degrees },
            true => self.parts(root_speckle)[1],
        }
    }

    /// Residuals along trends, less what the fit has taken, and the rest.
    #[must_use]
    pub fn parts(&self, root_speckle: f64) -> [Part; 2] {
        let (all, degrees) = (self.before_fit(root_speckle), self.degrees(root_speckle));
        let noise = self.known.noise(root_speckle);
        let (along, of_along) = self.along.expected(noise);
        let share = (along / self.moments.gaussian(noise).max(f64::MIN_POSITIVE)).min(MOST_ALONG);
        let left = (share - self.taken).max(LEAST_LEFT * share);
        let of_along = of_along.min(MOST_ALONG * degrees);
        [
            Part { found: self.along.found, expected: all * left, degrees: (of_along * left / share).max(1.0) },
            Part { found: self.found - self.along.found, expected: all * (1.0 - share), degrees: degrees - of_along },
        ]
    }

    /// The same, with nothing taken by the fit.
    #[must_use]
    pub fn before_fit(&self, root_speckle: f64) -> f64 {
        self.moments.variance(self.known.noise(root_speckle))
    }

    /// Degrees of freedom of the sum.
    #[must_use]
    pub fn degrees(&self, root_speckle: f64) -> f64 {
        self.moments.degrees(self.known.noise(root_speckle))
    }

    /// Variance of speckles, and of speckles in one frame times photons in the other, that is lost within a few frames, and the white
    /// variance of single values: where the first is not small, what neighbouring values share may be speckles.
    #[must_use]
    pub fn fast_and_white(&self, Noise { contrast: beta, root_speckle: x, white }: Noise) -> (f64, f64) {
        (self.known.fast * beta * x * (beta * x + white), self.known.sigma.powi(2))
    }

    /// Mean variance of one value, and the part of it that is smooth.
    #[must_use]
    pub fn variance(&self, noise: Noise) -> (f64, f64) {
        let Noise { contrast: beta, root_speckle: x, white } = noise;
        let white = white / self.known.shared.widening();
        let (h, h2) = (self.known.mean_h, self.known.mean_h2);
        let (square, linear) = self.known.factors();
        let smooth = x * x * beta * beta * (1.0 + h2 + beta * (4.0 * h - 4.0 * h2));
        (smooth + square * white * white + linear * white * x, smooth)
    }
}
