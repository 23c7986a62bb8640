//! Sampling in shards, all in order: how many, what they take, the deal, the pool, the combination, what all data say, the verdict. It returns
//! plain data.

use crate::error::{Error, Fault, Result};
use crate::listener::{LogLevel, Watch};
use crate::outcome::consensus::{ConsensusMemory, ConsensusSampling, DrawsAre};
use crate::outcome::posterior::PosteriorResult;
use crate::sample::ask::{Ask, Data};
use crate::sample::consensus::check::check;
use crate::sample::consensus::combined::{
    Combined, Naming, combined, facts, largest_divergence, lost, shards_with_two_modes,
};
use crate::sample::consensus::moments::Moments;
use crate::sample::consensus::pool::{Pool, Pooled};
use crate::sample::consensus::population::{Followed, Population};
use crate::sample::consensus::reweighed::unless_stopped;
use crate::sample::consensus::sizes::{Extent, check_memory};
use crate::sample::consensus::tempered::TemperedShards;
use crate::sample::consensus::trial::ShardTargets;
use crate::sample::consensus::verdict::{judged, what_differs};
use crate::sample::course::Start;
use crate::sample::density::{Correction, Slope};
use crate::sample::findings::{Sampled, findings};
use crate::sample::journal::Journal;
use crate::sample::outlook::Outlook;
use crate::sums::objective::{CondensedData, Dealer, Fineness, Objective};
use std::path::Path;
use std::time::Instant;

/// Draws of a single shard that are compared with all data.
const COMPARED: usize = 500;

/// What a consensus needs besides data.
pub struct Resources<'a> {
    /// Deals data out.
    pub dealer: &'a dyn Dealer,
    /// An empty folder for draws of shards.
    pub folder: &'a Path,
    /// Who keeps chains for a sampling that is killed.
    pub journal: &'a dyn Journal,
    /// Memory that may be used, in bytes.
    pub threshold_bytes: u64,
}

/// All data, as the check sees them: condensed ones where there are any.
struct AllData<'a> {
    start: &'a Start,
    condensed: Option<(Box<dyn CondensedData + 'a>, Correction)>,
    raw: &'a (dyn Objective + Sync),
}

impl<'a> AllData<'a> {
    fn of(start: &'a Start, data: &Data<'a>) -> Result<Self> {
        let made = if data.may_be_condensed { data.together.condensed(Fineness::Usual)? } else { None };
        let with_correction = |condensed: Box<dyn CondensedData + 'a>| {
            let correction = start.correction(&*condensed)?;
            Ok::<_, Error>((condensed, correction))
        };
        Ok(AllData { start, condensed: made.map(with_correction).transpose()?, raw: data.together })
    }

    /// Log density and gradient in the coordinates of all data.
    fn log(&self, w: &[f64]) -> Result<Slope> {
        match &self.condensed {
            Some((condensed, correction)) => self.start.posterior(&**condensed, Some(correction)).log(w),
            None => self.start.posterior(self.raw, None).log(w),
        }
    }

    /// What the log density loses at so many widths, up and down along every number, less what its slope explains.
    fn drops(&self, widths: f64) -> Result<Vec<f64>> {
        let n = self.start.geometry.width();
        let here = self.log(&vec![0.0; n])?;
        let mut drops = Vec::with_capacity(2 * n);
        for k in 0..n {
            for step in [widths, -widths] {
                let mut place = vec![0.0; n];
                place[k] = step;
                drops.push(here.value - self.log(&place)?.value + step * here.gradient[k]);
            }
        }
        Ok(drops)
    }
}

/// Samples in shards.
///
/// # Errors
/// What sweeps and files report; E66 where draws do not fit into the memory; Interrupted if the user asks to stop before a shard is done.
pub fn sample(
    data: Data<'_>,
    resources: &Resources<'_>,
    ask: &Ask<'_>,
    outlook: &Outlook,
    watch: &Watch<'_>,
) -> Result<PosteriorResult> {
    let (start, settings) = (Start::of(data.together, ask)?, ask.settings);
    let all = AllData::of(&start, &data)?;
    let extent = Extent {
        n_pairs: ask.fitted.n_pairs,
        n_numbers: start.geometry.width(),
        settings,
        gradient_seconds: outlook.gradient_seconds,
    };
    let n_shards = extent.n_shards(&|widths| all.drops(widths), watch)?;
    let workers = settings.consensus.n_workers.unwrap_or(ask.threads);
    let memory = extent.memory(n_shards, workers);
    say_size(&extent, (n_shards, workers), &memory, watch);
    check_memory(&memory, resources.threshold_bytes)?;
    let shards = resources.dealer.deal(n_shards, settings.consensus.shuffle_seed.unwrap_or(settings.seed))?;
    let tempered = TemperedShards::new(&start, &*shards, settings.consensus.tempers_prior);
    let (folder, journal, begun) = (resources.folder, resources.journal, Instant::now());
    let pool = Pool { shards: &tempered, settings, acceptance: ask.acceptance(), workers, folder, journal };
    let pooled = pool.run(watch)?;
    if pooled.sampled.is_empty() {
        watch.check()?;
        return Err(Fault::at("posterior", "no shard has draws")
            .expected("chains that end before per_shard_timeout")
            .advice("raise it, or make smaller shards (max_points_per_shard)")
            .config());
    }
    let names: Vec<String> = start.numbers.all.iter().map(|number| number.name.clone()).collect();
    let (center, stretch) = (tempered.geometry.center(), tempered.geometry.stretch());
    let naming = Naming { center, stretch, names: &names };
    let made = combined(&pooled, &naming, (settings.consensus.method, settings.seed), &|place| tempered.values(place))?;
    let consensus = Consensus { ask, outlook, tempered: &tempered, pooled: &pooled, made: &made };
    let weighed = if pooled.is_cut { None } else { unless_stopped(consensus.weighed(&all, &names, watch))? };
    let (is_cut, weighed) = (weighed.is_none(), weighed.unwrap_or_default());
    let mut told = ConsensusSampling { check: weighed.check, places: weighed.places, ..consensus.told(memory)? };
    let chains = match weighed.chains {
        Some(chains) => {
            told.draws = DrawsAre::Reweighed;
            made.reweighed(chains)
        }
        None => made,
    };
    told.warnings = what_differs(&told, ask, &pooled);
    told.warnings.iter().for_each(|warning| watch.log(LogLevel::Warning, warning));
    let sampled = Sampled { numbers: &start.numbers, ask, geometry: &tempered.geometry };
    Ok(judged(findings(&sampled, chains.into_chains(begun.elapsed().as_secs_f64()), None), told, ask, is_cut))
}

