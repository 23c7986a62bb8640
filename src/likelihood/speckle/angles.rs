//! The covariance of every angle of a fit, from the grids of a few of them. It knows no residual.
//!
//! Angles differ in kappa alone (and in the factor of dh/dphi0): where there are many, grids of some are made and the others lie
//! between them.

use crate::error::{Error, Fault, Result};
use crate::likelihood::speckle::blocks::Blocks;
use crate::likelihood::speckle::covariance::Components;
use crate::likelihood::speckle::fine_lags::FineLags;
use crate::likelihood::speckle::functions::{Functions, longest_lag};
use crate::likelihood::speckle::gaussian::Gaussian;
use crate::likelihood::speckle::patterns::{PatternNoise, Patterns};
use crate::likelihood::speckle::single_frames::SingleFrames;
use crate::likelihood::speckle::swings::Swings;
use crate::likelihood::speckle::trends::Trends;
use crate::sums::grid::{Grid, GridQuery, Resemblance};
use crate::sums::objective::RawData;
use crate::sums::residuals::FrameGroups;
use std::sync::OnceLock;

/// Most grids; more angles than that are interpolated.
const MOST_GRIDS: usize = 8;
/// Places much smaller than this are one to them.
const FEW_RENEWALS: f64 = 0.02;
/// Places of one grid differ by less than this share.
const ALIKE: f64 = 1e-9;
/// Most decorrelation within a group of a grid. Half of it moves errors by less than 1 % (`tests/library/speckle_noise.rs`).
pub const STEP: f64 = 0.5;

/// What speckles do at all angles of a fit.
#[derive(Debug, Clone)]
pub struct Speckles {
    /// The functions of pairs that are looked at.
    pub functions: Functions,
    /// The patterns of pairs that are looked at.
    pub patterns: Patterns,
    /// The swings that are looked at.
    pub swings: Swings,
    nodes: Vec<Node>,
    angles: Vec<Place>,
}

/// One grid's results.
#[derive(Debug, Clone)]
struct Node {
    components: Components,
    blocks: Blocks,
    trends: Trends,
    patterns: PatternNoise,
    swings: Gaussian,
    fine_lags: FineLags,
    single_frames: SingleFrames,
}

/// An angle between two nodes.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) below: usize,
    pub(super) above: usize,
    pub(super) share: f64,
    /// Of the functions, and of the columns `[dh .., h, 1]`.
    pub(super) factors: Vec<f64>,
    pub(super) of_columns: Vec<f64>,
}

impl Place {
    /// A part of the nodes, at this place.
    pub(super) fn among<N, T: Clone>(&self, nodes: &[N], part: fn(&N) -> &T, between: fn(&T, &T, f64) -> T) -> T {
        let (below, above) = (part(&nodes[self.below]), part(&nodes[self.above]));
        if self.share > 0.0 { between(below, above, self.share) } else { below.clone() }
    }

    /// To the nearer node.
    pub(super) fn snap(&mut self) {
        let nearest = if self.share > 0.5 { self.above } else { self.below };
        (self.below, self.above, self.share) = (nearest, nearest, 0.0);
    }
}

impl Speckles {
    /// At a theta; scores of the parameters in `by_age` are looked at part by part, those of `swinging` in waves of age.
    ///
    /// # Errors
    /// What the data report.
    pub fn of(
        data: &dyn RawData,
        theta: &[f64],
        groups: &FrameGroups,
        (by_age, swinging): (&[usize], &[usize]),
    ) -> Result<Self> {
        let resemblances = data.resemblances(theta);
        let chosen = chosen(&resemblances, MOST_GRIDS);
        let query = GridQuery { theta, coarse: &groups.first_frames, step: STEP, with_lags: true };
        let longest = lags(data, &query, &chosen)?;
        let functions = Functions::new(groups, theta.len(), by_age, longest);
        let patterns = Patterns::new(groups, theta.len(), by_age);
        let swings = Swings::new(groups, theta.len(), swinging);
        let nodes = made_on_grids(data, &query, &chosen, |_, grid| {
            let blocks = Blocks::of(grid, groups.len());
            let columns = blocks.columns(grid);
            Node {
                components: Components::of(grid, &functions),
                trends: Trends::of(grid, &functions, (&blocks, &columns)),
                patterns: patterns.noise(grid),
                swings: swings.noise(grid),
                fine_lags: FineLags::of(grid),
                single_frames: SingleFrames::of(grid),
                blocks,
            }
        })?;
        let angles = places(&resemblances, &chosen, &|of_columns: &[f64]| functions.factors(of_columns));
        Ok(Speckles { functions, patterns, swings, nodes, angles })
    }

