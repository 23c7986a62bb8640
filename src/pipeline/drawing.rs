//! One pass over a store for everything that is looked at: sums of every angle become pictures and figures, angle by angle, each on one
//! thread. It knows neither results nor files.

use crate::error::Result;
use crate::experiment::Experiment;
use crate::likelihood::speckle::lag_means::of_speckles;
use crate::listener::{Event, LogLevel, Watch};
use crate::machine::dataflow::{Dataflow, Lanes, Meter, refused_threads};
use crate::model::catalogue::Model;
use crate::model::pair::PairEvaluator;
use crate::model::time_tables::ThetaTables;
use crate::outcome::curves::Curve;
use crate::outcome::fit::FitOutcome;
use crate::outcome::pictures::{AGES, AnglePicture, BINS_PER_SIGMA, Cut, CutPoint, MOST_SIGMA, Map, SEGMENTS};
use crate::parameters::definitions::ShearConvention;
use crate::report::figures::lines::{Figure, cuts, frames};
use crate::report::figures::maps::{Colours, Triptych, name, small};
use crate::report::figures::style::standing_alone;
use crate::report::page::Shown;
use crate::store::block::BlockSource;
use crate::sweep::raw::pass::Sweep;
use crate::sweep::raw::picture_patches::{Grain, IntoPicture, Level, Sum};
use std::sync::Arc;

/// How pictures are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportSettings {
    /// Azimuths in degrees whose figures are on the page; empty: some, evenly chosen.
    pub phi_degrees: Vec<f64>,
    /// Colours of maps.
    pub colours: Colours,
    /// Most pixels along the side of a map; `None`: 512, and 256 where there are many angles.
    pub most_pixels: Option<usize>,
    /// Worker threads.
    pub threads: usize,
    /// Whether tables of data, model and residual of every pair are written too.
    pub fitted: bool,
}

impl Default for ReportSettings {
    fn default() -> Self {
        ReportSettings {
            phi_degrees: Vec::new(),
            colours: Colours::Viridis,
            most_pixels: None,
            threads: 1,
            fitted: false,
        }
    }
}

/// Angles whose figures are on the page if nobody says which.
const SHOWN: usize = 4;
/// With more angles than that maps are smaller.
const MANY_ANGLES: usize = 16;
/// Bins of lags grow by this factor.
const GROWTH: f64 = 1.15;

/// What is known of the level of one angle.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Contrast, offset and noise.
    pub level: Level,
    /// Independent speckles, where they are seen.
    pub speckles: Option<f64>,
}

/// One angle, drawn.
pub struct Drawn {
    /// What was seen.
    pub picture: AnglePicture,
    /// Its map.
    map: String,
    small: String,
}

/// Files of a report: names below its directory, and contents.
pub type Files = Vec<(String, Vec<u8>)>;

/// Everything that drawing needs.
pub struct Drawing {
    sweep: Sweep<'static>,
    model: Model,
    theta: Vec<f64>,
    tables: ThetaTables,
    known: Vec<Known>,
    phi_degrees: Vec<f64>,
    grain: Grain,
    dt_seconds: f64,
    /// Whether theta is that of a fit.
    has_fit: bool,
    settings: ReportSettings,
}

impl Drawing {
    /// Of a store, at a theta if there is one, with what is known of every angle.
    #[must_use]
    pub fn of(
        store: Arc<dyn BlockSource>,
        model: Model,
        theta: Option<Vec<f64>>,
        known: Vec<Known>,
        settings: &ReportSettings,
    ) -> Self {
        let (experiment, settings) = (store.experiment(), settings.clone());
        let (n_frames, dt_seconds) = (experiment.time.n_frames, experiment.time.dt_seconds);
        let many = experiment.angles.len() > MANY_ANGLES;
        let most_pixels = settings.most_pixels.unwrap_or(if many { 256 } else { 512 });
        let grain = Grain {
            n_frames,
            frames_per_pixel: n_frames.div_ceil(most_pixels.max(1)),
            bin_of_lag: bins_of_lags(n_frames),
            segments: SEGMENTS,
            ages: AGES,
            residual_bins: (MOST_SIGMA * BINS_PER_SIGMA, BINS_PER_SIGMA as f64),
        };
        let phi_degrees = experiment.angles.iter().map(|angle| angle.phi_degrees).collect();
        let (has_fit, theta) = (theta.is_some(), theta.unwrap_or_else(|| vec![0.0; model.mode.n_parameters()]));
        let (tables, sweep) = (model.tables(&theta), Sweep::new(store, model.clone(), 1));
        Drawing { sweep, model, theta, tables, known, phi_degrees, grain, dt_seconds, has_fit, settings }
    }

