//! What is sampled: free physical parameters, scaling coefficients, factors on sigma, each with its coordinate without bounds and what is
//! believed of it before the data. It knows no data.

use crate::likelihood::scaling::{Coefficient, ScalingMap};
use crate::parameters::coordinate::Coordinate;
use crate::parameters::definitions::SearchScale;
use crate::parameters::prior::Prior;
use crate::parameters::space::{Parameter, ParameterSpace};
use crate::sample::settings::NoiseScale;

/// One number that is sampled.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// Name of its column.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Where a sampler walks.
    pub coordinate: Coordinate,
    /// What is believed before the data, of the value and this together: offsets are sampled less 1.
    pub prior: Prior,
    /// What results add to it.
    pub shift: f64,
    /// Bounds, where it has its own.
    pub bounds: Option<(f64, f64)>,
}

/// All numbers, in order.
#[derive(Debug, Clone)]
pub struct Numbers {
    /// Physical parameters that are free, then scaling coefficients (contrasts, then offset - 1, block by block), then the logarithms of
    /// the factors on sigma.
    pub all: Vec<Number>,
    /// Places of the free physical parameters in theta.
    pub free: Vec<usize>,
    /// How many of `all` are no factors on sigma.
    pub n_of_model: usize,
    /// Held values of theta; free ones are replaced.
    held: Vec<f64>,
}

impl Numbers {
    /// Of a fit: its space, its scaling, and as many factors on sigma as asked for; `held` has the values of fixed parameters.
    #[must_use]
    pub fn new(space: &ParameterSpace, map: &ScalingMap, noise: (NoiseScale, usize), held: &[f64]) -> Self {
        let free = space.free();
        let mut all: Vec<Number> = free.iter().map(|&k| Number::physical(&space.physical[k])).collect();
        for Coefficient { name, is_contrast, bounds } in map.named() {
            let coordinate = bounds.map_or(Coordinate::Real, |(lower, upper)| Coordinate::Interval { lower, upper });
            // Sums of coefficients have the priors of contrast and offset; single ones have none.
            let (known, shift) = if is_contrast { (&space.contrast, 0.0) } else { (&space.offset, 1.0) };
            let (prior, shift) = bounds.map_or((Prior::Uniform, 0.0), |_| (known.prior, shift));
            all.push(Number { name, unit: "1".into(), coordinate, prior, shift, bounds });
        }
        let n_of_model = all.len();
        for factor in 0..noise.0.n_factors(noise.1) {
            all.push(Number {
                name: format!("ln_noise_factor[{factor}]"),
                unit: "1".into(),
                coordinate: Coordinate::Real,
                prior: Prior::Uniform,
                shift: 0.0,
                bounds: None,
            });
        }
        Numbers { all, free, n_of_model, held: held.to_vec() }
    }

    /// All physical parameters.
    #[must_use]
    pub fn theta(&self, values: &[f64]) -> Vec<f64> {
        let mut theta = self.held.clone();
        self.free.iter().zip(values).for_each(|(&k, &value)| theta[k] = value);
        theta
    }

    /// The scaling coefficients among values.
    #[must_use]
    pub fn coefficients<'v>(&self, values: &'v [f64]) -> &'v [f64] {
        &values[self.free.len()..self.n_of_model]
    }

    /// The logarithm of the factor on sigma of an angle.
    #[must_use]
    pub fn log_factor(&self, values: &[f64], angle: usize) -> f64 {
        self.factor_of(angle).map_or(0.0, |place| values[place])
    }

    /// The place of the factor of an angle.
    #[must_use]
    pub fn factor_of(&self, angle: usize) -> Option<usize> {
        match self.all.len() - self.n_of_model {
            0 => None,
            1 => Some(self.n_of_model),
            _ => Some(self.n_of_model + angle),
        }
    }

    /// A value as results show it.
    #[must_use]
    pub fn shown(&self, place: usize, value: f64) -> f64 {
        value + self.all[place].shift
    }
}

impl Number {
    fn physical(parameter: &Parameter) -> Self {
        let (lower, upper) = (parameter.lower, parameter.upper);
        let coordinate = match parameter.scale {
            SearchScale::Log if lower > 0.0 => Coordinate::LogInterval { lower: lower.ln(), upper: upper.ln() },
            _ => Coordinate::Interval { lower, upper },
        };
        Number {
            name: parameter.name.clone(),
            unit: parameter.unit.clone(),
            coordinate,
            prior: parameter.prior,
            shift: 0.0,
            bounds: Some((lower, upper)),
        }
    }
}
