//! The quantities of single frames through which h depends on theta, at any place between frames: polynomials through twelve
//! frames. It knows no pair.

use crate::model::catalogue::Model;
use crate::model::time_tables::TimeTables;
use crate::sums::pairs::{Lane, QUANTITIES};
use pulp::{Arch, NullaryFnOnce};
use std::collections::HashMap;

/// Place of q^2 dt C among the lanes of a frame, behind its quantities.
pub const EXPONENT: usize = QUANTITIES;
/// Frames through which a polynomial goes.
const STENCIL: usize = 12;

/// The quantities of every frame and its exponent, one per lane.
#[must_use]
pub fn of_frames(model: &Model, theta: &[f64]) -> Vec<Lane> {
    let time = TimeTables::new(&model.constants, theta);
    let mut frames = vec![Lane::default(); time.exponent.len()];
    for (lane, table) in time.quantities().into_iter().enumerate().chain([(EXPONENT, &time.exponent[..])]) {
        frames.iter_mut().zip(table).for_each(|(frame, value)| frame.0[lane] = *value);
    }
    frames
}

/// Places between frames.
#[derive(Debug, Clone, Default)]
pub struct Nodes {
    /// Of every place the first frame of its polynomial, and the number of its weights.
    all: Vec<[u32; 2]>,
    /// Places that lie alike between their frames share them: strips of many lags do.
    weights: Vec<[f64; STENCIL]>,
}

/// Places that lie within this of one another, in frames, lie alike.
const ALIKE: f64 = 1e-10;

impl Nodes {
    /// Fewest frames between which there can be nodes: the first does not follow the law of the others (tau_0 = dt / 2).
    pub const FEWEST_FRAMES: usize = STENCIL + 1;

    /// At places among `n_frames` frames.
    #[must_use]
    pub fn new(places: &[f64], n_frames: usize) -> Self {
        let (mut nodes, mut known) = (Nodes::default(), HashMap::new());
        for &place in places {
            let (first_frame, away) = beside(place, n_frames);
            let number = *known.entry((away / ALIKE).round() as u64).or_insert_with(|| {
                nodes.weights.push(weights(away));
                nodes.weights.len() as u32 - 1
            });
            nodes.all.push([first_frame as u32, number]);
        }
        nodes
    }

    /// The values of tables of frames at all nodes.
    #[must_use]
    pub fn at(&self, frames: &[Lane]) -> Vec<Lane> {
        Arch::new().dispatch(Interpolation { nodes: self, frames })
    }
}

/// The first frame of the polynomial at a place, and how far away that is.
fn beside(place: f64, n_frames: usize) -> (usize, f64) {
    let nearest = place.round();
    if (place - nearest).abs() < 1e-9 {
        let first_frame = (nearest as usize).min(n_frames - STENCIL);
        return (first_frame, nearest - first_frame as f64);
    }
    let first_frame = (place as usize + 1).saturating_sub(STENCIL / 2).max(1).min(n_frames - STENCIL);
    (first_frame, place - first_frame as f64)
}

/// What the frames from the first on give to a place so far away from it: on a frame, that frame alone.
fn weights(away: f64) -> [f64; STENCIL] {
    let mut weights = [1.0; STENCIL];
    for (k, weight) in weights.iter_mut().enumerate() {
        for other in (0..STENCIL).filter(|&other| other != k) {
            *weight *= (away - other as f64) / (k as f64 - other as f64);
        }
    }
    weights
}

struct Interpolation<'a> {
    nodes: &'a Nodes,
    frames: &'a [Lane],
}

impl NullaryFnOnce for Interpolation<'_> {
    type Output = Vec<Lane>;

    // Plain loops over lanes: the compiler makes vectors of them.
    #[inline(always)]
    fn call(self) -> Vec<Lane> {
        let mut values = vec![Lane::default(); self.nodes.all.len()];
        for (value, [first, weights]) in values.iter_mut().zip(&self.nodes.all) {
            let frames = &self.frames[*first as usize..*first as usize + STENCIL];
            for (frame, weight) in frames.iter().zip(self.nodes.weights[*weights as usize]) {
                for (sum, quantity) in value.0.iter_mut().zip(frame.0) {
                    *sum = weight.mul_add(quantity, *sum);
                }
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_laws_are_met_between_frames_and_frames_are_met_exactly() {
        let law = |place: f64| Lane(std::array::from_fn(|k| (place + 1.0).powf(0.3 + 0.2 * k as f64)));
        let frames: Vec<Lane> = (0..200).map(|frame| law(f64::from(frame))).collect();
        let places = [0.0, 3.0, 199.0, 12.3, 60.5, 198.7];
        let found = Nodes::new(&places, 200).at(&frames);
        assert_eq!((found[0], found[1], found[2]), (frames[0], frames[3], frames[199]));
        // Places that lie alike share their weights.
        assert_eq!(Nodes::new(&[12.3, 14.3, 60.5, 80.5, 30.0, 31.0], 200).weights.len(), 3);
        for (found, place) in found.iter().zip(places).skip(3) {
            for (found, exact) in found.0.iter().zip(law(place).0) {
                assert!((found / exact - 1.0).abs() < 1e-9, "{place}: {found} {exact}");
            }
        }
    }
}
