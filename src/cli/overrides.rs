//! Options of the command line as keys of the configuration: words over the file over defaults.

use crate::cli::arguments::{Common, CondenseArguments, FitArguments, IngestArguments, PlanArguments};
use crate::cli::choices::StrategyName;
use crate::cli::words::{path_node, standing_here, wrong_argument};
use homodyne::api::{Node, Result, Settings, keys, load, override_node, without_file};
use std::path::Path;

/// Of the options for all work.
fn overrides(common: &Common) -> Result<Vec<(String, Node)>> {
    let mut list = Vec::new();
    if let Some(threads) = common.threads {
        list.push((keys::run::THREADS.into(), Node::Integer(threads as i64)));
    }
    if let Some(points) = common.block_points {
        list.push((keys::data::BLOCK_POINTS.into(), Node::Integer(points as i64)));
    }
    if let Some(format) = common.format {
        list.push((keys::data::FORMAT.into(), Node::Text(format!("{format:?}").to_lowercase())));
    }
    if common.loudness.verbose > 0 {
        list.push((keys::run::LOG_LEVEL.into(), Node::Text("debug".into())));
    }
    if common.long {
        list.push((keys::data::LONG.into(), Node::Bool(true)));
    }
    list.extend(assignments(&common.set)?);
    Ok(list)
}

/// The assignments of `--set`.
pub fn assignments(set: &[String]) -> Result<Vec<(String, Node)>> {
    let parse = |text: &String| match text.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
        Some((key, value)) if !key.is_empty() => match override_node(value) {
            // What cannot be read as YAML stays as it is.
            Node::Text(whole) if whole == value && value.starts_with(['"', '\'']) => {
                Err(wrong_argument("--set", text, "a quote that ends where the value ends"))
            }
            node => Ok((key.to_owned(), node)),
        },
        _ => Err(wrong_argument("--set", text, "KEY=VALUE")),
    };
    set.iter().map(parse).collect()
}

/// Of `--strategy`.
fn strategy_override(strategy: Option<StrategyName>) -> Option<(String, Node)> {
    let name = match strategy? {
        StrategyName::Auto => "auto",
        StrategyName::Stratified => "stratified",
        StrategyName::HybridStreaming => "hybrid_streaming",
        StrategyName::Condensed => "condensed",
    };
    Some((keys::fit::STRATEGY.into(), Node::Text(name.into())))
}

/// Of `--store`.
fn store_override(store: Option<&Path>) -> Result<Option<(String, Node)>> {
    path_override("--store", keys::data::STORE, store)
}

/// Of an option that names a path.
fn path_override(option: &str, key: &str, path: Option<&Path>) -> Result<Option<(String, Node)>> {
    path.map(|path| Ok((key.to_owned(), path_node(option, path)?))).transpose()
}

/// Settings of a fit.
pub fn settings_of(arguments: &FitArguments) -> Result<Settings> {
    let mut list = arguments.shorthands.overrides()?;
    list.extend(overrides(&arguments.common)?);
    list.extend(store_override(arguments.store.as_deref())?);
    list.extend(path_override("--output", keys::run::OUTPUT, arguments.output.as_deref())?);
    list.extend(strategy_override(arguments.strategy));
    let switches = [
        (keys::search::MULTI_START, arguments.multi_start, true),
        (keys::run::PIN_THREADS, arguments.pin, true),
        (keys::run::VERIFY, arguments.no_verify, false),
    ];
    for (key, _, value) in switches.into_iter().filter(|(_, wanted, _)| *wanted) {
        list.push((key.to_owned(), Node::Bool(value)));
    }
    match arguments.config.as_ref().or(arguments.config_file.as_ref()) {
        Some(config) => load(config, &list),
        None if arguments.shorthands.data_file.is_some() && arguments.shorthands.has_mode() => without_file(&list),
        None => {
            let expected = "a configuration (YAML), or --data-file with --static-mode or --laminar-flow";
            Err(wrong_argument("command line", "no configuration", expected))
        }
    }
}

/// Settings of a plan.
pub fn plan_settings(arguments: &PlanArguments) -> Result<Settings> {
    let mut list = arguments.shorthands.overrides()?;
    list.extend(overrides(&arguments.common)?);
    list.extend(strategy_override(arguments.strategy));
    list.extend(store_override(arguments.store.as_deref())?);
    load(&arguments.config, &list)
}

/// Settings of condensing.
pub fn condense_settings(arguments: &CondenseArguments) -> Result<Settings> {
    let mut list = overrides(&arguments.common)?;
    list.extend(store_override(arguments.store.as_deref())?);
    load(&arguments.config, &list)
}

/// Settings of an ingest.
pub fn ingest_settings(arguments: &IngestArguments) -> Result<Settings> {
    let mut list = overrides(&arguments.common)?;
    list.extend(store_override(arguments.store.as_deref())?);
    let mut set = |key: &str, value: Node| list.push((key.to_owned(), value));
    if let Some(data) = &arguments.data {
        set(keys::data::FILE, standing_here("DATA", data)?);
    }
    if let Some(layout) = &arguments.layout {
        set(keys::data::LAYOUT, Node::Text(layout.clone()));
    }
    if let Some(q) = arguments.q {
        set(keys::data::WAVEVECTOR, Node::Float(q));
    }
    match (&arguments.config, &arguments.data) {
        (Some(config), _) => load(config, &list),
        (None, Some(_)) => without_file(&list),
        (None, None) => Err(wrong_argument("ingest", "no data file", "DATA, or --config that names one")),
    }
}
