//! The fit as what is believed before the data, where the user asks for it. It reads no data.

use crate::outcome::fit::FitResult;
use crate::parameters::prior::Prior;
use crate::parameters::space::ParameterSpace;

/// The space with a normal prior for every free parameter that has an error: around its fitted value, `width_factor` errors wide.
#[must_use]
pub fn believing(space: &ParameterSpace, fitted: &FitResult, width_factor: f64) -> ParameterSpace {
    let mut space = space.clone();
    for parameter in space.physical.iter_mut().filter(|parameter| parameter.fixed.is_none()) {
        let found = fitted.parameters.iter().find(|found| found.name == parameter.name);
        let error = |value: f64| Some((value, found?.uncertainty.filter(|error| *error > 0.0)?));
        if let Some((mean, error)) = found.and_then(|found| error(found.value)) {
            parameter.prior = Prior::Normal { mean, deviation: width_factor * error };
        }
    }
    space
}
