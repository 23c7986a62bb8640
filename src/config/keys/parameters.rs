//! Keys about the physics: mode, convention, gap, parameters, bounds, start values.

use crate::config::draft::Draft;
use crate::config::field::Field;
use crate::config::key::{Access, Key, Template};
use crate::config::limits::Limits;
use crate::config::reader::Given;
use crate::error::{Error, Result};
use crate::experiment::POSSIBLE_GAP_ANGSTROM;
use crate::fit::settings::FitSettings;
use crate::parameters::definitions::{AnalysisMode, CONTRAST, Definition, OFFSET, PHYSICAL, ShearConvention, find};
use crate::parameters::prior::Prior;
use crate::parameters::space::{Parameter, ParameterSpace};

/// Which physics.
pub const MODE: &str = "analysis_mode";
/// The gap.
pub const GAP: &str = "analyzer_parameters.geometry.stator_rotor_gap";
/// Names of the start values.
pub const NAMES: &str = "initial_parameters.parameter_names";
/// Start values.
pub const VALUES: &str = "initial_parameters.values";
/// Start values by name.
pub const STARTS: &str = "initial_parameters.starts";
/// Bounds of parameters.
pub const BOUNDS: &str = "parameter_space.bounds";
/// The mode as the oldest files have it: true or false.
const STATIC_MODE: &str = "analysis_settings.static_mode";
/// Parameters that are fitted.
pub const ACTIVE: &str = "initial_parameters.active_parameters";
/// Given contrasts.
pub const CONTRASTS: &str = "initial_parameters.per_angle_scaling.contrast";

/// Given offsets.
pub const OFFSETS: &str = "initial_parameters.per_angle_scaling.offset";

/// The keys.
pub(super) const KEYS: &[Key] = &[
    Key::new(
        MODE,
        "which physics is fitted; must be given",
        Access::Own {
            accepts: "one of static, laminar_flow, static_isotropic, static_anisotropic",
            members: &[],
            set: set_mode,
            get: show_mode,
        },
    )
    .also(&["parameter_space.model", "metadata.analysis_mode", STATIC_MODE]),
    Key::new(
        "model.shear_convention",
        "what gamma_dot means (homodyne: published values)",
        Access::Field(|draft| Field::choice(&mut draft.settings.model.convention, &ShearConvention::NAMES)),
    )
    .in_template(Template::LaminarFlow("homodyne")),
    Key::new(
        GAP,
        "gap between stator and rotor; laminar_flow needs it",
        Access::Field(|draft| {
            Field::OptionalNumber(&mut draft.settings.model.gap_angstrom, Limits::range(POSSIBLE_GAP_ANGSTROM))
        }),
    )
    .unit("angstrom")
    .in_template(Template::LaminarFlow("2000000")),
    Key::new(
        BOUNDS,
        "bounds {name, min, max} of parameters, contrast or offset; those that are not named keep their defaults. Physical parameters \
         may have a prior for sampling: type (Uniform, Normal, TruncatedNormal, LogNormal, HalfNormal), prior_mu, prior_sigma",
        Access::Own {
            accepts: "a list of {name, min, max}",
            members: &["[].name", "[].min", "[].max", "[].type", "[].prior_mu", "[].prior_sigma"],
            set: set_bounds,
            get: show_bounds,
        },
    )
    .of_the_mode()
    .in_template(Template::Lines(default_bounds)),
    Key::new(
        "initial_parameters.fixed_parameters",
        "physical parameters that are held, by name, for example {D_offset: 0.0}",
        Access::Own { accepts: "a number by name", members: &["*"], set: set_fixed, get: show_fixed },
    )
    .of_the_mode()
    .in_template(Template::Value("null")),
    Key::new(
        NAMES,
        "names of the start values, if their order is another",
        Access::Field(|draft| Field::OptionalWords(&mut draft.names)),
    )
    .of_the_mode(),
    Key::new(
        VALUES,
        "start values in the order of the parameters, or of parameter_names; null: start from the data",
        Access::Field(|draft| Field::OptionalNumbers(&mut draft.values)),
    )
    .of_the_mode()
    .in_template(Template::Default),
    Key::new(
        STARTS,
        "start values by name, before those of the list; where some are not given, the data tell the others",
        Access::Own { accepts: "a number by name", members: &["*"], set: set_starts, get: show_starts },
    )
    .of_the_mode(),
    Key::new(
        ACTIVE,
        "parameters that are fitted; the others keep their start values; null: all",
        Access::Field(|draft| Field::OptionalWords(&mut draft.active)),
    )
    .of_the_mode(),
    Key::new(
        CONTRASTS,
        "contrast of every angle, for per_angle_mode constant; null: estimated",
        Access::Field(|draft| Field::OptionalNumbers(&mut draft.contrasts)),
    ),
    Key::new(
        OFFSETS,
        "offset of every angle, for per_angle_mode constant; null: estimated",
        Access::Field(|draft| Field::OptionalNumbers(&mut draft.offsets)),
    ),
];

