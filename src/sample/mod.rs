//! Posteriors: what the data and what was believed before them say together, by draws. A verb: it asks an objective for sweeps.
//!
//! `settings` what can be chosen, `ask` what is asked for and of which data, `choice` directly or in shards (`outlook`), `numbers` what is sampled and in which coordinates (`law_axes` those of power laws), `density` the logarithm of the posterior and its
//! gradient, `geometry` where chains start and how their coordinates are stretched, `chain` one walk (NUTS) in `pieces`, in coordinates of its `metric`, `ensemble` all of them, `tally` how far they have come, `walked` what they have drawn,
//! `journal` who keeps what they have walked, `diagnostics` whether
//! walks agree, `findings` what is told of them, `course` a whole sampling.

pub mod ask;
pub mod belief;
pub mod chain;
pub mod choice;
pub mod consensus;
pub mod course;
pub mod density;
pub mod diagnostics;
pub mod ensemble;
pub mod findings;
pub mod geometry;
pub mod journal;
pub mod law_axes;
pub mod metric;
pub mod numbers;
pub mod outlook;
pub mod pieces;
pub mod settings;
pub mod tally;
pub mod walked;
