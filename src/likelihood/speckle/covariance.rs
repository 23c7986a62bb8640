//! The covariance of sums of residuals on a grid, in monomials of contrast, white part and number of speckles. It knows neither
//! the data nor what the sums are for.
//!
//! Groups of n_a frames enter as matrices scaled by the roots of n_a n_b: then sums over frames are products of matrices, and w,
//! which sits on single frames, stays a multiple of one. What is 1 on two blocks of time has no reach, but is of rank two.

use crate::likelihood::speckle::functions::{Function, Functions};
use crate::sums::algebra::{Algebra, dot};
use crate::sums::band::{Band, NonzeroRows};
use crate::sums::grid::Grid;
use ndarray::Array2;

/// Contrast, speckles and white part of one angle, in numbers that stay finite where only one of them is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Noise {
    /// beta: contrast.
    pub contrast: f64,
    /// 1 / sqrt(N), N the number of speckles; zero if nothing but white noise is seen.
    pub root_speckle: f64,
    /// w / sqrt(N), w the white part of the variance of one intensity: close to sigma where w exceeds the contrast.
    pub white: f64,
}

/// `N Cov = b^2 [0] + b^3 [1] + b w [2] + b^2 w [3] + w^2 [4] + b w^2 [5]`, for all pairs of functions.
#[derive(Debug, Clone)]
pub struct Components {
    parts: [Array2<f64>; 6],
}

const MONOMIALS: usize = 6;

impl Components {
    /// On a grid.
    #[must_use]
    pub fn of(grid: &Grid, functions: &Functions) -> Self {
        let scaled = Scaled::of(grid);
        let blocks = BlockVectors::of(&scaled, grid, functions);
        let n = functions.all.len();
        let mut seen: Vec<Seen> = Vec::with_capacity(n);
        let mut parts: [Array2<f64>; MONOMIALS] = std::array::from_fn(|_| Array2::zeros((n, n)));
        for (k, &function) in functions.all.iter().enumerate() {
            let (one, once_more) = Seen::of((&scaled, &blocks), LookedAt::of(functions, function, grid), grid);
            seen.push(one);
            let one = &seen[k];
            for (l, other) in seen.iter().enumerate() {
                for (part, value) in parts.iter_mut().zip(blocks.monomials((one, &once_more), other)) {
                    part[[k, l]] = value;
                    part[[l, k]] = value;
                }
            }
            if let Some((j, a)) = one.squares {
                parts[4][[k, k]] = 0.5 * j;
                parts[5][[k, k]] = 0.5 * a;
            }
        }
        let mut components = Components { parts };
        components.set_short_lags(grid, functions);
        components
    }

    /// tr(J J') and tr(A A') of a bin of short lags and another function: a mean over pairs of groups is not its value at these lags.
    fn set_short_lags(&mut self, grid: &Grid, functions: &Functions) {
        for (k, &one) in functions.all.iter().enumerate() {
            let Function::Lag { bin } = one else { continue };
            for (l, &other) in functions.all.iter().enumerate().filter(|(l, _)| *l != k) {
                if let Some((j, a)) = functions.at_lags(bin, other, grid) {
                    for place in [[k, l], [l, k]] {
                        (self.parts[4][place], self.parts[5][place]) = (j, a);
                    }
                }
            }
        }
    }

    /// Of the six monomials.
    #[must_use]
    pub fn from_parts(parts: [Array2<f64>; MONOMIALS]) -> Self {
        Components { parts }
    }

    /// Between two grids.
    #[must_use]
    pub fn between(&self, other: &Components, share: f64) -> Components {
        Components { parts: std::array::from_fn(|k| self.parts[k].towards(&other.parts[k], share)) }
    }

    /// The same functions with factors, of rows and of columns.
    #[must_use]
    pub fn with_factors(&self, rows: &[f64], columns: &[f64]) -> Self {
        Components { parts: self.parts.each_ref().map(|part| part.with_factors(rows, columns)) }
    }

