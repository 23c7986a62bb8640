//! How large must a misfit be to be seen? `cargo bench --bench power -- DRAWS`
//!
//! Measurements of one truth as simulated intensities (160 frames, contrast 0.2, 1500 speckles), changed by something of a given
//! size, and the share of fits that the verdict refuses. A size of zero is the exact model.

#[path = "../tests/library/common.rs"]
mod common;
#[path = "../tests/library/intensities.rs"]
mod intensities;

use common::{fit_memory, settings};
use homodyne::experiment::{Angle, Experiment, TimeGrid};
use homodyne::ingest::sigma::estimate_sigma;
use homodyne::model::catalogue::Model;
use homodyne::outcome::verdict::Verdict;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::store::block::Values;
use homodyne::store::memory::MemoryStore;
use intensities::{SPECKLE, Speckle};

const ANGLES: usize = 3;
const DT: f64 = 0.1;
const Q: f64 = 0.0054;
/// Decays within about 15 of 160 frames.
const D0: f64 = 24_000.0;
const ALPHA: f64 = -0.2;

/// Something that the model does not describe, of a size.
struct Misfit {
    name: &'static str,
    sizes: [f64; 5],
    /// Decay exponent q^2 int D at a time in seconds, of an angle.
    decay: fn(f64, f64, usize) -> f64,
    /// c2 as it is changed, from the ages of the two frames between 0 and 1.
    change: fn(f64, f64, (f64, f64), usize) -> f64,
}

fn law(t: f64) -> f64 {
    Q * Q * D0 * t.max(1e-9).powf(1.0 + ALPHA) / (1.0 + ALPHA)
}

const MISFITS: [Misfit; 7] = [
    Misfit {
        name: "D falls to 1 - size at half time",
        sizes: [0.0, 0.1, 0.2, 0.4, 0.7],
        decay: |size, t, _| {
            let half = 8.0;
            law(t.min(half)) + (1.0 - size) * (law(t.max(half)) - law(half))
        },
        change: |_, c2, _, _| c2,
    },
    Misfit {
        name: "contrast falls by the size",
        sizes: [0.0, 0.05, 0.1, 0.2, 0.3],
        decay: |_, t, _| law(t),
        change: |size, c2, (a, b), _| 1.0 + (c2 - 1.0) * (1.0 - size * f64::midpoint(a, b)),
    },
    Misfit {
        name: "offset drifts by the size",
        sizes: [0.0, 0.003, 0.006, 0.01, 0.02],
        decay: |_, t, _| law(t),
        change: |size, c2, (a, b), _| c2 + size * f64::midpoint(a, b),
    },
    Misfit {
        name: "offset beats with the size",
        sizes: [0.0, 0.001, 0.002, 0.004, 0.008],
        decay: |_, t, _| law(t),
        change: |size, c2, (a, b), _| c2 + size * (2.0 * std::f64::consts::PI * 3.0 * f64::midpoint(a, b)).cos(),
    },
    Misfit {
        name: "one angle with D0 (1 + size)",
        sizes: [0.0, 0.1, 0.2, 0.5, 1.0],
        decay: |size, t, angle| if angle == 0 { (1.0 + size) * law(t) } else { law(t) },
        change: |_, c2, _, _| c2,
    },
    Misfit {
        name: "contrast of every other frame is off by the size",
        sizes: [0.0, 0.02, 0.05, 0.1, 0.2],
        decay: |_, t, _| law(t),
        change: |size, c2, (a, b), _| 1.0 + (c2 - 1.0) * (1.0 + size * wave(a, 2.0)) * (1.0 + size * wave(b, 2.0)),
    },
    Misfit {
        name: "c2 shakes with the size every 7 frames",
        sizes: [0.0, 0.002, 0.005, 0.01, 0.02],
        decay: |_, t, _| law(t),
        change: |size, c2, (a, b), _| c2 + size * wave(a, 7.0) * wave(b, 7.0),
    },
];

/// Of the age of a frame, with a period in frames.
fn wave(age: f64, period_frames: f64) -> f64 {
    (2.0 * std::f64::consts::PI * age * SPECKLE.n_frames as f64 / period_frames).cos()
}

fn refused(misfit: &Misfit, size: f64, counts: f64, seed: u64) -> bool {
    let speckle = Speckle { counts, ..SPECKLE };
    let n = speckle.n_frames;
    let mut angles = Vec::new();
    let mut values = Vec::new();
    for angle in 0..ANGLES {
        let decay: Vec<f64> = (0..n).map(|k| (misfit.decay)(size, k as f64 * DT, angle)).collect();
        let mut c2 = speckle.c2(&|i, j| (-0.5 * (decay[j] - decay[i])).exp(), 1000 * seed + angle as u64);
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i as f64 / n as f64, j as f64 / n as f64)));
        c2.iter_mut().zip(pairs).for_each(|(c2, ages)| *c2 = (misfit.change)(size, *c2, ages, angle));
        let c2 = Values::from_f64(c2);
        let phi_degrees = -80.0 + 60.0 * angle as f64;
        angles.push(Angle { phi_degrees, sigma: estimate_sigma(&c2, n, &[]), ..Angle::default() });
        values.push(c2);
    }
    let time = TimeGrid { n_frames: n, dt_seconds: DT, start_seconds: 0.0, first_frame: 1 };
    let experiment = Experiment { q_per_angstrom: Q, gap_angstrom: None, time, angles };
    let model = Model::new(AnalysisMode::Static, ShearConvention::Homodyne, &experiment).expect("model");
    let store = MemoryStore::new(experiment, values, 65_536).expect("shapes fit");
    let mut settings = settings(AnalysisMode::Static, ScalingMode::Auto.into());
    settings.space.physical[2].fixed = Some(0.0);
    fit_memory(store, &model, &settings).verdict != Verdict::Converged
}

fn main() {
    let draws = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(40_u64);
    println!(
        "share of {draws} draws that is refused [%]: without photon noise, 2 and 0.15 photons per pixel and frame"
    );
    for misfit in &MISFITS {
        println!("\n{}", misfit.name);
        for size in misfit.sizes {
            let share = [0.0, 2.0, 0.15].map(|counts| {
                let refused = std::thread::scope(|scope| {
                    let half = |first: u64| {
                        scope.spawn(move || {
                            (first..draws).step_by(2).filter(|&k| refused(misfit, size, counts, k)).count()
                        })
                    };
                    [half(0), half(1)].map(|half| half.join().expect("no panic")).iter().sum::<usize>()
                });
                100.0 * refused as f64 / draws as f64
            });
            println!("  {size:>6} {:>6.0} {:>6.0} {:>6.0}", share[0], share[1], share[2]);
        }
    }
}
