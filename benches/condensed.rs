//! How far do pseudo-pairs shift the minimum, predicted and found, for models that are hard to condense? How many gradients per second
//! do they give, and what does it cost to make them? `cargo bench --bench condensed`, or `-- shifts FRAMES ..` or `-- rates FRAMES ..`.

mod measured;

use homodyne::error::Result;
use homodyne::experiment::{Angle, Experiment, TimeGrid};
use homodyne::fit::settings::{FitSettings, Tolerances};
use homodyne::fit::solver::problem::{Problem, System};
use homodyne::likelihood::scaling::ScalingMap;
use homodyne::listener::StopFlag;
use homodyne::model::catalogue::Model;
use homodyne::model::pair::PairEvaluator;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::AngleScaling;
use homodyne::store::block::{Block, BlockPlan, BlockSource, DEFAULT_BLOCK_POINTS, Values};
use homodyne::store::condensed_angle::CondensedAngle;
use homodyne::store::memory::MemoryStore;
use homodyne::sums::algebra::{Algebra, dot};
use homodyne::sums::loss::Loss;
use homodyne::sums::objective::{CondensedData, Fineness, Objective, Query};
use homodyne::sums::rank_update::Depth;
use homodyne::sweep::condensed::arrangement::Arrangement;
use homodyne::sweep::condensed::objective::Condensed;
use homodyne::sweep::condensed::pass::condense;
use homodyne::sweep::raw::pass::Sweep;
use measured::{THETA, best_of};
use std::sync::Arc;

const SIGMA: f64 = 0.003;
const THREADS: usize = 2;

/// Changes of a typical theta = [D0, alpha, D_offset, gamma_dot_t0, beta, gamma_dot_t_offset, phi0], by place.
const HARD: [(&str, &[(usize, f64)]); 18] = [
    ("typical", &[]),
    ("alpha -1.5", &[(1, -1.5)]),
    ("alpha 0", &[(1, 0.0)]),
    ("alpha 1.2", &[(0, 200.0), (1, 1.2)]),
    ("alpha 1.2, fast", &[(0, 1e4), (1, 1.2)]),
    ("beta -1.5", &[(4, -1.5)]),
    ("beta 0", &[(4, 0.0)]),
    ("beta 1.2", &[(3, 1e-4), (4, 1.2)]),
    ("fast", &[(0, 1e5), (1, 0.0), (2, 5e3)]),
    ("slow", &[(0, 300.0), (2, 50.0), (3, 1e-5), (5, 1e-6)]),
    ("very slow", &[(0, 100.0), (2, 0.0), (3, 1e-6), (5, 0.0)]),
    ("slow, strong shear", &[(0, 100.0), (2, 0.0)]),
    ("slow, some shear", &[(0, 100.0), (2, 0.0), (3, 4e-4), (5, 5e-5)]),
    ("shear x 5", &[(3, 6.5e-3)]),
    ("alpha -1.5, beta 1.2", &[(1, -1.5), (3, 1e-4), (4, 1.2)]),
    ("alpha 1.2, beta -1.5", &[(0, 200.0), (1, 1.2), (4, -1.5)]),
    // D and gamma_dot meet their floors at 20 s.
    ("floor of D", &[(2, -6658.4)]),
    ("floor of gamma_dot", &[(4, -0.5), (5, -2.9069e-4)]),
];

fn experiment(n_frames: usize, phi_degrees: &[f64]) -> Experiment {
    let angle = |&phi_degrees: &f64| Angle { phi_degrees, sigma: SIGMA, ..Angle::default() };
    let time = TimeGrid { n_frames, dt_seconds: 0.1, start_seconds: 0.0, first_frame: 1 };
    let angles = phi_degrees.iter().map(angle).collect();
    Experiment { q_per_angstrom: 0.0054, gap_angstrom: Some(2e6), time, angles }
}

/// A reproducible number, nearly normal: the sum of the twelve bytes of a hashed counter.
fn noise(counter: u64) -> f64 {
    let hash = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    let seed = counter.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let bytes = [hash(seed), hash(seed ^ 0x5555)].map(u64::to_le_bytes).concat();
    bytes[..12].iter().map(|&byte| (f64::from(byte) + 0.5) / 256.0).sum::<f64>() - 6.0
}

