//! One conversion: reads, checks and cuts one matrix per worker, into partitions that nobody sees yet.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::experiment::{Angle, AngleNoise, Experiment, TimeGrid};
use crate::ingest::files::hdf5::Source;
use crate::ingest::layouts::bins::{Bin, BinTable, distance_to_next, wavevectors};
use crate::ingest::layouts::detect::{Layout, bin_table, pixel_counts};
use crate::ingest::lines::Lines;
use crate::ingest::matrix::{frame_count, read_pairs};
use crate::ingest::merge::{Merged, groups, joined_noise};
use crate::ingest::request::IngestSettings;
use crate::ingest::selection::Selection;
use crate::ingest::sigma::measured_sigma;
use crate::ingest::survey::{Survey, bytes_to_read, common_value_type, enough_memory, points};
use crate::ingest::told_once::told_once;
use crate::ingest::usable::{LeftOut, NonFinite, Read, Usable, enough_frames, with_whiteness};
use crate::listener::{Event, Watch};
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::machine::file_identity::{FileIdentity, in_full};
use crate::machine::memory::rss_anon_bytes;
use crate::store::block::Values;
use crate::store::described::{PAIR_ORDER, Whose};
use crate::store::manifest::{FORMAT_VERSION, Manifest, MergedAngle, Partition, Provenance, SourceExtent, ValueType};
use crate::store::writer::StagedStore;
use crate::units::degrees;
use std::ops::Range;

/// The data of one angle and what is known of them.
struct OfAngle {
    angle: Angle,
    values: Values,
    mask_note: String,
    non_finite: NonFinite,
    warnings: Vec<String>,
    sources: Vec<String>,
    members: Vec<MergedAngle>,
    triangles_agree: bool,
}

/// One angle on its way into the store; `None` if it was skipped.
pub(super) type Converted = Option<(Angle, Partition, Vec<String>)>;

/// What of the source file was read.
pub(super) struct SourceContent {
    /// BLAKE3 of all of it.
    pub blake3: String,
    /// What the file system says of it.
    pub identity: FileIdentity,
}

/// What metadata can decide, decided.
pub(super) struct Job<'a> {
    request: &'a IngestSettings,
    threads: usize,
    source: Source,
    layout: Layout,
    table: BinTable,
    /// Bins that become one angle each.
    groups: Vec<Vec<Bin>>,
    frames: Range<usize>,
    extent: SourceExtent,
    /// Of every partition: the widest of the selected matrices.
    value_type: ValueType,
    dt_seconds: f64,
    /// Pixels of every bin by label, if the file has a map of them.
    pixels: Option<Vec<u64>>,
    warnings: Vec<String>,
}

impl<'a> Job<'a> {
    /// Decides everything that metadata can decide.
    pub fn plan(request: &'a IngestSettings, threads: usize) -> Result<Self> {
        let selection = &request.selection;
        let survey = Survey::of(request.source()?, selection)?;
        let (bins, extent) = survey.selected(selection)?;
        let Survey { source, layout, others, table } = survey;
        let n_file = extent.n_frames;
        let mut warnings = table.warnings.clone();
        let value_type = common_value_type(&source, &bins, &mut warnings)?;
        for other in others {
            warnings.push(also_holds(&source, layout, other, n_file, selection)?);
        }
        let frames = selection.frames(&source, n_file)?;
        warnings.extend(table.intensity.as_ref().and_then(|known| known.warning(n_file, &frames)));
        let dt_seconds = selection.dt_seconds(&table)?;
        let groups = groups(bins, |bin| bin.phi_degrees, selection.merge_within_degrees);
        let pixels = pixel_counts(&source, layout)?;
        let job = Job {
            request,
            threads,
            source,
            layout,
            table,
            groups,
            frames,
            extent,
            value_type,
            dt_seconds,
            pixels,
            warnings,
        };
        job.check_memory()?;
        Ok(job)
    }

    /// E38: every worker holds a matrix and what it is decoded from, and sums where angles are merged.
    fn check_memory(&self) -> Result<()> {
        let merges = self.groups.iter().any(|group| group.len() > 1);
        let of_worker = bytes_to_read(self.extent.n_frames, self.value_type)
            + if merges { points(self.extent.n_frames) * 8 } else { 0 };
        enough_memory(&self.source, of_worker * self.threads.min(self.groups.len()) as u64)
    }

    fn time(&self) -> TimeGrid {
        TimeGrid {
            n_frames: self.frames.len(),
            dt_seconds: self.dt_seconds,
            start_seconds: 0.0,
            first_frame: self.frames.start + 1,
        }
    }

