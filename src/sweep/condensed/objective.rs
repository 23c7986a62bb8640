//! Condensed data of all angles as something that can be swept.

use crate::error::Result;
use crate::experiment::{Angle, Experiment};
use crate::listener::StopFlag;
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::model::catalogue::{Model, WithWidth};
use crate::model::nodes::of_frames;
use crate::model::scattered_pairs::{ScatteredAngle, ScatteredPairs};
use crate::model::time_tables::floor_frame;
use crate::parameters::scaling::AngleScaling;
use crate::store::block::BlockSource;
use crate::store::condensed_angle::{CondensedAngle, Missing, Tally};
use crate::sums::gram::Gram;
use crate::sums::objective::{CondensedData, Fineness, Objective, Query};
use crate::sums::pairs::Lane;
use crate::sums::rank_update::Depth;
use crate::sweep::condensed::arrangement::{Arrangement, Place, lanes};
use crate::sweep::condensed::pass::condense;
use crate::sweep::condensed::prediction::{Tails, predicted};
use crate::sweep::simd::SimdLevel;
use crate::sweep::weighted_pairs::{PairSums, Weighted, WeightedPass};
use std::ops::Range;

/// Groups of eight pseudo-pairs that are swept for one angle after the other: what they share stays in the second cache.
const CHUNK: usize = 256;

/// Most angles that are swept together.
const MOST_IN_SET: usize = 16;

/// Pseudo-pairs that stand for all pairs of all angles.
pub struct Condensed {
    model: Model,
    angles: Vec<Angle>,
    /// Its number in the file.
    first_frame: usize,
    arrangement: Arrangement,
    /// Of all angles, one after the other: Y over the root of the weight of every pseudo-pair, eight at a time.
    values: Vec<Lane>,
    known: Vec<Known>,
    tally: Tally,
    lanes: Lanes,
    stop: StopFlag,
}

/// What is known of one angle.
struct Known {
    /// Where its values stand.
    groups: Range<usize>,
    /// Sums of 1, y and y^2 over its pairs: no theta changes them.
    sums: [f64; 3],
    pairs: u64,
    missing: Vec<Missing>,
}

impl Condensed {
    /// The pseudo-pairs that a source has, or those of its blocks; `None` where there are too few frames to gain by them.
    ///
    /// # Errors
    /// What the source reports; Interrupted if the user has asked to stop.
    pub fn of(
        source: &dyn BlockSource,
        model: &Model,
        fineness: Fineness,
        threads: usize,
        stop: &StopFlag,
    ) -> Result<Option<Self>> {
        let Some(arrangement) = Arrangement::of(source.experiment(), fineness) else { return Ok(None) };
        let angles = &source.experiment().angles;
        let mut kept = Kept::none(&arrangement, angles.len());
        match source.condensed(&arrangement.rule())? {
            Some(stored) => {
                stored.into_iter().zip(angles).for_each(|(found, angle)| kept.add(&arrangement, angle, &found))
            }
            None => condense(source, &arrangement, threads, stop, &mut |angle, found| {
                kept.add(&arrangement, &angles[angle], &found);
                Ok(())
            })?,
        }
        let condensed = Condensed::new(source.experiment(), model, (arrangement, kept), threads);
        Ok(Some(Condensed { stop: stop.clone(), ..condensed }))
    }

    /// Pseudo-pairs that are at hand.
    #[must_use]
    pub fn at_hand(
        experiment: &Experiment,
        model: &Model,
        (arrangement, found): (Arrangement, &[CondensedAngle]),
        threads: usize,
    ) -> Self {
        let mut kept = Kept::none(&arrangement, found.len());
        found.iter().zip(&experiment.angles).for_each(|(found, angle)| kept.add(&arrangement, angle, found));
        Condensed::new(experiment, model, (arrangement, kept), threads)
    }

