//! What stands out of the noise, in words. It computes no noise.

use crate::fit::errors::last_sweep::LastSweep;
use crate::likelihood::speckle::functions::{Function, Functions};
use crate::sums::lags::half_octave;
use crate::units::degrees;

/// Fewer standard deviations are not worth a word.
pub(super) const WORTH_A_WORD: f64 = 3.0;
/// Most that is said.
const MOST: usize = 4;

/// Below this a p-value is a matter of rounding.
const LEAST_P: f64 = 1e-300;

/// A p-value in a reason.
pub(super) fn p_value(p: f64) -> String {
    if p < LEAST_P { format!("p < {LEAST_P:e}") } else { format!("p = {p:.1e}") }
}

/// What a sum is of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// Of all angles.
    Function(Function),
    /// Of one angle.
    Angle(&'a str, f64),
    /// A pattern in the words of its own.
    Pattern(&'a str),
}

/// Sums in units of their noise.
#[derive(Debug, Default)]
pub(super) struct Findings<'a> {
    found: Vec<(Place<'a>, f64)>,
}

impl<'a> Findings<'a> {
    /// Takes a sum of residuals (model less data) in units of its noise.
    pub(super) fn take(&mut self, place: Place<'a>, size: Option<f64>) {
        self.found.extend(size.map(|size| (place, size)));
    }

    /// The strongest first, each thing once.
    pub(super) fn in_words(mut self, last: &LastSweep) -> Vec<String> {
        self.found.retain(|(_, z)| z.abs() > WORTH_A_WORD);
        self.found.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let mut said: Vec<(String, f64)> = Vec::new();
        for (place, z) in self.found {
            let what = of_place(place, z, last);
            if said.iter().all(|(known, _)| *known != what) {
                said.push((what, z.abs()));
            }
        }
        said.truncate(MOST);
        said.into_iter().map(|(what, size)| format!("{what} ({size:.1} standard errors)")).collect()
    }
}

fn of_place(place: Place<'_>, z: f64, last: &LastSweep) -> String {
    let side = side(z);
    match place {
        Place::Pattern(what) => what.into(),
        Place::Angle(what, phi) => format!("angle {} degrees differs in its {what}", degrees(phi)),
        Place::Function(function) => format!("the data lie {side} the model {}", of_function(function, last)),
    }
}

/// On which side of the model the data lie, by a sum of residuals (model less data).
pub(super) fn side(z: f64) -> &'static str {
    if z < 0.0 { "above" } else { "below" }
}

/// What a column of the model is about.
pub(super) fn of_column(column: usize, functions: &Functions) -> &'static str {
    match functions.by_age.iter().position(|&known| known == column) {
        Some(0) => "in the decay by diffusion",
        Some(_) => "in the decay by shear",
        None if column == functions.p => "in the size of the correlation",
        None if column > functions.p => "in the offset",
        None => "in the direction of the flow",
    }
}

fn of_function(function: Function, last: &LastSweep) -> String {
    let functions = &last.speckles.functions;
    match function {
        Function::Aged { column, age } => {
            let what = of_column(column, functions);
            format!("{what} in the {} quarter of the measurement", ["first", "second", "third", "last"][age.min(3)])
        }
        Function::Whole { .. } => "in the shape of the decay".into(),
        Function::Lag { bin } => match (half_octave(bin).start, half_octave(bin).end - 1) {
            (1, _) => "at a lag of 1 frame".into(),
            (first, last) if first == last => format!("at a lag of {first} frames"),
            (first, last) => format!("at lags of {first} to {last} frames"),
        },
        Function::Blocks { earlier, later } => {
            let frames = |block: usize| {
                let (first, next) = (functions.blocks[block], functions.blocks.get(block + 1));
                let starts = &last.nodes.groups.first_frames;
                let end = next.map_or(last.nodes.groups.of_frame.len(), |&group| starts[group]);
                format!("{}-{}", last.number(starts[first]), last.number(end - 1))
            };
            match earlier == later {
                true => format!("within frames {}", frames(earlier)),
                false => format!("between frames {} and {}", frames(earlier), frames(later)),
            }
        }
    }
}
