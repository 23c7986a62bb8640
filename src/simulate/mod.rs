//! Makes a measurement from a known truth: what is in it (here), how its speckles scatter (`intensities`), how it is written
//! (`file`). It knows no fit.

mod file;
pub mod intensities;

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::experiment::{Angle, Experiment, TimeGrid, wrap_degrees};
use crate::listener::StopFlag;
use crate::model::catalogue::Model;
use crate::model::pair::PairEvaluator;
use crate::model::time_tables::ThetaTables;
use crate::parameters::definitions::{AnalysisMode, ShearConvention};
use crate::parameters::scaling::AngleScaling;
use crate::simulate::intensities::Intensities;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// Width of the simulated values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 32 bit, as beamlines write.
    F32,
    /// 64 bit.
    F64,
}

/// What makes a simulated measurement scatter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Standard deviation of Gaussian noise, independent from pair to pair.
    pub sigma: f64,
    /// What it is added to.
    pub scatter: Scatter,
}

/// What pairs of frames have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scatter {
    /// Nothing: the model itself.
    Pairs,
    /// Intensities as a detector counts them, with their raw diagonal.
    Intensities {
        /// Pixels of one speckle each, per angle.
        speckles: usize,
        /// Mean photons per pixel and frame; zero counts none.
        counts: f64,
    },
}

/// Everything about a simulated measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// Mode.
    pub mode: AnalysisMode,
    /// Shear convention.
    pub convention: ShearConvention,
    /// Physical parameters, in order.
    pub theta: Vec<f64>,
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// Larger wavevectors in the same file, ascending.
    pub further_q: Vec<f64>,
    /// Gap in angstrom.
    pub gap_angstrom: f64,
    /// Frame interval in seconds.
    pub dt_seconds: f64,
    /// Frames.
    pub n_frames: usize,
    /// Azimuths in degrees.
    pub phi_degrees: Vec<f64>,
    /// Contrast.
    pub contrast: f64,
    /// Offset.
    pub offset: f64,
    /// Relative amplitude of a smooth change of contrast with the angle (offset: a tenth of it).
    pub scaling_variation: f64,
    /// Noise.
    pub noise: Noise,
    /// Seed of the noise.
    pub seed: u64,
    /// Frames without intensity, 1-based: their rows and columns are zero.
    pub dead_frames: Vec<usize>,
    /// Width of the values.
    pub width: Width,
}

/// Most bins of a file.
const MOST_BINS: usize = 100_000;
/// Most speckles of an angle.
const MOST_SPECKLES: usize = 100_000_000;

fn wrong(place: &str, found: String, expected: &str) -> Result<()> {
    Err(Fault::at(place, found).expected(expected).code(Code::E62).parameter())
}

/// Numbers beside a correlation of about 1.
const MOST: f64 = 1e6;

impl Simulation {
    /// Contrast and offset of an angle.
    #[must_use]
    pub fn scaling(&self, phi_degrees: f64) -> AngleScaling {
        let phi = phi_degrees.to_radians();
        let contrast = self.contrast * (1.0 + self.scaling_variation * (phi.cos() - 0.5 * (2.0 * phi).sin()));
        AngleScaling::new(contrast, self.offset * (1.0 + 0.1 * self.scaling_variation * phi.sin()))
    }

    /// What is measured.
    #[must_use]
    pub fn experiment(&self) -> Experiment {
        let angle = |&phi_degrees: &f64| Angle {
            phi_degrees,
            sigma: self.noise.sigma,
            masked_frames: Vec::new(),
            ..Angle::default()
        };
        Experiment {
            q_per_angstrom: self.q_per_angstrom,
            gap_angstrom: Some(self.gap_angstrom),
            time: TimeGrid { n_frames: self.n_frames, dt_seconds: self.dt_seconds, start_seconds: 0.0, first_frame: 1 },
            angles: self.phi_degrees.iter().map(angle).collect(),
        }
    }

    /// Pixels of a bin, where intensities are simulated.
    #[must_use]
    pub fn pixels(&self) -> Option<usize> {
        match self.noise.scatter {
            Scatter::Intensities { speckles, .. } => Some(speckles),
            _ => None,
        }
    }

