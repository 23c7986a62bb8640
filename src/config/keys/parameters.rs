//! Keys about the physics: mode, convention, gap, parameters, bounds, start values.

use crate::config::draft::Draft;
use crate::config::field::Field;
use crate::config::key::{Access, Key, Template};
use crate::config::reader::Given;
use crate::error::Result;
use crate::fit::settings::FitSettings;
use crate::parameters::definitions::{AnalysisMode, PHYSICAL, ShearConvention, find};

/// Which physics.
pub const MODE: &str = "analysis_mode";
/// The gap.
pub const GAP: &str = "analyzer_parameters.geometry.stator_rotor_gap";
/// Names of the start values.
pub const NAMES: &str = "initial_parameters.parameter_names";
/// Start values.
pub const VALUES: &str = "initial_parameters.values";
/// Parameters that are fitted.
pub const ACTIVE: &str = "initial_parameters.active_parameters";
/// Given contrasts.
pub const CONTRASTS: &str = "initial_parameters.per_angle_scaling.contrast";

/// Names of modes, some of them peers'.
const MODES: [(&str, AnalysisMode); 4] = [
    ("static", AnalysisMode::Static),
    ("laminar_flow", AnalysisMode::LaminarFlow),
    ("static_isotropic", AnalysisMode::Static),
    ("static_anisotropic", AnalysisMode::Static),
];

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
    ),
    Key::new(
        "model.shear_convention",
        "what gamma_dot means (homodyne: published values)",
        Access::Field(|draft| Field::choice(&mut draft.settings.model.convention, &ShearConvention::NAMES)),
    )
    .in_template(Template::LaminarFlow("homodyne")),
    Key::new(
        GAP,
        "gap between stator and rotor; laminar_flow needs it",
        Access::Field(|draft| Field::OptionalPositive(&mut draft.settings.model.gap_angstrom)),
    )
    .unit("angstrom")
    .in_template(Template::LaminarFlow("2000000")),
    Key::new(
        "parameter_space.bounds",
        "bounds {name, min, max} of parameters, contrast or offset",
        Access::Own {
            accepts: "a list of {name, min, max}",
            members: &["[].name", "[].min", "[].max"],
            set: set_bounds,
            get: show_bounds,
        },
    ),
    Key::new(
        "initial_parameters.fixed_parameters",
        "physical parameters that are held, by name, for example {D_offset: 0.0}",
        Access::Own { accepts: "a number by name", members: &["*"], set: set_fixed, get: show_fixed },
    )
    .in_template(Template::Value("null")),
    Key::new(
        NAMES,
        "names of the start values, if their order is another",
        Access::Field(|draft| Field::OptionalWords(&mut draft.names)),
    ),
    Key::new(
        VALUES,
        "start values in the order of the parameters; null: start from the data",
        Access::Field(|draft| Field::OptionalNumbers(&mut draft.values)),
    )
    .in_template(Template::Default),
    Key::new(
        ACTIVE,
        "parameters that are fitted; the others keep their start values; null: all",
        Access::Field(|draft| Field::OptionalWords(&mut draft.active)),
    ),
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

fn set_mode(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let word = given.text().unwrap_or_default().to_lowercase();
    let found = MODES.iter().find(|(name, _)| *name == word);
    let (_, mode) = found.ok_or_else(|| given.refused())?;
    (draft.settings.fit, draft.mode_is_given) = (FitSettings::of(*mode), true);
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

fn set_bounds(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    for item in given.items().ok_or_else(|| given.refused())? {
        let name = item.member("name").and_then(|name| name.text()).unwrap_or_default();
        if find(&name).is_none() {
            return Err(item.wrong(&a_known_name()));
        }
        // Bounds of parameters that this mode does not have are read and not needed.
        let Some(parameter) = draft.settings.fit.space.get_mut(&name) else { continue };
        for (key, slot) in [("min", &mut parameter.lower), ("max", &mut parameter.upper)] {
            if let Some(value) = item.member(key) {
                *slot = value.number().ok_or_else(|| value.wrong("a number"))?;
            }
        }
    }
    Ok(())
}

fn show_bounds(draft: &Draft) -> String {
    let defaults = FitSettings::of(draft.settings.fit.space.mode).space;
    let space = &draft.settings.fit.space;
    let all = |space: &crate::parameters::space::ParameterSpace| {
        let scaling = [space.contrast.clone(), space.offset.clone()];
        space.physical.iter().cloned().chain(scaling).collect::<Vec<_>>()
    };
    let pairs = all(space).into_iter().zip(all(&defaults));
    let changed = pairs.filter(|(own, usual)| (own.lower, own.upper) != (usual.lower, usual.upper));
    let shown = changed.map(|(own, _)| format!("{{name: {}, min: {:?}, max: {:?}}}", own.name, own.lower, own.upper));
    format!("[{}]", shown.collect::<Vec<String>>().join(", "))
}

fn set_fixed(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    for (name, value) in given.members().ok_or_else(|| given.refused())? {
        let number = value.number().ok_or_else(|| value.wrong("a number"))?;
        if !PHYSICAL.iter().any(|known| known.name == name || known.aliases.contains(&name)) {
            return Err(value.wrong(&format!("a physical parameter instead of `{name}`")));
        }
        if let Some(parameter) = draft.settings.fit.space.get_mut(name) {
            parameter.fixed = Some(number);
        }
    }
    Ok(())
}

fn show_fixed(draft: &Draft) -> String {
    let fixed = draft.settings.fit.space.physical.iter().filter_map(|known| Some((&known.name, known.fixed?)));
    format!("{{{}}}", fixed.map(|(name, value)| format!("{name}: {value:?}")).collect::<Vec<String>>().join(", "))
}
