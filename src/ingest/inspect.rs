//! What a file or store holds, in lines for people. It reads at most one matrix.

use crate::error::Result;
use crate::experiment::Angle;
use crate::ingest::diagonal::Diagonal;
use crate::ingest::files::hdf5::Source;
use crate::ingest::files::npz::{Array, Npz};
use crate::ingest::frames::{dead_frames, joined_masks, ranges, with_baseline, without_living};
use crate::ingest::layouts::bins::{Bin, BinTable, wavevectors};
use crate::ingest::layouts::detect::{Layout, bin_table, detect, pixel_counts};
use crate::ingest::lines::Lines;
use crate::ingest::matrix::{frame_count, read_pairs};
use crate::ingest::sigma::measured_sigma;
use crate::ingest::survey::{bytes_to_read, common_value_type, enough_memory};
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::store::manifest::{MANIFEST_NAME, Provenance};
use crate::units::{counted, listed};
use std::path::Path;

/// Describes a beamline file, a store or arrays of NumPy, one fact per line.
///
/// # Errors
/// As opening the file or store.
pub fn inspect(path: &Path, verify: bool) -> Result<Vec<(String, String)>> {
    match path {
        path if path.join(MANIFEST_NAME).is_file() => inspect_store(path, verify),
        path if Npz::is_one(path) => inspect_arrays(path),
        path => inspect_file(path),
    }
}

/// Names and shapes of the arrays of NumPy, and what short ones hold: q, angles, times.
fn inspect_arrays(path: &Path) -> Result<Vec<(String, String)>> {
    let mut npz = Npz::open(path)?;
    let names = npz.names();
    let mut facts = vec![fact("arrays of NumPy", names.len())];
    for name in &names {
        let said = npz.array(name).map_or_else(|_| "not of f4 or f8".into(), array_words);
        facts.push(fact(name, said));
    }
    Ok(facts)
}

fn array_words(mut array: Array) -> String {
    /// Most numbers that are listed, most that are read, and how many of those begin the line.
    const MOST: [usize; 3] = [16, 100_000, 3];
    let shape = array.shape.words();
    let count = array.shape.lengths.iter().product();
    match array.shape.lengths.len() < 2 && count > 0 && count <= MOST[1] {
        true => match array.numbers(count) {
            Ok(numbers) => {
                // Rounding of sums is no digit of a time.
                let told: Vec<f64> = numbers.iter().map(|x| format!("{x:.12e}").parse().unwrap_or(*x)).collect();
                match count <= MOST[0] {
                    true => format!("{shape}: {}", listed(&told)),
                    false => format!("{shape}: {} .. {}", listed(&told[..MOST[2]]), told[count - 1]),
                }
            }
            Err(why) => format!("{shape}; {why}"),
        },
        false => shape,
    }
}