    fn intensities(&self, contrast: f64) -> Option<Intensities> {
        match self.noise.scatter {
            Scatter::Pairs => None,
            Scatter::Intensities { speckles, counts } => {
                Some(Intensities::of_modes(self.n_frames, speckles, contrast, counts))
            }
        }
    }

    /// c2 of all pairs of one angle, upper triangle and raw diagonal, zeros below.
    ///
    /// # Errors
    /// Parameter if speckles cannot be simulated.
    pub fn correlations(&self, model: &Model, tables: &ThetaTables, angle: usize, stop: &StopFlag) -> Result<Vec<f64>> {
        let (n, phi) = (self.n_frames, self.phi_degrees[angle]);
        let evaluator = PairEvaluator::new(model, tables, &self.theta, phi);
        let scaling = self.scaling(phi);
        let (contrast, offset) = (scaling.contrast, scaling.offset());
        // One stream per angle, so that an angle's noise does not depend on the others.
        let mut random =
            Xoshiro256PlusPlus::seed_from_u64(self.seed ^ (angle as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let measured = match self.intensities(contrast) {
            None => None,
            Some(intensities) => Some(intensities.c2(&|i, j| evaluator.field(i, j), &mut random, stop)?),
        };
        let sigma = self.noise.sigma;
        let mut normal = || match sigma > 0.0 {
            true => {
                let normal: f64 = StandardNormal.sample(&mut random);
                sigma * normal
            }
            false => 0.0,
        };
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            // Without intensities the diagonal is a stand-in: self-correlation with photon noise, far above the rest.
            matrix[i * n + i] = measured.as_ref().map_or(offset + 2.0 * contrast, |c2| c2[(i, i)]);
            for j in i + 1..n {
                // The offset of intensities is 1; a frame without photons stays zero.
                let value = match &measured {
                    None => offset + contrast * evaluator.at(i, j).h,
                    Some(c2) if c2[(i, j)] == 0.0 && c2[(i, i)] * c2[(j, j)] == 0.0 => continue,
                    Some(c2) => c2[(i, j)] + (offset - 1.0),
                };
                matrix[i * n + j] = value + normal();
            }
        }
        Ok(matrix)
    }

    /// The matrix of one angle as beam lines write it: upper triangle and diagonal, zeros below.
    fn matrix(&self, model: &Model, tables: &ThetaTables, angle: usize, stop: &StopFlag) -> Result<Vec<f64>> {
        let n = self.n_frames;
        let mut matrix = self.correlations(model, tables, angle, stop)?;
        for dead in self.dead_frames.iter().filter_map(|frame| frame.checked_sub(1)).filter(|&frame| frame < n) {
            for other in 0..n {
                matrix[dead * n + other] = 0.0;
                matrix[other * n + dead] = 0.0;
            }
        }
        Ok(matrix)
    }

    fn check(&self) -> Result<()> {
        self.check_numbers()?;
        self.experiment().check()?;
        let expected = self.mode.n_parameters();
        if self.theta.len() != expected {
            let expected = format!("{expected} for {}", self.mode.name());
            return wrong("simulate", format!("{} parameters", self.theta.len()), &expected);
        }
        if !self.all_q().windows(2).all(|pair| pair[0] < pair[1]) {
            return wrong(
                "simulate --q",
                self.all_q().iter().map(f64::to_string).collect::<Vec<String>>().join(", "),
                "ascending wavevectors",
            );
        }
        self.check_scatter()
    }

    /// Numbers are finite and of a possible size.
    fn check_numbers(&self) -> Result<()> {
        let dead = self.dead_frames.iter().find(|&&frame| !(1..=self.n_frames).contains(&frame));
        if let Some(frame) = dead {
            return wrong("simulate --dead-frames", frame.to_string(), "frames of the measurement, the first is 1");
        }
        let n_bins = self.phi_degrees.len().saturating_mul(self.all_q().len());
        if n_bins > MOST_BINS {
            return wrong("simulate --angles, --q", format!("{n_bins} bins"), &format!("at most {MOST_BINS}"));
        }
        let named = [
            ("--contrast", self.contrast),
            ("--offset", self.offset),
            ("--scaling-variation", self.scaling_variation),
            ("--sigma", self.noise.sigma),
        ];
        let parameters = self.theta.iter().map(|&value| ("--parameter", value));
        if let Some((name, value)) = named.into_iter().find(|(_, value)| !(-MOST..=MOST).contains(value)) {
            return wrong(&format!("simulate {name}"), value.to_string(), &format!("a number up to {MOST:e}"));
        }
        if let Some((name, value)) = parameters.into_iter().find(|(_, value)| !(-1e30..=1e30).contains(value)) {
            return wrong(&format!("simulate {name}"), value.to_string(), "a number up to 1e30");
        }
        self.check_angles()
    }

    /// Azimuths are possible, and no two are one.
    fn check_angles(&self) -> Result<()> {
        if let Some(phi) = self.phi_degrees.iter().find(|phi| !(-360.0..=360.0).contains(*phi)) {
            return wrong("simulate --phi", phi.to_string(), "azimuths of -360 to 360 degrees");
        }
        let mut sorted: Vec<(f64, f64)> = self.phi_degrees.iter().map(|&phi| (wrap_degrees(phi), phi)).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        match sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => wrong("simulate --phi", format!("{} and {}", pair[0].1, pair[1].1), "every azimuth once"),
            None => Ok(()),
        }
    }

