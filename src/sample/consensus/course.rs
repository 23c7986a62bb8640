//! Sampling in shards, all in order: how many, what they take, the deal, the pool, the combination, the check against all data, the
//! judgement. It returns plain data.

use crate::error::{Error, Fault, Result};
use crate::listener::{Event, LogLevel, Watch};
use crate::outcome::consensus::{CheckAgainstAll, ConsensusMemory, ConsensusSampling, DrawsAre, MovedMean};
use crate::outcome::posterior::{PosteriorResult, PosteriorVerdict};
use crate::sample::ask::{Ask, Data};
use crate::sample::chain::Walked;
use crate::sample::consensus::check::{LARGEST_K, LEAST_EFFICIENT, check, is_believed};
use crate::sample::consensus::combined::{
    Combined, Naming, combined, facts, largest_divergence, lost, shards_with_two_modes,
};
use crate::sample::consensus::moments::Moments;
use crate::sample::consensus::pool::{Pool, Pooled};
use crate::sample::consensus::reweighed::{Proposal, Proposed, unless_stopped};
use crate::sample::consensus::sizes::{Extent, check_memory};
use crate::sample::consensus::tempered::TemperedShards;
use crate::sample::consensus::trial::ShardTargets;
use crate::sample::course::Start;
use crate::sample::density::{Correction, Slope};
use crate::sample::diagnostics::{mean, variance};
use crate::sample::findings::{Sampled, findings};
use crate::sample::journal::Journal;
use crate::sums::objective::{CondensedData, Dealer, Fineness, Objective};
use std::cell::Cell;
use std::path::Path;
use std::time::Instant;

/// Means that all data move by more standard deviations, beyond so many errors of that, are not theirs.
const FAR: f64 = 0.3;
const SURE: f64 = 2.0;
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

/// Why shards are sampled, and what is known of all data.
pub struct Outlook {
    /// In words.
    pub reason: String,
    /// Seconds that all data would take.
    pub direct_seconds: f64,
    /// Seconds of one gradient of all pairs on one thread.
    pub gradient_seconds: f64,
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
    let mut told = ConsensusSampling { check: weighed.check, ..consensus.told(memory)? };
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

/// What the density of all data says, and the draws that it makes of the combination where its weights can be believed.
#[derive(Default)]
struct Weighed {
    check: Option<CheckAgainstAll>,
    chains: Option<Vec<Walked>>,
}

impl Consensus<'_> {
    /// Weighs as many places as draws are asked for: one density each, where shards have taken some ten gradients for every draw.
    fn weighed(&self, all: &AllData<'_>, names: &[String], watch: &Watch<'_>) -> Result<Weighed> {
        let (tempered, settings) = (self.tempered, self.ask.settings);
        // Shards are sampled in coordinates that are wider by the root of their number.
        let wider = (tempered.sizes().len() as f64).sqrt();
        let of_all = |place: &[f64]| {
            let w: Vec<f64> = place.iter().map(|value| wider * value).collect();
            Ok(all.log(&w)?.value)
        };
        let values = |place: &[f64]| tempered.values(place);
        if tempered.sizes().len() == 1 {
            return self.compared(&of_all, names);
        }
        let moments = Moments::of(self.made.places(), tempered.width());
        let Some(proposal) = Proposal::around(&moments, settings.seed) else {
            return Ok(Weighed { check: Some(check(&[], &[], names)), chains: None });
        };
        let (n_chains, n_draws, begun) = (settings.n_chains, settings.n_draws, Instant::now());
        let done = Cell::new(0);
        let tell = || {
            done.set(done.get() + 1);
            let (done, seconds) = (done.get(), begun.elapsed().as_secs_f64());
            watch.tell(&Event::Draws { done, all: n_chains * n_draws, gradients: done as u64, seconds });
        };
        watch.log(LogLevel::Info, &format!("weighing {} places by the likelihood of all data", n_chains * n_draws));
        let of_chain = |chain: usize| proposal.weighed((chain, n_draws), &of_all, &tell);
        let proposed = (0..n_chains).map(of_chain).collect::<Result<Vec<Vec<Proposed>>>>()?;
        let (logs, of_places): (Vec<f64>, Vec<Vec<f64>>) =
            proposed.iter().flatten().map(|one| (one.log_weight, values(&one.place))).unzip();
        let found = check(&logs, &of_places, names);
        let chain = |(number, proposed): (usize, &Vec<Proposed>)| proposal.chain(number, proposed, &values);
        let chains = is_believed(&found).then(|| proposed.iter().enumerate().map(chain).collect());
        Ok(Weighed { check: Some(found), chains })
    }

