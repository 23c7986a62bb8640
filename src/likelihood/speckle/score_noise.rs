//! What the scores `[dh .., h, 1]` of one grid scatter by, plain and with weights: plain ones are looked at once, whatever the number of
//! weights. It knows no fit.
//!
//! The terms are those of `covariance`. Of the cycles of four frames the third, `sum J_ij J'_kl g_ik g_kj g_jl g_li`, is summed as it is
//! where that is asked for: weights change sign within a decay, and it is then twice the mean of the others and more.

use crate::likelihood::speckle::covariance::{Components, Measured, OnceMore, Scaled};
use crate::sums::algebra::dot;
use crate::sums::band::{Band, NonzeroRows};
use crate::sums::grid::Grid;
use ndarray::Array2;

const MONOMIALS: usize = 6;

/// The plain scores of one grid.
pub struct PlainScores<'a> {
    grid: &'a Grid,
    scaled: Scaled,
    all: Vec<Score>,
    parts: [Array2<f64>; MONOMIALS],
    /// Whether all cycles of four frames are summed.
    is_exact: bool,
}

/// One score.
struct Score {
    measured: Measured,
    constant: Option<Constant>,
    /// J of every group with itself.
    own: Vec<f64>,
}

/// What of the constant lies beyond the band.
struct Constant {
    /// Weights of groups, scaled, and h times that.
    x: Vec<f64>,
    hx: Vec<f64>,
    /// J within reach.
    within: NonzeroRows,
}

/// What a score brings to pairs of scores.
struct Brought {
    once_more: OnceMore,
    /// Third cycles, where they are wanted.
    crossed: Option<Band>,
}

impl<'a> PlainScores<'a> {
    /// On a grid; `is_exact`: with all cycles of four frames.
    #[must_use]
    pub fn of(grid: &'a Grid, is_exact: bool) -> Self {
        let scaled = Scaled::of(grid);
        let n = grid.columns.len() + 1;
        let parts = std::array::from_fn(|_| Array2::zeros((n, n)));
        let mut plain = PlainScores { grid, scaled, all: Vec::with_capacity(n), parts, is_exact };
        let mut parts = plain.parts.clone();
        let mut all = Vec::with_capacity(n);
        plain.look_at(&grid.columns, &vec![1.0; grid.len()], |_, one, brought| {
            all.push(one);
            for (l, other) in all.iter().enumerate() {
                set(&mut parts, (all.len() - 1, l), pair(grid, (&all[all.len() - 1], brought), other));
            }
        });
        (plain.all, plain.parts) = (all, parts);
        plain
    }

    /// Scores with weights, which are means over the different frames of two groups as columns of the grid are, and of the constant the
    /// weights of groups; behind them the plain ones.
    #[must_use]
    pub fn with_weights(&self, bands: &[Band], of_groups: &[f64]) -> Components {
        let n = self.all.len();
        let mut parts: [Array2<f64>; MONOMIALS] = std::array::from_fn(|k| {
            let mut part = Array2::zeros((2 * n, 2 * n));
            part.slice_mut(ndarray::s![n.., n..]).assign(&self.parts[k]);
            part
        });
        let mut weighted: Vec<Score> = Vec::with_capacity(n);
        self.look_at(bands, of_groups, |k, one, brought| {
            weighted.push(one);
            let one = &weighted[k];
            let others = weighted.iter().enumerate().chain((n..).zip(&self.all));
            for (l, other) in others {
                set(&mut parts, (k, l), pair(self.grid, (one, brought), other));
            }
        });
        Components::from_parts(parts)
    }

