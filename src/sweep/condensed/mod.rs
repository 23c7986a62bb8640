//! Condensed data: pseudo-pairs that stand for all pairs, in O(n log n) instead of O(n^2).
//!
//! y = c2 - 1 enters a Gram matrix linearly (and by sum y^2, which is kept), and h is smooth away from the diagonal, so that
//!
//! ```text
//! sum over pairs f(i, j) g(i, j)  ~  sum over pseudo-pairs W f g          f, g any of dh, h, 1
//! sum over pairs f(i, j) y(i, j)  ~  sum over pseudo-pairs Y f
//! ```
//!
//! `axis_rule` chooses nodes that stand for some frames, `layout` lays pairs of nodes over the triangle of pairs, `build` deals the
//! values of all pairs out to them once, `objective` sweeps them. Results always come from a raw sweep.

pub mod axis_rule;
pub mod build;
pub mod layout;
pub mod objective;
