//! Which bounds are met, whether the model fits, and what the result is worth. It changes no number.

use crate::fit::errors::last_sweep::BELOW_THE_TURN;
use crate::fit::settings::Quality;
use crate::fit::verdict::bounds::FarEnd;
use crate::fit::verdict::words::p_value;
use crate::outcome::fit::{ActiveBound, UndeterminedDirection};
use crate::outcome::noise::{Expected, FrameSums, LackOfFit, RegularPattern, Repeats, Test};
use crate::outcome::verdict::{Stop, Verdict};
use crate::sums::loss::Loss;
use crate::units::degrees;

/// A robust loss may take this much more weight from residuals than the noise explains.
const UNEXPLAINED_WEIGHT: f64 = 0.1;

/// Second differences of frames' sums are as large in the mean square with this probability, and exceed so many standard deviations
/// once: beyond what the expectation leaves out.
const UNEXPLAINED_FRAMES: (f64, f64) = (1e-6, 7.0);

/// Pairs of a few frames, or one pair, may lie so many standard deviations off once.
const UNEXPLAINED_PATCH: f64 = 8.0;

/// All that a judgement rests on.
pub struct Evidence<'a> {
    /// Why the solver stopped.
    pub stop: Stop,
    /// Directions that the data do not determine.
    pub undetermined: &'a [UndeterminedDirection],
    /// Numbers whose 95 % interval reaches far to one side.
    pub far: &'a [FarEnd],
    /// Bounds that are met.
    pub active: &'a [ActiveBound],
    /// The test of fit; `None` if the last sweep was not made.
    pub lack_of_fit: Option<&'a LackOfFit>,
    /// Chi-square per degree of freedom, where it is known.
    pub reduced_chi_squared: Option<f64>,
    /// What the noise lets expect of it; `None` under a robust loss.
    pub expected: Option<Expected>,
    /// Angles whose noise is not known although they have residuals, in degrees.
    pub unknown_noise: &'a [f64],
    /// Speckles and pixels of a bin, if there are far fewer speckles than pixels.
    pub few_speckles: Option<(f64, f64)>,
    /// Whether estimates with weights that know speckles agree with those of least squares; `None` without them.
    pub disagreement: Option<&'a Test>,
    /// A robust loss that turns within what speckles scatter by, and the spread of residuals in units of sigma.
    pub turns_below_speckles: Option<(Loss, f64)>,
    /// What is acceptable.
    pub quality: &'a Quality,
    /// What the model has to say about settings that may make a fit impossible.
    pub advice: &'a [String],
}

/// What was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The gravest.
    pub verdict: Verdict,
    /// What led to it and to others, the gravest first.
    pub reasons: Vec<String>,
    /// All verdicts that reasons speak of, each once.
    pub verdicts: Vec<Verdict>,
}

/// The judgement and what led to it, the gravest first. Reads like the table in docs/verdicts.md.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut findings: Vec<(Verdict, String)> = Vec::new();
    findings.extend(not_at_a_minimum(evidence.stop));
    let at_minimum = findings.is_empty();
    let directions = |of_bound: bool| evidence.undetermined.iter().filter(move |found| found.is_of_bound == of_bound);
    findings.extend(directions(false).map(|found| (Verdict::Undetermined, found.description.clone())));
    let bounds = |cut: bool| evidence.active.iter().filter(move |bound| bound.within_interval == cut);
    let at_bounds = |cut: bool| bounds(cut).map(|bound| (Verdict::AtBound, at_bound(bound)));
    findings.extend(at_bounds(false));
    findings.extend(directions(true).map(|found| (Verdict::AtBound, found.description.clone())));
    if evidence.quality.enable {
        findings.extend(misfit(evidence).map(|reason| (Verdict::PoorFit, reason)));
    }
    // The cost of a model that is refused tells no interval.
    findings.extend(evidence.far.iter().map(|found| (Verdict::Undetermined, far(found))));
    findings.extend(at_bounds(true));
    if evidence.quality.enable {
        findings.extend(unchecked(evidence.unknown_noise).map(|reason| (Verdict::Unchecked, reason)));
        findings.extend(evidence.turns_below_speckles.map(|found| (Verdict::Unchecked, turns_early(found))));
    }
    let mut verdicts: Vec<Verdict> = Vec::new();
    for (verdict, _) in &findings {
        if !verdicts.contains(verdict) {
            verdicts.push(*verdict);
        }
    }
    let Some(&verdict) = verdicts.first() else {
        return Judgement { verdict: Verdict::Converged, reasons: Vec::new(), verdicts };
    };
    // A setting that makes the fit impossible explains the rest.
    let first = if at_minimum { 0 } else { 1 };
    let mut reasons: Vec<String> = findings.into_iter().map(|(_, reason)| reason).collect();
    reasons.splice(first..first, evidence.advice.iter().cloned());
    Judgement { verdict, reasons, verdicts }
}

