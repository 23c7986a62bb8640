//! What a summary says of sampling in shards.

use crate::outcome::consensus::{ConsensusSampling, DrawsAre, Places};
use crate::units::counted;
use std::fmt::Write;

/// Lines about shards, retries, losses, what differs between them, and the check against all data.
#[must_use]
pub fn lines(consensus: &ConsensusSampling) -> String {
    let mut text = String::new();
    let largest = |of: &dyn Fn(usize) -> Option<f64>| (0..consensus.shards.len()).filter_map(of).reduce(f64::max);
    let r_hat = largest(&|k| consensus.shards[k].r_hat);
    let least = consensus.shards.iter().filter_map(|shard| shard.ess).reduce(f64::min);
    let _ = writeln!(
        text,
        "{} combined ({}): largest R-hat {}, fewest independent draws {}, {:.1} % of the data retried, {:.1} % lost",
        counted(consensus.n_shards, "shard"),
        consensus.method,
        r_hat.map_or("-".into(), |r_hat| format!("{r_hat:.3}")),
        least.map_or("-".into(), |least| format!("{least:.0}")),
        100.0 * consensus.retried_share,
        100.0 * consensus.lost_share
    );
    let differing: Vec<String> = consensus
        .heterogeneity
        .iter()
        .filter(|number| number.is_significant)
        .map(|number| format!("{} (I2 {:.0} %)", number.name, 100.0 * number.i_squared))
        .collect();
    if !differing.is_empty() {
        let so = match consensus.draws {
            DrawsAre::Combined => "the variance between them is part of widths",
            DrawsAre::Reweighed => "draws are those of all data all the same",
        };
        let _ = writeln!(text, "shards differ in {}: {so}", differing.join(", "));
    }
    for shard in consensus.shards.iter().filter(|shard| shard.trust < 1.0) {
        let _ = writeln!(text, "shards {:?} lie far from the others and count {:.2}", shard.shards, shard.trust);
    }
    for lost in &consensus.lost {
        let _ = writeln!(text, "shard {} of {} pairs is lost: {}", lost.shard, lost.pairs, lost.why);
    }
    if let Some(check) = &consensus.check {
        let _ = writeln!(
            text,
            "{} places under the likelihood of all data: Pareto k-hat {}, they tell as much as {:.0} %",
            check.draws,
            check.pareto_k.map_or("-".into(), |k| format!("{k:.2}")),
            100.0 * check.efficiency
        );
        if let Some(moved) = &check.moved {
            let (name, by, error) = (&moved.name, moved.deviations, moved.error);
            let _ = writeln!(text, "they move the mean of {name} most, by {by:.2} +- {error:.2} of its deviation");
        }
        let _ = match (consensus.draws, consensus.places) {
            (DrawsAre::Combined, _) => writeln!(text, "draws: combined from those of shards"),
            (DrawsAre::Reweighed, None) => writeln!(text, "draws: reweighed by the likelihood of all data"),
            (DrawsAre::Reweighed, Some(places)) => {
                writeln!(text, "draws: reweighed by the likelihood of all data, {}", from(places))
            }
        };
    }
    for warning in &consensus.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    text
}

/// From which places draws are.
fn from(places: Places) -> String {
    let Places { moves, per_draw, pareto_k, efficiency } = places;
    let of_draw = format!("{} to a draw", counted(per_draw, "place"));
    let k = pareto_k.map_or("-".into(), |k| format!("{k:.2}"));
    match moves {
        0 => of_draw,
        _ => format!(
            "{of_draw}, moved {} to where they told (then k-hat {k}, as much as {:.0} %)",
            counted(moves, "time"),
            100.0 * efficiency
        ),
    }
}
