//! Colours on paper: what follows the page on a screen is dark on white.

use kuva::render::color::Color;

/// What is written.
const INK: [u8; 3] = [0x22, 0x22, 0x22];
/// The paper.
const PAPER: f64 = 255.0;

/// Red, green and blue of a colour of figures on white paper; `None` where nothing is drawn.
pub fn on_paper(colour: &Color) -> Option<[u8; 3]> {
    match colour {
        Color::Rgb(red, green, blue) => Some([*red, *green, *blue]),
        Color::None => None,
        Color::Css(text) => Some(see_through(text).unwrap_or(INK)),
    }
}

/// #rrggbbaa over the paper.
fn see_through(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 8)?;
    let part = |k: usize| u8::from_str_radix(digits.get(2 * k..2 * k + 2)?, 16).ok().map(f64::from);
    let opacity = part(3)? / 255.0;
    let mixed = |k: usize| Some((part(k)? * opacity + PAPER * (1.0 - opacity)).round() as u8);
    Some([mixed(0)?, mixed(1)?, mixed(2)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_the_page_are_dark_and_light_ones_are_mixed_with_the_paper() {
        let found = ["currentColor", "#0072B2", "#88888833", "none"].map(|text| on_paper(&text.into()));
        assert_eq!(found, [Some([34, 34, 34]), Some([0, 0x72, 0xB2]), Some([231, 231, 231]), None]);
    }
}
