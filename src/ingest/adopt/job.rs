//! Angle by angle into partitions that nobody sees yet: the rows of its tables into a triangle, the checks of any map, the writer of
//! any store.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::experiment::Angle;
use crate::ingest::adopt::columns::{SIGMA_COLUMN, USED_COLUMN};
use crate::ingest::adopt::facts::SAME;
use crate::ingest::adopt::request::AdoptSettings;
use crate::ingest::adopt::rows::{Pair, Rows};
use crate::ingest::adopt::sources::name_of;
use crate::ingest::adopt::survey::{OneAngle, OneTable, Survey};
use crate::ingest::adopt::table::Table;
use crate::ingest::adopt::triangle::{Triangle, bytes_held};
use crate::ingest::usable::{LeftOut, Read};
use crate::listener::{Event, Watch};
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::machine::memory::{available_bytes, rss_anon_bytes};
use crate::store::long_table::VALUE_COLUMN;
use crate::store::manifest::Partition;
use crate::store::writer::StagedStore;

/// Where tables hold several angles, as many triangles are held at a time as fit into this many bytes, and at least one.
pub const HELD_BYTES: u64 = 256 << 20;
/// What reading a table takes beside: a batch of rows and its columns as numbers.
const BATCH_BYTES: u64 = 24 << 20;
/// Standard deviations that are told and measured may differ by this factor without a warning.
const SIGMA_FACTOR: f64 = 1.5;

/// An angle in the store.
pub(super) struct Adopted {
    /// What is known of it.
    pub angle: Angle,
    /// Its file.
    pub partition: Partition,
    /// What deserves a warning.
    pub warnings: Vec<String>,
}

/// What is read and how it is cut.
pub(super) struct Job<'a> {
    request: &'a AdoptSettings,
    survey: &'a Survey,
    /// Angles that are read at a time.
    groups: Vec<&'a [OneAngle]>,
    threads: usize,
}

impl<'a> Job<'a> {
    /// Decides how many angles are held at a time.
    ///
    /// # Errors
    /// E38 if that is more than the memory there is.
    pub fn plan(request: &'a AdoptSettings, survey: &'a Survey, threads: usize) -> Result<Self> {
        let of_angle = bytes_held(survey.n_frames, survey.narrow);
        let mut uses = vec![0; survey.tables.len()];
        survey.angles.iter().flat_map(|angle| &angle.tables).for_each(|&table| uses[table] += 1);
        let available = available_bytes().unwrap_or(u64::MAX);
        let held = (HELD_BYTES.min(available / 4) / of_angle).max(1) as usize;
        let at_a_time = if uses.iter().any(|&angles| angles > 1) { held } else { 1 };
        let groups: Vec<&[OneAngle]> = survey.angles.chunks(at_a_time).collect();
        let threads = threads.clamp(1, groups.len().max(1));
        // An angle is copied once where its baseline is moved.
        let needed = threads as u64 * (of_angle * (at_a_time.min(survey.angles.len()) as u64 + 1) + BATCH_BYTES);
        if needed > available {
            let gigabytes = |bytes: u64| format!("{:.2} GB", bytes as f64 / 1e9);
            return Err(Fault::at(request.source.display(), format!("adopting needs {}", gigabytes(needed)))
                .expected(format!("at most the {} that are available", gigabytes(available)))
                .advice("use fewer --threads")
                .code(Code::E38)
                .config());
        }
        Ok(Job { request, survey, groups, threads })
    }

    /// Converts every angle, one partition each.
    pub fn convert(&self, staged: &StagedStore, watch: &Watch<'_>) -> Result<Vec<Adopted>> {
        let mut adopted = Vec::new();
        let flow = Dataflow {
            n_items: self.groups.len(),
            lanes: Lanes::self_reading(self.threads),
            read: &|index| Ok(self.groups[index]),
            work: &|_, group: &[OneAngle]| self.convert_group(group, staged, watch),
            meter: &Meter::default(),
        };
        flow.fold(&mut |_, group| {
            adopted.extend(group);
            watch.tell(&Event::Angles { work: "adopt", done: adopted.len(), all: self.survey.angles.len() });
            watch.check()
        })?;
        Ok(adopted)
    }

    fn convert_group(&self, group: &[OneAngle], staged: &StagedStore, watch: &Watch<'_>) -> Result<Vec<Adopted>> {
        let Survey { n_frames, narrow, .. } = *self.survey;
        let mut triangles: Vec<Triangle> = group.iter().map(|_| Triangle::empty(n_frames, narrow)).collect();
        let mut tables: Vec<usize> = group.iter().flat_map(|angle| angle.tables.iter().copied()).collect();
        tables.sort_unstable();
        tables.dedup();
        for table in tables {
            self.fill(&self.survey.tables[table], group, &mut triangles, watch)?;
        }
        let _ = rss_anon_bytes();
        let angles = group.iter().zip(triangles);
        angles.map(|(angle, triangle)| self.write(angle, triangle, staged)).collect()
    }

