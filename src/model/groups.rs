//! The model of one angle on pairs of groups of frames: a grid. It sees no data.
//!
//! Groups are parts of coarse groups, so narrow that h hardly changes within one. Where two groups are apart, their pairs of
//! frames are represented by the means of the time tables (exact to second order in the width); within one group means are
//! taken over pairs of some of its frames.

use crate::experiment::Angle;
use crate::model::catalogue::Model;
use crate::model::laminar_flow::shear::Kappa;
use crate::model::local_decays::local_decays;
use crate::model::pair::PairEvaluator;
use crate::model::short_lags::short_lags;
use crate::model::time_tables::TimeTables;
use crate::sums::band::Band;
use crate::sums::grid::{Grid, GridQuery, NEGLIGIBLE, Resemblance};

/// The shear factor falls to 1/e where x is about the inverse of this.
const DECAY_PER_PHASE: f64 = 0.8;

/// Frames of a group that stand for it where means over its own pairs are taken.
const REPRESENTATIVES: usize = 8;

impl Model {
    /// How angles resemble each other.
    #[must_use]
    pub fn resemblances(&self, theta: &[f64], angles: &[Angle]) -> Vec<Resemblance> {
        let time = TimeTables::new(&self.constants, theta);
        // By how much shear shortens, per kappa, the time in which speckles renew themselves.
        let by_diffusion = self.decorrelation_of(&time, 0.0).last().map_or(1.0, |renewals| 1.0 + renewals);
        let strain = time.shear.as_ref().map_or(0.0, |shear| shear.value.iter().copied().fold(0.0, f64::max));
        let per_kappa = DECAY_PER_PHASE * strain / by_diffusion;
        let per_kappa = if per_kappa > 0.0 { per_kappa } else { 1.0 };
        let of = |angle: &Angle| {
            let kappa = self.kappa(theta, angle.phi_degrees);
            let mut factors = vec![1.0; theta.len()];
            if let Some(phi0) = factors.get_mut(6) {
                // h is even in kappa, its derivative by phi0 odd.
                *phi0 = kappa.d_phi0 * kappa.value.signum();
            }
            let place = kappa.value.abs() * per_kappa;
            Resemblance { place, factors, masked_frames: angle.masked_frames.clone() }
        };
        angles.iter().map(of).collect()
    }

    /// How far an angle's speckles have decorrelated from the first frame to each frame, by diffusion and by shear.
    #[must_use]
    pub fn decorrelation(&self, theta: &[f64], angle: &Angle) -> Vec<f64> {
        let time = TimeTables::new(&self.constants, theta);
        self.decorrelation_of(&time, self.kappa(theta, angle.phi_degrees).value)
    }

    fn decorrelation_of(&self, time: &TimeTables, kappa: f64) -> Vec<f64> {
        let strain = |k: usize| time.shear.as_ref().map_or(0.0, |shear| shear.value[k]);
        let at = |(k, exponent): (usize, &f64)| exponent + DECAY_PER_PHASE * kappa.abs() * strain(k);
        time.exponent.iter().enumerate().map(at).collect()
    }

    /// The grid of all angles that resemble this one.
    #[must_use]
    pub fn grid(&self, query: &GridQuery<'_>, angle: &Angle) -> Grid {
        let time = TimeTables::new(&self.constants, query.theta);
        // The derivative by phi0 is a factor of the angle.
        let kappa = Kappa { value: self.kappa(query.theta, angle.phi_degrees).value.abs(), d_phi0: 1.0 };
        let parts = Parts::of(query, &self.decorrelation_of(&time, kappa.value), angle);
        let grouped = time.of_groups(&parts.first_frames);
        let apart = PairEvaluator::on(self, &grouped, kappa);
        let single = PairEvaluator::on(self, &time, kappa);
        let grouped_alone = |parts: Parts| {
            parts.grid(&Evaluators { apart: &apart, single: &single, exponent: &grouped.exponent }, query.theta.len())
        };
        if !query.with_lags {
            return grouped_alone(parts);
        }
        let widest = (0..parts.counts.len()).map(|a| parts.range(a)).map(|(first, end)| end - first).max().unwrap_or(0);
        let is_usable = angle.usable_frames(parts.n_frames);
        let short_lags = short_lags(&single, (query, widest), &is_usable);
        let local = local_decays(&single, query.theta.len(), &is_usable);
        Grid { short_lags, local, ..grouped_alone(parts) }
    }
}

