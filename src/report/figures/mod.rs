//! Figures: maps as pictures of pixels, everything else as lines. They compute nothing.

pub mod lines;
pub mod maps;
pub mod style;
