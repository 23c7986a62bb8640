//! The words of the commands that write completions and manual pages.

use crate::cli::words::path;
use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

/// For `homodyne completions --help`.
pub const COMPLETION_EXAMPLES: &str = "\
Examples:
  homodyne completions bash > ~/.local/share/bash-completion/completions/homodyne
  homodyne completions zsh > ~/.zfunc/_homodyne       (with `fpath+=~/.zfunc` before compinit)
  homodyne completions fish > ~/.config/fish/completions/homodyne.fish";

/// For `homodyne man --help`.
pub const MAN_EXAMPLES: &str = "\
Example: homodyne man --out ~/.local/share/man/man1      then: man homodyne-fit";

/// Options of `completions`.
#[derive(Debug, Args)]
pub struct CompletionArguments {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Options of `man`.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// Folder of the pages; it is made if need be.
    #[arg(long, short = 'o', value_name = "DIR", value_parser = path())]
    pub out: PathBuf,
    /// Replace files that are not pages of this program, too.
    #[arg(long)]
    pub force: bool,
}
