//! The stage that fits: chooses the strategy, runs the fit, follows it with progress and checkpoints, hands over the result.

use crate::error::Result;
use crate::experiment::Experiment;
use crate::fit::course::{Outset, fit};
use crate::fit::errors::last_sweep::opposite;
use crate::fit::search::alternatives::in_words;
use crate::fit::solver::journal::Following;
use crate::fit::strategy::Decision;
use crate::listener::LogLevel;
use crate::machine::claim::check_name;
use crate::machine::cores::nodes;
use crate::model::catalogue::Model;
use crate::outcome::fit::{FitResult, Strategy};
use crate::outcome::parameter::ParameterResult;
use crate::outcome::verdict::Verdict;
use crate::pipeline::checkpoint::{Checkpoint, Hashes};
use crate::pipeline::plan::decide;
use crate::pipeline::run::{Finished, Run};
use crate::pipeline::run_directory::lead_latest_to;
use crate::pipeline::run_record::Record;
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::sums::loss::Loss;
use crate::sweep::raw::pass::Sweep;
use crate::sweep::scattered::Sample;
use crate::units::{counted, short};
use std::sync::Arc;

/// Errors that rest on fewer renewals are off by more than a quarter.
const FEW_RENEWALS: f64 = 8.0;

/// What was found in a store that nobody has written to meanwhile: a mixture of two is a result of neither, and no place to go on from.
fn undisturbed(result: Result<FitResult>, store: &Store, checkpoint: &Checkpoint) -> Result<FitResult> {
    let Err(changed) = store.check_unchanged() else { return result };
    // A read that finds its file cut short is in no sum: what was done before is kept.
    let is_cut = result.is_err() && (0..store.plan().n_angles).any(|angle| store.confirm(angle).is_err());
    if !is_cut {
        checkpoint.remove();
    }
    result.and(Err(changed))
}

