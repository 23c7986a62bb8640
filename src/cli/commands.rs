//! What each command does with the public API. Returns the exit code.

use crate::cli::arguments::{
    Arguments, Command, Common, ConfigCommand, FitArguments, IngestArguments, InspectArguments, PlanArguments,
    PurposeName, StrategyName, TuneArguments,
};
use crate::cli::explanation::explain;
use crate::cli::interrupt::stop_flag;
use crate::cli::simulation::{analysis_mode, simulate};
use crate::cli::terminal::Terminal;
use homodyne::config::settings::{Settings, load, override_node, without_file};
use homodyne::config::template::template;
use homodyne::config::tree::Node;
use homodyne::error::catalogue::Code;
use homodyne::error::{Error, Fault, Result};
use homodyne::ingest::inspect::inspect;
use homodyne::listener::{Event, Listener, LogLevel, Watch};
use homodyne::machine::dataflow::StageTotals;
use homodyne::pipeline::many_q::{ManyQ, run_many};
use homodyne::pipeline::plan::plan;
use homodyne::pipeline::tune::{Purpose, tune};
use homodyne::pipeline::{Finished, Run};
use homodyne::report::tables::json::pretty;
use homodyne::store::manifest::MANIFEST_NAME;
use homodyne::sweep::meter::SweepTotals;
use serde::Serialize;
use std::io::Write;

/// Runs a command.
pub fn execute(arguments: Arguments) -> Result<u8> {
    match arguments.command {
        Command::Run(arguments) => run(&arguments),
        Command::Fit(arguments) => fit(&arguments),
        Command::Plan(arguments) => plan_fit(&arguments),
        Command::Tune(arguments) => tune_machine(&arguments),
        Command::Ingest(arguments) => ingest_file(&arguments),
        Command::Inspect(arguments) => inspect_path(&arguments),
        Command::Simulate(arguments) => simulate(&arguments),
        Command::Config(command) => config(command),
        Command::Explain(arguments) => explain(&arguments),
    }
}

/// Writes to stdout; a closed pipe (`| head`) is no failure.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn overrides(common: &Common) -> Result<Vec<(String, Node)>> {
    let mut list = Vec::new();
    if let Some(threads) = common.threads {
        list.push(("performance.computation.cpu_threads".into(), Node::Integer(threads as i64)));
    }
    if let Some(points) = common.block_points {
        list.push(("optimization.nlsq.block_points".into(), Node::Integer(points as i64)));
    }
    if let Some(format) = common.format {
        list.push(("store.format".into(), Node::Text(format!("{format:?}").to_lowercase())));
    }
    list.extend(assignments(&common.set)?);
    Ok(list)
}

fn assignments(set: &[String]) -> Result<Vec<(String, Node)>> {
    let parse = |text: &String| {
        let (key, value) = text.split_once('=').ok_or_else(|| wrong_argument("--set", text, "KEY=VALUE"))?;
        if homodyne::config::keys::meaning(key).is_none() {
            return Err(Fault::at("--set", key).expected("a known key").code(Code::E61).config());
        }
        Ok((key.to_owned(), override_node(value)))
    };
    set.iter().map(parse).collect()
}

pub(super) fn wrong_argument(place: &str, found: &str, expected: &str) -> Error {
    Fault::at(place, found).expected(expected).code(Code::E62).config()
}

fn strategy_override(strategy: Option<StrategyName>) -> Option<(String, Node)> {
    let name = match strategy? {
        StrategyName::Auto => "auto",
        StrategyName::Stratified => "stratified",
        StrategyName::HybridStreaming => "hybrid_streaming",
    };
    Some(("optimization.nlsq.strategy".into(), Node::Text(name.into())))
}

fn settings_of(arguments: &FitArguments) -> Result<Settings> {
    let mut list = overrides(&arguments.common)?;
    for (key, path) in [("store.directory", &arguments.store), ("output.directory", &arguments.output)] {
        list.extend(path.iter().map(|path| (key.to_owned(), Node::Text(path.display().to_string()))));
    }
    list.extend(strategy_override(arguments.strategy));
    for (key, wanted) in [
        ("optimization.nlsq.multi_start.enable", arguments.multi_start),
        ("performance.computation.pin_threads", arguments.pin),
    ] {
        list.extend(wanted.then(|| (key.to_owned(), Node::Bool(true))));
    }
    load(&arguments.config, &list)
}

