//! All chains of a sampling: a free thread walks a piece of the chain that is furthest behind, so that all come along alike and what was
//! drawn when the user stops is of all of them. What they draw does not depend on threads. It knows no data.

use crate::error::{Error, Fault, Result};
use crate::listener::{LogLevel, Watch};
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::sample::ask::Ask;
use crate::sample::chain::{State, Target, Walk, Walker, begin, walk_piece};
use crate::sample::consensus::sizes::GRADIENTS_PER_DRAW;
use crate::sample::journal::{Journal, Kept};
use crate::sample::pieces::{Piece, pieces};
use crate::sample::tally::{SoFar, Step, Tally};
use crate::sample::walked::{Chains, Walked};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Draws of all chains whose log likelihood is compared with that of all pairs.
pub const COMPARED: usize = 10;

/// So many draws tell how many gradients one takes, and so many times the predicted ones are told.
const TELLING: usize = 200;
const DEAR: f64 = 5.0;

/// One chain, as far as it has come.
#[derive(Default)]
struct Line {
    walked: Walked,
    state: Option<State>,
    next: usize,
    is_walking: bool,
}

/// All chains and what they share.
struct Ensemble<'a> {
    target: &'a dyn Target,
    ask: &'a Ask<'a>,
    journal: &'a dyn Journal,
    pieces: Vec<Piece>,
    lines: Mutex<Vec<Line>>,
    is_over: AtomicBool,
}

/// Walks all chains to their ends, or until the user asks to stop.
///
/// # Errors
/// What target and journal report; E63 if no start has a density; Interrupted before there is a draw.
pub fn walk_all(target: &dyn Target, ask: &Ask<'_>, journal: &dyn Journal, watch: &Watch<'_>) -> Result<Chains> {
    let settings = ask.settings;
    let lines = (0..settings.n_chains).map(|_| Line::default()).collect();
    let ensemble = Ensemble {
        target,
        ask,
        journal,
        pieces: pieces(settings),
        lines: Mutex::new(lines),
        is_over: AtomicBool::new(false),
    };
    let recalled = ensemble.recall()?;
    let all = settings.n_chains * (settings.n_warmup + settings.n_draws) - recalled;
    if recalled > 0 {
        watch.log(LogLevel::Info, &format!("resuming: {recalled} draws were kept, {all} are left"));
    }
    let (tally, is_said) = (Tally::new(all, watch), AtomicBool::new(false));
    let tell = |step: &Step| {
        tally.add(step);
        if let Some(told) = dear(&tally.so_far(), all).filter(|_| !is_said.swap(true, Ordering::Relaxed)) {
            watch.log(LogLevel::Warning, &told);
        }
    };
    let workers = ask.threads.clamp(1, settings.n_chains.max(1));
    let flow = Dataflow {
        n_items: workers,
        lanes: Lanes::self_reading(workers),
        read: &|_| Ok(()),
        work: &|_, ()| ensemble.work(&tell),
        meter: &Meter::default(),
    };
    flow.fold(&mut |_, ()| Ok(()))?;
    let lines = ensemble.lines.into_inner().unwrap_or_else(PoisonError::into_inner);
    let chains: Vec<Walked> = lines.into_iter().map(|line| line.walked).collect();
    let SoFar { gradients, seconds, .. } = tally.so_far();
    if chains.iter().all(|chain| chain.draws.is_empty()) && chains.iter().any(|chain| chain.is_cut) {
        return Err(Fault::stopped());
    }
    Ok(Chains { chains, seconds, new_gradients: gradients })
}

/// What is said of draws that take many more gradients than predictions take them for.
fn dear(&SoFar { done, gradients, seconds, .. }: &SoFar, all: usize) -> Option<String> {
    let of_one = gradients as f64 / done.max(1) as f64;
    (done >= TELLING && of_one > DEAR * GRADIENTS_PER_DRAW).then(|| {
        let minutes = seconds / 60.0 * all as f64 / done as f64;
        format!(
            "a draw takes {of_one:.0} gradients so far, predictions take {GRADIENTS_PER_DRAW}: at this rate all draws take {minutes:.1} min"
        )
    })
}

