//! What becomes of a store that is there already, as words of the command line.

use clap::Args;
use homodyne::api::Reuse;

/// What becomes of a store that is there already; without these it is used if nobody has written to it since it was made, or what was
/// written is the same.
#[derive(Debug, Args)]
pub struct EarlierStore {
    /// Compare all of a store that is there already with its checksums.
    #[arg(long)]
    pub verify: bool,
    /// Make the store anew, also if its partitions were edited or damaged.
    #[arg(long, conflicts_with = "verify")]
    pub force: bool,
}

impl EarlierStore {
    /// As a setting.
    pub fn reuse(&self) -> Reuse {
        match (self.force, self.verify) {
            (true, _) => Reuse::Never,
            (false, true) => Reuse::Verified,
            (false, false) => Reuse::Untouched,
        }
    }
}