    /// Draws of a single shard, which was drawn from as it is, under the density of all data.
    fn compared(&self, of_all: &dyn Fn(&[f64]) -> Result<f64>, names: &[String]) -> Result<Weighed> {
        let shard = self.tempered.open(&[0])?;
        let places: Vec<&[f64]> = self.made.places().collect();
        let n = COMPARED.min(places.len());
        let chosen: Vec<&[f64]> = (0..n).map(|k| places[k * places.len() / n]).collect();
        let log = |place: &&[f64]| Ok(of_all(place)? - shard.log(place)?.value);
        let logs = chosen.iter().map(log).collect::<Result<Vec<f64>>>()?;
        let values: Vec<Vec<f64>> = chosen.iter().map(|place| self.tempered.values(place)).collect();
        Ok(Weighed { check: Some(check(&logs, &values, names)), chains: None })
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

/// What was retried, lost, or differs between shards.
fn what_differs(told: &ConsensusSampling, ask: &Ask<'_>, pooled: &Pooled) -> Vec<String> {
    let limits = &ask.settings.consensus;
    let mut warnings = Vec::new();
    let mut warn = |text: String| warnings.push(text);
    if told.retried_share > 0.0 {
        warn(format!("{:.1} % of the data were sampled more than once", 100.0 * told.retried_share));
    }
    let success = 1.0 - told.lost_share;
    if success < limits.min_success_rate_warning {
        warn(format!("{:.1} % of the data are in shards without draws", 100.0 * told.lost_share));
    }
    for number in told.heterogeneity.iter().filter(|number| number.is_significant) {
        let (name, i_squared, p) = (&number.name, 100.0 * number.i_squared, number.p_value);
        let so = match told.draws {
            DrawsAre::Combined => "the variance between them is part of its width",
            DrawsAre::Reweighed => "draws are those of all data all the same",
        };
        warn(format!("shards differ in {name} by more than they should (I2 {i_squared:.0} %, p {p:.1e}): {so}"));
    }
    if let Some(most) = limits.max_between_shard_kl.filter(|most| told.largest_divergence > *most) {
        warn(format!(
            "two shards are {:.2} nats apart, more than {most} (max_between_shard_kl)",
            told.largest_divergence
        ));
    }
    if let Some(most) = limits.max_parameter_cv {
        let names = told.heterogeneity.iter().map(|number| &number.name);
        for (place, name) in names.enumerate() {
            let means: Vec<f64> = pooled.sampled.iter().map(|shard| shard.mean_values[place]).collect();
            let center = mean(&means);
            let scatter = variance(&means).sqrt() / center.abs();
            if scatter > most {
                warn(format!(
                    "shards' means of {name} scatter by {scatter:.2} of their mean, more than {most} (max_parameter_cv)"
                ));
            }
        }
    }
    warnings
}

/// Why draws are not those of all data.
fn off_all_data(told: &ConsensusSampling) -> Vec<String> {
    let mut reasons = Vec::new();
    let Some(check) = &told.check else { return reasons };
    if let Some(k) = check.pareto_k.filter(|k| *k > LARGEST_K) {
        reasons.push(format!("Pareto k-hat {k:.2} is above {LARGEST_K}: combined draws are not those of all data"));
    }
    if check.efficiency < LEAST_EFFICIENT {
        reasons.push(format!(
            "weighed by the likelihood of all data, {} places around the combined draws tell as much as {:.0}",
            check.draws,
            check.efficiency * check.draws as f64
        ));
    }
    let is_far = |moved: &&MovedMean| moved.deviations.abs() - SURE * moved.error > FAR;
    let is_combined = told.draws == DrawsAre::Combined;
    if let Some(moved) = check.moved.as_ref().filter(|moved| is_combined && is_far(moved)) {
        reasons.push(format!(
            "{}: the likelihood of all data moves its mean by {:.2} +- {:.2} of its deviation",
            moved.name, moved.deviations, moved.error
        ));
    }
    let direct_seconds = told.direct_seconds;
    if let Some(last) = reasons.last_mut() {
        last.push_str(&format!("; direct sampling (optimization.cmc.enable: false) takes about {direct_seconds:.0} s"));
    }
    reasons
}

/// The verdict on combined draws: shards that agree with themselves, and a combination that agrees with all data.
fn judged(mut found: PosteriorResult, told: ConsensusSampling, ask: &Ask<'_>, is_cut: bool) -> PosteriorResult {
    let mut unreliable = off_all_data(&told);
    // Of combined draws, which are no walk, R-hat and independent draws say little; those of every shard do.
    let mut doubts = if told.draws == DrawsAre::Reweighed { found.reasons } else { Vec::new() };
    let success = 1.0 - told.lost_share;
    if success < ask.settings.consensus.min_success_rate {
        unreliable
            .push(format!("only {:.1} % of the data are in shards with draws (min_success_rate)", 100.0 * success));
    }
    for shard in &told.shards {
        doubts.extend(shard.doubt.iter().map(|doubt| format!("shards {:?}: {doubt}", shard.shards)));
    }
    for modes in &told.two_modes {
        doubts.push(format!(
            "shards {:?} have two modes ({:.0} % in the smaller, delta BIC {:.0}, Ashman D {:.1})",
            modes.shards,
            100.0 * modes.share,
            modes.delta_bic,
            modes.ashman_d
        ));
    }
    found.verdict = match (is_cut, unreliable.is_empty(), doubts.is_empty()) {
        (true, ..) => PosteriorVerdict::Interrupted,
        (false, false, _) => PosteriorVerdict::ConsensusUnreliable,
        (false, true, false) => PosteriorVerdict::NotConverged,
        (false, true, true) => PosteriorVerdict::Converged,
    };
    found.reasons = unreliable.into_iter().chain(doubts).collect();
    PosteriorResult { consensus: Some(told), ..found }
}
