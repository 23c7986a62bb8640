//! Can error bars and verdicts be trusted? `cargo bench --bench coverage -- DRAWS [CASE..]`
//!
//! Draws of a known truth as simulated intensities (`simulate --noise intensities`): how often do the reported 68 and 95 %
//! intervals hold the truth, what are mean and spread of the pulls, how many accepted fits are wrong by more than four errors,
//! and how often does the test of fit reject the exact model? `benches/COVERAGE.md` has the table.

#[path = "../tests/library/common.rs"]
mod common;
mod draws;

use common::{DT, Q, fit_memory, memory_of_matrices, settings, simulation};
use draws::{each_case, hold_and_begin, mean, names};
use homodyne::experiment::AngleNoise;
use homodyne::likelihood::scaling::ScalingSettings;
use homodyne::listener::StopFlag;
use homodyne::model::catalogue::Model;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::parameter::Interval;
use homodyne::outcome::verdict::Verdict;
use homodyne::parameters::definitions::{AnalysisMode, SearchScale, find as find_parameter};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::simulate::{Scatter, Simulation};

/// Frames of most rows.
const FRAMES: usize = 200;

/// What moves in the sample.
#[derive(Clone, Copy, PartialEq)]
enum Physics {
    /// D(t) = D0 t^-0.2.
    Slow,
    /// D(t) = D0 t^0.5.
    Superdiffusive,
    /// Shear, constant parts of both laws fixed.
    Flow,
    /// The same with one angle across the flow.
    FlowAcross,
    /// Shear, constant parts free.
    FlowFree,
}

#[derive(Clone)]
struct Case {
    physics: Physics,
    n_angles: usize,
    counts: f64,
    renewals: f64,
    scaling: ScalingMode,
    speckles: usize,
    contrast: f64,
    n_frames: usize,
}

impl Case {
    fn name(&self) -> String {
        let physics = match self.physics {
            Physics::Slow => "static slow",
            Physics::Superdiffusive => "static superdiffusive",
            Physics::Flow => "flow",
            Physics::FlowAcross => "flow, one angle across it",
            Physics::FlowFree => "flow, constants free",
        };
        let Case { n_angles, counts, renewals, scaling, speckles, contrast, n_frames, .. } = self;
        let size = format!("{n_angles} x {n_frames}");
        format!("{physics} | {size} | {counts} | {renewals} | {} | {speckles} | {contrast}", scaling.name())
    }

    fn mode(&self) -> AnalysisMode {
        match self.physics {
            Physics::Slow | Physics::Superdiffusive => AnalysisMode::Static,
            Physics::Flow | Physics::FlowAcross | Physics::FlowFree => AnalysisMode::LaminarFlow,
        }
    }

    fn theta(&self) -> Vec<f64> {
        let law = |exponent: f64, share: f64| vec![share * self.amplitude(exponent), exponent];
        match self.physics {
            Physics::Slow => [law(-0.2, 1.0), vec![0.0]].concat(),
            Physics::Superdiffusive => [law(0.5, 1.0), vec![0.0]].concat(),
            Physics::Flow => [law(-0.25, 1.0), vec![0.0, 0.0018, 0.2, 0.0, 3.0]].concat(),
            Physics::FlowAcross => [law(-0.25, 1.0), vec![0.0, 0.0018, 0.2, 0.0, 10.0]].concat(),
            Physics::FlowFree => {
                // Half of the diffusion is constant, a sixth of the shear.
                let constant = 0.5 * self.amplitude(0.0);
                [law(-0.6, 0.5), vec![constant, 0.0018, 0.6, 0.0003, 3.0]].concat()
            }
        }
    }

    /// The amplitude of D with which speckles renew themselves as often as is asked for by diffusion.
    fn amplitude(&self, exponent: f64) -> f64 {
        let sum: f64 = (0..self.n_frames).map(|k| (k as f64 * DT).max(DT / 2.0).powf(exponent)).sum();
        self.renewals / (Q * Q * DT * sum)
    }

    fn fixed(&self) -> &[usize] {
        match self.physics {
            Physics::Slow | Physics::Superdiffusive => &[2],
            Physics::Flow | Physics::FlowAcross => &[2, 5],
            Physics::FlowFree => &[],
        }
    }

    fn simulation(&self, seed: u64) -> Simulation {
        let phi_degrees = (0..self.n_angles).map(|k| -80.0 + 180.0 * k as f64 / self.n_angles as f64).collect();
        let scatter = Scatter::Intensities { speckles: self.speckles, counts: self.counts };
        Simulation {
            n_frames: self.n_frames,
            contrast: self.contrast,
            seed: 1_000_003 * seed + 17,
            ..simulation(self.mode(), &self.theta(), phi_degrees, scatter)
        }
    }
}

