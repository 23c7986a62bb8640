//! Scores of weighted residuals at all angles of a fit: what they scatter by, how they answer the parameters, and their values. It
//! knows no fit.

use crate::error::Result;
use crate::likelihood::speckle::angles::{Place as Between, chosen, made_on_grids, places};
use crate::likelihood::speckle::covariance::{Components, Noise};
use crate::likelihood::speckle::functions::Functions;
use crate::likelihood::speckle::score_noise::PlainScores;
use crate::likelihood::speckle::weights::Weights;
use crate::parameters::scaling::AngleScaling;
use crate::sums::algebra::Algebra;
use crate::sums::cells::{CellQuery, CellSums, Cells};
use crate::sums::grid::{Grid, GridQuery};
use crate::sums::objective::RawData;
use crate::sums::residuals::FrameGroups;
use ndarray::{Array2, s};

/// Most decorrelation within a group: weights on wider ones lose what tells the decay, but tell which ridge is best.
const STEP: f64 = 0.25;
/// The same where speckles renew so often that there would be more groups than this.
const WIDEST_STEP: f64 = 0.5;
const MANY_GROUPS: f64 = 300.0;

/// Where, and on how many grids.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Physical parameters.
    pub theta: &'a [f64],
    /// Coarse groups of frames.
    pub groups: &'a FrameGroups,
    /// Most grids.
    pub most_grids: usize,
}

/// Scores of all angles: the weighted ones `[dh .., h, 1]`, then the plain ones.
pub struct WeightedScores {
    functions: Functions,
    ridge: f64,
    step: f64,
    p: usize,
    nodes: Vec<Node>,
    angles: Vec<Between>,
}

/// One grid's results.
struct Node {
    components: Components,
    of_blocks: Array2<f64>,
    information: Option<Array2<f64>>,
}

impl Node {
    fn of((grid, plain): (&Grid, &PlainScores<'_>), functions: &Functions, ridge: f64) -> Self {
        let weights = Weights::of(grid, ridge);
        let of_blocks = weights.of_blocks(grid, functions);
        let of_groups: Vec<f64> = grid.coarse.iter().map(|&group| of_blocks[functions.block(group)]).collect();
        Node {
            components: plain.with_weights(&weights.bands(grid), &of_groups),
            of_blocks: Array2::from_shape_fn((1, of_blocks.len()), |(_, block)| of_blocks[block]),
            information: None,
        }
    }
}

impl WeightedScores {
    /// At a theta, with a ridge in units of the contrast; for what the noise tells (`information`) that of the white noise.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    pub fn of(data: &dyn RawData, at: &Place<'_>, ridge: f64, white: Option<f64>) -> Result<Self> {
        let renewals = data.renewals(at.theta).into_iter().fold(0.0, f64::max);
        let step = (renewals / MANY_GROUPS).clamp(STEP, WIDEST_STEP);
        let functions = Functions::new(at.groups, at.theta.len(), &[], 0);
        let (nodes, angles) = on_nodes(data, at, step, |grid| {
            let information = white.map(|white| Weights::of(grid, white).information(grid));
            Node { information, ..Node::of((grid, &PlainScores::of(grid, true)), &functions, ridge) }
        })?;
        Ok(WeightedScores { functions, ridge, step, p: at.theta.len(), nodes, angles })
    }

