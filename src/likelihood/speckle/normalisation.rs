//! What division by means does to the expectation of c2. It knows no fit.
//!
//! With a = mean(delta_i delta_j) and b_i = mean(delta_i) over the N speckles of an angle, c2_ij - 1 = (a - b_i b_j) / ((1 + b_i)
//! (1 + b_j)). To first order in 1/N, with the cumulants of the module's documentation (Cov(b_i, b_j) = beta h / N, Cov(a, b_i) = (2
//! beta + w) beta h / N, Var(b_i) = (beta + w) / N; the white part cancels),
//!
//! ```text
//! E[c2_ij] - 1 = beta h_ij (1 - (1 + 2 beta - beta h_ij) / N)
//! ```

/// The contrast of speckles whose c2 shows `shown` after division by the means of 1 / `root_speckle`^2 speckles; `mean_h` is the
/// mean correlation of the pairs that tell the contrast.
#[must_use]
pub fn contrast_of_speckles(shown: f64, mean_h: f64, root_speckle: f64) -> f64 {
    shown / (1.0 - root_speckle * root_speckle * (1.0 + 2.0 * shown - shown * mean_h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_speckles_show_less_contrast_than_they_have() {
        assert_eq!(contrast_of_speckles(0.2, 0.5, 0.0), 0.2);
        // 1 / 200 of (1 + 0.4 - 0.1).
        let found = contrast_of_speckles(0.2, 0.5, 200.0_f64.sqrt().recip());
        assert!((found / 0.2 - 1.0 - 1.3 / 200.0).abs() < 1e-4, "{found}");
    }
}
