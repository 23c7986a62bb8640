//! All data directly, or in shards: by what direct sampling would take, unless one of them is asked for. It draws nothing itself.

use crate::error::Result;
use crate::listener::{LogLevel, Watch};
use crate::outcome::posterior::PosteriorResult;
use crate::sample::ask::{Ask, Data};
use crate::sample::consensus::course::{Resources, sample as sample_shards};
use crate::sample::consensus::settings::Sharded;
use crate::sample::consensus::sizes::GRADIENTS_PER_DRAW;
use crate::sample::course::{Start, sample_into};
use crate::sample::outlook::Outlook;
use crate::sums::objective::{Fineness, Objective};
use std::time::Instant;

/// Samples as asked for, or as the predicted time lets choose; the log says which, and why. The journal keeps chains of both.
///
/// # Errors
/// What either reports.
pub fn sample_as_chosen(
    data: Data<'_>,
    resources: &Resources<'_>,
    ask: &Ask<'_>,
    watch: &Watch<'_>,
) -> Result<PosteriorResult> {
    let journal = resources.journal;
    let outlook = match journal.recall_outlook()? {
        Some(outlook) => outlook,
        None => {
            let chosen = choose(&data, ask)?;
            journal.keep_outlook(&chosen)?;
            chosen
        }
    };
    watch.log(LogLevel::Info, &outlook.reason);
    if outlook.is_direct {
        sample_into(journal, data, ask, watch)
    } else {
        sample_shards(data, resources, ask, &outlook, watch)
    }
}

/// Whether to sample directly, and what is known of it.
fn choose(data: &Data<'_>, ask: &Ask<'_>) -> Result<Outlook> {
    let consensus = &ask.settings.consensus;
    let few = ask.fitted.n_pairs < consensus.min_points as u64;
    let directly = |why: &str| Outlook {
        is_direct: true,
        reason: format!("sampling all data directly: {why}"),
        direct_seconds: 0.0,
        gradient_seconds: 0.0,
    };
    match consensus.enable {
        Sharded::No => return Ok(directly("asked for")),
        Sharded::Auto if few => {
            return Ok(directly(&format!("fewer than {} pairs (min_points_for_cmc)", consensus.min_points)));
        }
        Sharded::Auto | Sharded::Yes => {}
    }
    let start = Start::of(data.together, ask)?;
    let of_all = gradient_seconds(&start, data.alone)?;
    let (mut of_one, mut seconds) = (of_all, direct_seconds(ask, of_all));
    if data.may_be_condensed
        && let Some(mut condensed) = data.together.condensed(Fineness::Usual)?
    {
        condensed.sweep_alone();
        of_one = gradient_seconds(&start, &*condensed)?;
        seconds = direct_seconds(ask, of_one);
    }
    let budget = consensus.direct_budget_seconds;
    let is_direct = consensus.enable == Sharded::Auto && seconds <= budget;
    let relation = if seconds <= budget { "within" } else { "more than" };
    let what = if is_direct { "all data directly" } else { "in shards" };
    let asked = if consensus.enable == Sharded::Yes { ", asked for" } else { "" };
    let reason = format!(
        "sampling {what}{asked}: direct sampling would take about {seconds:.0} s ({:.2} ms per gradient, {GRADIENTS_PER_DRAW} per draw), \
         {relation} the {budget:.0} s of direct_budget_s",
        1e3 * of_one
    );
    Ok(Outlook { is_direct, reason, direct_seconds: seconds, gradient_seconds: of_all })
}

/// Seconds of direct sampling, from those of one gradient.
#[must_use]
pub fn direct_seconds(ask: &Ask<'_>, gradient_seconds: f64) -> f64 {
    let settings = ask.settings;
    predicted_seconds((settings.n_chains, ask.threads), settings.n_warmup + settings.n_draws, gradient_seconds)
}

/// Seconds that every gradient takes besides its pairs: the sampler's own, changes of coordinates, whether files are still the same.
/// Measured on 380 pairs of two angles: 3.3e-5.
const OWN_SECONDS: f64 = 3e-5;

/// Seconds of chains on threads, so many draws each.
#[must_use]
pub fn predicted_seconds((chains, threads): (usize, usize), draws: usize, gradient_seconds: f64) -> f64 {
    (chains.div_ceil(threads.max(1)) * draws) as f64 * GRADIENTS_PER_DRAW * (OWN_SECONDS + gradient_seconds)
}

/// Times that a gradient is timed.
const TIMED: usize = 5;

/// Seconds of one gradient at the start: the shortest of some, so that what else the machine does at one moment chooses nothing.
fn gradient_seconds(start: &Start, data: &(dyn Objective + Sync)) -> Result<f64> {
    let posterior = start.posterior(data, None);
    let place = vec![0.0; start.geometry.width()];
    let mut shortest = f64::INFINITY;
    for _ in 0..TIMED {
        let begun = Instant::now();
        posterior.log(&place)?;
        shortest = shortest.min(begun.elapsed().as_secs_f64());
    }
    Ok(shortest)
}