/// Words for a mode, some of them peers'; hyphens are as good as underscores.
const MODES: [(&str, AnalysisMode); 4] = [
    ("static", AnalysisMode::Static),
    ("laminar_flow", AnalysisMode::LaminarFlow),
    ("static_isotropic", AnalysisMode::Static),
    ("static_anisotropic", AnalysisMode::Static),
];

fn set_mode(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let word = given.text().unwrap_or_default().to_lowercase().replace('-', "_");
    let mode = match given.switch().filter(|_| given.key() == STATIC_MODE) {
        Some(true) => Some(AnalysisMode::Static),
        Some(false) => Some(AnalysisMode::LaminarFlow),
        None => MODES.iter().find(|(name, _)| *name == word).map(|(_, mode)| *mode),
    };
    (draft.settings.fit, draft.mode_is_given) = (FitSettings::of(mode.ok_or_else(|| given.refused())?), true);
    Ok(())
}

fn show_mode(draft: &Draft) -> String {
    if draft.mode_is_given { draft.settings.fit.space.mode.name().to_owned() } else { "none".into() }
}

/// A name among those of the parameters.
#[must_use]
pub fn a_known_name() -> String {
    let names: Vec<&str> = PHYSICAL.iter().map(|known| known.name).collect();
    format!("a name among {}, contrast, offset", names.join(", "))
}

/// The members of a mapping by parameter. Of two names for one parameter, the command line's holds.
///
/// # Errors
/// Config with every name that no physical parameter has, and with two names for one parameter.
pub(super) fn by_name<'g>(given: &Given<'g>) -> Result<Vec<(&'static Definition, Given<'g>)>> {
    let (mut found, mut errors) = (Vec::<(&'static Definition, &str, Given<'g>)>::new(), Vec::new());
    for (name, value) in given.members().ok_or_else(|| given.refused())? {
        let known = PHYSICAL.iter().find(|known| known.name == name || known.aliases.contains(&name));
        let Some(known) = known else {
            errors.push(value.wrong(&format!("a physical parameter instead of `{name}`: {}", a_known_name())));
            continue;
        };
        match found.iter_mut().find(|(other, ..)| other.name == known.name) {
            None => found.push((known, name, value)),
            Some(earlier) if earlier.2.is_from_command_line() == value.is_from_command_line() => {
                errors.push(
                    value.wrong(&format!("one of the names `{}` and `{name}`, which are one parameter", earlier.1)),
                );
            }
            Some(earlier) if value.is_from_command_line() => *earlier = (known, name, value),
            Some(_) => {}
        }
    }
    Error::together(errors)?;
    Ok(found.into_iter().map(|(known, _, value)| (known, value)).collect())
}

