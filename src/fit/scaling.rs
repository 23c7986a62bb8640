//! Contrast and offset: the four scaling modes and their exact elimination (variable projection, Golub and Pereyra,
//! SIAM J. Numer. Anal. 10 (1973) 413, doi 10.1137/0710036). It works on Gram matrices alone.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::normal::box_quadratic::{Active, Constraint, Side, minimise};
use crate::normal::gram::Gram;
use crate::normal::symmetric::{Matrix, dot};
use crate::parameters::ParameterSpace;

/// How contrast and offset depend on the angle.
#[derive(Debug, Clone, PartialEq)]
pub enum ScalingMode {
    /// One pair for all angles.
    Shared,
    /// Given numbers, one (contrast, offset) per angle.
    Constant(Vec<(f64, f64)>),
    /// One free pair per angle.
    Individual,
    /// Truncated Fourier series of this order in phi.
    Fourier(usize),
}

/// Angles whose scaling is solved together: value(angle) = basis(angle) . coefficients, for contrast and for offset.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingBlock {
    /// Which angles, and their basis functions.
    pub members: Vec<(usize, Vec<f64>)>,
}

/// The free scaling numbers of a fit. Within a block: contrast coefficients, then those of (offset - 1).
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingMap {
    /// Name of the mode.
    pub name: &'static str,
    /// Blocks; none if the scaling is given.
    pub blocks: Vec<ScalingBlock>,
    fixed: Vec<(f64, f64)>,
    contrast_bounds: (f64, f64),
    offset_bounds: (f64, f64),
}

/// The scaling that is optimal at one theta.
#[derive(Debug, Clone)]
pub struct Scaling {
    /// (contrast, offset - 1) of every angle.
    pub per_angle: Vec<(f64, f64)>,
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
    pub fn hessian(&self, grams: &[Gram]) -> Matrix {
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
        Matrix::from_fn(2 * m, 2 * m, entry)
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
                let (gram, (contrast, offset)) = (&grams[*angle], scaling.per_angle[*angle]);
                let slope = match row < m {
                    true => contrast * gram.hh() + offset * gram.h1() - gram.hy(),
                    false => contrast * gram.h1() + offset * gram.one_one() - gram.one_y(),
                };
                basis[row % m] * slope
            };
            self.members.iter().map(term).sum()
        };
        (0..2 * m).map(entry).collect()
    }

    /// (contrast, offset - 1) of a member from the coefficients.
    #[must_use]
    pub fn value(&self, basis: &[f64], coefficients: &[f64]) -> (f64, f64) {
        let (contrast, offset) = coefficients.split_at(self.order());
        (dot(basis, contrast), dot(basis, offset))
    }
}

impl ScalingMap {
    /// The free numbers of a mode for angles in degrees.
    ///
    /// # Errors
    /// Config if there are too few angles for a Fourier series or the given numbers do not match the angles.
    pub fn new(mode: &ScalingMode, phi_degrees: &[f64], space: &ParameterSpace) -> Result<Self> {
        let n = phi_degrees.len();
        let constant = |angle: usize| (angle, vec![1.0]);
        let (name, blocks, fixed) = match mode {
            ScalingMode::Shared => ("auto", vec![ScalingBlock { members: (0..n).map(constant).collect() }], Vec::new()),
            ScalingMode::Individual => (
                "individual",
                (0..n).map(|angle| ScalingBlock { members: vec![constant(angle)] }).collect(),
                Vec::new(),
            ),
            ScalingMode::Fourier(order) => ("fourier", vec![fourier_block(*order, phi_degrees)?], Vec::new()),
            ScalingMode::Constant(given) => ("constant", Vec::new(), given_for(given, n)?),
        };
        let bounds = |parameter: &crate::parameters::Parameter| (parameter.lower, parameter.upper);
        let offset = bounds(&space.offset);
        let offset_bounds = (offset.0 - 1.0, offset.1 - 1.0);
        Ok(ScalingMap { name, blocks, fixed, contrast_bounds: bounds(&space.contrast), offset_bounds })
    }

    /// Number of free scaling numbers.
    #[must_use]
    pub fn n_free(&self) -> usize {
        self.blocks.iter().map(|block| 2 * block.order()).sum()
    }

    /// The optimal scaling for weighted Gram matrices.
    #[must_use]
    pub fn eliminate(&self, grams: &[Gram]) -> Scaling {
        let mut per_angle = self.fixed.clone();
        per_angle.resize(grams.len(), (0.0, 0.0));
        let mut active = Vec::new();
        for block in &self.blocks {
            let constraints = self.constraints(block);
            let start = self.inner_start(block);
            let minimum = minimise(&block.hessian(grams), &block.right_side(grams), &constraints, &start);
            for (angle, basis) in &block.members {
                per_angle[*angle] = block.value(basis, &minimum.x);
            }
            active.push(minimum.active);
        }
        Scaling { per_angle, active }
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

/// 1, cos phi, sin phi, cos 2 phi, ..
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
    let harmonics = |phi: f64| (1..=order).flat_map(move |k| [(k as f64 * phi).cos(), (k as f64 * phi).sin()]);
    let basis = |phi: f64| std::iter::once(1.0).chain(harmonics(phi)).collect();
    let members = phi_degrees.iter().enumerate().map(|(angle, phi)| (angle, basis(phi.to_radians()))).collect();
    Ok(ScalingBlock { members })
}

fn given_for(given: &[(f64, f64)], n: usize) -> Result<Vec<(f64, f64)>> {
    if given.len() == n {
        return Ok(given.iter().map(|(contrast, offset)| (*contrast, offset - 1.0)).collect());
    }
    Err(Fault::at("initial_parameters.per_angle_scaling", format!("{} values", given.len()))
        .expected(format!("one contrast and one offset for each of the {n} angles"))
        .code(Code::E65)
        .config())
}
