//! Converts a configuration's values to settings, key by key. It does not read files.

use crate::config::reader::{Reader, as_number, as_text};
use crate::config::search_builder::SearchBuilder;
use crate::config::settings::{RunSettings, Settings, Stage};
use crate::config::tree::Node;
use crate::error::Result;
use crate::fit::settings::{FitSettings, Quality, Tolerances};
use crate::ingest::layouts::detect::Layout;
use crate::ingest::request::IngestSettings;
use crate::ingest::selection::{PhiRange, Selection, Symmetrise};
use crate::likelihood::scaling::ScalingSettings;
use crate::listener::LogLevel;
use crate::model::catalogue::ModelSettings;
use crate::parameters::definitions::{AnalysisMode, PHYSICAL, ShearConvention, find};
use crate::parameters::scaling::{AngleScaling, ScalingMode};
use crate::parameters::space::ParameterSpace;
use crate::store::block::DEFAULT_BLOCK_POINTS;
use crate::store::manifest::StoreFormat;
use crate::sums::loss::Loss;
use std::path::{Path, PathBuf};

/// Reads settings for a configuration that lies in `folder`.
pub(super) struct Builder<'a> {
    pub reader: &'a Reader,
    pub folder: &'a Path,
}

const MODES: [(&str, AnalysisMode); 4] = [
    ("static", AnalysisMode::Static),
    ("static_isotropic", AnalysisMode::Static),
    ("static_anisotropic", AnalysisMode::Static),
    ("laminar_flow", AnalysisMode::LaminarFlow),
];

