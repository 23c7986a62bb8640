//! What is sampled: free physical parameters, scaling coefficients, factors on sigma, each with its coordinate without bounds and what is
//! believed of it before the data. It knows no data.

use crate::likelihood::scaling::{Coefficient, ScalingMap};
use crate::parameters::coordinate::{Between, Coordinate, Placed};
use crate::parameters::definitions::{LawPlaces, SearchScale};
use crate::parameters::power_law::PowerLaw;
use crate::parameters::prior::Prior;
use crate::parameters::space::{Parameter, ParameterSpace};
use crate::sample::law_axes::{FittedLaw, LawAxes, Member, Slopes, Steps};
use crate::sample::settings::NoiseScale;
use ndarray::Array2;

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
    /// Power laws, whose numbers are sampled along axes of their own.
    laws: Vec<LawAxes>,
}

/// What a fit knows of the numbers before they are sampled.
pub struct Known<'a> {
    /// Values of all physical parameters; fixed ones keep them.
    pub theta: &'a [f64],
    /// Covariance of two numbers, by their names.
    pub covariance: &'a dyn Fn(&str, &str) -> Option<f64>,
    /// A time in the middle of the measurement.
    pub t_ref_seconds: f64,
}

/// All numbers at one place of a walk.
#[derive(Debug, Clone)]
pub struct Placement {
    axes: Vec<f64>,
    placed: Vec<Placed>,
    /// Of every law.
    steps: Vec<Option<Steps>>,
    /// Logarithm of the volume that one unit of the axes has in values.
    pub log_volume: f64,
}

impl Placement {
    /// Their values.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.placed.iter().map(|placed| placed.value).collect()
    }
}

impl Numbers {
    /// Of a fit: its space, its scaling, and as many factors on sigma as asked for.
    #[must_use]
    pub fn new(space: &ParameterSpace, map: &ScalingMap, noise: (NoiseScale, usize), known: &Known<'_>) -> Self {
        let free = space.free();
        let deviation = |name: &str| (known.covariance)(name, name).map(f64::sqrt);
        let physical = |&k: &usize| Number::physical(&space.physical[k], known.theta[k], &deviation);
        let mut all: Vec<Number> = free.iter().map(physical).collect();
        let laws = laws(space, &free, &all, known);
        for Coefficient { name, is_contrast, bounds } in map.named() {
            let between = |(lower, upper)| Coordinate::Interval(Between::new(lower, upper, deviation(&name)));
            let coordinate = bounds.map_or(Coordinate::Real, between);
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
        Numbers { all, free, n_of_model, held: known.theta.to_vec(), laws }
    }

    /// All numbers where a walk is.
    #[must_use]
    pub fn place(&self, axes: &[f64]) -> Placement {
        let coordinates = self.coordinates();
        let mut placed: Vec<Placed> =
            coordinates.iter().zip(axes).map(|(coordinate, &axis)| coordinate.place(axis)).collect();
        let steps: Vec<Option<Steps>> =
            self.laws.iter().map(|law| law.place((axes, &coordinates), &mut placed)).collect();
        let of_law = |(law, steps): (&LawAxes, &Option<Steps>)| steps.map_or(0.0, |steps| law.log_volume(axes, &steps));
        let of_laws: f64 = self.laws.iter().zip(&steps).map(of_law).sum();
        let log_volume = of_laws + placed.iter().map(|placed| placed.log_slope).sum::<f64>();
        Placement { axes: axes.to_vec(), placed, steps, log_volume }
    }

    /// Where a walk is at some values; those on a bound are taken from just inside.
    #[must_use]
    pub fn axes_of(&self, values: &[f64]) -> Vec<f64> {
        let coordinates = self.coordinates();
        let mut axes: Vec<f64> =
            coordinates.iter().zip(values).map(|(coordinate, &value)| coordinate.of(value)).collect();
        let placed: Vec<Placed> =
            coordinates.iter().zip(&axes).map(|(coordinate, &axis)| coordinate.place(axis)).collect();
        self.laws.iter().for_each(|law| law.axes_of((&placed, &coordinates), &mut axes));
        axes
    }

    /// A gradient by the axes from one by the values, with a share of the logarithm of the volume added to what is derived.
    #[must_use]
    pub fn pulled_back(&self, at: &Placement, by_values: &[f64], volume: f64) -> Vec<f64> {
        let mut slopes: Vec<Slopes> = by_values.iter().map(|&by_value| Slopes { by_value, by_axis: None }).collect();
        for (law, steps) in self.laws.iter().zip(&at.steps) {
            law.pull_back((&at.axes, &at.placed, steps.as_ref()), &mut slopes, volume);
        }
        slopes.iter_mut().zip(&at.placed).map(|(slopes, placed)| slopes.turned(placed, volume)).collect()
    }

    /// d value / d axis: a row per number of the model.
    #[must_use]
    pub fn jacobian(&self, at: &Placement) -> Array2<f64> {
        let n = self.n_of_model;
        let mut jacobian = Array2::zeros((n, n));
        for row in 0..n {
            let mut unit = vec![0.0; self.all.len()];
            unit[row] = 1.0;
            let turned = self.pulled_back(at, &unit, 0.0);
            (0..n).for_each(|column| jacobian[[row, column]] = turned[column]);
        }
        jacobian
    }

    /// Variance that bounds leave to every number of the model, as a value; `None` without bounds.
    #[must_use]
    pub fn variances_of_bounds(&self, at: &Placement) -> Vec<Option<f64>> {
        let of = |number: &Number, value: f64| match number.coordinate {
            Coordinate::LogInterval(_) => number.coordinate.variance_of_bounds().map(|of| of * value * value),
            _ => number.coordinate.variance_of_bounds(),
        };
        self.all[..self.n_of_model].iter().zip(&at.placed).map(|(number, placed)| of(number, placed.value)).collect()
    }

    fn coordinates(&self) -> Vec<Coordinate> {
        self.all.iter().map(|number| number.coordinate).collect()
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

/// The power laws of which something is free.
fn laws(space: &ParameterSpace, free: &[usize], all: &[Number], known: &Known<'_>) -> Vec<LawAxes> {
    let coordinates: Vec<Coordinate> = all.iter().map(|number| number.coordinate).collect();
    let member = |k: usize| match free.iter().position(|&place| place == k) {
        Some(place) => Member::Free(place),
        None => Member::Held(known.theta[k]),
    };
    let axes = |law: &LawPlaces| {
        let [amplitude, exponent, constant] = law.all().map(|k| known.theta[k]);
        let [of_amplitude, of_exponent, _] = law.all().map(|k| space.physical[k].name.as_str());
        let variance = (known.covariance)(of_exponent, of_exponent);
        let fitted = FittedLaw {
            law: PowerLaw { amplitude, exponent, constant },
            of_exponent: variance.zip((known.covariance)(of_amplitude, of_exponent)),
        };
        LawAxes::new(law.all().map(member), &coordinates, &fitted, known.t_ref_seconds)
    };
    space.mode.power_laws().iter().map(axes).collect()
}

impl Number {
    fn physical(parameter: &Parameter, value: f64, deviation: &dyn Fn(&str) -> Option<f64>) -> Self {
        let (lower, upper, deviation) = (parameter.lower, parameter.upper, deviation(&parameter.name));
        let coordinate = match parameter.scale {
            SearchScale::Log if lower > 0.0 => {
                let relative = deviation.map(|deviation| deviation / value.clamp(lower, upper));
                Coordinate::LogInterval(Between::new(lower.ln(), upper.ln(), relative))
            }
            _ => Coordinate::Interval(Between::new(lower, upper, deviation)),
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
