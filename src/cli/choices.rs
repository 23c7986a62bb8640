//! Options of the command line that are one of a few words.

use clap::ValueEnum;

/// How the data are gone through.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum StrategyName {
    /// By size and memory.
    Auto,
    /// All rows in memory, QR of the full Jacobian.
    Stratified,
    /// A coarse start, then streaming in bounded memory.
    #[value(name = "hybrid_streaming", aliases = ["hybrid-streaming", "raw"])]
    HybridStreaming,
    /// The same from the minimum of pseudo-pairs that stand for all pairs.
    Condensed,
}

/// What the machine is to be used for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PurposeName {
    /// Least squares.
    Nlsq,
    /// Sampling.
    Cmc,
    /// Sampling on a cluster node.
    CmcHpc,
    /// Whatever suits.
    Auto,
}

/// Physics.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Mode {
    /// Anomalous diffusion.
    Static,
    /// Anomalous diffusion under laminar shear flow.
    #[value(alias = "laminar_flow")]
    LaminarFlow,
}

/// Shear convention.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Convention {
    /// The published one.
    Homodyne,
    /// The average across the gap.
    #[value(alias = "gap_average")]
    GapAverage,
}

/// Encoding of a store.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// Arrow IPC, mapped.
    Arrow,
    /// Parquet.
    Parquet,
}

/// Width of simulated values.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ValueWidth {
    /// 32 bit.
    F32,
    /// 64 bit.
    F64,
}

/// How the reference of keys is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// A page for a terminal.
    Text,
    /// A table for documents.
    Markdown,
    /// For programs.
    Json,
}
