//! A folder of tables to a store, or the store that is there. What is said of it: that it was adopted, from what, with which warnings.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::experiment::{Experiment, TimeGrid};
use crate::ingest::adopt::facts::{Fact, same};
use crate::ingest::adopt::job::{Adopted, Job};
use crate::ingest::adopt::request::AdoptSettings;
use crate::ingest::adopt::sources::{contents, is_apart, joint_hash, tables};
use crate::ingest::adopt::survey::Survey;
use crate::ingest::convert::changed;
use crate::ingest::request::Ingested;
use crate::ingest::reuse::{Earlier, Others, Place, RULES, earlier_store, key_of, made, may_give_way};
use crate::ingest::told_once::told_once;
use crate::listener::{LogLevel, Watch};
use crate::machine::dataflow::refused_threads;
use crate::machine::file_identity::{FileIdentity, in_full};
use crate::machine::folder::parent_of;
use crate::machine::publish::tidy_up;
use crate::store::described::{PAIR_ORDER, Whose};
use crate::store::manifest::{ADOPTED, FORMAT_VERSION, Manifest, Provenance, SourceFile, ValueType};
use crate::store::recognise::STORE;
use crate::store::writer::StagedStore;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Makes a store of tables that another Arrow tool has written or edited, or finds that it is there.
///
/// Tables are Parquet or Arrow IPC files. Long ones have rows (i, j, c2) or (t1, t2, c2) in any order, frames from 0 and times in
/// seconds from the first frame; a pair without a row, null and not a number are masked. Dense ones have c2 alone, all pairs in our
/// order. The angle comes from a column `phi`, a folder `phi=<degrees>` or the schema; wavevector, frame interval, number of frames and
/// gap from columns, folders, the schema or the settings.
///
/// Memory: the triangle of an angle (4 or 8 bytes and a bit per pair) per thread; where tables hold several angles, as many triangles
/// as fit into 256 MiB, and the tables are read again for the rest.
///
/// # Errors
/// E79 for columns that say nothing of pairs, E80 for rows that are none and for facts that nobody tells or that contradict each other,
/// the codes of data files for what is wrong with files, values and frames; nothing half-written is left behind.
pub fn adopt(request: &AdoptSettings, threads: usize, watch: &Watch<'_>) -> Result<Ingested> {
    let paths = tables(&request.source)?;
    is_apart(&request.source, &request.store)?;
    let before = identities(&paths)?;
    let files = contents(&request.source, &paths)?;
    let content_key = content_key(request, &files)?;
    tidy_up(&parent_of(&request.store), STORE);
    let damage = match earlier_store(&request.store, &content_key, request.reuse)? {
        Earlier::Same(same) => return Ok(same.at(&request.store)),
        Earlier::Damaged(damage) => Some(damage),
        Earlier::Other => None,
    };
    may_give_way(&request.store, (&request.source, &joint_hash(&files)), Others::Never)?;
    let survey = Survey::of(request, &paths, threads)?;
    same_measurement(&request.store, &survey)?;
    let time =
        TimeGrid { n_frames: survey.n_frames, dt_seconds: survey.dt_seconds, start_seconds: 0.0, first_frame: 1 };
    let (q_per_angstrom, block_points) = (survey.q_per_angstrom, request.block_points);
    let whose = Whose { content_key: content_key.clone(), q_per_angstrom, time, block_points };
    let job = Job::plan(request, &survey, threads)?;
    let staged = StagedStore::begin(&request.store, request.format, whose)?.long(request.long);
    let adopted = job.convert(&staged, watch)?;
    refused_threads().iter().for_each(|warning| watch.log(LogLevel::Warning, warning));
    for ((path, before), after) in paths.iter().zip(before).zip(identities(&paths)?) {
        if after != before {
            return Err(changed(path, before, after));
        }
    }
    let manifest = manifest(request, &survey, (adopted, files), content_key);
    manifest.experiment.check()?;
    let place = Place { path: &request.store, reuse: request.reuse, others: Others::Never, damage };
    let earlier = place.publish(staged, &manifest)?;
    Ok(Ingested { reused: false, compared: 0, earlier, store: request.store.clone(), manifest })
}

