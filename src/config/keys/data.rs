//! Keys about the data: which file, what of it, how it is stored.

use crate::config::draft::Draft;
use crate::config::field::Field;
use crate::config::key::{Access, Key, Template};
use crate::config::limits::Limits;
use crate::config::reader::Given;
use crate::error::{Error, Result};
use crate::experiment::{POSSIBLE_DT_SECONDS, POSSIBLE_Q_PER_ANGSTROM};
use crate::ingest::layouts::detect::Layout;
use crate::ingest::selection::{PhiRange, Symmetrise};
use crate::store::manifest::StoreFormat;

/// The beamline file.
pub const FILE: &str = "experimental_data.file_path";
/// Its folder, where folder and name are given apart.
pub const FOLDER: &str = "experimental_data.data_folder_path";
/// Its name in that folder.
pub const NAME: &str = "experimental_data.data_file_name";
/// The layout of the beamline file.
pub const LAYOUT: &str = "experimental_data.layout";
/// The wavevector.
pub const WAVEVECTOR: &str = "analyzer_parameters.scattering.wavevector_q";
/// The frame interval.
pub const FRAME_INTERVAL: &str = "analyzer_parameters.dt";
/// The first frame.
pub const FIRST_FRAME: &str = "analyzer_parameters.start_frame";
/// The last frame.
pub const LAST_FRAME: &str = "analyzer_parameters.end_frame";
/// Whether the first frame is left out.
pub const EXCLUDE_FIRST: &str = "experimental_data.exclude_first_frame";
/// Frames that are left out.
pub const MASKED: &str = "experimental_data.masked_frames";
/// What is taken of matrices that are not symmetric.
pub const SYMMETRISE: &str = "experimental_data.symmetrise";
/// Whether matrices without data are left out.
pub const SKIP_BAD_BINS: &str = "experimental_data.skip_bad_bins";
/// Whether what matches is used.
pub const ALLOW_MISSING: &str = "experimental_data.allow_missing";
/// Ranges of angles.
pub const PHI_RANGES: &str = "phi_filtering.target_ranges";
/// Whether the ranges are used.
pub const PHI_FILTER: &str = "phi_filtering.enabled";
/// Angles that become one.
pub const MERGE: &str = "phi_filtering.merge_within_degrees";
/// Where the store is.
pub const STORE: &str = "store.directory";
/// How the store is encoded.
pub const FORMAT: &str = "store.format";
/// Whether pairs stand beside the values.
pub const LONG: &str = "store.long";
/// How the store is cut.
pub const BLOCK_POINTS: &str = "optimization.nlsq.block_points";

/// More frames than any measurement has.
const MOST_FRAMES: i64 = 1_000_000_000;

