//! Writers of beamline files, for tests: every detail that a layout may vary can be changed.

use hdf5_pure::{AttrValue, DatasetBuilder, FileBuilder, GroupBuilder};
use std::path::{Path, PathBuf};

/// A c2 that tells its bin and pair: exact in f32.
pub fn c2(bin: usize, i: usize, j: usize) -> f64 {
    1.0 + bin as f64 / 64.0 + i as f64 / 4096.0 + j as f64 / 131_072.0
}

#[derive(Clone, Copy, PartialEq)]
pub enum Fill {
    Upper,
    Lower,
    Full,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Storage {
    Contiguous,
    Gzip,
    Lzf,
    ShuffleGzip,
}

/// A matrix in the given triangle, with a diagonal that is no data.
pub fn matrix(n: usize, bin: usize, fill: Fill) -> Vec<f64> {
    let mut matrix = vec![0.0; n * n];
    for i in 0..n {
        matrix[i * n + i] = 7.5;
        for j in i + 1..n {
            if fill != Fill::Lower {
                matrix[i * n + j] = c2(bin, i, j);
            }
            if fill != Fill::Upper {
                matrix[j * n + i] = c2(bin, i, j);
            }
        }
    }
    matrix
}

pub fn write_matrix(group: &mut GroupBuilder, name: &str, values: &[f64], narrow: bool, storage: Storage) {
    let n = values.len().isqrt() as u64;
    let dataset = group.create_dataset(name);
    match narrow {
        true => dataset.with_f32_data(&values.iter().map(|&value| value as f32).collect::<Vec<f32>>()),
        false => dataset.with_f64_data(values),
    };
    dataset.with_shape(&[n, n]);
    match storage {
        Storage::Contiguous => {}
        Storage::Gzip => drop(dataset.with_chunks(&[n, n]).with_deflate(4)),
        Storage::Lzf => drop(dataset.with_chunks(&[n, n]).with_lzf()),
        Storage::ShuffleGzip => drop(dataset.with_chunks(&[7, 5]).with_shuffle().with_deflate(6)),
    }
}

/// An aps_u file: 3 q rings x 4 angles, of which bins 0, 3 and 6 are empty, so that labels are compressed.
#[derive(Clone)]
pub struct ApsU {
    pub n: usize,
    pub q: Vec<f64>,
    pub phi: Vec<f64>,
    pub num_pts: Vec<i64>,
    pub mapping: Option<Vec<u32>>,
    pub labels: Vec<i32>,
    pub names: Vec<String>,
    pub matrices: Vec<Vec<f64>>,
    pub narrow: bool,
    pub storage: Storage,
    pub map_names: Vec<&'static str>,
    pub map_units: Vec<&'static str>,
    /// Attribute `units` of the list of q, the list of phi and the frame time.
    pub units: [Option<&'static str>; 3],
    /// Attribute `unit` of the list of q.
    pub unit_of_q: Option<&'static str>,
    pub frame_time: Option<f64>,
    pub frame_time_is_text: bool,
    /// Empty groups under these names, wherever a number belongs there.
    pub groups_instead: &'static [&'static str],
    pub stride: Option<i64>,
    pub average: Option<i64>,
    pub intensity: Option<Vec<f32>>,
    /// Frames as rows.
    pub intensity_is_transposed: bool,
    /// Frame time of a detector_2.
    pub other_frame_time: Option<f64>,
    pub roi_map: Option<Vec<u32>>,
    pub twotime: bool,
    /// Frames of a legacy matrix in the same file.
    pub legacy_too: Option<usize>,
}

pub const NATURAL: [u32; 9] = [1, 2, 4, 5, 7, 8, 9, 10, 11];

impl Default for ApsU {
    fn default() -> Self {
        ApsU::with(Fill::Upper)
    }
}

impl ApsU {
    pub fn with(fill: Fill) -> Self {
        let n = 24;
        ApsU {
            n,
            q: vec![0.003, 0.0054, 0.009],
            phi: vec![-90.0, 0.0, 45.0, 180.0],
            num_pts: vec![3, 4],
            mapping: Some(NATURAL.to_vec()),
            labels: (1..=9).collect(),
            names: (1..=9).map(|k| format!("c2_{k:05}")).collect(),
            matrices: NATURAL.iter().map(|&natural| matrix(n, natural as usize, fill)).collect(),
            narrow: true,
            storage: Storage::Lzf,
            map_names: vec!["q", "phi"],
            map_units: vec!["\u{c5}^-1", "deg"],
            units: [None; 3],
            unit_of_q: None,
            frame_time: Some(0.05),
            frame_time_is_text: false,
            groups_instead: &[],
            stride: Some(2),
            average: Some(1),
            intensity: None,
            intensity_is_transposed: false,
            other_frame_time: None,
            roi_map: None,
            twotime: true,
            legacy_too: None,
        }
    }

