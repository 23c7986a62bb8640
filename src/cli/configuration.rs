//! What the commands on configurations do: write, check, show, explain.

use crate::cli::choices::PageFormat;
use crate::cli::config_arguments::ConfigCommand;
use crate::cli::overrides::assignments;
use crate::cli::simulation::{analysis_mode, replace};
use crate::cli::terminal::{print, print_folded, print_json};
use crate::cli::words::shown;
use homodyne::api::{
    Error, Result, Settings, check_ready, in_one_line, load, reference_markdown, reference_of, reference_page,
    template, without_effect_page, write_file,
};
use std::path::Path;

/// Runs one.
pub fn config(command: ConfigCommand) -> Result<u8> {
    match command {
        ConfigCommand::Init { mode, out: None, .. } => print(&template(analysis_mode(mode)))?,
        ConfigCommand::Init { mode, out: Some(out), force } => {
            write_file(&out, template(analysis_mode(mode)).as_bytes(), replace(force))?;
            print(&format!("written: {}\n", shown(&out)))?;
        }
        ConfigCommand::Validate { config, set, verbose } => validate(&config, &set, verbose)?,
        ConfigCommand::Keys { prefix, format, json } => {
            show_keys(&prefix.unwrap_or_default(), if json { PageFormat::Json } else { format })?;
        }
        ConfigCommand::Show { config, set } => show(&load(&config, &assignments(&set)?)?)?,
    }
    Ok(0)
}

fn validate(config: &Path, set: &[String], verbose: bool) -> Result<()> {
    let settings = load(config, &assignments(set)?)?;
    let listed = if verbose { "listed here" } else { "listed with -v" };
    let without_effect = settings.without_effect_in_one_line(listed);
    for note in settings.notes.iter().chain(&without_effect).chain(&settings.remarks) {
        print(&format!("note: {}\n", in_one_line(note)))?;
    }
    settings
        .without_effect
        .iter()
        .filter(|_| verbose)
        .try_for_each(|key| print(&format!("note: {}\n", in_one_line(key))))?;
    Error::together(check_ready(&settings))?;
    print(&format!("{}: valid\n", shown(config)))
}

fn show_keys(prefix: &str, format: PageFormat) -> Result<()> {
    let keys = reference_of(prefix)?;
    match format {
        PageFormat::Json => print_json(&keys),
        _ if keys.is_empty() => print(&without_effect_page(prefix)),
        PageFormat::Text => print_folded(&reference_page(&keys), 6),
        PageFormat::Markdown => print(&reference_markdown(&keys)),
    }
}

/// Lists of mappings take a line for each item.
fn show(settings: &Settings) -> Result<()> {
    for entry in &settings.effective {
        let value = in_one_line(&entry.value).replace("}, {", &format!("}},\n{:<70}{{", ""));
        print(&format!("{:<68} {value:<24} # {}\n", entry.key, entry.origin))?;
    }
    Ok(())
}