/// The model between groups and between frames.
struct Evaluators<'a> {
    apart: &'a PairEvaluator<'a>,
    single: &'a PairEvaluator<'a>,
    /// q^2 dt C at the groups.
    exponent: &'a [f64],
}

/// Groups as parts of coarse ones.
struct Parts {
    first_frames: Vec<usize>,
    coarse: Vec<usize>,
    counts: Vec<f64>,
    n_frames: usize,
}

impl Parts {
    /// Every coarse group in as many parts of equal length as its decorrelation asks for.
    fn of(query: &GridQuery<'_>, decorrelation: &[f64], angle: &Angle) -> Self {
        let n_frames = decorrelation.len();
        let mut parts = Parts { first_frames: Vec::new(), coarse: Vec::new(), counts: Vec::new(), n_frames };
        for (group, &first) in query.coarse.iter().enumerate() {
            let end = query.coarse.get(group + 1).copied().unwrap_or(n_frames);
            let change = decorrelation[end - 1] - decorrelation[first];
            let n_parts = ((change / query.step).ceil() as usize).clamp(1, end - first);
            for part in 0..n_parts {
                parts.first_frames.push(first + part * (end - first) / n_parts);
                parts.coarse.push(group);
            }
        }
        let masked = &angle.masked_frames;
        let below = |frame: usize| masked.partition_point(|&known| known < frame);
        let count = |a: usize| {
            let (first, end) = parts.range(a);
            (end - first - (below(end) - below(first))) as f64
        };
        parts.counts = (0..parts.first_frames.len()).map(count).collect();
        parts
    }

    fn range(&self, a: usize) -> (usize, usize) {
        (self.first_frames[a], self.first_frames.get(a + 1).copied().unwrap_or(self.n_frames))
    }

    fn grid(self, model: &Evaluators<'_>, p: usize) -> Grid {
        let n = self.counts.len();
        let reach = reach(model, n);
        let (mut h, mut field) = (Band::zero(n, reach), Band::zero(n, reach));
        let mut columns = vec![Band::zero(n, reach); p + 1];
        for a in 0..n {
            self.fill_diagonal(a, model, (&mut h, &mut field), &mut columns);
            for b in a + 1..(a + reach + 1).min(n) {
                let value = model.apart.at(a, b);
                let g = model.apart.field(a, b);
                for (row, col) in [(a, b), (b, a)] {
                    *h.get_mut(row, col) = value.h;
                    *field.get_mut(row, col) = g;
                    (0..p).for_each(|k| *columns[k].get_mut(row, col) = value.dh[k]);
                    *columns[p].get_mut(row, col) = value.h;
                }
            }
        }
        let Parts { first_frames, coarse, counts, n_frames } = self;
        Grid { first_frames, n_frames, coarse, counts, h, field, columns, short_lags: Vec::new(), local: Vec::new() }
    }