    /// Of sums of functions: `combinations` has a row for each.
    #[must_use]
    pub fn of_sums(&self, combinations: &Array2<f64>) -> Components {
        Components { parts: std::array::from_fn(|k| combinations.dot(&self.parts[k]).dot(&combinations.t())) }
    }

    /// Cov(s, s') of all functions.
    #[must_use]
    pub fn at(&self, noise: Noise) -> Array2<f64> {
        let Noise { contrast: beta, root_speckle: x, white } = noise;
        self.combined([
            beta * beta * x * x,
            beta.powi(3) * x * x,
            beta * white * x,
            beta * beta * white * x,
            white * white,
            beta * white * white,
        ])
    }

    /// The same between two angles that see the same speckles by different photons.
    #[must_use]
    pub fn shared(&self, one: Noise, other: Noise) -> Array2<f64> {
        let contrast = (one.contrast * other.contrast).sqrt();
        let root_speckle = (one.root_speckle * other.root_speckle).sqrt();
        self.at(Noise { contrast, root_speckle, white: 0.0 })
    }

    /// `1/2 tr(J J')` of all functions: the sum over pairs of their products.
    #[must_use]
    pub fn products(&self) -> &Array2<f64> {
        &self.parts[4]
    }

    fn combined(&self, factors: [f64; MONOMIALS]) -> Array2<f64> {
        let mut sum = &self.parts[0] * factors[0];
        for (part, factor) in self.parts.iter().zip(factors).skip(1) {
            sum.scaled_add(factor, part);
        }
        sum
    }
}

/// Everything about a grid that functions share.
pub(super) struct Scaled {
    pub(super) roots: Vec<f64>,
    /// sqrt(n_a n_b) h and sqrt(n_a n_b) g.
    pub(super) h: Band,
    g: Band,
    field: Band,
}

/// Of every block of time: sqrt(n_a) on it, and h times that.
struct BlockVectors {
    own: Vec<Vec<f64>>,
    through_h: Vec<Vec<f64>>,
}

/// One function as a matrix.
struct LookedAt {
    narrow: Option<Band>,
    wide: Option<Wide>,
    is_lag: bool,
}

impl LookedAt {
    fn of(functions: &Functions, function: Function, grid: &Grid) -> Self {
        let is_lag = matches!(function, Function::Lag { .. });
        LookedAt { narrow: functions.on(function, grid), wide: Wide::of(function), is_lag }
    }
}

/// What is computed of one function before pairs of functions are looked at.
pub(super) struct Measured {
    /// J within reach, without what is wide of it.
    pub(super) band: NonzeroRows,
    /// A; none where it vanishes.
    cycles: Option<NonzeroRows>,
    /// v / beta, h v / beta, diag(g A g) per frame.
    v: Vec<f64>,
    hv: Vec<f64>,
    d: Vec<f64>,
}

/// What only one of two functions needs, and one function at a time.
pub(super) struct OnceMore {
    /// J, symmetric part of h J, h J h.
    pub(super) band: [Band; 3],
    /// A, symmetric part of g A, g A g; none where A vanishes.
    cycles: Option<[Band; 3]>,
}

/// A function, and what of it is wide.
struct Seen {
    measured: Measured,
    /// 1 on two blocks, and how much of it.
    wide: Option<Wide>,
    /// Of every two blocks u, v: u' J v, u' (h J) v symmetric, u' h J h v.
    on_blocks: [Array2<f64>; 3],
    /// tr(J J) and tr(A A) of what is 1 on some pairs of two groups and 0 on others: there means do not tell them.
    squares: Option<(f64, f64)>,
}

/// `weight (u v' + v u') / 2` with u, v blocks of time.
#[derive(Clone, Copy)]
struct Wide {
    u: usize,
    v: usize,
    weight: f64,
}

impl Scaled {
    pub(super) fn of(grid: &Grid) -> Self {
        let (h, g) = (grid.scaled(&grid.h), grid.scaled(&grid.field));
        Scaled { field: grid.field.clone(), roots: grid.roots(), h, g }
    }
}

