//! The one place where threads start: items are read, worked on and folded in order. It does not know what the items are.
//!
//! ```text
//! workers read for themselves:   workers (the caller is one) -> bounded channel -> fold by the caller between its own items
//! readers of their own:          readers -> bounded channel -> workers -> bounded channel -> fold on the caller's thread
//! ```
//!
//! Sweeps let workers read for themselves: nobody has to be woken for an item, and where reading takes time (Parquet) it is
//! shared out like the work. Readers of their own serve where only one may read at a time. An item is claimed with a ticket
//! that comes back when it is folded: items alive, results that wait for their turn included, never exceed the tickets,
//! however slow one of them is. A sender waits while its channel is full; that is all the flow control there is. An error
//! travels as an item; the fold returns it, the channels close, every thread ends. Where the system refuses threads, the work goes on
//! with those there are, the caller's at least.

use crate::error::{Fault, Result};
use crate::machine::cores::{Node, pin_thread};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

/// Threads and items of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lanes {
    /// Threads that read; with none, workers read for themselves.
    pub readers: usize,
    /// Threads that work, the caller's among them where workers read for themselves. With one worker everything runs on
    /// the caller's thread.
    pub workers: usize,
    /// Items that may be alive: being read, waiting, worked on, or waiting to be folded.
    pub alive: usize,
    /// Memory nodes on which workers are kept, in turn; empty leaves them to the kernel.
    pub nodes: Vec<Node>,
}

impl Lanes {
    /// `threads` workers that read for themselves.
    #[must_use]
    pub fn self_reading(threads: usize) -> Self {
        Lanes::with_readers(threads, 0)
    }

    /// `threads` workers fed by `readers` readers of their own, but by no more readers than workers.
    #[must_use]
    pub fn with_readers(threads: usize, readers: usize) -> Self {
        let workers = threads.max(1);
        Lanes { readers: readers.min(workers), workers, alive: 4 * workers, nodes: Vec::new() }
    }

    /// Keeps workers on these memory nodes, in turn.
    #[must_use]
    pub fn pinned_to(mut self, nodes: Vec<Node>) -> Self {
        self.nodes = nodes;
        self
    }
}

/// Work and waiting of one stage, summed over its threads.
#[derive(Debug, Default)]
pub struct Stage {
    items: AtomicU64,
    bytes: AtomicU64,
    busy_nanoseconds: AtomicU64,
    waiting_nanoseconds: AtomicU64,
}

/// A stage's sums, for reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StageTotals {
    /// Items handled.
    pub items: u64,
    /// Bytes handled.
    pub bytes: u64,
    /// Seconds of work, summed over threads.
    pub busy_seconds: f64,
    /// Seconds of waiting for a neighbour, summed over threads.
    pub waiting_seconds: f64,
}

/// Who works and who waits: the slowest stage is the one that never waits.
#[derive(Debug, Default)]
pub struct Meter {
    /// Reading.
    pub read: Stage,
    /// Evaluating and accumulating.
    pub work: Stage,
    /// Folding.
    pub fold: Stage,
}

impl Stage {
    fn busy<T>(&self, job: impl FnOnce() -> T) -> T {
        let (start, result) = (Instant::now(), job());
        self.items.fetch_add(1, Ordering::Relaxed);
        self.busy_nanoseconds.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        result
    }

    fn waiting<T>(&self, job: impl FnOnce() -> T) -> T {
        let (start, result) = (Instant::now(), job());
        self.waiting_nanoseconds.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        result
    }

    /// Counts bytes.
    pub fn count_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The sums so far.
    #[must_use]
    pub fn totals(&self) -> StageTotals {
        let seconds = |nanoseconds: &AtomicU64| nanoseconds.load(Ordering::Relaxed) as f64 * 1e-9;
        StageTotals {
            items: self.items.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            busy_seconds: seconds(&self.busy_nanoseconds),
            waiting_seconds: seconds(&self.waiting_nanoseconds),
        }
    }
}