fn run(arguments: &FitArguments) -> Result<u8> {
    let settings = settings_of(arguments)?;
    let terminal = Terminal::new(arguments.common.quiet);
    if let Some(q) = &arguments.q {
        return many_q(&settings, q, arguments, &terminal);
    }
    let run = Run::new(&settings, &Watch::new(&terminal, &stop_flag())).resuming(arguments.resume);
    let finished = run.run()?;
    terminal.finish();
    finished.map_or(Ok(0), |finished| show(&finished, arguments, &terminal))
}

fn fit(arguments: &FitArguments) -> Result<u8> {
    let settings = settings_of(arguments)?;
    let terminal = Terminal::new(arguments.common.quiet);
    if let Some(q) = &arguments.q {
        return many_q(&settings, q, arguments, &terminal);
    }
    let run = Run::new(&settings, &Watch::new(&terminal, &stop_flag())).resuming(arguments.resume);
    // A store that is named and there is taken as it is; otherwise it is made or checked first.
    let named = arguments.store.as_deref().is_some_and(|store| store.join(MANIFEST_NAME).is_file());
    if !named {
        run.ingest(false)?;
    }
    let finished = run.fit(run.open(&settings.ingest.store)?)?;
    terminal.finish();
    show(&finished, arguments, &terminal)
}

fn many_q(settings: &Settings, q: &str, arguments: &FitArguments, terminal: &Terminal) -> Result<u8> {
    let number = |text: &str| {
        let value = text.trim().parse::<f64>().ok().filter(|q| q.is_finite() && *q > 0.0);
        value.ok_or_else(|| wrong_argument("--q", text, "all, or wavevectors in 1/angstrom separated by commas"))
    };
    let wanted = match q {
        "all" => ManyQ::All,
        list => ManyQ::List(list.split(',').map(number).collect::<Result<Vec<f64>>>()?),
    };
    let table = run_many(settings, &wanted, &Watch::new(terminal, &stop_flag()), arguments.resume)?;
    terminal.finish();
    if arguments.json {
        print_json(&table)?;
    } else {
        print(&table.summary);
        print(&format!("results: {}\n", table.directory.display()));
    }
    Ok(table.exit_code())
}

fn plan_fit(arguments: &PlanArguments) -> Result<u8> {
    let mut list = overrides(&arguments.common)?;
    list.extend(strategy_override(arguments.strategy));
    let store = arguments.store.iter().map(|path| Node::Text(path.display().to_string()));
    list.extend(store.map(|path| ("store.directory".to_owned(), path)));
    let settings = load(&arguments.config, &list)?;
    let terminal = Terminal::new(arguments.common.quiet);
    settings.notes.iter().for_each(|note| terminal.hear(&Event::Log { level: LogLevel::Warning, text: note }));
    let (facts, decision) = plan(&settings)?;
    match arguments.json {
        true => print_json(&decision)?,
        false => print_facts(&facts),
    }
    Ok(0)
}

fn tune_machine(arguments: &TuneArguments) -> Result<u8> {
    let tuning = tune(match arguments.mode {
        PurposeName::Nlsq => Purpose::Nlsq,
        PurposeName::Cmc => Purpose::Cmc,
        PurposeName::CmcHpc => Purpose::CmcHpc,
        PurposeName::Auto => Purpose::Auto,
    })?;
    match arguments.json {
        true => print_json(&tuning)?,
        false => print_facts(&tuning.facts()),
    }
    Ok(0)
}

fn print_json(value: &impl Serialize) -> Result<()> {
    print(&String::from_utf8_lossy(&pretty(value)?));
    Ok(())
}

fn print_facts(facts: &[(String, String)]) {
    for (name, value) in facts {
        print(&format!("{name:<42} {value}\n"));
    }
}