fn measured_maps(experiment: &Experiment, model: &Model, theta: &[f64]) -> MemoryStore {
    let (n, tables) = (experiment.time.n_frames, model.tables(theta));
    let of_angle = |(a, angle): (usize, &Angle)| {
        let pairs = PairEvaluator::new(model, &tables, theta, angle.phi_degrees);
        let value = |(k, (i, j))| (1.003 + 0.14 * pairs.h(i, j) + SIGMA * noise((a << 32 | k) as u64)) as f32;
        let all = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        Values::from_f32(all.enumerate().map(value).collect())
    };
    let values = experiment.angles.iter().enumerate().map(of_angle).collect();
    MemoryStore::new(experiment.clone(), values, DEFAULT_BLOCK_POINTS).expect("shapes fit")
}

/// Distance of the minima in standard errors, from the reduced systems of both at one theta.
fn shift(raw: &dyn Objective, condensed: &dyn CondensedData, theta: &[f64]) -> (f64, f64) {
    let settings = FitSettings::of(AnalysisMode::LaminarFlow);
    let n_angles = raw.phi_degrees().len();
    let problem = Problem {
        space: &settings.space,
        map: ScalingMap::shared(n_angles, &settings.space),
        weights: vec![1.0 / (SIGMA * SIGMA); n_angles],
        noise_is_known: true,
        tolerances: Tolerances::default(),
        t_ref_seconds: 1.0,
        loss: Loss::Linear,
        f_scale: 1.0,
        x_scale: vec![None; theta.len()],
    };
    let point = |objective| System::Gram(objective).point(&problem, theta.to_vec()).expect("memory");
    let (raw, found) = (point(raw), point(condensed));
    let apart: Vec<f64> =
        found.evaluation.gradient.iter().zip(&raw.evaluation.gradient).map(|(one, other)| one - other).collect();
    let step = raw.evaluation.hessian.solve_determined(&apart);
    let contrast: Vec<f64> = found.scaling.per_angle.iter().map(|scaling| scaling.contrast).collect();
    let predicted = condensed.predicted_shift(&problem.query(theta, None), &found.grams, &contrast).expect("memory");
    (predicted, dot(&apart, &step).max(0.0).sqrt())
}

fn shifts(n_frames: usize) {
    for (convention, name) in [(ShearConvention::Homodyne, "sinc^4"), (ShearConvention::GapAverage, "sinc^2")] {
        for (case, changes) in HARD {
            let mut theta = THETA.to_vec();
            changes.iter().for_each(|&(place, value)| theta[place] = value);
            let experiment = experiment(n_frames, &[-80.0, -10.0, 35.0]);
            let model = Model::new(AnalysisMode::LaminarFlow, convention, &experiment).expect("a gap");
            let store = Arc::new(measured_maps(&experiment, &model, &theta));
            let raw = Sweep::new(Arc::clone(&store) as Arc<dyn BlockSource>, model.clone(), THREADS);
            print!("{n_frames:>6} {name} {case:<22}");
            for fineness in [Fineness::Usual, Fineness::Fine] {
                let made = Condensed::of(store.as_ref(), &model, fineness, THREADS, &StopFlag::default());
                let Some(condensed) = made.expect("memory") else {
                    print!("  too few frames");
                    continue;
                };
                let (predicted, found) = shift(&raw, &condensed, &theta);
                let believed = condensed.floor_frame(&theta).is_none() && 10.0 * predicted <= 0.1;
                let verdict = if believed { "believed" } else { "all pairs" };
                print!("  {:>6} {predicted:>8.1e} {found:>8.1e} {verdict:<9}", condensed.n_pseudo_pairs() / 3);
            }
            println!();
        }
    }
}

/// One angle's pseudo-pairs for many angles.
struct Repeated {
    experiment: Experiment,
    angle: CondensedAngle,
}

