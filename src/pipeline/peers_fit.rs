//! `fitted_data.npz`, as homodyne, xpcsjax and `report --npz` write it: data of every angle, and the fit if there is one, as something to look at.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::experiment::{Angle, Experiment, TimeGrid};
use crate::ingest::files::npz::{Array, Npz};
use crate::pipeline::looked_at::LookedAt;
use crate::pipeline::peers_files::names::{DATA, FIT, PHI, Q, T1};
use crate::sweep::raw::picture_patches::{Grain, IntoPicture, Level};
use crate::units::lengths as axes;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// An open file.
pub struct PeersFit {
    path: PathBuf,
    experiment: Experiment,
    arrays: Mutex<Arrays>,
}

/// Data and fit, which are read from the first angle to the last.
struct Arrays {
    data: Array,
    fit: Option<Array>,
    /// The angle that comes next.
    next: usize,
}

impl PeersFit {
    /// The fit itself stands where a model has contrast and offset.
    pub const LEVEL: Level = Level { contrast: 1.0, offset_less_one: 0.0, sigma: 0.0 };

    /// Opens a file.
    ///
    /// # Errors
    /// E03 if it holds other arrays; Io.
    pub fn open(path: &Path) -> Result<Self> {
        let mut npz = Npz::open(path)?;
        let phi_degrees = npz.all(PHI)?;
        let arrays = Arrays::open(&mut npz)?;
        let lengths = arrays.data.shape.lengths.clone();
        let n_frames = lengths.last().copied().unwrap_or_default();
        let is_as_data = |fit: &Array| fit.shape.lengths == lengths;
        if lengths != [phi_degrees.len(), n_frames, n_frames] || !arrays.fit.as_ref().is_none_or(is_as_data) {
            return Err(Fault::at(
                path.display(),
                format!("{DATA} of {} for {} angles", axes(&lengths), phi_degrees.len()),
            )
            .expected(format!("{DATA}, and {FIT} if it is there, of angles x frames x frames"))
            .code(Code::E03)
            .format());
        }
        let times = npz.all(T1)?;
        let start_seconds = times.first().copied().unwrap_or_default();
        // Some write times as a mesh: along the axis that runs fastest they may be constant.
        let later = times.iter().copied().filter(|time| *time > start_seconds).fold(f64::INFINITY, f64::min);
        let angle = |phi_degrees: f64| Angle { phi_degrees, sigma: 0.0, ..Angle::default() };
        let experiment = Experiment {
            q_per_angstrom: npz.all(Q)?.first().copied().unwrap_or_default(),
            gap_angstrom: None,
            time: TimeGrid { n_frames, dt_seconds: later - start_seconds, start_seconds: 0.0, first_frame: 1 },
            angles: phi_degrees.into_iter().map(angle).collect(),
        };
        experiment.check()?;
        Ok(PeersFit { path: path.to_path_buf(), experiment, arrays: Mutex::new(arrays) })
    }

    /// What was measured.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Whether there is a fit beside the data.
    pub fn has_fit(&self) -> bool {
        self.arrays.lock().unwrap_or_else(PoisonError::into_inner).fit.is_some()
    }

    /// Data of one angle, and the fit if there is one.
    fn read(&self, angle: usize) -> Result<(Vec<f64>, Option<Vec<f64>>)> {
        let mut arrays = self.arrays.lock().unwrap_or_else(PoisonError::into_inner);
        if angle < arrays.next {
            *arrays = Arrays::open(&mut Npz::open(&self.path)?)?;
        }
        let count = self.experiment.time.n_frames.pow(2);
        let passed = (angle - arrays.next) * count;
        arrays.data.skip(passed)?;
        arrays.next = angle + 1;
        let of_fit = |fit: &mut Array| fit.skip(passed).and_then(|()| fit.numbers(count));
        let fit = arrays.fit.as_mut().map(of_fit).transpose()?;
        Ok((arrays.data.numbers(count)?, fit))
    }
}

impl Arrays {
    fn open(npz: &mut Npz) -> Result<Self> {
        let has_fit = npz.names().iter().any(|name| name == FIT);
        let fit = has_fit.then(|| npz.array(FIT)).transpose()?;
        Ok(Arrays { data: npz.array(DATA)?, fit, next: 0 })
    }
}

impl LookedAt for PeersFit {
    fn sums<'g>(&self, angle: usize, level: Level, grain: &'g Grain) -> Result<IntoPicture<'g>> {
        let (data, fit) = self.read(angle)?;
        let n = self.experiment.time.n_frames;
        let mut into = IntoPicture::new(grain, level);
        for i in 0..n {
            for j in i + 1..n {
                let (y, h) = (data[i * n + j] - 1.0, fit.as_ref().map_or(0.0, |fit| fit[i * n + j] - 1.0));
                if y.is_finite() && h.is_finite() {
                    into.take((i, j), h, y);
                }
            }
        }
        Ok(into)
    }

    /// Noise of means is not known.
    fn h(&self, _angle: usize, _frames: (usize, usize)) -> f64 {
        0.0
    }
}
