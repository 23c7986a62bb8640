//! Where the pseudo-pairs of every angle lie: angles with the same usable frames share a place. It sees no value.

use crate::experiment::Experiment;
use crate::model::nodes::Nodes;
use crate::model::scattered_pairs::ScatteredPairs;
use crate::sums::objective::Fineness;
use crate::sums::pairs::Lane;
use crate::sweep::condensed::layout::Layout;

/// Pairs that a pseudo-pair stands for at least, or nothing is gained.
pub const FEWEST_PAIRS: usize = 4;

/// Pseudo-pairs of all angles with the same usable frames.
#[derive(Debug)]
pub struct Place {
    /// Where they lie.
    pub layout: Layout,
    nodes: Nodes,
    /// Roots of their weights, eight at a time.
    pub roots: Vec<Lane>,
}

/// Places of all angles.
#[derive(Debug)]
pub struct Arrangement {
    fineness: Fineness,
    places: Vec<Place>,
    of_angle: Vec<usize>,
}

impl Arrangement {
    /// For the angles of an experiment; `None` where there are too few frames to gain by it.
    #[must_use]
    pub fn of(experiment: &Experiment, fineness: Fineness) -> Option<Self> {
        let n_frames = experiment.time.n_frames;
        if n_frames < Nodes::FEWEST_FRAMES {
            return None;
        }
        let mut places: Vec<Place> = Vec::new();
        let mut of_angle = Vec::new();
        for angle in &experiment.angles {
            let is_usable = angle.usable_frames(n_frames);
            let known = places.iter().position(|place| place.layout.usable_frames() == is_usable);
            of_angle.push(known.unwrap_or_else(|| {
                places.push(Place::of(&is_usable, fineness));
                places.len() - 1
            }));
        }
        let gains = |place: &Place| FEWEST_PAIRS * place.layout.pairs.len() <= experiment.time.n_pairs();
        places.iter().all(gains).then_some(Arrangement { fineness, places, of_angle })
    }

    /// In words: the same for all that lie alike.
    #[must_use]
    pub fn rule(&self) -> String {
        format!("version 2, {:?}", self.fineness).to_lowercase()
    }

    /// Number of the place of an angle.
    #[must_use]
    pub fn of_angle(&self, angle: usize) -> usize {
        self.of_angle[angle]
    }

    /// The place of an angle.
    #[must_use]
    pub fn place(&self, angle: usize) -> &Place {
        &self.places[self.of_angle[angle]]
    }

    /// The pseudo-pairs of all places, from the quantities of every frame.
    #[must_use]
    pub fn pairs_at(&self, frames: &[Lane]) -> Vec<ScatteredPairs> {
        self.places.iter().map(|place| ScatteredPairs::new(&place.nodes.at(frames), &place.layout.pairs)).collect()
    }
}

impl Place {
    fn of(is_usable: &[bool], fineness: Fineness) -> Self {
        let layout = Layout::of(is_usable, fineness);
        let nodes = Nodes::new(&layout.nodes, is_usable.len());
        let roots = lanes(layout.weights.iter().map(|weight| weight.sqrt())).collect();
        Place { nodes, roots, layout }
    }
}

/// Eight at a time, zeros behind the last.
pub fn lanes(mut values: impl Iterator<Item = f64>) -> impl Iterator<Item = Lane> {
    std::iter::from_fn(move || {
        let first = values.next()?;
        let mut lane = Lane::default();
        lane.0[0] = first;
        lane.0[1..].iter_mut().zip(&mut values).for_each(|(lane, value)| *lane = value);
        Some(lane)
    })
}