    /// What all partitions of the store share.
    pub fn whose(&self, content_key: &str) -> Whose {
        Whose {
            content_key: content_key.into(),
            q_per_angstrom: self.groups[0][0].q_per_angstrom,
            time: self.time(),
            block_points: self.request.block_points,
        }
    }

    /// Converts every group, one partition each.
    pub fn convert(&self, staged: &StagedStore, watch: &Watch<'_>) -> Result<Vec<Converted>> {
        let mut converted = Vec::new();
        let flow = Dataflow {
            n_items: self.groups.len(),
            lanes: Lanes::with_readers(self.threads, 1),
            read: &|index| Ok(&self.groups[index][..]),
            work: &|_, group: &[Bin]| self.convert_group(group, staged),
            meter: &Meter::default(),
        };
        flow.fold(&mut |index, bin| {
            converted.push(bin);
            watch.tell(&Event::Angles { work: "ingest", done: index + 1, all: self.groups.len() });
            watch.check()
        })?;
        Ok(converted)
    }

    /// The bins of one angle into one partition; `None` if none of them holds data and that is allowed.
    fn convert_group(&self, group: &[Bin], staged: &StagedStore) -> Result<Converted> {
        let merged = match group {
            [bin] => self.examine_or_skip(bin)?,
            _ => self.merge(group)?,
        };
        let Some(merged) = merged else { return Ok(None) };
        let values = if self.value_type == ValueType::F64 { merged.values.widened() } else { merged.values };
        let written = staged.write_partition(&merged.angle, &values)?;
        let partition = Partition {
            file: written.file,
            rows: values.len(),
            bytes: written.bytes,
            blake3: written.blake3,
            identity: Some(written.identity),
            block_checksums: written.block_checksums,
            source: merged.sources.join(" + "),
            mask_note: merged.mask_note,
            non_finite_values: merged.non_finite.0,
            non_finite_share: merged.non_finite.1,
            merged_from: merged.members,
            triangles_agree: Some(merged.triangles_agree),
        };
        Ok(Some((merged.angle, partition, merged.warnings)))
    }

