//! The stage that draws: one more pass over the store, means into the pixels of every map and along its diagonals, and a page of them.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::likelihood::speckle::lag_means::of_speckles;
use crate::listener::{LogLevel, Watch};
use crate::machine::dataflow::{Dataflow, Lanes, Meter, refused_threads};
use crate::model::catalogue::Model;
use crate::model::pair::PairEvaluator;
use crate::model::time_tables::ThetaTables;
use crate::outcome::fit::{AngleResult, FitOutcome};
use crate::outcome::pictures::{AGES, AnglePicture, BINS_PER_SIGMA, Cut, CutPoint, MOST_SIGMA, Map, SEGMENTS};
use crate::parameters::definitions::ShearConvention;
use crate::pipeline::report_directory::{self, Reported};
use crate::pipeline::run_record::Noted;
use crate::report::curves::curves;
use crate::report::figures::lines::{cuts, figures};
use crate::report::figures::maps::{Colours, Triptych, name, small};
use crate::report::figures::style::standing_alone;
use crate::report::page::{Page, Shown};
use crate::report::tables;
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::sweep::raw::pass::Sweep;
use crate::sweep::raw::picture_patches::{Grain, IntoPicture, Level, Sum};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a report is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportSettings {
    /// Azimuths in degrees whose figures are on the page; empty: some, evenly chosen.
    pub phi_degrees: Vec<f64>,
    /// Colours of maps.
    pub colours: Colours,
    /// Most pixels along the side of a map.
    pub most_pixels: usize,
    /// Worker threads.
    pub threads: usize,
}

impl Default for ReportSettings {
    fn default() -> Self {
        ReportSettings { phi_degrees: Vec::new(), colours: Colours::Viridis, most_pixels: 512, threads: 1 }
    }
}

/// Angles whose figures are on the page if nobody says which.
const SHOWN: usize = 4;
/// Bins of lags grow by this factor.
const GROWTH: f64 = 1.15;

/// Draws the report of a run directory and returns its page.
///
/// # Errors
/// Config if there is no result, or if its store is gone or another; what reading and writing report.
pub fn report(directory: &Path, settings: &ReportSettings, watch: &Watch<'_>) -> Result<PathBuf> {
    let reported = Reported::read(directory)?;
    let store = Arc::new(store_of(directory, &reported)?);
    let drawing = Drawing::of(&reported.outcome, Arc::clone(&store), settings)?;
    let drawn = drawing.all(watch)?;
    let pictures: Vec<AnglePicture> = drawn.iter().map(|drawn| drawn.picture.clone()).collect();
    let curves = curves(&reported.outcome, &pictures);
    let together = figures(&curves);
    let shown = shown(settings, &pictures);
    let mut files = vec![("curves.parquet".to_owned(), tables::curves::table(&curves)?)];
    let plot = |name: &str, svg: &str| (format!("plots/{name}.svg"), standing_alone(svg).into_bytes());
    let mut angles = Vec::new();
    for (drawn, is_shown) in drawn.into_iter().zip(shown) {
        let phi_degrees = drawn.picture.phi_degrees;
        let Some(lines) = cuts(&curves, phi_degrees) else { continue };
        let names = [name(phi_degrees), lines.name.clone()];
        files.extend([plot(&names[0], &drawn.map), plot(&names[1], &lines.svg)]);
        let figures = is_shown.then_some([drawn.map, lines.svg]);
        angles.push(Shown { phi_degrees, small: drawn.small, files: names, figures });
    }
    files.extend(together.iter().map(|figure| plot(&figure.name, &figure.svg)));
    let page = Page {
        name: &reported.name,
        outcome: &reported.outcome,
        angles: &angles,
        figures: &together,
        facts: &reported.facts,
    };
    files.push((report_directory::PAGE.to_owned(), page.html().into_bytes()));
    report_directory::publish(directory, files, watch)
}