    fn check_scatter(&self) -> Result<()> {
        let (speckles, counts) = match self.noise.scatter {
            Scatter::Pairs => return Ok(()),
            Scatter::Intensities { speckles, counts } => (speckles, counts),
        };
        let contrasts = self.phi_degrees.iter().map(|&phi| self.scaling(phi).contrast);
        if let Some(contrast) = contrasts.into_iter().find(|contrast| !(0.001..=1.0).contains(contrast)) {
            return wrong(
                "simulate --contrast",
                contrast.to_string(),
                "0.001 to 1, as speckles have it, at every angle",
            );
        }
        match (speckles, counts) {
            (speckles, _) if !(2..=MOST_SPECKLES).contains(&speckles) => {
                wrong("simulate --speckles", speckles.to_string(), &format!("2 to {MOST_SPECKLES}"))
            }
            (_, counts) if !(0.0..=1e9).contains(&counts) => wrong(
                "simulate --counts",
                counts.to_string(),
                "mean photons per pixel and frame, 0 for no photon noise",
            ),
            _ => Ok(()),
        }
    }

    /// Wavevectors of the file, ascending.
    #[must_use]
    pub fn all_q(&self) -> Vec<f64> {
        [&[self.q_per_angstrom], &self.further_q[..]].concat()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub fn small() -> Simulation {
        Simulation {
            mode: AnalysisMode::Static,
            convention: ShearConvention::Homodyne,
            theta: vec![60_000.0, -0.35, 0.0],
            q_per_angstrom: 0.0054,
            further_q: vec![],
            gap_angstrom: 2e6,
            dt_seconds: 0.1,
            n_frames: 50,
            phi_degrees: vec![-45.0, 0.0],
            contrast: 0.2,
            offset: 1.0,
            scaling_variation: 0.0,
            noise: Noise { sigma: 0.0, scatter: Scatter::Intensities { speckles: 100, counts: 0.5 } },
            seed: 1,
            dead_frames: vec![],
            width: Width::F64,
        }
    }

    #[test]
    fn impossible_numbers_of_intensities_are_refused() {
        let with = |change: &dyn Fn(&mut Simulation)| {
            let mut changed = small();
            change(&mut changed);
            changed.check().map_err(|error| error.to_string())
        };
        assert!(with(&|_| ()).is_ok());
        let scatter = |speckles, counts| Scatter::Intensities { speckles, counts };
        for (place, wrong) in [
            ("--contrast", with(&|known| known.contrast = 1.5)),
            ("--speckles", with(&|known| known.noise.scatter = scatter(1, 0.5))),
            ("--counts", with(&|known| known.noise.scatter = scatter(100, f64::NAN))),
            ("--speckles", with(&|known| known.noise.scatter = scatter(usize::MAX, 0.5))),
            ("--parameter", with(&|known| known.theta[0] = f64::NAN)),
            ("--phi", with(&|known| known.phi_degrees[0] = f64::NAN)),
            ("--phi", with(&|known| known.phi_degrees[0] = known.phi_degrees[1])),
            ("--phi", with(&|known| known.phi_degrees = vec![180.0, 3.0, -180.0])),
            ("--dead-frames", with(&|known| known.dead_frames = vec![0])),
        ] {
            assert!(wrong.expect_err("impossible").contains(place));
        }
    }
}
