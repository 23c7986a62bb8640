//! Options of the command line as keys of the configuration: words over the file over defaults.

use crate::cli::arguments::{Common, FitArguments, IngestArguments, wrong_argument};
use crate::cli::choices::StrategyName;
use homodyne::api::{Node, Result, Settings, keys, load, override_node, without_file};

/// Of the options for all work.
pub fn overrides(common: &Common) -> Result<Vec<(String, Node)>> {
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
    if common.long {
        list.push((keys::data::LONG.into(), Node::Bool(true)));
    }
    list.extend(assignments(&common.set)?);
    Ok(list)
}

/// The assignments of `--set`.
pub fn assignments(set: &[String]) -> Result<Vec<(String, Node)>> {
    let parse = |text: &String| {
        let (key, value) = text.split_once('=').ok_or_else(|| wrong_argument("--set", text, "KEY=VALUE"))?;
        Ok((key.to_owned(), override_node(value)))
    };
    set.iter().map(parse).collect()
}

/// Of `--strategy`.
pub fn strategy_override(strategy: Option<StrategyName>) -> Option<(String, Node)> {
    let name = match strategy? {
        StrategyName::Auto => "auto",
        StrategyName::Stratified => "stratified",
        StrategyName::HybridStreaming => "hybrid_streaming",
    };
    Some((keys::fit::STRATEGY.into(), Node::Text(name.into())))
}

/// Settings of a fit.
pub fn settings_of(arguments: &FitArguments) -> Result<Settings> {
    let mut list = overrides(&arguments.common)?;
    for (key, path) in [(keys::data::STORE, &arguments.store), (keys::run::OUTPUT, &arguments.output)] {
        list.extend(path.iter().map(|path| (key.to_owned(), Node::Text(path.display().to_string()))));
    }
    list.extend(strategy_override(arguments.strategy));
    let switches = [
        (keys::search::MULTI_START, arguments.multi_start, true),
        (keys::run::PIN_THREADS, arguments.pin, true),
        (keys::run::VERIFY, arguments.no_verify, false),
    ];
    for (key, _, value) in switches.into_iter().filter(|(_, wanted, _)| *wanted) {
        list.push((key.to_owned(), Node::Bool(value)));
    }
    load(&arguments.config, &list)
}

/// Settings of an ingest.
pub fn ingest_settings(arguments: &IngestArguments) -> Result<Settings> {
    let mut list = overrides(&arguments.common)?;
    let mut set = |key: &str, value: Node| list.push((key.to_owned(), value));
    if let Some(data) = &arguments.data {
        // On the command line a path is relative to where one stands, not to the configuration.
        let data = std::path::absolute(data).unwrap_or_else(|_| data.clone());
        set(keys::data::FILE, Node::Text(data.display().to_string()));
    }
    if let Some(store) = &arguments.store {
        set(keys::data::STORE, Node::Text(store.display().to_string()));
    }
    if let Some(layout) = &arguments.layout {
        set(keys::data::LAYOUT, Node::Text(layout.clone()));
    }
    if let Some(q) = arguments.q {
        set(keys::data::WAVEVECTOR, Node::Float(q));
    }
    match (&arguments.config, &arguments.data, &arguments.store) {
        (Some(config), ..) => load(config, &list),
        (None, Some(_), Some(_)) => without_file(&list),
        (None, None, _) => Err(wrong_argument("ingest", "no data file", "DATA, or --config that names one")),
        (None, _, None) => Err(wrong_argument("ingest", "no --store", "a directory for the store")),
    }
}