    /// Means over the pairs of one group: of a frame with itself h is 1, and a score does not see it.
    fn fill_diagonal(&self, a: usize, model: &Evaluators<'_>, h: (&mut Band, &mut Band), columns: &mut [Band]) {
        let (first, end) = self.range(a);
        let size = end - first;
        let n = size.min(REPRESENTATIVES);
        let frames: Vec<usize> = (0..n).map(|k| first + k * size / n).collect();
        let n_different = (n * (n - 1) / 2).max(1) as f64;
        let different = (size - 1) as f64 / size as f64;
        let (mut sum_h, mut sum_field, p) = (0.0, 0.0, columns.len() - 1);
        for (k, &i) in frames.iter().enumerate() {
            for &j in &frames[k + 1..] {
                let value = model.single.at(i, j);
                (sum_h, sum_field) = (sum_h + value.h, sum_field + model.single.field(i, j));
                for (column, dh) in columns.iter_mut().zip(value.dh).take(p) {
                    *column.get_mut(a, a) += dh / n_different * different;
                }
            }
        }
        *columns[p].get_mut(a, a) = sum_h / n_different * different;
        *h.0.get_mut(a, a) = sum_h / n_different * different + (1.0 - different);
        *h.1.get_mut(a, a) = sum_field / n_different * different + (1.0 - different);
    }
}

/// The farthest groups between which h is not negligible.
fn reach(model: &Evaluators<'_>, n: usize) -> usize {
    let most = -NEGLIGIBLE.ln();
    let of_group = |a: usize| {
        let within = (a + 1..n).take_while(|&b| model.exponent[b] - model.exponent[a] < most);
        within.filter(|&b| model.apart.h(a, b) > NEGLIGIBLE).last().map_or(0, |b| b - a)
    };
    (0..n).map(of_group).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Experiment, TimeGrid};
    use crate::parameters::definitions::{AnalysisMode, ShearConvention};

    #[test]
    fn a_grid_has_the_means_of_its_pairs() {
        let angle = |phi_degrees: f64| Angle { phi_degrees, sigma: 1.0, masked_frames: vec![3, 4], ..Angle::default() };
        let experiment = Experiment {
            q_per_angstrom: 0.0054,
            gap_angstrom: Some(2e6),
            time: TimeGrid { n_frames: 90, dt_seconds: 0.1, start_seconds: 0.0, first_frame: 1 },
            angles: vec![angle(20.0), angle(-160.0)],
        };
        let model = Model::new(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment).expect("valid");
        let theta = [30_000.0, -0.2, 500.0, 0.002, 0.1, 0.0001, 3.0];
        let coarse = [0, 10, 31, 60];
        let query = GridQuery { theta: &theta, coarse: &coarse, step: 0.2, with_lags: true };
        let grid = model.grid(&query, &experiment.angles[0]);
        assert_eq!(grid.counts.iter().sum::<f64>(), 88.0);
        let tables = model.tables(&theta);
        let exact = PairEvaluator::new(&model, &tables, &theta, 20.0);
        let factors = model.resemblances(&theta, &experiment.angles).swap_remove(0).factors;
        for (a, b) in [(0, 1), (2, 5), (7, 7), (5, 12)] {
            let (mut h, mut phi0, mut n) = (0.0, 0.0, 0.0);
            for i in grid.first_frames[a]..grid.end(a) {
                for j in grid.first_frames[b]..grid.end(b) {
                    let value = (i != j).then(|| exact.at(i.min(j), i.max(j)));
                    h += value.map_or(1.0, |value| value.h);
                    phi0 += value.map_or(0.0, |value| value.dh[6]);
                    n += 1.0;
                }
            }
            assert!((grid.h.get(a, b) - h / n).abs() < 0.005, "{a} {b}: {} {}", grid.h.get(a, b), h / n);
            let found = grid.columns[6].get(a, b) * factors[6];
            assert!((found - phi0 / n).abs() < 0.03 * (phi0 / n).abs() + 1e-4, "{a} {b}: {found} {}", phi0 / n);
        }
        // The opposite angle differs in the factors alone.
        let [own, other] = &model.resemblances(&theta, &experiment.angles)[..] else { panic!("two angles") };
        assert!((own.place / other.place - 1.0).abs() < 1e-12);
        assert!((own.factors[6] / other.factors[6] - 1.0).abs() < 1e-9);
    }
}
