//! All tables of a folder: which angles they hold, and what they share. It reads no value.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::ingest::adopt::columns::Columns;
use crate::ingest::adopt::extent::{Extent, MaxOf, Scanned, scan};
use crate::ingest::adopt::facts::{Claims, Fact, contradiction, folder, number};
use crate::ingest::adopt::request::AdoptSettings;
use crate::ingest::adopt::rows::wrapped;
use crate::ingest::adopt::table::Table;
use crate::ingest::matrix::MAX_FRAMES;
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::store::described::{PAIR_ORDER, told};
use std::path::{Path, PathBuf};

/// Angles nearer than this to each other are one, rounded in two ways.
const ROUNDING_DEGREES: f64 = 1e-4;

/// A table, as far as its schema and its name tell.
#[derive(Debug, Clone)]
pub(super) struct OneTable {
    /// Where it is.
    pub path: PathBuf,
    /// What its columns say.
    pub columns: Columns,
    /// The angle of all rows in degrees; `None` if a column tells it.
    pub phi_degrees: Option<f64>,
}

/// An angle and the tables with rows of it.
#[derive(Debug, Clone)]
pub(super) struct OneAngle {
    /// In degrees, in [-180, 180).
    pub phi_degrees: f64,
    /// By position.
    pub tables: Vec<usize>,
    extent: Option<Extent>,
}

/// What is known before values are read.
#[derive(Debug)]
pub(super) struct Survey {
    /// By name.
    pub tables: Vec<OneTable>,
    /// By ascending angle.
    pub angles: Vec<OneAngle>,
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// Frame interval in seconds.
    pub dt_seconds: f64,
    /// Gap in angstrom, if anything tells it.
    pub gap_angstrom: Option<f64>,
    /// Number of frames.
    pub n_frames: usize,
    /// All values are of 32 bit.
    pub narrow: bool,
    /// What deserves a warning.
    pub warnings: Vec<String>,
}

impl Survey {
    /// Of the tables at `paths`.
    ///
    /// # Errors
    /// What tables report; E16, E79 and E80 for what does not fit together or is told by nobody.
    pub fn of(request: &AdoptSettings, paths: &[PathBuf], threads: usize) -> Result<Self> {
        let mut claims = Claims::default();
        claims.of_option(Fact::Wavevector, request.q_per_angstrom);
        claims.of_option(Fact::Interval, request.dt_seconds);
        claims.of_option(Fact::Frames, request.n_frames.map(|n| n as f64));
        claims.of_option(Fact::Gap, request.gap_angstrom);
        let mut warnings = Vec::new();
        let tables = opened(paths, &mut claims, &mut warnings)?;
        let complete = claims.agreed(Fact::Frames)?.is_some() && claims.agreed(Fact::Interval)?.is_some();
        let scanned = scan_all(&tables, complete, threads)?;
        for (fact, claim) in scanned.iter().flat_map(|scanned| scanned.claims.iter()) {
            claims.add(*fact, claim.clone());
        }
        let angles = angles(&tables, &scanned)?;
        let place = &request.source;
        let dt_seconds = claims.required(Fact::Interval, place)?;
        let n_frames = match claims.agreed(Fact::Frames)? {
            Some(n) => n as usize,
            None => common_frames(&angles, dt_seconds, place)?,
        };
        believable(n_frames, place)?;
        has_rows(n_frames, &angles, place)?;
        let narrow = tables.iter().all(|table| table.columns.narrow);
        if !narrow && tables.iter().any(|table| table.columns.narrow) {
            warnings.push(format!(
                "{}: some tables have values of 32 bit, some of 64: all are stored in 64",
                place.display()
            ));
        }
        Ok(Survey {
            q_per_angstrom: claims.required(Fact::Wavevector, place)?,
            gap_angstrom: claims.agreed(Fact::Gap)?,
            dt_seconds,
            n_frames,
            narrow,
            tables,
            angles,
            warnings,
        })
    }
}

