//! Deals all pairs with a value out into shards: the pairs of every angle and decade of the lag are shuffled by a seed and dealt round,
//! going on where the ones before have ended. So shards differ by one pair at most, in all and of every angle and decade. Two passes
//! over the data: one counts, one deals.

use crate::error::{Result, io_at};
use crate::listener::StopFlag;
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::machine::folder::make_folder;
use crate::machine::publish::{Kind, StagedDirectory};
use crate::model::catalogue::Model;
use crate::store::block::{Block, BlockSource, Values, pair_at};
use crate::store::shard_file::ShardWriter;
use crate::sums::objective::{Dealer, Shards};
use crate::sweep::shards::deck::{Deck, mixed};
use crate::sweep::shards::shard::{Dealt, file_name};
use std::path::{Path, PathBuf};

/// Decades of the lag that there can be.
const DECADES: usize = 10;
/// Files that are written at a time.
const OPEN_FILES: usize = 128;

/// What is dealt out, and where to.
pub struct SourceDealer<'a> {
    /// The data.
    pub source: &'a dyn BlockSource,
    /// What the shards are swept with.
    pub model: &'a Model,
    /// The directory of the shards: it appears whole.
    pub place: &'a Path,
    /// Threads that read.
    pub threads: usize,
    /// The wish to stop.
    pub stop: StopFlag,
}

/// The directory of shards: nothing else is ever replaced or removed.
const SHARDS: Kind = Kind { may_replace, is_ours };

fn is_ours(place: &Path) -> bool {
    let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let is_shard = |name: String| name.starts_with("shard-") && name.ends_with(".arrow");
    std::fs::read_dir(place).is_ok_and(|entries| entries.flatten().map(name).all(is_shard))
}

fn may_replace(place: &Path) -> Result<()> {
    if place.symlink_metadata().is_err() || is_ours(place) {
        return Ok(());
    }
    let taken = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it holds other files than shards");
    Err(io_at(place)(taken))
}

/// The decks of every angle and decade.
struct Decks {
    seed: u64,
    /// Pairs with a value.
    counts: Vec<[u64; DECADES]>,
}

impl Decks {
    /// The first shard of a deck, and its order.
    fn of(&self, angle: usize, decade: usize, n_shards: u64) -> (u64, Deck) {
        let before = self.counts[..angle].iter().flatten().chain(&self.counts[angle][..decade]).sum::<u64>();
        let key = mixed(self.seed ^ mixed((angle * DECADES + decade) as u64));
        (before % n_shards, Deck::new(self.counts[angle][decade], key))
    }

    fn all(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }
}

fn decade(lag: usize) -> usize {
    lag.ilog10() as usize
}

/// The pairs of a block that have a value, in order.
fn usable<'b>(block: &'b Block, is_masked: &'b [bool]) -> impl Iterator<Item = ((usize, usize), f64)> + 'b {
    let n_frames = is_masked.len();
    let mut next = pair_at(n_frames, block.first_pair);
    let pair = move |k: usize| {
        let pair = next;
        next = if pair.1 + 1 < n_frames { (pair.0, pair.1 + 1) } else { (pair.0 + 1, pair.0 + 2) };
        (pair, block.values.get(k))
    };
    let is_usable = |((i, j), value): &((usize, usize), f64)| value.is_finite() && !is_masked[*i] && !is_masked[*j];
    (0..block.values.len()).map(pair).filter(is_usable)
}

impl Dealer for SourceDealer<'_> {
    fn deal(&self, n_shards: usize, seed: u64) -> Result<Box<dyn Shards + '_>> {
        let decks = Decks { seed, counts: self.counts()? };
        let staged = StagedDirectory::begin(self.place, SHARDS)?;
        make_folder(staged.path())?;
        for first in (0..n_shards).step_by(OPEN_FILES) {
            let files = first..(first + OPEN_FILES).min(n_shards);
            self.write(&decks, (files, n_shards as u64), staged.path())?;
        }
        let place: PathBuf = staged.publish()?;
        let (each, more) = (decks.all() / n_shards as u64, decks.all() % n_shards as u64);
        let sizes = (0..n_shards as u64).map(|shard| each + u64::from(shard < more)).collect();
        Ok(Box::new(Dealt::new(self.model.clone(), self.source.experiment(), (place, sizes), self.stop.clone())))
    }
}

impl SourceDealer<'_> {
    /// Which frames of every angle are masked.
    fn masks(&self) -> Vec<Vec<bool>> {
        let n_frames = self.source.plan().n_frames;
        let of = |masked: &[usize]| (0..n_frames).map(|frame| masked.contains(&frame)).collect();
        self.source.experiment().angles.iter().map(|angle| of(&angle.masked_frames)).collect()
    }

    /// Pairs with a value of every angle and decade.
    fn counts(&self) -> Result<Vec<[u64; DECADES]>> {
        let (plan, masks) = (self.source.plan(), self.masks());
        let mut counts = vec![[0; DECADES]; plan.n_angles];
        let count = |block: Block| {
            let mut found = [0; DECADES];
            usable(&block, &masks[block.angle]).for_each(|((i, j), _)| found[decade(j - i)] += 1);
            self.source.confirm(block.angle).map(|()| found)
        };
        self.flow(&|_, block| count(block), &mut |index, found: [u64; DECADES]| {
            let (angle, _) = plan.locate(index);
            counts[angle].iter_mut().zip(found).for_each(|(sum, one)| *sum += one);
            Ok(())
        })?;
        Ok(counts)
    }

    /// Writes some of the shards.
    fn write(&self, decks: &Decks, (files, n_shards): (std::ops::Range<usize>, u64), place: &Path) -> Result<()> {
        let masks = self.masks();
        let narrow = matches!(self.source.read(0)?.values, Values::F32(_));
        let begin = |shard: usize| ShardWriter::begin(place.join(file_name(shard)), narrow);
        let mut writers = files.clone().map(begin).collect::<Result<Vec<ShardWriter>>>()?;
        let mut dealt = [0_u64; DECADES];
        let mut angle = usize::MAX;
        let mut order = Vec::new();
        self.flow(&|_, block| Ok(block), &mut |_, block: Block| {
            if block.angle != angle {
                (angle, dealt) = (block.angle, [0; DECADES]);
                order = (0..DECADES).map(|decade| decks.of(angle, decade, n_shards)).collect();
            }
            for (pair, value) in usable(&block, &masks[angle]) {
                let decade = decade(pair.1 - pair.0);
                let (first, deck) = &order[decade];
                let shard = ((first + deck.place(dealt[decade])) % n_shards) as usize;
                dealt[decade] += 1;
                if files.contains(&shard) {
                    writers[shard - files.start].push(angle, pair, value)?;
                }
            }
            self.source.confirm(angle)
        })?;
        writers.into_iter().try_for_each(ShardWriter::finish)
    }

    fn flow<T: Send>(
        &self,
        work: &(dyn Fn(usize, Block) -> Result<T> + Sync),
        fold: &mut dyn FnMut(usize, T) -> Result<()>,
    ) -> Result<()> {
        let flow = Dataflow {
            n_items: self.source.plan().n_blocks(),
            lanes: Lanes::self_reading(self.threads),
            read: &|index| self.source.read(index),
            work,
            meter: &Meter::default(),
        };
        flow.fold(&mut |index, made| {
            self.stop.check()?;
            fold(index, made)
        })
    }
}
