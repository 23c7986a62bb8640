//! The one door: everything that a user of the library needs. The other modules are inner; their names may change.
//!
//! The page of the crate has a whole program with [`Run`]. Here are the stages one by one, without configuration, log and run directory:
//!
//! ```
//! use homodyne::api::*;
//! use std::sync::Arc;
//!
//! # fn main() -> Result<()> {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let place = folder.path().join("store");
//! // The file to a store, once; what has not changed is reused.
//! let ingest_settings = IngestSettings {
//!     source: Some("data/laminar_flow.h5".into()),
//!     store: place.clone().into(),
//!     ..IngestSettings::default()
//! };
//! ingest(&ingest_settings, 2, &Watch::nobody())?;
//! let store = Arc::new(Store::open(&place, Some(2e6))?); // the gap in angstrom
//!
//! // What is fitted, and how the data are gone through with the memory that there is.
//! let settings = FitSettings::of(AnalysisMode::LaminarFlow);
//! let decision = decide(&settings, &store, 2)?;
//! println!("{}", decision.reason);
//!
//! // A scattered sample finds the start, the sweep over all pairs has the last word.
//! let model = Model::new(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, store.experiment())?;
//! let outset = Outset::new(decision.strategy, model.starts(&settings.space), model.t_ref_seconds());
//! let sample = Sample::draw(&*store, &model)?;
//! let sweep = Sweep::new(store, model, 2);
//! let result = fit(&sample, &sweep, &settings, &outset, &mut Following::default())?;
//!
//! for parameter in &result.parameters {
//!     println!("{} = {} +- {:?} {}", parameter.name, parameter.value, parameter.uncertainty, parameter.unit);
//! }
//! assert_eq!(result.verdict, Verdict::Converged);
//! assert_eq!(result.correlation_array().dim().0, result.covariance_names.len());
//! # Ok(())
//! # }
//! ```
//!
//! [`Run`] does the same from a configuration ([`load`], [`settings_of`]), with log, checkpoints and a run directory. Own data need no
//! file: [`MemoryStore::of_maps`] takes an array c2(phi, t1, t2).