impl BlockSource for Repeated {
    fn experiment(&self) -> &Experiment {
        &self.experiment
    }
    fn plan(&self) -> BlockPlan {
        let (n_frames, n_angles) = (self.experiment.time.n_frames, self.experiment.angles.len());
        BlockPlan { n_frames, n_angles, block_points: DEFAULT_BLOCK_POINTS }
    }
    fn read(&self, _: usize) -> Result<Block> {
        unreachable!("it has pseudo-pairs")
    }
    fn condensed(&self, _: &str) -> Result<Option<Vec<CondensedAngle>>> {
        Ok(Some(vec![self.angle.clone(); self.experiment.angles.len()]))
    }
    fn kind(&self) -> String {
        "repeated".into()
    }
}

fn rates(n_frames: usize) {
    const ANGLES: usize = 100;
    // Several angles for each thread: what ends an angle is done beside the next one.
    let few = experiment(n_frames, &[-10.0, 35.0, 80.0, 5.0, -60.0, 60.0, -35.0, 20.0]);
    let model = Model::new(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &few).expect("a gap");
    let store = Arc::new(measured_maps(&few, &model, &THETA));
    let arrangement = Arrangement::of(&few, Fineness::Usual).expect("enough frames");
    let mut angle = CondensedAngle::default();
    let making = best_of(3, || {
        let mut take = |_, found| {
            angle = found;
            Ok(())
        };
        condense(store.as_ref(), &arrangement, THREADS, &StopFlag::default(), &mut take).expect("memory");
    });
    let raw = Sweep::new(Arc::clone(&store) as Arc<dyn BlockSource>, model.clone(), THREADS);
    let time = |objective: &dyn Objective, depth| {
        best_of(5, || drop(objective.sweep(&Query::plain(&THETA), depth).expect("memory")))
    };
    let [raw_normal, raw_gradient] = [Depth::Normal, Depth::Gradient].map(|depth| time(&raw, depth));
    let phi: Vec<f64> = (0..ANGLES).map(|k| -90.0 + 1.8 * k as f64).collect();
    let many = Repeated { experiment: experiment(n_frames, &phi), angle };
    let made = Condensed::of(&many, &model, Fineness::Usual, THREADS, &StopFlag::default());
    let condensed = made.expect("memory").expect("enough frames");
    let gradient = time(&condensed, Depth::Gradient);
    let scaling = vec![AngleScaling { contrast: 0.14, offset_less_one: 0.003 }; ANGLES];
    let slopes = best_of(20, || drop(condensed.slopes(&Query::plain(&THETA), &scaling).expect("memory")));
    let (pairs, pseudo_pairs) = (few.time.n_pairs(), condensed.n_pseudo_pairs() as usize / ANGLES);
    println!(
        "{n_frames:>6} {pseudo_pairs:>8} {:>6.1} {:>8} {:>10.0} {:>10.0} {:>10.2} {:>10.2}",
        pseudo_pairs as f64 / n_frames as f64,
        pairs / pseudo_pairs,
        1.0 / slopes,
        1.0 / gradient,
        few.angles.len() as f64 / (ANGLES as f64 * raw_gradient),
        making / raw_normal
    );
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let which = words.first().map_or("", String::as_str);
    let sizes = |default: &[usize]| -> Vec<usize> {
        let asked: Vec<usize> = words.iter().skip(1).filter_map(|word| word.parse().ok()).collect();
        if asked.is_empty() { default.to_vec() } else { asked }
    };
    if which != "rates" {
        println!("shift of the minimum in standard errors, three angles, one scaling; twice: usual, fine");
        println!("frames shear  model                    pairs predicted  found");
        sizes(&[300, 1000, 3000]).into_iter().for_each(shifts);
    }
    if which != "shifts" {
        println!(
            "gradients of 100 angles per second, two threads: of the cost at one scaling, and of the sums that any scaling is found \
             from; what making them takes, in normal sweeps of all pairs"
        );
        println!("frames   pseudo-pairs  /frame  pairs each  at one scaling  condensed  all pairs  making");
        sizes(&[300, 1000, 3000, 10_000]).into_iter().for_each(rates);
    }
}