/// Items 0 .. `n_items`, how to read one and what to make of it.
pub struct Dataflow<'a, A, B> {
    /// Number of items.
    pub n_items: usize,
    /// Threads and queue.
    pub lanes: Lanes,
    /// Reads item k.
    pub read: &'a (dyn Fn(usize) -> Result<A> + Sync),
    /// Works on item k.
    pub work: &'a (dyn Fn(usize, A) -> Result<B> + Sync),
    /// Counts work and waiting.
    pub meter: &'a Meter,
}

type Item<T> = (usize, Result<T>);
type Fold<'f, B> = &'f mut dyn FnMut(usize, B) -> Result<()>;

impl<A: Send, B: Send> Dataflow<'_, A, B> {
    /// Runs all items and hands their results to `fold` in item order.
    ///
    /// # Errors
    /// The first error in the order of arrival; everything has stopped when it is returned.
    pub fn fold(&self, fold: Fold<'_, B>) -> Result<()> {
        match (self.lanes.workers, self.lanes.readers) {
            (1, _) => self.sequential(fold),
            (_, 0) => self.self_reading(fold),
            _ => self.with_readers(fold),
        }
    }

    fn sequential(&self, fold: Fold<'_, B>) -> Result<()> {
        for index in 0..self.n_items {
            let result = self.read_and_work(index)?;
            self.meter.fold.busy(|| fold(index, result))?;
        }
        Ok(())
    }

    fn read_and_work(&self, index: usize) -> Result<B> {
        let item = self.meter.read.busy(|| (self.read)(index))?;
        self.meter.work.busy(|| (self.work)(index, item))
    }

    fn self_reading(&self, fold: Fold<'_, B>) -> Result<()> {
        let (next, (to_claims, tickets)) = (AtomicUsize::new(0), tickets(self.lanes.alive));
        let claims = Claims { next: &next, n_items: self.n_items, tickets };
        std::thread::scope(move |scope| {
            let (to_fold, from_workers) = bounded(self.lanes.alive);
            start(scope, 1..self.lanes.workers, |worker| {
                let (claims, to_fold) = (claims.clone(), to_fold.clone());
                move || {
                    self.place(worker);
                    while let Some(index) = self.meter.work.waiting(|| claims.wait()) {
                        if !self.send(&self.meter.work, &to_fold, (index, self.read_and_work(index))) {
                            return;
                        }
                    }
                }
            });
            drop(to_fold);
            self.place(0);
            let mut order = InOrder { early: BTreeMap::new(), turn: 0, meter: self.meter, tickets: to_claims };
            while order.turn < self.n_items {
                let (index, result) = match claims.claim_now() {
                    Some(index) => (index, self.read_and_work(index)),
                    // All is claimed that may be: the others hold it.
                    None => match self.meter.fold.waiting(|| from_workers.recv()) {
                        Ok(item) => item,
                        Err(_) => return Err(lost()),
                    },
                };
                order.take(index, result, fold)?;
                while let Ok((index, result)) = from_workers.try_recv() {
                    order.take(index, result, fold)?;
                }
            }
            Ok(())
        })
    }

    fn with_readers(&self, fold: Fold<'_, B>) -> Result<()> {
        match self.with_threads(fold)? {
            true => Ok(()),
            false => self.sequential(fold),
        }
    }

    /// Whether there was a thread of either kind; otherwise nothing was done.
    fn with_threads(&self, fold: Fold<'_, B>) -> Result<bool> {
        let (next, (to_claims, tickets)) = (AtomicUsize::new(0), tickets(self.lanes.alive));
        let claims = Claims { next: &next, n_items: self.n_items, tickets };
        std::thread::scope(move |scope| {
            let (to_workers, from_readers) = bounded(self.lanes.alive);
            let (to_fold, from_workers) = bounded(self.lanes.alive);
            let workers = start(scope, 0..self.lanes.workers, |worker| {
                let (from_readers, to_fold) = (from_readers.clone(), to_fold.clone());
                move || {
                    self.place(worker);
                    self.run_worker(&from_readers, &to_fold);
                }
            });
            let readers = start(scope, 0..if workers > 0 { self.lanes.readers } else { 0 }, |_| {
                let (claims, to_workers) = (claims.clone(), to_workers.clone());
                move || self.run_reader(&claims, &to_workers)
            });
            // Only the threads hold the channels' other ends: they close when the threads end.
            drop((claims, to_workers, from_readers, to_fold));
            if readers == 0 {
                return Ok(false);
            }
            let mut order = InOrder { early: BTreeMap::new(), turn: 0, meter: self.meter, tickets: to_claims };
            while order.turn < self.n_items {
                match self.meter.fold.waiting(|| from_workers.recv()) {
                    Ok((index, result)) => order.take(index, result, fold)?,
                    Err(_) => return Err(lost()),
                }
            }
            Ok(true)
        })
    }

    fn run_reader(&self, claims: &Claims<'_>, to_workers: &Sender<Item<A>>) {
        while let Some(index) = self.meter.read.waiting(|| claims.wait()) {
            let item = self.meter.read.busy(|| (self.read)(index));
            if !self.send(&self.meter.read, to_workers, (index, item)) {
                return;
            }
        }
    }

    fn run_worker(&self, from_readers: &Receiver<Item<A>>, to_fold: &Sender<Item<B>>) {
        while let Ok((index, item)) = self.meter.work.waiting(|| from_readers.recv()) {
            let result = item.and_then(|item| self.meter.work.busy(|| (self.work)(index, item)));
            if !self.send(&self.meter.work, to_fold, (index, result)) {
                return;
            }
        }
    }

    /// Hands an item on; returns whether there is reason to go on.
    fn send<T>(&self, stage: &Stage, to: &Sender<Item<T>>, item: Item<T>) -> bool {
        let last = item.1.is_err();
        stage.waiting(|| to.send(item)).is_ok() && !last
    }

    /// Keeps the thread on its node, if it has one. Where the kernel refuses, it runs all the same.
    fn place(&self, worker: usize) {
        if let Some(node) = self.lanes.nodes.get(worker % self.lanes.nodes.len().max(1)) {
            let _ = pin_thread(node);
        }
    }
}

