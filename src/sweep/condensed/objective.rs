//! Condensed data of all angles as something that can be swept.

use crate::error::Result;
use crate::experiment::Angle;
use crate::listener::StopFlag;
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::model::catalogue::{Model, WithWidth};
use crate::model::nodes::{Nodes, of_frames};
use crate::model::scattered_pairs::{ScatteredAngle, ScatteredPairs};
use crate::store::block::BlockSource;
use crate::sums::gram::Gram;
use crate::sums::objective::{Objective, Query};
use crate::sums::pairs::Lane;
use crate::sums::rank_update::Depth;
use crate::sweep::condensed::build::{Dealing, Missing, Moments, lanes};
use crate::sweep::condensed::layout::Layout;
use crate::sweep::simd::SimdLevel;
use crate::sweep::weighted_pairs::{PairSums, Weighted, WeightedPass};

/// Groups of eight pseudo-pairs that are swept for one angle after the other: what they share stays in the second cache.
const CHUNK: usize = 256;
/// Pairs that a pseudo-pair stands for at least, or nothing is gained.
const FEWEST_PAIRS: usize = 4;

/// Pseudo-pairs that stand for all pairs of all angles.
pub struct Condensed {
    model: Model,
    angles: Vec<Angle>,
    places: Vec<Place>,
    values: Vec<Values>,
    lanes: Lanes,
    stop: StopFlag,
}

/// Pseudo-pairs of all angles with the same usable frames.
struct Place {
    is_usable: Vec<bool>,
    layout: Layout,
    nodes: Nodes,
    roots: Vec<Lane>,
}

/// The values of one angle.
struct Values {
    place: usize,
    values: Vec<Lane>,
    squares: f64,
    pairs: u64,
    missing: Vec<Missing>,
}

impl Condensed {
    /// Condenses all angles of a source; `None` where there are too few frames to gain by it.
    ///
    /// # Errors
    /// What the source reports; Interrupted if the user has asked to stop.
    pub fn build(source: &dyn BlockSource, model: &Model, threads: usize, stop: &StopFlag) -> Result<Option<Self>> {
        let (experiment, plan) = (source.experiment(), source.plan());
        if plan.n_frames < Nodes::FEWEST_FRAMES {
            return Ok(None);
        }
        let mut places: Vec<Place> = Vec::new();
        let mut of_angle = Vec::new();
        for angle in &experiment.angles {
            let is_usable = angle.usable_frames(plan.n_frames);
            let known = places.iter().position(|place| place.is_usable == is_usable);
            of_angle.push(known.unwrap_or_else(|| {
                places.push(Place::of(is_usable));
                places.len() - 1
            }));
        }
        if places.iter().any(|place| FEWEST_PAIRS * place.layout.pairs.len() > plan.pairs_per_angle()) {
            return Ok(None);
        }
        let flow = Dataflow {
            n_items: plan.n_blocks(),
            lanes: Lanes::self_reading(threads),
            read: &|index| source.read(index),
            work: &|_, block| {
                let Place { layout, is_usable, .. } = &places[of_angle[block.angle]];
                let dealing = Dealing { block: &block, layout, is_usable };
                let part = SimdLevel::Best.run(dealing);
                source.confirm(block.angle)?;
                Ok(part)
            },
            meter: &Meter::default(),
        };
        let mut values: Vec<Values> = Vec::new();
        let mut moments = Moments::zero(&places[of_angle[0]].layout);
        flow.fold(&mut |index, part| {
            moments.add(part);
            // Blocks come in order: with its last one an angle is complete.
            let (angle, next) = (plan.locate(index).0, index + 1);
            if next == plan.n_blocks() || plan.locate(next).0 != angle {
                let following = &places[of_angle[(angle + 1).min(of_angle.len() - 1)]].layout;
                let done = std::mem::replace(&mut moments, Moments::zero(following));
                values.push(Values::of(done, of_angle[angle], &places[of_angle[angle]].layout));
            }
            stop.check()
        })?;
        let (model, angles) = (model.clone(), experiment.angles.clone());
        Ok(Some(Condensed { model, angles, places, values, lanes: Lanes::self_reading(threads), stop: stop.clone() }))
    }

    /// Pseudo-pairs of the first angle.
    #[must_use]
    pub fn n_pseudo_pairs(&self) -> usize {
        self.places.first().map_or(0, |place| place.layout.pairs.len())
    }
}

impl Place {
    fn of(is_usable: Vec<bool>) -> Self {
        let layout = Layout::of(&is_usable);
        let nodes = Nodes::new(&layout.nodes, is_usable.len());
        let roots: Vec<f64> = layout.weights.iter().map(|weight| weight.sqrt()).collect();
        Place { is_usable, nodes, roots: lanes(&roots), layout }
    }
}

