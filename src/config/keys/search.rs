//! Keys about other basins: multi-start and CMA-ES.

use crate::config::draft::Draft;
use crate::config::field::Field;
use crate::config::key::{Access, Key, Template};
use crate::config::keys::parameters::outside;
use crate::config::limits::Limits;
use crate::config::reader::Given;
use crate::error::{Error, Result};
use crate::fit::settings::{Design, Enable, Preset};

/// Whether several starts are asked for.
pub const MULTI_START: &str = "optimization.nlsq.multi_start.enable";

/// The keys.
pub(super) const KEYS: &[Key] = &[
    Key::new(
        MULTI_START,
        "true: search from n_starts starts",
        Access::Field(|draft| Field::Switch(&mut draft.settings.fit.multi_start.enable)),
    )
    .in_template(Template::Default),
    Key::new(
        "optimization.nlsq.multi_start.n_starts",
        "starts of the design, besides custom ones",
        Access::Field(|draft| Field::Count(&mut draft.settings.fit.multi_start.n_starts, 1..=1_000_000)),
    )
    .in_template(Template::Default),
    Key::new(
        "optimization.nlsq.multi_start.seed",
        "seed of the design",
        Access::Field(|draft| Field::Seed(&mut draft.settings.fit.multi_start.seed)),
    ),
    Key::new(
        "optimization.nlsq.multi_start.sampling_strategy",
        "how the starts are spread",
        Access::Field(|draft| Field::choice(&mut draft.settings.fit.multi_start.design, &Design::NAMES)),
    ),
    Key::new(
        "optimization.nlsq.multi_start.custom_starts",
        "starts of your own, each a list with a value for every parameter",
        Access::Own {
            accepts: "lists of one number per parameter",
            members: &[],
            set: set_starts,
            get: |draft| format!("{:?}", draft.settings.fit.multi_start.custom_starts),
        },
    )
    .of_the_mode(),
    Key::new(
        "optimization.nlsq.multi_start.use_screening",
        "true: the worse starts are dropped before they are polished",
        Access::Field(|draft| Field::Switch(&mut draft.settings.fit.multi_start.use_screening)),
    ),
    Key::new(
        "optimization.nlsq.multi_start.screen_keep_fraction",
        "share of the starts that is kept",
        Access::Field(|draft| {
            Field::Number(&mut draft.settings.fit.multi_start.screen_keep_fraction, Limits::positive(1.0))
        }),
    ),
    Key::new(
        "optimization.nlsq.multi_start.refine_top_k",
        "basins that are refined on all data",
        Access::Field(|draft| Field::Count(&mut draft.settings.fit.multi_start.refine_top_k, 1..=1_000_000)),
    ),
    Key::new(
        "optimization.nlsq.multi_start.refinement_ftol",
        "cost tolerance of the refinement",
        Access::Field(|draft| {
            Field::Number(&mut draft.settings.fit.multi_start.refinement_ftol, Limits::positive(1e3))
        }),
    ),
    Key::new(
        "optimization.nlsq.multi_start.degeneracy_threshold",
        "basins within this share of the best cost are named as alternatives",
        Access::Field(|draft| {
            Field::Number(&mut draft.settings.fit.multi_start.degeneracy_threshold, Limits::positive(1e12))
        }),
    ),
    Key::new(
        "optimization.nlsq.cmaes.enable",
        "when CMA-ES looks for other basins (auto: when the local fit is not acceptable)",
        Access::Field(|draft| Field::choice(&mut draft.settings.fit.cma_es.enable, &Enable::NAMES)),
    ),
    Key::new(
        "optimization.nlsq.cmaes.preset",
        "generations of a run: 50, 100, 200 or 500",
        Access::Field(|draft| Field::choice(&mut draft.settings.fit.cma_es.evolution.preset, &Preset::NAMES)),
    ),
    Key::new(
        "optimization.nlsq.cmaes.max_generations",
        "the same as a number; null: the preset's",
        Access::Own {
            accepts: "a whole number from 1 to 1000000000, or null",
            members: &[],
            set: set_generations,
            get: show_generations,
        },
    ),
    Key::new(
        "optimization.nlsq.cmaes.popsize",
        "population of the first run; 0 or null: 4 + 3 ln n",
        Access::Own {
            accepts: "a whole number from 0 to 1000000, or null",
            members: &[],
            set: set_population,
            get: show_population,
        },
    ),
    Key::new(
        "optimization.nlsq.cmaes.sigma",
        "first step, as a share of the bounds' range",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.cma_es.evolution.sigma, Limits::positive(1.0))),
    ),
    Key::new(
        "optimization.nlsq.cmaes.tol_fun",
        "a run ends when costs differ by less than this share of the cost at the start",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.cma_es.evolution.tol_fun, Limits::positive(1e3))),
    ),
    Key::new(
        "optimization.nlsq.cmaes.tol_x",
        "a run ends when steps are below this share of the bounds' range",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.cma_es.evolution.tol_x, Limits::positive(1e3))),
    ),
    Key::new(
        "optimization.nlsq.cmaes.restart_strategy",
        "whether runs with larger and smaller populations follow",
        Access::Field(|draft| Field::choice(&mut draft.settings.fit.cma_es.evolution.restarts, &RESTARTS)),
    ),
    Key::new(
        "optimization.nlsq.cmaes.max_restarts",
        "most of these",
        Access::Field(|draft| Field::Count(&mut draft.settings.fit.cma_es.evolution.max_restarts, 0..=1000)),
    ),
    Key::new(
        "optimization.nlsq.cmaes.scale_threshold",
        "auto looks only if the bounds' ranges differ by more than this factor",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.cma_es.scale_threshold, Limits::POSITIVE)),
    ),
    Key::new(
        "optimization.nlsq.cmaes.refine_with_nlsq",
        "true: the best basins are followed on all data; false: they are listed",
        Access::Field(|draft| Field::Switch(&mut draft.settings.fit.cma_es.refine)),
    ),
    Key::new(
        "optimization.nlsq.cmaes.seed",
        "seed of CMA-ES",
        Access::Field(|draft| Field::Seed(&mut draft.settings.fit.cma_es.evolution.seed)),
    ),
];

