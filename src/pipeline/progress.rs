//! Events as lines for people: how far long work has come, how fast, and when it will end. It prints nothing and knows no terminal:
//! whoever shows a line says how wide it may be.

use crate::listener::{Event, Walking};
use crate::machine::memory::rss_anon_bytes;
use crate::units::{clock, counted};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The run of the solver that needs no name, as there is no other.
const LOCAL: &str = "local";

/// Follows events; what it says of one knows what went before.
pub struct Progress {
    begun: Instant,
    state: Mutex<State>,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { begun: Instant::now(), state: Mutex::default() }
    }
}

/// How far work has come, in parts of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    parts: Vec<Part>,
    /// Share of the present sweep or file that is done.
    pub fraction: f64,
}

/// Where a line is narrow, parts of a high rank go first.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    rank: u8,
    text: String,
}

/// Between the parts of a line.
const GAP: &str = "  ";
/// Shorter sweeps need no line of their own.
const WORTH_SAYING_SECONDS: f64 = 0.3;
/// The last sweep, with errors and test of fit, takes as long as so many others.
const LAST_SWEEP: f64 = 4.0;
/// Sweeps for the intervals of one parameter, at most times.
const INTERVAL_SWEEPS: f64 = 24.0;
/// The first of the four ends of a parameter's two intervals: from there on what is left is told by what was done.
const FIRST_END: f64 = 0.25;

/// What was done in less time tells no rate and no end.
const TELLING_SECONDS: f64 = 0.5;

/// So much of what is left may be done although nothing was told.
const UNSEEN: f64 = 0.5;

impl Standing {
    fn new(fraction: f64, parts: impl IntoIterator<Item = (u8, Option<String>)>) -> Self {
        let part = |(rank, text): (u8, Option<String>)| text.map(|text| Part { rank, text });
        Standing { parts: parts.into_iter().filter_map(part).collect(), fraction }
    }

    /// One line of at most so many columns: what matters least is left out.
    #[must_use]
    pub fn line(&self, columns: usize) -> String {
        let mut kept: Vec<&Part> = self.parts.iter().collect();
        let width = |kept: &[&Part]| {
            kept.iter().map(|part| part.text.len()).sum::<usize>() + GAP.len() * kept.len().saturating_sub(1)
        };
        while kept.len() > 1 && width(&kept) > columns {
            let least = (0..kept.len()).max_by_key(|&k| kept[k].rank).unwrap_or_default();
            kept.remove(least);
        }
        let line = kept.iter().map(|part| part.text.as_str()).collect::<Vec<&str>>().join(GAP);
        line.chars().take(columns).collect()
    }
}

impl Progress {
    /// What is to be said of an event, if it is worth a line. Log lines speak for themselves.
    pub fn standing(&self, event: &Event<'_>) -> Option<Standing> {
        self.at(event, self.begun.elapsed().as_secs_f64())
    }

    /// The same of an event so many seconds after the beginning.
    fn at(&self, event: &Event<'_>, now: f64) -> Option<Standing> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *event {
            Event::Log { .. } | Event::Ended => None,
            Event::Angles { work, done, all } => Some(state.angles(work, (done, all), now)),
            Event::Draws { done, all, gradients, seconds, walking } => {
                Some(state.draws((done, all), (gradients, seconds), walking))
            }
            Event::Sweep { fraction, pairs, seconds } => state.sweep(fraction, pairs as f64, (seconds, now)),
            Event::Basins { done, all } => {
                // What was expected of the fit is over.
                (state.intervals, state.end, state.more_may_come) = (None, None, false);
                let since =
                    state.basins.filter(|basins| done > 0 && basins.all == all).map_or(now, |basins| basins.since);
                state.basins = (done < all).then_some(Basins { done, all, since });
                None
            }
            // Told before all sweeps, they are those that will come.
            Event::Intervals { done: 0.0, all } if state.sweeps == 0 => {
                (state.intervals_to_come, state.more_may_come) = (all as f64, all == 0);
                None
            }
            Event::Intervals { all: 0, .. } => Some(state.looking_around(now)),
            Event::Intervals { done, all } => {
                state.intervals_to_come = 0.0;
                Some(state.intervals((done, all as f64), now))
            }
            Event::Iteration { phase, iteration, cost, reduced_chi_squared, accepted, steps_left } => {
                (state.intervals, state.is_looking) = (None, false);
                let phase = phase.to_owned();
                state.iteration = Some(Evaluated { phase, iteration, cost, reduced_chi_squared, accepted });
                Some(state.step(steps_left, now))
            }
        }
    }
}

