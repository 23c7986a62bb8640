//! How far walks along the cost have come, told after every cost that was looked at: whoever waits wants to know how long. It walks
//! nowhere itself.

use crate::listener::{Event, Watch};
use std::cell::Cell;

/// Walks for the intervals of some parameters.
pub struct Walking<'a> {
    watch: &'a Watch<'a>,
    parameters: usize,
    /// Parameters that are done, ends of the present one, and costs on the way to its next end.
    done: Cell<usize>,
    ends: Cell<usize>,
    costs: Cell<u32>,
}

/// Ends that are looked for per parameter: two levels on two sides.
const ENDS: usize = 4;
/// So many costs are half of the way to an end.
const HALF_OF_THE_WAY: f64 = 2.0;

impl<'a> Walking<'a> {
    /// Of so many parameters, none of them done.
    #[must_use]
    pub fn new(watch: &'a Watch<'a>, parameters: usize) -> Self {
        Walking { watch, parameters, done: Cell::default(), ends: Cell::default(), costs: Cell::default() }
    }

    /// A walk begins, the first of its parameter or once more.
    pub fn begin(&self) {
        self.ends.set(0);
        self.costs.set(0);
        self.tell();
    }

    /// A cost was looked at.
    pub fn looked(&self) {
        self.costs.set(self.costs.get() + 1);
        self.tell();
    }

    /// An end was found.
    pub fn found(&self) {
        self.ends.set(self.ends.get() + 1);
        self.costs.set(0);
        self.tell();
    }

    /// A parameter is done.
    pub fn finish(&self) {
        self.done.set(self.done.get() + 1);
        self.ends.set(0);
        self.tell();
    }

    fn tell(&self) {
        let costs = f64::from(self.costs.get());
        let ends = self.ends.get() as f64 + costs / (costs + HALF_OF_THE_WAY);
        let parameters = self.done.get() as f64 + ends / ENDS as f64;
        self.watch.tell(&Event::Intervals { done: parameters, all: self.parameters });
    }
}
