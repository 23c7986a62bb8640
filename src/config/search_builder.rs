//! Converts the keys of memory, multi-start and CMA-ES. It does not read files.

use crate::config::reader::{Reader, as_number};
use crate::config::tree::Node;
use crate::error::Result;
use crate::fit::settings::{CmaEs, Design, Enable, Evolution, MultiStart, Preset};
use crate::machine::budget::MemorySettings;
use crate::outcome::fit::Strategy;
use crate::parameters::space::ParameterSpace;

/// Reads the settings of what surrounds the solver.
pub(super) struct SearchBuilder<'a> {
    pub reader: &'a Reader,
}

impl SearchBuilder<'_> {
    /// What decides on the strategy, and warnings.
    pub fn memory(&self) -> Result<(MemorySettings, Vec<String>)> {
        let reader = self.reader;
        let key = "optimization.nlsq.memory_fraction";
        let asked = reader.positive_or(key, MemorySettings::default().fraction)?;
        let (least, most) = MemorySettings::FRACTION_RANGE;
        let fraction = asked.clamp(least, most);
        let changed = fraction != asked;
        let notes = changed.then(|| format!("{key}: {asked} is outside [{least}, {most}]: {fraction} is used"));
        let threshold_key = "optimization.nlsq.memory_threshold_gb";
        let threshold = reader.number(threshold_key)?;
        if threshold.is_some_and(|gigabytes| gigabytes <= 0.0) {
            return Err(reader.wrong_at(threshold_key, "a positive number of GB, or null for a share of the memory"));
        }
        let settings =
            MemorySettings { fraction, threshold_bytes: threshold.map(|gigabytes| (gigabytes * 1e9) as u64) };
        Ok((settings, notes.into_iter().collect()))
    }

    /// How the data are gone through; `None` if that is to be chosen.
    pub fn strategy(&self) -> Result<Option<Strategy>> {
        let names = Strategy::NAMES.map(|(name, strategy)| (name, Some(strategy)));
        self.reader.choice_or("optimization.nlsq.strategy", &[&names[..], &[("auto", None)]].concat(), "auto")
    }

    /// Multi-start.
    pub fn multi_start(&self, space: &ParameterSpace) -> Result<MultiStart> {
        let reader = self.reader;
        let key = |name: &str| format!("optimization.nlsq.multi_start.{name}");
        Ok(MultiStart {
            enable: reader.switch_or(&key("enable"), false)?,
            n_starts: reader.count_or(&key("n_starts"), 10, 1)?,
            seed: reader.count_or(&key("seed"), 42, 0)? as u64,
            design: reader.choice_or(&key("sampling_strategy"), &Design::NAMES, "latin_hypercube")?,
            custom_starts: self.custom_starts(&key("custom_starts"), space)?,
            use_screening: reader.switch_or(&key("use_screening"), true)?,
            screen_keep_fraction: reader.positive_or(&key("screen_keep_fraction"), 0.5)?.min(1.0),
            refine_top_k: reader.count_or(&key("refine_top_k"), 3, 1)?,
            refinement_ftol: reader.positive_or(&key("refinement_ftol"), 1e-12)?,
            degeneracy_threshold: reader.positive_or(&key("degeneracy_threshold"), 0.1)?,
        })
    }

    fn custom_starts(&self, key: &str, space: &ParameterSpace) -> Result<Vec<Vec<f64>>> {
        let n = space.physical.len();
        let expected = format!("lists of {n} numbers");
        let start = |item: &crate::config::tree::Placed| match &item.node {
            Node::List(values) => {
                let numbers: Option<Vec<f64>> = values.iter().map(|value| as_number(&value.node)).collect();
                numbers.filter(|numbers| numbers.len() == n)
            }
            _ => None,
        };
        let convert = |item| start(item).ok_or_else(|| self.reader.wrong(key, item, &expected));
        self.reader.items(key).into_iter().map(convert).collect()
    }

    /// CMA-ES.
    pub fn cma_es(&self) -> Result<CmaEs> {
        let reader = self.reader;
        let key = |name: &str| format!("optimization.nlsq.cmaes.{name}");
        let enable = [("auto", Enable::Auto), ("true", Enable::Yes), ("false", Enable::No)];
        let restarts = [("bipop", true), ("none", false)];
        let count = |name: &str| reader.count_or(&key(name), 0, 0).map(|count| (count > 0).then_some(count));
        Ok(CmaEs {
            enable: reader.choice_or(&key("enable"), &enable, "auto")?,
            scale_threshold: reader.positive_or(&key("scale_threshold"), 1000.0)?,
            evolution: Evolution {
                preset: reader.choice_or(&key("preset"), &Preset::NAMES, "cmaes")?,
                max_generations: count("max_generations")?,
                population: count("popsize")?,
                sigma: reader.positive_or(&key("sigma"), 0.3)?,
                tol_fun: reader.positive_or(&key("tol_fun"), 1e-8)?,
                tol_x: reader.positive_or(&key("tol_x"), 1e-8)?,
                restarts: reader.choice_or(&key("restart_strategy"), &restarts, "bipop")?,
                max_restarts: reader.count_or(&key("max_restarts"), 9, 0)?,
                seed: reader.count_or(&key("seed"), 42, 0)? as u64,
            },
            refine: reader.switch_or(&key("refine_with_nlsq"), true)?,
        })
    }
}
