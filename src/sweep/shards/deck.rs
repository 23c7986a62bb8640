//! Shuffled numbers without a list of them: a keyed permutation of 0 .. n by a Feistel network (Luby and Rackoff, SIAM J. Comput. 17
//! (1988) 373, doi 10.1137/0217022) on the next even number of bits, walked along its cycles until it is inside (Black and Rogaway,
//! CT-RSA 2002, doi 10.1007/3-540-45760-7_9). It knows no pair.

/// Rounds of the network.
const ROUNDS: u64 = 6;

/// A permutation.
#[derive(Debug, Clone, Copy)]
pub struct Deck {
    n: u64,
    half_bits: u32,
    key: u64,
}

impl Deck {
    /// Of so many numbers, by a key.
    #[must_use]
    pub fn new(n: u64, key: u64) -> Self {
        let bits = 64 - n.saturating_sub(1).leading_zeros();
        Deck { n, half_bits: bits.div_ceil(2).max(1), key }
    }

    /// Where number `k` comes to lie.
    #[must_use]
    pub fn place(&self, k: u64) -> u64 {
        let mut at = k;
        loop {
            at = self.permuted(at);
            if at < self.n {
                return at;
            }
        }
    }

    fn permuted(&self, at: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (at >> self.half_bits, at & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (mixed(self.key ^ mixed(right << 3 | round)) & mask));
        }
        left << self.half_bits | right
    }
}

/// One step of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, doi 10.1145/2660193.2660195).
#[must_use]
pub fn mixed(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_place_of_its_own_and_neighbours_are_scattered() {
        for n in [1, 2, 3, 5, 16, 17, 1000, 65_537] {
            let deck = Deck::new(n, 42);
            let mut seen = vec![false; n as usize];
            (0..n).for_each(|k| assert!(!std::mem::replace(&mut seen[deck.place(k) as usize], true), "{n}: {k}"));
        }
        let n = 100_000;
        let (deck, other) = (Deck::new(n, 1), Deck::new(n, 2));
        let apart = |k: u64| deck.place(k).abs_diff(deck.place(k + 1)) as f64;
        let mean = (0..n - 1).map(apart).sum::<f64>() / (n - 1) as f64;
        assert!((mean / (n as f64 / 3.0) - 1.0).abs() < 0.02, "neighbours lie as far apart as any: {mean}");
        assert!((0..100).any(|k| deck.place(k) != other.place(k)), "keys differ");
    }
}
