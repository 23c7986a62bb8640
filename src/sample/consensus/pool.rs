//! Chains of shards from one queue, the largest shards first: each on a thread, with a deadline, and again in another way where they
//! are not to be believed. What they draw depends neither on how many work nor on who comes first. It combines nothing.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::listener::{LogLevel, Watch};
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::sample::chain::{Target, walk};
use crate::sample::consensus::kept::Kept;
use crate::sample::consensus::ladder::{Rung, Trouble};
use crate::sample::consensus::rewhitened::Rewhitened;
use crate::sample::consensus::trial::{ChainEnd, Ended, ShardDraws, ShardTargets, Try, judged};
use crate::sample::density::Slope;
use crate::sample::journal::{self, Journal};
use crate::sample::settings::SampleSettings;
use crate::sample::tally::{Step, Tally};
use crate::sample::walked::Walked;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Who samples what, with what.
pub struct Pool<'a> {
    /// The shards.
    pub shards: &'a dyn ShardTargets,
    /// What is sampled, and the limits.
    pub settings: &'a SampleSettings,
    /// Acceptance that step sizes aim at.
    pub acceptance: f64,
    /// Chains at a time.
    pub workers: usize,
    /// Where draws wait for the combination.
    pub folder: &'a Path,
    /// Who keeps chains for a sampling that is killed.
    pub journal: &'a dyn Journal,
}

/// What became of all shards.
#[derive(Debug, Default)]
pub struct Pooled {
    /// Shards with draws, in order.
    pub sampled: Vec<ShardDraws>,
    /// Shards without, and why.
    pub lost: Vec<(usize, Trouble)>,
    /// Shards that were tried more than once.
    pub retried: BTreeSet<usize>,
    /// Gradients of all tries.
    pub gradients: u64,
    /// Whether the user has asked to stop.
    pub is_cut: bool,
}

/// Shards while they are tried.
struct Course<'a> {
    sizes: &'a [u64],
    /// The best there is, by the first of its shards.
    found: BTreeMap<usize, ShardDraws>,
    /// Why there is nothing.
    troubles: BTreeMap<usize, Trouble>,
    retried: BTreeSet<usize>,
}

