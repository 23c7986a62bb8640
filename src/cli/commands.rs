//! What each command does with the public API. Returns the exit code.

use crate::cli::adoption::adopt_tables;
use crate::cli::arguments::{
    Arguments, Command, FitArguments, IngestArguments, InspectArguments, PlanArguments, TuneArguments,
};
use crate::cli::choices::PurposeName;
use crate::cli::condensing::condense_store;
use crate::cli::configuration::config;
use crate::cli::explanation::explain;
use crate::cli::holdings::{show_runs, show_stores};
use crate::cli::interrupt::{stop_flag, survive_file_limits};
use crate::cli::overrides::{ingest_settings, plan_settings, settings_of};
use crate::cli::pages::{complete, write_pages};
use crate::cli::reporting::{draw, draw_data};
use crate::cli::simulation::simulate;
use crate::cli::spoken::say;
use crate::cli::terminal::{Terminal, print, print_facts, print_json, print_stats};
use crate::cli::words::shown;
use homodyne::api::{
    Code, Error, Event, Fault, Finished, FinishedSampling, Listener, LogLevel, Manner, ManyQ, Method, Purpose, Result,
    Run, Settings, Watch, check_address_space, inspect, plan, run_many, tune, usable_cores,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Runs a command.
pub fn execute(arguments: Arguments) -> Result<u8> {
    survive_file_limits();
    if works_on_data(&arguments.command) {
        check_address_space(usable_cores())?;
    }
    match arguments.command {
        Command::Run(arguments) => run(&arguments),
        Command::Fit(arguments) => fit(&arguments),
        Command::Sample(arguments) => sample(&arguments),
        Command::Plan(arguments) => plan_fit(&arguments),
        Command::Tune(arguments) => tune_machine(&arguments),
        Command::Ingest(arguments) => ingest_file(&arguments),
        Command::Condense(arguments) => condense_store(&arguments),
        Command::Adopt(arguments) => adopt_tables(&arguments),
        Command::Inspect(arguments) => inspect_path(&arguments),
        Command::Simulate(arguments) => simulate(&arguments),
        Command::Report(arguments) => draw(&arguments),
        Command::Stores(arguments) => show_stores(&arguments),
        Command::Runs(arguments) => show_runs(&arguments),
        Command::Config(command) => config(command),
        Command::Explain(arguments) => explain(&arguments),
        Command::Completions(arguments) => complete(&arguments),
        Command::Man(arguments) => write_pages(&arguments),
    }
}

/// Whether a command needs threads and room for data.
fn works_on_data(command: &Command) -> bool {
    let tells = matches!(command, Command::Config(_) | Command::Explain(_) | Command::Completions(_) | Command::Man(_));
    !tells && !matches!(command, Command::Stores(_) | Command::Runs(_))
}

/// What work on data begins with.
fn begun(arguments: &FitArguments) -> Result<(Settings, Terminal)> {
    let settings = settings_of(arguments)?;
    check_address_space(settings.run.threads())?;
    let terminal = Terminal::new(&arguments.common.loudness, settings.run.log_level)?;
    Ok((settings, terminal))
}

fn run(arguments: &FitArguments) -> Result<u8> {
    let (settings, terminal) = begun(arguments)?;
    if let Some(q) = &arguments.q {
        let manner = Manner { resume: arguments.resume, stores_as_they_are: false };
        return many_q((&settings, manner), q, arguments, &terminal);
    }
    let run = Run::new(&settings, &Watch::new(&terminal, &stop_flag())).resuming(arguments.resume);
    let finished = run.run()?;
    terminal.finish();
    finished.map_or(Ok(0), |finished| show(&finished, arguments, &terminal))
}

fn fit(arguments: &FitArguments) -> Result<u8> {
    let (settings, terminal) = begun(arguments)?;
    if let Some(q) = &arguments.q {
        let manner = Manner { resume: arguments.resume, stores_as_they_are: true };
        return many_q((&settings, manner), q, arguments, &terminal);
    }
    let run = Run::new(&settings, &Watch::new(&terminal, &stop_flag())).resuming(arguments.resume);
    let place = run.store()?;
    if settings.run.method != Method::LeastSquares {
        return sampled(&run.sample(&place)?, (settings.run.method, arguments), &terminal);
    }
    let finished = run.fit(run.open(&place)?)?;
    terminal.finish();
    show(&finished, arguments, &terminal)
}

fn sample(arguments: &FitArguments) -> Result<u8> {
    let (settings, terminal) = begun(arguments)?;
    let run = Run::new(&settings, &Watch::new(&terminal, &stop_flag())).resuming(arguments.resume);
    sampled(&run.sample(&run.store()?)?, (Method::Posterior, arguments), &terminal)
}

/// What sampling has found, with the fit before it if both are wanted.
fn sampled(
    finished: &FinishedSampling,
    (method, arguments): (Method, &FitArguments),
    terminal: &Terminal,
) -> Result<u8> {
    terminal.finish();
    let FinishedSampling { fitted, result, .. } = finished;
    match (arguments.json, method) {
        (true, Method::Both) => {
            print_json(&BTreeMap::from([("nlsq", json(&fitted.outcome)?), ("cmc", json(result)?)]))?
        }
        (true, _) => print_json(result)?,
        (false, method) => {
            if method == Method::Both {
                print(&fitted.summary)?;
            }
            print(&finished.summary)?;
            print(&places(&finished.directory, None))?;
        }
    }
    Ok(finished.exit_code())
}

fn json(found: &impl Serialize) -> Result<Value> {
    serde_json::to_value(found).map_err(|error| Fault::at("JSON", error.to_string()).internal())
}

fn many_q(
    (settings, manner): (&Settings, Manner),
    wanted: &ManyQ,
    arguments: &FitArguments,
    terminal: &Terminal,
) -> Result<u8> {
    let table = run_many(settings, wanted, &Watch::new(terminal, &stop_flag()), manner)?;
    terminal.finish();
    for row in &table.rows {
        row.error.iter().for_each(|error| say(&format!("error: q = {}: {error}\n", row.q_per_angstrom)));
    }
    if arguments.json {
        print_json(&table)?;
    } else {
        print(&table.summary)?;
        print(&places(&table.directory, table.report.as_ref()))?;
    }
    Error::together(table.not_drawn.iter().map(|(directory, why)| not_drawn(directory, why)).collect())?;
    Ok(table.exit_code())
}

fn plan_fit(arguments: &PlanArguments) -> Result<u8> {
    let settings = plan_settings(arguments)?;
    let terminal = Terminal::new(&arguments.common.loudness, settings.run.log_level)?;
    tell(&settings, &terminal);
    let (facts, decision) = plan(&settings)?;
    match arguments.json {
        true => print_json(&decision)?,
        false => print_facts(&facts)?,
    }
    Ok(0)
}

/// What is to be known of the keys, where no run has a log.
fn tell(settings: &Settings, terminal: &Terminal) {
    let log = |level: LogLevel, text: &str| terminal.hear(&Event::Log { level, text });
    let has_details = terminal.shows(LogLevel::Debug);
    let line = settings.without_effect_in_one_line(if has_details { "listed here" } else { "listed with -v" });
    settings.notes.iter().chain(&line).for_each(|note| log(LogLevel::Warning, note));
    settings.without_effect.iter().for_each(|key| log(LogLevel::Debug, key));
    settings.remarks.iter().for_each(|remark| log(LogLevel::Info, remark));
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
        false => print_facts(&tuning.facts())?,
    }
    Ok(0)
}

