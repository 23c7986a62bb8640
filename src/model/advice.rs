//! What the model has to say of settings under which a fit cannot work. It reads no data.

use crate::model::catalogue::Model;
use crate::parameters::space::ParameterSpace;

/// Gaps of shear cells, in angstrom: 1 micrometre to 10 cm.
const USUAL_GAPS: [f64; 2] = [1e4, 1e9];
/// An argument of the sinc below which shear leaves no trace.
const NO_TRACE: f64 = 0.05;
/// An argument beyond which nothing but shear is seen.
const NOTHING_ELSE: f64 = 3.0;

impl Model {
    /// Sentences to go with a fit that was not accepted.
    #[must_use]
    pub fn advice(&self, space: &ParameterSpace) -> Vec<String> {
        let Some(shear) = self.mode.shear() else { return Vec::new() };
        let gamma_dot = &space.physical[shear.amplitude];
        let (time, gap) = (self.constants.time, self.gap_angstrom);
        let per_rate = self.kappa_prefactor();
        let slowest = per_rate * gamma_dot.fixed.unwrap_or(gamma_dot.lower);
        let fastest = per_rate * gamma_dot.fixed.unwrap_or(gamma_dot.upper);
        let whole = (time.n_frames as f64 - 1.0).max(1.0);
        let what = match (fastest * whole < NO_TRACE, slowest > NOTHING_ELSE) {
            (true, _) => "leaves no trace of shear at any rate within the bounds of gamma_dot_t0",
            (_, true) => {
                "lets shear end every correlation within one frame at all rates within the bounds of gamma_dot_t0"
            }
            _ if !(USUAL_GAPS[0]..=USUAL_GAPS[1]).contains(&gap) => "is no usual gap of a shear cell",
            _ => return Vec::new(),
        };
        vec![format!(
            "analyzer_parameters.geometry.stator_rotor_gap: {gap} angstrom ({:.3e} mm) {what}: it is given in angstrom \
             (1 mm = 1e7 angstrom)",
            gap * 1e-7
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Angle, Experiment, TimeGrid};
    use crate::parameters::definitions::{AnalysisMode, ShearConvention};

    fn advice(gap_angstrom: f64) -> Vec<String> {
        let experiment = Experiment {
            q_per_angstrom: 0.0054,
            gap_angstrom: Some(gap_angstrom),
            time: TimeGrid { n_frames: 200, dt_seconds: 0.1, start_seconds: 0.0, first_frame: 1 },
            angles: vec![Angle::default()],
        };
        let model = Model::new(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment).expect("model");
        model.advice(&ParameterSpace::default_of(AnalysisMode::LaminarFlow))
    }

    #[test]
    fn a_gap_in_another_unit_is_told_with_the_unit_that_is_expected() {
        assert!(advice(2e6).is_empty());
        for (gap, what) in [(0.2, "no trace"), (200.0, "no usual gap"), (1e12, "within one frame")] {
            let said = advice(gap);
            assert!(said.len() == 1 && said[0].contains(what) && said[0].contains("angstrom"), "{gap}: {said:?}");
        }
    }
}