    /// Looks at every score of some bands and of the constant in turn.
    fn look_at(&self, bands: &[Band], of_groups: &[f64], mut each: impl FnMut(usize, Score, &Brought)) {
        let Scaled { roots, h, .. } = &self.scaled;
        let mut scaled: Vec<Band> = bands.iter().map(|band| self.grid.scaled(band)).collect();
        let x: Vec<f64> = of_groups.iter().zip(roots).map(|(weight, root)| weight * root).collect();
        // A score does not see a frame with itself.
        let itself = |a: usize| -of_groups[a].powi(2);
        let within = Band::from_fn(x.len(), h.reach(), |a, b| x[a] * x[b] + if a == b { itself(a) } else { 0.0 });
        let constant = Constant { hx: h.apply(&x), within: within.nonzero_rows(), x: x.clone() };
        scaled.push(within);
        let mut crossed = if self.is_exact { self.crossed(&scaled) } else { Vec::new() }.into_iter();
        let own = scaled.pop().map(|within| within.diagonal()).unwrap_or_default();
        let narrow = Band::from_fn(x.len(), h.reach(), |a, b| if a == b { itself(a) } else { 0.0 });
        let of_constant = (narrow, own, constant);
        for (k, narrow) in scaled.into_iter().enumerate() {
            let own = narrow.diagonal();
            let (measured, once_more) = Measured::of(&self.scaled, narrow, &|_, _| 0.0);
            each(k, Score { measured, constant: None, own }, &Brought { once_more, crossed: crossed.next() });
        }
        let (narrow, own, constant) = of_constant;
        let (measured, once_more) = Measured::of(&self.scaled, narrow, &|a, b| x[a] * x[b]);
        let score = Score { measured, constant: Some(constant), own };
        each(bands.len(), score, &Brought { once_more, crossed: crossed.next() });
    }

    fn crossed(&self, scaled: &[Band]) -> Vec<Band> {
        let roots = &self.scaled.roots;
        // Sums over frames: each appears in J once.
        let in_pairs = |band: &Band| band.map(|a, b, value| value * roots[a] * roots[b]);
        let pairs: Vec<Band> = scaled.iter().map(in_pairs).collect();
        self.grid.field.crossed_cycles(&pairs).iter().map(in_pairs).collect()
    }
}

fn set(parts: &mut [Array2<f64>; MONOMIALS], (k, l): (usize, usize), values: [f64; MONOMIALS]) {
    for (part, value) in parts.iter_mut().zip(values) {
        part[[k, l]] = value;
        part[[l, k]] = value;
    }
}

/// The six monomials of two scores.
fn pair(grid: &Grid, (one, brought): (&Score, &Brought), other: &Score) -> [f64; MONOMIALS] {
    let once_more = &brought.once_more;
    let traces = [0, 1, 2].map(|k| {
        let narrow = once_more.band[k].inner_on(&other.measured.band);
        narrow + of_constant(one, other, k) + of_constant(other, one, k) + of_constants(one, other, k)
    });
    let mut monomials = one.measured.monomials(once_more, &other.measured, traces);
    if let Some(crossed) = &brought.crossed {
        // Beyond the band two frames have no third in common.
        let within = other.constant.as_ref().map_or(&other.measured.band, |constant| &constant.within);
        monomials[1] += 0.5 * (crossed.inner_on(within) - Measured::cycles(once_more, &other.measured));
    }
    let [j, a] = own_pairs(grid, one, other);
    (monomials[4], monomials[5]) = (monomials[4] + j, monomials[5] + a);
    monomials
}

/// Of a constant's x: x' J x, (h x)' J x or (h x)' J h x.
fn of_constant(constant: &Score, narrow: &Score, which: usize) -> f64 {
    let Some(Constant { x, hx, .. }) = &constant.constant else { return 0.0 };
    let (left, right) = (if which > 0 { hx } else { x }, if which > 1 { hx } else { x });
    narrow.measured.band.between(left, right)
}

/// Of two constants: (x' y)^2, (x' y) (x' h y) or (x' h y)^2.
fn of_constants(one: &Score, other: &Score, which: usize) -> f64 {
    let (Some(one), Some(other)) = (&one.constant, &other.constant) else { return 0.0 };
    let (plain, through) = (dot(&one.x, &other.x), dot(&one.hx, &other.x));
    match which {
        0 => plain * plain,
        1 => plain * through,
        _ => through * through,
    }
}

/// A mean over all pairs of a group's frames takes a frame with itself for a pair: what that lacks of tr(J J') and tr(A A'), halved.
fn own_pairs(grid: &Grid, one: &Score, other: &Score) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for (a, &n) in grid.counts.iter().enumerate().filter(|(_, n)| **n > 1.0) {
        let lacking = 0.5 * one.own[a] * other.own[a] / (n - 1.0);
        let decay = grid.columns.last().map_or(0.0, |h| h.get(a, a)) * n / (n - 1.0);
        sums = [sums[0] + lacking, sums[1] + decay * lacking];
    }
    sums
}
