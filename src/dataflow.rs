//! The one place where threads start: items are read, worked on and folded in order, through bounded channels.
//! It does not know what the items are.
//!
//! ```text
//! readers -> bounded channel -> workers -> bounded channel -> fold on the caller's thread, in item order
//! ```
//!
//! A sender waits while its channel is full; that is all the flow control there is. Items alive never exceed
//! `queue + readers + workers`. An error travels as an item; the fold returns it, the channels close, every thread ends.

use crate::error::Result;
use crate::machine::{Node, pin_thread};
use crossbeam_channel::{Receiver, Sender, bounded};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

/// Threads and queue of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lanes {
    /// Threads that read.
    pub readers: usize,
    /// Threads that work. With one worker everything runs on the caller's thread.
    pub workers: usize,
    /// Items that may wait between reading and working.
    pub queue: usize,
    /// Memory nodes on which workers are kept, in turn; empty leaves them to the kernel.
    pub nodes: Vec<Node>,
}

impl Lanes {
    /// `threads` workers fed by at most `readers` readers.
    #[must_use]
    pub fn new(threads: usize, readers: usize) -> Self {
        let workers = threads.max(1);
        Lanes { readers: readers.clamp(1, workers), workers, queue: 2 * workers, nodes: Vec::new() }
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

impl<A: Send, B: Send> Dataflow<'_, A, B> {
    /// Runs all items and hands their results to `fold` in item order.
    ///
    /// # Errors
    /// The first error in the order of arrival; everything has stopped when it is returned.
    pub fn fold(&self, fold: &mut dyn FnMut(usize, B) -> Result<()>) -> Result<()> {
        if self.lanes.workers == 1 { self.sequential(fold) } else { self.threaded(fold) }
    }

    fn sequential(&self, fold: &mut dyn FnMut(usize, B) -> Result<()>) -> Result<()> {
        for index in 0..self.n_items {
            let item = self.meter.read.busy(|| (self.read)(index))?;
            let result = self.meter.work.busy(|| (self.work)(index, item))?;
            self.meter.fold.busy(|| fold(index, result))?;
        }
        Ok(())
    }

    fn threaded(&self, fold: &mut dyn FnMut(usize, B) -> Result<()>) -> Result<()> {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let (to_workers, from_readers) = bounded(self.lanes.queue);
            let (to_fold, from_workers) = bounded(self.lanes.queue);
            for _ in 0..self.lanes.readers {
                let (next, to_workers) = (&next, to_workers.clone());
                scope.spawn(move || self.run_reader(next, &to_workers));
            }
            for worker in 0..self.lanes.workers {
                let (from_readers, to_fold) = (from_readers.clone(), to_fold.clone());
                scope.spawn(move || {
                    self.place(worker);
                    self.run_worker(&from_readers, &to_fold);
                });
            }
            // Only the threads hold the channels' other ends: they close when the threads end.
            drop((to_workers, from_readers, to_fold));
            self.fold_in_order(&from_workers, fold)
        })
    }

    /// A worker on its node, if it has one. Where the kernel refuses, it runs all the same.
    fn place(&self, worker: usize) {
        if let Some(node) = self.lanes.nodes.get(worker % self.lanes.nodes.len().max(1)) {
            let _ = pin_thread(node);
        }
    }

    fn run_reader(&self, next: &AtomicUsize, to_workers: &Sender<Item<A>>) {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= self.n_items {
                return;
            }
            let item = self.meter.read.busy(|| (self.read)(index));
            let last = item.is_err();
            let sent = self.meter.read.waiting(|| to_workers.send((index, item)));
            if last || sent.is_err() {
                return;
            }
        }
    }

    fn run_worker(&self, from_readers: &Receiver<Item<A>>, to_fold: &Sender<Item<B>>) {
        while let Ok((index, item)) = self.meter.work.waiting(|| from_readers.recv()) {
            let result = item.and_then(|item| self.meter.work.busy(|| (self.work)(index, item)));
            let last = result.is_err();
            let sent = self.meter.work.waiting(|| to_fold.send((index, result)));
            if last || sent.is_err() {
                return;
            }
        }
    }

    /// Results that arrive early wait here for their turn.
    fn fold_in_order(
        &self,
        from_workers: &Receiver<Item<B>>,
        fold: &mut dyn FnMut(usize, B) -> Result<()>,
    ) -> Result<()> {
        let mut early = BTreeMap::new();
        let mut turn = 0;
        while let Ok((index, result)) = self.meter.fold.waiting(|| from_workers.recv()) {
            early.insert(index, result?);
            while let Some(result) = early.remove(&turn) {
                self.meter.fold.busy(|| fold(turn, result))?;
                turn += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    fn run(workers: usize, fail_at: Option<usize>) -> Result<Vec<usize>> {
        let mut seen = Vec::new();
        let flow = Dataflow {
            n_items: 500,
            lanes: Lanes { readers: 2, workers, queue: 3, nodes: Vec::new() },
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
    fn every_item_is_folded_once_and_in_order() {
        for workers in [1, 2, 7] {
            assert_eq!(run(workers, None).expect("no failure"), (0..500).collect::<Vec<usize>>());
        }
    }

    #[test]
    fn an_error_ends_every_thread_and_is_returned() {
        for workers in [1, 2, 7] {
            assert!(run(workers, Some(250)).is_err());
        }
    }
}