    /// The rows of a table that are of some angles.
    fn fill(&self, table: &OneTable, group: &[OneAngle], triangles: &mut [Triangle], watch: &Watch<'_>) -> Result<()> {
        let columns = &table.columns;
        let mut names = columns.of_pairs();
        names.push(VALUE_COLUMN);
        names.extend(columns.sigma.then_some(SIGMA_COLUMN));
        names.extend(columns.used.then_some(USED_COLUMN));
        let place = table.path.display().to_string();
        let of_phi = |phi: Option<f64>, last: usize| match table.phi_degrees.or(phi) {
            Some(phi) if group[last].phi_degrees == phi => Some(last),
            Some(phi) => group.iter().position(|angle| angle.phi_degrees == phi),
            None => None,
        };
        let mut last = 0;
        Table::open(&table.path)?.each_batch(&names, &mut |first, batch| {
            let rows = Rows::of(batch, columns, &place, first)?;
            for k in 0..batch.num_rows() {
                let Some(angle) = of_phi(rows.phi(k)?, last) else { continue };
                last = angle;
                self.put(&rows, k, &mut triangles[angle])?;
            }
            watch.check()
        })?;
        if columns.is_dense() {
            group.iter().zip(triangles).try_for_each(|(angle, triangle)| self.is_whole(angle, triangle, &place))?;
        }
        Ok(())
    }

    fn put(&self, rows: &Rows<'_>, k: usize, triangle: &mut Triangle) -> Result<()> {
        let value = rows.value(k);
        let put = match rows.pair(k, self.survey.n_frames, self.survey.dt_seconds)? {
            Pair::Next => triangle.put_next(value),
            Pair::Of(i, j) => triangle.put(i, j, value),
            Pair::Diagonal => {
                triangle.diagonal += 1;
                return Ok(());
            }
        };
        if let Err((i, j)) = put {
            return Err(match i == j {
                true => rows.wrong(k, "a row too many", &format!("{i} rows, one per pair")),
                false => rows.wrong(k, &format!("pair ({i}, {j}) for the second time"), "one row per pair and angle"),
            });
        }
        let Some(sigma) = rows.sigma(k) else { return Ok(()) };
        let known = *triangle.sigma.get_or_insert(sigma);
        let found = match (sigma - known).abs() <= SAME * known && sigma > 0.0 && sigma.is_finite() {
            true => return Ok(()),
            false if sigma == known || sigma.is_nan() => format!("sigma = {sigma}"),
            false => format!("sigma = {sigma}, and {known} before"),
        };
        Err(rows.wrong(k, &found, "one positive sigma per angle, or null"))
    }

    /// E80 unless a table without frames and times has all pairs: which are missing would be a guess.
    fn is_whole(&self, angle: &OneAngle, triangle: &Triangle, place: &str) -> Result<()> {
        let (pairs, n) = (self.survey.n_frames * (self.survey.n_frames - 1) / 2, self.survey.n_frames);
        if [0, pairs].contains(&triangle.in_order()) {
            return Ok(());
        }
        Err(Fault::at(place, format!("{} rows of phi = {} in pair order", triangle.in_order(), angle.phi_degrees))
            .expected(format!("all {pairs} pairs of {n} frames, in one table"))
            .advice("write columns i and j where pairs are missing")
            .code(Code::E80)
            .layout())
    }

    fn write(&self, of: &OneAngle, triangle: Triangle, staged: &StagedStore) -> Result<Adopted> {
        let n = self.survey.n_frames;
        let names: Vec<String> =
            of.tables.iter().map(|&table| name_of(&self.request.source, &self.survey.tables[table].path)).collect();
        let place = format!("{}: phi = {}", self.request.source.display(), of.phi_degrees);
        let (told, diagonal) = (triangle.sigma, triangle.diagonal);
        let mut warnings = Vec::new();
        if diagonal > 0 {
            warnings.push(format!("{place}: {diagonal} rows of a frame with itself are left out"));
        }
        let read = Read { values: triangle.into_values(), diagonal: Vec::new(), place: place.clone(), warnings };
        let usable = read.examined(n, &LeftOut::default(), 1.0).map_err(without_keys)?;
        let mut warnings = usable.warnings;
        if let Some(told) = told.filter(|told| is_far(*told, usable.sigma)) {
            warnings
                .push(format!("{place}: sigma is {told:.3e} by its column, values scatter by {:.3e}", usable.sigma));
        }
        let sigma = told.unwrap_or(usable.sigma);
        let angle =
            Angle { phi_degrees: of.phi_degrees, sigma, masked_frames: usable.masked_frames, noise: usable.noise };
        let written = staged.write_partition(&angle, &usable.values)?;
        let partition = Partition {
            file: written.file,
            rows: usable.values.len(),
            bytes: written.bytes,
            blake3: written.blake3,
            identity: Some(written.identity),
            block_checksums: written.block_checksums,
            source: names.join(" + "),
            mask_note: usable.mask_note,
            non_finite_values: usable.non_finite.0,
            non_finite_share: usable.non_finite.1,
            merged_from: Vec::new(),
            triangles_agree: None,
        };
        Ok(Adopted { angle, partition, warnings })
    }
}

fn is_far(told: f64, measured: f64) -> bool {
    measured > 0.0 && !(measured / SIGMA_FACTOR..=measured * SIGMA_FACTOR).contains(&told)
}

/// Advice to set keys of a configuration does not serve here: there is none.
fn without_keys(error: Error) -> Error {
    let Error::Layout(mut fault) = error else { return error };
    "leave the angle out, or correct its tables".clone_into(&mut fault.advice);
    Error::Layout(fault)
}
