//! Keys about a run as a whole: threads, stages, where results go, what is logged.

use crate::config::draft::Draft;
use crate::config::field::Field;
use crate::config::key::{Access, Key, Template};
use crate::config::reader::Given;
use crate::config::settings::{Method, Stage};
use crate::error::Result;
use crate::listener::LogLevel;

/// Worker threads.
pub const THREADS: &str = "performance.computation.cpu_threads";
/// Whether blocks are compared with their checksums.
pub const VERIFY: &str = "store.verify";
/// Whether threads stay on the cores of a memory node.
pub const PIN_THREADS: &str = "performance.computation.pin_threads";
/// What is logged.
pub const LOG_LEVEL: &str = "logging.level";
/// Parent of run directories.
pub const OUTPUT: &str = "output.directory";

/// How parameters are found.
pub const METHOD: &str = "optimization.method";

/// The keys.
pub(super) const KEYS: &[Key] = &[
    Key::new(
        METHOD,
        "how parameters are found: by least squares, by draws of the posterior (mcmc is an older name of cmc), or both",
        Access::Field(|draft| Field::choice(&mut draft.settings.run.method, &Method::NAMES)),
    )
    .without_influence(),
    Key::new(
        "pipeline.stages",
        "what `run` does",
        Access::Own {
            accepts: "a list of ingest, condense, fit, sample, report (both need fit)",
            members: &[],
            set: set_stages,
            get: show_stages,
        },
    )
    .without_influence(),
    Key::new(
        THREADS,
        "worker threads; auto: all cores",
        Access::Own {
            accepts: "auto or a whole number from 1 to 4096",
            members: &[],
            set: set_threads,
            get: |draft| draft.settings.run.threads.map_or("auto".into(), |threads| threads.to_string()),
        },
    )
    .without_influence(),
    Key::new(
        PIN_THREADS,
        "true: threads stay on the cores of a memory node",
        Access::Field(|draft| Field::Switch(&mut draft.settings.run.pin_threads)),
    )
    .without_influence(),
    Key::new(
        VERIFY,
        "false: blocks of a store are not compared with their checksums when they are first read",
        Access::Field(|draft| Field::Switch(&mut draft.settings.run.verify)),
    )
    .without_influence(),
    Key::new(OUTPUT, "parent of run directories", Access::Field(|draft| Field::Path(&mut draft.settings.run.output)))
        .without_influence()
        .also(&["output.base_directory", "output_settings.results_directory"])
        .in_template(Template::Default),
    Key::new(
        LOG_LEVEL,
        "what is logged",
        Access::Field(|draft| Field::choice(&mut draft.settings.run.log_level, &LogLevel::NAMES)),
    )
    .without_influence(),
];

fn set_stages(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let wrong = || given.refused();
    let stage = |word: String| Stage::NAMES.iter().find(|(name, _)| *name == word).map(|(_, stage)| *stage);
    let stages: Option<Vec<Stage>> = given.words().ok_or_else(wrong)?.into_iter().map(stage).collect();
    let stages = stages.ok_or_else(wrong)?;
    // Nothing is no run; a report is that of a fit, and chains start from one.
    let needs_fit = stages.contains(&Stage::Report) || stages.contains(&Stage::Sample);
    if stages.is_empty() || (needs_fit && !stages.contains(&Stage::Fit)) {
        return Err(wrong());
    }
    draft.settings.run.stages = stages;
    Ok(())
}

fn show_stages(draft: &Draft) -> String {
    let name = |stage: &Stage| Stage::NAMES.iter().find(|(_, known)| known == stage).map_or("", |(name, _)| name);
    format!("[{}]", draft.settings.run.stages.iter().map(name).collect::<Vec<&str>>().join(", "))
}

fn set_threads(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    draft.settings.run.threads = match given.text().as_deref() {
        Some("auto") => None,
        _ => Some(given.count().filter(|count| (1..=4096).contains(count)).ok_or_else(|| given.refused())?),
    };
    Ok(())
}
