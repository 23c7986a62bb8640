//! stderr: log lines and progress. It knows no event's meaning: what is worth a line is decided elsewhere.

use crate::cli::log_lines::{Lines, dispatch, log, shows};
use crate::cli::loudness::Loudness;
use crate::cli::spoken::{harmless, say, shown_on};
use console::Term;
use homodyne::api::{
    Code, Event, Fault, Listener, LogLevel, Progress, Result, StageTotals, Standing, SweepTotals, in_one_line, pretty,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::Dispatch;

/// Writes to stderr: one replaced line of progress on a terminal, plain lines now and then otherwise.
pub struct Terminal {
    log: Dispatch,
    progress: Progress,
    /// On a terminal only.
    bar: Option<ProgressBar>,
    pace: Mutex<Pace>,
}

/// Plain progress lines are written no more often than this.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// Columns of the bar, with a blank behind it; a narrow terminal has none.
const BAR_COLUMNS: usize = 9;
/// Terminals with fewer columns are narrow.
const NARROW_COLUMNS: usize = 60;
/// Steps of the bar.
const BAR_STEPS: u64 = 1000;

impl Terminal {
    /// A terminal that shows what its user wants to see; `configured` holds where nobody says more.
    ///
    /// # Errors
    /// Config if RUST_LOG cannot be understood.
    pub fn new(loudness: &Loudness, configured: LogLevel) -> Result<Self> {
        let (filter, warning) = loudness.filter(configured)?;
        let is_terminal = Term::stderr().is_term();
        let bar = ProgressBar::with_draw_target(Some(BAR_STEPS), ProgressDrawTarget::hidden());
        let log = dispatch(filter, Lines::beside(&bar));
        warning.iter().for_each(|warning| self::log(&log, LogLevel::Warning, warning));
        let bar = (is_terminal && shows(&log, LogLevel::Info)).then_some(bar);
        Ok(Terminal { log, progress: Progress::default(), bar, pace: Mutex::new(Pace::default()) })
    }

    /// Whether lines of a level are shown.
    pub fn shows(&self, level: LogLevel) -> bool {
        shows(&self.log, level)
    }

    /// Takes the line of progress away until there is progress again: what comes next stands alone.
    pub fn finish(&self) {
        self.bar.iter().for_each(take_away);
    }

    fn show(&self, standing: &Standing) {
        let Some(bar) = &self.bar else {
            let is_time = self.pace.lock().unwrap_or_else(PoisonError::into_inner).is_time(Instant::now());
            if is_time {
                log(&self.log, LogLevel::Info, &standing.line(usize::MAX));
            }
            return;
        };
        let (style, columns) = layout(usize::from(Term::stderr().size().1));
        bar.set_style(style);
        bar.set_message(standing.line(columns));
        if bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_position((standing.fraction.clamp(0.0, 1.0) * BAR_STEPS as f64) as u64);
    }
}

/// Log lines draw the line below them again as long as there is one.
fn take_away(bar: &ProgressBar) {
    bar.finish_and_clear();
    bar.set_draw_target(ProgressDrawTarget::hidden());
    bar.reset();
}

/// A bar where there is room for one, and the columns that are left for words. The last column stays free: some terminals go to the
/// next line when it is written.
fn layout(columns: usize) -> (ProgressStyle, usize) {
    let (template, taken) = match columns < NARROW_COLUMNS {
        true => ("{wide_msg}", 1),
        false => ("[{bar:6}] {wide_msg}", BAR_COLUMNS + 1),
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    (style.progress_chars("=> "), columns.saturating_sub(taken))
}

/// When plain lines are written: not before an interval has passed.
struct Pace {
    last: Instant,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { last: Instant::now() }
    }
}

impl Pace {
    fn is_time(&mut self, now: Instant) -> bool {
        let is_time = now.saturating_duration_since(self.last) >= PLAIN_INTERVAL;
        if is_time {
            self.last = now;
        }
        is_time
    }
}

impl Listener for Terminal {
    fn hear(&self, event: &Event<'_>) {
        let standing = self.progress.standing(event);
        match (event, standing) {
            (Event::Log { level, text }, _) => log(&self.log, *level, text),
            (Event::Ended, _) => self.finish(),
            (_, Some(standing)) => self.show(&standing),
            _ => {}
        }
    }
}

/// What comes next, an error too, begins on a line of its own.
impl Drop for Terminal {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Writes to stdout.
///
/// # Errors
/// Output (exit code 3) if stdout is full or was closed.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(harmless(text).as_bytes()).and_then(|()| out.flush()).map_err(|source| {
        let lost = text.lines().next().unwrap_or_default();
        Fault::at("stdout", format!("is full or closed: what begins with {lost:?} is lost"))
            .advice("results that were written are whole, see `homodyne runs`")
            .code(Code::E73)
            .source(source)
            .output()
    })
}