    /// All angles.
    ///
    /// # Errors
    /// What the store reports; Interrupted if the user has asked to stop.
    pub fn all(&self, watch: &Watch<'_>) -> Result<Vec<Drawn>> {
        let n = self.phi_degrees.len();
        let mut drawn = Vec::with_capacity(n);
        let flow = Dataflow {
            n_items: n,
            lanes: Lanes::self_reading(self.settings.threads),
            read: &|_| Ok(()),
            work: &|angle, ()| self.angle(angle),
            meter: &Meter::default(),
        };
        flow.fold(&mut |angle, one| {
            drawn.push(one);
            watch.tell(&Event::Angles { work: "report", done: angle + 1, all: n });
            watch.check()
        })?;
        refused_threads().iter().for_each(|warning| watch.log(LogLevel::Warning, warning));
        Ok(drawn)
    }

    fn angle(&self, angle: usize) -> Result<Drawn> {
        let known = self.known[angle];
        let sums = self.sweep.picture((&self.tables, &self.theta), angle, known.level, &self.grain)?;
        let map = self.map(known.level, &sums.pixels);
        let triptych = Triptych {
            map: &map,
            phi_degrees: self.phi_degrees[angle],
            sigma: Some(known.level.sigma).filter(|sigma| *sigma > 0.0),
            dt_seconds: self.dt_seconds,
            colours: self.settings.colours,
        };
        let (figure, small) = (triptych.svg()?, small(&map, self.settings.colours)?);
        Ok(Drawn { picture: self.picture(angle, known, &sums), map: figure, small })
    }

    fn picture(&self, angle: usize, known: Known, sums: &IntoPicture<'_>) -> AnglePicture {
        let is_judged = self.has_fit && known.level.sigma > 0.0;
        let ages = sums.ages.iter().map(|[pairs, squares]| (*pairs as u64, *squares));
        let cut = |segment: usize| Cut {
            segment: (segment < SEGMENTS).then_some(segment),
            points: self.points(angle, known, (segment, &sums.lags[segment])),
        };
        let frame = |&[pairs, y]: &[f64; 2]| (pairs > 0.0).then(|| 1.0 + y / pairs);
        AnglePicture {
            phi_degrees: self.phi_degrees[angle],
            cuts: [SEGMENTS].into_iter().chain(0..SEGMENTS).map(cut).collect(),
            frames: sums.frames.iter().map(frame).collect(),
            ages: if is_judged { ages.collect() } else { Vec::new() },
            residuals: if is_judged { sums.residuals.clone() } else { Vec::new() },
        }
    }

    /// Both triangles alike.
    fn map(&self, level: Level, pixels: &[[f64; 3]]) -> Map {
        let side = self.grain.side();
        let at = |k: usize| {
            let (row, column) = (k / side, k % side);
            pixels[row.min(column) * side + row.max(column)]
        };
        let fit = |[n, _, h]: [f64; 3]| (1.0 + level.offset_less_one + level.contrast * h / n) as f32;
        let all = if self.has_fit { side * side } else { 0 };
        Map {
            side,
            frames_per_pixel: self.grain.frames_per_pixel,
            data: (0..side * side).map(at).map(|[n, y, _]| (1.0 + y / n) as f32).collect(),
            fit: (0..all).map(at).map(fit).collect(),
        }
    }

