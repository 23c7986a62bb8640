//! The one error type: what went wrong, where, what was found and what to do. It knows no file format and no physics.

pub mod catalogue;
pub mod explanation;

use crate::error::catalogue::Code;
use rustix::io::Errno;
use std::fmt::{self, Write};
use std::io::ErrorKind;
use std::path::Path;

/// Everything an error says, one field per question a reader asks.
#[derive(Debug, Default)]
pub struct Fault {
    /// Its entry in the catalogue, if it has one.
    pub code: Option<Code>,
    /// File, HDF5 path, partition, block or configuration key.
    pub place: String,
    /// What is there.
    pub found: String,
    /// What should be there.
    pub expected: String,
    /// What the reader can do about it.
    pub advice: String,
    /// The error below this one.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Further errors of the same input, each a line of its own.
    pub further: Vec<Error>,
}

/// One line, whatever names and values hold.
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = self.code {
            write!(out, "[{code}] ")?;
        }
        let mut out = OneLine(out);
        write!(out, "{}: {}", self.place, self.found)?;
        if !self.expected.is_empty() {
            write!(out, "; expected {}", self.expected)?;
        }
        if !self.advice.is_empty() {
            write!(out, "; {}", self.advice)?;
        }
        match &self.source {
            Some(source) => write!(out, " ({})", source.to_string().replace('\n', " ")),
            None => Ok(()),
        }
    }
}

/// Text that stays in its line and shows what it is, whatever names are in it: characters that break lines, command a terminal, turn the
/// direction of writing or are not seen at all are written as escapes.
#[must_use]
pub fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    // Text takes whatever is written.
    let _ = OneLine(&mut line).write_str(text);
    line
}

/// Whether a character can end a line, do something to a terminal, or make a name look like another one.
fn misleads(c: char) -> bool {
    let is_unseen = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    );
    c.is_control() || is_unseen
}

/// Writes such characters as escapes.
struct OneLine<'o, W: Write>(&'o mut W);

impl<W: Write> Write for OneLine<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match c {
            c if misleads(c) => write!(self.0, "{}", c.escape_default()),
            c => self.0.write_char(c),
        })
    }
}

/// What can go wrong, by what the reader can do about it. Not converging is a verdict, not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration or command line must be edited.
    #[error("configuration: {0}")]
    Config(Box<Fault>),
    /// The file is readable but does not hold the data that is asked for.
    #[error("layout: {0}")]
    Layout(Box<Fault>),
    /// The bytes are damaged, incomplete or of a kind that is not read.
    #[error("format: {0}")]
    Format(Box<Fault>),
    /// The operating system refused.
    #[error("file: {0}")]
    Io(Box<Fault>),
    /// Sizes do not fit together.
    #[error("shape: {0}")]
    Shape(Box<Fault>),
    /// A parameter value or bound is impossible.
    #[error("parameter: {0}")]
    Parameter(Box<Fault>),
    /// Too many values are not finite numbers.
    #[error("values: {0}")]
    NonFinite(Box<Fault>),
    /// The user has asked to stop, and there is nothing to report yet.
    #[error("interrupted: {0}")]
    Interrupted(Box<Fault>),
    /// What was found cannot be told: stdout is full or closed.
    #[error("output: {0}")]
    Output(Box<Fault>),
    /// The program broke one of its own promises.
    #[error("internal: {0}")]
    Internal(Box<Fault>),
}

/// Result with the crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Fault {
    /// A fault at a place.
    pub fn at(place: impl fmt::Display, found: impl Into<String>) -> Self {
        Fault { place: place.to_string(), found: found.into(), ..Fault::default() }
    }

    /// The error of work that was asked to stop.
    #[must_use]
    pub fn stopped() -> Error {
        Fault::at("stopped on request", "the work was not finished").interrupted()
    }

    /// Adds its entry in the catalogue.
    #[must_use]
    pub fn code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// Adds what should have been there.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Adds the error below.
    #[must_use]
    pub fn source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