    /// Gives the memory back, where nothing will be asked of it any more.
    pub fn let_go(&mut self) {
        (self.nodes, self.angles) = (Vec::new(), Vec::new());
    }

    /// Of the functions of an angle.
    #[must_use]
    pub fn components(&self, angle: usize) -> Components {
        self.bare(angle).with_factors(&self.angles[angle].factors, &self.angles[angle].factors)
    }

    /// Of the functions of one angle (rows) with those of another that sees the same speckles (columns).
    #[must_use]
    pub fn components_of_two(&self, one: usize, other: usize) -> Components {
        self.bare(one).with_factors(&self.angles[one].factors, &self.angles[other].factors)
    }

    fn bare(&self, angle: usize) -> Components {
        self.at(angle, |node| &node.components, Components::between)
    }

    /// A part of the nodes, at the place of an angle.
    fn at<T: Clone>(&self, angle: usize, part: fn(&Node) -> &T, between: fn(&T, &T, f64) -> T) -> T {
        self.angles[angle].among(&self.nodes, part, between)
    }

    /// An angle as its coarse groups see it.
    #[must_use]
    pub fn blocks(&self, angle: usize) -> Blocks {
        self.at(angle, |node| &node.blocks, Blocks::between)
    }

    /// What the patterns of an angle scatter by.
    #[must_use]
    pub fn pattern_noise(&self, angle: usize) -> PatternNoise {
        self.pattern_noise_of_two(angle, angle)
    }

    /// Of the patterns of one angle with the scores of another that sees the same speckles.
    #[must_use]
    pub fn pattern_noise_of_two(&self, one: usize, other: usize) -> PatternNoise {
        let noise = self.at(one, |node| &node.patterns, PatternNoise::between);
        noise.with_factors(&self.patterns, &self.angles[one].of_columns, &self.angles[other].of_columns)
    }

    /// What scores and swings of an angle scatter by.
    #[must_use]
    pub fn swing_noise(&self, angle: usize) -> Gaussian {
        self.swing_noise_of_two(angle, angle)
    }

    /// Of one angle (rows) with those of another that sees the same speckles (columns).
    #[must_use]
    pub fn swing_noise_of_two(&self, one: usize, other: usize) -> Gaussian {
        let noise = self.at(one, |node| &node.swings, Gaussian::between);
        let factors = |angle: usize| -> Vec<f64> {
            self.swings.columns().map(|column| self.angles[angle].of_columns[column]).collect()
        };
        noise.with_factors(&factors(one), &factors(other))
    }

    /// What the sums of single lags of an angle scatter by, the scores being those of another that sees the same speckles, or its own.
    #[must_use]
    pub fn fine_lags(&self, one: usize, other: usize) -> FineLags {
        let noise = self.at(one, |node| &node.fine_lags, FineLags::between);
        let with_scores = noise.with_scores.with_factors(&vec![1.0; noise.n_lags()], &self.angles[other].of_columns);
        FineLags { with_scores, ..noise }
    }

    /// What the single frames of an angle scatter by.
    #[must_use]
    pub fn single_frames(&self, angle: usize) -> SingleFrames {
        self.at(angle, |node| &node.single_frames, SingleFrames::between)
    }

    /// What misfits of an angle look like.
    #[must_use]
    pub fn trends(&self, angle: usize) -> Trends {
        self.at(angle, |node| &node.trends, Trends::between)
    }
}

