//! One chain: the no-U-turn sampler of nuts-rs (Hoffman and Gelman, JMLR 15 (2014) 1593) over a posterior. It knows no other chain.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::outcome::posterior::Draw;
use crate::sample::density::Slope;
use crate::sample::settings::SampleSettings;
use nuts_rs::{Chain as _, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings as _};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::cell::RefCell;
use std::collections::HashMap;

/// A density to walk on, up to a factor: its logarithm and gradient at a place.
pub trait Target: Sync {
    /// Numbers.
    fn width(&self) -> usize;

    /// The logarithm and its gradient; minus infinity where there is none.
    ///
    /// # Errors
    /// What the data report; Interrupted if the user asks to stop.
    fn log(&self, w: &[f64]) -> Result<Slope>;

    /// The values that a draw at a place has.
    fn values(&self, w: &[f64]) -> Vec<f64>;
}

/// What a chain has drawn.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// Draws after the warm-up, in order.
    pub draws: Vec<Draw>,
    /// The last places of the walk, one per draw, where `draws` are their values.
    pub places: Vec<Vec<f64>>,
    /// Gradients, those of the warm-up included.
    pub gradients: u64,
    /// Step size after the warm-up.
    pub step_size: f64,
    /// Whether it was stopped before its last draw.
    pub is_cut: bool,
}

/// Everything that chains have drawn.
pub struct Chains {
    /// In order.
    pub chains: Vec<Walked>,
    /// Seconds of all.
    pub seconds: f64,
}

/// Starts are spread so much wider than the posterior.
const SPREAD: f64 = 1.5;
/// So many starts are tried.
const STARTS: usize = 100;
/// Larger errors of the energy are divergences.
const DIVERGENT: f64 = 1000.0;

/// The seed of a stream: equal words, equal draws.
#[must_use]
pub fn stream(seed: u64, chain: usize) -> [u8; 32] {
    *blake3::hash(format!("homodyne posterior {seed} chain {chain}").as_bytes()).as_bytes()
}

/// Walks, until all draws are made or the user asks to stop; `tell` hears of every draw.
///
/// # Errors
/// What the target reports; E63 if no start has a density.
pub fn walk(
    target: &dyn Target,
    settings: &SampleSettings,
    (chain, acceptance): (usize, f64),
    tell: &dyn Fn(u64),
) -> Result<Walked> {
    let mut rng = Xoshiro256PlusPlus::from_seed(stream(settings.seed, chain));
    let failure = RefCell::new(None);
    let density = Density { target, failure: &failure };
    let start = start(target, &mut rng)?;
    let nuts = nuts(settings, acceptance);
    let broken = |what: String| Fault::at("chain", what).advice("please report this").internal();
    let mut sampler =
        nuts.new_chain(chain as u64, CpuMath::new(density), &mut rng).map_err(|error| broken(error.to_string()))?;
    let mut walked = Walked::default();
    // What the target has reported comes before what the sampler makes of it.
    let failed = |error: String| failure.take().unwrap_or_else(|| broken(error));
    let mut go_on = sampler.set_position(&start).map_err(|error| failed(error.to_string()));
    for draw in 0..settings.n_warmup + settings.n_draws {
        let made = go_on.and_then(|()| sampler.expanded_draw().map_err(|error| failed(error.to_string())));
        let (place, _, stats, progress) = match made {
            Ok(made) => made,
            Err(Error::Interrupted(_)) => return Ok(Walked { is_cut: true, ..walked }),
            Err(error) => return Err(error),
        };
        go_on = Ok(());
        walked.gradients += progress.num_gradients;
        walked.step_size = progress.step_size;
        if draw >= settings.n_warmup {
            walked.draws.push(Draw {
                values: target.values(&place),
                log_density: stats.point.logp,
                energy: stats.point.energy,
                acceptance: stats.adapt.step_size.mean_tree_accept,
                steps: progress.num_steps,
                depth: stats.depth,
                diverging: progress.diverging,
            });
            walked.places.push(place.into_vec());
        }
        tell(progress.num_gradients);
    }
    Ok(walked)
}

fn nuts(settings: &SampleSettings, acceptance: f64) -> DiagNutsSettings {
    let mut nuts = DiagNutsSettings {
        num_tune: settings.n_warmup as u64,
        num_draws: settings.n_draws as u64,
        maxdepth: settings.max_tree_depth as u64,
        max_energy_error: DIVERGENT,
        ..DiagNutsSettings::default()
    };
    nuts.adapt_options.step_size_settings.target_accept = acceptance;
    nuts
}

/// A place with a density, spread wider than the posterior: walks that agree in spite of it have found it.
fn start(target: &dyn Target, rng: &mut Xoshiro256PlusPlus) -> Result<Vec<f64>> {
    for attempt in 0..STARTS {
        // Where the density ends nearby, starts come closer.
        let spread = SPREAD / (1.0 + attempt as f64 / 10.0);
        let normal = |_| {
            let draw: f64 = StandardNormal.sample(rng);
            spread * draw
        };
        let place: Vec<f64> = (0..target.width()).map(normal).collect();
        if target.log(&place)?.value.is_finite() {
            return Ok(place);
        }
    }
    Err(Fault::at("posterior", format!("{STARTS} starts without a density"))
        .expected("a density that is not zero around the least-squares result")
        .advice("look at priors and bounds")
        .code(Code::E63)
        .config())
}

/// The target as nuts-rs asks for it.
struct Density<'t> {
    target: &'t dyn Target,
    failure: &'t RefCell<Option<Error>>,
}

/// Why there is no number.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("no density at this place")]
    Nowhere,
    #[error("the data have reported an error")]
    Failed,
}

impl LogpError for Refused {
    fn is_recoverable(&self) -> bool {
        matches!(self, Refused::Nowhere)
    }
}

impl HasDims for Density<'_> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        let width = self.target.width() as u64;
        HashMap::from([("unconstrained_parameter".to_owned(), width), ("dim".to_owned(), width)])
    }
}

impl CpuLogpFunc for Density<'_> {
    type LogpError = Refused;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.target.width()
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> std::result::Result<f64, Refused> {
        match self.target.log(position) {
            Ok(slope) if slope.value.is_finite() && slope.gradient.iter().all(|slope| slope.is_finite()) => {
                gradient.copy_from_slice(&slope.gradient);
                Ok(slope.value)
            }
            Ok(_) => Err(Refused::Nowhere),
            Err(error) => {
                self.failure.replace(Some(error));
                Err(Refused::Failed)
            }
        }
    }

    fn expand_vector<R: nuts_rs::rand::Rng + ?Sized>(
        &mut self,
        _: &mut R,
        position: &[f64],
    ) -> std::result::Result<Vec<f64>, CpuMathError> {
        Ok(position.to_vec())
    }
}
