//! Sums over four-cycles of a band in which two opposite corners are free. They know no physics.

use crate::sums::band::{Band, inner};
use pulp::{Arch, NullaryFnOnce};

/// Rows up to which none stands for others, and for how many one stands beyond.
const FEW_ROWS: usize = 64;
const STRIDE: usize = 4;

impl Band {
    /// Of every one of some symmetric bands J of this one's reach, with this symmetric one as kernel f,
    ///
    /// ```text
    /// M_ij = sum_kl J_kl f_ik f_jk f_jl f_il
    /// ```
    ///
    /// within reach: no product of matrices, but few terms. Of a large matrix some rows stand for all, so that sums of products with
    /// bands that change slowly along the diagonal stay what they are.
    #[must_use]
    pub fn crossed_cycles(&self, bands: &[Band]) -> Vec<Band> {
        let mut found = vec![Band::zero(self.n(), self.reach()); bands.len()];
        Arch::new().dispatch(Cycles { kernel: self, bands, found: &mut found });
        found
    }
}

/// The sums, with the vectors of the machine.
struct Cycles<'a> {
    kernel: &'a Band,
    bands: &'a [Band],
    found: &'a mut [Band],
}

impl NullaryFnOnce for Cycles<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Cycles { kernel, bands, found } = self;
        let (n, reach) = (kernel.n(), kernel.reach());
        let mut both = vec![0.0; 2 * reach + 1];
        let stride = if n > FEW_ROWS { STRIDE } else { 1 };
        for i in (stride / 2..n).step_by(stride) {
            for j in i..(i + reach + 1).min(n) {
                // What is within reach of both.
                let common = j.saturating_sub(reach)..(i + reach + 1).min(n);
                let (of_i, of_j) = (kernel.part(i, common.clone()), kernel.part(j, common.clone()));
                let both = &mut both[..common.len()];
                both.iter_mut().zip(of_i.iter().zip(of_j)).for_each(|(both, (i, j))| *both = i * j);
                for (band, sums) in bands.iter().zip(found.iter_mut()) {
                    let mut sum = 0.0;
                    for (place, &factor) in both.iter().enumerate() {
                        // Each pair once: the other order adds the same.
                        let k = common.start + place;
                        let later = k + 1..(k + reach + 1).min(common.end);
                        let beyond = inner(band.part(k, later.clone()), &both[place + 1..place + 1 + later.len()]);
                        sum += factor * (band.get(k, k) * factor + 2.0 * beyond);
                    }
                    let sum = stride as f64 * sum;
                    (*sums.get_mut(i, j), *sums.get_mut(j, i)) = (sum, sum);
                }
            }
        }
    }
}
