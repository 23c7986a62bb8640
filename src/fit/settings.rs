//! How a fit is to be made: every choice, with its default on the field. It does nothing.

use crate::likelihood::scaling::ScalingSettings;
use crate::machine::budget::MemorySettings;
use crate::outcome::fit::Strategy;
use crate::parameters::definitions::AnalysisMode;
use crate::parameters::space::ParameterSpace;
use crate::sums::loss::Loss;

/// Everything that can be chosen about a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FitSettings {
    /// Parameters, their bounds and fixed values.
    pub space: ParameterSpace,
    /// Start in physical units; `None`: from the data.
    pub start: Option<Vec<f64>>,
    /// Where only some start values are known: those, in the order of the parameters; the data tell the others.
    pub known_starts: Vec<Option<f64>>,
    /// Contrast and offset.
    pub scaling: ScalingSettings,
    /// When to stop.
    pub tolerances: Tolerances,
    /// Loss of the residuals.
    pub loss: Loss,
    /// Where the loss turns, in units of sigma.
    pub f_scale: f64,
    /// Characteristic sizes of the physical parameters in their order, where given.
    pub x_scale: Vec<Option<f64>>,
    /// How the data are gone through; `None`: by size and memory.
    pub strategy: Option<Strategy>,
    /// Most pairs that are solved in full batch unless told otherwise.
    pub stratified_max_points: usize,
    /// How much memory a fit may take.
    pub memory: MemorySettings,
    /// Starts from a design.
    pub multi_start: MultiStart,
    /// CMA-ES.
    pub cma_es: CmaEs,
    /// What an acceptable result is.
    pub quality: Quality,
    /// What pairs are taken to have in common when errors are computed.
    pub sharing: Sharing,
    /// Which intervals come from the cost itself.
    pub profiles: Profiles,
    /// How pairs are weighted.
    pub weighting: Weighting,
}

/// How pairs are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weighting {
    /// By what speckles let pairs have in common, where that makes some error smaller by more than a tenth.
    #[default]
    Auto,
    /// All alike.
    Uniform,
    /// By what speckles let pairs have in common.
    Speckle,
}

