//! The nonlinear regression problems of the NIST Statistical Reference Datasets: their files, and their models as formulas.

use crate::dual::Dual;
use crate::twofold::Twofold;
use std::f64::consts::PI;
use std::ops::{Add, Mul, Neg};
use std::path::Path;

/// A model: parameters and predictors to the response.
pub type Model = fn(&[Dual], &[f64]) -> Dual;

/// Every problem, and its model.
pub const PROBLEMS: [(&str, Model); 27] = [
    ("Misra1a", saturation),
    ("Chwirut2", decay_over_line),
    ("Chwirut1", decay_over_line),
    ("Lanczos3", |b, x| three_decays(b, Dual::from(x[0]))),
    ("Gauss1", two_peaks),
    ("Gauss2", two_peaks),
    ("DanWood", |b, x| b[0] * Dual::from(x[0]).power(b[1])),
    ("Misra1b", |b, x| b[0] * (1.0 - 1.0 / (1.0 + b[1] * x[0] / 2.0).squared())),
    ("Kirby2", |b, x| polynomial(&b[..3], x[0]) / (1.0 + x[0] * polynomial(&b[3..], x[0]))),
    ("Hahn1", cubic_over_cubic),
    ("Nelson", |b, x| b[0] - b[1] * x[0] * (-b[2] * x[1]).exp()),
    ("MGH17", |b, x| b[0] + b[1] * (-b[3] * x[0]).exp() + b[2] * (-b[4] * x[0]).exp()),
    ("Lanczos1", |b, x| three_decays(b, Dual::from(x[0]))),
    ("Lanczos2", |b, x| three_decays(b, Dual::from(x[0]))),
    ("Gauss3", two_peaks),
    ("Misra1c", |b, x| b[0] * (1.0 - (1.0 + 2.0 * b[1] * x[0]).power(Dual::from(-0.5)))),
    ("Misra1d", |b, x| b[0] * b[1] * x[0] / (1.0 + b[1] * x[0])),
    ("Roszman1", |b, x| b[0] - b[1] * x[0] - (b[2] / (x[0] - b[3])).atan() / PI),
    ("ENSO", three_cycles),
    ("MGH09", |b, x| b[0] * (x[0] * x[0] + x[0] * b[1]) / (x[0] * x[0] + x[0] * b[2] + b[3])),
    ("Thurber", cubic_over_cubic),
    ("BoxBOD", saturation),
    ("Rat42", |b, x| b[0] / (1.0 + (b[1] - b[2] * x[0]).exp())),
    ("MGH10", |b, x| b[0] * (b[1] / (x[0] + b[2])).exp()),
    ("Eckerle4", |b, x| b[0] / b[1] * (-0.5 * ((x[0] - b[2]) / b[1]).squared()).exp()),
    ("Rat43", |b, x| b[0] / (1.0 + (b[1] - b[2] * x[0]).exp()).power(1.0 / b[3])),
    ("Bennett5", |b, x| b[0] * (b[1] + x[0]).power(-1.0 / b[2])),
];

fn saturation(b: &[Dual], x: &[f64]) -> Dual {
    b[0] * (1.0 - (-b[1] * x[0]).exp())
}

fn decay_over_line(b: &[Dual], x: &[f64]) -> Dual {
    (-b[0] * x[0]).exp() / (b[1] + b[2] * x[0])
}

fn three_decays<N: Number>(b: &[N], x: N) -> N {
    let decay = |k: usize| b[k] * N::exp(-b[k + 1] * x);
    decay(0) + decay(2) + decay(4)
}

/// What a sum of exponentials is made of.
trait Number: Copy + Add<Output = Self> + Mul<Output = Self> + Neg<Output = Self> {
    fn exp(self) -> Self;
}

impl Number for Dual {
    fn exp(self) -> Self {
        Dual::exp(self)
    }
}

impl Number for Twofold {
    fn exp(self) -> Self {
        Twofold::exp(self)
    }
}

fn two_peaks(b: &[Dual], x: &[f64]) -> Dual {
    let peak = |k: usize| b[k] * (-((x[0] - b[k + 1]) / b[k + 2]).squared()).exp();
    b[0] * (-b[1] * x[0]).exp() + peak(2) + peak(5)
}

fn cubic_over_cubic(b: &[Dual], x: &[f64]) -> Dual {
    polynomial(&b[..4], x[0]) / (1.0 + x[0] * polynomial(&b[4..], x[0]))
}

