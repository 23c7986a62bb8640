//! Which angles carry each number, and on how many renewals of speckles its error rests. It judges nothing.

use crate::fit::errors::bread::{Bread, score_products};
use crate::fit::solver::problem::{Point, Problem};
use ndarray::Array2;

/// Share of every angle (rows) in what the data tell of every number (columns): with B the inverse Hessian and H_a the part of
/// one angle, `(B H_a B)_kk / B_kk`; the shares of a number sum up to 1.
#[must_use]
pub fn shares(problem: &Problem<'_>, point: &Point, bread: &Bread<'_>) -> Array2<f64> {
    let n = bread.inverse.nrows();
    let mut shares = Array2::zeros((problem.weights.len(), n));
    for (angle, gram) in point.grams.iter().enumerate() {
        let spread = bread.spread(problem, angle);
        let moves = bread.inverse.dot(&spread);
        let part = moves.dot(&score_products(gram)).dot(&moves.t());
        for k in 0..n {
            let all = bread.inverse[[k, k]];
            shares[[angle, k]] = if all > 0.0 { part[[k, k]] / all } else { 0.0 };
        }
    }
    // A robust loss weighs angles differently from its mean.
    for mut column in shares.columns_mut() {
        let sum = column.sum();
        if sum > 0.0 {
            column /= sum;
        }
    }
    shares
}

/// On how many independent renewals of speckles a number rests: the effective number of angles that carry it, times the
/// renewals at them (two decorrelations make one independent).
#[must_use]
pub fn independent_renewals(shares: &[f64], renewals: &[f64]) -> f64 {
    let (sum, squares) = shares.iter().fold((0.0, 0.0), |(sum, squares), share| (sum + share, squares + share * share));
    if squares.is_nan() || squares <= 0.0 {
        return 0.0;
    }
    let mean =
        shares.iter().zip(renewals).map(|(share, renewals)| share * (0.5 * renewals).max(1.0)).sum::<f64>() / sum;
    mean * sum * sum / squares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_rests_on_the_angles_that_carry_it() {
        assert!((independent_renewals(&[0.25; 4], &[10.0; 4]) - 20.0).abs() < 1e-12);
        assert!((independent_renewals(&[1.0, 0.0, 0.0], &[4.0, 100.0, 100.0]) - 2.0).abs() < 1e-12);
    }
}
