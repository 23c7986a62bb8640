//! Layout `aps_u` (APS-U, boost_corr): bin labels are compressed and lead to (q, phi) through `dynamic_index_mapping`.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::ingest::files::hdf5::Source;
use crate::ingest::intensity::Intensity;
use crate::ingest::layouts::bins::{
    Bin, BinTable, FrameTiming, check_legible, checked_bin, factor_or_one, frame_seconds, whole_labels,
};
use crate::ingest::layouts::units::{Quantity, looks_like_a_slip, to_used_unit};
use crate::units::{lengths, listed};

/// The group of correlation matrices: its presence tells the layout.
pub const CORRELATION_MAP: &str = "/xpcs/twotime/correlation_map";
const QMAP: &str = "/xpcs/qmap";
const FRAME_TIME: &str = "/entry/instrument/detector_1/frame_time";

/// What else is told of the frames.
const NOTED: [&str; 3] =
    ["/xpcs/twotime/config/begin_frame", "/xpcs/twotime/config/end_frame", "/entry/instrument/detector_1/count_time"];

/// The grid of q and phi centres and the natural bin of every label.
struct QMap {
    q: Vec<f64>,
    phi: Vec<f64>,
    natural_of_label: Vec<usize>,
}

/// Reads the table of bins.
///
/// # Errors
/// E08 to E14, E25, E33: see the catalogue of errors.
pub fn bin_table(source: &Source, allow_missing: bool, dt_override: bool) -> Result<BinTable> {
    let mut warnings = Vec::new();
    let matrices = source.numbered_datasets(CORRELATION_MAP)?;
    if matrices.is_empty() {
        return Err(Fault::at(source.place(CORRELATION_MAP), "0 matrices")
            .expected("c2_00001, c2_00002, ..")
            .code(Code::E08)
            .layout());
    }
    let labels = processed_labels(source, &matrices, allow_missing)?;
    let qmap = QMap::read(source, &labels, &mut warnings)?;
    let mut bins = Vec::new();
    for (number, name) in matrices {
        // The number in the name is a running counter in the order of processed_bins, not the label.
        let Some(&label) = usize::try_from(number).ok().and_then(|number| labels.get(number.wrapping_sub(1))) else {
            continue;
        };
        bins.push(qmap.bin(source, format!("{CORRELATION_MAP}/{name}"), label)?);
    }
    let timing = timing(source, dt_override, &mut warnings)?;
    check_legible(source, &NOTED)?;
    let intensity = intensity(source, "/xpcs/spatial_mean/intensity_vs_time")?;
    Ok(BinTable { bins, timing, timing_place: source.place(FRAME_TIME), intensity, warnings })
}

fn processed_labels(source: &Source, matrices: &[(u64, String)], allow_missing: bool) -> Result<Vec<i64>> {
    let path = "/xpcs/twotime/processed_bins";
    let Some(labels) = source.numbers(path)? else {
        return Err(Fault::at(source.place(path), "missing")
            .expected("the bin label of every matrix")
            .code(Code::E09)
            .layout());
    };
    let labels = whole_labels(source, path, labels)?;
    let unmatched: Vec<&str> = matrices
        .iter()
        .enumerate()
        .filter(|(k, (number, _))| *number != *k as u64 + 1 || *k >= labels.len())
        .map(|(_, (_, name))| name.as_str())
        .take(3)
        .collect();
    if (labels.len() != matrices.len() || !unmatched.is_empty()) && !allow_missing {
        let found = format!("{} matrices, {} processed bins", matrices.len(), labels.len());
        return Err(Fault::at(source.place(CORRELATION_MAP), found)
            .expected(format!("one matrix per processed bin; first unmatched: {}", unmatched.join(", ")))
            .advice("set experimental_data.allow_missing: true to use those that match")
            .code(Code::E09)
            .layout());
    }
    Ok(labels)
}

