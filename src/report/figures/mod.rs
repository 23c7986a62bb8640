//! Figures: what is drawn (`picture`), how all look (`style`, `palette`, `shapes`), the figures themselves, and the formats that they are
//! written in.

pub mod angle_lines;
pub mod ellipses;
pub mod formats;
pub mod lines;
pub mod maps;
pub mod palette;
pub mod picture;
pub mod polar;
pub mod posterior;
mod posterior_rows;
mod shapes;
pub mod style;
