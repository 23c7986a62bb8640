//! Keys about the fit: when it stops, how it goes through the data, loss, scaling, quality.

use crate::config::draft::Draft;
use crate::config::field::Field;
use crate::config::key::{Access, Key, Template};
use crate::config::keys::parameters::by_name;
use crate::config::limits::Limits;
use crate::config::reader::Given;
use crate::error::{Error, Result};
use crate::fit::settings::{Profiles, Weighting};
use crate::outcome::fit::Strategy;
use crate::parameters::scaling::ScalingMode;
use crate::sums::loss::Loss;

/// Most evaluations.
pub const MAX_ITERATIONS: &str = "optimization.nlsq.max_iterations";
/// When the cost is low enough.
pub const FTOL: &str = "optimization.nlsq.ftol";
/// How the data are gone through.
pub const STRATEGY: &str = "optimization.nlsq.strategy";
/// How pairs are weighted.
pub const WEIGHTING: &str = "optimization.nlsq.weighting";
/// Largest share of the total memory.
pub const MEMORY_FRACTION: &str = "optimization.nlsq.memory_fraction";

/// The keys.
pub(super) const KEYS: &[Key] = &[
    Key::new(
        MAX_ITERATIONS,
        "most evaluations of the solver",
        Access::Field(|draft| Field::Count(&mut draft.settings.fit.tolerances.max_iterations, 1..=1_000_000_000)),
    )
    .also(&["optimization.lsq.max_iterations"]),
    Key::new(
        FTOL,
        "stop when the predicted decrease is below this share of the cost per pair",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.tolerances.ftol, Limits::positive(1e3))),
    )
    .also(&["optimization.nlsq.tolerance", "optimization.lsq.tolerance"]),
    Key::new(
        "optimization.nlsq.xtol",
        "stop when every component of the step is below this share",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.tolerances.xtol, Limits::positive(1.0))),
    ),
    Key::new(
        "optimization.nlsq.gtol",
        "stop when the projected gradient (a cosine) is below",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.tolerances.gtol, Limits::positive(1.0))),
    ),
    Key::new(
        STRATEGY,
        "how the data are gone through (`homodyne plan FILE` says which and why)",
        Access::Field(|draft| Field::choice_or(&mut draft.settings.fit.strategy, "auto", &Strategy::NAMES)),
    )
    .in_template(Template::Default),
    Key::new(
        MEMORY_FRACTION,
        "largest share of the total memory that a fit may take, 0.1 to 0.9",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.memory.fraction, Limits::POSITIVE)),
    )
    .without_influence(),
    Key::new(
        "optimization.nlsq.memory_threshold_gb",
        "the same as a figure, in place of the share",
        Access::Own {
            accepts: "a positive number of GB, or null for a share of the memory",
            members: &[],
            set: set_threshold,
            get: show_threshold,
        },
    )
    .unit("GB")
    .without_influence(),
    Key::new(
        "optimization.nlsq.stratified_max_points",
        "most pairs that are solved in full batch",
        Access::Field(|draft| Field::Count(&mut draft.settings.fit.stratified_max_points, 0..=1_000_000_000_000)),
    ),
    Key::new(
        "optimization.nlsq.loss",
        "loss of the residuals",
        Access::Field(|draft| Field::choice(&mut draft.settings.fit.loss, &Loss::NAMES)),
    )
    .in_template(Template::Default),
    Key::new(
        "optimization.nlsq.f_scale",
        "where the loss turns",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.f_scale, Limits::positive(1e6))),
    )
    .unit("sigma")
    .in_template(Template::Default),
    Key::new(
        "optimization.nlsq.x_scale_map",
        "characteristic sizes of parameters, by name",
        Access::Own { accepts: "a positive number by name", members: &["*"], set: set_sizes, get: show_sizes },
    )
    .of_the_mode(),
    Key::new(
        "optimization.nlsq.anti_degeneracy.per_angle_mode",
        "how contrast and offset depend on the angle",
        Access::Field(|draft| Field::choice(&mut draft.settings.fit.scaling.mode, &ScalingMode::NAMES)),
    )
    .in_template(Template::Default),
    Key::new(
        "optimization.nlsq.anti_degeneracy.constant_scaling_threshold",
        "angles from which on auto has one contrast and offset for all",
        Access::Field(|draft| Field::Count(&mut draft.settings.fit.scaling.shared_from_angles, 1..=1_000_000)),
    ),
    Key::new(
        "optimization.nlsq.anti_degeneracy.fourier_order",
        "order of the Fourier series",
        Access::Field(|draft| Field::Count(&mut draft.settings.fit.scaling.fourier_order, 1..=1000)),
    )
    .also(&[
        "optimization.nlsq.anti_degeneracy.fourier.order",
        "optimization.nlsq.anti_degeneracy.fourier.fourier_order",
    ]),
    Key::new(
        WEIGHTING,
        "weights of pairs: auto by what speckles let them have in common where that makes an error smaller by more than a tenth, \
         speckle always, uniform never",
        Access::Field(|draft| Field::choice(&mut draft.settings.fit.weighting, &Weighting::NAMES)),
    )
    .in_template(Template::Default),
    Key::new(
        "optimization.nlsq.profile_intervals",
        "intervals from the cost itself: auto where it is no parabola over 95 %, for all parameters, or never",
        Access::Field(|draft| Field::choice(&mut draft.settings.fit.profiles, &Profiles::NAMES)),
    ),
    Key::new(
        "optimization.nlsq.quality_validation.enable",
        "false: residuals are not judged",
        Access::Field(|draft| Field::Switch(&mut draft.settings.fit.quality.enable)),
    ),
    Key::new(
        "optimization.nlsq.quality_validation.p_value_threshold",
        "a model is refused when residuals that stand out as much have a smaller probability",
        Access::Field(|draft| Field::Number(&mut draft.settings.fit.quality.p_value_threshold, Limits::positive(1.0))),
    ),
    Key::new(
        "optimization.nlsq.quality_validation.reduced_chi_squared_threshold",
        "largest acceptable chi-square per degree of freedom; null: whatever the noise of speckles and photons explains",
        Access::Field(|draft| {
            Field::OptionalNumber(&mut draft.settings.fit.quality.max_reduced_chi_squared, Limits::positive(1e12))
        }),
    ),
    Key::new(
        "optimization.nlsq.quality_validation.bounds_tolerance",
        "a parameter is on its bound when it is nearer than this share of their range",
        Access::Field(|draft| {
            Field::Number(&mut draft.settings.fit.quality.bounds_tolerance, Limits::positive(0.5).below_the_end())
        }),
    ),
];

