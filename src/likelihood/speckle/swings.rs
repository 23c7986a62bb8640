//! Sums of residuals that swing with time: columns of the model weighted by half waves of the ages of both frames. What beats or
//! drifts in frames (a contrast, an offset, a rate) is a few of them together, whatever its phase. It knows no residual.
//!
//! With U = diag(u) of a wave u and S a column `[dh/dtheta .., h, 1]`, a swing is F = 1/2 (U S + S U), and a score the swing of u = 1.
//! The Gaussian part of the covariance (`gaussian`) is a form of both waves, `tr(F C F' C) / 2 = u' M v` with
//!
//! ```text
//! 4 M_ij = beta^2  [ (S H)_ij (S' H)_ji + (S H S')_ij H_ij ]
//!        + beta w  [ S_ij (S' H)_ji + S'_ij (S H)_ij + (S S')_ij H_ij + 1[i = j] sum_k S'_ik (S H)_ik ]
//!        + w^2     [ S_ij S'_ij + 1[i = j] sum_k S_ik S'_ik ]
//! ```
//!
//! (traces written out), so that all waves of two columns cost no more than one. A test below compares with the traces.

use crate::likelihood::speckle::covariance::through;
use crate::likelihood::speckle::gaussian::Gaussian;
use crate::sums::algebra::dot;
use crate::sums::band::Band;
use crate::sums::grid::Grid;
use crate::sums::residuals::{FrameGroups, ResidualSums};
use ndarray::{Array1, Array2, s};
use std::f64::consts::PI;

/// Most half waves in a measurement; fewer where groups are few.
const MOST_WAVES: usize = 16;
/// Fewer groups have no swings.
const FEWEST_GROUPS: usize = 8;

/// One swing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swing {
    /// Column of the model.
    pub column: usize,
    /// In the whole measurement.
    pub half_waves: usize,
}

/// The swings of one fit.
#[derive(Debug, Clone)]
pub struct Swings {
    /// All of them, column by column.
    pub all: Vec<Swing>,
    /// Physical parameters.
    p: usize,
    columns: Vec<usize>,
    /// Of every number of half waves (a row), from 1 on, over coarse groups.
    waves: Array2<f64>,
}

impl Swings {
    /// Over coarse groups, of `p` parameters of which some may swing.
    #[must_use]
    pub fn new(groups: &FrameGroups, p: usize, swinging: &[usize]) -> Self {
        let n_frames = groups.of_frame.len() as f64;
        let middle = |first: &usize| f64::midpoint(*first as f64, groups.end[*first] as f64) / n_frames;
        let middle: Vec<f64> = groups.first_frames.iter().map(middle).collect();
        let n = middle.len();
        let half_waves = if n < FEWEST_GROUPS { 0 } else { MOST_WAVES.min(n / 2) };
        let columns: Vec<usize> = swinging.iter().copied().chain([p, p + 1]).collect();
        let of = |&column: &usize| (1..=half_waves).map(move |half_waves| Swing { column, half_waves });
        Swings {
            all: columns.iter().flat_map(of).collect(),
            p,
            waves: Array2::from_shape_fn((half_waves, n), |(k, a)| (PI * (k + 1) as f64 * middle[a]).cos()),
            columns,
        }
    }

    /// Scores `[dh .., h, 1]`: the first functions of [`Swings::noise`], before all swings.
    #[must_use]
    pub fn n_scores(&self) -> usize {
        self.p + 2
    }

