//! What a solution is worth: the sweep behind it (`last_sweep`), the inverse Hessian and how scores move numbers (`covariance`,
//! `bread`), errors from the closed-form noise of speckles (`speckle_noise`) and, where that is not known, from the residuals
//! themselves (`frame_robust`); `uncertainty` puts them together and says what is undetermined (`trade_offs`). Which angles carry a
//! number (`information`), intervals where the cost is no parabola (`profile`, one side of it: `profile_side`, the way through its
//! ends: `profile_curve`, the other valley of a power law: `other_valley`, what lies around the minimum: `surroundings`), how well
//! numbers are told apart (`identifiability`), what division by means has taken from the contrast (`normalisation`), what a robust loss
//! may have moved (`skewness`), and the curves that follow (`transport`).

pub mod bread;
pub mod covariance;
pub mod frame_robust;
pub mod identifiability;
pub mod information;
pub mod last_sweep;
pub mod normalisation;
pub mod other_valley;
pub mod profile;
pub mod profile_curve;
pub mod profile_side;
pub mod scaling_test;
pub mod skewness;
pub mod speckle_noise;
pub mod surroundings;
pub mod trade_offs;
pub mod transport;
pub mod uncertainty;
pub mod walking;
