//! How all data are to be sampled, and what is known of that before. It measures nothing.

use serde::{Deserialize, Serialize};

/// Directly or in shards. It rests on how long gradients have taken, which is not the same twice: a sampling that goes on goes on with the
/// one it began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Whether all data are sampled directly.
    pub is_direct: bool,
    /// Why, in words.
    pub reason: String,
    /// Seconds that all data would take.
    pub direct_seconds: f64,
    /// Seconds of one gradient of all pairs on one thread.
    pub gradient_seconds: f64,
}
