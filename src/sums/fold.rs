//! Sums that are added pairwise in a fixed order. It does not know what is summed.

/// Something that is summed block by block.
pub trait PairwiseTerm {
    /// Adds a later term.
    fn absorb(&mut self, other: &Self);
}

/// Adds terms pairwise in the order they are pushed, like the carry of a binary counter: the tree of additions depends on
/// the number of terms alone, and rounding grows with its logarithm.
#[derive(Debug)]
pub struct PairwiseFold<T> {
    levels: Vec<Option<T>>,
}

impl<T> Default for PairwiseFold<T> {
    fn default() -> Self {
        PairwiseFold { levels: Vec::new() }
    }
}

impl<T: PairwiseTerm> PairwiseFold<T> {
    /// Adds the next term.
    pub fn push(&mut self, term: T) {
        let mut carry = term;
        for level in &mut self.levels {
            match level.take() {
                None => {
                    *level = Some(carry);
                    return;
                }
                Some(mut earlier) => {
                    earlier.absorb(&carry);
                    carry = earlier;
                }
            }
        }
        self.levels.push(Some(carry));
    }

    /// The total, or `None` if nothing was pushed.
    #[must_use]
    pub fn finish(self) -> Option<T> {
        self.levels.into_iter().flatten().reduce(|later, mut earlier| {
            earlier.absorb(&later);
            earlier
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sum and how many terms it has.
    struct Sum(f64, u64);

    impl PairwiseTerm for Sum {
        fn absorb(&mut self, other: &Self) {
            *self = Sum(self.0 + other.0, self.1 + other.1);
        }
    }

    #[test]
    fn pairwise_fold_adds_every_term_once() {
        for n in [1_u32, 2, 3, 7, 64, 100] {
            let mut fold = PairwiseFold::default();
            (0..n).for_each(|k| fold.push(Sum(f64::from(k), 1)));
            let total = fold.finish().expect("n > 0");
            assert_eq!((total.0, total.1), (f64::from(n * (n - 1) / 2), u64::from(n)));
        }
    }
}