/// Opens every table and hears what its schema and its folders tell.
fn opened(paths: &[PathBuf], claims: &mut Claims, warnings: &mut Vec<String>) -> Result<Vec<OneTable>> {
    let mut tables = Vec::new();
    let mut told_phi = Vec::new();
    for path in paths {
        let table = Table::open(path)?;
        let place = path.display().to_string();
        let columns = Columns::of(table.schema(), &place)?;
        if !columns.others.is_empty() {
            warnings
                .push(format!("{place}: columns that say nothing here are left out: {}", columns.others.join(", ")));
        }
        claims.of_table(path, table.metadata())?;
        if columns.is_dense() {
            check_order(told(table.metadata(), "pair_order"), &place, warnings)?;
        }
        check_sigma(told(table.metadata(), "sigma"), &place)?;
        told_phi
            .push((angle_of(told(table.metadata(), "phi_degrees"), &place)?, folder(path, &["phi", "phi_degrees"])));
        tables.push(OneTable { path: path.clone(), columns, phi_degrees: None });
    }
    // Dataset writers give every table the schema of the first: then folders need not agree with it.
    let of_first = told_phi.first().and_then(|(phi, _)| *phi);
    let says_nothing = told_phi.len() > 1 && told_phi.iter().all(|(phi, _)| *phi == of_first);
    for (table, (of_schema, of_folder)) in tables.iter_mut().zip(told_phi) {
        let place = table.path.display().to_string();
        let of_folder = angle_of(of_folder.as_deref(), &place)?;
        let of_schema = of_schema.filter(|_| table.columns.phi.is_none());
        let differs = |(folder, schema): &(f64, f64)| folder != schema && !says_nothing;
        if let Some((folder, schema)) = of_folder.zip(of_schema).filter(differs) {
            let expected = format!("{schema} as its schema says (homodyne.phi_degrees)");
            return Err(contradiction(&place, &format!("phi = {folder} by its folder"), &expected));
        }
        table.phi_degrees = of_folder.or(of_schema);
        if table.phi_degrees.is_none() && table.columns.phi.is_none() {
            return Err(no_angle(&place));
        }
    }
    Ok(tables)
}

fn angle_of(text: Option<&str>, place: &str) -> Result<Option<f64>> {
    let Some(text) = text else { return Ok(None) };
    let phi = number(text).and_then(wrapped);
    phi.map(Some).ok_or_else(|| contradiction(place, &format!("phi = {text}"), "degrees"))
}

/// The scatter of values is measured anew, but a table that tells nonsense of it is not what it seems. 0: it was not known.
fn check_sigma(told: Option<&str>, place: &str) -> Result<()> {
    match told {
        Some(text) if number(text).is_none_or(|sigma| sigma < 0.0) => {
            let place = format!("{place} (homodyne.sigma of its schema)");
            Err(contradiction(&place, &format!("sigma = {text}"), "a standard deviation, or 0 where it is not known"))
        }
        _ => Ok(()),
    }
}

fn check_order(told: Option<&str>, place: &str, warnings: &mut Vec<String>) -> Result<()> {
    match told {
        Some(PAIR_ORDER) => Ok(()),
        Some(other) => Err(contradiction(place, &format!("pair order `{other}`"), PAIR_ORDER)),
        None => {
            warnings.push(format!("{place}: nothing says which pair a row is; taken as {PAIR_ORDER}"));
            Ok(())
        }
    }
}

fn no_angle(place: &str) -> Error {
    Fault::at(place, "nothing tells its angle")
        .expected("a column phi in degrees, a folder phi=<degrees>, or schema metadata homodyne.phi_degrees")
        .advice("write the tables with one of them")
        .code(Code::E80)
        .layout()
}

/// A pass over every table for which schema and folder do not tell everything.
fn scan_all(tables: &[OneTable], complete: bool, threads: usize) -> Result<Vec<Scanned>> {
    let mut all = Vec::new();
    let flow = Dataflow {
        n_items: tables.len(),
        lanes: Lanes::self_reading(threads),
        read: &|index| Ok(&tables[index]),
        work: &|_, table: &OneTable| {
            let columns = &table.columns;
            if complete && columns.phi.is_none() && columns.facts.is_empty() {
                return Ok(Scanned { angles: Vec::new(), claims: Vec::new() });
            }
            scan(Table::open(&table.path)?, columns, &table.path.display().to_string())
        },
        meter: &Meter::default(),
    };
    flow.fold(&mut |_, scanned| {
        all.push(scanned);
        Ok(())
    })?;
    Ok(all)
}

