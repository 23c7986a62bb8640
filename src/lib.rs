//! XPCS two-time correlation data, larger than memory, to transport coefficients with honest error bars.
//!
//! A **sweep** is one pass over the data at one parameter vector; it returns sums per angle. Everything below a sweep exists to make it
//! fast, everything above only asks for sweeps:
//!
//! ```text
//! file --ingest--> store (by angle) --blocks--> sweep --sums--> likelihood --> fit --> outcome --> report
//!
//! ingest      a beamline file to a directory with one partition per angle (Arrow or Parquet), once
//! blocks      65,536 pairs each, mapped or decoded: memory does not grow with the data
//! likelihood  contrast and offset of every angle eliminated exactly; what speckles and photons scatter by, in closed form
//! fit         bounded trust region, other basins, errors, a test of fit, one verdict
//! outcome     plain typed data, `parameters.json` as Rust
//! ```
//!
//! A program needs a file and the two numbers that no file tells, q and the gap:
//!
//! ```
//! use homodyne::api::*;
//!
//! fn main() -> Result<()> {
//!     // A third of the memory that there is, at most; every key of a configuration can be set so.
//!     println!("{:?} bytes of memory", detect_total_memory());
//!     let more = [("optimization.nlsq.memory_fraction", "0.33"), ("output.directory", "target/results")];
//!     let settings = settings_of("data/laminar_flow.h5".as_ref(), 0.0054, Some(2e6), &more)?;
//!     let run = Run::new(&settings, &Watch::nobody());
//!
//!     // The file to a store; what has not changed is reused.
//!     let ingested = run.ingest()?;
//!     let store = run.open(&ingested.store)?;
//!
//!     // How the data are gone through, and why.
//!     let decision = decide(&settings.fit, &store, usable_cores())?;
//!     println!("{}: {}", decision.strategy.name(), decision.reason);
//!
//!     // The fit, and its result as types.
//!     let finished = run.fit(store)?;
//!     let result: &FitResult = &finished.outcome.result;
//!     for found in &result.parameters {
//!         println!("{} = {} +- {:?} {}", found.name, found.value, found.uncertainty, found.unit);
//!     }
//!     println!("{}: {:?}", result.verdict.name(), result.reasons);
//!     println!("D at the first frame: {:?}", result.transport[0].diffusion);
//!
//!     // The page to look at.
//!     let page = report(&finished.directory, &ReportSettings::default(), &Watch::nobody())?;
//!     println!("{}", page.display());
//! #   assert_eq!(result.verdict, Verdict::Converged);
//! #   assert_eq!(result.correlation_array().dim().0, result.covariance_names.len());
//! #   assert!(page.is_file());
//!     Ok(())
//! }
//! ```
//!
//! [`api`] is the one door: it lists everything that is promised, with the stages one by one and with data of your own. Everything else
//! is inner: open to readers, tests and benches, without a promise. How a verdict is to be read, where errors come from and what is on
//! disk is told in `docs/` of the repository.
#![deny(missing_docs, unsafe_code)]

pub mod api;
pub mod config;
pub mod error;
pub mod experiment;
pub mod fit;
pub mod ingest;
pub mod likelihood;
pub mod listener;
pub mod machine;
pub mod model;
pub mod outcome;
pub mod parameters;
pub mod pipeline;
pub mod report;
pub mod sample;
pub mod simulate;
pub mod store;
pub mod sums;
pub mod sweep;
pub mod units;