impl Pool<'_> {
    /// Samples all shards.
    ///
    /// # Errors
    /// What the data and the files report.
    pub fn run(&self, watch: &Watch<'_>) -> Result<Pooled> {
        let sizes = self.shards.sizes();
        let first = |k: usize| Try { members: vec![k], pairs: sizes[k], rung: Rung::First };
        let mut pending: Vec<Try> = (0..sizes.len()).map(first).collect();
        let mut course = Course { sizes, found: BTreeMap::new(), troubles: BTreeMap::new(), retried: BTreeSet::new() };
        let mut gradients = 0;
        while !pending.is_empty() {
            pending.sort_by_key(|tried| (u64::MAX - tried.pairs, tried.members[0]));
            let done = self.round((&pending, &mut gradients), watch)?;
            let is_stopped = watch.check().is_err();
            let mut failed = Vec::new();
            for (tried, result) in pending.into_iter().zip(done) {
                failed.extend(course.take(tried, result));
            }
            pending = if is_stopped { Vec::new() } else { course.next(failed) };
            for again in &pending {
                let told = format!("shards {:?}: sampled again ({})", again.members, again.rung.name());
                watch.log(LogLevel::Debug, &told);
            }
        }
        let Course { found, troubles, retried, .. } = course;
        let covered: BTreeSet<usize> = found.values().flat_map(|shard| shard.tried.members.clone()).collect();
        let lost = troubles.into_iter().filter(|(shard, _)| !covered.contains(shard)).collect();
        Ok(Pooled { sampled: found.into_values().collect(), lost, retried, gradients, is_cut: watch.check().is_err() })
    }

    /// All chains of some tries.
    fn round(
        &self,
        (tries, gradients): (&[Try], &mut u64),
        watch: &Watch<'_>,
    ) -> Result<Vec<std::result::Result<ShardDraws, Trouble>>> {
        let n_chains = self.settings.n_chains;
        let of_try = |tried: &Try| {
            let settings = self.settings_of(tried);
            n_chains * (settings.n_warmup + settings.n_draws)
        };
        let tally = Tally::new(tries.iter().map(of_try).sum(), watch);
        let n_items = tries.len() * n_chains;
        let workers = self.workers.min(n_items);
        let flow = Dataflow {
            n_items,
            // What waits for its turn is in files.
            lanes: Lanes { alive: n_items, ..Lanes::self_reading(workers) },
            read: &|_| Ok(()),
            work: &|item, ()| self.chain(&tries[item / n_chains], item % n_chains, &tally),
            meter: &Meter::default(),
        };
        let (mut ends, mut done) = (Vec::with_capacity(n_chains), Vec::with_capacity(tries.len()));
        let mut recalled = 0;
        flow.fold(&mut |item, end: ChainEnd| {
            recalled += usize::from(end.is_recalled);
            ends.push(end);
            if ends.len() == n_chains {
                let ends = std::mem::take(&mut ends);
                done.push(judged(&tries[item / n_chains], ends, self.shards, &self.settings.consensus)?);
            }
            Ok(())
        })?;
        *gradients += tally.so_far().gradients;
        if recalled > 0 {
            watch.log(LogLevel::Info, &format!("resuming: {recalled} of {n_items} chains of shards were kept"));
        }
        Ok(done)
    }

    fn settings_of(&self, tried: &Try) -> SampleSettings {
        tried.rung.settings(self.settings, tried.members[0], (tried.pairs, self.shards.width()))
    }

    /// One chain, until its draws are made, its time is over or the user asks to stop; or what an earlier sampling has kept of it.
    fn chain(&self, tried: &Try, chain: usize, tally: &Tally<'_>) -> Result<ChainEnd> {
        let written = |walked: &Walked| {
            let path = self.folder.join(format!("{}-{chain}.draws", tried.name()));
            Kept::write(path, walked, self.shards.width())
        };
        // Shards of another number are others.
        let name = format!("{}-of-{}", tried.name(), self.shards.sizes().len());
        if let Some(kept) = self.journal.recall_shards(&name, chain)? {
            let settings = self.settings_of(tried);
            tally.pass(settings.n_warmup + settings.n_draws, 0);
            return Ok(ChainEnd { kept: Some(written(&kept.into_walked())?), ended: Ended::Whole, is_recalled: true });
        }
        let (walked, ended) = self.walked(tried, chain, &|step| tally.add(step))?;
        if let (Some(walked), Ended::Whole) = (&walked, ended) {
            self.journal.keep_shards(&name, chain, &journal::Kept::whole(walked, self.shards.width()))?;
        }
        Ok(ChainEnd { kept: walked.map(|walked| written(&walked)).transpose()?, ended, is_recalled: false })
    }

    /// What a chain walks, with its places in the coordinates of the shards, and how it ends.
    fn walked(&self, tried: &Try, chain: usize, tell: &dyn Fn(&Step)) -> Result<(Option<Walked>, Ended)> {
        let until = Instant::now() + Duration::from_secs_f64(self.settings.consensus.timeout_seconds);
        let target = self.shards.open(&tried.members)?;
        let timed = Timed { target: &*target, until, is_over: AtomicBool::new(false) };
        let settings = self.settings_of(tried);
        let acceptance = tried.rung.acceptance(self.acceptance);
        let walked = || -> Result<Walked> {
            if !tried.rung.is_rewhitened() {
                return walk(&timed, &settings, (chain, acceptance), tell);
            }
            let own = Rewhitened::of(&timed)?;
            let mut walked = walk(&own, &settings, (chain, acceptance), tell)?;
            walked.places.iter_mut().for_each(|place| *place = own.place(place));
            Ok(walked)
        };
        let stopped = || if timed.is_over.load(Ordering::Relaxed) { Ended::OutOfTime } else { Ended::Stopped };
        match walked() {
            Ok(walked) => {
                let ended = if walked.is_cut { stopped() } else { Ended::Whole };
                Ok((Some(walked), ended))
            }
            Err(Error::Interrupted(_)) => Ok((None, stopped())),
            Err(error) if error.fault().code == Some(Code::E63) => Ok((None, Ended::NoDensity)),
            Err(error) => Err(error),
        }
    }
}

