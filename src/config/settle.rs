//! What only several keys together decide: a draft to settings. It reads no value of one key alone.

use crate::config::draft::Draft;
use crate::config::keys::parameters::outside;
use crate::config::keys::{all, data, fit, parameters, run};
use crate::config::reader::{Given, Reader};
use crate::config::settings::{STORES_FOLDER, Settings};
use crate::error::{Error, Result};
use crate::fit::settings::Weighting;
use crate::ingest::request::StorePlace;
use crate::machine::budget::MemorySettings;
use crate::machine::cores::usable_cores;
use crate::parameters::definitions::{PHYSICAL, find};
use crate::parameters::scaling::AngleScaling;
use crate::parameters::space::Parameter;
use crate::sums::loss::Loss;
use std::path::{Path, PathBuf};

/// Settles a draft of a configuration that lies in `folder`; values that do not go together are added to the errors.
pub(super) fn settle(draft: &mut Draft, reader: &Reader, folder: &Path, errors: &mut Vec<Error>) {
    settle_data(draft, reader, folder);
    errors.extend(settle_frames(draft, reader).err());
    errors.extend(settle_ranges(draft, reader).err());
    if draft.mode_is_given {
        errors.extend(settle_physics(draft, reader).err());
        errors.extend(settle_start(draft, reader).err());
        errors.extend(settle_scaling(draft, reader).err());
    } else if reader.given([parameters::MODE].into_iter()).is_none() {
        errors.push(reader.wrong_at(parameters::MODE, "static or laminar_flow"));
    }
    errors.extend(settle_weighting(draft, reader).err());
    settle_older_names(draft, reader);
    settle_memory(&mut draft.settings);
    settle_threads(&mut draft.settings);
}

/// A robust loss weighs every residual by its size: weights that know speckles are those of plain squares.
fn settle_weighting(draft: &Draft, reader: &Reader) -> Result<()> {
    let settings = &draft.settings.fit;
    match settings.weighting == Weighting::Speckle && settings.loss != Loss::Linear {
        false => Ok(()),
        true => Err(reader.wrong_at(
            fit::WEIGHTING,
            &format!(
                "auto or uniform with optimization.nlsq.loss {}, which weighs residuals by their size: what speckles let pairs have in \
                 common is known of plain residuals alone (loss: linear)",
                settings.loss.name()
            ),
        )),
    }
}

/// Names that files have had for long are read, and named once.
fn settle_older_names(draft: &mut Draft, reader: &Reader) {
    let method = reader.given([run::METHOD].into_iter()).and_then(|given| given.text());
    if method.is_some_and(|method| method.eq_ignore_ascii_case("mcmc")) {
        draft.settings.notes.push(format!("{} mcmc is read as cmc, of which it is an older name", run::METHOD));
    }
    if reader.tree.at("optimization.mcmc").is_some() {
        let told =
            "optimization.mcmc is read as an older name of optimization.cmc, which holds where both say something";
        draft.settings.notes.push(told.into());
    }
}

/// Where the data are, and where the store goes.
fn settle_data(draft: &mut Draft, reader: &Reader, folder: &Path) {
    let whole = draft.settings.ingest.source.take();
    let parts = draft.data_name.take().map(|name| draft.data_folder.take().unwrap_or_default().join(name));
    if let (Some(whole), Some(parts)) = (&whole, &parts)
        && whole != parts
        && !reader.given([data::FILE].into_iter()).is_some_and(|given| given.is_from_command_line())
    {
        let note = format!(
            "{} is {}, {} and {} are {}",
            data::FILE,
            whole.display(),
            data::FOLDER,
            data::NAME,
            parts.display()
        );
        draft.settings.notes.push(format!("{note}: the first is used"));
    }
    let ingest = &mut draft.settings.ingest;
    if let Some(path) = whole.or(parts) {
        let (place, remark) = find_file(&path, folder);
        draft.settings.remarks.extend(remark);
        ingest.source = Some(place);
    }
    if !draft.ignores_phi_ranges {
        ingest.selection.phi_ranges.clone_from(&draft.phi_ranges);
    }
    let run = &draft.settings.run;
    let usual = || StorePlace::Keyed { folder: run.output.join(STORES_FOLDER), name: run.name.clone() };
    ingest.store = draft.store.clone().map_or_else(usual, StorePlace::Directory);
}

/// A relative path is looked for beside the configuration, then in the current directory; the log is told where.
fn find_file(path: &Path, folder: &Path) -> (PathBuf, Option<String>) {
    let beside = folder.join(path);
    if path.is_absolute() {
        return (beside, None);
    }
    let (place, told) = match (beside.exists(), path.exists()) {
        (false, true) => (path.to_path_buf(), "found in the current directory, not beside the configuration"),
        (true, _) => (beside, "found beside the configuration"),
        (false, false) => (beside, "neither beside the configuration nor in the current directory"),
    };
    let remark = format!("data file {}: {told}", place.display());
    (place, Some(remark))
}

fn settle_frames(draft: &Draft, reader: &Reader) -> Result<()> {
    let selection = &draft.settings.ingest.selection;
    let (first, last) = (selection.start_frame, selection.end_frame);
    if last == -1 || last > first {
        return Ok(());
    }
    let expected = format!("a frame after the first, {first}, or -1 for the last of the file");
    let key = all().find(|key| key.path == data::LAST_FRAME);
    let given = key.and_then(|key| reader.given(key.paths()));
    Err(given.map_or_else(|| reader.wrong_at(data::LAST_FRAME, &expected), |given| given.wrong(&expected)))
}

