//! Log lines on stderr, filtered and formatted by way of `tracing`. It does not know what they tell.

use crate::cli::spoken::{say, shown_on};
use console::Term;
use homodyne::api::{LogLevel, log_line};
use indicatif::ProgressBar;
use std::fmt;
use std::io::{self, Write};
use tracing::{Dispatch, Level, Subscriber, debug, enabled, error, info, warn};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// Columns of a line before its text: time and level.
const TEXT_FROM: usize = 29;

/// What RUST_LOG calls the lines of this program.
pub const TARGET: &str = "homodyne";

/// Where lines go to: `say`, while the line of progress is taken away.
#[derive(Clone)]
pub struct Lines {
    bar: ProgressBar,
}

impl Lines {
    /// Beside a line of progress.
    pub fn beside(bar: &ProgressBar) -> Self {
        Lines { bar: bar.clone() }
    }
}

/// Takes lines through a filter. Each terminal has its own: nothing is set for the whole process.
pub fn dispatch(filter: EnvFilter, lines: Lines) -> Dispatch {
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines).event_format(OneLine);
    Dispatch::new(subscriber.finish())
}

/// Tells one line.
pub fn log(log: &Dispatch, level: LogLevel, text: &str) {
    tracing::dispatcher::with_default(log, || match level {
        LogLevel::Error => error!(target: TARGET, "{text}"),
        LogLevel::Warning => warn!(target: TARGET, "{text}"),
        LogLevel::Info => info!(target: TARGET, "{text}"),
        LogLevel::Debug => debug!(target: TARGET, "{text}"),
    });
}

/// Whether lines of a level pass.
pub fn shows(log: &Dispatch, level: LogLevel) -> bool {
    tracing::dispatcher::with_default(log, || match level {
        LogLevel::Error => enabled!(target: TARGET, Level::ERROR),
        LogLevel::Warning => enabled!(target: TARGET, Level::WARN),
        LogLevel::Info => enabled!(target: TARGET, Level::INFO),
        LogLevel::Debug => enabled!(target: TARGET, Level::DEBUG),
    })
}

/// Lines as log.txt has them.
struct OneLine;

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> fmt::Result {
        let level = match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warning,
            Level::INFO => LogLevel::Info,
            _ => LogLevel::Debug,
        };
        let mut text = String::new();
        context.format_fields(Writer::new(&mut text), event)?;
        writeln!(writer, "{}", log_line(level, &text))
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = shown_on(&Term::stderr(), &String::from_utf8_lossy(line), TEXT_FROM);
        self.bar.suspend(|| say(&text));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
