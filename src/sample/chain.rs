//! One chain, piece by piece: the no-U-turn sampler of nuts-rs (Hoffman and Gelman, JMLR 15 (2014) 1593) over a posterior. It knows no
//! other chain.
//!
//! A piece begins at a [`State`] with a stream of random numbers of its own and ends at another: a chain that goes on from a state that was
//! kept draws what it would have drawn without a break.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::outcome::posterior::Draw;
use crate::sample::density::Slope;
use crate::sample::metric::Metric;
use crate::sample::pieces::{Piece, pieces};
use crate::sample::settings::SampleSettings;
use crate::sample::tally::Step;
use crate::sample::walked::Walked;
use nuts_rs::rand::Rng;
use nuts_rs::{
    Chain as _, CpuLogpFunc, CpuMath, CpuMathError, FlowNutsSettings, HasDims, KineticEnergyKind, LogpError,
    Settings as _, StepSizeAdaptMethod,
};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
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

/// Where a chain is between two pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Its place.
    pub place: Vec<f64>,
    /// Its step size; `None` before it is known.
    pub step_size: Option<f64>,
    /// What it takes the posterior for.
    pub metric: Metric,
    /// Places of the window of the warm-up that is not at its end.
    pub window: Vec<Vec<f64>>,
}

/// Who walks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Walker {
    /// Number of the chain.
    pub chain: usize,
    /// Acceptance that the step size aims at.
    pub acceptance: f64,
}

/// Starts are spread so much wider than the posterior.
const SPREAD: f64 = 1.5;
/// So many starts are tried.
const STARTS: usize = 100;
/// Larger errors of the energy are divergences.
const DIVERGENT: f64 = 1000.0;

/// The seed of a stream: equal words, equal draws.
#[must_use]
pub fn stream(seed: u64, chain: usize, piece: usize) -> [u8; 32] {
    *blake3::hash(format!("homodyne posterior {seed} chain {chain} piece {piece}").as_bytes()).as_bytes()
}

/// Walks, until all draws are made or the user asks to stop; `tell` hears of every draw.
///
/// # Errors
/// What the target reports; E63 if no start has a density.
pub fn walk(
    target: &dyn Target,
    settings: &SampleSettings,
    (chain, acceptance): (usize, f64),
    tell: &dyn Fn(&Step),
) -> Result<Walked> {
    let walker = Walker { chain, acceptance };
    let mut state = begin(target, settings, walker)?;
    let mut walked = Walked::default();
    for piece in pieces(settings) {
        let (more, end) = walk_piece(Walk { target, settings, tell }, walker, piece, &state)?;
        walked.append(more);
        if walked.is_cut {
            break;
        }
        state = end;
    }
    Ok(walked)
}

/// The state in which a chain begins.
///
/// # Errors
/// What the target reports; E63 if no start has a density.
pub fn begin(target: &dyn Target, settings: &SampleSettings, walker: Walker) -> Result<State> {
    let mut rng = Xoshiro256PlusPlus::from_seed(stream(settings.seed, walker.chain, 0));
    let place = start(target, &mut rng)?;
    Ok(State { place, step_size: None, metric: Metric::round(target.width()), window: Vec::new() })
}

/// What walks have in common: where, how, and who hears of their draws.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    /// Where.
    pub target: &'a dyn Target,
    /// How.
    pub settings: &'a SampleSettings,
    /// Who hears.
    pub tell: &'a dyn Fn(&Step),
}

/// Walks one piece. Draws of the warm-up are not kept. Cut short by the user's wish to stop, it ends at the state where it began.
///
/// # Errors
/// What the target reports.
pub fn walk_piece(walk: Walk<'_>, walker: Walker, piece: Piece, state: &State) -> Result<(Walked, State)> {
    let Walk { target, settings, tell } = walk;
    let mut rng = Xoshiro256PlusPlus::from_seed(stream(settings.seed, walker.chain, 1 + piece.number));
    let failure = RefCell::new(None);
    let density = Density { target, metric: &state.metric, failure: &failure };
    let nuts = nuts(settings, walker, piece, state);
    let broken = |what: String| Fault::at("chain", what).advice("please report this").internal();
    let mut sampler = nuts
        .new_chain(walker.chain as u64, CpuMath::new(density), &mut rng)
        .map_err(|error| broken(error.to_string()))?;
    let mut walked = Walked::default();
    // What the target has reported comes before what the sampler makes of it.
    let failed = |error: String| failure.take().unwrap_or_else(|| broken(error));
    let mut go_on = sampler.set_position(&state.place).map_err(|error| failed(error.to_string()));
    for _ in 0..piece.n_draws {
        let made = go_on.and_then(|()| sampler.expanded_draw().map_err(|error| failed(error.to_string())));
        let (place, _, stats, progress) = match made {
            Ok(made) => made,
            Err(Error::Interrupted(_)) => {
                walked.is_cut = true;
                break;
            }
            Err(error) => return Err(error),
        };
        go_on = Ok(());
        // A walk that could not make its first step has no acceptance.
        let acceptance = stats.adapt.step_size.mean_tree_accept.max(0.0);
        walked.gradients += progress.num_gradients;
        walked.step_size = stats.adapt.step_size.step_size_bar;
        if !piece.is_warmup {
            walked.draws.push(Draw {
                values: target.values(&place),
                log_density: stats.point.logp,
                energy: stats.point.energy,
                acceptance,
                steps: progress.num_steps,
                depth: stats.depth,
                diverging: progress.diverging,
            });
        }
        walked.places.push(place.into_vec());
        tell(&Step {
            gradients: progress.num_gradients,
            acceptance,
            step_size: progress.step_size,
            is_divergence: progress.diverging && !piece.is_warmup,
        });
    }
    let end = state.after(piece, &walked);
    if piece.is_warmup {
        walked.places.clear();
    }
    Ok((walked, end))
}

