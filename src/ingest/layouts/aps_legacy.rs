//! Layout `aps_legacy`: four writers of one shape, told apart by how their matrices are numbered.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::ingest::files::hdf5::Source;
use crate::ingest::layouts::aps_u::intensity;
use crate::ingest::layouts::bins::{
    BinTable, FrameTiming, check_legible, checked_bin, factor_or_one, frame_seconds, whole_labels,
};
use crate::ingest::layouts::units::{Quantity, to_used_unit};

/// The group of matrices of a legacy file, if it is one: under the output path it names, a usual one, or any top group.
///
/// # Errors
/// E04 if an object on the way is there and cannot be read.
pub fn matrix_group(source: &Source) -> Result<Option<String>> {
    let named = source.strings(&format!("{}/output_data", xpcs_group(source)))?.and_then(|mut names| names.pop());
    let usual = ["/exchange", "/TwoTimeInfo"].map(String::from);
    let any = source.top_groups().into_iter().map(|name| format!("/{name}"));
    let places = named.into_iter().map(|name| format!("/{}", name.trim_matches('/'))).chain(usual).chain(any);
    for path in places.map(|place| format!("{place}/C2T_all")) {
        if source.group(&path)?.is_some() {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// `/xpcs`, or `/xpcs_1`, `/xpcs_2` .. where results were repeated.
fn xpcs_group(source: &Source) -> String {
    let mut names = source.top_groups();
    names.sort();
    let found =
        names.iter().find(|name| *name == "xpcs").or_else(|| names.iter().find(|name| name.starts_with("xpcs")));
    format!("/{}", found.map_or("xpcs", String::as_str))
}

/// Reads the table of bins.
///
/// # Errors
/// E08, E10, E25, E33: see the catalogue of errors.
pub fn bin_table(source: &Source, group: &str, dt_override: bool) -> Result<BinTable> {
    let mut warnings = Vec::new();
    let xpcs = xpcs_group(source);
    let matrices = source.numbered_datasets(group)?;
    if matrices.is_empty() {
        return Err(Fault::at(source.place(group), "0 matrices")
            .expected("g2_00001, g2_00002, ..")
            .code(Code::E08)
            .layout());
    }
    let mut list = |name: &str, quantity: Quantity| -> Result<Vec<f64>> {
        let path = format!("{xpcs}/{name}");
        let missing =
            || Fault::at(source.place(&path), "missing").expected("q and phi of every bin").code(Code::E51).layout();
        let values = source.numbers(&path)?.ok_or_else(missing)?;
        let factor = to_used_unit(source, (&path, quantity), None, &mut warnings)?;
        Ok(values.into_iter().map(|value| value * factor).collect())
    };
    let (q, phi) = (list("dqlist", Quantity::Wavevector)?, list("dphilist", Quantity::Angle)?);
    let labels = labels(source, &xpcs, &matrices, &mut warnings)?;
    let mut bins = Vec::new();
    for ((_, name), label) in matrices.iter().zip(labels) {
        let path = format!("{group}/{name}");
        let index = usize::try_from(label).ok().and_then(|label| label.checked_sub(1));
        let Some(index) = index.filter(|&index| index < q.len() && index < phi.len()) else {
            return Err(Fault::at(source.place(&path), format!("bin label {label}"))
                .expected(format!("a label from 1 to {}", q.len().min(phi.len())))
                .code(Code::E10)
                .layout());
        };
        bins.push(checked_bin(source, path, label, (q[index], phi[index]))?);
    }
    let (timing, timing_place) = timing(source, &xpcs, dt_override, &mut warnings)?;
    check_legible(source, &["/measurement/instrument/detector/exposure_time"])?;
    let intensity = intensity(source, &group.replace("C2T_all", "frameSum"))?;
    Ok(BinTable { bins, timing, timing_place, intensity, warnings })
}

/// boost_corr counts its matrices 1..n and lists their labels; the other writers put the label into the name.
fn labels(source: &Source, xpcs: &str, matrices: &[(u64, String)], warnings: &mut Vec<String>) -> Result<Vec<i64>> {
    let names: Vec<i64> = matrices.iter().map(|(number, _)| *number as i64).collect();
    let counted = names.iter().enumerate().all(|(k, &number)| number == k as i64 + 1);
    let path = format!("{xpcs}/qphi_bin_to_process");
    let listed = source.numbers(&path)?.map(|list| whole_labels(source, &path, list)).transpose()?;
    match listed.filter(|list| counted && list.len() == names.len()) {
        None => Ok(names),
        Some(list) => {
            if list != names {
                warnings.push(format!(
                    "{}: names count 1..{}, labels are taken from this list",
                    source.place(&path),
                    names.len()
                ));
            }
            Ok(list)
        }
    }
}

fn timing(
    source: &Source,
    xpcs: &str,
    dt_override: bool,
    warnings: &mut Vec<String>,
) -> Result<(Option<FrameTiming>, String)> {
    let path = "/measurement/instrument/detector/exposure_period";
    let place = source.place(path);
    let Some(frame_seconds) = frame_seconds(source, path, dt_override, warnings)? else { return Ok((None, place)) };
    let factor = |name: &str, warnings: &mut Vec<String>| {
        factor_or_one(source, &[format!("{xpcs}/{name}s"), format!("{xpcs}/{name}")], warnings)
    };
    let average = factor("avg_frame", warnings)?;
    let stride = factor("stride_frame", warnings)?;
    Ok((Some(FrameTiming { frame_seconds, stride, average }), place))
}