    fn new(
        experiment: &Experiment,
        model: &Model,
        (arrangement, Kept { values, known, tally }): (Arrangement, Kept),
        threads: usize,
    ) -> Self {
        Condensed {
            model: model.clone(),
            angles: experiment.angles.clone(),
            first_frame: experiment.time.first_frame,
            arrangement,
            values,
            known,
            tally,
            lanes: Lanes::self_reading(threads),
            stop: StopFlag::default(),
        }
    }
}

/// Pseudo-pairs as they come, angle by angle.
struct Kept {
    values: Vec<Lane>,
    known: Vec<Known>,
    tally: Tally,
}

impl Kept {
    /// Nothing yet, with room for all in one piece: between what comes and goes meanwhile they would hold much memory more.
    fn none(arrangement: &Arrangement, n_angles: usize) -> Self {
        let n_groups = |angle: usize| arrangement.place(angle).roots.len();
        let values = Vec::with_capacity((0..n_angles).map(n_groups).sum());
        Kept { values, known: Vec::with_capacity(n_angles), tally: Tally::none() }
    }

    /// The next angle.
    fn add(&mut self, arrangement: &Arrangement, angle: &Angle, found: &CondensedAngle) {
        self.tally.add(angle, found);
        let place = arrangement.place(self.known.len());
        self.known.push(Known::of(found, place, &mut self.values));
    }
}

impl Known {
    fn of(angle: &CondensedAngle, place: &Place, values: &mut Vec<Lane>) -> Self {
        let CondensedAngle { moments, squares, pairs, missing, .. } = angle;
        let start = values.len();
        values.extend(lanes(moments.iter().zip(&place.layout.weights).map(|(y, weight)| y / weight.sqrt())));
        let ones: f64 = place.layout.weights.iter().sum();
        let stand_ins: f64 = missing.iter().map(|missing| missing.stand_in).sum();
        let sums = [ones - missing.len() as f64, moments.iter().sum::<f64>() - stand_ins, *squares];
        Known { groups: start..values.len(), sums, pairs: *pairs, missing: missing.clone() }
    }
}

/// What is asked of a sweep.
#[derive(Clone, Copy)]
struct Asked<'a> {
    query: &'a Query<'a>,
    depth: Depth,
    /// The scaling of every angle, where only slopes there are wanted.
    slopes_at: Option<&'a [AngleScaling]>,
}

/// A sweep, for rows of any width.
struct Pass<'a> {
    condensed: &'a Condensed,
    asked: Asked<'a>,
}