/// Starts threads until the system refuses one. Returns how many there are.
fn start<'scope, F: FnOnce() + Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    numbers: Range<usize>,
    job: impl Fn(usize) -> F,
) -> usize {
    let wanted = numbers.len();
    let started = numbers.take_while(|&number| Builder::new().spawn_scoped(scope, job(number)).is_ok()).count();
    REFUSED.fetch_max(wanted - started, Ordering::Relaxed);
    started
}

/// Does a job, with a look at something every so often from beside it.
pub fn looked_after<T>(every: Duration, look: impl Fn() + Sync, job: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        // Closed when the job ends, in whichever way.
        let (_working, ended) = bounded::<()>(0);
        let look = &look;
        start(scope, 0..1, |_| {
            let ended = ended.clone();
            move || {
                while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                    look();
                }
            }
        });
        job()
    })
}

/// Threads that were refused at most.
static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// A warning about threads that the system has refused since this was asked last.
#[must_use]
pub fn refused_threads() -> Option<String> {
    let refused = REFUSED.swap(0, Ordering::Relaxed);
    (refused > 0).then(|| {
        let limits = "the limits of processes are reached (`ulimit -u`, or those of the container or batch system)";
        format!("the system has refused {refused} threads: the work was done with fewer; {limits}")
    })
}

/// What may be claimed of the items, one ticket each.
#[derive(Clone)]
struct Claims<'a> {
    next: &'a AtomicUsize,
    n_items: usize,
    tickets: Receiver<()>,
}

/// As many tickets as items may be alive.
fn tickets(alive: usize) -> (Sender<()>, Receiver<()>) {
    let (give, take) = bounded(alive);
    for _ in 0..alive {
        let _ = give.try_send(());
    }
    (give, take)
}

impl Claims<'_> {
    /// Claims the next item, once there is a ticket; `None` when there is nothing left to do.
    fn wait(&self) -> Option<usize> {
        self.tickets.recv().ok()?;
        self.claim()
    }

    /// Claims the next item if there is a ticket.
    fn claim_now(&self) -> Option<usize> {
        self.tickets.try_recv().ok()?;
        self.claim()
    }

    fn claim(&self) -> Option<usize> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        (index < self.n_items).then_some(index)
    }
}

