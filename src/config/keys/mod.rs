//! The table of keys: everything that can be configured, each once. Reading, checking, `config show`, templates, the key reference
//! and the hash of a result all go through it. It reads no file.

pub mod consensus;
pub mod data;
pub mod fit;
pub mod parameters;
pub mod run;
pub mod sample;
pub mod search;
pub mod without_effect;

use crate::config::key::Key;
use crate::config::key::Meaning::{self, Used};
use crate::config::keys::without_effect::WITHOUT_EFFECT;
use std::sync::OnceLock;

/// Every key, in the order in which they are read and shown.
pub fn all() -> impl Iterator<Item = &'static Key> {
    [data::KEYS, parameters::KEYS, fit::KEYS, search::KEYS, sample::KEYS, consensus::KEYS, run::KEYS]
        .into_iter()
        .flatten()
}

/// Keys by dotted path; `[]` stands for the items of a list, a trailing `*` for everything below.
#[must_use]
pub fn patterns() -> &'static [(String, Meaning)] {
    static PATTERNS: OnceLock<Vec<(String, Meaning)>> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let used = all().flat_map(Key::patterns).map(|pattern| (pattern, Used));
        let idle = WITHOUT_EFFECT.iter().flat_map(|group| group.paths().map(|path| (path, group.meaning)));
        used.chain(idle).collect()
    })
}

/// What a path does; the most exact entry wins.
#[must_use]
pub fn meaning(path: &str) -> Option<Meaning> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix) || path == prefix.trim_end_matches('.'),
        None => path == pattern,
    };
    let fitting = patterns().iter().filter(|(pattern, _)| fits(pattern));
    fitting.max_by_key(|(pattern, _)| pattern.len()).map(|(_, meaning)| *meaning)
}

/// Whether values that are used, or known one by one, stand below a path.
#[must_use]
pub fn is_section(path: &str) -> bool {
    let below =
        |known: &str| known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['));
    let named = |(known, meaning): &(String, Meaning)| below(known) && (*meaning == Used || !known.ends_with('*'));
    patterns().iter().any(named)
}

/// Whether a path is that of one key, whatever stands below.
#[must_use]
pub fn is_key(path: &str) -> bool {
    all().any(|key| key.paths().any(|known| known == path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::key::Meaning::NoEffect;

    #[test]
    fn the_most_exact_entry_wins() {
        assert_eq!(meaning("optimization.nlsq.quality_validation.reduced_chi_squared_threshold"), Some(Used));
        assert!(matches!(meaning("optimization.nlsq.quality_validation.warn_on_bounds_hit"), Some(NoEffect(_))));
        assert!(matches!(meaning("experimental_data.cache_compression"), Some(NoEffect(_))));
        assert_eq!(meaning("optimization.nlsq.max_iteration"), None);
        assert_eq!(meaning("optimization.nlsq.tolerance"), Some(Used));
    }

    #[test]
    fn every_path_stands_once_in_the_table() {
        let mut paths: Vec<&str> = patterns().iter().map(|(path, _)| path.as_str()).collect();
        paths.sort_unstable();
        let twice: Vec<&&str> = paths.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
