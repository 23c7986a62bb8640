//! What chains have drawn. It draws nothing.

use crate::outcome::posterior::Draw;

/// What a chain has drawn.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// Draws after the warm-up, in order.
    pub draws: Vec<Draw>,
    /// The last places of the walk, one per draw, where `draws` are their values.
    pub places: Vec<Vec<f64>>,
    /// Gradients, those of the warm-up included.
    pub gradients: u64,
    /// Step size after the warm-up.
    pub step_size: f64,
    /// Whether it was stopped before its last draw.
    pub is_cut: bool,
}

/// Everything that chains have drawn.
pub struct Chains {
    /// In order.
    pub chains: Vec<Walked>,
    /// Seconds of all.
    pub seconds: f64,
    /// Gradients in these seconds: what an earlier sampling has kept took none.
    pub new_gradients: u64,
}

impl Walked {
    /// Goes on.
    pub fn append(&mut self, more: Walked) {
        self.draws.extend(more.draws);
        self.places.extend(more.places);
        self.gradients += more.gradients;
        self.step_size = more.step_size;
        self.is_cut |= more.is_cut;
    }
}
