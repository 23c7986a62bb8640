//! Other basins than that of the start, where they are asked for or called for: each is followed on all data, and the deepest is taken. It
//! knows no search from inside.

use crate::error::{Result, unless_stopped};
use crate::fit::course::Fit;
use crate::fit::search::alternatives::note_alternatives;
use crate::fit::search::basins::{Starts, cma_es, multi_start, reason};
use crate::fit::search::deepest::{Deepest, Refinement};
use crate::fit::settings::Tolerances;
use crate::fit::solver::journal::Following;
use crate::fit::solver::minimise::Solution;
use crate::fit::solver::problem::Problem;
use crate::listener::Event;
use crate::outcome::fit::FitResult;
use crate::outcome::search::Search;
use crate::outcome::verdict::Stop;

impl Fit<'_, '_> {
    /// The local result, or a better one from another basin if a global search is asked for or called for.
    pub fn with_search(&self, local: Solution, start: &[f64], following: &mut Following<'_>) -> Result<FitResult> {
        let settings = self.ask.settings;
        let mut deepest =
            Deepest { cost: local.point.evaluation.cost, result: self.describe(local, start, following)? };
        let begin = Starts { given: start, candidates: &self.ask.outset.candidates };
        if settings.multi_start.enable && !deepest.is_interrupted() {
            let search = multi_start(self.explore, self.coarse, &settings.multi_start, &begin);
            let refinement = Refinement {
                count: settings.multi_start.refine_top_k,
                ftol: settings.multi_start.refinement_ftol,
                near: settings.multi_start.degeneracy_threshold,
            };
            deepest = self.refined(deepest, search, refinement, following)?;
        }
        let called_for = reason(&settings.cma_es, self.problem, deepest.result.verdict);
        if let Some(reason) = called_for.filter(|_| !deepest.is_interrupted()) {
            following.note(&format!("global search by CMA-ES: {reason}"));
            let search = cma_es(self.explore, self.coarse, &settings.cma_es, &begin);
            let count = if settings.cma_es.refine { 3 } else { 0 };
            let refinement = Refinement { count, ftol: settings.tolerances.ftol, near: 0.1 };
            let search = search.map(|search| Search { reason, ..search });
            deepest = self.refined(deepest, search, refinement, following)?;
        }
        Ok(deepest.result)
    }

    /// Follows the best basins on all data and takes the deepest. If the user has stopped the search, nothing changes but the
    /// verdict.
    fn refined(
        &self,
        mut deepest: Deepest,
        search: Result<Search>,
        refinement: Refinement,
        following: &mut Following<'_>,
    ) -> Result<Deepest> {
        let Some(mut search) = unless_stopped(search)? else { return Ok(deepest.interrupted()) };
        let name = search.method.name();
        let tolerances = Tolerances { ftol: refinement.ftol, ..self.ask.settings.tolerances };
        let problem = Problem { tolerances, ..self.problem.clone() };
        let finely = Fit { problem: &problem, ..*self };
        let all = refinement.count.min(search.basins.len());
        for (k, basin) in search.basins.iter_mut().take(all).enumerate() {
            following.watch.tell(&Event::Basins { done: k, all });
            let solution = finely.solve(&basin.theta, &format!("{name} {} of {all}", k + 1), following)?;
            let cost = solution.point.evaluation.cost;
            basin.cost = Some(cost);
            let stopped = solution.stop == Stop::Interrupted;
            // Not for less than a tenth of a standard error squared: the local result is as good.
            if cost < deepest.cost - 0.01 {
                following.note(&format!("{name} basin {}: cost {cost:.6e} instead of {:.6e}", k + 1, deepest.cost));
                deepest = Deepest { cost, result: self.describe(solution, &basin.theta, following)? };
                search.improved = true;
            }
            if stopped {
                deepest = deepest.interrupted();
                break;
            }
        }
        following.watch.tell(&Event::Basins { done: all, all });
        note_alternatives((&search, self.problem.space), deepest.cost, refinement.near, following);
        deepest.result.search = Some(search);
        Ok(deepest)
    }
}