#[derive(Default)]
struct State {
    /// Draws that were made at some moments of a sampling, each at least a tenth more than the one before.
    drawn: Vec<(usize, f64)>,
    /// The file that is worked on: the work's name, angles that were done when it was first heard of, when that was, and the last ones.
    file: Option<(String, usize, f64, usize)>,
    iteration: Option<Evaluated>,
    /// Intervals from the cost: when they began, and the share that is done.
    intervals: Option<(f64, f64)>,
    /// Parameters whose intervals will come behind the last sweep, as far as that is known.
    intervals_to_come: f64,
    /// Whether nobody knows yet how many there will be: the end is then no earlier than what is known.
    more_may_come: bool,
    /// Whether it is just being looked for which numbers need them.
    is_looking: bool,
    /// Basins of a global search.
    basins: Option<Basins>,
    /// When the last iteration was told, and when the fit will probably end.
    told: f64,
    end: Option<f64>,
    /// Sweeps so far, how long the last took, and pairs per second.
    sweeps: usize,
    sweep_seconds: f64,
    rate: f64,
}

/// How far a global search has come.
#[derive(Clone, Copy)]
struct Basins {
    done: usize,
    all: usize,
    /// When the first was begun.
    since: f64,
}

/// The last iteration.
struct Evaluated {
    phase: String,
    iteration: usize,
    cost: f64,
    reduced_chi_squared: Option<f64>,
    accepted: bool,
}

impl State {
    /// Draws that are left take as long as the last half of those that were made: the first of a warm-up take other steps.
    fn draws(
        &mut self,
        (done, all): (usize, usize),
        (gradients, seconds): (u64, f64),
        walking: Option<Walking>,
    ) -> Standing {
        if self.drawn.last().is_some_and(|(last, _)| *last > done) {
            self.drawn.clear();
        }
        if self.drawn.last().is_none_or(|(last, _)| 10 * done > 11 * last) {
            self.drawn.push((done, seconds));
        }
        let (before, then) = self.drawn.iter().rfind(|(drawn, _)| 2 * drawn <= done).copied().unwrap_or_default();
        let left = (seconds - then) * all.saturating_sub(done) as f64 / done.saturating_sub(before).max(1) as f64;
        let is_known = seconds >= TELLING_SECONDS;
        Standing::new(
            done as f64 / all.max(1) as f64,
            [
                (0, Some(format!("sample: {done} of {all} draws with warm-up"))),
                (3, is_known.then(|| format!("{:.0} gradients/s", gradients as f64 / seconds))),
                (2, walking.map(|walking| format!("acceptance {:.2}", walking.acceptance))),
                (4, walking.map(|walking| format!("step {:.2}", walking.step_size))),
                (2, walking.map(|walking| counted(walking.divergences, "divergence"))),
                (5, memory()),
                (1, is_known.then(|| format!("ETA {}", clock(left)))),
            ],
        )
    }

    /// The angles that are left take as long as those that were done.
    fn angles(&mut self, work: &str, (done, all): (usize, usize), now: f64) -> Standing {
        let known = self.file.take().filter(|(name, _, _, last)| name == work && *last <= done);
        let (name, first, since, _) = known.unwrap_or_else(|| (work.to_owned(), done, now, done));
        self.file = Some((name, first, since, done));
        let per_second = (done - first) as f64 / (now - since).max(1e-9);
        let is_known = done > first && now - since >= TELLING_SECONDS;
        Standing::new(
            done as f64 / all.max(1) as f64,
            [
                (0, Some(format!("{work}: {done} of {all} angles"))),
                (2, is_known.then(|| format!("{per_second:.1} angles/s"))),
                (3, memory()),
                (1, is_known.then(|| format!("ETA {}", clock(all.saturating_sub(done) as f64 / per_second)))),
            ],
        )
    }

