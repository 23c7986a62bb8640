//! The command `simulate`: words to a simulation.

use crate::cli::arguments::SimulateArguments;
use crate::cli::choices::{Convention, Mode, ValueWidth};
use crate::cli::interrupt::stop_flag;
use crate::cli::reporting::draw_simulation;
use crate::cli::terminal::{Terminal, print};
use crate::cli::words::{shown, wrong_argument};
use homodyne::api::{
    AnalysisMode, LogLevel, Noise, Replace, Result, Scatter, ShearConvention, Simulation, Watch, Width, find_parameter,
};

/// Physics by name.
pub fn analysis_mode(mode: Mode) -> AnalysisMode {
    match mode {
        Mode::Static => AnalysisMode::Static,
        Mode::LaminarFlow => AnalysisMode::LaminarFlow,
    }
}

/// The truth of a simulation if nothing else is said: soft colloids that age under slowly rising shear.
const TRUTH: [f64; 7] = [19_000.0, -0.35, 900.0, 0.0013, 0.25, 0.000_15, -6.5];

/// The default noise of a c2 value.
const SIGMA: f64 = 0.003;

/// The default mean photons per pixel and frame.
const COUNTS: f64 = 1.0;

/// The default offset; speckles have none of their own.
const OFFSET: f64 = 1.003;

fn noise(arguments: &SimulateArguments) -> Result<Noise> {
    let (speckles, counts) = (arguments.speckles, arguments.counts);
    let scatter = match arguments.noise.as_str() {
        "speckle" => Scatter::Intensities { speckles, counts: 0.0 },
        "intensities" => Scatter::Intensities { speckles, counts: counts.unwrap_or(COUNTS) },
        _ => Scatter::Pairs,
    };
    if let (Some(counts), true) = (counts, arguments.noise != "intensities") {
        return Err(wrong_argument("--counts", &counts.to_string(), "--noise intensities beside it"));
    }
    match (arguments.noise.as_str(), arguments.sigma) {
        ("gaussian", sigma) => Ok(Noise { sigma: sigma.unwrap_or(SIGMA), scatter }),
        ("speckle" | "intensities", sigma) => Ok(Noise { sigma: sigma.unwrap_or(0.0), scatter }),
        (text, None) => match text.parse::<f64>() {
            Ok(sigma) if sigma >= 0.0 && sigma.is_finite() => Ok(Noise { sigma, scatter }),
            _ => Err(wrong_argument("--noise", text, "gaussian, speckle, intensities, or a standard deviation")),
        },
        (text, Some(_)) => {
            Err(wrong_argument("--noise", text, "gaussian, speckle or intensities, as --sigma is given"))
        }
    }
}

/// Files of the user are replaced only on request.
pub fn replace(force: bool) -> Replace {
    if force { Replace::File } else { Replace::Nothing }
}

/// Makes a beamline file with a known truth.
pub fn simulate(arguments: &SimulateArguments) -> Result<u8> {
    let mode = analysis_mode(arguments.mode);
    let mut theta = TRUTH[..mode.n_parameters()].to_vec();
    let mut given = Vec::new();
    for text in &arguments.parameters {
        let expected = "NAME=VALUE with the name of a physical parameter";
        let wrong = || wrong_argument("--parameter", text, expected);
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let known = find_parameter(name).ok_or_else(wrong)?;
        let position = mode.parameters().iter().position(|parameter| parameter.name == known.name).ok_or_else(wrong)?;
        if given.contains(&position) {
            return Err(wrong_argument("--parameter", text, &format!("{} once", known.name)));
        }
        given.push(position);
        theta[position] = value.parse().map_err(|_| wrong())?;
    }
    let spread = |k: u32| -90.0 + 180.0 * f64::from(k) / f64::from(arguments.angles);
    let phi_degrees = match arguments.phi.is_empty() {
        true => (0..arguments.angles).map(spread).collect(),
        false => arguments.phi.clone(),
    };
    let noise = noise(arguments)?;
    let simulation = Simulation {
        mode,
        convention: match arguments.shear_convention {
            Convention::Homodyne => ShearConvention::Homodyne,
            Convention::GapAverage => ShearConvention::GapAverage,
        },
        theta,
        q_per_angstrom: arguments.q[0],
        further_q: arguments.q[1..].to_vec(),
        gap_angstrom: arguments.gap,
        dt_seconds: arguments.dt,
        n_frames: arguments.frames,
        phi_degrees,
        contrast: arguments.contrast,
        offset: arguments.offset.unwrap_or(if noise.scatter == Scatter::Pairs { OFFSET } else { 1.0 }),
        scaling_variation: arguments.scaling_variation,
        noise,
        seed: arguments.seed,
        dead_frames: arguments.dead_frames.clone(),
        width: match arguments.width {
            ValueWidth::F32 => Width::F32,
            ValueWidth::F64 => Width::F64,
        },
    };
    let terminal = Terminal::new(&arguments.loudness, LogLevel::Info)?;
    simulation.write(&arguments.out, replace(arguments.force), &Watch::new(&terminal, &stop_flag()))?;
    terminal.finish();
    print(&format!("written: {}\n", shown(&arguments.out)))?;
    if let Some(place) = &arguments.plot {
        draw_simulation(&simulation, &arguments.out, place, &terminal)?;
    }
    Ok(0)
}