fn set_threshold(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let gigabytes = given.number().filter(|gigabytes| Limits::positive(1e9).hold(*gigabytes));
    let wrong = || given.refused();
    draft.settings.fit.memory.threshold_bytes = Some((gigabytes.ok_or_else(wrong)? * 1e9) as u64);
    Ok(())
}

fn show_threshold(draft: &Draft) -> String {
    draft.settings.fit.memory.threshold_bytes.map_or("null".into(), |bytes| format!("{:?}", bytes as f64 / 1e9))
}

fn set_sizes(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let fit = &mut draft.settings.fit;
    fit.x_scale = vec![None; fit.space.physical.len()];
    let mut errors = Vec::new();
    for (known, value) in by_name(given)? {
        match value.number().filter(|size| Limits::POSITIVE.hold(*size)) {
            None => errors.push(value.wrong("a positive number")),
            size => {
                if let Some(k) = fit.space.physical.iter().position(|parameter| parameter.name == known.name) {
                    fit.x_scale[k] = size;
                }
            }
        }
    }
    Error::together(errors)
}

fn show_sizes(draft: &Draft) -> String {
    let fit = &draft.settings.fit;
    let sizes = fit.space.physical.iter().zip(&fit.x_scale).filter_map(|(known, size)| Some((&known.name, (*size)?)));
    format!("{{{}}}", sizes.map(|(name, size)| format!("{name}: {size:?}")).collect::<Vec<String>>().join(", "))
}
