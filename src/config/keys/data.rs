//! Keys about the data: which file, what of it, how it is stored.

use crate::config::draft::Draft;
use crate::config::field::Field;
use crate::config::key::{Access, Key, Template};
use crate::config::reader::Given;
use crate::error::Result;
use crate::ingest::layouts::detect::Layout;
use crate::ingest::selection::{PhiRange, Symmetrise};
use crate::store::manifest::StoreFormat;

/// The beamline file.
pub const FILE: &str = "experimental_data.file_path";
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

/// The keys.
pub(super) const KEYS: &[Key] = &[
    Key::new(
        FILE,
        "the beamline file, relative to the configuration",
        Access::Field(|draft| Field::OptionalPath(&mut draft.settings.ingest.source)),
    )
    .without_influence()
    .in_template(Template::Value("your_data.hdf")),
    Key::new(
        "experimental_data.data_folder_path",
        "folder of the beamline file, where folder and name are given apart",
        Access::Field(|draft| Field::OptionalText(&mut draft.data_folder)),
    )
    .without_influence(),
    Key::new(
        "experimental_data.data_file_name",
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
        Access::Field(|draft| Field::OptionalNumber(&mut draft.settings.ingest.selection.q_per_angstrom)),
    )
    .unit("1/angstrom")
    .in_template(Template::Value("0.0054")),
    Key::new(
        "experimental_data.q_tolerance",
        "how far the nearest bin may be from the wavevector, as a share of it",
        Access::Field(|draft| Field::Positive(&mut draft.settings.ingest.selection.q_tolerance)),
    ),
    Key::new(
        FRAME_INTERVAL,
        "frame interval; null: as the file says (a conflict is an error)",
        Access::Field(|draft| Field::OptionalPositive(&mut draft.settings.ingest.selection.dt_seconds)),
    )
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
        Access::Field(|draft| Field::Integer(&mut draft.settings.ingest.selection.start_frame)),
    )
    .in_template(Template::Default),
    Key::new(
        LAST_FRAME,
        "last frame, inclusive; -1: the last",
        Access::Field(|draft| Field::Integer(&mut draft.settings.ingest.selection.end_frame)),
    )
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
        Access::Field(|draft| Field::Positive(&mut draft.settings.ingest.selection.max_non_finite_fraction)),
    ),
    Key::new(
        PHI_RANGES,
        "only angles in these ranges {min_angle, max_angle}, wrap-aware",
        Access::Own {
            accepts: "min_angle and max_angle in degrees",
            members: &["[].min_angle", "[].max_angle"],
            set: set_ranges,
            get: show_ranges,
        },
    )
    .unit("degree")
    .in_template(Template::Value("[{min_angle: -10.0, max_angle: 10.0}]")),
    Key::new(
        "phi_filtering.enabled",
        "false: the ranges are not used",
        Access::Own {
            accepts: "true or false",
            members: &[],
            set: set_filter,
            get: |draft| (!draft.ignores_phi_ranges).to_string(),
        },
    )
    .in_template(Template::Value("false")),
    Key::new(
        MERGE,
        "angles nearer than this become one, by a weighted mean; below 180",
        Access::Field(|draft| Field::Number(&mut draft.settings.ingest.selection.merge_within_degrees)),
    )
    .unit("degree"),
    Key::new(
        STORE,
        "directory of the store; null: stores/<name of the configuration> below output.directory",
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
        Access::Field(|draft| Field::Count(&mut draft.settings.ingest.block_points, 64)),
    ),
];

fn set_filter(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    draft.ignores_phi_ranges = !given.switch().ok_or_else(|| given.refused())?;
    Ok(())
}

fn set_masked(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    let wrong = || given.refused();
    let numbers = given.numbers().ok_or_else(wrong)?;
    let frame = |number: f64| (number >= 1.0 && number.fract() == 0.0).then_some(number as usize);
    let frames: Option<Vec<usize>> = numbers.into_iter().map(frame).collect();
    draft.settings.ingest.selection.masked_frames = frames.ok_or_else(wrong)?;
    Ok(())
}

fn show_masked(draft: &Draft) -> String {
    format!("{:?}", draft.settings.ingest.selection.masked_frames)
}

fn set_ranges(draft: &mut Draft, given: &Given<'_>) -> Result<()> {
    draft.phi_ranges.clear();
    for item in given.items().ok_or_else(|| given.refused())? {
        let angle = |key: &str| item.member(key).and_then(|angle| angle.number());
        match (angle("min_angle"), angle("max_angle")) {
            (Some(min_angle), Some(max_angle)) => draft.phi_ranges.push(PhiRange { min_angle, max_angle }),
            _ => return Err(item.refused()),
        }
    }
    Ok(())
}

fn show_ranges(draft: &Draft) -> String {
    let shown = |range: &PhiRange| format!("{{min_angle: {:?}, max_angle: {:?}}}", range.min_angle, range.max_angle);
    format!("[{}]", draft.phi_ranges.iter().map(shown).collect::<Vec<String>>().join(", "))
}
