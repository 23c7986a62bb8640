//! One pass for everything that is looked at: sums of every angle become pictures and figures, angle by angle, each on one thread. It
//! knows neither results nor where files go.

use crate::error::Result;
use crate::experiment::Experiment;
use crate::likelihood::speckle::lag_means::of_speckles;
use crate::listener::{Event, LogLevel, Watch};
use crate::machine::dataflow::{Dataflow, Lanes, Meter, refused_threads};
use crate::outcome::pictures::{
    AGES, AnglePicture, BINS_PER_SIGMA, Cut, CutPoint, FrameMean, MOST_SIGMA, Map, SEGMENTS,
};
use crate::pipeline::looked_at::LookedAt;
use crate::report::curves::curves_of_angle;
use crate::report::figures::angle_lines::{cuts, frames};
use crate::report::figures::formats::svg::{address, on_page};
use crate::report::figures::formats::{Format, written};
use crate::report::figures::lines::Figure;
use crate::report::figures::maps::{Triptych, name, small};
use crate::report::figures::palette::Colours;
use crate::report::figures::picture::Picture;
use crate::report::page::Shown;
use crate::sweep::raw::picture_patches::{Grain, IntoPicture, Level, Sum};
use std::path::PathBuf;

/// How pictures are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportSettings {
    /// Azimuths in degrees whose figures are on the page; empty: those of the report that is there, else of a result the worst one and
    /// those along and across the flow, and some between them.
    pub phi_degrees: Vec<f64>,
    /// Colours of maps; `None`: those of the report that is there, else viridis.
    pub colours: Option<Colours>,
    /// Most pixels along the side of a map; `None`: 512, and 256 where there are many angles.
    pub most_pixels: Option<usize>,
    /// Formats of figures as files, beside those of the report that is there; SVG where neither says anything.
    pub formats: Vec<Format>,
    /// Where the store is now; `None`: where it was fitted.
    pub store: Option<PathBuf>,
    /// Worker threads.
    pub threads: usize,
    /// Whether tables of data, model and residual of every pair are written too.
    pub fitted: bool,
    /// Whether arrays and JSON under the names of the Python programs are written too.
    pub npz: bool,
}

impl Default for ReportSettings {
    fn default() -> Self {
        ReportSettings {
            phi_degrees: Vec::new(),
            colours: None,
            most_pixels: None,
            formats: Vec::new(),
            store: None,
            threads: 1,
            fitted: false,
            npz: false,
        }
    }
}

/// Angles whose figures are on the page if nobody says which.
pub const SHOWN: usize = 4;
/// With more angles than that maps are smaller.
const MANY_ANGLES: usize = 16;
/// Bytes on a page: of a pixel of the maps of one angle, whose data and residuals are noise, and of all maps at most.
const BYTES_PER_PIXEL: usize = 3;
const MOST_BYTES: usize = 3_000_000;
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
struct Drawn {
    picture: AnglePicture,
    shown: Shown,
    files: Files,
}

/// Files of a report: names below its directory, and contents.
pub type Files = Vec<(String, Vec<u8>)>;

/// Where files go as soon as they are drawn: those of hundreds of figures are never all in memory.
pub type Put<'a> = &'a mut dyn FnMut(Files) -> Result<()>;

/// Everything that drawing needs.
pub struct Drawing {
    source: Box<dyn LookedAt>,
    known: Vec<Known>,
    phi_degrees: Vec<f64>,
    grain: Grain,
    dt_seconds: f64,
    /// What the model is, where there is one.
    model: Option<&'static str>,
    settings: ReportSettings,
}

impl Drawing {
    /// Of an experiment with what is known of every angle; a model has a name, such as "fit".
    #[must_use]
    pub fn of(
        source: Box<dyn LookedAt>,
        experiment: &Experiment,
        known: Vec<Known>,
        model: Option<&'static str>,
        settings: &ReportSettings,
    ) -> Self {
        let (n_frames, dt_seconds) = (experiment.time.n_frames, experiment.time.dt_seconds);
        let settings = settings.clone();
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
        Drawing { source, known, phi_degrees, grain, dt_seconds, model, settings }
    }