fn show(finished: &Finished, arguments: &FitArguments, terminal: &Terminal) -> Result<u8> {
    if arguments.json {
        print_json(&finished.outcome)?;
    } else {
        print(&finished.summary);
        print(&format!("results: {}\n", finished.directory.display()));
    }
    if arguments.stats {
        match &finished.totals {
            Some(totals) => print_stats(totals),
            None => terminal.hear(&Event::Log { level: LogLevel::Info, text: "no sweep was made: nothing to measure" }),
        }
    }
    Ok(finished.outcome.result.verdict.exit_code())
}

fn print_stats(totals: &SweepTotals) {
    let mut text = format!(
        "sweeps: {} normal, {} gradient, {} cost, {} block QR; {} pairs each; {:.1} M pairs/s (normal)\n",
        totals.normal.sweeps,
        totals.gradient.sweeps,
        totals.cost.sweeps,
        totals.factor.sweeps,
        totals.pairs,
        totals.pairs_per_second / 1e6
    );
    let mut stage = |name: &str, stage: &StageTotals| {
        text += &format!(
            "{name:<6} {:>8} blocks {:>9.1} MB  busy {:>8.3} s  waiting {:>8.3} s\n",
            stage.items,
            stage.bytes as f64 / 1e6,
            stage.busy_seconds,
            stage.waiting_seconds
        );
    };
    stage("read", &totals.read);
    stage("work", &totals.work);
    stage("fold", &totals.fold);
    // Statistics go to stderr: stdout carries the result alone.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn ingest_file(arguments: &IngestArguments) -> Result<u8> {
    let terminal = Terminal::new(arguments.common.quiet);
    let settings = ingest_settings(arguments)?;
    let ingested = Run::new(&settings, &Watch::new(&terminal, &stop_flag())).ingest(arguments.verify)?;
    terminal.finish();
    let what = if ingested.reused { "up to date" } else { "written" };
    print(&format!("store {what}: {}\n", settings.ingest.store.display()));
    Ok(0)
}

/// Words of the command line over the configuration over defaults.
fn ingest_settings(arguments: &IngestArguments) -> Result<Settings> {
    let mut list = overrides(&arguments.common)?;
    let mut set = |key: &str, value: Node| list.push((key.to_owned(), value));
    if let Some(data) = &arguments.data {
        // On the command line a path is relative to where one stands, not to the configuration.
        let data = std::path::absolute(data).unwrap_or_else(|_| data.clone());
        set("experimental_data.file_path", Node::Text(data.display().to_string()));
    }
    if let Some(store) = &arguments.store {
        set("store.directory", Node::Text(store.display().to_string()));
    }
    if let Some(layout) = &arguments.layout {
        set("experimental_data.layout", Node::Text(layout.clone()));
    }
    if let Some(q) = arguments.q {
        set("analyzer_parameters.scattering.wavevector_q", Node::Float(q));
    }
    match (&arguments.config, &arguments.data, &arguments.store) {
        (Some(config), ..) => load(config, &list),
        (None, Some(_), Some(_)) => without_file(&list),
        (None, None, _) => Err(wrong_argument("ingest", "no data file", "DATA, or --config that names one")),
        (None, _, None) => Err(wrong_argument("ingest", "no --store", "a directory for the store")),
    }
}

fn inspect_path(arguments: &InspectArguments) -> Result<u8> {
    let facts = inspect(&arguments.path, arguments.verify)?;
    if arguments.json {
        print_json(&facts)?;
    } else {
        print_facts(&facts);
    }
    Ok(0)
}

fn config(command: ConfigCommand) -> Result<u8> {
    match command {
        ConfigCommand::Init { mode } => print(&template(analysis_mode(mode))),
        ConfigCommand::Validate { config } => {
            let settings = load(&config, &[])?;
            settings.notes.iter().for_each(|note| print(&format!("note: {note}\n")));
            print(&format!("{}: valid\n", config.display()));
        }
        ConfigCommand::Show { config, set } => {
            for entry in load(&config, &assignments(&set)?)?.effective {
                print(&format!("{:<68} {:<24} # {}\n", entry.key, entry.value, entry.origin));
            }
        }
    }
    Ok(0)
}