impl Values {
    fn of(moments: Moments, place: usize, layout: &Layout) -> Self {
        let (values, missing) = (moments.values(layout), moments.missing);
        Values { place, values, squares: moments.squares, pairs: moments.pairs, missing }
    }
}

/// A sweep, for rows of any width.
struct Pass<'a> {
    condensed: &'a Condensed,
    query: &'a Query<'a>,
    depth: Depth,
}

impl WithWidth for Pass<'_> {
    type Output = Result<Vec<Gram>>;

    fn run<const W: usize>(self) -> Result<Vec<Gram>> {
        let Pass { condensed, query, depth } = self;
        let frames = of_frames(&condensed.model, query.theta);
        let pairs: Vec<ScatteredPairs> = condensed
            .places
            .iter()
            .map(|place| ScatteredPairs::new(&place.nodes.at(&frames), &place.layout.pairs))
            .collect();
        let n = condensed.angles.len();
        // The sums of an angle do not depend on the others of its set.
        let per_set = n.div_ceil(condensed.lanes.workers).clamp(1, 16);
        let mut grams = Vec::with_capacity(n);
        let flow = Dataflow {
            n_items: n.div_ceil(per_set),
            lanes: condensed.lanes.clone(),
            read: &|_| Ok(()),
            work: &|set, ()| {
                let angles = set * per_set..((set + 1) * per_set).min(n);
                Ok(condensed.sums::<W>((query, depth), angles, &pairs, &frames))
            },
            meter: &Meter::default(),
        };
        flow.fold(&mut |_, sums| {
            grams.extend(sums);
            condensed.stop.check()
        })?;
        Ok(grams)
    }
}

impl Condensed {
    fn sums<const W: usize>(
        &self,
        (query, depth): (&Query<'_>, Depth),
        angles: std::ops::Range<usize>,
        pairs: &[ScatteredPairs],
        frames: &[Lane],
    ) -> Vec<Gram> {
        let at = |angle: usize| -> ScatteredAngle<'_> {
            pairs[self.values[angle].place].at(&self.model, query.theta, self.angles[angle].phi_degrees)
        };
        let mut all: Vec<_> = angles.map(|angle| (angle, at(angle), PairSums::<W>::default())).collect();
        let n_groups = all.iter().map(|(angle, ..)| self.values[*angle].values.len()).max().unwrap_or(0);
        for start in (0..n_groups).step_by(CHUNK) {
            for (angle, pairs, into) in &mut all {
                let values = &self.values[*angle];
                let groups = start.min(values.values.len())..(start + CHUNK).min(values.values.len());
                let weighted = Weighted { roots: &self.places[values.place].roots, values: &values.values };
                SimdLevel::Best.run(WeightedPass { pairs, weighted, groups, reweighing: None, depth, into });
            }
        }
        let finish = |(angle, _, sums): (usize, ScatteredAngle<'_>, PairSums<W>)| {
            let values = &self.values[angle];
            let all = sums.finish(values.pairs);
            let rest = if values.missing.is_empty() { all } else { all.less(&self.missing::<W>(angle, query, frames)) };
            rest.with_squares(values.squares).scaled(query.weight(angle))
        };
        all.into_iter().map(finish).collect()
    }

    /// The sums of pairs that have no value, with what stands in for it.
    fn missing<const W: usize>(&self, angle: usize, query: &Query<'_>, frames: &[Lane]) -> Gram {
        let missing = &self.values[angle].missing;
        let pairs: Vec<[u32; 2]> = missing.iter().map(|missing| missing.frames).collect();
        let values: Vec<f64> = missing.iter().map(|missing| missing.stand_in).collect();
        let (roots, values) = (lanes(&vec![1.0; missing.len()]), lanes(&values));
        let pairs = ScatteredPairs::new(frames, &pairs);
        let mut sums = PairSums::<W>::default();
        SimdLevel::Best.run(WeightedPass {
            pairs: &pairs.at(&self.model, query.theta, self.angles[angle].phi_degrees),
            weighted: Weighted { roots: &roots, values: &values },
            groups: 0..roots.len(),
            reweighing: None,
            depth: Depth::Normal,
            into: &mut sums,
        });
        sums.finish(0)
    }
}

impl Objective for Condensed {
    fn sweep(&self, query: &Query<'_>, depth: Depth) -> Result<Vec<Gram>> {
        self.stop.check()?;
        self.model.with_width(Pass { condensed: self, query, depth })
    }

    fn phi_degrees(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.phi_degrees).collect()
    }

    fn sigma(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.sigma).collect()
    }
}