    /// No mapping is needed: each of the 3 x 3 bins has a label.
    pub fn without_mapping() -> Self {
        ApsU {
            mapping: None,
            roi_map: Some((1..=9).collect()),
            phi: vec![-90.0, 0.0, 45.0],
            num_pts: vec![3, 3],
            ..ApsU::default()
        }
    }

    pub fn write(&self, path: &Path) -> PathBuf {
        let mut file = FileBuilder::new();
        let mut xpcs = file.create_group("xpcs");
        if self.twotime {
            let mut twotime = xpcs.create_group("twotime");
            let mut map = twotime.create_group("correlation_map");
            for (name, matrix) in self.names.iter().zip(&self.matrices) {
                write_matrix(&mut map, name, matrix, self.narrow, self.storage);
            }
            twotime.add_group(map.finish());
            twotime.create_dataset("processed_bins").with_i32_data(&self.labels);
            let mut config = twotime.create_group("config");
            let numbers = [
                ("stride_frame", self.stride),
                ("avg_frame", self.average),
                ("begin_frame", Some(0)),
                ("end_frame", Some(-1)),
            ];
            for (name, value) in numbers {
                if self.groups_instead.contains(&name) {
                    let group = config.create_group(name).finish();
                    config.add_group(group);
                } else if let Some(value) = value {
                    config.create_dataset(name).with_i64_data(&[value]).with_shape(&[]);
                }
            }
            twotime.add_group(config.finish());
            xpcs.add_group(twotime.finish());
        }
        self.add_multitau(&mut xpcs);
        self.add_qmap(&mut xpcs);
        if let Some(intensity) = &self.intensity {
            let mut group = xpcs.create_group("spatial_mean");
            let frames = (0..intensity.len()).map(|k| k as f32);
            let values: Vec<f32> = frames.chain(intensity.iter().copied()).collect();
            let mut shape = [2, intensity.len() as u64];
            if self.intensity_is_transposed {
                shape.reverse();
            }
            group.create_dataset("intensity_vs_time").with_f32_data(&values).with_shape(&shape);
            xpcs.add_group(group.finish());
        }
        if self.legacy_too.is_some() {
            xpcs.create_dataset("dqlist").with_f64_data(&[0.0054]);
            xpcs.create_dataset("dphilist").with_f64_data(&[12.0]);
        }
        file.add_group(xpcs.finish());
        if let Some(n) = self.legacy_too {
            let mut exchange = file.create_group("exchange");
            let mut all = exchange.create_group("C2T_all");
            write_matrix(&mut all, "g2_00001", &matrix(n, 1, Fill::Upper), true, Storage::Contiguous);
            exchange.add_group(all.finish());
            file.add_group(exchange.finish());
        }
        self.add_entry(&mut file);
        file.write(path).expect("test file");
        path.to_path_buf()
    }

    fn add_multitau(&self, xpcs: &mut GroupBuilder) {
        let mut multitau = xpcs.create_group("multitau");
        multitau.create_dataset("delay_list").with_i64_data(&[1, 2, 4]);
        xpcs.add_group(multitau.finish());
    }

    fn add_qmap(&self, xpcs: &mut GroupBuilder) {
        let mut qmap = xpcs.create_group("qmap");
        let q = qmap.create_dataset("dynamic_v_list_dim0").with_f64_data(&self.q);
        in_unit(q, self.units[0]);
        if let Some(unit) = self.unit_of_q {
            q.set_attr("unit", AttrValue::String(unit.into()));
        }
        in_unit(qmap.create_dataset("dynamic_v_list_dim1").with_f64_data(&self.phi), self.units[1]);
        qmap.create_dataset("dynamic_num_pts").with_i64_data(&self.num_pts);
        if let Some(mapping) = &self.mapping {
            qmap.create_dataset("dynamic_index_mapping").with_u32_data(mapping);
        }
        if let Some(map) = &self.roi_map {
            qmap.create_dataset("dynamic_roi_map").with_u32_data(map).with_shape(&[1, map.len() as u64]);
        }
        qmap.create_dataset("map_names").with_vlen_strings(&self.map_names);
        if !self.map_units.is_empty() {
            qmap.create_dataset("map_units").with_vlen_strings(&self.map_units);
        }
        xpcs.add_group(qmap.finish());
    }