/// JSON in the same way: the same values, and nothing in them that does something to a terminal.
pub fn print_json(value: &impl Serialize) -> Result<()> {
    print(&in_ascii_where_need_be(&String::from_utf8_lossy(&pretty(value)?)))
}

/// JSON with its own escapes for characters that [`in_one_line`] escapes.
fn in_ascii_where_need_be(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || (' '..='~').contains(&c) || in_one_line(c.encode_utf8(&mut [0; 4])).starts_with(c) {
            text.push(c);
        } else {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

/// Columns of facts before their values.
const NAME_COLUMNS: usize = 42;

/// Facts with names in the same way, folded to the width of a terminal.
pub fn print_facts(facts: &[(String, String)]) -> Result<()> {
    facts.iter().try_for_each(|(name, value)| {
        print_folded(&format!("{:<NAME_COLUMNS$} {}\n", in_one_line(name), in_one_line(value)), NAME_COLUMNS + 1)
    })
}

/// Lines that are folded to the width of a terminal; elsewhere they stay whole.
pub fn print_folded(text: &str, indent: usize) -> Result<()> {
    print(&shown_on(&Term::stdout(), text, indent))
}

/// What every stage of a sweep did and waited for.
pub fn print_stats(totals: &SweepTotals) {
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
    say(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::io;
    use std::sync::Arc;

    /// A terminal that remembers every line that was drawn, and refuses to leave its line.
    #[derive(Debug, Clone)]
    struct Narrow {
        columns: u16,
        drawn: Arc<Mutex<Vec<String>>>,
    }

    impl TermLike for Narrow {
        fn width(&self) -> u16 {
            self.columns
        }
        fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
            assert_eq!(lines, 0, "a second line was drawn");
            Ok(())
        }
        fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
            self.move_cursor_up(lines)
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            panic!("a line of its own: {text}")
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.drawn.lock().expect("whole").push(text.to_owned());
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a terminal of so many columns is told of work that goes on.
    fn drawn(columns: u16) -> Vec<String> {
        let term = Narrow { columns, drawn: Arc::default() };
        let bar = ProgressBar::with_draw_target(Some(BAR_STEPS), ProgressDrawTarget::term_like(Box::new(term.clone())));
        let progress = Progress::default();
        for step in 1..9 {
            let seconds = f64::from(step);
            let event = Event::Sweep { fraction: seconds / 10.0, pairs: 1_000_000_000, seconds };
            let (style, room) = layout(usize::from(columns));
            bar.set_style(style);
            bar.set_message(progress.standing(&event).expect("long").line(room));
            bar.force_draw();
        }
        term.drawn.lock().expect("whole").clone()
    }

    #[test]
    fn progress_is_one_line_on_any_terminal() {
        for columns in [40, 80, 120] {
            let drawn = drawn(columns);
            let is_long = |text: &&String| text.chars().count() > usize::from(columns) || text.contains('\n');
            assert_eq!(drawn.iter().find(is_long), None, "{columns}");
            let has = |part: &str| drawn.iter().any(|text| text.contains(part));
            assert!(has("sweep 1 80 %") && has("sweep ends in 0:02"), "{columns}: {drawn:?}");
        }
    }

    #[test]
    fn what_is_done_is_not_drawn_again_below_later_lines() {
        let term = Narrow { columns: 80, drawn: Arc::default() };
        let target = || ProgressDrawTarget::term_like(Box::new(term.clone()));
        let bar = ProgressBar::with_draw_target(Some(BAR_STEPS), target());
        bar.set_style(layout(80).0);
        bar.set_message("ingest: 23 of 23 angles");
        bar.force_draw();
        take_away(&bar);
        let before = term.drawn.lock().expect("whole").len();
        bar.suspend(|| ());
        bar.set_message("more");
        assert_eq!(term.drawn.lock().expect("whole").len(), before);
        // The next stage has its line again.
        bar.set_draw_target(target());
        bar.set_message("fit");
        bar.force_draw();
        assert!(term.drawn.lock().expect("whole").iter().skip(before).any(|text| text.contains("fit")));
    }

    #[test]
    fn json_is_the_same_and_harmless() {
        let value = serde_json::json!({"a\u{202e}\u{9b}\u{e0041}": "b\u{1b}[31m \u{c5}\n"});
        let text = in_ascii_where_need_be(&serde_json::to_string_pretty(&value).expect("JSON"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"), value);
        assert!(text.contains("\\u202e\\u009b\\udb40\\udc41") && text.contains('\u{c5}'), "{text}");
    }

    #[test]
    fn plain_lines_come_every_few_seconds() {
        let begin = Instant::now();
        let mut pace = Pace { last: begin };
        let times: Vec<u64> = (0..60).filter(|&k| pace.is_time(begin + Duration::from_secs(k))).collect();
        assert_eq!(times[..3], [5, 10, 15]);
    }
}