/// The keys.
pub(super) const KEYS: &[Key] = &[
    Key::new(
        FILE,
        "the beamline file, relative to the configuration or else to the current directory",
        Access::Field(|draft| Field::OptionalPath(&mut draft.settings.ingest.source)),
    )
    .without_influence()
    .in_template(Template::Value("your_data.hdf")),
    Key::new(
        FOLDER,
        "folder of the beamline file, where folder and name are given apart",
        Access::Field(|draft| Field::OptionalPath(&mut draft.data_folder)),
    )
    .without_influence(),
    Key::new(
        NAME,
        "name of the beamline file in that folder",
        Access::Field(|draft| Field::OptionalText(&mut draft.data_name)),
    )
    .without_influence(),
    Key::new(
        LAYOUT,
        "how the file is laid out",
        Access::Field(|draft| Field::choice_or(&mut draft.settings.ingest.selection.layout, "auto", &Layout::NAMES)),
    ),
    Key::new(
        WAVEVECTOR,
        "wavevector; the nearest bin of the file is taken",
        Access::Field(|draft| {
            Field::OptionalNumber(
                &mut draft.settings.ingest.selection.q_per_angstrom,
                Limits::range(POSSIBLE_Q_PER_ANGSTROM),
            )
        }),
    )
    .unit("1/angstrom")
    .in_template(Template::Value("0.0054")),
    Key::new(
        "experimental_data.q_tolerance",
        "how far the nearest bin may be from the wavevector, as a share of it",
        Access::Field(|draft| Field::Number(&mut draft.settings.ingest.selection.q_tolerance, Limits::positive(1.0))),
    ),
    Key::new(
        FRAME_INTERVAL,
        "frame interval; null: as the file says (a conflict is an error)",
        Access::Field(|draft| {
            Field::OptionalNumber(&mut draft.settings.ingest.selection.dt_seconds, Limits::range(POSSIBLE_DT_SECONDS))
        }),
    )
    .also(&["analyzer_parameters.temporal.dt"])
    .unit("s")
    .in_template(Template::Default),
    Key::new(
        "experimental_data.dt_override",
        "true: the frame interval above holds even if the file says otherwise",
        Access::Field(|draft| Field::Switch(&mut draft.settings.ingest.selection.dt_override)),
    ),
    Key::new(
        FIRST_FRAME,
        "first frame, 1-based",
        Access::Field(|draft| Field::Integer(&mut draft.settings.ingest.selection.start_frame, 1..=MOST_FRAMES)),
    )
    .also(&["analyzer_parameters.temporal.start_frame"])
    .in_template(Template::Default),
    Key::new(
        LAST_FRAME,
        "last frame, inclusive; -1: the last",
        Access::Field(|draft| Field::Integer(&mut draft.settings.ingest.selection.end_frame, -1..=MOST_FRAMES)),
    )
    .also(&["analyzer_parameters.temporal.end_frame"])
    .in_template(Template::Default),
    Key::new(
        EXCLUDE_FIRST,
        "true: the first frame is left out",
        Access::Field(|draft| Field::Switch(&mut draft.settings.ingest.selection.exclude_first_frame)),
    ),
    Key::new(
        MASKED,
        "frames to leave out, 1-based numbers of the file",
        Access::Own { accepts: "a list of frame numbers", members: &[], set: set_masked, get: show_masked },
    ),
    Key::new(
        SYMMETRISE,
        "what to take of a matrix whose triangles differ; no: that is an error",
        Access::Field(|draft| {
            Field::choice_or(&mut draft.settings.ingest.selection.symmetrise, "no", &Symmetrise::NAMES)
        }),
    ),
    Key::new(
        SKIP_BAD_BINS,
        "true: matrices without data are left out instead of being an error",
        Access::Field(|draft| Field::Switch(&mut draft.settings.ingest.selection.skip_bad_bins)),
    ),
    Key::new(
        ALLOW_MISSING,
        "true: matrices and bins that match are used where their numbers differ",
        Access::Field(|draft| Field::Switch(&mut draft.settings.ingest.selection.allow_missing)),
    ),
    Key::new(
        "experimental_data.max_non_finite_fraction",
        "largest share of values that may be missing",
        Access::Field(|draft| {
            Field::Number(&mut draft.settings.ingest.selection.max_non_finite_fraction, Limits::between(0.0, 1.0))
        }),
    ),
    Key::new(
        PHI_RANGES,
        "only angles in these ranges {min_angle, max_angle}; one whose min is above its max goes through 180",
        Access::Own {
            accepts: "a list of {min_angle, max_angle} in degrees, from -360 to 360",
            members: &["[].min_angle", "[].max_angle"],
            set: set_ranges,
            get: show_ranges,
        },
    )
    .also(&[
        "optimization_config.angle_filtering.target_ranges",
        "optimization.angle_filtering.target_ranges",
        "optimization.angle_filtering.target_angle_ranges",
    ])
    .unit("degree")
    .in_template(Template::Value("[{min_angle: -10.0, max_angle: 10.0}]")),
    Key::new(
        PHI_FILTER,
        "false: the ranges are not used",
        Access::Own {
            accepts: "true or false",
            members: &[],
            set: set_filter,
            get: |draft| (!draft.ignores_phi_ranges).to_string(),
        },
    )
    .also(&["optimization_config.angle_filtering.enabled", "optimization.angle_filtering.enabled"])
    .in_template(Template::Value("false")),
    Key::new(
        MERGE,
        "angles nearer than this become one, by a weighted mean; 0: none",
        Access::Field(|draft| {
            let limits = Limits::between(0.0, 180.0).below_the_end();
            Field::Number(&mut draft.settings.ingest.selection.merge_within_degrees, limits)
        }),
    )
    .unit("degree"),
    Key::new(
        STORE,
        "directory of the store; null: stores/<name of the configuration>-<key of the content> below output.directory",
        Access::Field(|draft| Field::OptionalPath(&mut draft.store)),
    )
    .without_influence(),
    Key::new(
        FORMAT,
        "encoding of the store",
        Access::Field(|draft| Field::choice(&mut draft.settings.ingest.format, &StoreFormat::NAMES)),
    ),
    Key::new(
        LONG,
        "true: Arrow partitions have columns i, j, t1 and t2 beside the values, as Parquet ones always do",
        Access::Field(|draft| Field::Switch(&mut draft.settings.ingest.long)),
    )
    .without_influence(),
    Key::new(
        BLOCK_POINTS,
        "pairs per block of the store",
        Access::Field(|draft| Field::Count(&mut draft.settings.ingest.block_points, 64..=100_000_000)),
    ),
];

fn set_filter(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    draft.ignores_phi_ranges = !given.switch().ok_or_else(|| given.refused())?;
    Ok(())
}

fn set_masked(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let items = given.items().ok_or_else(|| given.refused())?;
    let is_frame = |item: &Given<'_>| item.count().is_some_and(|frame| frame >= 1);
    let wrong = items.iter().filter(|item| !is_frame(item));
    Error::together(wrong.map(|item| item.wrong("a frame number, from 1 on")).collect())?;
    draft.settings.ingest.selection.masked_frames = items.iter().filter_map(Given::count).collect();
    Ok(())
}

fn show_masked(draft: &Draft) -> String {
    format!("{:?}", draft.settings.ingest.selection.masked_frames)
}

fn set_ranges(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    draft.phi_ranges.clear();
    let mut errors = Vec::new();
    for item in given.items().ok_or_else(|| given.refused())? {
        let turn = |angle: &f64| (-360.0..=360.0).contains(angle);
        let angle = |key: &str| item.member(key).and_then(|angle| angle.number()).filter(turn);
        match (angle("min_angle"), angle("max_angle")) {
            (Some(min_angle), Some(max_angle)) => draft.phi_ranges.push(PhiRange { min_angle, max_angle }),
            _ => errors.push(item.wrong("min_angle and max_angle in degrees, from -360 to 360")),
        }
    }
    Error::together(errors)
}

fn show_ranges(draft: &Draft) -> String {
    let shown = |range: &PhiRange| format!("{{min_angle: {:?}, max_angle: {:?}}}", range.min_angle, range.max_angle);
    format!("[{}]", draft.phi_ranges.iter().map(shown).collect::<Vec<String>>().join(", "))
}
