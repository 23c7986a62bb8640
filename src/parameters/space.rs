//! How parameters enter a fit: bounds, search coordinates, fixed values. It knows neither the model's formula nor any data.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::parameters::definitions::{AnalysisMode, CONTRAST, Definition, OFFSET, SearchScale, find};
use crate::parameters::prior::Prior;
use serde::{Deserialize, Serialize};

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
    /// What is believed of it before the data: for samplers; a fit does not ask.
    #[serde(default)]
    pub prior: Prior,
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
            prior: Prior::Uniform,
        }
    }

    /// Ends of an interval of so many errors to either side of a value: in its logarithm, where that is what is searched in, so that
    /// a rate's interval stays positive. An end beyond the bound is open.
    #[must_use]
    pub fn around(&self, value: f64, errors: f64) -> [Option<f64>; 2] {
        let ends = match self.scale {
            SearchScale::Log if value > 0.0 => [-1.0, 1.0].map(|side: f64| value * (side * errors / value).exp()),
            _ => [value - errors, value + errors],
        };
        ends.map(|end| Some(end).filter(|end| (self.lower..=self.upper).contains(end)))
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

    /// Whether a bound is the one that holds unless the user gives another.
    #[must_use]
    pub fn is_default(&self, bound: f64) -> bool {
        find(&self.name).is_some_and(|known| bound == known.bounds.0 || bound == known.bounds.1)
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
            parameter.fixed.unwrap_or(known.start.max(parameter.lower).min(parameter.upper))
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
    use crate::parameters::definitions::PHYSICAL;

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
