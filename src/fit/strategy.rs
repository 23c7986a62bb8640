//! Which way a problem is solved, from its size and the memory there is. It runs nothing and asks no kernel: total memory
//! comes from `machine::memory::detect_total_memory`.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::fit::settings::{FitSettings, Sharing};
use crate::machine::budget::memory_threshold;
use crate::outcome::fit::Strategy;
use crate::sums::loss::Loss;
use crate::units::{gigabytes, short};
use serde::Serialize;

/// What the choice depends on besides the problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// Total memory: physical, or the container's limit if that is smaller.
    pub total_bytes: u64,
    /// Pairs in the largest block.
    pub block_points: usize,
    /// Bytes that a value takes once it is decoded; 0 where blocks are mapped.
    pub decoded_value_bytes: usize,
    /// Angles.
    pub n_angles: usize,
    /// Frames.
    pub n_frames: usize,
    /// Worker threads.
    pub workers: usize,
}

/// A strategy and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// Strategy.
    pub strategy: Strategy,
    /// Whether a posterior may be sampled on pseudo-pairs: it takes so many sweeps that smaller data gain by them too.
    pub samples_condensed: bool,
    /// Pairs.
    pub n_points: usize,
    /// Free numbers, scaling included.
    pub n_params: usize,
    /// Largest memory of the full batch, in bytes.
    pub full_batch_bytes: u64,
    /// Largest memory of the chosen strategy, in bytes.
    pub peak_bytes: u64,
    /// Memory that the fit may take, in bytes.
    pub threshold_bytes: u64,
    /// Total memory, in bytes.
    pub total_bytes: u64,
    /// One line.
    pub reason: String,
}

/// Fewer pairs are swept faster than they are condensed.
const WORTH_CONDENSING: usize = 20_000_000;
/// Fewer frames leave few pairs for a pseudo-pair to stand for.
const FEWEST_FRAMES: usize = 300;

/// What the process takes before it holds any data.
const PROGRAM_BYTES: u64 = 1_700_000;
/// Tables of one frame: of theta, and of the angles whose blocks are passing.
const FRAME_BYTES: u64 = 700;
/// Stack, tile and sums of a worker.
const WORKER_BYTES: u64 = 1 << 19;

/// Peak anonymous memory of the full batch in bytes: the weighted Jacobian and residual of `n_points` pairs and `n_params`
/// free numbers, and the blocks on their way into it.
#[must_use]
pub fn estimate_peak_memory(n_points: usize, n_params: usize, memory: &Memory) -> u64 {
    let row = 8 * (n_params as u64 + 1);
    // Blocks of rows in the queue, at work and being dealt out.
    let on_the_way = (3 * memory.workers as u64 + 1) * memory.block_points as u64;
    row * (n_points as u64 + on_the_way) + base_bytes(n_params, memory)
}

/// Peak anonymous memory of streaming in bytes, whatever the number of pairs: decoded blocks in the queue and at work (mapped
/// ones cost address space only), a tile per worker, and the sums of residuals of every angle.
#[must_use]
pub fn estimate_streaming_memory(n_params: usize, memory: &Memory) -> u64 {
    let blocks = 4 * memory.workers as u64 + 1;
    let decoded = blocks * (memory.block_points * memory.decoded_value_bytes) as u64;
    decoded + base_bytes(n_params, memory)
}

/// Pseudo-pairs of an angle, about.
#[must_use]
pub fn n_pseudo_pairs(n_frames: usize) -> usize {
    let n = n_frames as f64;
    (27.0 * n * (300.0 / n).powf(0.36)) as usize
}

/// Peak anonymous memory of pseudo-pairs in bytes: about 26 per frame at 300 frames, 7 at 10 000, each with a value per angle.
#[must_use]
pub fn estimate_condensed_memory(n_params: usize, memory: &Memory) -> u64 {
    let pseudo_pairs = n_pseudo_pairs(memory.n_frames) as f64;
    // Besides, what angles share: both nodes of each with their tables.
    estimate_streaming_memory(n_params, memory) + (pseudo_pairs * (8 * memory.n_angles + 100) as f64) as u64
}

