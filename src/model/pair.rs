//! The slow twin: one pair at a time, straight from the formulas. It defines what the fast rows must equal.

use crate::model::catalogue::Model;
use crate::model::laminar_flow::shear::{Kappa, field_decay, shear_decay};
use crate::model::time_tables::{ThetaTables, TimeTables};

/// h of one pair, and dh/dtheta in the order of theta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairValue {
    /// h(phi, i, j).
    pub h: f64,
    /// dh/dtheta; zeros behind the model's parameters.
    pub dh: [f64; 7],
}

/// Evaluates single pairs of one angle at one theta.
#[derive(Debug)]
pub struct PairEvaluator<'a> {
    model: &'a Model,
    time: &'a TimeTables,
    kappa: Kappa,
}

impl<'a> PairEvaluator<'a> {
    /// For the angle `phi_degrees`.
    #[must_use]
    pub fn new(model: &'a Model, tables: &'a ThetaTables, theta: &[f64], phi_degrees: f64) -> Self {
        PairEvaluator { model, time: &tables.time, kappa: model.kappa(theta, phi_degrees) }
    }

    /// On any time tables, those of groups of frames for one, and for any kappa.
    #[must_use]
    pub fn on(model: &'a Model, time: &'a TimeTables, kappa: Kappa) -> Self {
        PairEvaluator { model, time, kappa }
    }

    /// The field correlation g1(phi, i, j) of the frames i < j, with h = g1^2.
    #[must_use]
    pub fn field(&self, i: usize, j: usize) -> f64 {
        let time = self.time;
        let decay = (-0.5 * (time.exponent[j] - time.exponent[i])).exp();
        let strain = time.shear.as_ref().map_or(0.0, |shear| shear.value[j] - shear.value[i]);
        decay * field_decay(self.model.convention, self.kappa.value * strain)
    }

    /// h of the frames i < j, without derivatives.
    #[must_use]
    pub fn h(&self, i: usize, j: usize) -> f64 {
        let time = self.time;
        let decay = (-(time.exponent[j] - time.exponent[i])).exp();
        match &time.shear {
            None => decay,
            Some(shear) => {
                decay * shear_decay(self.model.convention, self.kappa.value * (shear.value[j] - shear.value[i])).0
            }
        }
    }

    /// h and dh/dtheta of the frames i < j.
    #[must_use]
    pub fn at(&self, i: usize, j: usize) -> PairValue {
        let time = self.time;
        let decay = (-(time.exponent[j] - time.exponent[i])).exp();
        let between = |table: &[f64]| table[j] - table[i];
        let mut dh = [0.0; 7];
        let mut h = decay;
        if let Some(shear) = &time.shear {
            let strain = between(&shear.value);
            let (s, slope) = shear_decay(self.model.convention, self.kappa.value * strain);
            h = decay * s;
            dh[3] = decay * slope * self.kappa.value * between(&shear.d_amplitude);
            dh[4] = decay * slope * self.kappa.value * between(&shear.d_exponent);
            dh[5] = decay * slope * self.kappa.value * between(&shear.d_constant);
            dh[6] = decay * slope * self.kappa.d_phi0 * strain;
        }
        for (slot, table) in dh.iter_mut().zip(&time.diffusion) {
            *slot = h * between(table);
        }
        PairValue { h, dh }
    }
}
