//! What c2 scatters by: the covariance of weighted sums of residuals under speckle, counting and normalisation noise, in closed
//! form. It knows no fit and reads no data.
//!
//! One angle is N speckles of contrast beta whose intensities I, normalised to a mean of 1, are counted; w is the white part of
//! the variance of one intensity (1 / photons). With delta = I - 1, the model h = g^2 and C = beta h + w 1,
//!
//! ```text
//! c2_ij = mean(I_i I_j) / (mean I_i mean I_j)           s = 1/2 sum_ij J_ij (c2_ij - expectation),  J_ii = 0
//!
//! N Cov(s, s') = 1/2 tr(J C J' C)                                        Gaussian part (Isserlis)
//!              + 3/2 beta^3 tr(A g A' g)         A = J o g               fourth cumulants of speckles
//!              + v' C v' - beta^2 (v . diag(g A' g) + v' . diag(g A g))   division by the means; v_i = sum_j J_ij beta h_ij
//!              + 2 w beta^2 tr(A A' g) + 1/2 w^2 beta tr(A A') - 2 w v . v'   cumulants of counting
//! ```
//!
//! Isserlis, Biometrika 12 (1918) 134, doi 10.1093/biomet/12.1-2.134. A speckle of partial coherence is the mean of 1 / beta
//! modes (Goodman, Speckle Phenomena in Optics, 2007, section 4.7): its k-th cumulant is (k - 1)! beta^(k - 1) times the mean over
//! orders of cyclic products of g. Counting adds to a cumulant with equal frames the ones with these frames merged, times w for
//! each merger (factorial cumulants of Poisson counts are the cumulants of their rate; Mandel, Proc. Phys. Soc. 72 (1958) 1037, doi
//! 10.1088/0370-1328/72/6/312). Two of the three cycles of four frames are matrix products; the third, `sum J_ij J'_kl g_ik g_kj
//! g_jl g_li`, is none and is taken as their mean, which is exact at full correlation; elsewhere it is 0.7 to 1.1 of that, which
//! moves an error by 2 % at beta = 0.2 where it moves it most (with weights, which change sign, `score_noise` sums it as it is). Terms of order 1 / N^2 are left out.
//!
//! `tests/library/speckle_noise.rs` compares with simulated intensities; `benches/COVERAGE.md` shows what comes of it.
//!
//! `functions` says which sums are looked at, `covariance` has the formula, `angles` evaluates it at every angle. `level` finds N and
//! w from the residuals of all angles (`energy`: of one; `blocks`: on coarse groups; `trends`: what may be misfit instead;
//! `shared_noise`: of averaged frames). `departure` says whether sums stand out, `patterns`, `swings` and `gaussian` are for
//! many sums at once, `single_frames` for those of single frames, `fine_lags` for neighbouring lags, and `normalisation` says what the means do to the contrast.
//!
//! `weights` makes of the same covariance weights with which errors are smaller, `score_noise` says what scores with them scatter by on one
//! grid, and `weighted` has the scores of a fit.

pub mod angles;
pub mod blocks;
pub mod covariance;
pub mod departure;
pub mod energy;
pub mod fine_lags;
pub mod functions;
pub mod gaussian;
pub mod lag_means;
pub mod level;
pub mod normalisation;
pub mod patterns;
pub mod score_noise;
pub mod shared_noise;
pub mod single_frames;
pub mod swings;
pub mod trends;
pub mod weighted;
pub mod weights;