/// E76 if the place holds the store of tables with another q, frame interval, number of frames or gap: what is not known of both is
/// not compared.
fn same_measurement(place: &Path, survey: &Survey) -> Result<()> {
    let Ok(Manifest { experiment, .. }) = Manifest::of(place) else { return Ok(()) };
    let compared = [
        (Fact::Wavevector, Some(survey.q_per_angstrom), Some(experiment.q_per_angstrom)),
        (Fact::Interval, Some(survey.dt_seconds), Some(experiment.time.dt_seconds)),
        (Fact::Frames, Some(survey.n_frames as f64), Some(experiment.time.n_frames as f64)),
        (Fact::Gap, survey.gap_angstrom, experiment.gap_angstrom),
    ];
    let differs = |(fact, told, stored): (Fact, Option<f64>, Option<f64>)| {
        let (told, stored) = told.zip(stored)?;
        (!same(stored, told)).then(|| format!("{} is {told} now and {stored} in the store", fact.name()))
    };
    let differences: Vec<String> = compared.into_iter().filter_map(differs).collect();
    if differences.is_empty() {
        return Ok(());
    }
    Err(Fault::at(place.display(), differences.join(", "))
        .expected("a new place, or the store of tables of the same measurement")
        .advice(format!("choose another --out, or remove {} first", place.display()))
        .code(Code::E76)
        .config())
}

fn identities(paths: &[PathBuf]) -> Result<Vec<FileIdentity>> {
    paths.iter().map(|path| FileIdentity::of(path)).collect()
}

/// What the user has said beside the tables.
fn options(request: &AdoptSettings) -> Value {
    json!({
        "q_per_angstrom": request.q_per_angstrom,
        "dt_seconds": request.dt_seconds,
        "gap_angstrom": request.gap_angstrom,
        "n_frames": request.n_frames,
    })
}

fn content_key(request: &AdoptSettings, files: &[SourceFile]) -> Result<String> {
    if request.block_points == 0 {
        return Err(Fault::at("block_points", "0").expected("at least one pair per block").config());
    }
    let made = made(request.format, request.block_points, request.long);
    key_of(&json!([FORMAT_VERSION, RULES, ADOPTED, joint_hash(files), options(request), made]))
}

fn manifest(
    request: &AdoptSettings,
    survey: &Survey,
    (adopted, files): (Vec<Adopted>, Vec<SourceFile>),
    content_key: String,
) -> Manifest {
    let mut warnings = survey.warnings.clone();
    let (mut angles, mut partitions, mut of_tables) = (Vec::new(), Vec::new(), Vec::new());
    for adopted in adopted {
        angles.push(adopted.angle);
        partitions.push(adopted.partition);
        of_tables.extend(adopted.warnings);
    }
    warnings.extend(told_once(of_tables));
    let time =
        TimeGrid { n_frames: survey.n_frames, dt_seconds: survey.dt_seconds, start_seconds: 0.0, first_frame: 1 };
    let (q_per_angstrom, gap_angstrom) = (survey.q_per_angstrom, survey.gap_angstrom);
    Manifest {
        format_version: FORMAT_VERSION,
        content_key,
        format: request.format,
        value_type: if survey.narrow { ValueType::F32 } else { ValueType::F64 },
        pair_order: PAIR_ORDER.into(),
        block_points: request.block_points,
        experiment: Experiment { q_per_angstrom, gap_angstrom, time, angles },
        partitions,
        provenance: Provenance {
            program: concat!("homodyne ", env!("CARGO_PKG_VERSION")).into(),
            source: in_full(&request.source),
            source_blake3: joint_hash(&files),
            source_identity: None,
            files,
            layout: ADOPTED.into(),
            selection: options(request),
            next_q_per_angstrom: None,
            extent: None,
            warnings,
        },
    }
}
