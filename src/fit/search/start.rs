//! Where to begin when nobody says: the model's candidates on a sample of pairs, then a polish of the best there. It never
//! touches the full data.

use crate::error::Result;
use crate::fit::settings::Tolerances;
use crate::fit::solver::journal::Following;
use crate::fit::solver::minimise::minimise;
use crate::fit::solver::problem::{Problem, System};
use crate::sums::objective::Objective;

/// Candidates that are polished.
const POLISHED: usize = 6;

/// Finds a start for the free parameters of a problem on the sample; fixed ones keep their values.
///
/// # Errors
/// What the sweeps of the sample report.
pub fn from_data(sample: &dyn Objective, problem: &Problem<'_>, candidates: &[Vec<f64>]) -> Result<Vec<f64>> {
    let tolerances = Tolerances { max_iterations: 40, ftol: 1e-6, ..Tolerances::default() };
    let problem = &Problem { tolerances, ..problem.clone() };
    let mut screened = Vec::new();
    for theta in candidates {
        screened.push((problem.cost(sample, theta)?, theta));
    }
    screened.sort_by(|a, b| a.0.total_cmp(&b.0));
    screened.truncate(POLISHED);
    let mut best: Option<(f64, Vec<f64>)> = None;
    for (_, theta) in screened {
        let solution = minimise(System::Gram(sample), problem, theta, "sample", &mut Following::default())?;
        let cost = solution.point.evaluation.cost;
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, solution.point.theta));
        }
    }
    Ok(best.map_or_else(|| problem.space.defaults(), |(_, theta)| theta))
}