impl QMap {
    fn read(source: &Source, labels: &[i64], warnings: &mut Vec<String>) -> Result<Self> {
        let list = |name: &str| -> Result<Vec<f64>> {
            let path = format!("{QMAP}/{name}");
            let missing = || Fault::at(source.place(&path), "missing").expected("the centres of the map's bins");
            source.numbers(&path)?.ok_or_else(|| missing().code(Code::E51).layout())
        };
        let (first, second) = (list("dynamic_v_list_dim0")?, list("dynamic_v_list_dim1")?);
        check_counts(source, &first, &second)?;
        let natural_of_label = index_mapping(source, (first.len(), second.len()), labels, warnings)?;
        let names = ["dynamic_v_list_dim0", "dynamic_v_list_dim1"].map(|name| format!("{QMAP}/{name}"));
        let units = map_units(source)?;
        let mut used = |list: Vec<f64>, axis: usize, quantity: Quantity| -> Result<Vec<f64>> {
            let beside = units.get(axis).map(String::as_str);
            let factor = to_used_unit(source, (&names[axis], quantity), beside, warnings)?;
            Ok(list.into_iter().map(|value| value * factor).collect())
        };
        let qmap = if phi_comes_first(source)? {
            let swapped = natural_of_label.iter().map(|k| k % second.len() * first.len() + k / second.len()).collect();
            let (phi, q) = (used(first, 0, Quantity::Angle)?, used(second, 1, Quantity::Wavevector)?);
            QMap { q, phi, natural_of_label: swapped }
        } else {
            let (q, phi) = (used(first, 0, Quantity::Wavevector)?, used(second, 1, Quantity::Angle)?);
            QMap { q, phi, natural_of_label }
        };
        warnings.extend(looks_like_a_slip(QMAP, &qmap.q));
        Ok(qmap)
    }

    /// label -> natural bin -> q = natural // n_phi, phi = natural % n_phi.
    fn bin(&self, source: &Source, path: String, label: i64) -> Result<Bin> {
        let natural = usize::try_from(label).ok().and_then(|label| self.natural_of_label.get(label.wrapping_sub(1)));
        let Some(&natural) = natural else {
            return Err(Fault::at(source.place(&path), format!("bin label {label}"))
                .expected(format!("a label from 1 to {}", self.natural_of_label.len()))
                .code(Code::E10)
                .layout());
        };
        let n_phi = self.phi.len();
        checked_bin(source, path, label, (self.q[natural / n_phi], self.phi[natural % n_phi]))
    }
}

fn check_counts(source: &Source, first: &[f64], second: &[f64]) -> Result<()> {
    let path = format!("{QMAP}/dynamic_num_pts");
    let Some(declared) = source.numbers(&path)? else { return Ok(()) };
    let counts = [first.len() as f64, second.len() as f64];
    if declared == counts {
        return Ok(());
    }
    let found =
        format!("dynamic_num_pts {}, but the lists of centres have {} entries", listed(&declared), listed(&counts));
    Err(Fault::at(source.place(&path), found).expected("equal counts").code(Code::E13).layout())
}

/// Natural bin of every label; identity only where it cannot be anything else.
fn index_mapping(
    source: &Source,
    shape: (usize, usize),
    labels: &[i64],
    warnings: &mut Vec<String>,
) -> Result<Vec<usize>> {
    let path = format!("{QMAP}/dynamic_index_mapping");
    let n_natural = shape.0 * shape.1;
    let Some(mapping) = source.numbers(&path)? else {
        let in_map = source.numbers(&format!("{QMAP}/dynamic_roi_map"))?;
        let n_labels = in_map.map_or(labels.len(), |map| map.into_iter().fold(0.0, f64::max) as usize);
        if n_labels != n_natural {
            return Err(Fault::at(
                source.place(&path),
                format!("missing, with {n_labels} labels for {n_natural} bins"),
            )
            .expected("the mapping from compressed labels to bins")
            .advice("q and phi of the matrices cannot be known without it")
            .code(Code::E11)
            .layout());
        }
        warnings.push(format!(
            "[{}] {} is missing: all {n_natural} bins have a label, identity is used",
            Code::E11,
            source.place(&path)
        ));
        return Ok((0..n_natural).collect());
    };
    let mut seen = vec![false; n_natural];
    for &natural in &mapping {
        let slot = seen.get_mut(natural as usize).filter(|_| natural >= 0.0 && natural.fract() == 0.0);
        if slot.map(|slot| std::mem::replace(slot, true)) != Some(false) {
            return Err(Fault::at(source.place(&path), format!("corrupt map: natural bin {natural}"))
                .expected(format!("each of 0 .. {n_natural} at most once"))
                .code(Code::E12)
                .layout());
        }
    }
    Ok(mapping.into_iter().map(|natural| natural as usize).collect())
}