/// Results that arrive early wait here for their turn.
struct InOrder<'a, B> {
    early: BTreeMap<usize, B>,
    turn: usize,
    meter: &'a Meter,
    tickets: Sender<()>,
}

impl<B> InOrder<'_, B> {
    fn take(&mut self, index: usize, result: Result<B>, fold: Fold<'_, B>) -> Result<()> {
        self.early.insert(index, result?);
        while let Some(result) = self.early.remove(&self.turn) {
            self.meter.fold.busy(|| fold(self.turn, result))?;
            self.turn += 1;
            // There is room for every ticket: this never waits, and nobody may be left to take it.
            let _ = self.tickets.try_send(());
        }
        Ok(())
    }
}

/// All threads have ended and an item is missing.
fn lost() -> crate::error::Error {
    Fault::at("dataflow", "an item was lost").expected("every item once").internal()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUTS: [(usize, usize); 6] = [(1, 0), (2, 0), (7, 0), (1, 1), (2, 1), (7, 3)];

    fn run(workers: usize, readers: usize, fail_at: Option<usize>) -> Result<Vec<usize>> {
        let mut seen = Vec::new();
        let flow = Dataflow {
            n_items: 500,
            lanes: Lanes::with_readers(workers, readers),
            read: &|k| if Some(k) == fail_at { Err(Fault::at("item", "broken").format()) } else { Ok(k * 10) },
            work: &|k, item| Ok(item + k % 10),
            meter: &Meter::default(),
        };
        flow.fold(&mut |k, result| {
            assert_eq!(result, k * 10 + k % 10);
            seen.push(k);
            Ok(())
        })?;
        Ok(seen)
    }

    #[test]
    fn a_job_is_looked_after_until_it_ends() {
        let looks = AtomicUsize::new(0);
        let look = || {
            looks.fetch_add(1, Ordering::Relaxed);
        };
        // It goes on until it has been looked at three times.
        let job = || {
            while looks.load(Ordering::Relaxed) < 3 {
                std::thread::yield_now();
            }
        };
        looked_after(Duration::from_millis(1), look, job);
        let failed = std::panic::catch_unwind(|| looked_after(Duration::from_millis(1), || (), || panic!("ends")));
        assert!(failed.is_err());
    }

    #[test]
    fn every_item_is_folded_once_and_in_order() {
        for (workers, readers) in LAYOUTS {
            assert_eq!(run(workers, readers, None).expect("no failure"), (0..500).collect::<Vec<usize>>());
        }
    }

    #[test]
    fn an_error_ends_every_thread_and_is_returned() {
        for (workers, readers) in LAYOUTS {
            for fail_at in [0, 250, 499] {
                assert!(run(workers, readers, Some(fail_at)).is_err());
            }
        }
    }

    #[test]
    fn a_fold_that_fails_ends_every_thread() {
        for (workers, readers) in LAYOUTS {
            let flow = Dataflow {
                n_items: 500,
                lanes: Lanes::with_readers(workers, readers),
                read: &Ok,
                work: &|_, item| Ok(item),
                meter: &Meter::default(),
            };
            let fold = &mut |k, _| if k == 100 { Err(Fault::at("fold", "full").format()) } else { Ok(()) };
            assert!(flow.fold(fold).is_err());
        }
    }

    #[test]
    fn items_alive_are_bounded_while_one_of_them_is_slow() {
        for (workers, readers) in LAYOUTS {
            let (read, folded, most) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
            let lanes = Lanes::with_readers(workers, readers);
            let alive = lanes.alive;
            let flow = Dataflow {
                n_items: 500,
                lanes,
                read: &|k| {
                    let alive = read.fetch_add(1, Ordering::SeqCst) + 1 - folded.load(Ordering::SeqCst);
                    most.fetch_max(alive, Ordering::SeqCst);
                    Ok(k)
                },
                work: &|k, item| {
                    if k == 3 {
                        std::thread::sleep(Duration::from_millis(100));
                    }
                    Ok(item)
                },
                meter: &Meter::default(),
            };
            flow.fold(&mut |_, _| {
                folded.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
            .expect("no failure");
            assert!(most.into_inner() <= alive, "{workers} workers, {readers} readers");
        }
    }
}