macro_rules! into_variant {
    ($($(#[$doc:meta])* $method:ident => $variant:ident),+ $(,)?) => {
        impl Fault {
            $($(#[$doc])* #[must_use] pub fn $method(self) -> Error { Error::$variant(Box::new(self)) })+
        }
    };
}

into_variant! {
    /// As [`Error::Config`].
    config => Config,
    /// As [`Error::Layout`].
    layout => Layout,
    /// As [`Error::Format`].
    format => Format,
    /// As [`Error::Io`].
    io => Io,
    /// As [`Error::Shape`].
    shape => Shape,
    /// As [`Error::Parameter`].
    parameter => Parameter,
    /// As [`Error::NonFinite`].
    non_finite => NonFinite,
    /// As [`Error::Interrupted`].
    interrupted => Interrupted,
    /// As [`Error::Output`].
    output => Output,
    /// As [`Error::Internal`].
    internal => Internal,
}

impl Error {
    /// The details.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        match self {
            Error::Config(fault)
            | Error::Layout(fault)
            | Error::Format(fault)
            | Error::Io(fault)
            | Error::Shape(fault)
            | Error::Parameter(fault)
            | Error::NonFinite(fault)
            | Error::Interrupted(fault)
            | Error::Output(fault)
            | Error::Internal(fault) => fault,
        }
    }

    /// Several errors of one input as one: the first carries the others.
    ///
    /// # Errors
    /// If there are any.
    pub fn together(errors: Vec<Error>) -> Result<()> {
        let mut all = errors.into_iter().flat_map(|mut error| {
            let further = std::mem::take(&mut error.fault_mut().further);
            std::iter::once(error).chain(further)
        });
        let Some(mut first) = all.next() else { return Ok(()) };
        first.fault_mut().further = all.collect();
        Err(first)
    }

    /// The same, with what it is about before its place.
    #[must_use]
    pub fn within(mut self, what: &str) -> Error {
        let fault = self.fault_mut();
        fault.place = format!("{what}: {}", fault.place);
        for further in std::mem::take(&mut fault.further) {
            self.fault_mut().further.push(further.within(what));
        }
        self
    }

    /// This one and the further ones of the same input.
    pub fn each(&self) -> impl Iterator<Item = &Error> {
        std::iter::once(self).chain(&self.fault().further)
    }

    fn fault_mut(&mut self) -> &mut Fault {
        match self {
            Error::Config(fault)
            | Error::Layout(fault)
            | Error::Format(fault)
            | Error::Io(fault)
            | Error::Shape(fault)
            | Error::Parameter(fault)
            | Error::NonFinite(fault)
            | Error::Interrupted(fault)
            | Error::Output(fault)
            | Error::Internal(fault) => fault,
        }
    }

    /// Process exit code: 3 for a broken promise of the program or output that cannot be written, 130 after an interrupt, 2 for
    /// everything a user can mend.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Internal(_) | Error::Output(_) => 3,
            Error::Interrupted(_) => 130,
            _ => 2,
        }
    }
}

/// What was made, or `None` if the user has asked to stop meanwhile.
///
/// # Errors
/// All others.
pub fn unless_stopped<T>(made: Result<T>) -> Result<Option<T>> {
    match made {
        Err(Error::Interrupted(_)) => Ok(None),
        made => made.map(Some),
    }
}

/// What helps against what the operating system refuses.
#[must_use]
pub fn remedy(source: &std::io::Error) -> &'static str {
    match (Errno::from_io_error(source), source.kind()) {
        (Some(Errno::MFILE | Errno::NFILE), _) => {
            "too many files are open: raise the limit (`ulimit -n 4096`), or use fewer --threads"
        }
        (_, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            "the disk or quota is full: free space (`df -h`), or write elsewhere (output.directory, store.directory)"
        }
        (_, ErrorKind::Unsupported) => {
            "the file system or the kernel does not offer this: choose a place on another disk, a local one"
        }
        (_, ErrorKind::ReadOnlyFilesystem) => {
            "the disk can only be read: write elsewhere (output.directory, store.directory)"
        }
        (_, ErrorKind::PermissionDenied) => "change its permissions (`ls -l`), or choose another place",
        _ => "check the path, its permissions and the free space",
    }
}

/// Wraps an operating-system error with the path it concerns.
pub fn io_at(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |source| {
        Fault::at(path.display(), "the operating system refused")
            .advice(remedy(&source))
            .code(Code::E73)
            .source(source)
            .io()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_the_system_say_what_to_do() {
        for (errno, what) in [
            (Errno::MFILE, "ulimit -n"),
            (Errno::NFILE, "ulimit -n"),
            (Errno::NOSPC, "df -h"),
            (Errno::DQUOT, "quota"),
            (Errno::NOSYS, "another disk"),
            (Errno::ROFS, "write elsewhere"),
            (Errno::ACCESS, "permissions"),
            (Errno::IO, "check the path"),
        ] {
            let told = io_at(Path::new("a.h5"))(errno.into()).to_string();
            assert!(told.contains(what) && told.lines().count() == 1, "{told}");
        }
    }

    #[test]
    fn names_stay_in_their_line() {
        assert_eq!(in_one_line("a\nb\u{1b}[31m\u{2028}c"), "a\\nb\\u{1b}[31m\\u{2028}c");
        assert_eq!(in_one_line("a\u{202e}5h.b\u{200b}\u{feff}"), "a\\u{202e}5h.b\\u{200b}\\u{feff}");
        for plain in ["Q = 0.0054 \u{c5}", "\u{645}\u{644}\u{641}", "\u{6e2c}\u{5b9a}.h5", "e\u{301}", "\u{fffd}"] {
            assert_eq!(in_one_line(plain), plain);
            assert_eq!(Fault::at(plain, "x").config().to_string(), format!("configuration: {plain}: x"));
        }
        let told = Fault::at("a\u{202e}", "b\u{1b}").expected("c\u{200d}").config().to_string();
        assert_eq!(told, "configuration: a\\u{202e}: b\\u{1b}; expected c\\u{200d}");
    }
}
