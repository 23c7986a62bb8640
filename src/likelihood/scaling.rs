//! Contrast and offset: the four scaling modes and their exact elimination (variable projection, Golub and Pereyra,
//! SIAM J. Numer. Anal. 10 (1973) 413, doi 10.1137/0710036). It works on Gram matrices alone.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::parameters::scaling::{AngleScaling, ScalingMode, harmonics};
use crate::parameters::space::ParameterSpace;
use crate::sums::algebra::dot;
use crate::sums::box_quadratic::{Active, Constraint, Minimum, Side, minimise};
use crate::sums::gram::Gram;
use ndarray::Array2;

/// How contrast and offset are to be treated.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingSettings {
    /// How they depend on the angle.
    pub mode: ScalingMode,
    /// Angles from which on [`ScalingMode::Auto`] has one pair for all.
    pub shared_from_angles: usize,
    /// Order of the Fourier series.
    pub fourier_order: usize,
    /// Numbers for [`ScalingMode::Constant`], one per angle; `None`: estimated from the data.
    pub given: Option<Vec<AngleScaling>>,
}

impl Default for ScalingSettings {
    fn default() -> Self {
        ScalingSettings { mode: ScalingMode::Auto, shared_from_angles: 3, fourier_order: 2, given: None }
    }
}

impl From<ScalingMode> for ScalingSettings {
    fn from(mode: ScalingMode) -> Self {
        ScalingSettings { mode, ..ScalingSettings::default() }
    }
}

impl ScalingSettings {
    /// Whether one pair holds for all of so many angles.
    #[must_use]
    pub fn is_shared(&self, n_angles: usize) -> bool {
        self.mode == ScalingMode::Auto && n_angles >= self.shared_from_angles
    }

    /// Free scaling numbers for so many angles.
    #[must_use]
    pub fn n_free(&self, n_angles: usize) -> usize {
        match self.mode {
            ScalingMode::Auto if self.is_shared(n_angles) => 2,
            ScalingMode::Auto | ScalingMode::Individual => 2 * n_angles,
            ScalingMode::Constant => 0,
            ScalingMode::Fourier => 2 * (2 * self.fourier_order + 1),
        }
    }
}

/// Angles whose scaling is solved together: value(angle) = basis(angle) . coefficients, for contrast and for offset.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingBlock {
    /// Which angles, and their basis functions.
    pub members: Vec<(usize, Vec<f64>)>,
}

/// One free scaling number.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// Name in tables and results.
    pub name: String,
    /// Of contrast, or else of offset.
    pub is_contrast: bool,
    /// Its bounds, (offset - 1) for offsets; `None` where they bound sums of coefficients.
    pub bounds: Option<(f64, f64)>,
}

/// The free scaling numbers of a fit. Within a block: contrast coefficients, then those of (offset - 1).
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingMap {
    /// How the scaling depends on the angle; [`ScalingMode::Auto`] if one pair is shared by all.
    pub mode: ScalingMode,
    /// Blocks; none if the scaling is given.
    pub blocks: Vec<ScalingBlock>,
    fixed: Vec<AngleScaling>,
    contrast_bounds: (f64, f64),
    offset_bounds: (f64, f64),
}

/// The scaling that is optimal at one theta.
#[derive(Debug, Clone)]
pub struct Scaling {
    /// Of every angle.
    pub per_angle: Vec<AngleScaling>,
    /// Constraints that hold with equality, per block.
    pub active: Vec<Vec<Active>>,
}

impl ScalingBlock {
    /// Number of basis functions.
    #[must_use]
    pub fn order(&self) -> usize {
        self.members[0].1.len()
    }

    /// `sum [b b' hh, b b' h1; b b' h1, b b' 11]`: the Hessian of the block's coefficients.
    #[must_use]
    pub fn hessian(&self, grams: &[Gram]) -> Array2<f64> {
        let m = self.order();
        let entry = |row: usize, col: usize| {
            let term = |(angle, basis): &(usize, Vec<f64>)| {
                let gram = &grams[*angle];
                let sum = match (row < m, col < m) {
                    (true, true) => gram.hh(),
                    (false, false) => gram.one_one(),
                    _ => gram.h1(),
                };
                basis[row % m] * basis[col % m] * sum
            };
            self.members.iter().map(term).sum()
        };
        Array2::from_shape_fn((2 * m, 2 * m), |(row, col)| entry(row, col))
    }

    fn right_side(&self, grams: &[Gram]) -> Vec<f64> {
        let m = self.order();
        let entry = |row: usize| {
            let term = |(angle, basis): &(usize, Vec<f64>)| {
                let sum = if row < m { grams[*angle].hy() } else { grams[*angle].one_y() };
                basis[row % m] * sum
            };
            self.members.iter().map(term).sum()
        };
        (0..2 * m).map(entry).collect()
    }