    /// The column of every function.
    pub fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.n_scores()).chain(self.all.iter().map(|swing| swing.column))
    }

    /// Sums of residuals of one angle weighted with every swing.
    #[must_use]
    pub fn sums(&self, residuals: &ResidualSums) -> Array1<f64> {
        let mut of_groups = Array2::zeros((self.waves.ncols(), residuals.width));
        for earlier in 0..residuals.n_groups {
            for later in earlier..residuals.n_groups {
                for (column, score) in residuals.score(earlier, later).iter().enumerate() {
                    of_groups[[earlier, column]] += 0.5 * score;
                    of_groups[[later, column]] += 0.5 * score;
                }
            }
        }
        let sums = self.waves.dot(&of_groups);
        self.all.iter().map(|swing| sums[[swing.half_waves - 1, swing.column]]).collect()
    }

    /// Weights of the pairs of two groups, of all half waves.
    #[cfg(test)]
    fn weights(&self) -> impl Iterator<Item = Array2<f64>> + '_ {
        let n = self.waves.ncols();
        self.waves.outer_iter().map(move |u| Array2::from_shape_fn((n, n), |(a, b)| f64::midpoint(u[a], u[b])))
    }

    /// Of scores and swings on a grid.
    #[must_use]
    pub fn noise(&self, grid: &Grid) -> Gaussian {
        let scaled = Scaled::of(grid);
        let n = self.n_scores() + self.all.len();
        let mut parts = [0, 1, 2].map(|_| Array2::zeros((n, n)));
        for (one, column) in scaled.columns.iter().enumerate() {
            for (other, score) in scaled.columns.iter().enumerate() {
                let of_groups = scaled.with_score(column, score);
                for (part, of_groups) in parts.iter_mut().zip(of_groups) {
                    part[[one, other]] = of_groups.sum();
                    if let Some(first) = self.first(one) {
                        let with_score = self.waves.dot(&of_groups);
                        part.slice_mut(s![first..first + self.waves.nrows(), other]).assign(&with_score);
                    }
                }
            }
        }
        for (k, &one) in self.columns.iter().enumerate() {
            for &other in &self.columns[..=k] {
                let cells = scaled.cells(&scaled.columns[one], &scaled.columns[other]);
                self.fill(&mut parts, (one, other), &cells);
            }
        }
        Gaussian::from_parts(parts)
    }

    /// The first function that is a swing of a column.
    fn first(&self, column: usize) -> Option<usize> {
        let place = self.columns.iter().position(|&known| known == column)?;
        Some(self.n_scores() + place * self.waves.nrows())
    }

    fn fill(&self, parts: &mut [Array2<f64>; 3], (one, other): (usize, usize), cells: &[Array2<f64>; 3]) {
        let (Some(row), Some(column)) = (self.first(one), self.first(other)) else { return };
        let n = self.waves.nrows();
        for (part, cells) in parts.iter_mut().zip(cells) {
            let forms = self.waves.dot(cells).dot(&self.waves.t());
            part.slice_mut(s![column..column + n, row..row + n]).assign(&forms.t());
            part.slice_mut(s![row..row + n, column..column + n]).assign(&forms);
        }
    }
}

/// Columns of a grid, scaled by the roots of the frames of their groups.
struct Scaled<'a> {
    grid: &'a Grid,
    n_coarse: usize,
    roots: Vec<f64>,
    frames: f64,
    h: Band,
    /// H on the roots, and the sum of h over all pairs.
    h_roots: Vec<f64>,
    all_h: f64,
    columns: Vec<Column>,
}

/// A band and `rank` times the roots' square: 1 on different frames has rank 1.
struct Column {
    rank: f64,
    narrow: Band,
    /// Times H, and H times it.
    through: Band,
    transposed: Band,
    /// Of the band: the symmetric part of its product with H, and H on both sides.
    once: Band,
    twice: Band,
    /// The band on H on the roots, and on the roots.
    on_h_roots: Vec<f64>,
    on_roots: Vec<f64>,
}

impl<'a> Scaled<'a> {
    fn of(grid: &'a Grid) -> Self {
        let (roots, h) = (grid.roots(), grid.scaled(&grid.h));
        let h_roots = h.apply(&roots);
        let column = |(narrow, rank): (Band, f64)| {
            let [narrow, once, twice] = through(&h, narrow);
            Column {
                rank,
                through: narrow.times(&h, 2 * h.reach()),
                transposed: h.times(&narrow, 2 * h.reach()),
                once,
                twice,
                on_h_roots: narrow.apply(&h_roots),
                on_roots: narrow.apply(&roots),
                narrow,
            }
        };
        // A score sees no frame with itself.
        let ones = (h.map(|a, b, _| if a == b { -1.0 } else { 0.0 }), 1.0);
        let narrow = grid.columns.iter().map(|column| (grid.scaled(column), 0.0));
        let columns = narrow.chain([ones]).map(column).collect();
        Scaled {
            n_coarse: grid.coarse.last().map_or(0, |last| last + 1),
            frames: dot(&roots, &roots),
            all_h: dot(&roots, &h_roots),
            grid,
            roots,
            h,
            h_roots,
            columns,
        }
    }

    /// Sums over the frames of every coarse group.
    fn of_groups(&self, value: impl Fn(usize) -> f64) -> Array1<f64> {
        let mut sums = Array1::zeros(self.n_coarse);
        (0..self.roots.len()).for_each(|i| sums[self.grid.coarse[i]] += value(i));
        sums
    }

