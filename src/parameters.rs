//! The physical parameters: names, units, bounds, priors, search scales. It knows neither the model's formula nor any data.

pub mod power_law;
pub mod scaling;

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
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
const DIFFUSION: LawPlaces = LawPlaces { amplitude: 0, exponent: 1, constant: 2 };
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

/// Bounds of one parameter and how it enters a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Coordinate of the search.
    pub scale: SearchScale,
    /// Held at this value if given.
    pub fixed: Option<f64>,
}

impl Parameter {
    /// The default of a definition.
    #[must_use]
    pub fn default_of(definition: &Definition) -> Self {
        Parameter {
            name: definition.name.into(),
            unit: definition.unit.into(),
            lower: definition.bounds.0,
            upper: definition.bounds.1,
            scale: definition.scale,
            fixed: None,
        }
    }

    /// Search coordinate of a value.
    #[must_use]
    pub fn coordinate(&self, value: f64) -> f64 {
        match self.scale {
            SearchScale::Linear => value,
            SearchScale::Log => value.ln(),
        }
    }

    /// Value of a search coordinate, by rounding neither outside the bounds nor short of a bound that is met.
    #[must_use]
    pub fn value(&self, coordinate: f64) -> f64 {
        let value = match self.scale {
            SearchScale::Linear => coordinate,
            SearchScale::Log if coordinate <= self.lower.ln() => self.lower,
            SearchScale::Log if coordinate >= self.upper.ln() => self.upper,
            SearchScale::Log => coordinate.exp(),
        };
        value.clamp(self.lower, self.upper)
    }

    /// d value / d coordinate at a value.
    #[must_use]
    pub fn slope(&self, value: f64) -> f64 {
        match self.scale {
            SearchScale::Linear => 1.0,
            SearchScale::Log => value,
        }
    }

    /// Checks the bounds and settles the search scale (a logarithm needs a positive lower bound).
    ///
    /// # Errors
    /// [`crate::error::Error::Parameter`] if the bounds are not two ascending finite numbers or a fixed value is outside.
    pub fn settled(mut self) -> Result<Self> {
        let (lower, upper) = (self.lower, self.upper);
        if !(lower.is_finite() && upper.is_finite() && lower < upper) {
            let found = format!("bounds [{lower}, {upper}]");
            return Err(Fault::at(&self.name, found).expected("finite min < max").code(Code::E63).parameter());
        }
        if let Some(value) = self.fixed.filter(|value| !(lower..=upper).contains(value)) {
            let expected = format!("a value in [{lower}, {upper}]");
            return Err(Fault::at(&self.name, format!("fixed at {value}"))
                .expected(expected)
                .code(Code::E63)
                .parameter());
        }
        if lower <= 0.0 {
            self.scale = SearchScale::Linear;
        }
        Ok(self)
    }
}

/// The parameters of one fit: physical ones in order, and the bounds of contrast and offset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterSpace {
    /// Mode.
    pub mode: AnalysisMode,
    /// Physical parameters, in order.
    pub physical: Vec<Parameter>,
    /// Bounds of contrast.
    pub contrast: Parameter,
    /// Bounds of offset.
    pub offset: Parameter,
}

impl ParameterSpace {
    /// Default bounds of a mode.
    #[must_use]
    pub fn default_of(mode: AnalysisMode) -> Self {
        ParameterSpace {
            mode,
            physical: mode.parameters().iter().map(Parameter::default_of).collect(),
            contrast: Parameter::default_of(&CONTRAST),
            offset: Parameter::default_of(&OFFSET),
        }
    }

    /// Indices of the physical parameters that are not fixed.
    #[must_use]
    pub fn free(&self) -> Vec<usize> {
        (0..self.physical.len()).filter(|&k| self.physical[k].fixed.is_none()).collect()
    }

    /// Default starts, moved between the bounds; fixed values where there are any.
    #[must_use]
    pub fn defaults(&self) -> Vec<f64> {
        let between = |(parameter, known): (&Parameter, &Definition)| {
            parameter.fixed.unwrap_or(known.start.clamp(parameter.lower, parameter.upper))
        };
        self.physical.iter().zip(self.mode.parameters()).map(between).collect()
    }

    /// The parameter of that name, physical or scaling.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Parameter> {
        let name = find(name)?.name;
        self.physical.iter_mut().chain([&mut self.contrast, &mut self.offset]).find(|known| known.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_invert() {
        let d0 = Parameter::default_of(&PHYSICAL[0]).settled().expect("default bounds are valid");
        assert!((d0.value(d0.coordinate(1234.5)) - 1234.5).abs() < 1e-9);
        assert_eq!(d0.value(d0.coordinate(1e5)), 1e5);
    }

    #[test]
    fn bounds_are_met_exactly() {
        for k in 1..1000 {
            let (lower, upper) = (f64::from(k) * 1.1, f64::from(k) * 13.7);
            let parameter = Parameter { lower, upper, ..Parameter::default_of(&PHYSICAL[0]) };
            assert_eq!(parameter.value(parameter.coordinate(lower)), lower);
            assert_eq!(parameter.value(parameter.coordinate(upper)), upper);
        }
    }

    #[test]
    fn impossible_bounds_are_refused_and_logs_need_positive_bounds() {
        let mut parameter = Parameter::default_of(&PHYSICAL[0]);
        parameter.lower = 0.0;
        assert_eq!(parameter.clone().settled().expect("valid").scale, SearchScale::Linear);
        parameter.lower = 2e5;
        assert!(parameter.settled().is_err());
    }

    #[test]
    fn aliases_find_their_parameter() {
        assert_eq!(find("gamma_dot_offset").map(|found| found.name), Some("gamma_dot_t_offset"));
        assert!(find("gamma").is_none());
    }
}