/// Which angles are on the page.
fn shown(settings: &ReportSettings, pictures: &[AnglePicture]) -> Vec<bool> {
    let n = pictures.len();
    let evenly = |k: usize| (0..SHOWN.min(n)).any(|chosen| chosen * n / SHOWN.min(n) == k);
    let asked = |phi: f64| settings.phi_degrees.iter().any(|asked| (asked - phi).abs() < 0.01);
    let is_shown = |(k, picture): (usize, &AnglePicture)| match settings.phi_degrees.is_empty() {
        true => evenly(k),
        false => asked(picture.phi_degrees),
    };
    pictures.iter().enumerate().map(is_shown).collect()
}

/// The store of a result, if it still holds what was fitted.
fn store_of(directory: &Path, reported: &Reported) -> Result<Store> {
    let noted = Noted::of(directory).unwrap_or_default();
    let place = directory.join(&noted.store);
    let store = Store::open(&place, reported.outcome.conditions.gap_angstrom)?;
    if store.manifest().content_key == noted.store_content_key {
        return Ok(store);
    }
    Err(Fault::at(place.display(), "the store holds other data than were fitted")
        .expected(format!("the store {}", noted.store_content_key))
        .advice("fit again")
        .code(Code::E76)
        .config())
}

/// One angle, drawn.
struct Drawn {
    picture: AnglePicture,
    map: String,
    small: String,
}

/// Everything that drawing needs.
struct Drawing<'a> {
    outcome: &'a FitOutcome,
    settings: &'a ReportSettings,
    sweep: Sweep<'static>,
    model: Model,
    theta: Vec<f64>,
    tables: ThetaTables,
    grain: Grain,
}

impl<'a> Drawing<'a> {
    fn of(outcome: &'a FitOutcome, store: Arc<Store>, settings: &'a ReportSettings) -> Result<Self> {
        let conditions = &outcome.conditions;
        let convention = conditions.shear_convention.unwrap_or(ShearConvention::Homodyne);
        let model = Model::new(conditions.analysis_mode, convention, store.experiment())?;
        let theta: Vec<f64> = outcome.result.parameters.iter().map(|found| found.value).collect();
        let n_frames = conditions.n_frames;
        let grain = Grain {
            n_frames,
            frames_per_pixel: n_frames.div_ceil(settings.most_pixels.max(1)),
            bin_of_lag: bins_of_lags(n_frames),
            segments: SEGMENTS,
            ages: AGES,
            residual_bins: (MOST_SIGMA * BINS_PER_SIGMA, BINS_PER_SIGMA as f64),
        };
        let tables = model.tables(&theta);
        let sweep = Sweep::new(store, model.clone(), 1);
        Ok(Drawing { outcome, settings, sweep, model, theta, tables, grain })
    }

    /// All angles, each on one thread.
    fn all(&self, watch: &Watch<'_>) -> Result<Vec<Drawn>> {
        let angles = &self.outcome.result.angles;
        let mut drawn = Vec::with_capacity(angles.len());
        let flow = Dataflow {
            n_items: angles.len(),
            lanes: Lanes::self_reading(self.settings.threads),
            read: &|_| Ok(()),
            work: &|angle, ()| self.angle(angle),
            meter: &Meter::default(),
        };
        flow.fold(&mut |_, one| {
            drawn.push(one);
            watch.check()
        })?;
        refused_threads().iter().for_each(|warning| watch.log(LogLevel::Warning, warning));
        Ok(drawn)
    }

    fn angle(&self, angle: usize) -> Result<Drawn> {
        let found = &self.outcome.result.angles[angle];
        let level = Level {
            contrast: found.contrast_fitted,
            offset_less_one: found.offset - 1.0,
            sigma: found.sigma.unwrap_or(0.0),
        };
        let sums = self.sweep.picture((&self.tables, &self.theta), angle, level, &self.grain)?;
        let picture = self.picture(found, level, &sums);
        let triptych = Triptych {
            map: &picture.map,
            phi_degrees: found.phi_degrees,
            sigma: found.sigma,
            dt_seconds: self.outcome.conditions.dt_seconds,
            colours: self.settings.colours,
        };
        let (map, small) = (triptych.svg()?, small(&picture.map, self.settings.colours)?);
        Ok(Drawn { picture, map, small })
    }