/// E63 if a value lies outside the bounds of its parameter.
pub(in crate::config) fn outside(parameter: &Parameter, value: f64, place: &Given<'_>) -> Option<Error> {
    let (name, lower, upper) = (&parameter.name, parameter.lower, parameter.upper);
    let unit = if parameter.unit == "1" { String::new() } else { format!(" {}", parameter.unit) };
    let expected = format!("a value of {name} within its bounds, {lower:?} to {upper:?}{unit}");
    (!(lower..=upper).contains(&value)).then(|| place.impossible(&expected))
}

fn set_bounds(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let (mut errors, mut named) = (Vec::new(), Vec::new());
    for item in given.items().ok_or_else(|| given.refused())? {
        let name = item.member("name").and_then(|name| name.text()).unwrap_or_default();
        match find(&name) {
            None => errors.push(item.wrong(&a_known_name())),
            Some(known) if named.contains(&known.name) => {
                errors.push(item.wrong(&format!("one entry for {}", known.name)));
            }
            Some(known) => {
                named.push(known.name);
                // Bounds of parameters that this mode does not have are read and not needed.
                let mut other = Parameter::default_of(known);
                errors.extend(bound(draft.settings.fit.space.get_mut(&name).unwrap_or(&mut other), &item).err());
            }
        }
    }
    Error::together(errors)
}

/// The bounds of one parameter.
fn bound(parameter: &mut Parameter, item: &Given<'_>) -> Result<()> {
    let mut errors = Vec::new();
    for (key, slot) in [("min", &mut parameter.lower), ("max", &mut parameter.upper)] {
        let Some(value) = item.member(key) else { continue };
        match value.number().filter(|number| Limits::ANY.hold(*number)) {
            Some(number) => *slot = number,
            None => errors.push(value.wrong(&format!("a number for {key}"))),
        }
    }
    Error::together(errors)?;
    parameter.prior = prior(item)?;
    let (lower, upper) = (parameter.lower, parameter.upper);
    if lower >= upper {
        return Err(item.impossible(&format!("min < max, where now {lower:?} and {upper:?}")));
    }
    // Walks would end at a wall inside the bounds.
    let is_positive = matches!(parameter.prior, Prior::LogNormal { .. } | Prior::HalfNormal { .. });
    if is_positive && lower < 0.0 {
        let expected = format!("min of at least 0 with a prior that has no negative values, where now {lower:?}");
        return Err(item.impossible(&expected));
    }
    if parameter.prior.deviations_from((lower, upper)) > FARTHEST {
        let expected = format!(
            "a prior within {FARTHEST} deviations of the bounds, which are {lower:?} to {upper:?}: beyond, it contradicts them"
        );
        return Err(item.impossible(&expected));
    }
    Ok(())
}

/// So many deviations from its bounds a parameter is believed to lie nowhere between them.
const FARTHEST: f64 = 10.0;

/// What is believed of a parameter before the data.
fn prior(item: &Given<'_>) -> Result<Prior> {
    let given = |key: &str| item.member(key);
    let Some(kind) = given("type") else {
        let lonely = given("prior_mu").or_else(|| given("prior_sigma"));
        return lonely.map_or(Ok(Prior::Uniform), |lonely| {
            Err(lonely
                .wrong("a type beside prior_mu and prior_sigma: Normal, TruncatedNormal, LogNormal or HalfNormal"))
        });
    };
    let number = |key: &str, limits: Limits| {
        let found = item.member(key).and_then(|value| value.number()).filter(|number| limits.hold(*number));
        found.ok_or_else(|| item.member(key).unwrap_or(*item).wrong(&format!("{} for {key}", limits.words())))
    };
    let both = || Ok((number("prior_mu", Limits::ANY)?, number("prior_sigma", Limits::POSITIVE)?));
    // A family without its numbers, as peers' files have it, says no more than the bounds.
    let has_numbers = ["prior_mu", "prior_sigma"].iter().any(|key| item.member(key).is_some());
    Ok(match kind.text().unwrap_or_default().to_lowercase().replace(['-', '_'], "").as_str() {
        "uniform" => Prior::Uniform,
        "normal" | "truncatednormal" | "lognormal" | "halfnormal" if !has_numbers => Prior::Uniform,
        "normal" | "truncatednormal" => {
            let (mean, deviation) = both()?;
            Prior::Normal { mean, deviation }
        }
        "lognormal" => {
            let (mean, deviation) = both()?;
            Prior::LogNormal { mean, deviation }
        }
        "halfnormal" => Prior::HalfNormal { deviation: number("prior_sigma", Limits::POSITIVE)? },
        _ => return Err(kind.wrong("one of Uniform, Normal, TruncatedNormal, LogNormal, HalfNormal")),
    })
}

