//! Forward-mode dual numbers: a formula written once gives its value and exact first derivatives.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// Most parameters of a formula.
pub const MOST: usize = 9;

/// A value and its derivatives by every parameter.
#[derive(Debug, Clone, Copy)]
pub struct Dual {
    pub value: f64,
    pub slopes: [f64; MOST],
}

impl Dual {
    /// Parameter `k` itself.
    pub fn parameter(k: usize, value: f64) -> Self {
        let mut slopes = [0.0; MOST];
        slopes[k] = 1.0;
        Dual { value, slopes }
    }

    /// A function of this number, with its value and derivative here.
    fn chain(self, value: f64, slope: f64) -> Self {
        Dual { value, slopes: self.slopes.map(|own| slope * own) }
    }

    /// A function of two numbers, with its value and derivatives by either.
    fn chain_two(self, other: Self, value: f64, slopes: [f64; 2]) -> Self {
        let slope = |k: usize| slopes[0] * self.slopes[k] + slopes[1] * other.slopes[k];
        Dual { value, slopes: std::array::from_fn(slope) }
    }

    pub fn exp(self) -> Self {
        self.chain(self.value.exp(), self.value.exp())
    }

    pub fn cos(self) -> Self {
        self.chain(self.value.cos(), -self.value.sin())
    }

    pub fn sin(self) -> Self {
        self.chain(self.value.sin(), self.value.cos())
    }

    pub fn atan(self) -> Self {
        self.chain(self.value.atan(), 1.0 / (1.0 + self.value * self.value))
    }

    pub fn squared(self) -> Self {
        self * self
    }

    /// To the power of another number, for a positive base.
    pub fn power(self, exponent: Self) -> Self {
        let value = self.value.powf(exponent.value);
        self.chain_two(exponent, value, [value * exponent.value / self.value, value * self.value.ln()])
    }
}

impl From<f64> for Dual {
    fn from(value: f64) -> Self {
        Dual { value, slopes: [0.0; MOST] }
    }
}

impl Neg for Dual {
    type Output = Dual;

    fn neg(self) -> Dual {
        self.chain(-self.value, -1.0)
    }
}

impl Add for Dual {
    type Output = Dual;

    fn add(self, other: Dual) -> Dual {
        self.chain_two(other, self.value + other.value, [1.0, 1.0])
    }
}

impl Sub for Dual {
    type Output = Dual;

    fn sub(self, other: Dual) -> Dual {
        self.chain_two(other, self.value - other.value, [1.0, -1.0])
    }
}

impl Mul for Dual {
    type Output = Dual;

    fn mul(self, other: Dual) -> Dual {
        self.chain_two(other, self.value * other.value, [other.value, self.value])
    }
}

impl Div for Dual {
    type Output = Dual;

    fn div(self, other: Dual) -> Dual {
        let value = self.value / other.value;
        self.chain_two(other, value, [1.0 / other.value, -value / other.value])
    }
}

/// The same with a plain number on one side.
macro_rules! with_plain_numbers {
    ($($operation:ident $name:ident),*) => {$(
        impl $operation<f64> for Dual {
            type Output = Dual;

            fn $name(self, other: f64) -> Dual {
                self.$name(Dual::from(other))
            }
        }

        impl $operation<Dual> for f64 {
            type Output = Dual;

            fn $name(self, other: Dual) -> Dual {
                Dual::from(self).$name(other)
            }
        }
    )*};
}

with_plain_numbers!(Add add, Sub sub, Mul mul, Div div);

#[test]
fn derivatives_of_every_operation_are_those_of_differences() {
    let formula = |a: Dual, b: Dual| {
        let ratio = (2.0 - a * b) / (1.0 + b.squared());
        (-a).exp() * b.cos() + ratio.sin() - (a / b).atan() * 3.0 + b.power(a) / 2.0 - 1.0
    };
    let (a, b, h) = (0.7, 1.3, 1e-6);
    let exact = formula(Dual::parameter(0, a), Dual::parameter(1, b)).slopes;
    let value = |a: f64, b: f64| formula(Dual::from(a), Dual::from(b)).value;
    assert!((exact[0] - (value(a + h, b) - value(a - h, b)) / (2.0 * h)).abs() < 1e-9);
    assert!((exact[1] - (value(a, b + h) - value(a, b - h)) / (2.0 * h)).abs() < 1e-9);
    assert!(exact[2..].iter().all(|slope| *slope == 0.0));
}