    /// `M 1` of two columns, the second a score.
    fn with_score(&self, one: &Column, score: &Column) -> [Array1<f64>; 3] {
        let (r, a) = (&self.roots, &self.h_roots);
        let score_on = |on: &[f64], product: f64| -> Vec<f64> {
            on.iter().zip(r).map(|(value, root)| value + score.rank * root * product).collect()
        };
        let (on_h_roots, on_roots) = (score_on(&score.on_h_roots, self.all_h), score_on(&score.on_roots, self.frames));
        let [h_on_h_roots, h_on_roots] = [self.h.apply(&on_h_roots), self.h.apply(&on_roots)];
        let over = |i: usize, other: &Band, rest: &dyn Fn(usize) -> f64| -> f64 {
            let entries = one.narrow.row(i).iter().zip(other.row(i)).zip(one.narrow.columns(i));
            entries.map(|((narrow, other), j)| narrow * (other + score.rank * rest(j))).sum()
        };
        [
            self.of_groups(|i| 0.5 * (over(i, &score.twice, &|j| a[i] * a[j]) + one.rank * r[i] * h_on_h_roots[i])),
            self.of_groups(|i| {
                let mixed = |j: usize| f64::midpoint(r[i] * a[j], r[j] * a[i]);
                over(i, &score.once, &mixed) + one.rank * r[i] * f64::midpoint(on_h_roots[i], h_on_roots[i])
            }),
            self.of_groups(|i| 0.5 * (over(i, &score.narrow, &|j| r[i] * r[j]) + one.rank * r[i] * on_roots[i])),
        ]
    }

    /// M of two columns, summed over coarse groups.
    fn cells(&self, one: &Column, other: &Column) -> [Array2<f64>; 3] {
        let mut cells = [0, 1, 2].map(|_| Array2::zeros((self.n_coarse, self.n_coarse)));
        let products = [&one.through, &one.narrow].map(|left| left.times(&other.narrow, self.h.reach()));
        for i in 0..self.roots.len() {
            self.add_far(&mut cells, (one, other), i);
            self.add_near(&mut cells, (one, other, &products), i);
        }
        self.add_wide(&mut cells, one.rank * other.rank);
        cells.map(|cells| cells * 0.25)
    }

    /// What row `i` adds by products of both columns with H, which reach twice as far as either; `add_wide` has the rest.
    fn add_far(&self, cells: &mut [Array2<f64>; 3], (one, other): (&Column, &Column), i: usize) {
        let (r, a, group) = (&self.roots, &self.h_roots, &self.grid.coarse);
        let (wide, wide_other) = (one.rank * r[i], other.rank * r[i]);
        let [mut twice, mut once, _] = cells.each_mut().map(|cells| cells.row_mut(group[i]));
        let rows = one.through.row(i).iter().zip(other.transposed.row(i)).zip(one.through.columns(i));
        let mut diagonal = 0.0;
        for ((sh, sh_other), j) in rows {
            let on_diagonal = wide_other * r[j] * sh;
            twice[group[j]] += sh * (sh_other + other.rank * r[j] * a[i]) + wide * a[j] * sh_other;
            once[group[j]] += wide * r[j] * sh_other + on_diagonal;
            diagonal += on_diagonal;
        }
        once[group[i]] += diagonal;
    }

    /// What row `i` adds within reach of the columns, with the products S H S' and S S'.
    fn add_near(&self, cells: &mut [Array2<f64>; 3], (one, other, products): (&Column, &Column, &[Band; 2]), i: usize) {
        let (r, a, group, columns) = (&self.roots, &self.h_roots, &self.grid.coarse, self.h.columns(i));
        let (r_i, ranks) = (r[i], one.rank * other.rank);
        let [mut twice, mut once, mut none] = cells.each_mut().map(|cells| cells.row_mut(group[i]));
        let bands = [&self.h, &one.narrow, &other.narrow, &one.through, &other.transposed, &products[0], &products[1]];
        let rows = bands.map(|band| band.part(i, columns.clone()));
        let mut diagonal = [0.0; 2];
        for (k, j) in columns.enumerate() {
            let [h, s, s_other, sh, h_s_other, s_h_s, s_s] = rows.map(|row| row[k]);
            let r_j = r[j];
            let mixed = |left: &[f64], right: &[f64]| other.rank * left[i] * r_j + one.rank * r_i * right[j];
            let both = s_h_s + mixed(&one.on_h_roots, &other.on_h_roots);
            let squared = s_s + mixed(&one.on_roots, &other.on_roots);
            let on_diagonal = s_other * (sh + one.rank * r_i * a[j]);
            let white = s * (s_other + other.rank * r_i * r_j) + one.rank * r_i * r_j * s_other;
            twice[group[j]] += h * (both + ranks * self.all_h * r_i * r_j);
            once[group[j]] += s * (h_s_other + other.rank * r_j * a[i])
                + on_diagonal
                + h * (squared + ranks * self.frames * r_i * r_j);
            none[group[j]] += white;
            diagonal = [diagonal[0] + on_diagonal, diagonal[1] + white];
        }
        once[group[i]] += diagonal[0];
        none[group[i]] += diagonal[1];
    }

