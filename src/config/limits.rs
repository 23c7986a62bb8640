//! What a number may be: an interval, in words and as a check. It knows no key.

use std::ops::RangeInclusive;

/// An interval of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    least: f64,
    most: f64,
    /// Whether the ends belong to it.
    closed: (bool, bool),
}

impl Limits {
    /// Any number of a size that something can have.
    pub const ANY: Limits = Limits::between(-1e30, 1e30);
    /// Any positive number of a size that something can have.
    pub const POSITIVE: Limits = Limits::positive(1e30);

    /// Above zero, up to `most`.
    #[must_use]
    pub const fn positive(most: f64) -> Self {
        Limits { least: 0.0, most, closed: (false, true) }
    }

    /// From `least` to `most`.
    #[must_use]
    pub const fn between(least: f64, most: f64) -> Self {
        Limits { least, most, closed: (true, true) }
    }

    /// The numbers of a range.
    #[must_use]
    pub const fn range(range: RangeInclusive<f64>) -> Self {
        Limits::between(*range.start(), *range.end())
    }

    /// The same without its upper end.
    #[must_use]
    pub const fn below_the_end(self) -> Self {
        Limits { closed: (self.closed.0, false), ..self }
    }

    /// Whether a number lies in it; what is no number does not.
    #[must_use]
    pub fn hold(&self, value: f64) -> bool {
        let above = if self.closed.0 { value >= self.least } else { value > self.least };
        let below = if self.closed.1 { value <= self.most } else { value < self.most };
        above && below
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let end = if self.closed.1 { "up to" } else { "below" };
        match self {
            limits if *limits == Limits::ANY => "a number".into(),
            limits if *limits == Limits::POSITIVE => "a positive number".into(),
            Limits { most, closed: (false, _), .. } => format!("a positive number {end} {}", short(*most)),
            Limits { least, most, .. } => format!("a number from {} {end} {}", short(*least), short(*most)),
        }
    }
}

fn short(value: f64) -> String {
    if value.abs() >= 1e4 || (value != 0.0 && value.abs() < 1e-3) { format!("{value:e}") } else { format!("{value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_belong_or_do_not() {
        let share = Limits::positive(1.0);
        assert!(share.hold(1.0) && share.hold(1e-300) && !share.hold(0.0) && !share.hold(1.1) && !share.hold(f64::NAN));
        assert_eq!(share.words(), "a positive number up to 1");
        let degrees = Limits::between(0.0, 180.0).below_the_end();
        assert!(degrees.hold(0.0) && !degrees.hold(180.0));
        assert_eq!(degrees.words(), "a number from 0 below 180");
        assert_eq!((Limits::ANY.words(), Limits::POSITIVE.words()), ("a number".into(), "a positive number".into()));
    }
}