fn not_at_a_minimum(stop: Stop) -> Option<(Verdict, String)> {
    let (verdict, reason) = match stop {
        Stop::MaxIterations => (
            Verdict::MaxIterations,
            "the limit of iterations was reached: raise optimization.nlsq.max_iterations, or give a start in \
             initial_parameters.values",
        ),
        Stop::Interrupted => (Verdict::Interrupted, "stopped on request before all was known: --resume goes on"),
        Stop::NoProgress => {
            (Verdict::Failed, "no step lowers the cost: try another start in initial_parameters.values")
        }
        _ => return None,
    };
    Some((verdict, reason.into()))
}

fn far(found: &FarEnd) -> String {
    format!(
        "the 95 % interval of {} reaches {:.1} standard errors to its {} end, which the data hardly tell: quote the interval, not the error, \
         or hold one of the numbers that trade off in initial_parameters.fixed_parameters",
        found.name,
        found.standard_errors,
        found.side.name()
    )
}

fn at_bound(bound: &ActiveBound) -> String {
    let how = match bound {
        _ if bound.is_met() => "is at",
        _ if bound.within_interval => "has a 95 % interval that reaches",
        _ => "is within one standard error of",
    };
    let side = bound.side.name();
    let key = if side == "lower" { "min" } else { "max" };
    let name = bound.name.split('(').next().unwrap_or(&bound.name);
    let whose = if bound.is_default { "default " } else { "" };
    let advice = match (name, bound.bound) {
        ("contrast", 0.0) => "there is no correlation to fit there: leave such angles out with phi_filtering".into(),
        ("contrast", 1.0) => {
            "speckles have no more, so values above it are their scatter, or c2 is not normalised: leave such angles out with \
             phi_filtering, or let angles share a contrast (optimization.nlsq.anti_degeneracy.per_angle_mode: auto)"
                .into()
        }
        ("contrast" | "offset", _) => {
            format!("if physics allows more, widen {key} of {name} in parameter_space.bounds")
        }
        _ => format!(
            "if physics allows more, widen {key} of {name} in parameter_space.bounds, else fix it in \
             initial_parameters.fixed_parameters"
        ),
    };
    format!("{} {how} its {whose}{side} bound {}: {advice}", bound.name, bound.bound)
}

