//! Writes a simulated measurement as beam lines do (APS-U layout), one matrix after the other, so that memory holds one at a time.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::listener::{Event, Watch};
use crate::machine::memory::{available_bytes, detect_total_memory};
use crate::machine::staged_file::{Replace, StagedFile};
use crate::model::catalogue::Model;
use crate::simulate::{Scatter, Simulation, Width};
use hdf5_pure::{File, FileAccessProperties, FileBuilder, SyncPolicy};
use std::path::Path;

const MAPS: &str = "xpcs/twotime/correlation_map";

impl Simulation {
    /// Writes the file; it appears whole, by a rename.
    ///
    /// # Errors
    /// Parameter for impossible numbers and for more memory than there is, Io if the file cannot be written, E78 if something is
    /// there that may not be replaced.
    pub fn write(&self, path: &Path, replace: Replace, watch: &Watch<'_>) -> Result<()> {
        self.check()?;
        self.check_memory(detect_total_memory().into_iter().chain(available_bytes()).min())?;
        let staged = StagedFile::begin(path, replace)?;
        self.write_all(staged.path(), watch)?;
        staged.publish()
    }

    /// Most bytes at a time: factor and covariance of the fields, products, one matrix, its written form; the map of pixels.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let matrices = if self.noise.scatter == Scatter::Pairs { 4 } else { 6 };
        let n = self.n_frames as u64;
        let bins = (self.phi_degrees.len() * self.all_q().len()) as u64;
        let pixels = bins.saturating_mul(self.pixels().unwrap_or(0) as u64);
        n.saturating_mul(n).saturating_mul(8 * matrices).saturating_add(pixels.saturating_mul(8))
    }

    fn check_memory(&self, available: Option<u64>) -> Result<()> {
        let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        match available.filter(|&available| self.bytes() > available) {
            None => Ok(()),
            Some(available) => Err(Fault::at(
                format!("simulate --frames {}", self.n_frames),
                format!("{:.1} GiB are needed for one angle and the map of pixels", gib(self.bytes())),
            )
            .expected(format!("at most the {:.1} GiB that are free", gib(available)))
            .advice("take fewer frames or speckles, or free memory")
            .code(Code::E66)
            .parameter()),
        }
    }

    fn write_all(&self, path: &Path, watch: &Watch<'_>) -> Result<()> {
        let failed = |source| failed(path, source);
        self.frame().write(path).map_err(failed)?;
        // The rename makes the file visible: what is before it need not reach the disk step by step.
        let file = File::open_rw_with_options(path, FileAccessProperties::new().with_sync_policy(SyncPolicy::OnClose));
        let file = file.map_err(failed)?;
        let (n_angles, all_q) = (self.phi_degrees.len(), self.all_q());
        for (ring, &q) in all_q.iter().enumerate() {
            let of_q = Simulation { q_per_angstrom: q, seed: self.seed + 1000 * ring as u64, ..self.clone() };
            let model = Model::new(self.mode, self.convention, &of_q.experiment())?;
            let tables = model.tables(&self.theta);
            for angle in 0..n_angles {
                let matrix = of_q.matrix(&model, &tables, angle, watch.stop())?;
                let number = ring * n_angles + angle + 1;
                file.group(MAPS).and_then(|map| self.add(&map, number, &matrix)).map_err(failed)?;
                file.commit().map_err(failed)?;
                watch.tell(&Event::Angles { work: "simulate", done: number, all: all_q.len() * n_angles });
                watch.check()?;
            }
        }
        file.close().map_err(failed)
    }

    fn add(&self, map: &hdf5_pure::Group, number: usize, matrix: &[f64]) -> std::result::Result<(), hdf5_pure::Error> {
        let n = self.n_frames as u64;
        map.create_dataset(&format!("c2_{number:05}"), |dataset| {
            match self.width {
                Width::F32 => dataset.with_f32_data(&matrix.iter().map(|&value| value as f32).collect::<Vec<f32>>()),
                Width::F64 => dataset.with_f64_data(matrix),
            };
            dataset.with_shape(&[n, n]).with_chunks(&[n, n]).with_lzf();
        })
        .map(drop)
    }

    /// All but the matrices.
    fn frame(&self) -> FileBuilder {
        let mut file = FileBuilder::new();
        let mut xpcs = file.create_group("xpcs");
        let mut twotime = xpcs.create_group("twotime");
        let maps = twotime.create_group("correlation_map").finish();
        twotime.add_group(maps);
        self.add_bins(&mut twotime);
        xpcs.add_group(twotime.finish());
        xpcs.add_group(self.qmap(&mut file));
        file.add_group(xpcs.finish());
        let entry = self.entry(&mut file);
        file.add_group(entry);
        file
    }

    fn add_bins(&self, twotime: &mut hdf5_pure::GroupBuilder) {
        let labels: Vec<i32> = (1..=(self.all_q().len() * self.phi_degrees.len()) as i32).collect();
        twotime.create_dataset("processed_bins").with_i32_data(&labels);
        let mut config = twotime.create_group("config");
        for (name, value) in [("avg_frame", 1), ("stride_frame", 1), ("begin_frame", 0), ("end_frame", -1)] {
            config.create_dataset(name).with_i64_data(&[value]).with_shape(&[]);
        }
        twotime.add_group(config.finish());
    }

    /// The first q ring is empty: labels lead to (q, phi) through the index mapping only.
    fn qmap(&self, file: &mut FileBuilder) -> hdf5_pure::FinishedGroup {
        let n_phi = self.phi_degrees.len() as u32;
        let mut qmap = file.create_group("qmap");
        let rings = [&[0.5 * self.q_per_angstrom], &self.all_q()[..]].concat();
        let n_q = rings.len() as u32;
        qmap.create_dataset("dynamic_v_list_dim0").with_f64_data(&rings);
        qmap.create_dataset("dynamic_v_list_dim1").with_f64_data(&self.phi_degrees);
        qmap.create_dataset("dynamic_num_pts").with_i64_data(&[i64::from(n_q), i64::from(n_phi)]);
        qmap.create_dataset("dynamic_index_mapping").with_u32_data(&(n_phi..n_q * n_phi).collect::<Vec<u32>>());
        qmap.create_dataset("map_names").with_vlen_strings(&["q", "phi"]);
        qmap.create_dataset("map_units").with_vlen_strings(&["1/A", "deg"]);
        if let Some(pixels) = self.pixels() {
            // Pixels of one bin side by side, one bin below the other.
            let n_bins = self.all_q().len() as u32 * n_phi;
            let labels: Vec<u32> = (1..=n_bins).flat_map(|bin| std::iter::repeat_n(bin, pixels)).collect();
            let roi = qmap.create_dataset("dynamic_roi_map").with_u32_data(&labels);
            roi.with_shape(&[u64::from(n_bins), pixels as u64]);
        }
        qmap.finish()
    }

    fn entry(&self, file: &mut FileBuilder) -> hdf5_pure::FinishedGroup {
        let mut entry = file.create_group("entry");
        let mut instrument = entry.create_group("instrument");
        let mut detector = instrument.create_group("detector_1");
        for name in ["frame_time", "count_time"] {
            detector.create_dataset(name).with_f64_data(&[self.dt_seconds]).with_shape(&[]);
        }
        instrument.add_group(detector.finish());
        entry.add_group(instrument.finish());
        entry.finish()
    }
}

fn failed(path: &Path, source: hdf5_pure::Error) -> Error {
    Fault::at(path.display(), "cannot be written").code(Code::E73).source(source).io()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_memory_than_there_is_is_refused_before_anything_is_done() {
        let large = Simulation { n_frames: 20_000, ..crate::simulate::tests::small() };
        let refused = large.check_memory(Some(1 << 32)).expect_err("17.9 GiB of 4");
        assert!(refused.to_string().contains("4.0 GiB"), "{refused}");
        let endless = Simulation { n_frames: usize::MAX, ..crate::simulate::tests::small() };
        assert!(endless.check_memory(Some(1 << 32)).is_err());
        assert!(crate::simulate::tests::small().check_memory(Some(1 << 32)).is_ok());
    }
}