    /// What two columns of rank 1 add to M.
    fn add_wide(&self, cells: &mut [Array2<f64>; 3], ranks: f64) {
        if ranks == 0.0 {
            return;
        }
        let through = self.of_groups(|i| self.roots[i] * self.h_roots[i]);
        let frames = self.of_groups(|i| self.grid.counts[i]);
        for a in 0..self.n_coarse {
            for b in 0..self.n_coarse {
                cells[0][[a, b]] += ranks * through[a] * through[b];
                cells[1][[a, b]] += ranks * (through[a] * frames[b] + frames[a] * through[b]);
                cells[2][[a, b]] += ranks * frames[a] * frames[b];
            }
            cells[1][[a, a]] += ranks * frames[a] * self.all_h;
            cells[2][[a, a]] += ranks * frames[a] * self.frames;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likelihood::speckle::covariance::Noise;

    const N: usize = 24;

    /// A grid of two frames per group whose reach is everything.
    fn grid() -> Grid {
        let band = |rate: f64| Band::from_fn(N, N - 1, |a, b| (-rate * (a as f64 - b as f64).abs()).exp());
        Grid {
            first_frames: (0..N).map(|a| 2 * a).collect(),
            n_frames: 2 * N,
            coarse: (0..N).map(|a| a / 2).collect(),
            counts: vec![2.0; N],
            h: band(0.3),
            field: band(0.15),
            columns: vec![band(0.5).map(|a, b, value| value * (1 + a + b) as f64), band(0.3)],
            short_lags: Vec::new(),
            local: Vec::new(),
        }
    }

    #[test]
    fn covariances_are_those_of_the_definition() {
        let grid = grid();
        let groups = FrameGroups::new((0..N / 2).map(|k| 4 * k).collect(), 2 * N);
        let swings = Swings::new(&groups, 1, &[0]);
        let dense = |band: &Band| Array2::from_shape_fn((N, N), |(a, b)| band.get(a, b));
        let ones = Array2::from_shape_fn((N, N), |(a, b)| 2.0 - f64::from(u8::from(a == b)));
        let mut columns: Vec<Array2<f64>> = grid.columns.iter().map(|column| dense(&grid.scaled(column))).collect();
        columns.push(ones);
        let weights: Vec<Array2<f64>> = swings.weights().collect();
        let swing = |swing: &Swing| {
            let weights = &weights[swing.half_waves - 1];
            Array2::from_shape_fn((N, N), |(a, b)| columns[swing.column][[a, b]] * weights[[a / 2, b / 2]])
        };
        let all: Vec<Array2<f64>> = columns.iter().cloned().chain(swings.all.iter().map(swing)).collect();
        let expected = Gaussian::of(&all, &dense(&grid.scaled(&grid.h)));
        let found = swings.noise(&grid);
        for noise in [(1.0, 0.0), (1.0, 1.0), (0.0, 1.0)] {
            let noise = Noise { contrast: noise.0, root_speckle: 1.0, white: noise.1 };
            let (expected, found) = (expected.at(noise), found.at(noise));
            for k in 0..all.len() {
                for l in (0..all.len()).filter(|&l| k >= swings.n_scores() || l < swings.n_scores()) {
                    let (one, other) = (found[[k, l]], expected[[k, l]]);
                    assert!((one - other).abs() < 1e-9 * (1.0 + other.abs()), "{k} {l} {one} {other}");
                }
            }
        }
    }

    #[test]
    fn sums_are_weighted_with_the_waves_of_both_groups() {
        let groups = FrameGroups::new((0..10).map(|k| 3 * k).collect(), 30);
        let swings = Swings::new(&groups, 1, &[0]);
        let mut residuals = ResidualSums::zero(30, 10, 3);
        residuals.score_mut(2, 7)[1] = 3.0;
        let place =
            swings.all.iter().position(|swing| *swing == Swing { column: 1, half_waves: 4 }).expect("looked at");
        let weights = swings.weights().nth(3).expect("four half waves");
        assert!((swings.sums(&residuals)[place] - 3.0 * weights[[2, 7]]).abs() < 1e-12);
        assert!(Swings::new(&FrameGroups::new(vec![0, 5], 10), 3, &[0]).all.is_empty());
    }
}
