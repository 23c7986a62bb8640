//! What to do about a verdict that is not `converged`, beyond its reasons: where to look, what to try. It judges nothing.

use crate::outcome::fit::{AngleResult, FitResult};
use crate::outcome::noise::LackOfFit;
use crate::outcome::verdict::Verdict;
use crate::units::degrees;

/// Lines of advice about everything that the reasons speak of, not the gravest alone; none where nothing is left to do or they say it all.
#[must_use]
pub fn advice(result: &FitResult) -> Vec<String> {
    let others = result.verdicts.iter().filter(|verdict| **verdict != result.verdict);
    [&result.verdict].into_iter().chain(others).flat_map(|verdict| about(*verdict, result)).collect()
}

fn about(verdict: Verdict, result: &FitResult) -> Vec<String> {
    let fixed = |text: &str| vec![text.to_owned()];
    match verdict {
        Verdict::Converged => Vec::new(),
        Verdict::Interrupted => fixed("go on where it stopped: the same command with --resume"),
        Verdict::PoorFit => poor_fit(result),
        Verdict::Undetermined => fixed(
            "a number that is undetermined is no measurement: hold one of those that trade off at a known value in \
             initial_parameters.fixed_parameters, or measure longer or at more angles",
        ),
        Verdict::AtBound => fixed(
            "a number on its bound is the choice of the bound, and errors of the others hold only if the bound is physics",
        ),
        Verdict::Unchecked => {
            fixed("compare model and data before you use these numbers: nothing else tells whether the model holds")
        }
        Verdict::MaxIterations => {
            fixed("allow more with --max-iterations, or begin nearer with --initial-d0 and the like")
        }
        Verdict::Failed => fixed("search from several starts with --multi-start"),
    }
}

/// Where the model fails, and what may be left out.
fn poor_fit(result: &FitResult) -> Vec<String> {
    let mut lines = Vec::new();
    let per_pair = |chi_squared: f64, pairs: u64| chi_squared / pairs.max(1) as f64;
    lines.extend(worst_angle(result).map(|phi| {
        format!(
            "look at {} degrees, the angle that stands out most (all are in per_angle.parquet), and fit without it: \
             phi_filtering.target_ranges",
            degrees(phi)
        )
    }));
    let by_lag = result.lags.iter().map(|lag| (per_pair(lag.chi_squared, lag.pairs), lag));
    if let Some((chi, lag)) = by_lag.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        let lags = worst_lags(lag.first_lag_frames, lag.last_lag_frames);
        lines.push(format!("look at {lags} (chi-square {chi:.3} per pair; all are in per_lag.parquet)"));
    }
    if let Some(found) = result.residual_extremes.first().filter(|_| result.reduced_chi_squared.is_some()) {
        let (phi, sigma) = (degrees(found.phi_degrees), found.residual_sigma);
        lines.push(format!(
            "the largest residual (data - model) is {sigma:+.1} sigma at {phi} degrees, frames {} and {} of the file",
            found.frame_1, found.frame_2
        ));
    }
    lines.push("errors do not allow for misfit: do not quote them".into());
    lines
}

/// The angle with the largest chi-square per pair of those where it exceeds what noise lets expect; where none does, the one that the test of
/// fit names.
fn worst_angle(result: &FitResult) -> Option<f64> {
    let odd = result.lack_of_fit.as_ref().and_then(LackOfFit::odd_angle);
    let beyond = |angle: &AngleResult| {
        let (found, expected) = angle.chi_squared.zip(angle.expected_chi_squared)?;
        let is_beyond = found - expected.value > BEYOND * expected.spread;
        is_beyond.then(|| (found / angle.pairs.max(1) as f64, angle.phi_degrees))
    };
    let worst = result.angles.iter().filter_map(beyond).max_by(|(one, _), (other, _)| one.total_cmp(other));
    worst.filter(|_| result.angles.len() > 1).map(|(_, phi)| phi).or(odd.map(|odd| odd.phi_degrees))
}

/// Chi-square of an angle beyond so many of its standard deviations is not chance.
const BEYOND: f64 = 4.0;

fn worst_lags(first: usize, last: usize) -> String {
    match (first, last) {
        (1, 1) => "the lag of 1 frame, the worst one".to_owned(),
        (first, last) if first == last => format!("the lag of {first} frames, the worst one"),
        (first, last) => format!("lags of {first} to {last} frames, the worst ones"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_lag_is_one_and_one_frame_is_one() {
        let found = [(1, 1), (3, 3), (8, 11)].map(|(first, last)| worst_lags(first, last));
        let expected = [
            "the lag of 1 frame, the worst one",
            "the lag of 3 frames, the worst one",
            "lags of 8 to 11 frames, the worst ones",
        ];
        assert_eq!(found, expected);
    }
}