/// Why the model does not describe the data.
fn misfit<'a>(evidence: &'a Evidence<'a>) -> impl Iterator<Item = String> + 'a {
    let limit = evidence.quality.max_reduced_chi_squared;
    let beyond = limit.zip(evidence.reduced_chi_squared).filter(|(limit, chi)| chi.is_nan() || chi > limit);
    let explicit = beyond.map(|(limit, chi)| {
        format!("chi2_nu {chi:.3} exceeds quality_validation.reduced_chi_squared_threshold {limit}")
    });
    let threshold = evidence.quality.p_value_threshold;
    let test = evidence.lack_of_fit.filter(|test| evidence.quality.refuses(test.p_value));
    let tested = test.map(|test| {
        let pattern = test.pattern.filter(|pattern| pattern.p_value < threshold).map(regular_pattern);
        let fine_lags = test.fine_lags.filter(|found| found.p_value < threshold).map(|_| NEIGHBOURING_LAGS.to_owned());
        let parts: Vec<String> = pattern.into_iter().chain(fine_lags).chain(test.stands_out.iter().cloned()).collect();
        let what = if parts.is_empty() { "no single part of the data stands out".into() } else { parts.join("; ") };
        let advice = if test.odd_angle().is_some() { ANGLE_IS_ODD } else { MODEL_FAILS };
        format!("the model does not describe the data ({}): {what}; {advice}", p_value(test.p_value))
    });
    let weighted = evidence.lack_of_fit.and_then(|test| test.down_weighted);
    let weighted = weighted.filter(|found| found.share > found.expected + UNEXPLAINED_WEIGHT).map(|found| {
        format!(
            "the loss takes {:.0} % of the weight from residuals, {:.0} % are expected of noise: the model does not describe \
             these data; look at it with optimization.nlsq.loss: linear",
            100.0 * found.share,
            100.0 * found.expected
        )
    });
    let few = evidence.few_speckles.map(|(speckles, pixels)| {
        format!(
            "residuals scatter as if the {pixels:.0} pixels of a bin held {speckles:.0} independent speckles: that is misfit rather \
             than speckles, or intensities that pixels share"
        )
    });
    let disagreement = evidence.disagreement.filter(|test| test.p_value < threshold).map(|test| {
        format!(
            "estimates with weights that know speckles differ from those of least squares by more than their noise ({}): the model or \
             the noise is another; look at the fit with optimization.nlsq.weighting: uniform",
            p_value(test.p_value)
        )
    });
    tested
        .into_iter()
        .chain(disagreement)
        .chain(few)
        .chain(frames(evidence))
        .chain(patch(evidence))
        .chain(odd_pair(evidence))
        .chain(scatter(evidence))
        .chain(weighted)
        .chain(explicit)
}

/// What differences between neighbouring lags may be.
const NEIGHBOURING_LAGS: &str = "c2 changes from lag to lag, up to 12 frames, otherwise than the model: look at the shape of the decay at \
                                 the shortest lags, at vibrations and at the afterglow of the detector";

/// What may be done about one angle that differs from the others ..
const ANGLE_IS_ODD: &str = "leave that angle out with phi_filtering.target_ranges, or give every angle contrast and offset of its own with \
                            optimization.nlsq.anti_degeneracy.per_angle_mode: individual";
/// .. and about a model that fails everywhere.
const MODEL_FAILS: &str = "see whether the model holds for a part of the measurement (analyzer_parameters.start_frame, end_frame), or \
                           another does (analysis_mode)";

/// A pattern that repeats itself in frames.
fn regular_pattern(pattern: RegularPattern) -> String {
    let what = match pattern.along {
        Repeats::Frames => "the offset of frames",
        Repeats::Correlation => "the contrast of frames",
        Repeats::Lags => "the correlation",
    };
    format!(
        "{what} repeats itself every {:.4} frames ({}): look at the intensity of frames, at vibrations and at the \
         detector's gain",
        pattern.period_frames,
        p_value(pattern.p_value)
    )
}

/// Frames that scatter more than their photons let expect.
fn frames(evidence: &Evidence<'_>) -> Option<String> {
    let found = evidence.lack_of_fit?.frames?;
    let is_beyond = found.p_value < UNEXPLAINED_FRAMES.0 || found.standard_deviations > UNEXPLAINED_FRAMES.1;
    is_beyond.then(|| {
        let place = found.phi_degrees.map_or("all angles together".into(), |phi| format!("{} degrees", degrees(phi)));
        let what = match found.of {
            FrameSums::Offset => "offset",
            FrameSums::Contrast => "contrast",
        };
        format!(
            "single frames scatter {:.1} times more than their noise lets expect (mean square), the {what} of frame {} at {place} by \
             {:.0} standard deviations: look at the intensity of the frames, and leave bad ones out with \
             experimental_data.masked_frames",
            found.ratio, found.frame, found.standard_deviations
        )
    })
}