/// Every level of every factor several times, in changing company.
fn cases() -> Vec<Case> {
    use Physics::{Flow, FlowAcross, FlowFree, Slow, Superdiffusive};
    let (auto, individual) = (ScalingMode::Auto, ScalingMode::Individual);
    let case = |physics, n_angles, counts, renewals, scaling, (speckles, contrast)| Case {
        physics,
        n_angles,
        counts,
        renewals,
        scaling,
        speckles,
        contrast,
        n_frames: FRAMES,
    };
    vec![
        case(Slow, 1, 0.0, 4.0, auto, (1000, 0.2)),
        case(Slow, 1, 1.0, 4.0, auto, (1000, 0.2)),
        case(Slow, 1, 0.15, 14.0, auto, (2000, 0.25)),
        case(Slow, 2, 1.0, 6.0, auto, (1000, 0.2)),
        case(Slow, 2, 0.0, 33.0, individual, (200, 0.1)),
        case(Slow, 4, 0.15, 14.0, individual, (1000, 0.2)),
        case(Slow, 4, 1.0, 4.0, auto, (2000, 0.1)),
        case(Slow, 8, 0.0, 33.0, auto, (200, 0.1)),
        case(Slow, 24, 1.0, 14.0, auto, (200, 0.25)),
        case(Superdiffusive, 1, 0.0, 6.0, auto, (2000, 0.1)),
        case(Superdiffusive, 2, 1.0, 6.0, auto, (1000, 0.2)),
        case(Superdiffusive, 4, 0.0, 14.0, individual, (1000, 0.25)),
        case(Superdiffusive, 8, 0.15, 33.0, auto, (200, 0.2)),
        case(Flow, 4, 1.0, 6.0, auto, (1000, 0.2)),
        case(Flow, 8, 1.0, 6.0, auto, (1000, 0.2)),
        case(Flow, 8, 0.0, 6.0, auto, (1000, 0.2)),
        case(Flow, 8, 0.15, 14.0, individual, (1000, 0.25)),
        case(Flow, 8, 1.0, 33.0, individual, (200, 0.1)),
        case(Flow, 24, 1.0, 6.0, auto, (1000, 0.2)),
        case(Flow, 24, 0.0, 14.0, individual, (200, 0.25)),
        case(FlowFree, 8, 1.0, 14.0, auto, (2000, 0.2)),
        case(FlowFree, 8, 0.0, 6.0, individual, (1000, 0.25)),
        case(FlowFree, 24, 0.15, 33.0, auto, (1000, 0.2)),
        case(Slow, 4, 1.0, 14.0, ScalingMode::Constant, (1000, 0.05)),
        Case { n_frames: 500, ..case(Flow, 24, 0.0, 14.0, auto, (1000, 0.2)) },
        Case { n_frames: 500, ..case(Superdiffusive, 2, 0.0, 33.0, auto, (1000, 0.14)) },
        Case { n_frames: 1000, ..case(Slow, 4, 0.15, 14.0, auto, (1000, 0.2)) },
        Case { n_frames: 1000, ..case(FlowFree, 4, 0.0, 33.0, auto, (1000, 0.14)) },
        case(FlowAcross, 6, 1.0, 6.0, auto, (1000, 0.2)),
    ]
}

/// A measurement of which the file tells `told` of its noise, and its fit.
fn draw(case: &Case, seed: u64, told: bool) -> FitResult {
    let simulation = case.simulation(seed);
    let experiment = simulation.experiment();
    let model = Model::new(simulation.mode, simulation.convention, &experiment).expect("model");
    let (n, tables) = (case.n_frames, model.tables(&simulation.theta));
    let store = memory_of_matrices(experiment, 65_536, |place, angle| {
        let matrix = simulation.correlations(&model, &tables, place, &StopFlag::default()).expect("a correlation");
        if told {
            let diagonal = mean((0..n).map(|i| matrix[i * n + i])) - 1.0;
            let pixels = Some(case.speckles as u64);
            angle.noise = AngleNoise { diagonal: Some(diagonal), pixels, ..AngleNoise::default() };
        }
        matrix
    });
    let mut settings = settings(case.mode(), ScalingSettings::from(case.scaling));
    hold_and_begin(&mut settings, case.mode(), case.fixed(), &simulation.theta);
    fit_memory(store, &model, &settings)
}

/// Of everything that has an error: name, (found - truth) / error, error, whether the 68 and 95 % intervals hold the truth.
struct Pull {
    name: String,
    pull: f64,
    relative_error: f64,
    holds: [bool; 2],
}

