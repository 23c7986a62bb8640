//! What every code means, in prose for people at a beamline. It does not know how a problem is found.

pub(super) mod bins;
pub(super) mod configuration;
pub(super) mod files;
pub(super) mod matrices;
pub(super) mod selection;
pub(super) mod stores;

/// What a code means, why it happens and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// What is wrong, and what the program does about it.
    pub meaning: &'static str,
    /// How it comes about.
    pub cause: &'static str,
    /// What to do: one suggestion each, the likeliest first.
    pub remedies: &'static [&'static str],
}
