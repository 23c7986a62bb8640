//! The parameters as the field knows them: names, units, default bounds, search scales, and what they mean. It knows no fit.

use crate::parameters::power_law::PowerLaw;
use serde::{Deserialize, Serialize};

/// Which physics is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisMode {
    /// Anomalous diffusion: 3 parameters.
    Static,
    /// Anomalous diffusion under laminar shear flow: 7 parameters.
    LaminarFlow,
}

/// What gamma_dot means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShearConvention {
    /// kappa = q L dt cos / (2 pi), S = sinc^4: what the homodyne program computes.
    Homodyne,
    /// kappa = q L dt cos / 2, S = sinc^2: the average over a linear velocity profile across the gap.
    GapAverage,
}

impl ShearConvention {
    /// Names in configuration and results.
    pub const NAMES: [(&'static str, ShearConvention); 2] =
        [("homodyne", ShearConvention::Homodyne), ("gap_average", ShearConvention::GapAverage)];

    /// Name in configuration and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }

    /// Factor that turns this convention's gamma_dot into the other's, for small x: both have
    /// S = 1 - n x^2 / 6, so kappa sqrt(n) is what is measured.
    #[must_use]
    pub fn conversion_to_other(self) -> f64 {
        let homodyne_per_gap_average = std::f64::consts::PI / 2.0_f64.sqrt();
        match self {
            ShearConvention::Homodyne => 1.0 / homodyne_per_gap_average,
            ShearConvention::GapAverage => homodyne_per_gap_average,
        }
    }
}

/// The coordinate in which a parameter is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchScale {
    /// The value itself.
    Linear,
    /// Its natural logarithm.
    Log,
}

/// A parameter as the field knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Definition {
    /// Name in code, YAML, columns and report.
    pub name: &'static str,
    /// Other names that are read.
    pub aliases: &'static [&'static str],
    /// Unit.
    pub unit: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// Default bounds.
    pub bounds: (f64, f64),
    /// Search scale while the lower bound is positive.
    pub scale: SearchScale,
    /// Start where nothing better is known.
    pub start: f64,
}

/// What a definition has unless it says otherwise.
const LINEAR: Definition = Definition {
    name: "",
    aliases: &[],
    unit: "1",
    meaning: "",
    bounds: (0.0, 1.0),
    scale: SearchScale::Linear,
    start: 0.0,
};

/// The physical parameters in the order of every vector theta. Static mode uses the first three.
///
/// D0 contains the factor 2 of J = 2 D for Brownian motion, because g1^2 = exp(-q^2 int J dt).
pub const PHYSICAL: [Definition; 7] = [
    Definition {
        name: "D0",
        unit: "angstrom^2/s",
        meaning: "amplitude of D(t) = D0 t^alpha + D_offset, with the factor 2 of J = 2 D",
        bounds: (100.0, 1e5),
        scale: SearchScale::Log,
        start: 3000.0,
        ..LINEAR
    },
    Definition { name: "alpha", meaning: "exponent of D(t)", bounds: (-2.0, 2.0), ..LINEAR },
    Definition {
        name: "D_offset",
        unit: "angstrom^2/s",
        meaning: "constant part of D(t)",
        bounds: (-1e5, 1e5),
        ..LINEAR
    },
    Definition {
        name: "gamma_dot_t0",
        aliases: &["gamma_dot_0"],
        unit: "1/s",
        meaning: "amplitude of gamma_dot(t) = gamma_dot_t0 t^beta + gamma_dot_t_offset",
        bounds: (1e-6, 0.5),
        scale: SearchScale::Log,
        start: 1e-3,
    },
    Definition { name: "beta", meaning: "exponent of gamma_dot(t)", bounds: (-2.0, 2.0), ..LINEAR },
    Definition {
        name: "gamma_dot_t_offset",
        aliases: &["gamma_dot_offset"],
        unit: "1/s",
        meaning: "constant part of gamma_dot(t)",
        bounds: (-0.1, 0.1),
        ..LINEAR
    },
    Definition {
        name: "phi0",
        aliases: &["phi_0"],
        unit: "degree",
        meaning: "flow direction",
        bounds: (-10.0, 10.0),
        ..LINEAR
    },
];

/// Where a power law, amplitude t^exponent + constant, has its parameters in theta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LawPlaces {
    /// Place of the amplitude.
    pub amplitude: usize,
    /// Place of the exponent.
    pub exponent: usize,
    /// Place of the constant part.
    pub constant: usize,
}

impl LawPlaces {
    /// Amplitude, exponent, constant part.
    #[must_use]
    pub fn all(self) -> [usize; 3] {
        [self.amplitude, self.exponent, self.constant]
    }

    /// The law at a theta.
    #[must_use]
    pub fn of(self, theta: &[f64]) -> PowerLaw {
        let [amplitude, exponent, constant] = self.all().map(|place| theta[place]);
        PowerLaw { amplitude, exponent, constant }
    }
}

/// D(t).
pub const DIFFUSION: LawPlaces = LawPlaces { amplitude: 0, exponent: 1, constant: 2 };

/// gamma_dot(t).
const SHEAR: LawPlaces = LawPlaces { amplitude: 3, exponent: 4, constant: 5 };

/// Contrast of one angle.
pub const CONTRAST: Definition =
    Definition { name: "contrast", meaning: "speckle contrast", bounds: (0.0, 1.0), start: 0.1, ..LINEAR };

/// Offset of one angle.
pub const OFFSET: Definition =
    Definition { name: "offset", meaning: "baseline of c2", bounds: (0.5, 1.5), start: 1.0, ..LINEAR };

impl AnalysisMode {
    /// The parameters of this mode, in order.
    #[must_use]
    pub fn parameters(self) -> &'static [Definition] {
        match self {
            AnalysisMode::Static => &PHYSICAL[..3],
            AnalysisMode::LaminarFlow => &PHYSICAL,
        }
    }

    /// Number of physical parameters, P.
    #[must_use]
    pub fn n_parameters(self) -> usize {
        self.parameters().len()
    }

    /// The power laws of this mode: D(t), and gamma_dot(t) under shear.
    #[must_use]
    pub fn power_laws(self) -> &'static [LawPlaces] {
        match self {
            AnalysisMode::Static => &[DIFFUSION],
            AnalysisMode::LaminarFlow => &[DIFFUSION, SHEAR],
        }
    }

    /// The power law of D(t).
    #[must_use]
    pub fn diffusion(self) -> LawPlaces {
        DIFFUSION
    }

    /// The power law of gamma_dot(t), if there is shear.
    #[must_use]
    pub fn shear(self) -> Option<LawPlaces> {
        (self == AnalysisMode::LaminarFlow).then_some(SHEAR)
    }

    /// Name in configuration and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AnalysisMode::Static => "static",
            AnalysisMode::LaminarFlow => "laminar_flow",
        }
    }
}

/// Finds a parameter (physical or scaling) by name or alias.
#[must_use]
pub fn find(name: &str) -> Option<&'static Definition> {
    PHYSICAL.iter().chain([&CONTRAST, &OFFSET]).find(|known| known.name == name || known.aliases.contains(&name))
}
