//! What each command does with the public API. Returns the exit code.

use crate::cli::adoption::adopt_tables;
use crate::cli::arguments::{
    Arguments, Command, ConfigCommand, FitArguments, IngestArguments, InspectArguments, PlanArguments, TuneArguments,
    wrong_argument,
};
use crate::cli::choices::PurposeName;
use crate::cli::explanation::explain;
use crate::cli::interrupt::stop_flag;
use crate::cli::overrides::{assignments, ingest_settings, overrides, settings_of, strategy_override};
use crate::cli::simulation::{analysis_mode, replace, simulate};
use crate::cli::terminal::{Terminal, print, print_facts, print_json, print_stats};
use homodyne::api::{
    Event, Finished, Listener, LogLevel, MANIFEST_NAME, ManyQ, Node, Purpose, Result, Run, Settings, Watch, inspect,
    keys, load, plan, reference, reference_page, run_many, template, tune, write_file,
};

/// Runs a command.
pub fn execute(arguments: Arguments) -> Result<u8> {
    match arguments.command {
        Command::Run(arguments) => run(&arguments),
        Command::Fit(arguments) => fit(&arguments),
        Command::Plan(arguments) => plan_fit(&arguments),
        Command::Tune(arguments) => tune_machine(&arguments),
        Command::Ingest(arguments) => ingest_file(&arguments),
        Command::Adopt(arguments) => adopt_tables(&arguments),
        Command::Inspect(arguments) => inspect_path(&arguments),
        Command::Simulate(arguments) => simulate(&arguments),
        Command::Config(command) => config(command),
        Command::Explain(arguments) => explain(&arguments),
    }
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
    // A store that is named and there is taken if it is what the configuration asks for; otherwise it is made first.
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
    list.extend(store.map(|path| (keys::data::STORE.to_owned(), path)));
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

fn ingest_file(arguments: &IngestArguments) -> Result<u8> {
    let terminal = Terminal::new(arguments.common.quiet);
    let settings = ingest_settings(arguments)?;
    let ingested = Run::new(&settings, &Watch::new(&terminal, &stop_flag())).ingest(arguments.verify)?;
    terminal.finish();
    let what = if ingested.reused { "up to date" } else { "written" };
    print(&format!("store {what}: {}\n", settings.ingest.store.display()));
    Ok(0)
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
        ConfigCommand::Init { mode, out: None, .. } => print(&template(analysis_mode(mode))),
        ConfigCommand::Init { mode, out: Some(out), force } => {
            write_file(&out, template(analysis_mode(mode)).as_bytes(), replace(force))?;
            print(&format!("written: {}\n", out.display()));
        }
        ConfigCommand::Validate { config } => {
            let settings = load(&config, &[])?;
            settings.notes.iter().for_each(|note| print(&format!("note: {note}\n")));
            print(&format!("{}: valid\n", config.display()));
        }
        ConfigCommand::Keys { prefix, json } => {
            let keys = reference(prefix.as_deref().unwrap_or_default());
            match json {
                true => print_json(&keys)?,
                false => print(&reference_page(&keys)),
            }
        }
        ConfigCommand::Show { config, set } => {
            for entry in load(&config, &assignments(&set)?)?.effective {
                print(&format!("{:<68} {:<24} # {}\n", entry.key, entry.value, entry.origin));
            }
        }
    }
    Ok(0)
}