impl Ensemble<'_> {
    /// What was kept, from the beginning of every chain to its first gap. Returns its draws.
    fn recall(&self) -> Result<usize> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut recalled = 0;
        for (chain, line) in lines.iter_mut().enumerate() {
            while let Some(piece) = self.pieces.get(line.next) {
                let Some(kept) = self.journal.recall(chain, piece.number)? else { break };
                recalled += piece.n_draws;
                line.go_on(kept);
            }
        }
        Ok(recalled)
    }

    /// Walks pieces until no chain waits for one.
    fn work(&self, tell: &dyn Fn(&Step)) -> Result<()> {
        while let Some((chain, piece, state)) = self.claim() {
            let result = self.walk(chain, piece, state, tell);
            if !matches!(result, Ok(true)) {
                self.is_over.store(true, Ordering::Relaxed);
                return result.map(|_| ());
            }
        }
        Ok(())
    }

    /// The chain that is furthest behind among those that wait.
    fn claim(&self) -> Option<(usize, Piece, Option<State>)> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |line: &Line| !line.is_walking && line.next < self.pieces.len();
        let (chain, line) =
            lines.iter_mut().enumerate().filter(|(_, line)| waits(line)).min_by_key(|(_, line)| line.next)?;
        if self.is_over.load(Ordering::Relaxed) {
            return None;
        }
        line.is_walking = true;
        Some((chain, self.pieces[line.next], line.state.clone()))
    }

    /// Walks and keeps one piece; false if it was cut.
    fn walk(&self, chain: usize, piece: Piece, state: Option<State>, tell: &dyn Fn(&Step)) -> Result<bool> {
        let settings = self.ask.settings;
        let walker = Walker { chain, acceptance: self.ask.acceptance() };
        let state = match state {
            Some(state) => state,
            None => match begin(self.target, settings, walker) {
                // Stopped before there was anything.
                Err(Error::Interrupted(_)) => return Ok(self.put_back(chain, None)),
                begun => begun?,
            },
        };
        let (mut walked, end) = walk_piece(Walk { target: self.target, settings, tell }, walker, piece, &state)?;
        if walked.is_cut {
            return Ok(self.put_back(chain, Some(walked)));
        }
        walked.places = self.compared(chain, piece, walked.places);
        let kept = Kept { draws: walked.draws, places: walked.places, gradients: walked.gradients, end };
        self.journal.keep(chain, piece.number, &kept)?;
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines[chain].go_on(kept);
        Ok(true)
    }

    /// A chain that was cut, with the draws of its last piece.
    fn put_back(&self, chain: usize, walked: Option<Walked>) -> bool {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = &mut lines[chain];
        (line.is_walking, line.walked.is_cut) = (false, true);
        if let Some(mut walked) = walked {
            walked.places.clear();
            walked.step_size = line.state.as_ref().and_then(|state| state.step_size).unwrap_or(walked.step_size);
            line.walked.append(walked);
        }
        false
    }

    /// Some places, evenly among all draws.
    fn compared(&self, chain: usize, piece: Piece, places: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        let settings = self.ask.settings;
        let stride = (settings.n_chains * settings.n_draws).div_ceil(COMPARED).max(1);
        let before = self.pieces[..piece.number].iter().filter(|piece| !piece.is_warmup).map(|piece| piece.n_draws);
        let first = chain * settings.n_draws + before.sum::<usize>();
        places
            .into_iter()
            .enumerate()
            .filter(|(k, _)| (first + k).is_multiple_of(stride))
            .map(|(_, place)| place)
            .collect()
    }
}

impl Line {
    fn go_on(&mut self, kept: Kept) {
        self.state = Some(kept.end.clone());
        self.walked.append(kept.into_walked());
        self.next += 1;
        self.is_walking = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dear_draws_are_told_once_it_is_known_with_the_minutes_of_all() {
        // 60 gradients per draw, twelve seconds for 200 of 8000 draws.
        let so_far = |done, gradients, seconds| SoFar { done, gradients, seconds, walking: None };
        let told = dear(&so_far(200, 12_000, 12.0), 8000).expect("six times the predicted ten");
        assert!(told.contains("takes 60 gradients") && told.ends_with("take 8.0 min"), "{told}");
        assert_eq!(dear(&so_far(199, 12_000, 12.0), 8000), None, "too few draws tell nothing");
        assert_eq!(dear(&so_far(200, 10_000, 12.0), 8000), None, "five times as many are usual in a warm-up");
        assert_eq!(dear(&so_far(0, 0, 0.0), 8000), None);
    }
}
