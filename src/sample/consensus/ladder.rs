//! What is tried when the chains of a shard are not to be believed, one after the other. It runs nothing.

use crate::sample::consensus::settings::ConsensusSettings;
use crate::sample::settings::SampleSettings;

/// A way to sample a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// As all shards are.
    First,
    /// From the same start with shorter steps and twice the warm-up.
    Longer,
    /// From the shard's own maximum, in coordinates that its own curvature makes round.
    Rewhitened,
    /// The same with short steps.
    Careful,
    /// Together with the neighbour.
    Merged,
}

/// Why chains of a shard are not believed.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// They ended at the deadline with too few draws.
    OutOfTime,
    /// No start had a density.
    NoDensity,
    /// What they have drawn, in words.
    Doubtful(String),
}

/// Acceptance of longer tries is so much higher.
const HIGHER: f64 = 0.05;
/// Acceptance of careful ones.
const CAREFUL: f64 = 0.98;

impl Rung {
    /// All, in order.
    const ALL: [Rung; 5] = [Rung::First, Rung::Longer, Rung::Rewhitened, Rung::Careful, Rung::Merged];

    /// Its place in the order: the number of the attempt.
    #[must_use]
    pub fn attempt(self) -> usize {
        Rung::ALL.iter().position(|rung| *rung == self).unwrap_or_default()
    }

    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["first", "longer", "rewhitened", "careful", "merged"][self.attempt()]
    }

    /// What is tried next. Who ran out of time is helped by better coordinates alone: all else takes longer.
    #[must_use]
    pub fn next(self, trouble: &Trouble) -> Option<Rung> {
        match trouble {
            Trouble::OutOfTime => (self < Rung::Rewhitened).then_some(Rung::Rewhitened),
            _ => Rung::ALL.get(self.attempt() + 1).copied(),
        }
    }

    /// Acceptance that is aimed at, where it is `usual` at first.
    #[must_use]
    pub fn acceptance(self, usual: f64) -> f64 {
        match self {
            Rung::First => usual,
            Rung::Longer | Rung::Rewhitened => (usual + HIGHER).min(0.99),
            Rung::Careful | Rung::Merged => usual.max(CAREFUL),
        }
    }

    /// Whether coordinates are the shard's own.
    #[must_use]
    pub fn is_rewhitened(self) -> bool {
        self >= Rung::Rewhitened
    }

    /// Settings of the chains of shard `shard` with so many pairs and numbers: each has a stream of its own for every attempt, and the
    /// first attempt of the first shard that of all data.
    #[must_use]
    pub fn settings(self, asked: &SampleSettings, shard: usize, (pairs, n_numbers): (u64, usize)) -> SampleSettings {
        let (warmup, draws) = lengths(asked, (pairs, n_numbers));
        let n_warmup = if self == Rung::First { warmup } else { 2 * warmup };
        SampleSettings { n_warmup, n_draws: draws, seed: seed(asked.seed, shard, self.attempt()), ..asked.clone() }
    }
}

/// Warm-up and draws of a shard: small ones draw less.
#[must_use]
pub fn lengths(asked: &SampleSettings, (pairs, n_numbers): (u64, usize)) -> (usize, usize) {
    let ConsensusSettings { adaptive, min_warmup, min_draws, .. } = asked.consensus;
    let share = if adaptive { (pairs as f64 / 10_000.0).min(1.0) } else { 1.0 };
    let length = |most: usize, least: usize, per_number: usize| {
        least.max(per_number * n_numbers).min(most).max((share * most as f64) as usize)
    };
    (length(asked.n_warmup, min_warmup, 20), length(asked.n_draws, min_draws, 50))
}

/// The seed of an attempt at a shard.
fn seed(seed: u64, shard: usize, attempt: usize) -> u64 {
    if (shard, attempt) == (0, 0) {
        return seed;
    }
    let words = format!("homodyne posterior {seed} shard {shard} attempt {attempt}");
    let hash = blake3::hash(words.as_bytes());
    hash.as_bytes()[..8].iter().fold(0, |word, &byte| word << 8 | u64::from(byte))
}
