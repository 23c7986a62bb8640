//! A figure as SVG, whose words have the colour of the page.

use crate::error::Result;
use crate::report::figures::formats::png::indexed;
use crate::report::figures::picture::{Image, Picture, Place};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kuva::prelude::SvgBackend;
use std::fmt::Write;

/// No wider than its place on a page.
///
/// # Errors
/// Internal if a picture cannot be encoded.
pub fn on_page(picture: &Picture) -> Result<String> {
    with_head(picture, "")
}

/// Dark on light pages and light on dark ones.
///
/// # Errors
/// Internal if a picture cannot be encoded.
pub fn standing_alone(picture: &Picture) -> Result<String> {
    const STYLE: &str =
        "<style>svg{color:#222}@media (prefers-color-scheme:dark){svg{color:#ddd;background:#181a1b}}</style>";
    with_head(picture, STYLE)
}

fn with_head(picture: &Picture, style: &str) -> Result<String> {
    let scene = &picture.scene;
    let own = format!(
        "<svg role=\"img\" viewBox=\"0 0 {} {}\" style=\"max-width:100%;height:auto\" ",
        scene.width, scene.height
    );
    let svg = SvgBackend::new().render_scene(scene).replacen("<svg ", &own, 1);
    let mut head = format!("{style}<title>{}</title>", escaped(&picture.title));
    for image in &picture.images {
        let Place { x, y, width, height } = image.place;
        let _ = write!(
            head,
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"{}\"/>",
            address(image)?
        );
    }
    let end = svg.find('>').map_or(svg.len(), |end| end + 1);
    Ok(format!("{}{head}{}", &svg[..end], &svg[end..]))
}

/// An address that holds a picture itself.
///
/// # Errors
/// Internal if it cannot be encoded.
pub fn address(image: &Image) -> Result<String> {
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(indexed(image)?)))
}

/// Text that is not read as markup.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter => safe.push(letter),
        }
    }
    safe
}