const RESTARTS: [(&str, bool); 2] = [("bipop", true), ("none", false)];

fn set_starts(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let fit = &mut draft.settings.fit;
    fit.multi_start.custom_starts.clear();
    let mut errors = Vec::new();
    for item in given.items().ok_or_else(|| given.refused())? {
        let start = item.numbers().filter(|numbers| numbers.len() == fit.space.physical.len());
        let Some(start) = start else {
            errors.push(item.wrong(&format!("a list of {} numbers", fit.space.physical.len())));
            continue;
        };
        for ((value, parameter), place) in start.iter().zip(&fit.space.physical).zip(item.items().unwrap_or_default()) {
            errors.extend(outside(parameter, *value, &place));
        }
        fit.multi_start.custom_starts.push(start);
    }
    Error::together(errors)
}

fn set_population(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let count = given.count().filter(|count| *count <= 1_000_000);
    let count = count.ok_or_else(|| given.refused())?;
    draft.settings.fit.cma_es.evolution.population = (count > 0).then_some(count);
    Ok(())
}

fn show_population(draft: &Draft) -> String {
    draft.settings.fit.cma_es.evolution.population.unwrap_or(0).to_string()
}

fn set_generations(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let count = given.count().filter(|count| (1..=1_000_000_000).contains(count));
    draft.settings.fit.cma_es.evolution.max_generations = Some(count.ok_or_else(|| given.refused())?);
    Ok(())
}

fn show_generations(draft: &Draft) -> String {
    draft.settings.fit.cma_es.evolution.generations().to_string()
}