    /// All angles: what was seen of each, and what a page shows of it.
    ///
    /// # Errors
    /// What the store and `put` report; Interrupted if the user has asked to stop.
    pub fn all(&self, put: Put<'_>, watch: &Watch<'_>) -> Result<(Vec<AnglePicture>, Vec<Shown>)> {
        let n = self.phi_degrees.len();
        let (mut pictures, mut angles) = (Vec::with_capacity(n), Vec::with_capacity(n));
        self.each(n, &|angle| self.angle(angle), &mut |angle, Drawn { picture, shown, files }| {
            pictures.push(picture);
            angles.push(shown);
            put(files)?;
            watch.tell(&Event::Angles { work: "report", done: angle + 1, all: n });
            watch.check()
        })?;
        refused_threads().iter().for_each(|warning| watch.log(LogLevel::Warning, warning));
        Ok((pictures, angles))
    }

    /// Figures of all angles together, as files.
    ///
    /// # Errors
    /// Internal if a picture cannot be encoded; what `put` reports.
    pub fn together(&self, figures: &[Figure], put: Put<'_>) -> Result<()> {
        self.each(figures.len(), &|k| self.files(&figures[k].name, &figures[k].picture), &mut |_, files| put(files))
    }

    /// What all threads draw, in order.
    fn each<T: Send>(
        &self,
        n_items: usize,
        draw: &(dyn Fn(usize) -> Result<T> + Sync),
        take: &mut dyn FnMut(usize, T) -> Result<()>,
    ) -> Result<()> {
        let lanes = Lanes::self_reading(self.settings.threads);
        let (read, work, meter) = (&|_| Ok(()), &|item, ()| draw(item), &Meter::default());
        Dataflow { n_items, lanes, read, work, meter }.fold(take)
    }

    fn angle(&self, angle: usize) -> Result<Drawn> {
        let (known, phi_degrees) = (self.known[angle], self.phi_degrees[angle]);
        let sums = self.source.sums(angle, known.level, &self.grain)?;
        let map = self.map(known.level, &sums.pixels);
        let triptych = Triptych {
            map: &map,
            phi_degrees,
            sigma: Some(known.level.sigma).filter(|sigma| *sigma > 0.0),
            dt_seconds: self.dt_seconds,
            unseen: (0..sums.frames.len()).filter(|&frame| sums.frames[frame][0] == 0.0).collect(),
            colours: self.settings.colours.unwrap_or_default(),
            model: self.model.unwrap_or_default(),
        };
        let (figure, picture) = (triptych.picture(), self.picture(angle, known, &sums));
        let small = small(&map, triptych.colours);
        let curves = curves_of_angle(&picture, self.dt_seconds);
        let lines: Vec<Figure> =
            [cuts(&curves, phi_degrees, &small), frames(&curves, phi_degrees)].into_iter().flatten().collect();
        let map_file = name(phi_degrees);
        let mut files = self.files(&map_file, &figure)?;
        for line in &lines {
            files.extend(self.files(&line.name, &line.picture)?);
        }
        let line_files = lines.iter().map(|line| (line.name.clone(), line.caption)).collect();
        let one_by_one = || triptych.pictures().iter().map(on_page).collect::<Result<String>>();
        let is_shown = self.is_shown(angle);
        let on_page = (is_shown || self.is_small()).then(one_by_one).transpose()?;
        let (small, figures) = (address(&small)?, on_page.map(|map| (map, lines)));
        let (why, data) = Default::default();
        Ok(Drawn {
            picture,
            shown: Shown { phi_degrees, small, why, map_file, data, line_files, is_shown, figures },
            files,
        })
    }

    /// A figure in every format.
    fn files(&self, name: &str, picture: &Picture) -> Result<Files> {
        let file = |format: &Format| Ok((format!("plots/{name}.{}", format.ending()), written(picture, *format)?));
        self.settings.formats.iter().map(file).collect()
    }

    fn picture(&self, angle: usize, known: Known, sums: &IntoPicture<'_>) -> AnglePicture {
        let is_judged = self.model.is_some() && known.level.sigma > 0.0;
        let ages = sums.ages.iter().map(|[pairs, squares]| (*pairs as u64, *squares));
        let cut = |segment: usize| Cut {
            segment: (segment < SEGMENTS).then_some(segment),
            points: self.points(angle, known, (segment, &sums.lags[segment])),
        };
        AnglePicture {
            phi_degrees: self.phi_degrees[angle],
            cuts: [SEGMENTS].into_iter().chain(0..SEGMENTS).map(cut).collect(),
            frames: self.frame_means(known.level, sums),
            ages: if is_judged { ages.collect() } else { Vec::new() },
            residuals: if is_judged { sums.residuals.clone() } else { Vec::new() },
        }
    }