impl Weighting {
    /// Names in configurations.
    pub const NAMES: [(&'static str, Weighting); 3] =
        [("auto", Weighting::Auto), ("uniform", Weighting::Uniform), ("speckle", Weighting::Speckle)];
}

/// Which intervals come from the cost itself instead of value and standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profiles {
    /// Those of parameters whose cost is no parabola over the 95 % interval.
    #[default]
    Auto,
    /// All.
    All,
    /// None.
    Never,
}

impl Profiles {
    /// Names in configurations.
    pub const NAMES: [(&'static str, Profiles); 3] =
        [("auto", Profiles::Auto), ("all", Profiles::All), ("never", Profiles::Never)];
}

impl Default for FitSettings {
    fn default() -> Self {
        FitSettings {
            space: ParameterSpace::default_of(AnalysisMode::Static),
            start: None,
            known_starts: Vec::new(),
            scaling: ScalingSettings::default(),
            tolerances: Tolerances::default(),
            loss: Loss::Linear,
            f_scale: 1.0,
            x_scale: Vec::new(),
            strategy: None,
            // Up to here the full batch costs at most about 10 ms more than streaming, which was the faster at every size
            // that was measured (`cargo bench --bench strategies`, 264 to 2.4 million pairs): precision for next to nothing.
            stratified_max_points: 5_000,
            memory: MemorySettings::default(),
            multi_start: MultiStart::default(),
            cma_es: CmaEs::default(),
            quality: Quality::default(),
            sharing: Sharing::default(),
            profiles: Profiles::Auto,
            weighting: Weighting::Auto,
        }
    }
}

impl FitSettings {
    /// Defaults of a mode.
    #[must_use]
    pub fn of(mode: AnalysisMode) -> Self {
        FitSettings { space: ParameterSpace::default_of(mode), ..FitSettings::default() }
    }
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerances {
    /// Cost: the predicted decrease relative to the cost per pair. 1e-12 moves the parameters by 1e-6 standard errors.
    pub ftol: f64,
    /// Step, per component, relative.
    pub xtol: f64,
    /// Projected gradient: cosine of the angle between residuals and derivatives.
    pub gtol: f64,
    /// Evaluations.
    pub max_iterations: usize,
}

impl Default for Tolerances {
    fn default() -> Self {
        Tolerances { ftol: 1e-12, xtol: 1e-10, gtol: 1e-10, max_iterations: 100 }
    }
}

/// Starts from a design.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiStart {
    /// Whether it is asked for.
    pub enable: bool,
    /// Starts, besides the custom ones.
    pub n_starts: usize,
    /// Seed.
    pub seed: u64,
    /// How they are spread.
    pub design: Design,
    /// Starts of the user's own, physical units.
    pub custom_starts: Vec<Vec<f64>>,
    /// Whether the worse starts are dropped before they are polished.
    pub use_screening: bool,
    /// Share of the starts that is kept.
    pub screen_keep_fraction: f64,
    /// Basins that are refined on all data.
    pub refine_top_k: usize,
    /// Cost tolerance of the refinement.
    pub refinement_ftol: f64,
    /// Basins whose cost is larger by no more than this share of the best are named as alternatives.
    pub degeneracy_threshold: f64,
}

impl Default for MultiStart {
    fn default() -> Self {
        MultiStart {
            enable: false,
            n_starts: 10,
            seed: 42,
            design: Design::LatinHypercube,
            custom_starts: Vec::new(),
            use_screening: true,
            screen_keep_fraction: 0.5,
            refine_top_k: 3,
            refinement_ftol: 1e-12,
            degeneracy_threshold: 0.1,
        }
    }
}

/// How points are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Every coordinate takes every stratum once (McKay, Beckman and Conover, Technometrics 21 (1979) 239, doi
    /// 10.2307/1268522).
    LatinHypercube,
    /// Sobol sequence with a random shift (direction numbers of Joe and Kuo, SIAM J. Sci. Comput. 30 (2008) 2635, doi
    /// 10.1137/070709359).
    Sobol,
    /// Independent uniform numbers.
    Random,
}

impl Design {
    /// Names in configuration.
    pub const NAMES: [(&'static str, Design); 3] =
        [("latin_hypercube", Design::LatinHypercube), ("sobol", Design::Sobol), ("random", Design::Random)];
}

/// When CMA-ES runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enable {
    /// Always.
    Yes,
    /// Never.
    No,
    /// When the scale ratio is large and the local fit is not acceptable.
    Auto,
}

impl Enable {
    /// Names in configuration.
    pub const NAMES: [(&'static str, Enable); 3] =
        [("auto", Enable::Auto), ("true", Enable::Yes), ("false", Enable::No)];
}

/// CMA-ES.
#[derive(Debug, Clone, PartialEq)]
pub struct CmaEs {
    /// When it runs.
    pub enable: Enable,
    /// Ratio of the largest to the smallest range of bounds above which `auto` may run it.
    pub scale_threshold: f64,
    /// The evolution.
    pub evolution: Evolution,
    /// Whether its best basins are followed on all data; otherwise they are only listed.
    pub refine: bool,
}

impl Default for CmaEs {
    fn default() -> Self {
        CmaEs { enable: Enable::Auto, scale_threshold: 1000.0, evolution: Evolution::default(), refine: true }
    }
}

/// The evolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Evolution {
    /// Generations of one run by name.
    pub preset: Preset,
    /// Generations of one run, in place of the preset's.
    pub max_generations: Option<usize>,
    /// Population of the first run; `None`: 4 + 3 ln n.
    pub population: Option<usize>,
    /// First step size, as a fraction of the cube.
    pub sigma: f64,
    /// A run ends when costs within a population differ by less than this share of the cost at the start.
    pub tol_fun: f64,
    /// A run ends when steps are smaller than this fraction of the cube.
    pub tol_x: f64,
    /// Whether runs are followed by others with larger and smaller populations (BIPOP).
    pub restarts: bool,
    /// Most of these.
    pub max_restarts: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Evolution {
    fn default() -> Self {
        Evolution {
            preset: Preset::Standard,
            max_generations: None,
            population: None,
            sigma: 0.3,
            tol_fun: 1e-8,
            tol_x: 1e-8,
            restarts: true,
            max_restarts: 9,
            seed: 42,
        }
    }
}

impl Evolution {
    /// Generations of one run.
    #[must_use]
    pub fn generations(&self) -> usize {
        self.max_generations.unwrap_or(match self.preset {
            Preset::Fast => 50,
            Preset::Standard => 100,
            Preset::Global => 200,
            Preset::Hpc => 500,
        })
    }
}

/// Generations of one run by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// 50.
    Fast,
    /// 100.
    Standard,
    /// 200.
    Global,
    /// 500.
    Hpc,
}

impl Preset {
    /// Names in configuration.
    pub const NAMES: [(&'static str, Preset); 4] = [
        ("cmaes-fast", Preset::Fast),
        ("cmaes", Preset::Standard),
        ("cmaes-global", Preset::Global),
        ("cmaes-hpc", Preset::Hpc),
    ];
}

/// What an acceptable result is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Whether the fit is judged by its residuals at all.
    pub enable: bool,
    /// Smallest acceptable probability of residuals that stand out as much as those found, if the model holds.
    pub p_value_threshold: f64,
    /// Largest acceptable chi-square per degree of freedom, besides; `None`: whatever the noise explains.
    pub max_reduced_chi_squared: Option<f64>,
    /// A parameter is on its bound when it is nearer than this share of the bounds' range.
    pub bounds_tolerance: f64,
}

impl Quality {
    /// Whether a probability is too small for the model to hold.
    #[must_use]
    pub fn refuses(&self, p_value: f64) -> bool {
        p_value.is_nan() || p_value < self.p_value_threshold
    }
}

impl Default for Quality {
    fn default() -> Self {
        Quality { enable: true, p_value_threshold: 1e-3, max_reduced_chi_squared: None, bounds_tolerance: 1e-9 }
    }
}

/// What pairs are taken to have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharing {
    /// Most groups of frames.
    pub groups: usize,
    /// Decorrelation up to which frames count as sharing their speckles fully; twice as far they share nothing. Zero: only
    /// frames of one group share.
    pub decorrelation: f64,
}

impl Default for Sharing {
    fn default() -> Self {
        Sharing { groups: 40, decorrelation: 1.0 }
    }
}