    fn picture(&self, found: &AngleResult, level: Level, sums: &IntoPicture<'_>) -> AnglePicture {
        let is_known = level.sigma > 0.0;
        let ages = sums.ages.iter().map(|[pairs, squares]| (*pairs as u64, *squares));
        let cut = |segment: usize| Cut {
            segment: (segment < SEGMENTS).then_some(segment),
            points: self.points(found, level, (segment, &sums.lags[segment])),
        };
        AnglePicture {
            phi_degrees: found.phi_degrees,
            map: self.map(level, &sums.pixels),
            cuts: [SEGMENTS].into_iter().chain(0..SEGMENTS).map(cut).collect(),
            ages: if is_known { ages.collect() } else { Vec::new() },
            residuals: if is_known { sums.residuals.clone() } else { Vec::new() },
        }
    }

    /// Both triangles alike.
    fn map(&self, level: Level, pixels: &[[f64; 3]]) -> Map {
        let side = self.grain.side();
        let at = |k: usize| {
            let (row, column) = (k / side, k % side);
            pixels[row.min(column) * side + row.max(column)]
        };
        let fit = |h: f64| 1.0 + level.offset_less_one + level.contrast * h;
        Map {
            side,
            frames_per_pixel: self.grain.frames_per_pixel,
            data: (0..side * side).map(at).map(|[n, y, _]| (1.0 + y / n) as f32).collect(),
            fit: (0..side * side).map(at).map(|[n, _, h]| fit(h / n) as f32).collect(),
        }
    }

    fn points(&self, found: &AngleResult, level: Level, (segment, sums): (usize, &[Sum])) -> Vec<CutPoint> {
        let evaluator = PairEvaluator::new(&self.model, &self.tables, &self.theta, found.phi_degrees);
        let h = |a: usize, b: usize| if a == b { 1.0 } else { evaluator.h(a.min(b), a.max(b)) };
        let n = self.grain.n_frames;
        let (from, to) = if segment < SEGMENTS { (segment, segment + 1) } else { (0, SEGMENTS) };
        let error = |lag: usize, pairs: f64| {
            // Earlier frames of pairs whose middle lies in the segment.
            let first = (from * n / SEGMENTS).saturating_sub(lag / 2);
            let last = (to * n / SEGMENTS).saturating_sub(lag / 2).min(n - lag);
            let (sigma, white) = (found.sigma?, found.sigma?.powi(2) / pairs);
            let speckles = match found.noise.speckles {
                Some(speckles) if last > first => level.contrast.powi(2) / speckles * of_speckles(&h, first..last, lag),
                _ => 0.0,
            };
            (sigma > 0.0).then(|| (white + speckles).sqrt())
        };
        let point = |&[pairs, y, h, lag]: &Sum| CutPoint {
            lag_frames: lag / pairs,
            pairs: pairs as u64,
            data: 1.0 + y / pairs,
            error: error((lag / pairs).round() as usize, pairs),
            fit: 1.0 + level.offset_less_one + level.contrast * h / pairs,
        };
        sums.iter().filter(|sum| sum[0] > 0.0).map(point).collect()
    }
}

/// The bin of every lag: single frames first, then ever wider ones.
fn bins_of_lags(n_frames: usize) -> Vec<usize> {
    let (mut bins, mut bin, mut end) = (vec![0, 0], 0, 2.0);
    for lag in 2..n_frames {
        if lag as f64 >= end {
            bin += 1;
            end = (lag + 1) as f64;
            end = end.max(lag as f64 * GROWTH);
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
        assert_eq!(bins[..9], [0, 0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(bins.windows(2).all(|two| two[1] - two[0] <= 1));
        assert!(bins[999] < 60);
    }
}
