//! How far the minimum of condensed data may lie from that of all pairs, without data: the energy of h and its derivatives in the two
//! highest polynomials along every axis is about what the next ones, which nodes do not see, would have. It sweeps no data.

use crate::error::Result;
use crate::experiment::Angle;
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::model::catalogue::{Model, WithWidth};
use crate::model::nodes::of_frames;
use crate::model::scattered_pairs::ScatteredAngle;
use crate::sums::gram::Gram;
use crate::sums::objective::Query;
use crate::sums::pairs::{LANES, Lane, QUANTITIES};
use crate::sums::tile::write_rows;
use crate::sweep::condensed::arrangement::Arrangement;
use crate::sweep::condensed::axis_rule::Rule;
use crate::sweep::condensed::layout::Layout;
use crate::sweep::simd::SimdLevel;
use crate::sweep::weighted_pairs::filled;
use pulp::{Simd, WithSimd};
use std::sync::{Mutex, PoisonError};

/// Largest shift in standard errors, from the sums of every angle at the same theta: the noise that is left out along a parameter,
/// `sqrt(tail_k / H_kk)`, times what of h is left out in units of noise.
#[must_use]
pub fn predicted(grams: &[Gram], tails: &[Vec<f64>], contrast: &[f64]) -> f64 {
    let over_angles = |term: &dyn Fn(usize) -> f64| -> f64 {
        contrast.iter().enumerate().map(|(angle, contrast)| contrast * contrast * term(angle)).sum()
    };
    let n_parameters = grams.first().map_or(0, Gram::n_parameters);
    let along = |k: usize| {
        let information = over_angles(&|angle| grams[angle].get(k, k));
        if information > 0.0 { (over_angles(&|angle| tails[angle][k]) / information).sqrt() } else { 0.0 }
    };
    let noise = (0..n_parameters).map(along).fold(0.0, f64::max);
    noise * (1.0 + over_angles(&|angle| tails[angle][n_parameters]).sqrt())
}

/// Energies in the highest polynomials of every dh and of h, per angle.
pub struct Tails<'a> {
    /// The model.
    pub model: &'a Model,
    /// The angles, and where their pseudo-pairs lie.
    pub angles: (&'a [Angle], &'a Arrangement),
    /// The threads.
    pub lanes: &'a Lanes,
    /// Where the model is looked at.
    pub query: &'a Query<'a>,
}

impl WithWidth for Tails<'_> {
    type Output = Result<Vec<Vec<f64>>>;

    fn run<const W: usize>(self) -> Result<Vec<Vec<f64>>> {
        let Tails { model, angles: (angles, arrangement), lanes, query } = self;
        let pairs = arrangement.pairs_at(&of_frames(model, query.theta));
        // The rows of an angle are many: as many are made as there are threads.
        let spare: Mutex<Vec<Vec<[Lane; W]>>> = Mutex::default();
        let lend = || spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let flow = Dataflow {
            n_items: angles.len(),
            lanes: lanes.clone(),
            read: &|_| Ok(()),
            work: &|angle: usize, ()| {
                let (place, at) = (arrangement.place(angle), &pairs[arrangement.of_angle(angle)]);
                let at = at.at(model, query.theta, angles[angle].phi_degrees);
                let mut rows = lend();
                SimdLevel::Best.run(Rows { pairs: &at, roots: &place.roots, into: &mut rows });
                let (energies, factors) = (energies(&place.layout, &rows), at.factors());
                spare.lock().unwrap_or_else(PoisonError::into_inner).push(rows);
                let factor = |k: usize| if k < W - 3 { factors[k] * factors[k] } else { 1.0 };
                let weighed = |(k, energy): (usize, &f64)| energy * factor(k) * query.weight(angle);
                Ok(energies[..W - 2].iter().enumerate().map(weighed).collect::<Vec<f64>>())
            },
            meter: &Meter::default(),
        };
        let mut tails = Vec::with_capacity(angles.len());
        flow.fold(&mut |_, found| {
            tails.push(found);
            Ok(())
        })?;
        Ok(tails)
    }
}

/// The rows of all pseudo-pairs of an angle, weighed.
struct Rows<'a, const W: usize> {
    pairs: &'a ScatteredAngle<'a>,
    roots: &'a [Lane],
    into: &'a mut Vec<[Lane; W]>,
}

impl<const W: usize> WithSimd for Rows<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.into.resize(self.roots.len(), [Lane::default(); W]);
        for (group, rows) in self.into.iter_mut().enumerate() {
            let pair = filled::<S, W>(simd, self.pairs, group, (self.roots[group], Lane::default()));
            for v in 0..LANES / S::F64_LANES {
                let differences: [S::f64s; QUANTITIES] = self.pairs.differences(simd, group, v);
                write_rows(simd, &pair, &differences, rows, v);
            }
        }
    }
}

fn energies<const W: usize>(layout: &Layout, rows: &[[Lane; W]]) -> [f64; W] {
    let mut energies = [0.0; W];
    let mut first = 0;
    let mut add_all = |outer: &Rule, inner: &Rule| {
        let (n_outer, n_inner) = (outer.nodes.len(), inner.nodes.len());
        (0..n_outer).for_each(|k| add(inner, rows, &|l| first + k * n_inner + l, &mut energies));
        (0..n_inner).for_each(|l| add(outer, rows, &|k| first + k * n_inner + l, &mut energies));
        first += n_outer * n_inner;
    };
    for cell in &layout.cells {
        add_all(&layout.rows(cell).rule, &layout.columns(cell).rule);
    }
    for strip in layout.strips.iter().flatten() {
        add_all(&layout.axes[strip.lags].rule, &layout.axes[strip.rows].rule);
    }
    energies
}

/// Adds what rows at the nodes of one axis have in its highest polynomials.
#[inline(always)]
fn add<const W: usize>(rule: &Rule, rows: &[[Lane; W]], row: &dyn Fn(usize) -> usize, energies: &mut [f64; W]) {
    for polynomial in rule.highest.iter().flatten() {
        let mut coefficients = [0.0; W];
        for (node, share) in (0..rule.nodes.len()).zip(polynomial.0) {
            let place = row(node);
            let row = &rows[place / LANES];
            for (coefficient, column) in coefficients.iter_mut().zip(row) {
                *coefficient += share * column.0[place % LANES];
            }
        }
        energies.iter_mut().zip(coefficients).for_each(|(energy, coefficient)| *energy += coefficient * coefficient);
    }
}