/// The program itself, its threads and tiles, and the sums of residuals: one set per angle and per block on its way.
fn base_bytes(n_params: usize, memory: &Memory) -> u64 {
    let groups = Sharing::default().for_size(n_params, memory.n_angles).groups.min(memory.n_frames);
    let sums = 8 * (groups * (groups + 1) / 2 * 9) as u64;
    let sets = memory.n_angles as u64 + 4 * memory.workers as u64;
    let threads = memory.workers as u64 * WORKER_BYTES;
    PROGRAM_BYTES + threads + memory.n_frames as u64 * FRAME_BYTES + sets * sums
}

/// Chooses: full batch while the problem is small and fits the threshold, else streaming.
///
/// # Errors
/// Config if the memory there is does not suffice for the strategy.
pub fn select_strategy(settings: &FitSettings, n_points: usize, memory: &Memory) -> Result<Decision> {
    let n_params = settings.space.free().len() + settings.scaling.n_free(memory.n_angles);
    let full_batch_bytes = estimate_peak_memory(n_points, n_params, memory);
    let threshold_bytes = memory_threshold(memory.total_bytes, settings.memory);
    let fits = full_batch_bytes <= threshold_bytes;
    let small = n_points <= settings.stratified_max_points;
    let condensed_bytes = estimate_condensed_memory(n_params, memory);
    let would_gain = n_points >= WORTH_CONDENSING && memory.n_frames >= FEWEST_FRAMES;
    let is_condensable = settings.loss == Loss::Linear && condensed_bytes <= threshold_bytes;
    let auto = match (fits && small, would_gain && is_condensable) {
        (true, _) => Strategy::Stratified,
        (false, true) => Strategy::Condensed,
        (false, false) => Strategy::HybridStreaming,
    };
    let strategy = settings.strategy.unwrap_or(auto);
    if strategy == Strategy::Condensed && settings.loss != Loss::Linear {
        return Err(weighted_pair_by_pair(settings.loss));
    }
    let peak_bytes = match strategy {
        Strategy::Stratified => full_batch_bytes,
        Strategy::HybridStreaming => estimate_streaming_memory(n_params, memory),
        Strategy::Condensed => condensed_bytes,
    };
    let relation = if fits { "<=" } else { ">" };
    let (n, most) = (short(n_points as f64), short(settings.stratified_max_points as f64));
    let size = match (settings.strategy, small) {
        (Some(_), _) => format!("asked for, n={n} pts"),
        (None, true) => format!("n={n} pts"),
        (None, false) => format!("n={n} pts > {most}"),
    };
    let (peak, threshold) = (gigabytes(full_batch_bytes), gigabytes(threshold_bytes));
    let not_condensed = if would_gain && settings.loss != Loss::Linear {
        ", not condensed: the loss weighs every pair by itself"
    } else {
        ""
    };
    let reason = format!(
        "Strategy: {} ({size}{not_condensed}, est. peak={peak} {relation} threshold {threshold} of {})",
        strategy.name(),
        gigabytes(memory.total_bytes)
    );
    let decision = Decision {
        strategy,
        samples_condensed: is_condensable && settings.strategy.is_none_or(|asked| asked == Strategy::Condensed),
        n_points,
        n_params,
        full_batch_bytes,
        peak_bytes,
        threshold_bytes,
        total_bytes: memory.total_bytes,
        reason,
    };
    if peak_bytes <= memory.total_bytes { Ok(decision) } else { Err(too_little(&decision)) }
}

fn weighted_pair_by_pair(loss: Loss) -> Error {
    Fault::at("optimization.nlsq.strategy", "condensed")
        .expected(format!("hybrid_streaming or stratified: loss {} weighs every pair by itself", loss.name()))
        .advice("leave the strategy to auto, or use --loss linear")
        .code(Code::E62)
        .config()
}