fn pulls(case: &Case, found: &FitResult) -> Vec<Pull> {
    let truth = case.theta();
    let of = |name: &str, value: f64, truth: f64, error: Option<f64>| {
        error.map(|error| Pull {
            name: name.to_owned(),
            pull: (value - truth) / error,
            relative_error: error / truth.abs().max(f64::MIN_POSITIVE),
            holds: [1.0, 1.96].map(|level| (value - truth).abs() < level * error),
        })
    };
    let mut all = Vec::new();
    for (found, truth) in found.parameters.iter().zip(truth) {
        // A rate's interval is symmetric in its logarithm, and so is its pull.
        let pull = match find_parameter(&found.name).is_some_and(|known| known.scale == SearchScale::Log) {
            false => of(&found.name, found.value, truth, found.uncertainty),
            true => {
                let pull = found.uncertainty.map(|error| (found.value / truth).ln() * found.value / error);
                of(&found.name, found.value, truth, found.uncertainty)
                    .zip(pull)
                    .map(|(known, pull)| Pull { pull, ..known })
            }
        };
        if let (Some(pull), Some(inner), Some(outer)) = (pull, found.interval_68, found.interval_95) {
            let lies_in = |[lower, upper]: Interval| {
                lower.is_none_or(|lower| truth > lower) && upper.is_none_or(|upper| truth < upper)
            };
            all.push(Pull { holds: [inner, outer].map(lies_in), ..pull });
        }
    }
    let shared = found.angles.windows(2).all(|two| two[0].contrast == two[1].contrast);
    for angle in &found.angles[..if shared { 1 } else { case.n_angles }] {
        all.extend(of("contrast", angle.contrast, case.contrast, angle.contrast_uncertainty));
        all.extend(of("offset", angle.offset, 1.0, angle.offset_uncertainty));
    }
    all
}

fn report(case: &Case, all: &[FitResult]) {
    println!("\n{}", case.name());
    let verdicts =
        Verdict::NAMES.map(|(name, verdict)| (name, all.iter().filter(|found| found.verdict == verdict).count()));
    let verdicts: Vec<String> =
        verdicts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{n} {name}")).collect();
    let every: Vec<Pull> = all.iter().flat_map(|found| pulls(case, found)).collect();
    for name in names(&every, |pull| &pull.name) {
        let of: Vec<&Pull> = every.iter().filter(|pull| pull.name == name).collect();
        let share = |level: usize| 100.0 * mean(of.iter().map(|pull| f64::from(u8::from(pull.holds[level]))));
        println!(
            "  {name:<18} {:>5.1} {:>5.1}  mean {:>5.2} rms {:>4.2}  error {:>6.2} %  of {}",
            share(0),
            share(1),
            mean(of.iter().map(|pull| pull.pull)),
            mean(of.iter().map(|pull| pull.pull.powi(2))).sqrt(),
            100.0 * mean(of.iter().map(|pull| pull.relative_error)),
            of.len()
        );
    }
    let tests: Vec<_> = all.iter().filter_map(|found| found.lack_of_fit.as_ref()).collect();
    let below = |limit: f64| 100.0 * mean(tests.iter().map(|test| f64::from(u8::from(test.p_value < limit))));
    println!(
        "  test of fit: T/dof {:.2}, p < 0.01 in {:.1} %, p < 1e-3 in {:.1} %",
        mean(tests.iter().map(|test| test.shared.statistic / test.shared.degrees_of_freedom as f64)),
        below(0.01),
        below(1e-3)
    );
    let frames: Vec<_> = tests.iter().filter_map(|test| test.frames).collect();
    println!(
        "  frames: ratio {:.2}, at most {:.2}, p at least {:.0e}; worst {:.1} standard deviations; patch {:.1}, pair {:.1}; fine lags {:.2}, p at least {:.0e}",
        mean(frames.iter().map(|found| found.ratio)),
        frames.iter().map(|found| found.ratio).fold(0.0, f64::max),
        frames.iter().map(|found| found.p_value).fold(1.0, f64::min),
        frames.iter().map(|found| found.standard_deviations).fold(0.0, f64::max),
        tests.iter().filter_map(|test| test.patch).map(|found| found.standard_deviations.abs()).fold(0.0, f64::max),
        tests.iter().filter_map(|test| test.odd_pair).map(|found| found.standard_deviations.abs()).fold(0.0, f64::max),
        mean(tests.iter().filter_map(|test| test.fine_lags).map(|t| t.statistic / t.degrees_of_freedom as f64)),
        tests.iter().filter_map(|test| test.fine_lags).map(|t| t.p_value).fold(1.0, f64::min)
    );
    let noise = all.iter().flat_map(|found| found.angles.iter().map(|angle| angle.noise));
    let expected = all.iter().filter_map(|found| found.expected_reduced_chi_squared);
    println!(
        "  N {:.0}, w {:.3}; chi2_nu {:.2}, expected {:.2} +- {:.2}",
        1.0 / mean(noise.clone().map(|noise| noise.speckles.map_or(0.0, f64::recip))),
        mean(noise.filter_map(|noise| noise.white_variance)),
        mean(all.iter().filter_map(|found| found.reduced_chi_squared)),
        mean(expected.clone().map(|expected| expected.value)),
        mean(expected.map(|expected| expected.spread))
    );
    let converged: Vec<&FitResult> = all.iter().filter(|found| found.verdict == Verdict::Converged).collect();
    let off = converged.iter().filter(|found| pulls(case, found).iter().any(|pull| pull.pull.abs() > 4.0)).count();
    println!("  {}; converged and more than 4 errors off: {off} of {}", verdicts.join(", "), converged.len());
    if let Some(found) = all.iter().find(|found| found.verdict == Verdict::PoorFit) {
        println!("  e.g. {:?}", found.reasons);
    }
}

fn main() {
    // Every other file has a raw diagonal and the pixels of its bins.
    each_case(&cases(), |case, place, seed| draw(case, seed, place % 2 == 1), report);
}