/// Whether the map's first axis is phi.
fn phi_comes_first(source: &Source) -> Result<bool> {
    let path = format!("{QMAP}/map_names");
    let Some(names) = source.strings(&path)? else { return Ok(false) };
    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    match lower.iter().map(String::as_str).collect::<Vec<&str>>()[..] {
        ["q", "phi"] => Ok(false),
        ["phi", "q"] => Ok(true),
        _ => Err(Fault::at(source.place(&path), format!("the map's axes are {}", listed(&names)))
            .expected("q and phi")
            .advice("partition the detector in q and phi and correlate again")
            .code(Code::E14)
            .layout()),
    }
}

/// Declared units of the two axes; none where the file has none.
fn map_units(source: &Source) -> Result<Vec<String>> {
    let path = format!("{QMAP}/map_units");
    match source.strings(&path)? {
        None => Ok(Vec::new()),
        Some(units) if units.len() == 2 && units.iter().all(|unit| !unit.is_empty()) => Ok(units),
        // One changed bit makes a text empty: to take that for no unit is to be wrong by the ratio of units.
        Some(units) => Err(Fault::at(source.place(&path), format!("units {units:?}"))
            .expected("one unit for each of the two axes, such as 1/A and degree")
            .advice("copy the file again, in case it is damaged, or correct the units in it")
            .code(Code::E31)
            .layout()),
    }
}

fn timing(source: &Source, dt_override: bool, warnings: &mut Vec<String>) -> Result<Option<FrameTiming>> {
    let Some(frame_seconds) = frame_seconds(source, FRAME_TIME, dt_override, warnings)? else {
        return if dt_override { Ok(None) } else { no_other_detector(source).map(|()| None) };
    };
    let factor = |name: &str, warnings: &mut Vec<String>| {
        factor_or_one(source, &[format!("/xpcs/twotime/config/{name}")], warnings)
    };
    let stride = factor("stride_frame", warnings)?;
    let average = factor("avg_frame", warnings)?;
    Ok(Some(FrameTiming { frame_seconds, stride, average }))
}

/// E25 where the frame time that is missing stands with another detector: a given dt would be believed against what the file says.
fn no_other_detector(source: &Source) -> Result<()> {
    const INSTRUMENT: &str = "/entry/instrument";
    let Some(instrument) = source.group(INSTRUMENT)? else { return Ok(()) };
    let (mut groups, _) = instrument.member_names().map_err(|error| source.decode_error(INSTRUMENT, error))?;
    groups.sort();
    for name in groups {
        let path = format!("{INSTRUMENT}/{name}/frame_time");
        let Some(value) = source.number(&path)? else { continue };
        return Err(Fault::at(source.place(FRAME_TIME), format!("not there; {path} is {value}"))
            .expected("the frame time of the detector that was correlated, under detector_1")
            .advice(
                "name its group detector_1 (h5py: `move`), or remove that frame time and give analyzer_parameters.dt",
            )
            .code(Code::E25)
            .layout());
    }
    Ok(())
}

/// Pixels of every bin, by its compressed label (0: unused ones), from the map of the detector.
///
/// # Errors
/// E04 if it is there and cannot be read.
pub fn pixel_counts(source: &Source) -> Result<Option<Vec<u64>>> {
    source.label_counts(&format!("{QMAP}/dynamic_roi_map"))
}

/// Mean intensity per frame: the second row of a (2, N) dataset.
///
/// # Errors
/// E51 if it has another shape: what is taken for intensities might be numbers of frames. What reading reports.
pub fn intensity(source: &Source, path: &str) -> Result<Option<Intensity>> {
    let Some(dataset) = source.optional_dataset(path)? else { return Ok(None) };
    let shape = dataset.shape();
    if !matches!(shape, [2, _]) {
        return Err(Fault::at(source.place(path), format!("shape {}", lengths(shape)))
            .expected("shape 2 x frames: numbers of frames, and the intensity of each")
            .advice("transpose it (h5py), or remove it from the file: then no frame is masked by it")
            .code(Code::E51)
            .layout());
    }
    let numbers = source.numbers(path)?;
    Ok(numbers.map(|all| Intensity { values: all[all.len() / 2..].to_vec(), place: source.place(path) }))
}
