//! Which bounds are met and what the result is worth. It changes no number.

use crate::fit::errors::uncertainty::Uncertainty;
use crate::outcome::fit::ActiveBound;
use crate::outcome::verdict::{Stop, Verdict};

/// The judgement and what led to it, the gravest first.
#[must_use]
pub fn judge(
    stop: Stop,
    uncertainty: &Uncertainty,
    active: &[ActiveBound],
    reduced_loss: Option<f64>,
    worst_acceptable: f64,
) -> (Verdict, Vec<String>) {
    let mut findings: Vec<(Verdict, String)> = Vec::new();
    match stop {
        Stop::MaxIterations => findings.push((Verdict::MaxIterations, "the limit of iterations was reached".into())),
        Stop::Interrupted => findings.push((Verdict::Interrupted, "stopped on request before convergence".into())),
        Stop::NoProgress => findings.push((Verdict::Failed, "no step lowers the cost".into())),
        _ => {}
    }
    findings.extend(uncertainty.directions.iter().map(|found| (Verdict::Undetermined, found.description.clone())));
    findings.extend(active.iter().map(|bound| {
        let how = if bound.within_one_standard_error { "within one standard error of" } else { "at" };
        (Verdict::AtBound, format!("{} is {how} its {} bound {}", bound.name, bound.side.name(), bound.bound))
    }));
    if let Some(chi) = reduced_loss.filter(|&chi| chi.is_nan() || chi > worst_acceptable) {
        let reason =
            format!("reduced chi-square {chi:.3} exceeds {worst_acceptable}: the model does not describe the data");
        findings.push((Verdict::PoorFit, reason));
    }
    let verdict = findings.first().map_or(Verdict::Converged, |(verdict, _)| *verdict);
    (verdict, findings.into_iter().map(|(_, reason)| reason).collect())
}
