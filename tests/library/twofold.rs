//! Numbers of twice the digits of `f64`, as the unevaluated sum of two (Dekker, Numer. Math. 18 (1971) 224, doi
//! 10.1007/BF01397083): enough of them to say what a model leaves of data that it describes to thirteen digits.

use std::ops::{Add, Mul, Neg};

/// `head + tail`, with the tail below the rounding of the head.
#[derive(Debug, Clone, Copy)]
pub struct Twofold {
    pub head: f64,
    tail: f64,
}

impl Twofold {
    /// The decimal fraction of at most fourteen places that `rounded` stands for.
    pub fn decimal(rounded: f64) -> Self {
        let (unit, count) = (1e14, (rounded * 1e14).round());
        let head = count / unit;
        Twofold { head, tail: (-head).mul_add(unit, count) / unit }
    }

    fn sum(a: f64, b: f64) -> Self {
        let head = a + b;
        let of_b = head - a;
        Twofold { head, tail: (a - (head - of_b)) + (b - of_b) }
    }

    fn over(self, divisor: f64) -> Self {
        let head = self.head / divisor;
        Twofold::sum(head, ((-head).mul_add(divisor, self.head) + self.tail) / divisor)
    }

    /// By the series of a thousandth of the number, squared ten times.
    pub fn exp(self) -> Self {
        let small = self.over(1024.0);
        let series =
            (1..=12).rev().fold(Twofold::from(1.0), |sum, k| Twofold::from(1.0) + small * sum.over(f64::from(k)));
        (0..10).fold(series, |power, _| power * power)
    }
}

impl From<f64> for Twofold {
    fn from(value: f64) -> Self {
        Twofold { head: value, tail: 0.0 }
    }
}

impl Neg for Twofold {
    type Output = Twofold;

    fn neg(self) -> Twofold {
        Twofold { head: -self.head, tail: -self.tail }
    }
}

impl Add for Twofold {
    type Output = Twofold;

    fn add(self, other: Twofold) -> Twofold {
        let heads = Twofold::sum(self.head, other.head);
        Twofold::sum(heads.head, heads.tail + self.tail + other.tail)
    }
}

impl Mul for Twofold {
    type Output = Twofold;

    fn mul(self, other: Twofold) -> Twofold {
        let head = self.head * other.head;
        let tail = self.head.mul_add(other.head, -head) + self.head * other.tail + self.tail * other.head;
        Twofold::sum(head, tail)
    }
}

#[test]
fn twice_the_digits_are_kept() {
    // exp(x) exp(-x) = 1, and exp(1) to 32 digits.
    let x = Twofold::decimal(8.74);
    let one = x.exp() * (-x).exp() + Twofold::from(-1.0);
    assert!(one.head.abs() < 1e-27, "{one:?}");
    let e = Twofold::from(1.0).exp();
    assert_eq!(e.head, std::f64::consts::E);
    assert!((e.tail - 1.445_646_891_729_250_2e-16).abs() < 1e-28, "{e:?}");
}