    /// d cost / d coefficients at a scaling.
    #[must_use]
    pub fn gradient(&self, grams: &[Gram], scaling: &Scaling) -> Vec<f64> {
        let m = self.order();
        let entry = |row: usize| {
            let term = |(angle, basis): &(usize, Vec<f64>)| {
                let (gram, AngleScaling { contrast, offset_less_one }) = (&grams[*angle], scaling.per_angle[*angle]);
                let slope = match row < m {
                    true => contrast * gram.hh() + offset_less_one * gram.h1() - gram.hy(),
                    false => contrast * gram.h1() + offset_less_one * gram.one_one() - gram.one_y(),
                };
                basis[row % m] * slope
            };
            self.members.iter().map(term).sum()
        };
        (0..2 * m).map(entry).collect()
    }

    /// The scaling of a member from the coefficients.
    #[must_use]
    pub fn value(&self, basis: &[f64], coefficients: &[f64]) -> AngleScaling {
        let (contrast, offset) = coefficients.split_at(self.order());
        AngleScaling { contrast: dot(basis, contrast), offset_less_one: dot(basis, offset) }
    }
}

impl ScalingMap {
    /// The free numbers for angles in degrees.
    ///
    /// # Errors
    /// Config if there are too few angles for a Fourier series, or the given numbers do not match the angles.
    pub fn new(settings: &ScalingSettings, phi_degrees: &[f64], space: &ParameterSpace) -> Result<Self> {
        let n = phi_degrees.len();
        Ok(match settings.mode {
            ScalingMode::Auto if settings.is_shared(n) => ScalingMap::shared(n, space),
            ScalingMode::Auto | ScalingMode::Individual => ScalingMap::individual(n, space),
            ScalingMode::Fourier => {
                let block = fourier_block(settings.fourier_order, phi_degrees)?;
                ScalingMap::of(ScalingMode::Fourier, vec![block], space)
            }
            ScalingMode::Constant => {
                let fixed = given_for(settings.given.as_deref().unwrap_or_default(), n)?;
                ScalingMap { fixed, ..ScalingMap::of(ScalingMode::Constant, Vec::new(), space) }
            }
        })
    }

    /// One pair for `n` angles.
    #[must_use]
    pub fn shared(n: usize, space: &ParameterSpace) -> Self {
        let members = (0..n).map(|angle| (angle, vec![1.0])).collect();
        ScalingMap::of(ScalingMode::Auto, vec![ScalingBlock { members }], space)
    }

    /// One pair for each of `n` angles.
    #[must_use]
    pub fn individual(n: usize, space: &ParameterSpace) -> Self {
        let block = |angle| ScalingBlock { members: vec![(angle, vec![1.0])] };
        ScalingMap::of(ScalingMode::Individual, (0..n).map(block).collect(), space)
    }

    /// One pair for each of `n` angles, estimated from the data once and held: numbers of their own as far as errors go.
    #[must_use]
    pub fn estimated(n: usize, space: &ParameterSpace) -> Self {
        ScalingMap { mode: ScalingMode::Constant, ..ScalingMap::individual(n, space) }
    }

    fn of(mode: ScalingMode, blocks: Vec<ScalingBlock>, space: &ParameterSpace) -> Self {
        let offset_bounds = (space.offset.lower - 1.0, space.offset.upper - 1.0);
        let contrast_bounds = (space.contrast.lower, space.contrast.upper);
        ScalingMap { mode, blocks, fixed: Vec::new(), contrast_bounds, offset_bounds }
    }

    /// Number of free scaling numbers.
    #[must_use]
    pub fn n_free(&self) -> usize {
        self.blocks.iter().map(|block| 2 * block.order()).sum()
    }

    /// The optimal scaling for weighted Gram matrices.
    #[must_use]
    pub fn eliminate(&self, grams: &[Gram]) -> Scaling {
        let minima: Vec<Minimum> = self.blocks.iter().map(|block| self.minimum(block, grams)).collect();
        let coefficients: Vec<f64> = minima.iter().flat_map(|minimum| minimum.x.iter().copied()).collect();
        let active = minima.into_iter().map(|minimum| minimum.active).collect();
        Scaling { per_angle: self.per_angle(&coefficients, grams.len()), active }
    }

    /// The coefficients of that scaling, block by block.
    #[must_use]
    pub fn coefficients(&self, grams: &[Gram]) -> Vec<f64> {
        self.blocks.iter().flat_map(|block| self.minimum(block, grams).x).collect()
    }

    fn minimum(&self, block: &ScalingBlock, grams: &[Gram]) -> Minimum {
        let start = self.inner_start(block);
        minimise(&block.hessian(grams), &block.right_side(grams), &self.constraints(block), &start)
    }

    /// The scaling of every angle that all coefficients make, block by block; given ones stay.
    #[must_use]
    pub fn per_angle(&self, coefficients: &[f64], n_angles: usize) -> Vec<AngleScaling> {
        let mut per_angle = self.fixed.clone();
        per_angle.resize(n_angles, AngleScaling::default());
        let mut rest = coefficients;
        for block in &self.blocks {
            let (own, others) = rest.split_at(2 * block.order());
            rest = others;
            for (angle, basis) in &block.members {
                per_angle[*angle] = block.value(basis, own);
            }
        }
        per_angle
    }

