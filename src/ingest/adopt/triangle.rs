//! The pairs of one angle on their way into pair order: every one at most once, the missing ones not a number. It knows no table.

use crate::store::block::{Values, pair_at, pair_position};

/// Values in the width of the store.
enum Held {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// All pairs of `n` frames.
pub(super) struct Triangle {
    n: usize,
    held: Held,
    /// A bit per pair: whether it has come.
    filled: Vec<u64>,
    /// Rows that came in pair order.
    in_order: usize,
    /// Rows of a frame with itself.
    pub diagonal: usize,
    /// What its rows tell of their standard deviation.
    pub sigma: Option<f64>,
}

/// Bytes that the triangle of an angle takes: a value and a bit per pair.
pub(super) fn bytes_held(n: usize, narrow: bool) -> u64 {
    let pairs = (n * n.saturating_sub(1) / 2) as u64;
    pairs * if narrow { 4 } else { 8 } + pairs / 8 + 1
}

impl Triangle {
    /// Without any value.
    pub fn empty(n: usize, narrow: bool) -> Self {
        let pairs = n * n.saturating_sub(1) / 2;
        let held = if narrow { Held::F32(vec![f32::NAN; pairs]) } else { Held::F64(vec![f64::NAN; pairs]) };
        Triangle { n, held, filled: vec![0; pairs.div_ceil(64)], in_order: 0, diagonal: 0, sigma: None }
    }

    /// Puts the value of pair (i, j), i < j < n; null leaves it missing.
    ///
    /// # Errors
    /// The pair, if it has come before.
    pub fn put(&mut self, i: usize, j: usize, value: Option<f64>) -> Result<(), (usize, usize)> {
        self.put_at(pair_position(self.n, i, j), value)
    }

    /// Puts the value of the next pair in order.
    ///
    /// # Errors
    /// The number of pairs, twice, if all have come.
    pub fn put_next(&mut self, value: Option<f64>) -> Result<(), (usize, usize)> {
        let pairs = self.n * (self.n - 1) / 2;
        if self.in_order == pairs {
            return Err((pairs, pairs));
        }
        self.in_order += 1;
        self.put_at(self.in_order - 1, value)
    }

    fn put_at(&mut self, position: usize, value: Option<f64>) -> Result<(), (usize, usize)> {
        let (word, bit) = (position / 64, 1_u64 << (position % 64));
        if self.filled[word] & bit != 0 {
            return Err(pair_at(self.n, position));
        }
        self.filled[word] |= bit;
        match (&mut self.held, value) {
            (_, None) => {}
            (Held::F32(values), Some(value)) => values[position] = value as f32,
            (Held::F64(values), Some(value)) => values[position] = value,
        }
        Ok(())
    }

    /// Rows that came in pair order.
    pub fn in_order(&self) -> usize {
        self.in_order
    }

    /// The values, in pair order.
    pub fn into_values(self) -> Values {
        match self.held {
            Held::F32(values) => Values::from_f32(values),
            Held::F64(values) => Values::from_f64(values),
        }
    }
}