/// The last lines: where results are, and the page that shows them, if there is one.
fn places(directory: &Path, page: Option<&PathBuf>) -> String {
    let report = page.map_or_else(String::new, |page| format!("report:  {}\n", shown(page)));
    format!("results: {}\n{report}", shown(directory))
}

fn show(finished: &Finished, arguments: &FitArguments, terminal: &Terminal) -> Result<u8> {
    if arguments.json {
        print_json(&finished.outcome)?;
    } else {
        print(&finished.summary)?;
        finished.posterior.iter().try_for_each(|posterior| print(&posterior.summary))?;
        print(&places(&finished.directory, finished.report.as_ref()))?;
    }
    if arguments.stats || arguments.common.loudness.verbose > 1 {
        match &finished.totals {
            Some(totals) => print_stats(totals),
            None => terminal.hear(&Event::Log { level: LogLevel::Info, text: "no sweep was made: nothing to measure" }),
        }
    }
    finished.not_drawn.iter().try_for_each(|why| Err(not_drawn(&finished.directory, why)))?;
    Ok(finished.exit_code())
}

/// A report that is lost; the numbers are not.
fn not_drawn(directory: &Path, why: &str) -> Error {
    Fault::at(directory.display(), format!("the report could not be drawn: {why}"))
        .advice(format!("all other results are whole; `homodyne report {}` draws it", directory.display()))
        .code(Code::E73)
        .output()
}

fn ingest_file(arguments: &IngestArguments) -> Result<u8> {
    let mut settings = ingest_settings(arguments)?;
    let terminal = Terminal::new(&arguments.common.loudness, settings.run.log_level)?;
    tell(&settings, &terminal);
    (settings.notes, settings.without_effect, settings.remarks) = (Vec::new(), Vec::new(), Vec::new());
    settings.ingest.reuse = arguments.earlier.reuse();
    let ingested = Run::new(&settings, &Watch::new(&terminal, &stop_flag())).ingest()?;
    terminal.finish();
    let what = if ingested.reused { "up to date" } else { "written" };
    print(&format!("store {what}: {}\n", shown(&ingested.store)))?;
    Ok(0)
}

fn inspect_path(arguments: &InspectArguments) -> Result<u8> {
    if let Some(place) = &arguments.plot {
        return draw_data(&arguments.path, arguments.q, place, &arguments.formats);
    }
    let facts = inspect(&arguments.path, arguments.verify)?;
    if arguments.json {
        print_json(&facts)?;
    } else {
        print_facts(&facts)?;
    }
    Ok(0)
}
