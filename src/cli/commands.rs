//! What each command does with the public API. Returns the exit code.

use crate::cli::arguments::{
    Arguments, Command, Common, ConfigCommand, Convention, FitArguments, IngestArguments, InspectArguments, Mode,
    SimulateArguments, ValueWidth,
};
use crate::cli::terminal::Terminal;
use homodyne::config::settings::{Settings, load, override_node, without_file};
use homodyne::config::template::template;
use homodyne::config::tree::Node;
use homodyne::dataflow::StageTotals;
use homodyne::error::{Error, Fault, Result};
use homodyne::ingest::inspect::inspect;
use homodyne::model::catalogue::ShearConvention;
use homodyne::parameters::{AnalysisMode, find};
use homodyne::pipeline::{Finished, Listener, Run};
use homodyne::simulate::{Simulation, Width};
use homodyne::store::manifest::MANIFEST_NAME;
use homodyne::sweep::meter::SweepTotals;
use std::io::Write;

/// Runs a command.
pub fn execute(arguments: Arguments) -> Result<u8> {
    match arguments.command {
        Command::Run(arguments) => run(&arguments),
        Command::Fit(arguments) => fit(&arguments),
        Command::Ingest(arguments) => ingest_file(&arguments),
        Command::Inspect(arguments) => inspect_path(&arguments),
        Command::Simulate(arguments) => simulate(&arguments),
        Command::Config(command) => config(command),
    }
}

/// Writes to stdout; a closed pipe (`| head`) is no failure.
fn print(text: &str) {
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
            return Err(wrong_argument("--set", key, "a known key"));
        }
        Ok((key.to_owned(), override_node(value)))
    };
    set.iter().map(parse).collect()
}

fn wrong_argument(place: &str, found: &str, expected: &str) -> Error {
    Fault::at(place, found).expected(expected).config()
}

fn settings_of(arguments: &FitArguments) -> Result<Settings> {
    let mut list = overrides(&arguments.common)?;
    for (key, path) in [("store.directory", &arguments.store), ("output.directory", &arguments.output)] {
        list.extend(path.iter().map(|path| (key.to_owned(), Node::Text(path.display().to_string()))));
    }
    load(&arguments.config, &list)
}

fn run(arguments: &FitArguments) -> Result<u8> {
    let settings = settings_of(arguments)?;
    let terminal = Terminal::new(arguments.common.quiet);
    let finished = Run::new(&settings, &terminal).run()?;
    terminal.finish();
    Ok(finished.map_or(0, |finished| show(&finished, arguments, &terminal)))
}

fn fit(arguments: &FitArguments) -> Result<u8> {
    let settings = settings_of(arguments)?;
    let terminal = Terminal::new(arguments.common.quiet);
    let run = Run::new(&settings, &terminal);
    // A store that is named and there is taken as it is; otherwise it is made or checked first.
    let named = arguments.store.as_deref().is_some_and(|store| store.join(MANIFEST_NAME).is_file());
    if !named {
        run.ingest(false)?;
    }
    let finished = run.fit(run.open(&settings.store)?)?;
    terminal.finish();
    Ok(show(&finished, arguments, &terminal))
}

fn show(finished: &Finished, arguments: &FitArguments, terminal: &Terminal) -> u8 {
    if arguments.json {
        print(&format!("{:#}\n", finished.parameters));
    } else {
        print(&finished.summary);
        print(&format!("results: {}\n", finished.directory.display()));
    }
    if arguments.stats {
        match &finished.totals {
            Some(totals) => print_stats(totals),
            None => terminal.log(homodyne::config::settings::LogLevel::Info, "no sweep was made: nothing to measure"),
        }
    }
    finished.verdict.exit_code()
}

fn print_stats(totals: &SweepTotals) {
    let mut text = format!(
        "sweeps: {} normal, {} gradient, {} cost; {} pairs each; {:.1} M pairs/s (normal)\n",
        totals.normal.sweeps,
        totals.gradient.sweeps,
        totals.cost.sweeps,
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
    let ingested = Run::new(&settings, &terminal).ingest(arguments.verify)?;
    terminal.finish();
    let what = if ingested.reused { "up to date" } else { "written" };
    print(&format!("store {what}: {}\n", settings.store.display()));
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
        let lists = facts.into_iter().map(|(name, value)| serde_json::json!([name, value])).collect();
        print(&format!("{:#}\n", serde_json::Value::Array(lists)));
    } else {
        for (name, value) in facts {
            print(&format!("{name:<34} {value}\n"));
        }
    }
    Ok(0)
}

fn analysis_mode(mode: Mode) -> AnalysisMode {
    match mode {
        Mode::Static => AnalysisMode::Static,
        Mode::LaminarFlow => AnalysisMode::LaminarFlow,
    }
}

/// The truth of a simulation if nothing else is said: soft colloids that age under slowly rising shear.
const TRUTH: [f64; 7] = [19_000.0, -0.35, 900.0, 0.0013, 0.25, 0.000_15, -6.5];

fn simulate(arguments: &SimulateArguments) -> Result<u8> {
    let mode = analysis_mode(arguments.mode);
    let mut theta = TRUTH[..mode.n_parameters()].to_vec();
    for text in &arguments.parameters {
        let expected = "NAME=VALUE with the name of a physical parameter";
        let wrong = || wrong_argument("--parameter", text, expected);
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let known = find(name).ok_or_else(wrong)?;
        let position = mode.parameters().iter().position(|parameter| parameter.name == known.name).ok_or_else(wrong)?;
        theta[position] = value.parse().map_err(|_| wrong())?;
    }
    let spread = |k: usize| -90.0 + 180.0 * k as f64 / arguments.angles as f64;
    let phi_degrees = match arguments.phi.is_empty() {
        true => (0..arguments.angles).map(spread).collect(),
        false => arguments.phi.clone(),
    };
    let simulation = Simulation {
        mode,
        convention: match arguments.shear_convention {
            Convention::Homodyne => ShearConvention::Homodyne,
            Convention::GapAverage => ShearConvention::GapAverage,
        },
        theta,
        q_per_angstrom: arguments.q,
        gap_angstrom: arguments.gap,
        dt_seconds: arguments.dt,
        n_frames: arguments.frames,
        phi_degrees,
        contrast: arguments.contrast,
        offset: arguments.offset,
        scaling_variation: arguments.scaling_variation,
        noise: arguments.noise,
        seed: arguments.seed,
        dead_frames: arguments.dead_frames.clone(),
        width: match arguments.width {
            ValueWidth::F32 => Width::F32,
            ValueWidth::F64 => Width::F64,
        },
    };
    let terminal = Terminal::new(false);
    simulation.write(&arguments.out, &|done, all| terminal.progress(&format!("simulate: {done} of {all} angles")))?;
    terminal.finish();
    print(&format!("written: {}\n", arguments.out.display()));
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