    fn points(&self, angle: usize, known: Known, (segment, sums): (usize, &[Sum])) -> Vec<CutPoint> {
        let evaluator = PairEvaluator::new(&self.model, &self.tables, &self.theta, self.phi_degrees[angle]);
        let h = |a: usize, b: usize| if a == b { 1.0 } else { evaluator.h(a.min(b), a.max(b)) };
        let (n, level) = (self.grain.n_frames, known.level);
        let (from, to) = if segment < SEGMENTS { (segment, segment + 1) } else { (0, SEGMENTS) };
        let error = |lag: usize, pairs: f64| {
            // Earlier frames of pairs whose middle lies in the segment.
            let first = (from * n / SEGMENTS).saturating_sub(lag / 2);
            let last = (to * n / SEGMENTS).saturating_sub(lag / 2).min(n - lag);
            let speckles = match known.speckles.filter(|_| self.has_fit && last > first) {
                Some(speckles) => level.contrast.powi(2) / speckles * of_speckles(&h, first..last, lag),
                None => 0.0,
            };
            (level.sigma > 0.0).then(|| (level.sigma * level.sigma / pairs + speckles).sqrt())
        };
        let point = |&[pairs, y, h, lag]: &Sum| CutPoint {
            lag_frames: lag / pairs,
            pairs: pairs as u64,
            data: 1.0 + y / pairs,
            error: error((lag / pairs).round() as usize, pairs),
            fit: self.has_fit.then(|| 1.0 + level.offset_less_one + level.contrast * h / pairs),
        };
        sums.iter().filter(|sum| sum[0] > 0.0).map(point).collect()
    }

    /// The files of all angles, and what a page shows of them.
    #[must_use]
    pub fn shown(&self, drawn: Vec<Drawn>, curves: &[Curve]) -> (Files, Vec<Shown>) {
        let (mut files, mut angles) = (Files::new(), Vec::new());
        for (k, Drawn { picture, map, small }) in drawn.into_iter().enumerate() {
            let phi_degrees = picture.phi_degrees;
            let lines: Vec<Figure> =
                [cuts(curves, phi_degrees), frames(curves, phi_degrees)].into_iter().flatten().collect();
            let map_file = name(phi_degrees);
            files.push(plot(&map_file, &map));
            files.extend(lines.iter().map(|figure| plot(&figure.name, &figure.svg)));
            let figures = self.is_shown(k).then_some((map, lines));
            angles.push(Shown { phi_degrees, small, map_file, figures });
        }
        (files, angles)
    }

    fn is_shown(&self, angle: usize) -> bool {
        let (n, asked) = (self.phi_degrees.len(), &self.settings.phi_degrees);
        match asked.is_empty() {
            true => (0..SHOWN.min(n)).any(|chosen| chosen * n / SHOWN.min(n) == angle),
            false => asked.iter().any(|asked| (asked - self.phi_degrees[angle]).abs() < 0.01),
        }
    }
}

/// The model of a result.
///
/// # Errors
/// As [`Model::new`].
pub fn model_of(outcome: &FitOutcome, experiment: &Experiment) -> Result<Model> {
    let conditions = &outcome.conditions;
    let convention = conditions.shear_convention.unwrap_or(ShearConvention::Homodyne);
    Model::new(conditions.analysis_mode, convention, experiment)
}

/// A figure as a file.
#[must_use]
pub fn plot(name: &str, svg: &str) -> (String, Vec<u8>) {
    (format!("plots/{name}.svg"), standing_alone(svg).into_bytes())
}

/// The bin of every lag: single frames first, then ever wider ones.
fn bins_of_lags(n_frames: usize) -> Vec<usize> {
    let (mut bins, mut bin, mut end) = (vec![0, 0], 0, 2.0);
    for lag in 2..n_frames {
        if lag as f64 >= end {
            bin += 1;
            end = (lag as f64 * GROWTH).max((lag + 1) as f64);
        }
        bins.push(bin);
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_of_lags_are_single_frames_first_and_never_empty() {
        let bins = bins_of_lags(1000);
        assert_eq!(bins[..9], [0, 0, 1, 2, 3, 4, 5, 6, 6]);
        assert!(bins.windows(2).all(|two| two[1] - two[0] <= 1));
        assert!(bins[999] < 60);
    }
}
