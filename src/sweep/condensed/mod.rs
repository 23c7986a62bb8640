//! Condensed data: pseudo-pairs that stand for all pairs, in O(n log n) instead of O(n^2).
//!
//! y = c2 - 1 enters a Gram matrix linearly (and by sum y^2, which is kept), and h is smooth away from the diagonal, so that
//!
//! ```text
//! sum over pairs f(i, j) g(i, j)  ~  sum over pseudo-pairs W f g          f, g any of dh, h, 1
//! sum over pairs f(i, j) y(i, j)  ~  sum over pseudo-pairs Y f
//! ```
//!
//! `axis_rule` chooses nodes that stand for some frames, `layout` lays pairs of nodes over the triangle of pairs, `arrangement` does so
//! for all angles. `pass` goes through the blocks once, `dealing` deals the values of each out, `moments` adds up. `objective` sweeps
//! what came of it, `prediction` says how well it stands for all pairs. Results always come from a raw sweep.

pub mod arrangement;
pub mod axis_rule;
pub mod dealing;
pub mod layout;
pub mod moments;
pub mod objective;
pub mod pass;
pub mod prediction;