impl Course<'_> {
    /// Takes what a try has brought; returns what is to be mended.
    fn take(&mut self, tried: Try, result: std::result::Result<ShardDraws, Trouble>) -> Option<(Try, Trouble)> {
        let first = tried.members[0];
        match result {
            Ok(draws) => {
                let trouble = draws.doubt.clone().map(Trouble::Doubtful);
                let is_better = match (self.found.get(&first), &trouble) {
                    (Some(earlier), Some(_)) => tried.members.len() == 1 && draws.r_hat < earlier.r_hat,
                    (None, Some(_)) => tried.members.len() == 1,
                    (_, None) => true,
                };
                let leaves = if is_better { draws } else { return drop_draws(draws, (tried, trouble)) };
                for member in &tried.members {
                    self.found.remove(member).iter().flat_map(|earlier| &earlier.chains).for_each(Kept::remove);
                }
                self.found.insert(first, leaves);
                trouble.map(|trouble| (tried, trouble))
            }
            Err(trouble) => {
                if tried.members.len() == 1 {
                    self.troubles.insert(first, trouble.clone());
                }
                Some((tried, trouble))
            }
        }
    }

    /// What is tried next for shards that failed.
    fn next(&mut self, failed: Vec<(Try, Trouble)>) -> Vec<Try> {
        let mut taken: BTreeSet<usize> = self
            .found
            .values()
            .filter(|shard| shard.tried.members.len() > 1)
            .flat_map(|s| s.tried.members.clone())
            .collect();
        let mut tries = Vec::new();
        for (tried, trouble) in failed {
            let first = tried.members[0];
            let Some(rung) = tried.rung.next(&trouble) else { continue };
            self.retried.extend(&tried.members);
            if rung != Rung::Merged {
                tries.push(Try { rung, ..tried });
                continue;
            }
            let is_free = |shard: &usize| *shard < self.sizes.len() && *shard != first && !taken.contains(shard);
            let neighbours = [Some(first + 1), first.checked_sub(1)];
            let Some(neighbour) = neighbours.into_iter().flatten().find(is_free).filter(|_| !taken.contains(&first))
            else {
                continue;
            };
            taken.extend([first, neighbour]);
            self.retried.insert(neighbour);
            let pairs = self.sizes[first] + self.sizes[neighbour];
            tries.push(Try { members: vec![first, neighbour], pairs, rung });
        }
        tries
    }
}

/// Draws that are no better than those there are.
fn drop_draws(draws: ShardDraws, (tried, trouble): (Try, Option<Trouble>)) -> Option<(Try, Trouble)> {
    draws.chains.iter().for_each(Kept::remove);
    trouble.map(|trouble| (tried, trouble))
}

/// A density until a deadline: then it ends the walk as a wish to stop does.
struct Timed<'t> {
    target: &'t dyn Target,
    until: Instant,
    is_over: AtomicBool,
}

impl Target for Timed<'_> {
    fn width(&self) -> usize {
        self.target.width()
    }

    fn log(&self, w: &[f64]) -> Result<Slope> {
        if Instant::now() >= self.until {
            self.is_over.store(true, Ordering::Relaxed);
            return Err(Fault::stopped());
        }
        self.target.log(w)
    }

    fn values(&self, w: &[f64]) -> Vec<f64> {
        self.target.values(w)
    }
}