/// Share of all pairs in some shards.
fn share(sizes: &[u64], some: impl Iterator<Item = usize>) -> f64 {
    some.map(|shard| sizes[shard]).sum::<u64>() as f64 / sizes.iter().sum::<u64>().max(1) as f64
}

/// Shards that were sampled and combined.
struct Consensus<'a> {
    ask: &'a Ask<'a>,
    outlook: &'a Outlook,
    tempered: &'a TemperedShards<'a>,
    pooled: &'a Pooled,
    made: &'a Combined,
}

impl Consensus<'_> {
    /// What all data say of the combination: one density a place, where shards have taken some ten gradients for every draw.
    fn weighed(&self, all: &AllData<'_>, names: &[String], watch: &Watch<'_>) -> Result<Followed> {
        let (tempered, settings) = (self.tempered, self.ask.settings);
        // Shards are sampled in coordinates that are wider by the root of their number.
        let wider = (tempered.sizes().len() as f64).sqrt();
        let density = |place: &[f64]| {
            let w: Vec<f64> = place.iter().map(|value| wider * value).collect();
            Ok(all.log(&w)?.value)
        };
        if tempered.sizes().len() == 1 {
            return self.compared(&density, names);
        }
        let values = |place: &[f64]| tempered.values(place);
        let population = Population { density: &density, values: &values, names, settings, watch };
        population.follow(&Moments::of(self.made.places(), tempered.width()))
    }

    /// Draws of a single shard, which was drawn from as it is, under the density of all data.
    fn compared(&self, of_all: &dyn Fn(&[f64]) -> Result<f64>, names: &[String]) -> Result<Followed> {
        let shard = self.tempered.open(&[0])?;
        let places: Vec<&[f64]> = self.made.places().collect();
        let n = COMPARED.min(places.len());
        let chosen: Vec<&[f64]> = (0..n).map(|k| places[k * places.len() / n]).collect();
        let log = |place: &&[f64]| Ok(of_all(place)? - shard.log(place)?.value);
        let logs = chosen.iter().map(log).collect::<Result<Vec<f64>>>()?;
        let values: Vec<Vec<f64>> = chosen.iter().map(|place| self.tempered.values(place)).collect();
        Ok(Followed { check: Some(check(&logs, &values, names)), ..Followed::default() })
    }

    fn told(&self, memory: ConsensusMemory) -> Result<ConsensusSampling> {
        let (pooled, made, sizes) = (self.pooled, self.made, self.tempered.sizes());
        Ok(ConsensusSampling {
            reason: self.outlook.reason.clone(),
            direct_seconds: self.outlook.direct_seconds,
            method: self.ask.settings.consensus.method.name().into(),
            prior_power: self.tempered.prior_power(),
            n_shards: sizes.len(),
            shards: facts(pooled, &made.weighing.trust),
            lost: lost(pooled, sizes),
            retried_share: share(sizes, pooled.retried.iter().copied()),
            lost_share: share(sizes, pooled.lost.iter().map(|(shard, _)| *shard)),
            heterogeneity: made.heterogeneity.clone(),
            largest_divergence: largest_divergence(pooled),
            two_modes: shards_with_two_modes(pooled)?,
            draws: DrawsAre::Combined,
            check: None,
            places: None,
            warnings: Vec::new(),
            memory,
        })
    }
}

fn say_size(extent: &Extent<'_>, (n_shards, workers): (usize, usize), memory: &ConsensusMemory, watch: &Watch<'_>) {
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let told = format!(
        "consensus: {n_shards} shards of {} pairs, {} chains each, {workers} at a time; memory: {} MiB held, {} MiB in files \
         (Jacobians of shards at work would be {} MiB, draws of all shards {} MiB)",
        extent.n_pairs.div_ceil(n_shards as u64),
        extent.settings.n_chains,
        mebibytes(memory.held),
        mebibytes(memory.in_files),
        mebibytes(memory.shards_as_published),
        mebibytes(memory.draws_as_published),
    );
    watch.log(LogLevel::Info, &told);
}