    fn add_entry(&self, file: &mut FileBuilder) {
        let mut entry = file.create_group("entry");
        // Real files hold empty groups under names that others use for strings.
        let definition = entry.create_group("definition").finish();
        entry.add_group(definition);
        let mut instrument = entry.create_group("instrument");
        let mut detector = instrument.create_group("detector_1");
        if self.frame_time_is_text {
            detector.create_dataset("frame_time").with_vlen_strings(&["0.05 s"]);
        } else if let Some(frame_time) = self.frame_time {
            let dataset = detector.create_dataset("frame_time").with_f32_data(&[frame_time as f32]).with_shape(&[1, 1]);
            in_unit(dataset, self.units[2]);
        }
        for name in self.groups_instead.iter().filter(|name| name.ends_with("_time")) {
            let group = detector.create_group(name).finish();
            detector.add_group(group);
        }
        if !self.groups_instead.contains(&"count_time") {
            detector.create_dataset("count_time").with_f64_data(&[0.04]);
        }
        instrument.add_group(detector.finish());
        if let Some(frame_time) = self.other_frame_time {
            let mut other = instrument.create_group("detector_2");
            other.create_dataset("frame_time").with_f64_data(&[frame_time]);
            instrument.add_group(other.finish());
        }
        entry.add_group(instrument.finish());
        file.add_group(entry.finish());
    }
}

fn in_unit(dataset: &mut DatasetBuilder, unit: Option<&str>) {
    if let Some(unit) = unit {
        dataset.set_attr("units", AttrValue::String(unit.into()));
    }
}

/// An aps_legacy file of any of the four writers.
#[derive(Clone)]
pub struct ApsLegacy {
    pub output: &'static str,
    pub output_text: Option<&'static str>,
    pub names: Vec<String>,
    pub bins: Vec<usize>,
    pub listed: Option<Vec<u64>>,
    pub dqlist: Vec<f64>,
    pub dphilist: Vec<f64>,
    pub fill: Fill,
    pub narrow: bool,
    pub storage: Storage,
    pub period: Option<f64>,
    pub n: usize,
}

impl ApsLegacy {
    /// Names g2_00002, g2_00004, g2_00005 of bins 2, 4, 5 (1-based), one q.
    pub fn eigen() -> Self {
        ApsLegacy {
            output: "exchange_2",
            output_text: Some("/exchange_2"),
            names: [2, 4, 5].map(|label| format!("g2_{label:05}")).to_vec(),
            bins: vec![2, 4, 5],
            listed: None,
            dqlist: vec![0.003, 0.0054, f64::NAN, 0.0054, 0.0054],
            dphilist: vec![0.0, -45.0, f64::NAN, 10.0, 100.0],
            fill: Fill::Upper,
            narrow: true,
            storage: Storage::Gzip,
            period: Some(0.02),
            n: 24,
        }
    }

    /// Names count 1..3, labels are listed.
    pub fn boost() -> Self {
        let names = [1, 2, 3].map(|label| format!("g2_{label:05}")).to_vec();
        ApsLegacy {
            output: "exchange",
            output_text: Some("/exchange"),
            names,
            listed: Some(vec![2, 4, 5]),
            ..Self::eigen()
        }
    }

    /// C2T_00002 .. in /TwoTimeInfo, f64, lower triangle as a C reader sees it.
    pub fn matlab() -> Self {
        let names = [2, 4, 5].map(|label| format!("C2T_{label:05}")).to_vec();
        ApsLegacy { output: "TwoTimeInfo", output_text: None, names, fill: Fill::Lower, narrow: false, ..Self::eigen() }
    }

    pub fn write(&self, path: &Path) -> PathBuf {
        let mut file = FileBuilder::new();
        let mut output = file.create_group(self.output);
        let mut all = output.create_group("C2T_all");
        for (name, &bin) in self.names.iter().zip(&self.bins) {
            write_matrix(&mut all, name, &matrix(self.n, bin, self.fill), self.narrow, self.storage);
        }
        output.add_group(all.finish());
        file.add_group(output.finish());
        let mut xpcs = file.create_group("xpcs");
        xpcs.create_dataset("dqlist").with_f64_data(&self.dqlist).with_shape(&[1, self.dqlist.len() as u64]);
        xpcs.create_dataset("dphilist").with_f64_data(&self.dphilist).with_shape(&[1, self.dphilist.len() as u64]);
        xpcs.create_dataset("avg_frames").with_u64_data(&[1]).with_shape(&[1, 1]);
        xpcs.create_dataset("stride_frames").with_u64_data(&[5]).with_shape(&[1, 1]);
        if let Some(text) = self.output_text {
            xpcs.create_dataset("output_data").with_vlen_strings(&[text]);
        }
        if let Some(listed) = &self.listed {
            xpcs.create_dataset("qphi_bin_to_process").with_u64_data(listed).with_shape(&[1, listed.len() as u64]);
        }
        file.add_group(xpcs.finish());
        if let Some(period) = self.period {
            let mut measurement = file.create_group("measurement");
            let mut instrument = measurement.create_group("instrument");
            let mut detector = instrument.create_group("detector");
            detector.create_dataset("exposure_period").with_f64_data(&[period]).with_shape(&[1, 1]);
            instrument.add_group(detector.finish());
            measurement.add_group(instrument.finish());
            file.add_group(measurement.finish());
        }
        file.write(path).expect("test file");
        path.to_path_buf()
    }
}
