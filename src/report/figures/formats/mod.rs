//! The formats that figures are written in. SVG follows the colours of the page, PNG and PDF are dark on white.

mod pdf;
mod png;
mod print;
pub mod svg;

use crate::error::Result;
use crate::report::figures::picture::Picture;

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines that stay sharp, text that can be searched; maps inside.
    Svg,
    /// Pixels, twice as many as on the page.
    Png,
    /// As SVG, for LaTeX and print.
    Pdf,
}

impl Format {
    /// All of them; the first that can is shown where a page shows one.
    pub const ALL: [Format; 3] = [Format::Svg, Format::Png, Format::Pdf];

    /// Ending of a file's name.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Format::Svg => "svg",
            Format::Png => "png",
            Format::Pdf => "pdf",
        }
    }
}

/// A figure as a file that stands alone.
///
/// # Errors
/// Internal if a picture cannot be encoded.
pub fn written(picture: &Picture, format: Format) -> Result<Vec<u8>> {
    match format {
        Format::Svg => Ok(svg::standing_alone(picture)?.into_bytes()),
        Format::Png => png::png(picture),
        Format::Pdf => pdf::pdf(picture),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::palette::{Colours, LEVELS, Palette};
    use crate::report::figures::picture::{Image, Place};
    use crate::report::figures::style::{Axes, DATA, line, points, scene};

    /// A figure with everything that figures have, and one pixel of a picture at its upper left.
    fn picture() -> Picture {
        let plots = vec![
            points(&[(1.0, 2.0), (3.0, 4.0)], &[0.1, 0.2], DATA, Some("data (1/s)")),
            line(&[(1.0, 2.0), (3.0, 4.0)], DATA, Some("model")),
        ];
        let mut picture = Picture::of("A title", scene(plots, "A title", ["x (s)", "y"], Axes::default()));
        picture.images.push(Image {
            place: Place { x: 0.0, y: 0.0, width: 20.0, height: 20.0 },
            size: (1, 1),
            levels: vec![LEVELS - 1],
            palette: Palette::Sequential(Colours::Jet).colours(),
        });
        picture
    }

    #[test]
    fn a_figure_on_the_page_follows_its_colours_and_fits_its_width() {
        let page = svg::on_page(&picture()).expect("encoded");
        for part in ["currentColor", "max-width:100%", "<title>A title</title>", "data:image/png"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let alone = svg::standing_alone(&picture()).expect("encoded");
        assert!(alone.contains("prefers-color-scheme:dark"));
    }

    #[test]
    fn pixels_are_dark_on_white_and_show_pictures_where_they_are() {
        let bytes = written(&picture(), Format::Png).expect("encoded");
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        let info = reader.next_frame(&mut pixels).expect("PNG");
        assert_eq!((info.width, info.height), (1040, 660));
        let colour = |x: usize, y: usize| [0, 1, 2].map(|part| pixels[4 * (y * 1040 + x) + part]);
        assert_eq!((colour(3, 3), colour(1030, 650)), ([127, 0, 0], [255, 255, 255]));
        let dark = pixels.chunks(4).filter(|pixel| pixel[..3].iter().all(|&part| part < 80)).count();
        assert!(dark > 1000, "axes and words are dark: {dark}");
    }

    #[test]
    fn shapes_on_a_picture_let_it_shine_through_and_those_beside_it_leave_it_whole() {
        use crate::report::figures::shapes::{area, frame};
        let at = |shapes: &[kuva::render::render::Primitive], (x, y): (usize, usize)| {
            let mut picture = picture();
            picture.images[0].place = Place { x: 100.0, y: 100.0, width: 20.0, height: 20.0 };
            picture.scene.elements = shapes.to_vec();
            let bytes = written(&picture, Format::Png).expect("encoded");
            let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("PNG");
            let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
            reader.next_frame(&mut pixels).expect("PNG");
            [0, 1, 2].map(|part| pixels[4 * (y * 1040 + x) + part])
        };
        let around = [frame(Place { x: 100.0, y: 100.0, width: 20.0, height: 20.0 })];
        assert_eq!([at(&around, (200, 200)), at(&around, (239, 239))], [[127, 0, 0]; 2], "the frame is around it");
        assert!(at(&around, (198, 210)).iter().all(|part| *part < 80), "and there");
        let half = [area(&[(90.0, 90.0), (110.0, 90.0), (110.0, 130.0), (90.0, 130.0)], "#0000ff", 0.5)];
        let [red, green, blue] = at(&half, (210, 210));
        assert!(red.abs_diff(63) < 3 && green < 3 && blue.abs_diff(127) < 3, "{red} {green} {blue}");
        assert_eq!(at(&half, (230, 210)), [127, 0, 0]);
    }

    #[test]
    fn pages_of_print_hold_the_words_as_words() {
        let bytes = written(&picture(), Format::Pdf).expect("encoded");
        assert!(bytes.starts_with(b"%PDF-1.") && bytes.ends_with(b"%%EOF"));
        let text = String::from_utf8_lossy(&bytes);
        for part in ["Helvetica", "/Subtype /Image", "/MediaBox"] {
            assert!(text.contains(part), "{part}");
        }
    }
}