    /// Every frame with what is expected of its pairs: first and last frames have pairs at other lags than those between, and
    /// neighbours of masked ones lack a short one.
    fn frame_means(&self, level: Level, sums: &IntoPicture<'_>) -> Vec<Option<FrameMean>> {
        let has_pairs = |frame: usize| sums.frames[frame][0] > 0.0;
        let mean = |[pairs, y]: [f64; 2]| y / pairs;
        let of_all_ages = |frame: usize| {
            let others = (0..sums.frames.len()).filter(|&other| has_pairs(other) && other != frame);
            let known = others.map(|other| mean(sums.diagonals[frame.abs_diff(other)])).filter(|mean| mean.is_finite());
            let (n, sum) = known.fold((0.0, 0.0), |(n, sum), y| (n + 1.0, sum + y));
            1.0 + mean([n, sum])
        };
        let of_model = |[pairs, _, h]: [f64; 3]| 1.0 + level.offset_less_one + level.contrast * h / pairs;
        let frame = |(frame, &[pairs, y, h]): (usize, &[f64; 3])| {
            has_pairs(frame).then(|| FrameMean {
                data: 1.0 + y / pairs,
                expected: if self.model.is_some() { of_model([pairs, y, h]) } else { of_all_ages(frame) },
            })
        };
        sums.frames.iter().enumerate().map(frame).collect()
    }

    /// Both triangles alike.
    fn map(&self, level: Level, pixels: &[[f64; 3]]) -> Map {
        let side = self.grain.side();
        let at = |k: usize| {
            let (row, column) = (k / side, k % side);
            pixels[row.min(column) * side + row.max(column)]
        };
        let fit = |[n, _, h]: [f64; 3]| (1.0 + level.offset_less_one + level.contrast * h / n) as f32;
        let all = if self.model.is_some() { side * side } else { 0 };
        Map {
            side,
            frames_per_pixel: self.grain.frames_per_pixel,
            data: (0..side * side).map(at).map(|[n, y, _]| (1.0 + y / n) as f32).collect(),
            fit: (0..all).map(at).map(fit).collect(),
        }
    }

    fn points(&self, angle: usize, known: Known, (segment, sums): (usize, &[Sum])) -> Vec<CutPoint> {
        let h = |a: usize, b: usize| self.source.h(angle, (a, b));
        let (n, level) = (self.grain.n_frames, known.level);
        let (from, to) = if segment < SEGMENTS { (segment, segment + 1) } else { (0, SEGMENTS) };
        let error = |lag: usize, pairs: f64| {
            // Earlier frames of pairs whose middle lies in the segment.
            let first = (from * n / SEGMENTS).saturating_sub(lag / 2);
            let last = (to * n / SEGMENTS).saturating_sub(lag / 2).min(n - lag);
            let speckles = match known.speckles.filter(|_| self.model.is_some() && last > first) {
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
            fit: self.model.map(|_| 1.0 + level.offset_less_one + level.contrast * h / pairs),
        };
        sums.iter().filter(|sum| sum[0] > 0.0).map(point).collect()
    }

    /// Whether a page can hold the figures of all angles.
    fn is_small(&self) -> bool {
        self.phi_degrees.len() * self.grain.side().pow(2) * BYTES_PER_PIXEL <= MOST_BYTES
    }

    /// Whether all figures of an angle are wanted.
    pub fn is_shown(&self, angle: usize) -> bool {
        let (n, asked) = (self.phi_degrees.len(), &self.settings.phi_degrees);
        match asked.is_empty() {
            true => evenly(n).any(|chosen| chosen == angle),
            false => asked.iter().any(|asked| (asked - self.phi_degrees[angle]).abs() < 0.01),
        }
    }
}

/// Some of so many angles, evenly.
pub fn evenly(n: usize) -> impl Iterator<Item = usize> {
    let shown = SHOWN.min(n);
    (0..shown).map(move |chosen| chosen * n / shown)
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
