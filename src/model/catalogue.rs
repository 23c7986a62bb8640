//! Which models there are and what one of them needs before its pairs can be filled. It fills none itself.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::experiment::Experiment;
use crate::model::decay::DecayTables;
use crate::model::diffusion::rows::{STATIC_WIDTH, StaticRows};
use crate::model::frame_table::FrameTable;
use crate::model::laminar_flow::rows::{LAMINAR_WIDTH, LaminarRows};
use crate::model::laminar_flow::shear::Kappa;
use crate::model::time_tables::{Constants, ThetaTables, TimeTables};
use crate::parameters::definitions::{AnalysisMode, ShearConvention};
use std::f64::consts::PI;

/// What can be chosen about the physics besides mode and parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelSettings {
    /// What gamma_dot means (without effect in static mode).
    pub convention: ShearConvention,
    /// Stator-rotor gap in angstrom; needed under laminar flow only.
    pub gap_angstrom: Option<f64>,
}

impl Default for ModelSettings {
    fn default() -> Self {
        ModelSettings { convention: ShearConvention::Homodyne, gap_angstrom: None }
    }
}

/// A model of one experiment: mode, convention and constants.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Mode.
    pub mode: AnalysisMode,
    /// Shear convention (without effect in static mode).
    pub convention: ShearConvention,
    /// Constants of the time tables.
    pub constants: Constants,
    /// Gap in angstrom; zero in static mode.
    pub(crate) gap_angstrom: f64,
}

/// Pairs of one angle at one theta.
#[derive(Debug)]
pub enum AngleRows<'a> {
    /// Static mode.
    Static(StaticRows<'a>),
    /// Laminar flow.
    Laminar(LaminarRows<'a>),
}

impl Model {
    /// The model of an experiment.
    ///
    /// # Errors
    /// [`crate::error::Error::Config`] if laminar flow is asked for and no gap is known.
    pub fn new(mode: AnalysisMode, convention: ShearConvention, experiment: &Experiment) -> Result<Self> {
        experiment.check()?;
        let constants = Constants { q_per_angstrom: experiment.q_per_angstrom, time: experiment.time };
        let gap = match (mode, experiment.gap_angstrom) {
            (AnalysisMode::Static, _) => 0.0,
            (AnalysisMode::LaminarFlow, Some(gap)) => gap,
            (AnalysisMode::LaminarFlow, None) => return Err(missing_gap()),
        };
        Ok(Model { mode, convention, constants, gap_angstrom: gap })
    }

    /// Tables of `theta` = [D0, alpha, D_offset (, gamma_dot_t0, beta, gamma_dot_t_offset, phi0)].
    #[must_use]
    pub fn tables(&self, theta: &[f64]) -> ThetaTables {
        let time = TimeTables::new(&self.constants, theta);
        let decay = DecayTables::new(&time.exponent);
        let quantities = FrameTable::new(&time.quantities());
        ThetaTables { time, decay, quantities }
    }

    /// The pairs of the angle `phi_degrees`.
    #[must_use]
    pub fn rows<'a>(&self, tables: &'a ThetaTables, theta: &[f64], phi_degrees: f64) -> AngleRows<'a> {
        match self.mode {
            AnalysisMode::Static => AngleRows::Static(StaticRows::new(tables)),
            AnalysisMode::LaminarFlow => {
                let kappa = self.kappa(theta, phi_degrees);
                AngleRows::Laminar(LaminarRows::new(tables, kappa, self.convention))
            }
        }
    }

    /// Argument of the sinc per frame and unit of shear rate, along the flow.
    pub(crate) fn kappa_prefactor(&self) -> f64 {
        let q_gap_dt = self.constants.q_per_angstrom * self.gap_angstrom * self.constants.time.dt_seconds;
        match self.convention {
            ShearConvention::Homodyne => q_gap_dt / (2.0 * PI),
            ShearConvention::GapAverage => q_gap_dt / 2.0,
        }
    }

    /// Zero in static mode.
    pub(crate) fn kappa(&self, theta: &[f64], phi_degrees: f64) -> Kappa {
        if self.mode == AnalysisMode::Static {
            return Kappa { value: 0.0, d_phi0: 0.0 };
        }
        let prefactor = self.kappa_prefactor();
        let difference = (theta[6] - phi_degrees).to_radians();
        Kappa { value: prefactor * difference.cos(), d_phi0: -prefactor * difference.sin() * PI / 180.0 }
    }
}

/// Work on rows `[dh/dtheta .., h, 1, y]`, whose width P + 3 is the model's.
pub trait WithWidth {
    /// The result.
    type Output;

    /// Works on rows of width `W`.
    fn run<const W: usize>(self) -> Self::Output;
}

impl Model {
    /// Runs work at the model's width.
    pub fn with_width<Op: WithWidth>(&self, op: Op) -> Op::Output {
        match self.mode {
            AnalysisMode::Static => op.run::<STATIC_WIDTH>(),
            AnalysisMode::LaminarFlow => op.run::<LAMINAR_WIDTH>(),
        }
    }
}

fn missing_gap() -> crate::error::Error {
    Fault::at("analyzer_parameters.geometry.stator_rotor_gap", "not given")
        .expected("the gap in angstrom, because analysis_mode is laminar_flow")
        .code(Code::E62)
        .config()
}