pub use crate::config::keys;
pub use crate::config::load::{load, settings_of, without_file};
pub use crate::config::reference::{
    KeyReference, reference, reference_markdown, reference_of, reference_page, without_effect_page,
};
pub use crate::config::settings::{Effective, Method, RunSettings, Settings, Stage};
pub use crate::config::template::template;
pub use crate::config::tree::{Node, override_node};
pub use crate::error::catalogue::Code;
pub use crate::error::explanation::Explanation;
pub use crate::error::{Error, Fault, Result, in_one_line};
pub use crate::experiment::{Angle, AngleNoise, Experiment, POSSIBLE_Q_PER_ANGSTROM, TimeGrid};
pub use crate::fit::course::{Outset, fit};
pub use crate::fit::settings::{
    CmaEs, Design, Enable, Evolution, FitSettings, MultiStart, Preset, Quality, Sharing, Tolerances, Weighting,
};
pub use crate::fit::solver::journal::{Evaluated, Following, Journal};
pub use crate::fit::strategy::{Decision, Memory, select_strategy};
pub use crate::ingest::adopt::convert::adopt;
pub use crate::ingest::adopt::request::AdoptSettings;
pub use crate::ingest::convert::ingest;
pub use crate::ingest::inspect::inspect;
pub use crate::ingest::layouts::detect::Layout;
pub use crate::ingest::request::{IngestSettings, Ingested, Reuse, StorePlace};
pub use crate::ingest::selection::{PhiRange, Selection, Symmetrise};
pub use crate::likelihood::scaling::ScalingSettings;
pub use crate::listener::{Event, Listener, LogLevel, StopFlag, Walking, Watch};
pub use crate::machine::budget::MemorySettings;
pub use crate::machine::cores::{Node as MemoryNode, nodes, usable_cores};
pub use crate::machine::dataflow::StageTotals;
pub use crate::machine::folder::{from_home, make_folder};
pub use crate::machine::memory::{check_address_space, detect_total_memory};
pub use crate::machine::staged_file::{Replace, write_file};
pub use crate::model::catalogue::{Model, ModelSettings};
pub use crate::outcome::condensed::CondensedFit;
pub use crate::outcome::consensus::{
    CheckAgainstAll, ConsensusMemory, ConsensusSampling, DrawsAre, Heterogeneity, LostShard, MovedMean, Places,
    ShardFacts, TwoModes,
};
pub use crate::outcome::fit::{
    ActiveBound, AngleResult, Conditions, ExtremeResidual, FitOutcome, FitResult, Identifiability, Iteration,
    LagResult, SCHEMA_VERSION, ScalingTest, StartFrom, Strategy, UndeterminedDirection,
};
pub use crate::outcome::parameter::{ParameterResult, ParameterStatus, UncertaintyMethod};
pub use crate::outcome::posterior::{
    ChainFacts, CondensedSampling, Draw, PosteriorNumber, PosteriorResult, PosteriorVerdict,
};
pub use crate::outcome::search::{Basin, Candidate, Origin, Search, SearchMethod};
pub use crate::outcome::verdict::{Stop, Verdict};
pub use crate::outcome::weighting::{ComparedNumber, LeastSquares, PairWeights, ScalingByLeastSquares, WeightingFound};
pub use crate::parameters::definitions::{
    AnalysisMode, Definition, PHYSICAL, SearchScale, ShearConvention, find as find_parameter,
};
pub use crate::parameters::scaling::{AngleScaling, ScalingMode};
pub use crate::parameters::space::{Parameter, ParameterSpace};
pub use crate::pipeline::drawing::ReportSettings;
pub use crate::pipeline::holdings::{KeptRun, KeptStore, Removed, remove_run, remove_store, runs, stores};
pub use crate::pipeline::log::log_line;
pub use crate::pipeline::many_q::{FinishedTable, Manner, ManyQ, run_many};
pub use crate::pipeline::plan::{decide, plan};
pub use crate::pipeline::progress::{Progress, Standing};
pub use crate::pipeline::readiness::check_ready;
pub use crate::pipeline::run::{Finished, FinishedPosterior, Run};
pub use crate::pipeline::stages::condense::Again;
pub use crate::pipeline::stages::look::{look, look_at_simulation};
pub use crate::pipeline::stages::report::report;
pub use crate::pipeline::stages::sample::FinishedSampling;
pub use crate::pipeline::tune::{Purpose, Tuning, tune};
pub use crate::report::figures::formats::Format;
pub use crate::report::figures::palette::Colours;
pub use crate::report::tables::json::pretty;
pub use crate::report::tables::many_q::{PowerLawCheck, QRow};
pub use crate::sample::ask::{Ask, Data};
pub use crate::sample::choice::sample_as_chosen;
pub use crate::sample::consensus::course::Resources;
pub use crate::sample::consensus::settings::{Combination, ConsensusSettings, Sharded};
pub use crate::sample::course::sample;
pub use crate::sample::settings::{NoiseCorrelation, NoiseScale, SampleSettings};
pub use crate::simulate::{Noise, Scatter, Simulation, Width};
pub use crate::store::block::{Block, BlockPlan, BlockSource, DEFAULT_BLOCK_POINTS, Values};
pub use crate::store::condensed_angle::Tally;
pub use crate::store::directory::Store;
pub use crate::store::manifest::{MANIFEST_NAME, Manifest, StoreFormat};
pub use crate::store::memory::MemoryStore;
pub use crate::sums::gram::Gram;
pub use crate::sums::loss::Loss;
pub use crate::sums::objective::{CondensedData, Dealer, Fineness, Objective, Query, RawData, Shards};
pub use crate::sums::rank_update::Depth;
pub use crate::sweep::meter::SweepTotals;
pub use crate::sweep::raw::pass::Sweep;
pub use crate::sweep::scattered::Sample;
pub use crate::sweep::shards::dealing::SourceDealer;
pub use crate::units::{date_and_time, gigabytes};
