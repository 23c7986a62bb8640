//! `homodyne completions` and `homodyne man`: the words of the command line for shells and for `man`. It knows no command by name.

use crate::cli::arguments::Arguments;
use crate::cli::page_arguments::{CompletionArguments, ManArguments};
use crate::cli::terminal::print;
use crate::cli::words::shown;
use clap::{Command, CommandFactory};
use clap_complete::generate;
use clap_mangen::Man;
use homodyne::api::{Code, Fault, Replace, Result, make_folder, write_file};
use std::io::Write;
use std::path::{Path, PathBuf};

/// How a page of this program begins, by which a later version knows it again.
const MARK: &str = ".\\\" Made by `homodyne man`.\n";

/// Prints what a shell needs.
pub fn complete(arguments: &CompletionArguments) -> Result<u8> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut Arguments::command(), env!("CARGO_PKG_NAME"), &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

/// Writes a page for every command, or none where a file of somebody else is in the way.
pub fn write_pages(arguments: &ManArguments) -> Result<u8> {
    let folder = &arguments.out;
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let pages: Vec<(PathBuf, Vec<u8>)> =
        pages(&command).into_iter().map(|(name, page)| (folder.join(name), page)).collect();
    if !arguments.force {
        pages.iter().try_for_each(|(path, _)| may_be_replaced(path))?;
    }
    make_folder(folder)?;
    pages.iter().try_for_each(|(path, page)| write_file(path, page, Replace::File))?;
    print(&format!("written: {} pages into {}\n", pages.len(), shown(folder)))?;
    Ok(0)
}

/// Nothing may be there, or an earlier page. What is no file is never replaced, and never waited for.
fn may_be_replaced(path: &Path) -> Result<()> {
    if !path.symlink_metadata().is_ok_and(|there| there.is_file()) {
        return Ok(());
    }
    match std::fs::read(path) {
        Ok(there) if !there.starts_with(MARK.as_bytes()) => {
            let fault = Fault::at(path.display(), "exists and is no page of this program").expected("a new file");
            Err(fault.advice("choose another folder, or replace it with --force").code(Code::E78).config())
        }
        _ => Ok(()),
    }
}

/// Name and content of the pages of a command and of those below it.
fn pages(command: &Command) -> Vec<(String, Vec<u8>)> {
    let below = command.get_subcommands().filter(|command| !command.is_hide_set()).flat_map(pages);
    let program = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
    let own = Man::new(command.clone()).source(program).manual("X-ray photon correlation");
    std::iter::once((own.get_filename(), page(command, &own))).chain(below).collect()
}

/// One page. Writing into memory cannot fail.
fn page(command: &Command, man: &Man) -> Vec<u8> {
    let mut page = MARK.as_bytes().to_vec();
    let _ = man.render_title(&mut page);
    let _ = man.render_name_section(&mut page);
    let _ = man.render_synopsis_section(&mut page);
    let _ = man.render_description_section(&mut page);
    if command.get_arguments().next().is_some() {
        let _ = man.render_options_section(&mut page);
    }
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut page);
    }
    if let Some(notes) = command.get_after_help() {
        let _ = write!(page, ".SH NOTES\n.nf\n{}.fi\n", as_it_is(&notes.to_string()));
    }
    page
}

/// Text whose lines stay as they are.
fn as_it_is(text: &str) -> String {
    text.lines().map(|line| format!("\\&{}\n", line.replace('\\', "\\\\").replace('-', "\\-"))).collect()
}