    /// Every coefficient, block by block.
    #[must_use]
    pub fn named(&self) -> Vec<Coefficient> {
        let of_block = |(index, block): (usize, &ScalingBlock)| {
            let m = block.order();
            let of = |k: usize| {
                let (what, is_contrast, bounds) = if k < m {
                    ("contrast", true, self.contrast_bounds)
                } else {
                    ("offset", false, self.offset_bounds)
                };
                let bounds = (m == 1).then_some(bounds);
                Coefficient { name: format!("{what}[{}]", index + k % m), is_contrast, bounds }
            };
            (0..2 * m).map(of).collect::<Vec<Coefficient>>()
        };
        self.blocks.iter().enumerate().flat_map(of_block).collect()
    }

    /// Whether contrast and offset of every angle lie between their bounds.
    #[must_use]
    pub fn holds(&self, per_angle: &[AngleScaling]) -> bool {
        let within = |value: f64, (lower, upper): (f64, f64)| (lower..=upper).contains(&value);
        let is_inside = |at: &AngleScaling| {
            within(at.contrast, self.contrast_bounds) && within(at.offset_less_one, self.offset_bounds)
        };
        self.blocks.is_empty() || per_angle.iter().all(is_inside)
    }

    /// Bounds on contrast and offset of every member: first all contrasts, then all offsets. A shared basis needs one.
    #[must_use]
    pub fn constraints(&self, block: &ScalingBlock) -> Vec<Constraint> {
        let m = block.order();
        let members = if m == 1 { &block.members[..1] } else { &block.members[..] };
        let of_contrast = |basis: &[f64]| [basis, &vec![0.0; m]].concat();
        let of_offset = |basis: &[f64]| [&vec![0.0; m], basis].concat();
        let constraint = |row: Vec<f64>, bounds: (f64, f64)| Constraint { row, lower: bounds.0, upper: bounds.1 };
        let contrasts = members.iter().map(|(_, basis)| constraint(of_contrast(basis), self.contrast_bounds));
        let offsets = members.iter().map(|(_, basis)| constraint(of_offset(basis), self.offset_bounds));
        contrasts.chain(offsets).collect()
    }

    /// What constraint `index` of a block bounds: (is contrast, angle).
    #[must_use]
    pub fn constrained(&self, block: &ScalingBlock, index: usize) -> (bool, usize) {
        let members = if block.order() == 1 { 1 } else { block.members.len() };
        (index < members, block.members[index % members].0)
    }

    /// The bound that an active constraint has met, as contrast or offset.
    #[must_use]
    pub fn bound(&self, is_contrast: bool, side: Side) -> f64 {
        let (bounds, shift) = if is_contrast { (self.contrast_bounds, 0.0) } else { (self.offset_bounds, 1.0) };
        shift + if side == Side::Lower { bounds.0 } else { bounds.1 }
    }

    /// A constant contrast and offset inside the bounds.
    fn inner_start(&self, block: &ScalingBlock) -> Vec<f64> {
        let middle = |bounds: (f64, f64)| f64::midpoint(bounds.0, bounds.1);
        let mut start = vec![0.0; 2 * block.order()];
        start[0] = middle(self.contrast_bounds);
        start[block.order()] = middle(self.offset_bounds);
        start
    }
}

fn fourier_block(order: usize, phi_degrees: &[f64]) -> Result<ScalingBlock> {
    if phi_degrees.len() < 2 * order + 1 {
        return Err(Fault::at(
            "anti_degeneracy.per_angle_mode",
            format!("fourier of order {order} with {} angles", phi_degrees.len()),
        )
        .expected(format!("at least {} angles", 2 * order + 1))
        .advice("lower fourier_order or use auto")
        .code(Code::E65)
        .config());
    }
    let members = phi_degrees.iter().enumerate().map(|(angle, phi)| (angle, harmonics(order, *phi))).collect();
    Ok(ScalingBlock { members })
}

fn given_for(given: &[AngleScaling], n: usize) -> Result<Vec<AngleScaling>> {
    if given.len() == n {
        return Ok(given.to_vec());
    }
    Err(Fault::at("initial_parameters.per_angle_scaling", format!("{} values", given.len()))
        .expected(format!("one contrast and one offset for each of the {n} angles"))
        .code(Code::E65)
        .config())
}

/// 1 / sigma^2; an angle without noise counts like the quietest other one, and 1 if there is none.
#[must_use]
pub fn weights(sigma: &[f64]) -> Vec<f64> {
    let quietest = sigma.iter().copied().filter(|&sigma| sigma > 0.0).fold(f64::INFINITY, f64::min);
    let fallback = if quietest.is_finite() { quietest } else { 1.0 };
    sigma.iter().map(|&sigma| if sigma > 0.0 { sigma } else { fallback }).map(|sigma| 1.0 / (sigma * sigma)).collect()
}

/// Rows of the active constraints.
#[must_use]
pub fn map_rows(map: &ScalingMap, block: &ScalingBlock, active: &[Active]) -> Vec<Vec<f64>> {
    let constraints = map.constraints(block);
    active.iter().map(|active| constraints[active.constraint].row.clone()).collect()
}
