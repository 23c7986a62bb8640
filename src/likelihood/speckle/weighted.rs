//! Scores of weighted residuals at all angles of a fit: what they scatter by, how they answer the parameters, and their values. It
//! knows no fit.

use crate::error::Result;
use crate::likelihood::speckle::angles::{Place, chosen, made_on_grids, places};
use crate::likelihood::speckle::covariance::{Components, Noise};
use crate::likelihood::speckle::functions::{Function, Functions};
use crate::likelihood::speckle::weights::Weights;
use crate::parameters::scaling::AngleScaling;
use crate::sums::algebra::Algebra;
use crate::sums::cells::{CellQuery, CellSums, Cells};
use crate::sums::grid::{Grid, GridQuery};
use crate::sums::objective::RawData;
use crate::sums::residuals::FrameGroups;
use ndarray::{Array2, s};

/// Most decorrelation within a group: weights on wider ones lose what tells the decay.
const STEP: f64 = 0.25;
/// The same where speckles renew so often that there would be more groups than this.
const WIDEST_STEP: f64 = 0.5;
const MANY_GROUPS: f64 = 300.0;

/// Where, and with which ridge.
#[derive(Debug, Clone, Copy)]
pub struct Ridged<'a> {
    /// Physical parameters.
    pub theta: &'a [f64],
    /// Coarse groups of frames.
    pub groups: &'a FrameGroups,
    /// Ridge in units of the contrast.
    pub ridge: f64,
    /// Most grids.
    pub most_grids: usize,
    /// Whether angles without a grid are taken for the nearest that has one: then everything belongs to one measurement, which is not
    /// quite the one that was made. Otherwise they lie between two.
    pub nearest: bool,
}

/// Scores of all angles: the weighted ones `[dh .., h, 1]`, then the plain ones.
pub struct WeightedScores {
    functions: Functions,
    ridge: f64,
    step: f64,
    p: usize,
    nodes: Vec<Node>,
    angles: Vec<Place>,
}

/// One grid's results.
struct Node {
    components: Components,
    of_blocks: Array2<f64>,
    information: Array2<f64>,
}

impl WeightedScores {
    /// At a theta.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    pub fn of(data: &dyn RawData, ask: &Ridged<'_>) -> Result<Self> {
        let p = ask.theta.len();
        let functions = Functions::new(ask.groups, p, &[], 0);
        let renewals = data.renewals(ask.theta).into_iter().fold(0.0, f64::max);
        let step = (renewals / MANY_GROUPS).clamp(STEP, WIDEST_STEP);
        let resemblances = data.resemblances(ask.theta);
        let chosen = chosen(&resemblances, ask.most_grids);
        let query = GridQuery { theta: ask.theta, coarse: &ask.groups.first_frames, step, with_lags: false };
        let nodes = made_on_grids(data, &query, &chosen, |_, grid| {
            let weights = Weights::of(grid, ask.ridge);
            let of_blocks = weights.of_blocks(grid, &functions);
            Node {
                components: Components::with_more(grid, &functions, &weights.bands(grid)),
                of_blocks: Array2::from_shape_fn((1, of_blocks.len()), |(_, block)| of_blocks[block]),
                information: weights.information(grid),
            }
        })?;
        let mut angles = places(&resemblances, &chosen, &|of_columns: &[f64]| {
            [functions.factors(of_columns), of_columns[..=p].to_vec()].concat()
        });
        if ask.nearest {
            angles.iter_mut().for_each(Place::snap);
        }
        Ok(WeightedScores { functions, ridge: ask.ridge, step, p, nodes, angles })
    }

    /// A part of the nodes, at the place of an angle.
    fn at<T: Clone>(&self, angle: usize, part: fn(&Node) -> &T, between: fn(&T, &T, f64) -> T) -> T {
        self.angles[angle].among(&self.nodes, part, between)
    }

    fn of_blocks(&self, angle: usize) -> Array2<f64> {
        self.at(angle, |node| &node.of_blocks, |one, other, share| one.towards(other, share))
    }

    /// Weighted and plain scores (rows) as sums of functions.
    fn scores(&self, angle: usize) -> Array2<f64> {
        let (known, of_blocks, p) = (self.functions.all.len(), self.of_blocks(angle), self.p);
        let plain = self.functions.scores();
        Array2::from_shape_fn((2 * (p + 2), known + p + 1), |(row, k)| match (row.checked_sub(p + 2), k < known) {
            (Some(score), true) => plain[[score, k]],
            (None, false) => f64::from(u8::from(row == k - known)),
            (None, true) if row == p + 1 => match self.functions.all[k] {
                Function::Blocks { earlier, later } => of_blocks[[0, earlier]] * of_blocks[[0, later]],
                _ => 0.0,
            },
            _ => 0.0,
        })
    }

    fn components_of_two(&self, one: usize, other: usize) -> Components {
        let bare = self.at(one, |node| &node.components, Components::between);
        bare.with_factors(&self.angles[one].factors, &self.angles[other].factors)
    }

    /// Covariance of weighted and plain scores of an angle.
    #[must_use]
    pub fn covariance(&self, angle: usize, noise: Noise) -> Array2<f64> {
        let scores = self.scores(angle);
        self.components_of_two(angle, angle).of_sums(&scores).at(noise)
    }

    /// Of one angle (rows) with those of another that sees the same speckles (columns), each with its noise.
    #[must_use]
    pub fn covariance_of_two(&self, [one, other]: [usize; 2], noise: [Noise; 2]) -> Array2<f64> {
        let [rows, columns] = [one, other].map(|angle| self.scores(angle));
        let bare = self.components_of_two(one, other).shared(noise[0], noise[1]);
        rows.dot(&bare).dot(&columns.t())
    }

    /// How the weighted and the plain scores of an angle answer what the plain ones belong to, as the grids tell.
    #[must_use]
    pub fn sketched_slopes(&self, angle: usize) -> [Array2<f64>; 2] {
        let (scores, n) = (self.scores(angle), self.p + 2);
        let products = scores.dot(self.components_of_two(angle, angle).products()).dot(&scores.t());
        [0, n].map(|first| products.slice(s![first..first + n, n..]).to_owned())
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

    /// What one speckle of contrast 1, with the ridge as white noise, tells of the scores `[dh .., h, 1]` of an angle.
    #[must_use]
    pub fn information(&self, angle: usize) -> Array2<f64> {
        let bare = self.at(angle, |node| &node.information, |one, other, share| one.towards(other, share));
        let factors = &self.angles[angle].of_columns;
        bare.with_factors(factors, factors)
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
