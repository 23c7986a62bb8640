//! Contrasts as speckles have them, from those that c2 shows after division by means of few speckles. It judges nothing.

use crate::fit::errors::speckle_noise::SpeckleNoise;
use crate::fit::solver::problem::{Point, Problem};
use crate::likelihood::speckle::normalisation::contrast_of_speckles;
use crate::sums::box_quadratic::Side;

/// Of every angle. Angles that share their scaling share the correction, which is the mean over what they tell of the contrast; on a
/// bound, and where no speckles are seen, there is none.
#[must_use]
pub fn contrasts(problem: &Problem<'_>, point: &Point, noise: &SpeckleNoise) -> Vec<f64> {
    let mut contrasts: Vec<f64> = point.scaling.per_angle.iter().map(|scaling| scaling.contrast).collect();
    if !noise.levels.shows_speckles {
        return contrasts;
    }
    let most = problem.map.bound(true, Side::Upper);
    for (block, active) in problem.map.blocks.iter().zip(&point.scaling.active) {
        if active.iter().any(|active| problem.map.constrained(block, active.constraint).0) {
            continue;
        }
        let (mut ratio, mut weights) = (0.0, 0.0);
        for &(angle, _) in &block.members {
            let (gram, shown) = (&point.grams[angle], contrasts[angle]);
            if shown > 0.0 && gram.h1() > 0.0 {
                let found = contrast_of_speckles(shown, gram.hh() / gram.h1(), noise.levels.angles[angle].root_speckle);
                ratio += gram.hh() * found / shown;
                weights += gram.hh();
            }
        }
        if weights > 0.0 {
            block
                .members
                .iter()
                .for_each(|&(angle, _)| contrasts[angle] = (contrasts[angle] * ratio / weights).min(most));
        }
    }
    contrasts
}