impl BlockVectors {
    fn of(scaled: &Scaled, grid: &Grid, functions: &Functions) -> Self {
        let indicator = |block: usize| {
            let within = |(a, root): (usize, &f64)| match functions.block(grid.coarse[a]) == block {
                true => *root,
                false => 0.0,
            };
            scaled.roots.iter().enumerate().map(within).collect::<Vec<f64>>()
        };
        let own: Vec<Vec<f64>> = (0..functions.blocks.len()).map(indicator).collect();
        let through_h = own.iter().map(|block| scaled.h.apply(block)).collect();
        BlockVectors { own, through_h }
    }

    /// The six monomials of two functions.
    fn monomials(&self, (one, once_more): (&Seen, &OnceMore), other: &Seen) -> [f64; MONOMIALS] {
        let traces = [0, 1, 2].map(|k| self.trace((one, &once_more.band[k]), other, k));
        one.measured.monomials(once_more, &other.measured, traces)
    }

    /// tr(J J'), tr(J J' h) or tr(J h J' h).
    fn trace(&self, (one, band): (&Seen, &Band), other: &Seen, which: usize) -> f64 {
        let narrow = band.inner_on(&other.measured.band);
        let half = |wide: Option<Wide>, of: &Seen| wide.map_or(0.0, |w| w.weight * of.on_blocks[which][[w.u, w.v]]);
        let both = match (one.wide, other.wide) {
            (Some(one), Some(other)) => one.weight * other.weight * self.of_two(one, other, which),
            _ => 0.0,
        };
        narrow + half(one.wide, other) + half(other.wide, one) + both
    }

    fn of_two(&self, one: Wide, other: Wide, which: usize) -> f64 {
        let plain = |a: usize, b: usize| dot(&self.own[a], &self.own[b]);
        let through = |a: usize, b: usize| dot(&self.own[a], &self.through_h[b]);
        let (Wide { u, v, .. }, Wide { u: x, v: y, .. }) = (one, other);
        match which {
            0 => 0.5 * (plain(v, x) * plain(u, y) + plain(v, y) * plain(u, x)),
            1 => {
                let terms = [(v, x, y, u), (v, y, x, u), (u, x, y, v), (u, y, x, v)];
                0.25 * terms.iter().map(|&(a, b, c, d)| plain(a, b) * through(c, d)).sum::<f64>()
            }
            _ => 0.5 * (through(v, x) * through(u, y) + through(v, y) * through(u, x)),
        }
    }
}

impl Measured {
    /// Of J, scaled: a band, and what is wide of it.
    pub(super) fn of(scaled: &Scaled, narrow: Band, wide: &dyn Fn(usize, usize) -> f64) -> (Self, OnceMore) {
        let (roots, field) = (&scaled.roots, &scaled.field);
        let whole = narrow.map(|a, b, value| (value + wide(a, b)) * field.get(a, b));
        let v = whole.map(|a, b, value| value * field.get(a, b)).apply(roots);
        let cycles = (!whole.is_zero()).then(|| through(&scaled.g, whole));
        let per_frame = |(d, root): (f64, &f64)| if *root > 0.0 { d / root } else { 0.0 };
        let d = match &cycles {
            Some([_, _, cycles]) => cycles.diagonal().into_iter().zip(roots).map(per_frame).collect(),
            None => vec![0.0; roots.len()],
        };
        let band = through(&scaled.h, narrow);
        let measured = Measured {
            d,
            hv: scaled.h.apply(&v),
            v,
            cycles: cycles.as_ref().map(|[a, ..]| a.nonzero_rows()),
            band: band[0].nonzero_rows(),
        };
        (measured, OnceMore { band, cycles })
    }

    /// tr(A g A' g).
    pub(super) fn cycles(once_more: &OnceMore, other: &Measured) -> f64 {
        match (&once_more.cycles, &other.cycles) {
            (Some([.., gag]), Some(other)) => gag.inner_on(other),
            _ => 0.0,
        }
    }