/// Where every angle lies between the chosen ones; `factors` of the functions follow from those of the columns.
pub(super) fn places(
    resemblances: &[Resemblance],
    chosen: &[usize],
    factors: &dyn Fn(&[f64]) -> Vec<f64>,
) -> Vec<Place> {
    let place = |one: &Resemblance| {
        let (below, above, share) = between(one, chosen, resemblances);
        let of_columns: Vec<f64> = one.factors.iter().copied().chain([1.0; 2]).collect();
        Place { below, above, share, factors: factors(&of_columns), of_columns }
    };
    resemblances.iter().map(place).collect()
}

/// The angles of which grids are made, in ascending order of their places.
pub(super) fn chosen(resemblances: &[Resemblance], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..resemblances.len()).collect();
    order.sort_by(|&a, &b| resemblances[a].place.total_cmp(&resemblances[b].place));
    let alike = |a: usize, b: usize| {
        let (a, b) = (&resemblances[a], &resemblances[b]);
        (a.place - b.place).abs() <= ALIKE * b.place && a.masked_frames == b.masked_frames
    };
    let mut distinct: Vec<usize> = Vec::new();
    for angle in order {
        if !distinct.iter().rev().any(|&known| alike(known, angle)) {
            distinct.push(angle);
        }
    }
    let one_mask = distinct.iter().all(|&k| resemblances[k].masked_frames == resemblances[distinct[0]].masked_frames);
    if distinct.len() <= most || !one_mask {
        return distinct;
    }
    // Each renews so many times as fast as the one before.
    let speed = |k: usize| (resemblances[distinct[k]].place + FEW_RENEWALS).ln();
    let (last, fastest) = (distinct.len() - 1, most - 1);
    let wanted = |k: usize| speed(0) + (speed(last) - speed(0)) * k as f64 / fastest as f64;
    let away = |place: usize, k: usize| (speed(place) - wanted(k)).abs();
    let nearest = |k: usize| (0..=last).min_by(|&a, &b| away(a, k).total_cmp(&away(b, k))).unwrap_or(last);
    let mut places: Vec<usize> = (0..most).map(nearest).collect();
    places.dedup();
    places.into_iter().map(|k| distinct[k]).collect()
}

/// The nodes next to an angle and how far it lies from the first to the second.
fn between(one: &Resemblance, chosen: &[usize], all: &[Resemblance]) -> (usize, usize, f64) {
    let same = |node: &usize| all[chosen[*node]].masked_frames == one.masked_frames;
    let candidates: Vec<usize> = (0..chosen.len()).filter(same).collect();
    let place = |node: usize| all[chosen[node]].place;
    // Covariances go as the time in which speckles renew themselves, 1 / (1 + place).
    let slowness = |place: f64| place / (1.0 + place);
    let next = candidates.partition_point(|&node| place(node) < one.place * (1.0 - ALIKE));
    let above = candidates[next.min(candidates.len() - 1)];
    if place(above) <= one.place * (1.0 + ALIKE) || next == 0 {
        return (above, above, 0.0);
    }
    let below = candidates[next - 1];
    let from = slowness(place(below));
    (below, above, (slowness(one.place) - from) / (slowness(place(above)) - from))
}

fn lags(data: &dyn RawData, query: &GridQuery<'_>, chosen: &[usize]) -> Result<usize> {
    Ok(made_on_grids(data, query, chosen, |_, grid| longest_lag(grid))?.into_iter().min().unwrap_or(0))
}

/// What is made of every grid, in order, by its place in `chosen`.
pub(super) fn made_on_grids<T: Send + Sync>(
    data: &dyn RawData,
    query: &GridQuery<'_>,
    chosen: &[usize],
    make: impl Fn(usize, &Grid) -> T + Sync,
) -> Result<Vec<T>> {
    let made: Vec<OnceLock<T>> = chosen.iter().map(|_| OnceLock::new()).collect();
    // The largest, where speckles renew fastest, first: a thread that ends early has the small ones left.
    let from_last: Vec<usize> = chosen.iter().rev().copied().collect();
    data.on_grids(query, &from_last, &|place, grid| {
        let place = chosen.len() - 1 - place;
        drop(made[place].set(make(place, grid)));
    })?;
    made.into_iter().map(|made| made.into_inner().ok_or_else(lost)).collect()
}

fn lost() -> Error {
    Fault::at("noise model", "a grid was not made").internal()
}