/// A filter that is asked for has ranges.
fn settle_ranges(draft: &Draft, reader: &Reader) -> Result<()> {
    let filter = all().find(|key| key.path == data::PHI_FILTER).and_then(|key| reader.given(key.paths()));
    match filter.filter(|given| given.switch() == Some(true) && draft.phi_ranges.is_empty()) {
        None => Ok(()),
        Some(given) => Err(given.wrong(&format!("false, or ranges in {}", data::PHI_RANGES))),
    }
}

fn settle_physics(draft: &mut Draft, reader: &Reader) -> Result<()> {
    let settings = &mut draft.settings;
    let mut errors = Vec::new();
    if settings.fit.space.mode.shear().is_some() && reader.given([parameters::GAP].into_iter()).is_none() {
        errors.push(reader.wrong_at(parameters::GAP, "the gap in angstrom (laminar_flow needs it)"));
    }
    let space = &mut settings.fit.space;
    for parameter in space.physical.iter_mut().chain([&mut space.contrast, &mut space.offset]) {
        // What has no order, or lies outside, has been refused where it stands.
        if let Ok(settled) = parameter.clone().settled() {
            *parameter = settled;
        }
    }
    Error::together(errors)
}

/// Start values in their order; parameters that are not active are held at theirs.
fn settle_start(draft: &mut Draft, reader: &Reader) -> Result<()> {
    let starts = starts(draft, reader)?;
    let space = &mut draft.settings.fit.space;
    if let (Some(active), Some(given)) = (&draft.active, reader.given([parameters::ACTIVE].into_iter())) {
        let known = names(active, &given)?;
        for (k, start) in space.defaults().into_iter().enumerate() {
            let parameter = &mut space.physical[k];
            let is_active = known.contains(&parameter.name.as_str());
            if is_active && parameter.fixed.is_some() {
                return Err(given.wrong(&format!("{} active or fixed, not both", parameter.name)));
            }
            if !is_active && parameter.fixed.is_none() {
                parameter.fixed = Some(starts[k].unwrap_or(start));
            }
        }
    }
    if starts.iter().all(Option::is_none) {
        return Ok(());
    }
    let held = space.physical.iter().zip(starts).map(|(parameter, start)| parameter.fixed.or(start));
    let held: Vec<Option<f64>> = held.collect();
    draft.settings.fit.start = held.iter().copied().collect();
    if draft.settings.fit.start.is_none() {
        draft.settings.fit.known_starts = held;
    }
    Ok(())
}

/// The start values that are given, in the order of the parameters.
fn starts(draft: &Draft, reader: &Reader) -> Result<Vec<Option<f64>>> {
    let space = &draft.settings.fit.space;
    let listed = listed(draft, reader)?;
    let start = |parameter: &Parameter| {
        let by_name = draft.starts.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| *value);
        by_name.or_else(|| listed.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| *value))
    };
    Ok(space.physical.iter().map(start).collect())
}

/// The list of start values by name; each within the bounds of its parameter, if that is fitted.
fn listed(draft: &Draft, reader: &Reader) -> Result<Vec<(&'static str, f64)>> {
    let space = &draft.settings.fit.space;
    let named = reader.given([parameters::NAMES].into_iter());
    let order: Vec<&str> = match (&draft.names, named) {
        (Some(own), Some(given)) => names(own, &given)?,
        _ => PHYSICAL.iter().map(|known| known.name).collect(),
    };
    let (Some(values), Some(given)) = (&draft.values, reader.given([parameters::VALUES].into_iter())) else {
        return Ok(Vec::new());
    };
    // Without names, a static fit takes a list for laminar flow as well.
    let is_complete = values.len() == order.len() || (draft.names.is_none() && values.len() == space.physical.len());
    if !is_complete {
        let wanted = if draft.names.is_some() { order } else { order[..space.physical.len()].to_vec() };
        return Err(given.wrong(&format!("one value for each of {}", wanted.join(", "))));
    }
    let mut errors = Vec::new();
    for ((name, value), item) in order.iter().zip(values).zip(given.items().unwrap_or_default()) {
        let own = space.physical.iter().find(|parameter| parameter.name == *name && parameter.fixed.is_none());
        errors.extend(own.and_then(|parameter| outside(parameter, *value, &item)));
    }
    Error::together(errors)?;
    Ok(order.into_iter().zip(values.iter().copied()).collect())
}

/// Names as this program has them; each once.
fn names(written: &[String], given: &Given<'_>) -> Result<Vec<&'static str>> {
    let (mut known, mut errors) = (Vec::new(), Vec::new());
    for (name, item) in written.iter().zip(given.items().unwrap_or_default()) {
        match find(name) {
            None => errors.push(item.wrong(&parameters::a_known_name())),
            Some(found) if known.contains(&found.name) => errors.push(item.wrong(&format!("{} once", found.name))),
            Some(found) => known.push(found.name),
        }
    }
    Error::together(errors).map(|()| known)
}

fn settle_scaling(draft: &mut Draft, reader: &Reader) -> Result<()> {
    let space = &draft.settings.fit.space;
    let mut errors = Vec::new();
    for (key, values, parameter) in [
        (parameters::CONTRASTS, &draft.contrasts, &space.contrast),
        (parameters::OFFSETS, &draft.offsets, &space.offset),
    ] {
        let items = reader.given([key].into_iter()).and_then(|given| given.items()).unwrap_or_default();
        for (value, item) in values.iter().flatten().zip(items) {
            errors.extend(outside(parameter, *value, &item));
        }
    }
    Error::together(errors)?;
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
