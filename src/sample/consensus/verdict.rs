//! What there is to say of a consensus: what was retried, lost or differs, whether draws are those of all data, the verdict. It samples and
//! weighs nothing.

use crate::outcome::consensus::{ConsensusSampling, DrawsAre, MovedMean};
use crate::outcome::posterior::{PosteriorResult, PosteriorVerdict};
use crate::sample::ask::Ask;
use crate::sample::consensus::check::{LARGEST_K, LEAST_EFFICIENT};
use crate::sample::consensus::pool::Pooled;
use crate::sample::diagnostics::{mean, variance};

/// Means that all data move by more standard deviations, beyond so many errors of that, are not theirs.
const FAR: f64 = 0.3;
const SURE: f64 = 2.0;

/// What was retried, lost, or differs between shards.
#[must_use]
pub fn what_differs(told: &ConsensusSampling, ask: &Ask<'_>, pooled: &Pooled) -> Vec<String> {
    let limits = &ask.settings.consensus;
    let mut warnings = Vec::new();
    let mut warn = |text: String| warnings.push(text);
    if let Some(asked) = limits.n_shards.filter(|asked| *asked != told.n_shards) {
        let made = told.n_shards;
        warn(format!("{asked} shards were asked for and {made} made: min_points_per_shard, min_points_per_param"));
    }
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
    let (pareto_k, efficiency) =
        told.places.map_or((check.pareto_k, check.efficiency), |places| (places.pareto_k, places.efficiency));
    if let Some(k) = pareto_k.filter(|k| *k > LARGEST_K) {
        reasons.push(format!("Pareto k-hat {k:.2} is above {LARGEST_K}: combined draws are not those of all data"));
    }
    if efficiency < LEAST_EFFICIENT {
        reasons.push(format!(
            "weighed by the likelihood of all data, {} places around the combined draws tell as much as {:.0}",
            check.draws,
            efficiency * check.draws as f64
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
#[must_use]
pub fn judged(mut found: PosteriorResult, told: ConsensusSampling, ask: &Ask<'_>, is_cut: bool) -> PosteriorResult {
    let mut unreliable = off_all_data(&told);
    if is_cut {
        unreliable.push("draws are those of shards so far, combined, and were not compared with all data".into());
    }
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
            "shards {:?} have two modes ({:.0} % in the smaller, delta BIC {:.0}, Ashman D {:.1}), or chains that have not settled",
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
