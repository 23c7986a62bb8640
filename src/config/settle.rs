//! What only several keys together decide: a draft to settings. It reads no value.

use crate::config::draft::Draft;
use crate::config::keys::{data, fit, parameters, run};
use crate::config::reader::Reader;
use crate::config::settings::{STORES_FOLDER, Settings};
use crate::error::Result;
use crate::ingest::request::StorePlace;
use crate::machine::budget::MemorySettings;
use crate::machine::cores::usable_cores;
use crate::parameters::definitions::{PHYSICAL, find};
use crate::parameters::scaling::AngleScaling;
use crate::parameters::space::ParameterSpace;
use std::path::{Path, PathBuf};

/// Settles a draft of a configuration that lies in `folder`.
///
/// # Errors
/// Config for values that do not go together, Parameter for impossible bounds.
pub(super) fn settle(mut draft: Draft, reader: &Reader, folder: &Path) -> Result<Settings> {
    settle_data(&mut draft, reader, folder)?;
    settle_physics(&mut draft, reader)?;
    settle_start(&mut draft, reader)?;
    settle_scaling(&mut draft, reader)?;
    settle_memory(&mut draft.settings);
    settle_threads(&mut draft.settings);
    Ok(draft.settings)
}

/// Relative paths of data are relative to the configuration file.
fn settle_data(draft: &mut Draft, reader: &Reader, folder: &Path) -> Result<()> {
    let parts = (draft.settings.ingest.source.take(), draft.data_folder.take(), draft.data_name.take());
    let path = match parts {
        (Some(file), _, _) => Some(file),
        (None, folder, Some(name)) => Some(PathBuf::from(folder.unwrap_or_default()).join(name)),
        (None, _, None) => None,
    };
    let ingest = &mut draft.settings.ingest;
    ingest.source = path.map(|path| folder.join(path));
    if !draft.ignores_phi_ranges {
        ingest.selection.phi_ranges.clone_from(&draft.phi_ranges);
    }
    if !(0.0..180.0).contains(&ingest.selection.merge_within_degrees) {
        return Err(reader.wrong_at(data::MERGE, "degrees from 0 (nothing is merged) to below 180"));
    }
    let run = &draft.settings.run;
    let usual = || StorePlace::Keyed { folder: run.output.join(STORES_FOLDER), name: run.name.clone() };
    ingest.store = draft.store.clone().map_or_else(usual, StorePlace::Directory);
    Ok(())
}

fn settle_physics(draft: &mut Draft, reader: &Reader) -> Result<()> {
    if !draft.mode_is_given {
        return Err(reader.wrong_at(parameters::MODE, "static or laminar_flow"));
    }
    let settings = &mut draft.settings;
    if settings.fit.space.mode.shear().is_some() && settings.model.gap_angstrom.is_none() {
        return Err(reader.wrong_at(parameters::GAP, "the gap in angstrom (laminar_flow needs it)"));
    }
    let space = &mut settings.fit.space;
    for parameter in space.physical.iter_mut().chain([&mut space.contrast, &mut space.offset]) {
        *parameter = parameter.clone().settled()?;
    }
    Ok(())
}

/// Start values in their order; parameters that are not active are held at theirs.
fn settle_start(draft: &mut Draft, reader: &Reader) -> Result<()> {
    let values = in_order(draft, reader)?;
    let space = &mut draft.settings.fit.space;
    if let Some(active) = &draft.active {
        let known = |name: &String| find(name).map(|known| known.name);
        let active: Option<Vec<&str>> = active.iter().map(known).collect();
        let active = active.ok_or_else(|| reader.wrong_at(parameters::ACTIVE, &parameters::a_known_name()))?;
        for (k, parameter) in space.physical.iter_mut().enumerate() {
            if !active.contains(&parameter.name.as_str()) && parameter.fixed.is_none() {
                parameter.fixed = Some(values.as_ref().map_or(PHYSICAL[k].start, |values| values[k]));
            }
        }
    }
    let held = |(value, parameter): (f64, &crate::parameters::space::Parameter)| parameter.fixed.unwrap_or(value);
    draft.settings.fit.start = values.map(|values| values.into_iter().zip(&space.physical).map(held).collect());
    Ok(())
}

/// Start values in the order of the parameters; `None` to start from the data.
fn in_order(draft: &Draft, reader: &Reader) -> Result<Option<Vec<f64>>> {
    let Some(values) = &draft.values else { return Ok(None) };
    let space: &ParameterSpace = &draft.settings.fit.space;
    let order: Vec<String> = space.physical.iter().map(|parameter| parameter.name.clone()).collect();
    let usual = |name: &String| find(name).map_or(name.clone(), |known| known.name.into());
    let names: Vec<String> = draft.names.as_ref().map_or(order.clone(), |names| names.iter().map(usual).collect());
    let place = |name: &String| names.iter().position(|known| known == name).and_then(|k| values.get(k)).copied();
    let found: Option<Vec<f64>> = order.iter().map(place).collect();
    let expected = format!("one value for each of {}", order.join(", "));
    let found = found.filter(|_| names.len() == values.len());
    found.map(Some).ok_or_else(|| reader.wrong_at(parameters::VALUES, &expected))
}

fn settle_scaling(draft: &mut Draft, reader: &Reader) -> Result<()> {
    draft.settings.fit.scaling.given = match (&draft.contrasts, &draft.offsets) {
        (Some(contrasts), Some(offsets)) if contrasts.len() == offsets.len() => Some(
            contrasts.iter().zip(offsets).map(|(&contrast, &offset)| AngleScaling::new(contrast, offset)).collect(),
        ),
        (None, None) => None,
        _ => {
            let expected = "lists of equal length for contrast and offset, or null for both";
            let key = if draft.contrasts.is_some() { parameters::CONTRASTS } else { parameters::OFFSETS };
            return Err(reader.wrong_at(key, expected));
        }
    };
    Ok(())
}

/// More threads than this only wait for each other.
fn settle_threads(settings: &mut Settings) {
    let most = (4 * usable_cores()).max(64);
    if let Some(asked) = settings.run.threads.filter(|&asked| asked > most) {
        settings.notes.push(format!("{}: {asked} are more than this machine can use: {most} are used", run::THREADS));
        settings.run.threads = Some(most);
    }
}

/// A share of the memory that leaves nothing, or takes all, is moved inside.
fn settle_memory(settings: &mut Settings) {
    let (least, most) = MemorySettings::FRACTION_RANGE;
    let asked = settings.fit.memory.fraction;
    let used = asked.clamp(least, most);
    if used != asked {
        let key = fit::MEMORY_FRACTION;
        settings.notes.push(format!("{key}: {asked} is outside [{least}, {most}]: {used} is used"));
    }
    settings.fit.memory.fraction = used;
}
