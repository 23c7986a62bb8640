//! Makes a beamline file (APS-U layout) from a known truth. It knows no fit.

pub mod speckle;

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::experiment::{Angle, Experiment, TimeGrid};
use crate::listener::{Event, Watch};
use crate::model::catalogue::Model;
use crate::model::pair::PairEvaluator;
use crate::model::time_tables::ThetaTables;
use crate::parameters::definitions::{AnalysisMode, ShearConvention};
use crate::parameters::scaling::AngleScaling;
use hdf5_pure::FileBuilder;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::path::Path;

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
    /// Correlate this many simulated speckles per angle; `None` takes the model itself.
    pub speckles: Option<usize>,
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
        let angle = |&phi_degrees: &f64| Angle { phi_degrees, sigma: self.noise.sigma, masked_frames: Vec::new() };
        Experiment {
            q_per_angstrom: self.q_per_angstrom,
            gap_angstrom: Some(self.gap_angstrom),
            time: TimeGrid { n_frames: self.n_frames, dt_seconds: self.dt_seconds, start_seconds: 0.0 },
            angles: self.phi_degrees.iter().map(angle).collect(),
        }
    }

    /// c2 of all pairs of one angle, upper triangle, zeros below and on the diagonal.
    ///
    /// # Errors
    /// Parameter if speckles cannot be simulated.
    pub fn correlations(&self, model: &Model, tables: &ThetaTables, angle: usize) -> Result<Vec<f64>> {
        let (n, phi) = (self.n_frames, self.phi_degrees[angle]);
        let evaluator = PairEvaluator::new(model, tables, &self.theta, phi);
        let scaling = self.scaling(phi);
        let (contrast, offset) = (scaling.contrast, scaling.offset());
        // One stream per angle, so that an angle's noise does not depend on the others.
        let mut random =
            Xoshiro256PlusPlus::seed_from_u64(self.seed ^ (angle as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let speckles = match self.noise.speckles {
            None => None,
            Some(count) => Some(speckle::correlation(n, &|i, j| evaluator.field(i, j), contrast, count, &mut random)?),
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
            for j in i + 1..n {
                let signal = match &speckles {
                    None => contrast * evaluator.at(i, j).h,
                    Some(correlations) => correlations[i * n + j],
                };
                matrix[i * n + j] = offset + signal + normal();
            }
        }
        Ok(matrix)
    }

    /// The matrix of one angle as beam lines write it: upper triangle and diagonal, zeros below.
    fn matrix(&self, model: &Model, tables: &ThetaTables, angle: usize) -> Result<Vec<f64>> {
        let n = self.n_frames;
        let mut matrix = self.correlations(model, tables, angle)?;
        let scaling = self.scaling(self.phi_degrees[angle]);
        // The diagonal is self-correlation with photon noise, far above the rest: not data.
        (0..n).for_each(|i| matrix[i * n + i] = scaling.offset() + 2.0 * scaling.contrast);
        for dead in self.dead_frames.iter().filter_map(|frame| frame.checked_sub(1)).filter(|&frame| frame < n) {
            for other in 0..n {
                matrix[dead * n + other] = 0.0;
                matrix[other * n + dead] = 0.0;
            }
        }
        Ok(matrix)
    }

    fn check(&self) -> Result<()> {
        self.experiment().check()?;
        let expected = self.mode.n_parameters();
        if self.theta.len() != expected {
            let found = format!("{} parameters", self.theta.len());
            return Err(Fault::at("simulate", found)
                .expected(format!("{expected} for {}", self.mode.name()))
                .code(Code::E62)
                .parameter());
        }
        if !self.all_q().windows(2).all(|pair| pair[0] < pair[1]) {
            let found = format!("{:?}", self.all_q());
            return Err(Fault::at("simulate --q", found).expected("ascending wavevectors").code(Code::E62).parameter());
        }
        if self.noise.speckles.is_some_and(|count| count < 2) {
            return Err(Fault::at("simulate --speckles", "fewer than 2")
                .expected("at least 2")
                .code(Code::E62)
                .parameter());
        }
        Ok(())
    }

    /// Writes the file, all at once by a rename. Holds all matrices in memory.
    ///
    /// # Errors
    /// Parameter for impossible numbers, Io if the file cannot be written.
    pub fn write(&self, path: &Path, watch: &Watch<'_>) -> Result<()> {
        self.check()?;
        let mut file = FileBuilder::new();
        let mut xpcs = file.create_group("xpcs");
        let mut twotime = xpcs.create_group("twotime");
        let mut map = twotime.create_group("correlation_map");
        let n_angles = self.phi_degrees.len();
        for (ring, q) in self.all_q().into_iter().enumerate() {
            let of_q = Simulation { q_per_angstrom: q, seed: self.seed + 1000 * ring as u64, ..self.clone() };
            of_q.add_matrices(&mut map, ring * n_angles, &|done| {
                let (done, all) = (ring * n_angles + done, self.all_q().len() * n_angles);
                watch.tell(&Event::Angles { work: "simulate", done, all });
                watch.check()
            })?;
        }
        twotime.add_group(map.finish());
        self.add_bins(&mut twotime);
        xpcs.add_group(twotime.finish());
        xpcs.add_group(self.qmap(&mut file));
        file.add_group(xpcs.finish());
        let entry = self.entry(&mut file);
        file.add_group(entry);
        let staging = path.with_extension(format!("staging-{}", std::process::id()));
        let written = file
            .write(&staging)
            .map_err(|source| Fault::at(path.display(), "cannot be written").code(Code::E73).source(source).io());
        let published = written.and_then(|()| std::fs::rename(&staging, path).map_err(crate::error::io_at(path)));
        if published.is_err() {
            let _ = std::fs::remove_file(&staging);
        }
        published
    }

    fn all_q(&self) -> Vec<f64> {
        [&[self.q_per_angstrom], &self.further_q[..]].concat()
    }

    /// The matrices of one q, numbered from `first`.
    fn add_matrices(
        &self,
        map: &mut hdf5_pure::GroupBuilder,
        first: usize,
        told: &dyn Fn(usize) -> Result<()>,
    ) -> Result<()> {
        let model = Model::new(self.mode, self.convention, &self.experiment())?;
        let tables = model.tables(&self.theta);
        let n = self.n_frames as u64;
        for angle in 0..self.phi_degrees.len() {
            let matrix = self.matrix(&model, &tables, angle)?;
            let dataset = map.create_dataset(&format!("c2_{:05}", first + angle + 1));
            match self.width {
                Width::F32 => dataset.with_f32_data(&matrix.iter().map(|&value| value as f32).collect::<Vec<f32>>()),
                Width::F64 => dataset.with_f64_data(&matrix),
            };
            dataset.with_shape(&[n, n]).with_chunks(&[n, n]).with_lzf();
            told(angle + 1)?;
        }
        Ok(())
    }

    fn add_bins(&self, twotime: &mut hdf5_pure::GroupBuilder) {
        let labels: Vec<i32> = (1..=(self.all_q().len() * self.phi_degrees.len()) as i32).collect();
        twotime.create_dataset("processed_bins").with_i32_data(&labels);
        let mut config = twotime.create_group("config");
        for (name, value) in [("avg_frame", 1), ("stride_frame", 1), ("begin_frame", 0), ("end_frame", -1)] {
            config.create_dataset(name).with_i64_data(&[value]).with_shape(&[]);
        }
        twotime.add_group(config.finish());
    }

    /// The first q ring is empty: labels lead to (q, phi) through the index mapping only.
    fn qmap(&self, file: &mut FileBuilder) -> hdf5_pure::FinishedGroup {
        let n_phi = self.phi_degrees.len() as u32;
        let mut qmap = file.create_group("qmap");
        let rings = [&[0.5 * self.q_per_angstrom], &self.all_q()[..]].concat();
        let n_q = rings.len() as u32;
        qmap.create_dataset("dynamic_v_list_dim0").with_f64_data(&rings);
        qmap.create_dataset("dynamic_v_list_dim1").with_f64_data(&self.phi_degrees);
        qmap.create_dataset("dynamic_num_pts").with_i64_data(&[i64::from(n_q), i64::from(n_phi)]);
        qmap.create_dataset("dynamic_index_mapping").with_u32_data(&(n_phi..n_q * n_phi).collect::<Vec<u32>>());
        qmap.create_dataset("map_names").with_vlen_strings(&["q", "phi"]);
        qmap.create_dataset("map_units").with_vlen_strings(&["1/A", "deg"]);
        qmap.finish()
    }

    fn entry(&self, file: &mut FileBuilder) -> hdf5_pure::FinishedGroup {
        let mut entry = file.create_group("entry");
        let mut instrument = entry.create_group("instrument");
        let mut detector = instrument.create_group("detector_1");
        for name in ["frame_time", "count_time"] {
            detector.create_dataset(name).with_f64_data(&[self.dt_seconds]).with_shape(&[]);
        }
        instrument.add_group(detector.finish());
        entry.add_group(instrument.finish());
        entry.finish()
    }
}