    /// The six monomials with another, given tr(J J'), tr(J J' h) and tr(J h J' h).
    pub(super) fn monomials(&self, once_more: &OnceMore, other: &Measured, [j, hj, hjh]: [f64; 3]) -> [f64; MONOMIALS] {
        let [a, ga, gag] = match (&once_more.cycles, &other.cycles) {
            (Some(one), Some(other)) => one.each_ref().map(|band| band.inner_on(other)),
            _ => [0.0; 3],
        };
        let over_means = dot(&self.v, &other.hv) - dot(&self.v, &other.d) - dot(&other.v, &self.d);
        [0.5 * hjh, 1.5 * gag + over_means, hj, 2.0 * ga - dot(&self.v, &other.v), 0.5 * j, 0.5 * a]
    }
}

impl Seen {
    fn of(
        (scaled, blocks): (&Scaled, &BlockVectors),
        LookedAt { narrow, wide, is_lag }: LookedAt,
        grid: &Grid,
    ) -> (Self, OnceMore) {
        let roots = &scaled.roots;
        let narrow = match narrow {
            Some(band) => band.map(|a, b, value| value * roots[a] * roots[b]),
            // A score does not see a frame with itself.
            None => Band::from_fn(grid.len(), scaled.h.reach(), |a, b| match (wide, a == b) {
                (Some(Wide { u, v, .. }), true) if u == v && blocks.own[u][a] > 0.0 => -1.0,
                _ => 0.0,
            }),
        };
        let squares = is_lag.then(|| {
            let sum = |value: &dyn Fn(usize, usize) -> f64| narrow.map(|a, b, j| j * value(a, b)).apply(roots);
            let squares = |column: Vec<f64>| dot(&column, roots);
            (squares(sum(&|_, _| 1.0)), squares(sum(&|a, b| grid.h.get(a, b))))
        });
        let on_blocks = on_blocks(blocks, &narrow);
        let of_wide = |a: usize, b: usize| wide.map_or(0.0, |wide| wide.at(blocks, a, b));
        let (measured, once_more) = Measured::of(scaled, narrow, &of_wide);
        (Seen { measured, wide, on_blocks, squares }, once_more)
    }
}

/// J, the symmetric part of J k, and k J k, within reach.
pub(super) fn through(kernel: &Band, j: Band) -> [Band; 3] {
    let reach = j.reach();
    let product = j.times(kernel, 2 * reach);
    [j, product.cut(reach).symmetric(), kernel.times_symmetric(&product, reach)]
}

/// Of every two blocks u, v: u' J v, the symmetric part of u' h J v, u' h J h v.
fn on_blocks(blocks: &BlockVectors, narrow: &Band) -> [Array2<f64>; 3] {
    let n = blocks.own.len();
    let applied = |vectors: &[Vec<f64>]| vectors.iter().map(|vector| narrow.apply(vector)).collect::<Vec<_>>();
    let (plain, through) = (applied(&blocks.own), applied(&blocks.through_h));
    let table = |left: &[Vec<f64>], right: &[Vec<f64>]| {
        Array2::from_shape_fn((n, n), |(a, b)| f64::midpoint(dot(&left[a], &right[b]), dot(&left[b], &right[a])))
    };
    [table(&blocks.own, &plain), table(&blocks.through_h, &plain), table(&blocks.through_h, &through)]
}

impl Wide {
    /// 1 on both orders of two blocks.
    fn of(function: Function) -> Option<Self> {
        match function {
            Function::Blocks { earlier, later } => {
                Some(Wide { u: earlier, v: later, weight: if earlier == later { 1.0 } else { 2.0 } })
            }
            _ => None,
        }
    }

    fn at(self, blocks: &BlockVectors, a: usize, b: usize) -> f64 {
        let (u, v) = (&blocks.own[self.u], &blocks.own[self.v]);
        0.5 * self.weight * (u[a] * v[b] + v[a] * u[b])
    }
}