/// Pairs of a few frames at one angle that lie beyond what noise explains.
fn patch(evidence: &Evidence<'_>) -> Option<String> {
    let found = evidence.lack_of_fit?.patch?;
    let ([first, last], [other_first, other_last]) = (found.earlier_frames, found.later_frames);
    let side = if found.standard_deviations > 0.0 { "above" } else { "below" };
    (found.standard_deviations.abs() > UNEXPLAINED_PATCH).then(|| {
        format!(
            "the pairs of frames {first}-{last} with {other_first}-{other_last} at {} degrees lie {:.0} standard deviations {side} the \
             model: look at the intensity of these frames and at hot pixels, and leave bad ones out with \
             experimental_data.masked_frames",
            degrees(found.phi_degrees),
            found.standard_deviations.abs()
        )
    })
}

/// One pair of frames at one angle that lies beyond what noise explains.
fn odd_pair(evidence: &Evidence<'_>) -> Option<String> {
    let test = evidence.lack_of_fit?;
    let found = test.odd_pair?;
    let [earlier, later] = found.frames;
    let side = if found.standard_deviations > 0.0 { "above" } else { "below" };
    let limited = if test.down_weighted.is_some() { "" } else { ", or limit their pull with optimization.nlsq.loss" };
    let place = match found.angles {
        1 => format!("at {} degrees", degrees(found.phi_degrees)),
        n => format!("at {n} angles together, most at {} degrees,", degrees(found.phi_degrees)),
    };
    (found.standard_deviations.abs() > UNEXPLAINED_PATCH).then(|| {
        format!(
            "the pair of frames {earlier} and {later} {place} lies {:.0} standard deviations {side} the model: look whether a frame is \
             there twice and for hot pixels, and leave bad frames out with experimental_data.masked_frames{limited}",
            found.standard_deviations.abs()
        )
    })
}

/// Single values that scatter more than their neighbours let expect: outliers, not noise.
fn scatter(evidence: &Evidence<'_>) -> Option<String> {
    let (found, expected) = evidence.reduced_chi_squared.zip(evidence.expected)?;
    expected.is_exceeded_by(found).then(|| {
        format!(
            "residuals scatter more than their noise (chi2_nu {found:.3}, expected {:.3}): look among the largest \
             residuals for outliers (optimization.nlsq.loss: soft_l1 or cauchy limits their pull), and in the maps for a \
             pattern finer than the test of fit sees",
            expected.value
        )
    })
}

/// What a robust loss takes from speckles is not known well enough.
fn turns_early((loss, spread): (Loss, f64)) -> String {
    format!(
        "the loss {} limits residuals of speckles, which scatter by {spread:.1} sigma, as if they were outliers: errors and fit cannot \
         be checked; use optimization.nlsq.loss: linear, or raise optimization.nlsq.f_scale to {:.0}",
        loss.name(),
        (spread / BELOW_THE_TURN).ceil()
    )
}

/// Unknown noise is no acceptance.
fn unchecked(angles: &[f64]) -> Option<String> {
    let first = degrees(*angles.first()?);
    let where_ = match angles.len() {
        1 => format!("at {first} degrees"),
        n => format!("at {n} angles, {first} degrees among them"),
    };
    Some(format!(
        "the noise {where_} is not known (values are quantised, constant or smooth): whether the model holds there cannot be \
         checked; leave these angles out with phi_filtering, or accept it with optimization.nlsq.quality_validation.enable: false"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_refused_is_told_beside_what_it_leaves_undetermined() {
        let description = "D0 and D_offset trade off".to_owned();
        let undetermined = [UndeterminedDirection { description, parameters: Vec::new(), is_of_bound: false }];
        let quality = Quality { max_reduced_chi_squared: Some(1.5), ..Quality::default() };
        let judged = |chi: f64| {
            judge(&Evidence {
                stop: Stop::Cost,
                undetermined: &undetermined,
                far: &[],
                active: &[],
                lack_of_fit: None,
                reduced_chi_squared: Some(chi),
                expected: None,
                unknown_noise: &[],
                few_speckles: None,
                disagreement: None,
                turns_below_speckles: None,
                quality: &quality,
                advice: &[],
            })
        };
        assert_eq!(judged(1.0).verdicts, [Verdict::Undetermined]);
        let refused = judged(2.0);
        assert_eq!((refused.verdict, refused.reasons.len()), (Verdict::Undetermined, 2));
        assert_eq!(refused.verdicts, [Verdict::Undetermined, Verdict::PoorFit]);
    }
}