impl WithWidth for Pass<'_> {
    type Output = Result<Vec<Gram>>;

    fn run<const W: usize>(self) -> Result<Vec<Gram>> {
        let Pass { condensed, asked } = self;
        let frames = of_frames(&condensed.model, asked.query.theta);
        let pairs = condensed.arrangement.pairs_at(&frames);
        let n = condensed.angles.len();
        // The sums of an angle do not depend on the others of its set: as many sets for every worker.
        let workers = condensed.lanes.workers.max(1);
        let n_sets = workers * n.div_ceil(workers * MOST_IN_SET);
        let per_set = n.div_ceil(n_sets).max(1);
        let mut grams = Vec::with_capacity(n);
        let flow = Dataflow {
            n_items: n.div_ceil(per_set),
            lanes: condensed.lanes.clone(),
            read: &|_| Ok(()),
            work: &|set, ()| {
                let angles = set * per_set..((set + 1) * per_set).min(n);
                Ok(condensed.sums::<W>(asked, angles, &pairs, &frames))
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
        asked: Asked<'_>,
        angles: Range<usize>,
        pairs: &[ScatteredPairs],
        frames: &[Lane],
    ) -> Vec<Gram> {
        let Asked { query, depth, slopes_at } = asked;
        let at = |angle: usize| -> ScatteredAngle<'_> {
            pairs[self.arrangement.of_angle(angle)].at(&self.model, query.theta, self.angles[angle].phi_degrees)
        };
        let mut all: Vec<_> = angles.map(|angle| (angle, at(angle), PairSums::<W>::default())).collect();
        let n_groups = all.iter().map(|(angle, ..)| self.known[*angle].groups.len()).max().unwrap_or(0);
        for start in (0..n_groups).step_by(CHUNK) {
            for (angle, pairs, into) in &mut all {
                let values = &self.values[self.known[*angle].groups.clone()];
                let groups = start.min(values.len())..(start + CHUNK).min(values.len());
                let weighted = Weighted { roots: &self.arrangement.place(*angle).roots, values };
                SimdLevel::Best.run(WeightedPass {
                    pairs,
                    weighted,
                    groups,
                    reweighing: None,
                    depth,
                    slopes_at: slopes_at.map(|scaling| scaling[*angle]),
                    leaves_out: true,
                    into,
                });
            }
        }
        let finish = |(angle, pairs, sums): (usize, ScatteredAngle<'_>, PairSums<W>)| {
            let known = &self.known[angle];
            let all = sums.finish(known.pairs, &pairs.factors());
            let rest = if known.missing.is_empty() { all } else { all.less(&self.missing::<W>(angle, asked, frames)) };
            rest.with_data(known.sums).scaled(query.weight(angle))
        };
        all.into_iter().map(finish).collect()
    }

    /// The sums of pairs that have no value, with what stands in for it.
    fn missing<const W: usize>(&self, angle: usize, asked: Asked<'_>, frames: &[Lane]) -> Gram {
        let missing = &self.known[angle].missing;
        let pairs: Vec<[u32; 2]> = missing.iter().map(|missing| missing.frames).collect();
        let roots: Vec<Lane> = lanes(missing.iter().map(|_| 1.0)).collect();
        let values: Vec<Lane> = lanes(missing.iter().map(|missing| missing.stand_in)).collect();
        let pairs = ScatteredPairs::new(frames, &pairs);
        let pairs = pairs.at(&self.model, asked.query.theta, self.angles[angle].phi_degrees);
        let mut sums = PairSums::<W>::default();
        SimdLevel::Best.run(WeightedPass {
            pairs: &pairs,
            weighted: Weighted { roots: &roots, values: &values },
            groups: 0..roots.len(),
            reweighing: None,
            depth: asked.depth,
            slopes_at: asked.slopes_at.map(|scaling| scaling[angle]),
            leaves_out: true,
            into: &mut sums,
        });
        sums.finish(0, &pairs.factors())
    }
}

impl Objective for Condensed {
    fn sweep(&self, query: &Query<'_>, depth: Depth) -> Result<Vec<Gram>> {
        self.stop.check()?;
        self.model.with_width(Pass { condensed: self, asked: Asked { query, depth, slopes_at: None } })
    }

    fn slopes(&self, query: &Query<'_>, scaling: &[AngleScaling]) -> Result<Vec<Gram>> {
        self.stop.check()?;
        let asked = Asked { query, depth: Depth::Gradient, slopes_at: Some(scaling) };
        self.model.with_width(Pass { condensed: self, asked })
    }

    fn phi_degrees(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.phi_degrees).collect()
    }

    fn sigma(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.sigma).collect()
    }
}

impl CondensedData for Condensed {
    fn sweep_alone(&mut self) {
        self.lanes = Lanes::self_reading(1);
    }

    fn n_pseudo_pairs(&self) -> u64 {
        self.tally.pseudo_pairs as u64
    }

    fn unseen_in_words(&self) -> String {
        self.tally.unseen_in_words()
    }

    fn predicted_shift(&self, query: &Query<'_>, grams: &[Gram], contrast: &[f64]) -> Result<f64> {
        let Condensed { model, angles, arrangement, lanes, .. } = self;
        let tails = model.with_width(Tails { model, angles: (angles, arrangement), lanes, query })?;
        Ok(predicted(grams, &tails, contrast))
    }

    fn floor_frame(&self, theta: &[f64]) -> Option<usize> {
        floor_frame(&self.model.constants, theta).map(|frame| self.first_frame + frame)
    }
}