    /// The fit ends when the last iteration has let expect, not before this sweep.
    fn sweep(&mut self, fraction: f64, pairs: f64, (seconds, now): (f64, f64)) -> Option<Standing> {
        if seconds >= TELLING_SECONDS {
            self.rate = fraction * pairs / seconds;
        }
        if fraction >= 1.0 {
            (self.sweeps, self.sweep_seconds) = (self.sweeps + 1, seconds);
            return None;
        }
        let rest = seconds * (1.0 - fraction) / fraction.max(1e-9);
        let left = match self.end {
            Some(end) => self.ends_in(rest.max(end - now).max(self.stalled(now))),
            None => format!("sweep ends in {}", clock(rest)),
        };
        let sweep = format!("sweep {} {:.0} %", self.sweeps + 1, 100.0 * fraction);
        let fraction = self.basins.map_or(fraction, |basins| basins.done as f64 / basins.all as f64);
        (seconds > WORTH_SAYING_SECONDS).then(|| self.standing(fraction, Some(sweep), Some(left)))
    }

    /// What is left takes as long per step as the last one did, and then come the last sweep and the intervals. What came before the
    /// first step of a search was none, and a start on a sample takes no time and tells nothing.
    fn step(&mut self, steps_left: f64, now: f64) -> Standing {
        if let Some(basins) = self.basins {
            return self.of_basins(basins, now);
        }
        let last = LAST_SWEEP + INTERVAL_SWEEPS * self.intervals_to_come;
        let is_first = self.iteration.as_ref().is_none_or(|evaluated| evaluated.iteration == 0);
        let per_step = if is_first { self.sweep_seconds } else { now - self.told };
        let left = steps_left * per_step + last * self.sweep_seconds;
        self.told = now;
        self.end = (self.sweeps > 0).then_some(now + left);
        let left = self.end.map(|_| self.ends_in(left));
        self.standing(1.0, None, left)
    }

    /// The basins that are left take as long as those that were followed, of which the first tells nothing yet.
    fn of_basins(&mut self, Basins { done, all, since }: Basins, now: f64) -> Standing {
        self.told = now;
        let left = (done > 0).then(|| (now - since) / done as f64 * (all - done) as f64);
        self.end = left.map(|left| now + left);
        let left = left.map(|left| self.ends_in(left));
        self.standing(done as f64 / all as f64, None, left)
    }

    /// How long it still takes, as far as is known.
    fn ends_in(&self, seconds: f64) -> String {
        let or_later = if self.more_may_come && self.intervals.is_none() { " or later" } else { "" };
        format!("ETA {}{or_later}", clock(seconds))
    }

    /// What intervals that do not go on still take at least: as long per share as those before, but for what is done unseen.
    fn stalled(&self, now: f64) -> f64 {
        let known = self.intervals.filter(|(_, share)| *share > 0.0);
        known.map_or(0.0, |(since, share)| UNSEEN * (now - since) * (1.0 - share) / share)
    }

    /// Which numbers need intervals from the cost is asked of the cost: how long all will take is known then.
    fn looking_around(&mut self, now: f64) -> Standing {
        (self.is_looking, self.intervals, self.end, self.told) = (true, None, None, now);
        self.standing(0.0, None, None)
    }

    /// What is left of the intervals takes as long as what was done.
    fn intervals(&mut self, (done, all): (f64, f64), now: f64) -> Standing {
        let share = done / all.max(1.0);
        // Where quicker data are not believed, all is done once more.
        let since = self.intervals.filter(|(_, before)| *before <= share).map_or(now, |(since, _)| since);
        (self.intervals, self.is_looking, self.told) = (Some((since, share)), false, now);
        let measured = (share > 0.0).then(|| (now - since) * (1.0 - share) / share);
        let expected = (self.sweeps > 0).then_some(all * (1.0 - share) * INTERVAL_SWEEPS * self.sweep_seconds);
        // Until then it takes no less than at most times, and longer where every cost on the way has taken many sweeps.
        let longest = || expected.into_iter().chain(measured).reduce(f64::max);
        let left = if done < FIRST_END { longest() } else { measured };
        self.end = left.map(|left| now + left);
        let left = left.map(|left| self.ends_in(left));
        self.standing(share, None, left)
    }

    fn standing(&self, fraction: f64, sweep: Option<String>, left: Option<String>) -> Standing {
        let last = self.iteration.as_ref();
        let what = |last: &Evaluated| if last.accepted { "accepted" } else { "rejected" }.to_owned();
        Standing::new(
            fraction,
            [
                (1, Some(self.phase())),
                (3, last.and_then(|last| last.reduced_chi_squared).map(|chi| format!("chi2_nu {chi:.4}"))),
                (6, last.map(|last| format!("cost {:.6e}", last.cost))),
                (7, last.filter(|_| self.intervals.is_none()).map(what)),
                (2, sweep),
                (4, (self.rate > 0.0).then(|| format!("{:.0} M pairs/s", self.rate / 1e6))),
                (5, memory()),
                (0, left),
            ],
        )
    }
}