/// The angles, with the tables that have rows of them.
fn angles(tables: &[OneTable], scanned: &[Scanned]) -> Result<Vec<OneAngle>> {
    let mut angles: Vec<OneAngle> = Vec::new();
    for (position, (table, scanned)) in tables.iter().zip(scanned).enumerate() {
        let extents = scanned.angles.iter().map(|(phi, extent)| (*phi, Some(*extent)));
        let unscanned = scanned.angles.is_empty().then_some((None, None));
        for (of_column, extent) in extents.chain(unscanned) {
            if let Some((column, folder)) =
                of_column.zip(table.phi_degrees).filter(|(a, b)| (a - b).abs() > 1e-6 * b.abs())
            {
                let found = format!("phi = {column} in its column");
                return Err(contradiction(
                    &table.path.display().to_string(),
                    &found,
                    &format!("{folder} as its folder says"),
                ));
            }
            let Some(phi_degrees) = table.phi_degrees.or(of_column) else { continue };
            match angles.iter_mut().find(|angle| angle.phi_degrees == phi_degrees) {
                Some(angle) => angle.add(position, extent),
                None => angles.push(OneAngle { phi_degrees, tables: vec![position], extent }),
            }
        }
    }
    if angles.is_empty() {
        return Err(Fault::at(tables[0].path.display(), "no row")
            .expected("tables with rows")
            .advice("look at what the other tool has filtered out")
            .code(Code::E79)
            .layout());
    }
    angles.sort_by(|a, b| a.phi_degrees.total_cmp(&b.phi_degrees));
    match angles.windows(2).find(|pair| pair[1].phi_degrees - pair[0].phi_degrees < ROUNDING_DEGREES) {
        None => Ok(angles),
        Some(pair) => {
            let place = tables[pair[1].tables[0]].path.display().to_string();
            let (found, expected) =
                (format!("phi = {}", pair[1].phi_degrees), format!("{}, which is as near", pair[0].phi_degrees));
            Err(contradiction(&place, &found, &expected))
        }
    }
}

/// Frames without any pair are masked; where nearly all would be, the last frame is a slip, for which no memory is asked.
fn has_rows(n_frames: usize, angles: &[OneAngle], place: &Path) -> Result<()> {
    let rows = angles.iter().filter_map(|angle| angle.extent).map(|extent| extent.rows).max();
    match rows.filter(|rows| n_frames > MANY_FRAMES && n_frames / 4 > *rows) {
        None => Ok(()),
        Some(rows) => {
            let found = format!("{n_frames} frames, of which {rows} rows can be pairs of few");
            Err(contradiction(&place.display().to_string(), &found, "a pair for every frame that is not masked"))
        }
    }
}

/// Fewer frames ask for little memory.
const MANY_FRAMES: usize = 5000;

impl OneAngle {
    fn add(&mut self, table: usize, extent: Option<Extent>) {
        self.tables.push(table);
        self.extent = self.extent.zip(extent).map(|(own, other)| own.joined(other)).or(self.extent).or(extent);
    }

    /// Frames that rows show: up to the last one.
    fn frames(&self, dt_seconds: f64, place: &Path) -> Result<usize> {
        let Some(extent) = self.extent else { return Ok(0) };
        let of_times = extent.last_seconds.map(|seconds| (seconds / dt_seconds).round());
        match extent.last_frame.max_of(of_times) {
            Some(last) => Ok((last.max(0.0) as usize).saturating_add(1)),
            None => frames_of(extent.rows).ok_or_else(|| {
                let found = format!("{} rows of phi = {} without frames or times", extent.rows, self.phi_degrees);
                contradiction(&place.display().to_string(), &found, "N (N - 1) / 2 rows, one per pair")
            }),
        }
    }
}

/// N of N (N - 1) / 2 pairs.
fn frames_of(pairs: usize) -> Option<usize> {
    let n = (1.0 + (1.0 + 8.0 * pairs as f64).sqrt()) / 2.0;
    let n = n.round() as usize;
    (n * n.saturating_sub(1) / 2 == pairs).then_some(n)
}

/// E16 if nothing tells the number of frames and angles end at different ones.
fn common_frames(angles: &[OneAngle], dt_seconds: f64, place: &Path) -> Result<usize> {
    let mut first = None;
    for angle in angles {
        let n = angle.frames(dt_seconds, place)?;
        let (known, phi) = *first.get_or_insert((n, angle.phi_degrees));
        if n != known {
            return Err(Fault::at(place.display(), format!("{n} frames at phi = {}", angle.phi_degrees))
                .expected(format!("{known} frames as at phi = {phi}"))
                .advice("give their number with --frames: pairs without a row are masked")
                .code(Code::E16)
                .shape());
        }
    }
    Ok(first.map_or(0, |(n, _)| n))
}

fn believable(n_frames: usize, place: &Path) -> Result<()> {
    if (3..=MAX_FRAMES as usize).contains(&n_frames) {
        return Ok(());
    }
    Err(Fault::at(place.display(), format!("{n_frames} frames"))
        .expected(format!("3 to {MAX_FRAMES} frames"))
        .advice(
            "check the columns of frames (from 0; below 0 is a huge number where columns have no sign) and times (in seconds)",
        )
        .code(Code::E39)
        .shape())
}
