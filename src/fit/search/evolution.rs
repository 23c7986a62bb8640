//! CMA-ES with BIPOP restarts in a unit cube: where basins of the cost may be. It knows no parameter by name.
//!
//! Hansen, GECCO 2009 workshop, doi 10.1145/1570256.1570333: runs with doubled populations alternate with small ones from
//! random places, whichever has used fewer evaluations. Single runs are those of the crate `cmaes`.

use crate::error::Result;
use crate::fit::search::design::Uniform;
use crate::fit::settings::Evolution;
use cmaes::{CMAESOptions, DVector};

/// The best point of a run, and its cost.
pub type RunBest = (Vec<f64>, f64);

/// Evaluations of all runs together, as a multiple of the first run's largest number.
const BUDGET: usize = 8;

/// The best point of every run and its cost, in the order of the runs, and the number of evaluations.
///
/// # Errors
/// The first error of `cost`.
pub fn evolve(
    settings: &Evolution,
    centre: &[f64],
    cost: &mut dyn FnMut(&[f64]) -> Result<f64>,
) -> Result<(Vec<RunBest>, usize)> {
    let n = centre.len();
    let first = settings.population.unwrap_or(4 + (3.0 * (n as f64).ln()) as usize).max(4);
    let budget = BUDGET * first * settings.generations();
    let mut uniform = Uniform::new(settings.seed);
    let tol_fun = settings.tol_fun * cost(centre)?.abs().clamp(1e-300, 1e300);
    let mut best = Vec::new();
    let (mut large, mut used_by_large, mut used_by_small) = (first, 0, 0);
    for run in 0..=if settings.restarts { settings.max_restarts } else { 0 } {
        let small = run > 0 && used_by_small < used_by_large;
        let (mean, population, sigma) = match (run, small) {
            (0, _) => (centre.to_vec(), first, settings.sigma),
            (_, true) => {
                let share = uniform.draw().powi(2);
                let population = (first as f64 * (0.5 * large as f64 / first as f64).max(1.0).powf(share)) as usize;
                let sigma = settings.sigma * 10_f64.powf(-2.0 * uniform.draw());
                (random_point(n, &mut uniform), population.max(4), sigma)
            }
            (_, false) => {
                large *= 2;
                (random_point(n, &mut uniform), large, settings.sigma)
            }
        };
        let options = CMAESOptions::new(mean, sigma)
            .population_size(population)
            .max_generations(settings.generations())
            .tol_fun(tol_fun)
            .tol_x(settings.tol_x)
            .seed(uniform.seed());
        let (found, evaluations) = one_run(options, cost)?;
        best.extend(found);
        *(if small { &mut used_by_small } else { &mut used_by_large }) += evaluations;
        if used_by_large + used_by_small >= budget {
            break;
        }
    }
    Ok((best, used_by_large + used_by_small))
}

fn one_run(options: CMAESOptions, cost: &mut dyn FnMut(&[f64]) -> Result<f64>) -> Result<(Option<RunBest>, usize)> {
    let mut failed = None;
    let mut evaluations = 0;
    let objective = |x: &DVector<f64>| {
        evaluations += 1;
        let (inside, outside) = mirrored(x.as_slice());
        match cost(&inside) {
            // Far outside costs more, so that the search does not run off along mirror images.
            Ok(value) if value.is_finite() => value * (1.0 + outside),
            Ok(_) => 1e300,
            // Not a number ends the run here, whatever its population.
            Err(error) => {
                failed.get_or_insert(error);
                f64::NAN
            }
        }
    };
    let Ok(mut search) = options.build(objective) else { return Ok((None, 0)) };
    let found = search.run().overall_best.map(|best| (mirrored(best.point.as_slice()).0, best.value));
    drop(search);
    match failed {
        Some(error) => Err(error),
        None => Ok((found, evaluations)),
    }
}

fn random_point(n: usize, uniform: &mut Uniform) -> Vec<f64> {
    (0..n).map(|_| uniform.draw()).collect()
}

/// The mirror image within the cube, and how far outside the point was.
fn mirrored(x: &[f64]) -> (Vec<f64>, f64) {
    let fold = |x: &f64| {
        let phase = x.rem_euclid(2.0);
        if phase > 1.0 { 2.0 - phase } else { phase }
    };
    let outside = x.iter().map(|x| (x - x.clamp(0.0, 1.0)).powi(2)).sum();
    (x.iter().map(fold).collect(), outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(seed: u64) -> Evolution {
        Evolution { tol_fun: 1e-6, tol_x: 1e-6, seed, ..Evolution::default() }
    }

    #[test]
    fn many_basins_do_not_hide_the_deepest_and_equal_seeds_give_equal_runs() {
        // Rastrigin's function with its minimum at 0.7.
        let mut cost = |x: &[f64]| {
            let term = |x: &f64| {
                let z = 8.0 * (x - 0.7);
                z * z + 10.0 * (1.0 - (2.0 * std::f64::consts::PI * z).cos())
            };
            Ok(x.iter().map(term).sum())
        };
        let (runs, evaluations) = evolve(&settings(3), &[0.5; 2], &mut cost).expect("no errors");
        let best = runs.iter().min_by(|a, b| a.1.total_cmp(&b.1)).expect("a run");
        assert!(best.0.iter().all(|x| (x - 0.7).abs() < 1e-2), "{best:?}");
        assert_eq!(evolve(&settings(3), &[0.5; 2], &mut cost).expect("no errors"), (runs, evaluations));
    }

    #[test]
    fn an_error_ends_the_search() {
        let mut calls = 0;
        let mut cost = |x: &[f64]| {
            calls += 1;
            if calls < 100 { Ok(x[0]) } else { Err(crate::error::Fault::stopped()) }
        };
        let large = Evolution { population: Some(1_000_000), ..settings(1) };
        assert!(evolve(&large, &[0.5; 2], &mut cost).is_err());
        assert_eq!(calls, 100, "not only after a generation");
    }
}