impl State {
    fn after(&self, piece: Piece, walked: &Walked) -> State {
        let (false, Some(place)) = (walked.is_cut, walked.places.last()) else { return self.clone() };
        let mut window = self.window.clone();
        if piece.is_of_window {
            window.extend(walked.places.iter().cloned());
        }
        let mut metric = self.metric.clone();
        if piece.learns_metric {
            metric = Metric::of(&window);
            window.clear();
        }
        State { place: place.clone(), step_size: Some(walked.step_size), metric, window }
    }
}

fn nuts(settings: &SampleSettings, walker: Walker, piece: Piece, state: &State) -> FlowNutsSettings {
    let mut nuts = FlowNutsSettings {
        num_tune: if piece.is_warmup { piece.n_draws as u64 } else { 0 },
        num_draws: if piece.is_warmup { 0 } else { piece.n_draws as u64 },
        maxdepth: settings.max_tree_depth as u64,
        max_energy_error: DIVERGENT,
        trajectory_kind: KineticEnergyKind::Euclidean,
        ..FlowNutsSettings::default()
    };
    let step_size = &mut nuts.adapt_options.step_size_settings;
    step_size.target_accept = walker.acceptance;
    step_size.initial_step = state.step_size.unwrap_or(step_size.initial_step);
    if let (false, Some(known)) = (piece.is_warmup, state.step_size) {
        step_size.adapt_options.method = StepSizeAdaptMethod::Fixed(known);
    }
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
    metric: &'t Metric,
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
    /// The metric stays as it is along a piece.
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

    fn new_transformation<R: Rng + ?Sized>(&mut self, _: &mut R, _: usize, _: u64) -> std::result::Result<(), Refused> {
        Ok(())
    }

    fn init_transformation<R: Rng + ?Sized>(
        &mut self,
        _: &mut R,
        _: &[f64],
        _: &[f64],
        _: u64,
    ) -> std::result::Result<(), Refused> {
        Ok(())
    }

    fn update_transformation<'a, R: Rng + ?Sized>(
        &'a mut self,
        _: &mut R,
        _: impl ExactSizeIterator<Item = &'a [f64]>,
        _: impl ExactSizeIterator<Item = &'a [f64]>,
        _: impl ExactSizeIterator<Item = &'a f64>,
        (): &'a mut (),
    ) -> std::result::Result<(), Refused> {
        Ok(())
    }

    fn transformation_id(&self, (): &()) -> std::result::Result<i64, Refused> {
        Ok(0)
    }

    fn init_from_transformed_position(
        &mut self,
        (): &(),
        place: &mut [f64],
        by_place: &mut [f64],
        round: &[f64],
        by_round: &mut [f64],
        _: Option<f64>,
    ) -> std::result::Result<(f64, f64), Refused> {
        place.copy_from_slice(&self.metric.place(round));
        let log = self.logp(place, by_place)?;
        by_round.copy_from_slice(&self.metric.pulled_back(by_place));
        Ok((log, 0.0))
    }

    fn init_from_untransformed_position(
        &mut self,
        (): &(),
        place: &[f64],
        by_place: &mut [f64],
        round: &mut [f64],
        by_round: &mut [f64],
        _: Option<f64>,
    ) -> std::result::Result<(f64, f64), Refused> {
        let log = self.logp(place, by_place)?;
        round.copy_from_slice(&self.metric.round_of(place));
        by_round.copy_from_slice(&self.metric.pulled_back(by_place));
        Ok((log, 0.0))
    }

    fn inv_transform_normalize(
        &mut self,
        (): &(),
        place: &[f64],
        by_place: &[f64],
        round: &mut [f64],
        by_round: &mut [f64],
    ) -> std::result::Result<f64, Refused> {
        round.copy_from_slice(&self.metric.round_of(place));
        by_round.copy_from_slice(&self.metric.pulled_back(by_place));
        Ok(0.0)
    }
}