impl Run<'_> {
    /// Fits a store and writes the run directory.
    ///
    /// # Errors
    /// What sweeps and writing report.
    pub fn fit(&self, store: Store) -> Result<Finished> {
        let settings = self.settings;
        let decision = decide(&settings.fit, &store, settings.run.threads())?;
        self.say_strategy(&decision, store.plan().block_points);
        if decision.strategy == Strategy::Condensed {
            self.say_outdated_condensed(&store);
        }
        let key = self.result_key(&store.manifest().content_key, decision.strategy);
        let earlier = self.check_place(&key)?;
        let store = Arc::new(store);
        let experiment = store.experiment().clone();
        self.say_opposite_angles(&experiment);
        let model = Model::new(settings.fit.space.mode, settings.model.convention, &experiment)?;
        let (space, strategy) = (&settings.fit.space, decision.strategy);
        let outset = Outset::new(strategy, model.starts(space), model.t_ref_seconds())
            .with_curves(model.curve_times_seconds())
            .with_advice(model.advice(space));
        let sample =
            self.timed("scattered_pairs", || Sample::draw(store.as_ref(), &model))?.stopped_by(self.log.stop());
        let sweep = Sweep::new(Arc::clone(&store) as Arc<dyn BlockSource>, model, settings.run.threads())
            .pinned_to(if settings.run.pin_threads { nodes() } else { Vec::new() })
            .watched_by(self.watch());
        let mut checkpoint = self.checkpoint(&store, decision.strategy)?;
        let mut following = Following { watch: self.watch(), journal: Some(&mut checkpoint) };
        let result = self.timed("fit", || fit(&sample, &sweep, &settings.fit, &outset, &mut following));
        let result = undisturbed(result, &store, &checkpoint)?;
        self.say_shared_noise(&result);
        self.say_more_speckles_than_pixels(&result);
        self.say_fewer_speckles_than_pixels(&result);
        self.say_outliers(&result);
        self.say_few_renewals(&result);
        self.say(LogLevel::Info, &format!("verdict: {}", result.verdict.name()));
        let totals = sweep.totals();
        let record = Record { experiment: &experiment, totals, key, store: &store, decision, earlier };
        let finished = self.write(result, record)?;
        lead_latest_to(&finished.directory, &self.watch());
        if finished.outcome.result.verdict == Verdict::Interrupted {
            self.say(
                LogLevel::Warning,
                &format!(
                    "interrupted: `--resume` goes on from here, and `homodyne report {}` draws what was found so far",
                    finished.directory.display()
                ),
            );
        } else {
            checkpoint.remove();
        }
        self.say_remains();
        Ok(finished)
    }

    fn say_strategy(&self, decision: &Decision, block_points: usize) {
        self.say(LogLevel::Info, &decision.reason);
        if decision.strategy == Strategy::HybridStreaming {
            let block = short(block_points as f64 / 1.024);
            self.say(LogLevel::Info, &format!("Streaming block size: {} points", block.replace(".0K", "K")));
        } else if decision.peak_bytes > decision.threshold_bytes {
            self.say(LogLevel::Warning, "the strategy that was asked for may exceed the memory threshold");
        }
    }

    /// Frames that were averaged with overlap, or maps averaged over repeats.
    fn say_shared_noise(&self, result: &FitResult) {
        if let Some(correlation) = result.shared_white_noise {
            self.say(
                LogLevel::Warning,
                &format!(
                    "neighbouring frames share {:.0} % of their white noise, as frames averaged with overlap do: errors are \
                     widened for it, and lags of a frame or two may lie above the model; take frames that were not averaged",
                    100.0 * correlation
                ),
            );
        }
    }

    /// Maps that are means over repeats.
    fn say_more_speckles_than_pixels(&self, result: &FitResult) {
        if let Some(pixels) = result.pixels_not_believed {
            self.say(
                LogLevel::Warning,
                &format!(
                    "residuals scatter less than speckles of the {pixels:.0} pixels of a bin can: the maps are means over \
                     repeats, or the file's pixels are those of something else; errors follow the residuals"
                ),
            );
        }
    }

    /// Speckles larger than pixels.
    fn say_fewer_speckles_than_pixels(&self, result: &FitResult) {
        if let Some(speckles) = result.diagonal_not_believed {
            self.say(
                LogLevel::Warning,
                &format!(
                    "residuals scatter as fewer speckles do than the {speckles:.0} that the raw diagonals tell: a speckle covers \
                     several pixels; errors follow the residuals"
                ),
            );
        }
    }

    /// A robust loss is there for outliers, but they are told.
    fn say_outliers(&self, result: &FitResult) {
        let scatter = result.reduced_chi_squared.zip(result.expected_reduced_chi_squared);
        let Some((found, expected)) = scatter.filter(|(found, expected)| expected.is_exceeded_by(*found)) else {
            return;
        };
        if result.loss != Loss::Linear && result.verdict != Verdict::PoorFit {
            self.say(
                LogLevel::Warning,
                &format!(
                    "residuals scatter more than their noise (chi2_nu {found:.3}, expected {:.3}): the loss {} limits the pull of \
                     outliers and takes none away; residual_extremes of the results says where the largest are",
                    expected.value,
                    result.loss.name()
                ),
            );
        }
    }

    /// Errors from few independent renewals of the speckles scatter themselves, by 1 / sqrt(2 renewals).
    fn say_few_renewals(&self, result: &FitResult) {
        let few = |found: &&ParameterResult| {
            found.uncertainty.is_some() && found.independent_renewals.is_some_and(|renewals| renewals < FEW_RENEWALS)
        };
        for found in result.parameters.iter().filter(few) {
            let renewals = found.independent_renewals.unwrap_or_default().max(1.0);
            self.say(
                LogLevel::Warning,
                &format!(
                    "{} rests on about {} of the speckles at the angles that carry it: its uncertainty may itself be off by {:.0} %",
                    found.name,
                    counted(renewals.round() as usize, "independent renewal"),
                    100.0 / (2.0 * renewals).sqrt()
                ),
            );
        }
    }

    /// Angles 180 degrees apart see the same speckles (Friedel's law).
    fn say_opposite_angles(&self, experiment: &Experiment) {
        let phi: Vec<f64> = experiment.angles.iter().map(|angle| angle.phi_degrees).collect();
        let pairs = opposite(&phi).len();
        if pairs > 0 {
            self.say(
                LogLevel::Info,
                &format!(
                    "{} of angles 180 degrees apart that see the same speckles: errors allow for it",
                    counted(pairs, "pair")
                ),
            );
        }
    }

    /// The checkpoint to go on from, if that is asked for and there is one; otherwise an empty one.
    fn checkpoint(&self, store: &Store, strategy: Strategy) -> Result<Checkpoint> {
        // Another strategy sums in another order: it is another configuration. So is one that believes what it reads.
        let believed = if self.settings.run.verify { "" } else { "unverified" };
        let config = self.result_key(believed, strategy);
        let hashes = Hashes { config: &config, store: &store.manifest().content_key };
        let path = Checkpoint::path_of(&self.settings.run.output, &self.settings.run.name, hashes);
        check_name(&path)?;
        if self.resume {
            if let Some(checkpoint) = Checkpoint::resume(&path, hashes)? {
                let (iteration, theta) = checkpoint.place();
                self.say(
                    LogLevel::Info,
                    &format!(
                        "resuming after {iteration} evaluations, at {}",
                        in_words(&self.settings.fit.space, theta)
                    ),
                );
                return Ok(checkpoint);
            }
            self.say(LogLevel::Warning, &format!("{}: no checkpoint; starting from the beginning", path.display()));
        }
        let checkpoint = Checkpoint::new(path, hashes);
        if let Some(aside) = checkpoint.set_damaged_aside()? {
            self.say(LogLevel::Warning, &format!("a damaged checkpoint was left as {}", aside.display()));
        }
        Ok(checkpoint)
    }
}