impl State {
    /// What is done just now.
    fn phase(&self) -> String {
        match (self.intervals, &self.iteration) {
            _ if self.is_looking => "look around the minimum".into(),
            (Some((_, share)), _) => format!("intervals from the cost {:.0} %", 100.0 * share),
            (None, Some(last)) if last.phase == LOCAL => format!("iteration {}", last.iteration),
            (None, Some(last)) => format!("{}: iteration {}", last.phase, last.iteration),
            (None, None) => "start".into(),
        }
    }
}

/// Anonymous memory, where the system tells it.
fn memory() -> Option<String> {
    rss_anon_bytes().map(|bytes| format!("{} MiB", bytes >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITERATION: Event<'_> = Event::Iteration {
        phase: LOCAL,
        iteration: 12,
        cost: 1.345_678_9e5,
        reduced_chi_squared: Some(1.004_04),
        accepted: true,
        steps_left: 3.0,
    };

    fn sweep(fraction: f64, seconds: f64) -> Event<'static> {
        Event::Sweep { fraction, pairs: 1_000_000_000, seconds }
    }

    #[test]
    fn short_sweeps_say_nothing_and_long_ones_how_long_they_will_take() {
        let progress = Progress::default();
        assert_eq!(progress.standing(&sweep(0.5, 0.1)), None);
        assert_eq!(progress.standing(&sweep(1.0, 0.2)), None);
        let line = progress.standing(&sweep(0.25, 2.0)).expect("long").line(200);
        assert!(line.contains("sweep 2 25 %") && line.ends_with("sweep ends in 0:06"), "{line}");
    }

    #[test]
    fn the_end_is_that_of_the_fit_with_the_steps_to_come_and_the_last_sweep() {
        let progress = Progress::default();
        let line = |event, now| progress.at(&event, now).expect("told").line(usize::MAX);
        assert!(progress.at(&sweep(1.0, 10.0), 10.0).is_none());
        // Three steps of 10 s, and the last sweep.
        let first = line(ITERATION, 10.0);
        assert!(first.contains("chi2_nu 1.0040  cost 1.345679e5  accepted") && first.ends_with("ETA 1:10"), "{first}");
        assert!(line(sweep(0.5, 5.0), 15.0).ends_with("ETA 1:05"));
        // What takes longer than was expected ends with its sweep.
        assert!(line(sweep(0.5, 50.0), 80.0).ends_with("ETA 0:50"));
    }

    #[test]
    fn basins_that_are_left_take_as_long_as_those_before() {
        let progress = Progress::default();
        progress.at(&sweep(1.0, 10.0), 10.0);
        progress.at(&ITERATION, 10.0);
        let of = |phase: &'static str| match ITERATION {
            Event::Iteration { iteration, cost, reduced_chi_squared, accepted, steps_left, .. } => {
                Event::Iteration { phase, iteration, cost, reduced_chi_squared, accepted, steps_left }
            }
            _ => unreachable!("an iteration"),
        };
        let line = |event: &Event<'_>, now| progress.at(event, now).expect("told").line(usize::MAX);
        assert!(progress.at(&Event::Basins { done: 0, all: 5 }, 100.0).is_none());
        let first = line(&of("multi_start 1 of 5"), 110.0);
        assert!(first.starts_with("multi_start 1 of 5: iteration 12") && !first.contains("ETA"), "{first}");
        progress.at(&Event::Basins { done: 1, all: 5 }, 130.0);
        let standing = progress.at(&of("multi_start 2 of 5"), 130.0).expect("told");
        assert!(standing.line(usize::MAX).ends_with("ETA 2:00"), "{}", standing.line(usize::MAX));
        assert!((standing.fraction - 0.2).abs() < 1e-12, "the bar is that of the search");
        progress.at(&Event::Basins { done: 5, all: 5 }, 250.0);
        assert!(line(&ITERATION, 260.0).contains("ETA"), "a fit is one again");
    }

    #[test]
    fn intervals_that_will_come_are_part_of_the_end_from_the_first_step_on() {
        let progress = Progress::default();
        assert!(progress.at(&Event::Intervals { done: 0.0, all: 2 }, 0.0).is_none());
        progress.at(&sweep(1.0, 10.0), 10.0);
        // Three steps of 10 s, the last sweep of 40 s, two intervals of 240 s.
        let first = progress.at(&ITERATION, 10.0).expect("told").line(usize::MAX);
        assert!(first.ends_with("ETA 9:10"), "{first}");
        assert!(progress.at(&Event::Intervals { done: 0.0, all: 2 }, 100.0).is_some(), "they have begun");
    }

    #[test]
    fn where_nobody_knows_yet_how_many_intervals_will_come_the_end_is_no_promise() {
        let progress = Progress::default();
        let line = |event, now| progress.at(&event, now).expect("told").line(usize::MAX);
        assert!(progress.at(&Event::Intervals { done: 0.0, all: 0 }, 0.0).is_none());
        progress.at(&sweep(1.0, 10.0), 10.0);
        assert!(line(ITERATION, 10.0).ends_with("ETA 1:10 or later"));
        assert!(line(sweep(0.5, 5.0), 15.0).ends_with("ETA 1:05 or later"));
        // Which numbers need them is being looked for: the end of the fit was no promise.
        let looking = line(Event::Intervals { done: 0.0, all: 0 }, 100.0);
        assert!(looking.starts_with("look around the minimum") && !looking.contains("ETA"), "{looking}");
        let looking = line(sweep(0.5, 5.0), 105.0);
        assert!(looking.starts_with("look around the minimum") && looking.ends_with("sweep ends in 0:05"), "{looking}");
        assert!(line(Event::Intervals { done: 0.0, all: 2 }, 110.0).ends_with("ETA 8:00"), "now it is known");
        assert!(line(Event::Intervals { done: 1.0, all: 2 }, 170.0).ends_with("ETA 1:00"));
        // All pairs are asked once more, from the beginning.
        line(Event::Intervals { done: 0.0, all: 2 }, 230.0);
        assert!(line(Event::Intervals { done: 1.0, all: 2 }, 240.0).ends_with("ETA 0:10"));
    }

    #[test]
    fn what_came_before_the_first_step_was_no_step() {
        let progress = Progress::default();
        progress.at(&sweep(1.0, 10.0), 10.0);
        progress.at(&ITERATION, 20.0);
        // A search on a sample has taken 1000 s, and a fit begins anew: three steps of 10 s and the last sweep.
        let Event::Iteration { cost, reduced_chi_squared, accepted, steps_left, .. } = ITERATION else { panic!() };
        let first = Event::Iteration { phase: LOCAL, iteration: 0, cost, reduced_chi_squared, accepted, steps_left };
        assert!(progress.at(&first, 1020.0).expect("told").line(usize::MAX).ends_with("ETA 1:10"));
    }

    #[test]
    fn intervals_from_the_cost_have_an_end_of_their_own() {
        let progress = Progress::default();
        let line = |event, now| progress.at(&event, now).expect("told").line(usize::MAX);
        progress.at(&sweep(1.0, 10.0), 10.0);
        line(ITERATION, 10.0);
        // Two parameters of 24 sweeps each, before anything is known.
        let first = line(Event::Intervals { done: 0.0, all: 2 }, 100.0);
        assert!(first.starts_with("intervals from the cost 0 %") && first.ends_with("ETA 8:00"), "{first}");
        // A first cost is looked at: nothing was done yet. After 60 s of many sweeps the second one is.
        assert!(line(Event::Intervals { done: 0.08, all: 2 }, 100.0).ends_with("ETA 7:41"));
        assert!(line(Event::Intervals { done: 0.125, all: 2 }, 160.0).ends_with("ETA 15:00"));
        assert!(line(Event::Intervals { done: 0.5, all: 2 }, 160.0).ends_with("ETA 3:00"));
        // A sweep on the way does not end the fit.
        let sweep = line(sweep(0.5, 5.0), 165.0);
        assert!(sweep.contains("intervals from the cost 25 %") && sweep.ends_with("ETA 2:55"), "{sweep}");
        // Nor does the end come nearer while nothing goes on: 75 % are left, and 25 % have taken 300 s.
        assert!(line(self::sweep(0.9, 9.0), 400.0).ends_with("ETA 7:30"));
        assert!(line(ITERATION, 410.0).contains("iteration 12"));
    }

    #[test]
    fn a_loss_that_is_no_chi_square_is_not_called_one() {
        let Event::Iteration { iteration, cost, accepted, steps_left, .. } = ITERATION else { panic!("an iteration") };
        let event =
            |phase| Event::Iteration { phase, iteration, cost, reduced_chi_squared: None, accepted, steps_left };
        let line = |phase| Progress::default().standing(&event(phase)).expect("told").line(usize::MAX);
        assert!(line(LOCAL).starts_with("iteration 12  cost") && !line(LOCAL).contains("chi2_nu"), "{}", line(LOCAL));
        // Which of many starts it belongs to is told.
        assert!(line("multi_start 3").starts_with("multi_start 3: iteration 12"), "{}", line("multi_start 3"));
    }

    #[test]
    fn a_line_fits_whatever_the_width_and_says_what_matters_most() {
        let progress = Progress::default();
        progress.at(&sweep(1.0, 7000.0), 0.0);
        progress.at(&ITERATION, 0.0);
        let standing = progress.at(&sweep(0.6, 7000.0), 0.0).expect("long");
        for columns in [1, 5, 20, 40, 70, 80, 120] {
            let line = standing.line(columns);
            let has = |part: &str| line.contains(part);
            assert!(line.chars().count() <= columns && !line.contains(['\n', '\r', '\x1b']), "{columns}: {line}");
            assert!(columns < 20 || has("ETA 7:46:40"), "{columns}: {line}");
            assert!(columns < 40 || has("iteration 12") && has("sweep 2 60 %"), "{columns}: {line}");
            assert!(columns < 70 || has("chi2_nu 1.0040") && has("M pairs/s"), "{columns}: {line}");
            assert!(columns < 120 || has("MiB") || rss_anon_bytes().is_none(), "{columns}: {line}");
        }
    }

    #[test]
    fn angles_that_are_left_take_as_long_as_those_before() {
        let progress = Progress::default();
        let line = |done, now| {
            let event = Event::Angles { work: "ingest", done, all: 24 };
            progress.at(&event, now).expect("told").line(usize::MAX)
        };
        assert!(!line(1, 3.0).contains("ETA"));
        // The first ones come from several threads at once: that is no rate.
        assert!(!line(2, 3.01).contains("angles/s"));
        let later = line(5, 5.0);
        assert!(later.starts_with("ingest: 5 of 24 angles  2.0 angles/s") && later.ends_with("ETA 0:10"), "{later}");
        // Another file of the same name begins anew.
        assert!(!line(1, 60.0).contains("ETA"));
    }

    #[test]
    fn draws_tell_how_chains_walk_as_far_as_a_line_has_room() {
        let walking = Walking { acceptance: 0.876, step_size: 0.412, divergences: 3 };
        let event = Event::Draws { done: 500, all: 8000, gradients: 5000, seconds: 10.0, walking: Some(walking) };
        let standing = Progress::default().at(&event, 10.0).expect("told");
        let wide = standing.line(usize::MAX);
        for part in [
            "sample: 500 of 8000 draws",
            "500 gradients/s",
            "acceptance 0.88",
            "step 0.41",
            "3 divergences",
            "ETA 2:30",
        ] {
            assert!(wide.contains(part), "{part}: {wide}");
        }
        let narrow = standing.line(80);
        assert!(narrow.contains("acceptance 0.88  3 divergences  ETA 2:30"), "{narrow}");
    }

    #[test]
    fn draws_that_are_left_take_as_long_as_the_last_half() {
        let progress = Progress::default();
        let line = |done: usize, seconds: f64| {
            let event = Event::Draws { done, all: 1000, gradients: 1, seconds, walking: None };
            progress.at(&event, seconds).expect("told").line(usize::MAX)
        };
        // A draw per second, then one in ten seconds.
        for done in 1..=100 {
            line(done, done as f64);
        }
        assert!(line(100, 100.0).ends_with("ETA 15:00"));
        for done in 101..200 {
            line(done, 100.0 + 10.0 * (done - 100) as f64);
        }
        // So late is 2:13 what the last hundred say, and 1:13 what all say.
        assert!(line(200, 1100.0).ends_with("ETA 2:05:29"), "{}", line(200, 1100.0));
        // Another sampling begins anew.
        assert!(line(1, 4.0).ends_with("ETA 1:06:36"), "{}", line(1, 4.0));
    }
}
