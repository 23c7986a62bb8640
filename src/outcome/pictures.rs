//! What a fit looks like at one angle: maps, cuts and residuals, small enough to be drawn. It does not know how they were summed.

/// Age segments of cuts.
pub const SEGMENTS: usize = 5;
/// Ages at which chi-square is summed.
pub const AGES: usize = 40;
/// Bins of residuals per sigma, and how far they reach to either side.
pub const BINS_PER_SIGMA: usize = 5;
/// Residuals beyond so many sigma count in the last bins.
pub const MOST_SIGMA: usize = 6;

/// Means over square blocks of pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Pixels along each side; a pixel without pairs is not a number.
    pub side: usize,
    /// Frames along the side of a pixel.
    pub frames_per_pixel: usize,
    /// Mean of c2, row by row: the later frame along a row, both triangles alike.
    pub data: Vec<f32>,
    /// Mean of the fitted c2; empty before a fit.
    pub fit: Vec<f32>,
}

/// Means along some diagonals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutPoint {
    /// Mean lag in frames.
    pub lag_frames: f64,
    /// Pairs.
    pub pairs: u64,
    /// Mean of c2.
    pub data: f64,
    /// Its standard error, if noise is known.
    pub error: Option<f64>,
    /// Mean of the fitted c2; `None` before a fit.
    pub fit: Option<f64>,
}

/// c2 against the lag.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// Which part of the measurement by age, from 0; `None`: all of it.
    pub segment: Option<usize>,
    /// By ascending lag.
    pub points: Vec<CutPoint>,
}

/// Means over the pairs of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameMean {
    /// Of c2.
    pub data: f64,
    /// What is to be expected of them: the mean of the model over the same pairs, and before a fit that of all ages at the same lags.
    pub expected: f64,
}

/// Everything of one angle.
#[derive(Debug, Clone, PartialEq)]
pub struct AnglePicture {
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// All ages, then the segments.
    pub cuts: Vec<Cut>,
    /// All pairs of a frame; `None` where there are none.
    pub frames: Vec<Option<FrameMean>>,
    /// Pairs, and their sum of squared residuals in sigma, by age; empty where sigma is not known.
    pub ages: Vec<(u64, f64)>,
    /// Numbers of residuals (data less fit) in bins of sigma / [`BINS_PER_SIGMA`], from -[`MOST_SIGMA`] on; empty where sigma is not
    /// known.
    pub residuals: Vec<u64>,
}