impl Builder<'_> {
    pub fn settings(&self, name: String) -> Result<Settings> {
        let reader = self.reader;
        if reader.text("analysis_mode")?.is_none() {
            return Err(reader.wrong_at("analysis_mode", "static or laminar_flow"));
        }
        let mode = reader.choice_or("analysis_mode", &MODES, "static")?;
        let space = self.space(mode)?;
        let conventions = [("homodyne", ShearConvention::Homodyne), ("gap_average", ShearConvention::GapAverage)];
        let source = self.source()?;
        let output = PathBuf::from(reader.text("output.directory")?.unwrap_or("results".into()));
        let default_store = output.join("stores").join(&name);
        let search = SearchBuilder { reader };
        let (memory, notes) = search.memory()?;
        let formats = [("arrow", StoreFormat::Arrow), ("parquet", StoreFormat::Parquet)];
        let fit = FitSettings {
            start: self.start(&space)?,
            x_scale: self.x_scale(&space)?,
            multi_start: search.multi_start(&space)?,
            cma_es: search.cma_es()?,
            memory,
            strategy: search.strategy()?,
            stratified_max_points: reader.count_or("optimization.nlsq.stratified_max_points", 5000, 0)?,
            loss: reader.choice_or("optimization.nlsq.loss", &Loss::NAMES, "linear")?,
            f_scale: reader.positive_or("optimization.nlsq.f_scale", 1.0)?,
            space,
            scaling: self.scaling()?,
            tolerances: self.tolerances()?,
            quality: self.quality()?,
            ..FitSettings::default()
        };
        let ingest = IngestSettings {
            source,
            selection: self.selection()?,
            store: reader.text("store.directory")?.map_or(default_store, PathBuf::from),
            format: reader.choice_or("store.format", &formats, "arrow")?,
            block_points: reader.count_or("optimization.nlsq.block_points", DEFAULT_BLOCK_POINTS, 64)?,
            verify: false,
        };
        let run = RunSettings {
            name,
            threads: self.threads()?,
            pin_threads: reader.switch_or("performance.computation.pin_threads", false)?,
            output,
            log_level: self.log_level()?,
            stages: self.stages()?,
        };
        let model = ModelSettings {
            convention: reader.choice_or("model.shear_convention", &conventions, "homodyne")?,
            gap_angstrom: self.gap(mode)?,
        };
        Ok(Settings { model, ingest, fit, run, effective: Vec::new(), notes })
    }

    fn quality(&self) -> Result<Quality> {
        let key = |name: &str| format!("optimization.nlsq.quality_validation.{name}");
        Ok(Quality {
            enable: self.reader.switch_or(&key("enable"), true)?,
            max_reduced_chi_squared: self.reader.positive_or(&key("reduced_chi_squared_threshold"), 2.0)?,
            bounds_tolerance: self.reader.positive_or(&key("bounds_tolerance"), 1e-9)?,
        })
    }

    /// Characteristic sizes by name.
    fn x_scale(&self, space: &ParameterSpace) -> Result<Vec<Option<f64>>> {
        let key = "optimization.nlsq.x_scale_map";
        let mut sizes = vec![None; space.physical.len()];
        for (name, value) in self.reader.members(key) {
            let known = find(name).ok_or_else(|| self.reader.wrong(key, value, &known_names()))?;
            let size = as_number(&value.node).filter(|size| *size > 0.0);
            let size = size.ok_or_else(|| self.reader.wrong(key, value, "a positive number"))?;
            if let Some(k) = space.physical.iter().position(|parameter| parameter.name == known.name) {
                sizes[k] = Some(size);
            }
        }
        Ok(sizes)
    }

    /// Relative paths of data are relative to the configuration file.
    fn source(&self) -> Result<Option<PathBuf>> {
        let file = self.reader.text("experimental_data.file_path")?;
        let folder = self.reader.text("experimental_data.data_folder_path")?;
        let name = self.reader.text("experimental_data.data_file_name")?;
        let path = match (file, folder, name) {
            (Some(file), _, _) => PathBuf::from(file),
            (None, folder, Some(name)) => PathBuf::from(folder.unwrap_or_default()).join(name),
            (None, _, None) => return Ok(None),
        };
        Ok(Some(self.folder.join(path)))
    }

    fn gap(&self, mode: AnalysisMode) -> Result<Option<f64>> {
        let key = "analyzer_parameters.geometry.stator_rotor_gap";
        let gap = self.reader.number(key)?;
        match gap {
            None if mode == AnalysisMode::LaminarFlow => {
                Err(self.reader.wrong_at(key, "the gap in angstrom (laminar_flow needs it)"))
            }
            Some(gap) if gap <= 0.0 => Err(self.reader.wrong_at(key, "a positive number of angstrom")),
            _ => Ok(gap),
        }
    }

    fn selection(&self) -> Result<Selection> {
        let reader = self.reader;
        let default = Selection::default();
        let layouts: Vec<(&str, Option<Layout>)> =
            Layout::NAMES.iter().map(|(name, layout)| (*name, Some(*layout))).chain([("auto", None)]).collect();
        let symmetrise = [
            ("no", None),
            ("mean", Some(Symmetrise::Mean)),
            ("upper", Some(Symmetrise::Upper)),
            ("lower", Some(Symmetrise::Lower)),
        ];
        let dt_seconds = reader.number("analyzer_parameters.dt")?;
        if dt_seconds.is_some_and(|dt| dt <= 0.0) {
            return Err(reader.wrong_at("analyzer_parameters.dt", "a positive number of seconds"));
        }
        let masked = reader.numbers("experimental_data.masked_frames")?.unwrap_or_default();
        Ok(Selection {
            layout: reader.choice_or("experimental_data.layout", &layouts, "auto")?,
            q_per_angstrom: reader.number("analyzer_parameters.scattering.wavevector_q")?,
            q_tolerance: reader.positive_or("experimental_data.q_tolerance", default.q_tolerance)?,
            phi_ranges: self.phi_ranges()?,
            merge_within_degrees: self.merge_within_degrees()?,
            start_frame: reader.integer_or("analyzer_parameters.start_frame", 1)?,
            end_frame: reader.integer_or("analyzer_parameters.end_frame", -1)?,
            dt_seconds,
            dt_override: reader.switch_or("experimental_data.dt_override", false)?,
            exclude_first_frame: reader.switch_or("experimental_data.exclude_first_frame", true)?,
            masked_frames: masked.into_iter().map(|frame| frame as usize).collect(),
            symmetrise: reader.choice_or("experimental_data.symmetrise", &symmetrise, "no")?,
            skip_bad_bins: reader.switch_or("experimental_data.skip_bad_bins", false)?,
            allow_missing: reader.switch_or("experimental_data.allow_missing", false)?,
            max_non_finite_fraction: reader
                .positive_or("experimental_data.max_non_finite_fraction", default.max_non_finite_fraction)?,
        })
    }

    fn phi_ranges(&self) -> Result<Vec<PhiRange>> {
        let enabled = self.reader.switch_or("phi_filtering.enabled", true)?;
        let mut ranges = Vec::new();
        for item in self.reader.items("phi_filtering.target_ranges") {
            let angle = |key: &str| item.get(key).and_then(|value| as_number(&value.node));
            match (angle("min_angle"), angle("max_angle")) {
                (Some(min_angle), Some(max_angle)) => ranges.push(PhiRange { min_angle, max_angle }),
                _ => {
                    return Err(self.reader.wrong(
                        "phi_filtering.target_ranges",
                        item,
                        "min_angle and max_angle in degrees",
                    ));
                }
            }
        }
        Ok(if enabled { ranges } else { Vec::new() })
    }

    fn merge_within_degrees(&self) -> Result<f64> {
        let key = "phi_filtering.merge_within_degrees";
        let degrees = self.reader.number(key)?.unwrap_or(0.0);
        match (0.0..180.0).contains(&degrees) {
            true => Ok(degrees),
            false => Err(self.reader.wrong_at(key, "degrees from 0 (nothing is merged) to below 180")),
        }
    }

    /// Bounds, then fixed values.
    fn space(&self, mode: AnalysisMode) -> Result<ParameterSpace> {
        let mut space = ParameterSpace::default_of(mode);
        for item in self.reader.items("parameter_space.bounds") {
            let name = item.get("name").and_then(|value| as_text(&value.node)).unwrap_or_default();
            if find(&name).is_none() {
                return Err(self.reader.wrong("parameter_space.bounds", item, &known_names()));
            }
            // Bounds of parameters that this mode does not have are read and not needed.
            let Some(parameter) = space.get_mut(&name) else { continue };
            for (key, slot) in [("min", &mut parameter.lower), ("max", &mut parameter.upper)] {
                if let Some(value) = item.get(key).filter(|value| value.node != Node::Null) {
                    *slot = as_number(&value.node)
                        .ok_or_else(|| self.reader.wrong("parameter_space.bounds", value, "a number"))?;
                }
            }
        }
        self.fix(&mut space)?;
        for parameter in space.physical.iter_mut().chain([&mut space.contrast, &mut space.offset]) {
            *parameter = parameter.clone().settled()?;
        }
        Ok(space)
    }

    fn fix(&self, space: &mut ParameterSpace) -> Result<()> {
        for (name, value) in self.reader.members("initial_parameters.fixed_parameters") {
            let key = "initial_parameters.fixed_parameters";
            let number = as_number(&value.node).ok_or_else(|| self.reader.wrong(key, value, "a number"))?;
            if !PHYSICAL.iter().any(|known| known.name == name || known.aliases.contains(&name)) {
                return Err(self.reader.wrong(key, value, &format!("a physical parameter instead of `{name}`")));
            }
            if let Some(parameter) = space.get_mut(name) {
                parameter.fixed = Some(number);
            }
        }
        let Some(active) = self.reader.words("initial_parameters.active_parameters")? else { return Ok(()) };
        let mut wanted = Vec::new();
        for name in &active {
            wanted.push(
                find(name)
                    .ok_or_else(|| self.reader.wrong_at("initial_parameters.active_parameters", &known_names()))?
                    .name,
            );
        }
        let values = self.values_by_name(space)?;
        for (k, parameter) in space.physical.iter_mut().enumerate() {
            if !wanted.contains(&parameter.name.as_str()) && parameter.fixed.is_none() {
                parameter.fixed = Some(values.as_ref().map_or(PHYSICAL[k].start, |values| values[k]));
            }
        }
        Ok(())
    }

    /// Start values in the order of the parameters; `None` to start from the data.
    fn values_by_name(&self, space: &ParameterSpace) -> Result<Option<Vec<f64>>> {
        let key = "initial_parameters.values";
        let names = self.reader.words("initial_parameters.parameter_names")?;
        let Some(values) = self.reader.numbers(key)? else { return Ok(None) };
        let order: Vec<String> = space.physical.iter().map(|parameter| parameter.name.clone()).collect();
        let names = match names {
            None => order.clone(),
            Some(names) => {
                names.iter().map(|name| find(name).map_or(name.clone(), |known| known.name.into())).collect()
            }
        };
        let place = |name: &String| names.iter().position(|known| known == name).and_then(|k| values.get(k)).copied();
        let found: Option<Vec<f64>> = order.iter().map(place).collect();
        let expected = format!("one value for each of {}", order.join(", "));
        found.filter(|_| names.len() == values.len()).map(Some).ok_or_else(|| self.reader.wrong_at(key, &expected))
    }

    fn start(&self, space: &ParameterSpace) -> Result<Option<Vec<f64>>> {
        let Some(mut start) = self.values_by_name(space)? else { return Ok(None) };
        for (value, parameter) in start.iter_mut().zip(&space.physical) {
            *value = parameter.fixed.unwrap_or(*value);
        }
        Ok(Some(start))
    }

    fn scaling(&self) -> Result<ScalingSettings> {
        let reader = self.reader;
        let key = |name: &str| format!("optimization.nlsq.anti_degeneracy.{name}");
        let contrast = reader.numbers("initial_parameters.per_angle_scaling.contrast")?;
        let offset = reader.numbers("initial_parameters.per_angle_scaling.offset")?;
        let given = match (contrast, offset) {
            (Some(contrast), Some(offset)) if contrast.len() == offset.len() => Some(
                contrast
                    .into_iter()
                    .zip(offset)
                    .map(|(contrast, offset)| AngleScaling::new(contrast, offset))
                    .collect(),
            ),
            (None, None) => None,
            _ => {
                let expected = "lists of equal length for contrast and offset, or null for both";
                return Err(reader.wrong_at("initial_parameters.per_angle_scaling", expected));
            }
        };
        Ok(ScalingSettings {
            mode: reader.choice_or(&key("per_angle_mode"), &ScalingMode::NAMES, "auto")?,
            shared_from_angles: reader.count_or(&key("constant_scaling_threshold"), 3, 1)?,
            fourier_order: reader.count_or(&key("fourier_order"), 2, 1)?,
            given,
        })
    }

    fn tolerances(&self) -> Result<Tolerances> {
        let (reader, default) = (self.reader, Tolerances::default());
        let tolerance = reader.positive_or("optimization.nlsq.tolerance", default.ftol)?;
        Ok(Tolerances {
            ftol: reader.positive_or("optimization.nlsq.ftol", tolerance)?,
            xtol: reader.positive_or("optimization.nlsq.xtol", default.xtol)?,
            gtol: reader.positive_or("optimization.nlsq.gtol", default.gtol)?,
            max_iterations: reader.count_or("optimization.nlsq.max_iterations", default.max_iterations, 1)?,
        })
    }

    fn threads(&self) -> Result<usize> {
        let key = "performance.computation.cpu_threads";
        let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        match self.reader.text(key)?.as_deref() {
            None | Some("auto") => Ok(all),
            Some(text) => {
                let count = text.parse().ok().filter(|count| *count > 0);
                count.ok_or_else(|| self.reader.wrong_at(key, "auto or a positive whole number"))
            }
        }
    }

    fn log_level(&self) -> Result<LogLevel> {
        self.reader.choice_or("logging.level", &LogLevel::NAMES, "info")
    }

    fn stages(&self) -> Result<Vec<Stage>> {
        if self.reader.text("optimization.method")?.is_some_and(|method| method != "nlsq") {
            return Err(self.reader.wrong_at("optimization.method", "nlsq (sampling is not part of this version)"));
        }
        let Some(words) = self.reader.words("pipeline.stages")? else { return Ok(vec![Stage::Ingest, Stage::Fit]) };
        let stage = |word: &String| match word.as_str() {
            "ingest" => Ok(Stage::Ingest),
            "fit" => Ok(Stage::Fit),
            _ => Err(self.reader.wrong_at("pipeline.stages", "a list of ingest, fit")),
        };
        words.iter().map(stage).collect()
    }
}

fn known_names() -> String {
    let names: Vec<&str> = PHYSICAL.iter().map(|known| known.name).collect();
    format!("a name among {}, contrast, offset", names.join(", "))
}