    fn examine_or_skip(&self, bin: &Bin) -> Result<Option<OfAngle>> {
        match self.examine_bin(bin) {
            Err(error) if self.request.selection.skip_bad_bins && error.fault().code == Some(Code::E18) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Several bins as one angle: their mean, weighted by 1 / sigma^2; a frame that one of them has not is masked.
    fn merge(&self, group: &[Bin]) -> Result<Option<OfAngle>> {
        let n = self.frames.len();
        let mut sums = Merged::new(self.time().n_pairs());
        let mut first: Option<OfAngle> = None;
        let mut noises = Vec::new();
        for bin in group {
            let Some(next) = self.examine_or_skip(bin)? else { continue };
            let weight = if next.angle.sigma > 0.0 { next.angle.sigma.powi(-2) } else { 1.0 };
            noises.push((weight, next.angle.noise));
            sums.add(next.angle.phi_degrees, &next.values, weight);
            first = Some(match first {
                None => next,
                Some(known) => known.joined(next),
            });
        }
        let Some(known) = first else { return Ok(None) };
        let (phi_degrees, values, members) = sums.finish();
        let lines = Lines::of(&values, n, &known.angle.masked_frames);
        let (sigma, noise) = (measured_sigma(&lines).unwrap_or(0.0), with_whiteness(joined_noise(&noises), &lines));
        enough_frames(n, &known.angle.masked_frames, &known.sources.join(" + "), &known.mask_note)?;
        let angles: Vec<String> = members.iter().map(|member| degrees(member.phi_degrees).to_string()).collect();
        let mut warnings = known.warnings;
        warnings.push(format!("angles {} degrees are merged into {}", angles.join(", "), degrees(phi_degrees)));
        let angle = Angle { phi_degrees, sigma, noise, ..known.angle };
        Ok(Some(OfAngle { angle, values, members, warnings, ..known }))
    }

    /// Reads one bin and finds out what of it is data.
    fn examine_bin(&self, bin: &Bin) -> Result<OfAngle> {
        let selection = &self.request.selection;
        let place = self.source.place(&bin.path);
        let pairs = read_pairs(&self.source, &bin.path, &self.frames, selection.symmetrise)?;
        let _ = rss_anon_bytes();
        let recorded = self.table.intensity.as_ref();
        let dark = recorded.map(|known| known.dark_frames(self.extent.n_frames, &self.frames)).unwrap_or_default();
        let left_out = LeftOut { before: self.frames.start, dark: &dark, asked: &selection.left_out(&self.frames) };
        let read = Read { values: pairs.values, diagonal: pairs.diagonal, place, warnings: pairs.warnings };
        let usable = read.examined(self.frames.len(), &left_out, selection.max_non_finite_fraction)?;
        let noise = AngleNoise { pixels: bin.pixels(self.pixels.as_deref()), ..usable.noise };
        let Usable { values, masked_frames, mask_note, sigma, non_finite, warnings, .. } = usable;
        let angle = Angle { phi_degrees: bin.phi_degrees, sigma, masked_frames, noise };
        Ok(OfAngle {
            angle,
            values,
            mask_note,
            non_finite,
            warnings,
            sources: vec![bin.path.clone()],
            members: Vec::new(),
            triangles_agree: pairs.triangles_agree,
        })
    }

    /// The manifest of what was converted.
    pub fn manifest(&self, converted: Vec<Converted>, content: SourceContent, content_key: String) -> Result<Manifest> {
        let mut warnings = self.warnings.clone();
        let (mut angles, mut partitions, mut of_maps) = (Vec::new(), Vec::new(), Vec::new());
        for (group, converted) in self.groups.iter().zip(converted) {
            match converted {
                None => {
                    let places = group.iter().map(|bin| self.source.place(&bin.path));
                    warnings.extend(places.map(|place| format!("[{}] {place}: skipped, it holds no data", Code::E18)));
                }
                Some((angle, partition, more)) => {
                    angles.push(angle);
                    partitions.push(partition);
                    of_maps.extend(more);
                }
            }
        }
        warnings.extend(told_once(of_maps));
        if angles.is_empty() {
            return Err(no_bin_left(&self.source));
        }
        let request = self.request;
        let selection = serde_json::to_value(&request.selection)
            .map_err(|source| Fault::at("selection", "no JSON").source(source).internal())?;
        let q_per_angstrom = self.groups[0][0].q_per_angstrom;
        Ok(Manifest {
            format_version: FORMAT_VERSION,
            content_key,
            format: request.format,
            value_type: self.value_type,
            pair_order: PAIR_ORDER.into(),
            block_points: request.block_points,
            experiment: Experiment { q_per_angstrom, gap_angstrom: None, time: self.time(), angles },
            partitions,
            provenance: Provenance {
                program: concat!("homodyne ", env!("CARGO_PKG_VERSION")).into(),
                source: in_full(request.source()?),
                source_blake3: content.blake3,
                source_identity: Some(content.identity),
                files: Vec::new(),
                layout: self.layout.name().into(),
                selection,
                next_q_per_angstrom: distance_to_next(&wavevectors(&self.table.bins), q_per_angstrom),
                extent: Some(self.extent.clone()),
                warnings,
            },
        })
    }
}

impl OfAngle {
    /// What is known of both; the values are the merge's business.
    fn joined(mut self, other: OfAngle) -> OfAngle {
        self.angle.masked_frames.extend(other.angle.masked_frames);
        self.angle.masked_frames.sort_unstable();
        self.angle.masked_frames.dedup();
        if !other.mask_note.is_empty() && other.mask_note != self.mask_note {
            self.mask_note = [self.mask_note, other.mask_note].join("; ").trim_start_matches("; ").to_owned();
        }
        let (values, share) = other.non_finite;
        self.non_finite = (self.non_finite.0 + values, self.non_finite.1.max(share));
        self.triangles_agree &= other.triangles_agree;
        self.warnings.extend(other.warnings);
        self.sources.extend(other.sources);
        self
    }
}

/// E47: another layout in the same file is worth a warning, or an error if it holds other frames.
fn also_holds(source: &Source, read: Layout, other: Layout, n_file: usize, selection: &Selection) -> Result<String> {
    let found = bin_table(source, other, true, true).ok().and_then(|table| table.bins.into_iter().next());
    let n_other = found.and_then(|bin| frame_count(source, &bin.path).ok());
    match n_other.filter(|&n| n != n_file && selection.layout.is_none()) {
        None => Ok(format!("[{}] read as {}; the file also holds {}", Code::E47, read.name(), other.name())),
        Some(n) => Err(Fault::at(
            source.path().display(),
            format!("{} with {n_file} frames and {} with {n}", read.name(), other.name()),
        )
        .expected("one set of correlation matrices")
        .advice("choose one with experimental_data.layout or --layout")
        .code(Code::E47)
        .layout()),
    }
}

fn no_bin_left(source: &Source) -> Error {
    Fault::at(source.path().display(), "every wanted matrix is empty").expected("data").code(Code::E18).layout()
}