    /// Quickly, with several ridges: angles without a grid are taken for the nearest that has one. Then everything belongs to one measurement,
    /// which is not quite the one that was made.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    pub fn sketched(data: &dyn RawData, at: &Place<'_>, ridges: &[f64]) -> Result<Vec<Self>> {
        let functions = Functions::new(at.groups, at.theta.len(), &[], 0);
        let (nodes, mut angles) = on_nodes(data, at, WIDEST_STEP, |grid| {
            let plain = PlainScores::of(grid, false);
            ridges.iter().map(|&ridge| Node::of((grid, &plain), &functions, ridge)).collect::<Vec<Node>>()
        })?;
        angles.iter_mut().for_each(Between::snap);
        let mut nodes: Vec<_> = nodes.into_iter().map(Vec::into_iter).collect();
        let with = |&ridge: &f64| WeightedScores {
            functions: functions.clone(),
            ridge,
            step: WIDEST_STEP,
            p: at.theta.len(),
            nodes: nodes.iter_mut().filter_map(Iterator::next).collect(),
            angles: angles.clone(),
        };
        Ok(ridges.iter().map(with).collect())
    }

    /// A part of the nodes, at the place of an angle.
    fn at<T: Clone>(&self, angle: usize, part: fn(&Node) -> &T, between: fn(&T, &T, f64) -> T) -> T {
        self.angles[angle].among(&self.nodes, part, between)
    }

    fn of_blocks(&self, angle: usize) -> Array2<f64> {
        self.at(angle, |node| &node.of_blocks, |one, other, share| one.towards(other, share))
    }

    fn components_of_two(&self, one: usize, other: usize) -> Components {
        let bare = self.at(one, |node| &node.components, Components::between);
        bare.with_factors(&self.angles[one].factors, &self.angles[other].factors)
    }

    /// Covariance of weighted and plain scores of an angle.
    #[must_use]
    pub fn covariance(&self, angle: usize, noise: Noise) -> Array2<f64> {
        self.components_of_two(angle, angle).at(noise)
    }

    /// Of one angle (rows) with those of another that sees the same speckles (columns), each with its noise.
    #[must_use]
    pub fn covariance_of_two(&self, [one, other]: [usize; 2], noise: [Noise; 2]) -> Array2<f64> {
        self.components_of_two(one, other).shared(noise[0], noise[1])
    }

    /// How the weighted and the plain scores of an angle answer what the plain ones belong to, as the grids tell.
    #[must_use]
    pub fn sketched_slopes(&self, angle: usize) -> [Array2<f64>; 2] {
        let (components, n) = (self.components_of_two(angle, angle), self.p + 2);
        [0, n].map(|first| components.products().slice(s![first..first + n, n..]).to_owned())
    }

    /// How the weighted scores (rows) of every angle answer what the plain ones (columns) belong to, on grids of their own: where two
    /// numbers nearly do the same, means between other angles do not tell them apart.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    pub fn slopes(&self, data: &dyn RawData, theta: &[f64], groups: &FrameGroups) -> Result<Vec<Array2<f64>>> {
        let query = GridQuery { theta, coarse: &groups.first_frames, step: self.step, with_lags: false };
        let (all, resemblances) = ((0..self.angles.len()).collect::<Vec<usize>>(), data.resemblances(theta));
        made_on_grids(data, &query, &all, |angle, grid| {
            let (weights, of_blocks) = (Weights::of(grid, self.ridge), self.of_blocks(angle));
            let of_groups: Vec<f64> =
                grid.coarse.iter().map(|&group| of_blocks[[0, self.functions.block(group)]]).collect();
            let factors: Vec<f64> = resemblances[angle].factors.iter().copied().chain([1.0; 2]).collect();
            weights.slopes(grid, &weights.bands(grid), &of_groups).with_factors(&factors, &factors)
        })
    }

    /// What one speckle of contrast 1, with the white noise that was asked for, tells of the scores `[dh .., h, 1]` of an angle.
    #[must_use]
    pub fn information(&self, angle: usize) -> Option<Array2<f64>> {
        let between = |one: &Option<Array2<f64>>, other: &Option<Array2<f64>>, share: f64| {
            one.as_ref().zip(other.as_ref()).map(|(one, other)| one.towards(other, share))
        };
        let factors = &self.angles[angle].of_columns;
        self.at(angle, |node| &node.information, between).map(|bare| bare.with_factors(factors, factors))
    }

    /// The weighted scores of every angle, `1/2 sum W (model - data)`, at a theta with a scaling: weights are those at this theta.
    ///
    /// # Errors
    /// What the sweep reports; Interrupted if the user has asked to stop.
    pub fn values(
        &self,
        data: &dyn RawData,
        (theta, scaling): (&[f64], &[AngleScaling]),
        groups: &FrameGroups,
    ) -> Result<Vec<Vec<f64>>> {
        let query = GridQuery { theta, coarse: &groups.first_frames, step: self.step, with_lags: false };
        let all: Vec<usize> = (0..scaling.len()).collect();
        let n_frames = groups.of_frame.len();
        let cells = made_on_grids(data, &query, &all, |_, grid| Cells {
            groups: FrameGroups::new(grid.first_frames.clone(), n_frames),
            reach: grid.h.reach(),
        })?;
        let starts = self.functions.blocks.iter().map(|&group| groups.first_frames[group]).collect();
        let blocks = FrameGroups::new(starts, n_frames);
        let sums = data.cells(&CellQuery { theta, scaling, cells: &cells, blocks: &blocks })?;
        let resemblances = data.resemblances(theta);
        let scores = made_on_grids(data, &query, &all, |angle, grid| {
            self.of_angle(angle, (grid, &resemblances[angle].factors), &sums[angle])
        })?;
        Ok(scores)
    }

    fn of_angle(&self, angle: usize, (grid, factors): (&Grid, &[f64]), sums: &CellSums) -> Vec<f64> {
        let mut scores = Weights::of(grid, self.ridge).scores(grid, sums);
        scores.iter_mut().zip(factors).for_each(|(score, factor)| *score *= factor);
        let (of_blocks, n) = (self.of_blocks(angle), self.functions.blocks.len());
        let pairs = (0..n).flat_map(|earlier| (earlier..n).map(move |later| (earlier, later)));
        let term = |(earlier, later)| of_blocks[[0, earlier]] * of_blocks[[0, later]] * sums.of_blocks(earlier, later);
        scores.push(pairs.map(term).sum());
        scores
    }
}

/// What is made of a few grids, and where all angles lie between them.
fn on_nodes<T: Send + Sync>(
    data: &dyn RawData,
    at: &Place<'_>,
    step: f64,
    make: impl Fn(&Grid) -> T + Sync,
) -> Result<(Vec<T>, Vec<Between>)> {
    let resemblances = data.resemblances(at.theta);
    let chosen = chosen(&resemblances, at.most_grids);
    let query = GridQuery { theta: at.theta, coarse: &at.groups.first_frames, step, with_lags: false };
    let nodes = made_on_grids(data, &query, &chosen, |_, grid| make(grid))?;
    // Weighted scores, then plain ones.
    let twice = |of_columns: &[f64]| [of_columns, of_columns].concat();
    Ok((nodes, places(&resemblances, &chosen, &twice)))
}
