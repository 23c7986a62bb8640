//! The stage that samples: the fit it starts from (an equal earlier one is reused), the chains, what they have drawn.

use crate::config::settings::KeptChains;
use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::fit::strategy::Decision;
use crate::likelihood::scaling::ScalingSettings;
use crate::listener::{LogLevel, Watch};
use crate::machine::budget::memory_threshold;
use crate::machine::file_identity::content_hash;
use crate::machine::memory::detect_total_memory;
use crate::machine::publish::StagedDirectory;
use crate::model::catalogue::Model;
use crate::outcome::fit::{FitResult, Strategy};
use crate::outcome::posterior::{PosteriorResult, PosteriorVerdict};
use crate::outcome::verdict::Verdict;
use crate::parameters::space::ParameterSpace;
use crate::pipeline::chain_checkpoint::{ChainCheckpoint, GoingOn};
use crate::pipeline::draw_journal::DrawJournal;
use crate::pipeline::plan::decide;
use crate::pipeline::posterior_directory::{
    Earlier, KIND, POSTERIOR, PosteriorDirectory, changed_posterior, equal_posterior,
};
use crate::pipeline::run::{Finished, Run};
use crate::report::tables::json::pretty;
use crate::report::tables::parquet::Origin;
use crate::report::tables::posterior::summary;
use crate::sample::ask::{Ask, Data};
use crate::sample::belief::believing;
use crate::sample::choice::sample_as_chosen;
use crate::sample::consensus::course::Resources;
use crate::sample::journal::Journal;
use crate::sample::pieces::pieces;
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::sums::loss::Loss;
use crate::sweep::raw::pass::Sweep;
use crate::sweep::shards::dealing::SourceDealer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What kept chains mean: the axes that their places are on, and how they are cut into pieces. Others are not gone on from.
const CHAINS: &str = "chains 2";

/// What a finished sampling gives back.
#[derive(Debug, Clone)]
pub struct FinishedSampling {
    /// The fit that it started from.
    pub fitted: Finished,
    /// `posterior` in its directory.
    pub directory: PathBuf,
    /// What was found: `posterior.json`.
    pub result: PosteriorResult,
    /// Table for a terminal.
    pub summary: String,
}

impl FinishedSampling {
    /// Exit code of the program: of the draws, or else of the fit.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.result.exit_code()
    }
}

/// What is drawn from, and for whom.
#[derive(Clone, Copy)]
struct Drawing<'a> {
    data: Data<'a>,
    ask: &'a Ask<'a>,
    journal: &'a dyn Journal,
    run: &'a Path,
}