fn too_little(decision: &Decision) -> Error {
    let advice = match decision.strategy {
        Strategy::Stratified => "use --strategy hybrid_streaming",
        Strategy::HybridStreaming => "use fewer --threads or smaller --block-points, or raise the limit",
        Strategy::Condensed => "use --strategy hybrid_streaming",
    };
    let needed = format!("{} needs {}", decision.strategy.name(), gigabytes(decision.peak_bytes));
    Fault::at("memory", needed)
        .expected(format!("at most the {} that there are", gigabytes(decision.total_bytes)))
        .advice(advice)
        .code(Code::E66)
        .config()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::budget::MemorySettings;

    fn memory(total_bytes: u64) -> Memory {
        Memory { total_bytes, block_points: 65_536, decoded_value_bytes: 0, n_angles: 100, n_frames: 1000, workers: 2 }
    }

    /// Nine free numbers: seven physical, two of scaling.
    fn settings() -> FitSettings {
        FitSettings::of(crate::parameters::definitions::AnalysisMode::LaminarFlow)
    }

    fn choose(n_points: usize, settings: &FitSettings, total: u64) -> Decision {
        select_strategy(settings, n_points, &memory(total)).expect("memory suffices")
    }

    #[test]
    fn size_and_threshold_both_steer_the_choice() {
        let default = settings();
        assert_eq!(choose(1000, &default, 24 << 30).strategy, Strategy::Stratified);
        assert_eq!(choose(1_000_000, &default, 24 << 30).strategy, Strategy::HybridStreaming);
        assert_eq!(choose(50_000_000, &default, 24 << 30).strategy, Strategy::Condensed);
        let robust = FitSettings { loss: Loss::Huber, ..settings() };
        assert_eq!(choose(50_000_000, &robust, 24 << 30).strategy, Strategy::HybridStreaming);
        let wide = FitSettings { stratified_max_points: usize::MAX, ..default };
        assert_eq!(choose(50_000_000, &wide, 24 << 30).strategy, Strategy::Stratified);
        assert_eq!(choose(50_000_000, &wide, 5 << 30).strategy, Strategy::Condensed);
        let with = |memory: MemorySettings| FitSettings { memory, ..wide.clone() };
        let tight = with(MemorySettings { fraction: 0.1, ..MemorySettings::default() });
        assert_eq!(choose(50_000_000, &tight, 24 << 30).strategy, Strategy::Condensed);
        let exact = with(MemorySettings { threshold_bytes: Some(1 << 30), ..MemorySettings::default() });
        assert_eq!(choose(50_000_000, &exact, 24 << 30).strategy, Strategy::Condensed);
        let little = with(MemorySettings { threshold_bytes: Some(1 << 24), ..MemorySettings::default() });
        assert_eq!(choose(50_000_000, &little, 24 << 30).strategy, Strategy::HybridStreaming);
        // Many sweeps pay for condensing where one fit does not; never against a wish, a loss or the memory.
        assert!(choose(1_000_000, &settings(), 24 << 30).samples_condensed);
        let asked = FitSettings { strategy: Some(Strategy::HybridStreaming), ..settings() };
        for other in [robust, little, asked] {
            assert!(!choose(1_000_000, &other, 24 << 30).samples_condensed);
        }
    }

    #[test]
    fn the_line_names_size_estimate_threshold_and_total() {
        let line = choose(50_000_000, &settings(), 4 << 30).reason;
        assert_eq!(line, "Strategy: condensed (n=50.0M pts > 5.0K, est. peak=4.0 GB > threshold 3.2 GB of 4.3 GB)");
    }

    #[test]
    fn too_little_memory_is_one_clear_line() {
        let asked = FitSettings { strategy: Some(Strategy::Stratified), ..settings() };
        let error = select_strategy(&asked, 50_000_000, &memory(1 << 30)).expect_err("4 GB do not fit 1 GiB");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("hybrid_streaming"), "{error}");
        let asked = FitSettings { strategy: Some(Strategy::Condensed), loss: Loss::Huber, ..settings() };
        let error = select_strategy(&asked, 50_000_000, &memory(1 << 30)).expect_err("weights of single pairs");
        assert!(error.to_string().contains("loss huber"), "{error}");
        let error = select_strategy(&settings(), 50_000_000, &memory(4 << 20)).expect_err("4 MiB");
        assert!(error.to_string().contains("threads"), "{error}");
    }
}