fn three_cycles(b: &[Dual], x: &[f64]) -> Dual {
    let cycle = |cosine: Dual, sine: Dual, period: Dual| {
        let phase = 2.0 * PI * x[0] / period;
        cosine * phase.cos() + sine * phase.sin()
    };
    b[0] + cycle(b[1], b[2], Dual::from(12.0)) + cycle(b[4], b[5], b[3]) + cycle(b[7], b[8], b[6])
}

fn polynomial(coefficients: &[Dual], x: f64) -> Dual {
    coefficients.iter().rev().fold(Dual::from(0.0), |sum, &coefficient| coefficient + x * sum)
}

/// A problem with what is certified of it.
pub struct Problem {
    pub name: &'static str,
    pub model: Model,
    /// Both starting points.
    pub starts: [Vec<f64>; 2],
    pub parameters: Vec<f64>,
    pub standard_deviations: Vec<f64>,
    pub sum_of_squares: f64,
    pub responses: Vec<f64>,
    pub predictors: Vec<Vec<f64>>,
}

impl Problem {
    /// What the model has too much of every response, and the derivatives. Lanczos1 leaves 1e-13 of responses near 1: were they
    /// rounded to f64, three digits of the residuals would be left, and no solver could find five of the standard deviations.
    pub fn residuals(&self, parameters: &[f64]) -> Vec<Dual> {
        let b: Vec<Dual> = parameters.iter().enumerate().map(|(k, &value)| Dual::parameter(k, value)).collect();
        let plain = |(x, &y): (&Vec<f64>, &f64)| (self.model)(&b, x) - y;
        let mut residuals: Vec<Dual> = self.predictors.iter().zip(&self.responses).map(plain).collect();
        if self.is_twofold() {
            let b: Vec<Twofold> = parameters.iter().map(|&value| Twofold::from(value)).collect();
            for (residual, (x, &y)) in residuals.iter_mut().zip(self.predictors.iter().zip(&self.responses)) {
                residual.value = (three_decays(&b, Twofold::decimal(x[0])) + -Twofold::decimal(y)).head;
            }
        }
        residuals
    }

    /// How far the cost at these residuals may be off because responses, and what is modelled of them, are rounded to f64.
    pub fn rounding(&self, residuals: &[Dual]) -> f64 {
        let term = |(residual, y): (&Dual, &f64)| (residual.value * y).abs() * f64::EPSILON;
        if self.is_twofold() { 0.0 } else { residuals.iter().zip(&self.responses).map(term).sum() }
    }

    fn is_twofold(&self) -> bool {
        self.name == "Lanczos1"
    }
}

/// Reads every problem.
pub fn problems() -> Vec<Problem> {
    PROBLEMS.iter().map(|&(name, model)| problem(name, model)).collect()
}

fn problem(name: &'static str, model: Model) -> Problem {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/nist_strd");
    let text = std::fs::read_to_string(folder.join(name).with_extension("dat")).expect("a file of the data sets");
    let (head, data) = text.split_once("Data:   y").or_else(|| text.split_once("Data:  y")).expect("a table of data");
    let certified: Vec<Vec<f64>> = head.lines().filter_map(certified_line).collect();
    let column = |k: usize| certified.iter().map(|line| line[k]).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = data.lines().skip(1).map(numbers).filter(|row| !row.is_empty()).collect();
    // Of this problem the logarithm of the response is modelled.
    let response = |row: &Vec<f64>| if name == "Nelson" { row[0].ln() } else { row[0] };
    assert_eq!(rows.len() as f64, labelled(head, "Number of Observations:"), "{name}");
    Problem {
        name,
        model,
        starts: [column(0), column(1)],
        parameters: column(2),
        standard_deviations: column(3),
        sum_of_squares: labelled(head, "Residual Sum of Squares:"),
        responses: rows.iter().map(response).collect(),
        predictors: rows.iter().map(|row| row[1..].to_vec()).collect(),
    }
}

/// `b1 = start start certified deviation`.
fn certified_line(line: &str) -> Option<Vec<f64>> {
    let (name, values) = line.trim().split_once('=')?;
    let is_parameter = name.trim().strip_prefix('b').is_some_and(|number| number.parse::<usize>().is_ok());
    is_parameter.then(|| numbers(values)).filter(|values| values.len() == 4)
}

fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace().map_while(|word| word.parse().ok()).collect()
}

fn labelled(text: &str, label: &str) -> f64 {
    let rest = text.split(label).nth(1).expect("a label of the data sets");
    numbers(rest.lines().next().unwrap_or_default())[0]
}