/// Every parameter with bounds.
fn with_bounds(space: &ParameterSpace) -> impl Iterator<Item = &Parameter> {
    space.physical.iter().chain([&space.contrast, &space.offset])
}

fn show_bounds(draft: &Draft) -> String {
    let one = |of: &Parameter| {
        let prior = match of.prior {
            Prior::Uniform => String::new(),
            prior => format!(", prior: {prior:?}"),
        };
        format!("{{name: {}, min: {:?}, max: {:?}, unit: {}{prior}}}", of.name, of.lower, of.upper, of.unit)
    };
    format!("[{}]", with_bounds(&draft.settings.fit.space).map(one).collect::<Vec<String>>().join(", "))
}

/// Default bounds as lines of a template, each with its unit.
fn default_bounds(mode: AnalysisMode) -> Vec<(String, &'static str)> {
    let line = |known: &Definition| {
        let (lower, upper) = known.bounds;
        let unit = if known.unit == "1" { "dimensionless" } else { known.unit };
        (format!("- {{name: {}, min: {lower:?}, max: {upper:?}}}", known.name), unit)
    };
    mode.parameters().iter().chain([&CONTRAST, &OFFSET]).map(line).collect()
}

fn set_fixed(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let mut errors = Vec::new();
    for (known, value) in by_name(given)? {
        let Some(number) = value.number() else {
            errors.push(value.wrong("a number"));
            continue;
        };
        if let Some(parameter) = draft.settings.fit.space.get_mut(known.name) {
            errors.extend(outside(parameter, number, &value));
            parameter.fixed = Some(number);
        }
    }
    Error::together(errors)
}

fn show_fixed(draft: &Draft) -> String {
    let fixed = draft.settings.fit.space.physical.iter().filter_map(|known| Some((&known.name, known.fixed?)));
    format!("{{{}}}", fixed.map(|(name, value)| format!("{name}: {value:?}")).collect::<Vec<String>>().join(", "))
}

fn set_starts(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let mut errors = Vec::new();
    for (known, value) in by_name(given)? {
        match value.number() {
            None => errors.push(value.wrong("a number")),
            Some(number) => {
                let space = &draft.settings.fit.space;
                match space.physical.iter().find(|parameter| parameter.name == known.name) {
                    Some(parameter) => errors.extend(outside(parameter, number, &value)),
                    // A file may hold starts for both modes; what was typed was meant for this one.
                    None if value.is_from_command_line() => errors.push(value.wrong(&not_of(space, known))),
                    None => {}
                }
                draft.starts.push((known.name, number));
            }
        }
    }
    Error::together(errors)
}

/// What to start instead of a parameter that a mode does not have.
fn not_of(space: &ParameterSpace, known: &Definition) -> String {
    let own: Vec<&str> = space.physical.iter().map(|parameter| parameter.name.as_str()).collect();
    format!("a start of {}, as {} has no {}", own.join(", "), space.mode.name(), known.name)
}

fn show_starts(draft: &Draft) -> String {
    let all = draft.starts.iter().map(|(name, value)| format!("{name}: {value:?}"));
    format!("{{{}}}", all.collect::<Vec<String>>().join(", "))
}
