//! What the commands on configurations do: write, check, show, explain.

use crate::cli::config_arguments::ConfigCommand;
use crate::cli::overrides::assignments;
use crate::cli::simulation::{analysis_mode, replace};
use crate::cli::terminal::{print, print_json};
use homodyne::api::{
    Error, Result, Settings, check_ready, load, reference_of, reference_page, template, without_effect_page, write_file,
};
use std::path::Path;

/// Runs one.
pub fn config(command: ConfigCommand) -> Result<u8> {
    match command {
        ConfigCommand::Init { mode, out: None, .. } => print(&template(analysis_mode(mode))),
        ConfigCommand::Init { mode, out: Some(out), force } => {
            write_file(&out, template(analysis_mode(mode)).as_bytes(), replace(force))?;
            print(&format!("written: {}\n", out.display()));
        }
        ConfigCommand::Validate { config, set, verbose } => validate(&config, &set, verbose)?,
        ConfigCommand::Keys { prefix, json } => show_keys(&prefix.unwrap_or_default(), json)?,
        ConfigCommand::Show { config, set } => show(&load(&config, &assignments(&set)?)?),
    }
    Ok(0)
}

fn validate(config: &Path, set: &[String], verbose: bool) -> Result<()> {
    let settings = load(config, &assignments(set)?)?;
    let listed = if verbose { "listed here" } else { "listed with -v" };
    let without_effect = settings.without_effect_in_one_line(listed);
    for note in settings.notes.iter().chain(&without_effect).chain(&settings.remarks) {
        print(&format!("note: {note}\n"));
    }
    settings.without_effect.iter().filter(|_| verbose).for_each(|key| print(&format!("note: {key}\n")));
    Error::together(check_ready(&settings))?;
    print(&format!("{}: valid\n", config.display()));
    Ok(())
}

fn show_keys(prefix: &str, json: bool) -> Result<()> {
    let keys = reference_of(prefix)?;
    match json {
        true => print_json(&keys)?,
        false if keys.is_empty() => print(&without_effect_page(prefix)),
        false => print(&reference_page(&keys)),
    }
    Ok(())
}

/// Lists of mappings take a line for each item.
fn show(settings: &Settings) {
    for entry in &settings.effective {
        let value = entry.value.replace("}, {", &format!("}},\n{:<70}{{", ""));
        print(&format!("{:<68} {value:<24} # {}\n", entry.key, entry.origin));
    }
}
