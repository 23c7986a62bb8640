//! A figure before it is written in a format: shapes and words, and below them pictures made of levels of colour.

use kuva::render::render::Scene;

/// What is drawn.
#[derive(Debug)]
pub struct Picture {
    /// What it shows: its text alternative.
    pub title: String,
    /// Shapes and words. Those of the colour [`INK`] follow the page where a format can.
    pub scene: Scene,
    /// Below the shapes.
    pub images: Vec<Image>,
}

/// The colour of what is written: that of the page's text.
pub const INK: &str = "currentColor";

/// Levels of colour in a rectangle.
#[derive(Debug, Clone)]
pub struct Image {
    /// Where.
    pub place: Place,
    /// Columns and rows.
    pub size: (usize, usize),
    /// The level of every pixel, from the upper left, row by row.
    pub levels: Vec<u8>,
    /// Red, green and blue of every level.
    pub palette: Vec<u8>,
}

/// A rectangle from its upper left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// To the right.
    pub width: f64,
    /// Downwards.
    pub height: f64,
}

impl Picture {
    /// Shapes alone.
    #[must_use]
    pub fn of(title: &str, scene: Scene) -> Self {
        Picture { title: title.to_owned(), scene, images: Vec::new() }
    }
}

impl Image {
    /// The colour of a pixel.
    #[must_use]
    pub fn colour(&self, column: usize, row: usize) -> [u8; 3] {
        let level = usize::from(self.levels[row * self.size.0 + column]);
        [0, 1, 2].map(|part| self.palette[3 * level + part])
    }
}
