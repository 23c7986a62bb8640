//! How much memory work may take. It asks no system: the total is given.

/// How much memory a fit may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemorySettings {
    /// Largest share of the total memory.
    pub fraction: f64,
    /// The same in bytes, in place of the share.
    pub threshold_bytes: Option<u64>,
}

impl MemorySettings {
    /// Shares outside are moved inside, with a warning.
    pub const FRACTION_RANGE: (f64, f64) = (0.1, 0.9);
}

impl Default for MemorySettings {
    fn default() -> Self {
        MemorySettings { fraction: 0.75, threshold_bytes: None }
    }
}

/// Memory that a fit may take: the user's figure, or a share of the total.
#[must_use]
pub fn memory_threshold(total_bytes: u64, settings: MemorySettings) -> u64 {
    settings.threshold_bytes.unwrap_or((total_bytes as f64 * settings.fraction) as u64)
}