impl Run<'_> {
    /// Samples the posterior of a store and writes it into the directory of its fit, which is made first.
    ///
    /// # Errors
    /// What sweeps and writing report; E62 where the settings of the fit are not those of a likelihood; Interrupted if the user asks to
    /// stop before there are draws.
    pub fn sample(&self, store: &Path) -> Result<FinishedSampling> {
        let settings = self.settings;
        if settings.fit.loss != Loss::Linear {
            return Err(Fault::at("optimization.nlsq.loss", "a robust loss, which is no likelihood")
                .expected("linear for a posterior")
                .code(Code::E62)
                .config());
        }
        let opened = self.open(store)?;
        let Decision { strategy, samples_condensed, .. } = decide(&settings.fit, &opened, settings.run.threads())?;
        let fitted = match self.earlier_result(&opened)? {
            Some(fitted) => {
                self.say(LogLevel::Info, &format!("starting from {}", fitted.directory.display()));
                fitted
            }
            None => self.fit(opened)?,
        };
        self.say_what_is_sampled(&fitted);
        self.watch().check()?;
        let store = Arc::new(self.open(store)?);
        let key = self.sampling_key(&fitted, (&store.manifest().content_key, strategy))?;
        if let Some(Earlier { result, summary, .. }) = self.equal(&fitted.directory, &key)? {
            return Ok(FinishedSampling { summary, directory: fitted.directory.join(POSTERIOR), result, fitted });
        }
        let model = Model::new(settings.fit.space.mode, settings.model.convention, store.experiment())?;
        // Draws tell how far it is; sweeps do not.
        let sweep = |threads: usize| {
            let quiet = Watch::new(&(), self.log.stop());
            Sweep::new(Arc::clone(&store) as Arc<dyn BlockSource>, model.clone(), threads).watched_by(quiet)
        };
        let threads = settings.run.threads();
        let (together, alone) = (sweep(threads), sweep(1));
        let data = Data { together: &together, alone: &alone, may_be_condensed: samples_condensed };
        // The posterior is that of the cost.
        let least_squares = fitted.outcome.result.by_least_squares();
        let (space, scaling) = self.believed(&least_squares);
        let ask = Ask {
            space: &space,
            scaling: &scaling,
            settings: &settings.sample,
            fitted: &least_squares,
            t_ref_seconds: model.t_ref_seconds(),
            threads,
        };
        let name = fitted.directory.file_name().unwrap_or_default().to_string_lossy();
        let origin = Origin::of(&name, &store.manifest().content_key, &fitted.outcome.conditions);
        let journal = self.journal(&fitted.directory, (origin, &key))?;
        let drawing = Drawing { data, ask: &ask, journal: &journal, run: &fitted.directory };
        let result = self.timed("sample", || self.draws((&store, &model), drawing))?;
        store.check_unchanged()?;
        self.say(LogLevel::Info, &format!("posterior: {}", result.verdict.name()));
        self.say_if_cut(&result);
        let summary = summary(&result);
        let (directory, aside) = journal.finish(&result, &summary)?;
        let told = |aside: PathBuf| format!("the posterior of other settings stands aside as {}", aside.display());
        aside.into_iter().for_each(|aside| self.say(LogLevel::Info, &told(aside)));
        Ok(FinishedSampling { summary, directory, result, fitted })
    }

    /// Draws of all data or of shards, with a folder that nobody sees and of which nothing is left.
    fn draws(
        &self,
        (store, model): (&Store, &Model),
        Drawing { data, ask, journal, run }: Drawing<'_>,
    ) -> Result<PosteriorResult> {
        let scratch = StagedDirectory::begin(&run.join(POSTERIOR), KIND)?;
        let (place, stop) = (scratch.path().join("shards"), self.log.stop().clone());
        let dealer = SourceDealer { source: store, model, place: &place, threads: ask.threads, stop };
        let total = detect_total_memory().unwrap_or(u64::MAX);
        let threshold_bytes = memory_threshold(total, self.settings.fit.memory);
        let resources = Resources { dealer: &dealer, folder: scratch.path(), journal, threshold_bytes };
        sample_as_chosen(data, &resources, ask, &self.watch())
    }

    /// Parameters with what is believed of them, and how contrast and offset depend on the angle.
    fn believed(&self, fitted: &FitResult) -> (ParameterSpace, ScalingSettings) {
        let (fit, sample) = (&self.settings.fit, &self.settings.sample);
        let mut scaling = fit.scaling.clone();
        scaling.mode = sample.scaling_mode.unwrap_or(scaling.mode);
        scaling.shared_from_angles = sample.shared_from_angles.unwrap_or(scaling.shared_from_angles);
        if !sample.believes_fit {
            return (fit.space.clone(), scaling);
        }
        let told = "the fit is believed before the data (use_nlsq_informed_priors): the data count twice, and widths are too small";
        self.say(LogLevel::Warning, told);
        (believing(&fit.space, fitted, sample.fit_width_factor), scaling)
    }

    /// What draws depend on: store, configuration, seed and the fit that chains start from.
    fn sampling_key(&self, fitted: &Finished, (store, strategy): (&str, Strategy)) -> Result<String> {
        let settings = self.settings;
        let believed = if settings.run.verify { "" } else { "unverified" };
        let found = &fitted.outcome.result;
        let started_from = content_hash(&pretty(&(&found.parameters, &found.covariance, &found.angles))?);
        let program = concat!("homodyne ", env!("CARGO_PKG_VERSION"));
        let key = format!(
            "{program} {CHAINS} {} {store} {:?} {started_from}",
            self.result_key(believed, strategy),
            settings.sample,
        );
        Ok(content_hash(key.as_bytes()))
    }

    /// Checkpoint and directory of the sampling around a fit.
    fn journal<'o>(&self, run: &Path, (origin, key): (Origin<'o>, &str)) -> Result<DrawJournal<'o>> {
        let settings = self.settings;
        let KeptChains { are_kept, folder, go_on } = &settings.run.chains;
        let folder = folder.as_deref().unwrap_or(&settings.run.output);
        let going_on = match (self.resume, go_on) {
            (true, _) => GoingOn::Asked,
            (false, true) => GoingOn::WherePossible,
            (false, false) => GoingOn::Anew,
        };
        let (checkpoint, said) = ChainCheckpoint::open((folder, *are_kept), &settings.run.name, key, going_on)?;
        said.iter().for_each(|said| self.say(LogLevel::Warning, said));
        let directory = PosteriorDirectory::begin(run, settings.sample.n_chains, (origin, key))?;
        Ok(DrawJournal::new(checkpoint, directory, pieces(&settings.sample)))
    }

    /// A posterior of the same key, if it is there; and what is said of it.
    fn equal(&self, run: &Path, key: &str) -> Result<Option<Earlier>> {
        let found = equal_posterior(run, key)?;
        if let Some(found) = &found {
            self.say(LogLevel::Info, &format!("an equal posterior was there: {}", found.from.display()));
        } else if let Some(changed) = changed_posterior(run, key) {
            let told = format!("{} is not as it was written: sampling anew", changed.display());
            self.say(LogLevel::Warning, &told);
        }
        Ok(found)
    }

    fn say_if_cut(&self, result: &PosteriorResult) {
        if result.verdict == PosteriorVerdict::Interrupted {
            let and = if self.settings.run.chains.are_kept { ", and `--resume` goes on from here" } else { "" };
            self.say(LogLevel::Warning, &format!("interrupted: all complete draws are kept{and}"));
        }
    }

    /// A posterior is one of its model, right or wrong.
    fn say_what_is_sampled(&self, fitted: &Finished) {
        let verdict = fitted.outcome.result.verdict;
        let told = match verdict {
            Verdict::Converged | Verdict::Interrupted => return,
            Verdict::PoorFit => {
                "the model does not describe the data (poor_fit): its posterior does not either".to_owned()
            }
            verdict => format!("the fit that chains start from is {}", verdict.name()),
        };
        self.say(LogLevel::Warning, &told);
    }
}