fn fact(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn inspect_store(path: &Path, verify: bool) -> Result<Vec<(String, String)>> {
    let store = Store::open(path, None)?;
    let manifest = store.manifest();
    let experiment = &manifest.experiment;
    let plan = manifest.plan();
    let bytes: u64 = manifest.partitions.iter().map(|partition| partition.bytes).sum();
    let mut facts = vec![
        fact("store", store.kind()),
        fact("source", &manifest.provenance.source),
        fact("layout", &manifest.provenance.layout),
        fact("q [1/angstrom]", experiment.q_per_angstrom),
        fact("frames", experiment.time.n_frames),
        fact("dt [s]", experiment.time.dt_seconds),
        fact("angles", experiment.angles.len()),
        fact("pairs", plan.pairs_per_angle() * plan.n_angles),
        fact("blocks", format!("{} of {} pairs", plan.n_blocks(), plan.block_points)),
        fact("bytes", bytes),
    ];
    let n_pairs = plan.pairs_per_angle() * plan.n_angles;
    facts.extend(store.condensed_tally()?.map(|tally| fact("condensed", tally.in_words(n_pairs))));
    facts.extend(experiment.gap_angstrom.map(|gap| fact("gap [angstrom]", gap)));
    if manifest.provenance.is_adopted() {
        facts.push(fact("adopted from", adopted_words(&manifest.provenance)));
    }
    for (angle, partition) in experiment.angles.iter().zip(&manifest.partitions) {
        let masked = if partition.mask_note.is_empty() { "none" } else { &partition.mask_note };
        let mut text = format!("{}; masked frames: {masked}", noise_words(angle));
        if manifest.provenance.is_adopted() {
            text += &format!("; pairs without a value: {}; from {}", partition.non_finite_values, partition.source);
        }
        facts.push(fact(&format!("phi = {}", angle.phi_degrees), text));
    }
    if verify {
        store.verify()?;
        facts.push(fact("checksums", "all partitions are as they were written"));
    }
    facts.extend(manifest.provenance.warnings.iter().map(|warning| fact("warning", warning)));
    Ok(facts)
}

fn adopted_words(provenance: &Provenance) -> String {
    let bytes: u64 = provenance.files.iter().map(|file| file.bytes).sum();
    format!("{}, {bytes} bytes, content {}", counted(provenance.files.len(), "table"), &provenance.source_blake3)
}

/// sigma, and what else is told of the noise.
fn noise_words(angle: &Angle) -> String {
    let sigma = match angle.sigma > 0.0 {
        true => format!("sigma {:.3e}", angle.sigma),
        false => "sigma not known".into(),
    };
    let diagonal = angle.noise.diagonal.map(|mean| format!("raw diagonal of c2 - 1: {mean:.4}"));
    let pixels = angle.noise.pixels.map(|pixels| format!("{pixels} pixels"));
    let both = angle.noise.white_correlation.zip(angle.noise.white_correlation_diagonal);
    let white = both.map(|(frames, diagonal)| {
        format!("white part of neighbours correlated by {frames:.2} along frames, {diagonal:.2} along the diagonal")
    });
    let parts = [Some(sigma), diagonal, pixels, white];
    parts.into_iter().flatten().collect::<Vec<String>>().join("; ")
}

fn inspect_file(path: &Path) -> Result<Vec<(String, String)>> {
    let source = Source::open(path)?;
    let (layout, others) = detect(&source, None)?;
    let table = bin_table(&source, layout, true, true)?;
    let mut facts = vec![fact("layout", layout.name()), fact("matrices", table.bins.len())];
    facts.extend(others.iter().map(|other| fact("also holds", other.name())));
    if let Some(timing) = table.timing {
        let factors = format!("{} s x stride {} x average {}", timing.frame_seconds, timing.stride, timing.average);
        facts.push(fact("dt [s]", format!("{} ({factors})", timing.dt_seconds())));
    }
    for q in wavevectors(&table.bins) {
        let phi: Vec<f64> =
            table.bins.iter().filter(|bin| bin.q_per_angstrom == q).map(|bin| bin.phi_degrees).collect();
        facts.push(fact(
            &format!("q = {q} 1/angstrom"),
            format!("{}: {} degrees", counted(phi.len(), "angle"), listed(&phi)),
        ));
    }
    if let Some(bin) = table.bins.first() {
        facts.extend(first_matrix(&source, layout, (bin, &table))?);
    }
    facts.extend(table.warnings.iter().map(|warning| fact("warning", warning)));
    Ok(facts)
}

/// What the first matrix holds, without masks that a selection may add.
fn first_matrix(source: &Source, layout: Layout, (bin, table): (&Bin, &BinTable)) -> Result<Vec<(String, String)>> {
    let n = frame_count(source, &bin.path)?;
    let value_type = common_value_type(source, std::slice::from_ref(bin), &mut Vec::new())?;
    let bytes = bytes_to_read(n, value_type);
    enough_memory(source, bytes)?;
    let mut pairs = read_pairs(source, &bin.path, &(0..n), None)?;
    let dead = dead_frames(&pairs.values, n);
    if let Some(shifted) = with_baseline(&pairs.values, n, &dead, &bin.path, &mut pairs.warnings) {
        pairs.values = shifted;
        pairs.diagonal.iter_mut().for_each(|value| *value += 1.0);
    }
    let dead = without_living(dead, &pairs.diagonal, &pairs.values);
    let recorded = table.intensity.as_ref();
    let dark = recorded.map(|known| known.dark_frames(n, &(0..n))).unwrap_or_default();
    let masked = joined_masks([&dead, &dark, &[]]);
    let sigma = match measured_sigma(&Lines::of(&pairs.values, n, &masked)) {
        Ok(sigma) => format!("{sigma:.3e}"),
        Err(why) => format!("not known: {}", why.words()),
    };
    let mut facts = vec![
        fact("frames", n),
        fact("memory to read one matrix [MB]", bytes.div_ceil(1_000_000)),
        fact("triangle", format!("{:?}", pairs.triangle).to_lowercase()),
        fact("diagonal", Diagonal::of(&pairs.diagonal, &pairs.values, &masked).words()),
        fact("empty frames of the first matrix", none_or(&dead)),
        fact("sigma of the first matrix", sigma),
    ];
    if let Some(known) = recorded {
        facts.push(fact("frames without intensity", none_or(&dark)));
        facts.extend(known.warning(n, &(0..n)).map(|warning| fact("warning", warning)));
    }
    let pixels = bin.pixels(pixel_counts(source, layout)?.as_deref());
    facts.extend(pixels.map(|pixels| fact("pixels of the first bin", pixels)));
    Ok(facts)
}

fn none_or(frames: &[usize]) -> String {
    if frames.is_empty() { "none".into() } else { ranges(frames, 1) }
}
