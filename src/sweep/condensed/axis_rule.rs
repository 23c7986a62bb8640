//! The Gauss rule of some frames: few nodes that stand for all of them in sums of smooth functions. It knows no pair.
//!
//! The frames are a discrete measure with orthonormal polynomials p_k (Stieltjes; W. Gautschi, Orthogonal Polynomials, 2004,
//! section 2.2). Nodes x_n are the eigenvalues of its Jacobi matrix, `W_n = N v_0n^2` and `p_k(x_n) = v_kn / (v_0n sqrt N)` come
//! from the eigenvectors (Golub and Welsch, Math. Comp. 23 (1969) 221, doi 10.1090/S0025-5718-69-99647-1). A value at frame t is
//! dealt out to the nodes by the cardinal functions `L_n(t) = W_n sum_k p_k(x_n) p_k(t)`.

use crate::sums::algebra::Algebra;
use crate::sums::pairs::{LANES, Lane};
use ndarray::Array2;

/// Most nodes: one vector.
pub const NODES: usize = LANES;

/// Nodes that stand for some frames.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Places of the nodes, ascending.
    pub nodes: Vec<f64>,
    /// How many frames a node stands for.
    pub weights: Vec<f64>,
    /// Of every frame, its share in every node.
    pub shares: Vec<Lane>,
    /// What takes values at the nodes, times the roots of their weights, to the coefficients of the two highest polynomials; `None`
    /// where nodes are frames and nothing is left out.
    pub highest: Option<[Lane; 2]>,
}

impl Rule {
    /// Of frames in ascending order; no more than [`NODES`] stand for themselves.
    #[must_use]
    pub fn of(frames: &[usize]) -> Rule {
        let places: Vec<f64> = frames.iter().map(|&frame| frame as f64).collect();
        if frames.len() <= NODES {
            let unit = |k: usize| Lane(std::array::from_fn(|node| if node == k { 1.0 } else { 0.0 }));
            return Rule {
                weights: vec![1.0; frames.len()],
                shares: (0..frames.len()).map(unit).collect(),
                nodes: places,
                highest: None,
            };
        }
        let (middle, half) = span(&places);
        let polynomials = Polynomials::of(&places.iter().map(|place| (place - middle) / half).collect::<Vec<f64>>());
        // The Jacobi matrix is real, symmetric and finite: it has eigenvalues.
        let (values, vectors) = polynomials.jacobi.eigen().unwrap_or((vec![0.0; NODES], Array2::eye(NODES)));
        let n = frames.len() as f64;
        let weights: Vec<f64> = (0..NODES).map(|node| n * vectors[[0, node]].powi(2)).collect();
        let at_node = |k: usize, node: usize| vectors[[k, node]] / (vectors[[0, node]] * n.sqrt());
        let share = |frame: usize, node: usize| {
            let sum: f64 = (0..NODES).map(|k| at_node(k, node) * polynomials.values[k][frame]).sum();
            weights[node] * sum
        };
        Rule {
            nodes: values.iter().map(|value| middle + half * value).collect(),
            shares: (0..frames.len()).map(|t| Lane(std::array::from_fn(|node| share(t, node)))).collect(),
            weights,
            // sqrt(W_n) p_k(x_n)
            highest: Some(
                [NODES - 2, NODES - 1]
                    .map(|k| Lane(std::array::from_fn(|node| vectors[[k, node]] * vectors[[0, node]].signum()))),
            ),
        }
    }
}

fn span(places: &[f64]) -> (f64, f64) {
    let (first, last) = (places[0], places[places.len() - 1]);
    (f64::midpoint(first, last), 0.5 * (last - first))
}

/// Orthonormal polynomials of some places and their Jacobi matrix.
struct Polynomials {
    values: Vec<Vec<f64>>,
    jacobi: Array2<f64>,
}

impl Polynomials {
    fn of(places: &[f64]) -> Self {
        let n = places.len();
        let mut values = vec![vec![1.0 / (n as f64).sqrt(); n]];
        let mut jacobi = Array2::zeros((NODES, NODES));
        for k in 0..NODES {
            let last = &values[k];
            jacobi[[k, k]] = (0..n).map(|t| places[t] * last[t] * last[t]).sum();
            if k + 1 == NODES {
                break;
            }
            let mut next: Vec<f64> = (0..n).map(|t| places[t] * last[t]).collect();
            // Twice is enough (W. Kahan).
            for _ in 0..2 {
                for known in &values {
                    let along: f64 = next.iter().zip(known).map(|(a, b)| a * b).sum();
                    next.iter_mut().zip(known).for_each(|(next, known)| *next -= along * known);
                }
            }
            let length = next.iter().map(|value| value * value).sum::<f64>().sqrt();
            next.iter_mut().for_each(|value| *value /= length);
            (jacobi[[k, k + 1]], jacobi[[k + 1, k]]) = (length, length);
            values.push(next);
        }
        Polynomials { values, jacobi }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_polynomials_up_to_twice_the_nodes_are_exact() {
        let frames: Vec<usize> = (100..164).filter(|frame| frame % 7 != 3).collect();
        let rule = Rule::of(&frames);
        for power in 0..2 * NODES as i32 {
            let value = |place: f64| ((place - 130.0) / 30.0).powi(power);
            let exact: f64 = frames.iter().map(|&frame| value(frame as f64)).sum();
            let found: f64 = rule.nodes.iter().zip(&rule.weights).map(|(&node, weight)| weight * value(node)).sum();
            assert!((found - exact).abs() < 1e-11 * frames.len() as f64, "{power}: {found} {exact}");
        }
    }

    #[test]
    fn shares_sum_to_one_and_carry_a_function_to_its_nodes() {
        let frames: Vec<usize> = (0..40).collect();
        let rule = Rule::of(&frames);
        assert!(rule.shares.iter().all(|share| (share.0.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        // For a polynomial of less degree than nodes, sum_t L_n(t) f(t) = W_n f(x_n).
        let value = |place: f64| (place / 40.0).powi(7) - 0.3 * place / 40.0;
        for (node, (place, weight)) in rule.nodes.iter().zip(&rule.weights).enumerate() {
            let dealt: f64 = frames.iter().zip(&rule.shares).map(|(&t, share)| share.0[node] * value(t as f64)).sum();
            assert!((dealt - weight * value(*place)).abs() < 1e-11);
        }
    }

    #[test]
    fn coefficients_of_the_highest_polynomials_are_the_energy_that_lower_ones_leave() {
        let frames: Vec<usize> = (0..64).collect();
        let rule = Rule::of(&frames);
        let coefficients = |value: &dyn Fn(f64) -> f64| {
            let weighed = |node: usize| value(rule.nodes[node]) * rule.weights[node].sqrt();
            let along = |lane: Lane| (0..NODES).map(|node| lane.0[node] * weighed(node)).sum::<f64>();
            rule.highest.expect("more frames than nodes").map(along)
        };
        let power = |degree: i32| move |place: f64| (place / 64.0).powi(degree);
        assert!(coefficients(&power(5)).iter().all(|coefficient| coefficient.abs() < 1e-12));
        let [sixth, seventh] = coefficients(&power(6));
        assert!(sixth.abs() > 1e-4 && seventh.abs() < 1e-12, "{sixth} {seventh}");
        assert!(coefficients(&power(7))[1].abs() > 1e-5);
    }

    #[test]
    fn few_frames_stand_for_themselves() {
        let rule = Rule::of(&[4, 5, 9]);
        assert_eq!((rule.nodes, rule.weights), (vec![4.0, 5.0, 9.0], vec![1.0; 3]));
        assert_eq!(rule.shares[2].0, [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
