//! A figure as one page of PDF: lines stay lines and words stay words, in Helvetica, which every reader has.

use crate::error::{Error, Fault, Result};
use crate::report::figures::formats::print::on_paper;
use crate::report::figures::picture::{Image, Picture};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, TextAnchor};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str};
use std::collections::BTreeSet;
use std::io::Write;

/// Points of paper per unit of a figure: units are 1/96 inch, as on a page of the web.
const POINTS: f32 = 0.75;
const FONT: Name<'static> = Name(b"F");
/// Numbers of the objects that every page has.
const CATALOG: i32 = 1;
const PAGES: i32 = 2;
const PAGE: i32 = 3;
const CONTENT: i32 = 4;
const FONT_OBJECT: i32 = 5;
/// Number of the first picture, or state of opacity.
const FIRST_FREE: i32 = 6;

/// All of it, dark on white.
pub fn pdf(picture: &Picture) -> Result<Vec<u8>> {
    let (width, height) = (picture.scene.width as f32, picture.scene.height as f32);
    let mut paper = Paper { content: Content::new(), opacities: BTreeSet::new() };
    // Figures count from the top, paper from the bottom.
    paper.content.transform([POINTS, 0.0, 0.0, -POINTS, 0.0, height * POINTS]);
    let named: Vec<String> = (0..picture.images.len()).map(|k| format!("I{k}")).collect();
    picture.images.iter().zip(&named).for_each(|(image, name)| paper.image(image, name));
    picture.scene.elements.iter().for_each(|shape| paper.shape(shape));
    let mut pdf = Pdf::new();
    pdf.catalog(Ref::new(CATALOG)).pages(Ref::new(PAGES));
    pdf.pages(Ref::new(PAGES)).kids([Ref::new(PAGE)]).count(1);
    let mut page = pdf.page(Ref::new(PAGE));
    page.media_box(Rect::new(0.0, 0.0, width * POINTS, height * POINTS));
    page.parent(Ref::new(PAGES)).contents(Ref::new(CONTENT));
    let mut resources = page.resources();
    resources.fonts().pair(FONT, Ref::new(FONT_OBJECT));
    let images = || named.iter().zip(FIRST_FREE..);
    let states = || paper.opacities.iter().zip(FIRST_FREE + named.len() as i32..);
    images().fold(resources.x_objects(), |mut list, (name, id)| {
        list.pair(Name(name.as_bytes()), Ref::new(id));
        list
    });
    states().fold(resources.ext_g_states(), |mut list, (percent, id)| {
        list.pair(Name(state(*percent).as_bytes()), Ref::new(id));
        list
    });
    resources.finish();
    page.finish();
    pdf.type1_font(Ref::new(FONT_OBJECT)).base_font(Name(b"Helvetica")).encoding_predefined(Name(b"WinAnsiEncoding"));
    for (image, (_, id)) in picture.images.iter().zip(images()) {
        put_image(&mut pdf, image, Ref::new(id))?;
    }
    for (percent, id) in states() {
        let opacity = f32::from(*percent) / 100.0;
        pdf.ext_graphics(Ref::new(id)).non_stroking_alpha(opacity).stroking_alpha(opacity);
    }
    let content = deflated(&paper.content.finish())?;
    pdf.stream(Ref::new(CONTENT), &content).filter(Filter::FlateDecode);
    Ok(pdf.finish())
}

/// Name of the state in which shapes shine through.
fn state(percent: u8) -> String {
    format!("O{percent}")
}

fn put_image(pdf: &mut Pdf, image: &Image, id: Ref) -> Result<()> {
    let levels = deflated(&image.levels)?;
    let mut written = pdf.image_xobject(id, &levels);
    written.filter(Filter::FlateDecode);
    written.width(image.size.0 as i32).height(image.size.1 as i32).bits_per_component(8);
    let last = (image.palette.len() / 3).saturating_sub(1);
    written.color_space().indexed(Name(b"DeviceRGB"), last as i32, &image.palette);
    Ok(())
}

fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let failed =
        |source: std::io::Error| -> Error { Fault::at("picture", "cannot be encoded").source(source).internal() };
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).map_err(failed)?;
    encoder.finish().map_err(failed)
}

/// What is drawn so far.
struct Paper {
    content: Content,
    /// In percent, of all shapes that something shines through.
    opacities: BTreeSet<u8>,
}

impl Paper {
    fn image(&mut self, image: &Image, name: &str) {
        let [x, y, width, height] =
            [image.place.x, image.place.y, image.place.width, image.place.height].map(|number| number as f32);
        self.content.save_state().transform([width, 0.0, 0.0, -height, x, y + height]);
        self.content.x_object(Name(name.as_bytes())).restore_state();
    }

    fn shape(&mut self, shape: &Primitive) {
        match shape {
            Primitive::Circle { cx, cy, r, fill, fill_opacity, .. } => {
                self.filled(fill, *fill_opacity, |content| disc(content, [*cx, *cy], *r));
            }
            Primitive::CircleBatch { cx, cy, r, fill, fill_opacity, .. } => {
                let all = |content: &mut Content| cx.iter().zip(cy).for_each(|(x, y)| disc(content, [*x, *y], *r));
                self.filled(fill, *fill_opacity, all);
            }
            Primitive::Text { x, y, content, size, anchor, rotate, color, .. } => {
                let colour = color.clone().unwrap_or_else(|| Color::Css("".into()));
                self.words(content, [*x, *y, f64::from(*size), rotate.unwrap_or(0.0)], *anchor, &colour);
            }
            Primitive::Line { x1, y1, x2, y2, stroke, stroke_width, stroke_dasharray } => {
                self.stroked(stroke, *stroke_width, stroke_dasharray.as_deref(), &[(*x1, *y1), (*x2, *y2)]);
            }
            Primitive::PolyLine { points, stroke, stroke_width, stroke_dasharray } => {
                self.stroked(stroke, *stroke_width, stroke_dasharray.as_deref(), points);
            }
            Primitive::Path(path) => self.path(path),
            Primitive::Rect { x, y, width, height, fill, opacity, .. } => {
                let [x, y, width, height] = [*x, *y, *width, *height].map(|number| number as f32);
                self.filled(fill, *opacity, |content| {
                    content.rect(x, y, width, height);
                });
            }
            Primitive::ClipStart { x, y, width, height, .. } => {
                let [x, y, width, height] = [*x, *y, *width, *height].map(|number| number as f32);
                self.content.save_state().rect(x, y, width, height).clip_nonzero().end_path();
            }
            Primitive::ClipEnd => {
                self.content.restore_state();
            }
            // Figures have no words of several styles, no batches of rectangles, and groups only for scripts.
            Primitive::RichText { .. } | Primitive::RectBatch { .. } => {}
            Primitive::GroupStart { .. } | Primitive::GroupEnd => {}
        }
    }

    fn filled(&mut self, fill: &Color, opacity: Option<f64>, draw: impl FnOnce(&mut Content)) {
        let Some(colour) = on_paper(fill) else { return };
        self.begin(opacity);
        let [red, green, blue] = colour.map(|part| f32::from(part) / 255.0);
        self.content.set_fill_rgb(red, green, blue);
        draw(&mut self.content);
        self.content.fill_nonzero().restore_state();
    }

    fn stroked(&mut self, stroke: &Color, width: f64, dashes: Option<&str>, points: &[(f64, f64)]) {
        let (Some(colour), Some(first)) = (on_paper(stroke), points.first()) else { return };
        self.begin(None);
        let [red, green, blue] = colour.map(|part| f32::from(part) / 255.0);
        self.content.set_stroke_rgb(red, green, blue).set_line_width(width as f32);
        if let Some(dashes) = dashes {
            self.content.set_dash_pattern(dashes.split([',', ' ']).filter_map(|dash| dash.parse::<f32>().ok()), 0.0);
        }
        self.content.move_to(first.0 as f32, first.1 as f32);
        points[1..].iter().for_each(|(x, y)| {
            self.content.line_to(*x as f32, *y as f32);
        });
        self.content.stroke().restore_state();
    }

    /// A state of its own, with an opacity.
    fn begin(&mut self, opacity: Option<f64>) {
        self.content.save_state();
        if let Some(opacity) = opacity {
            let percent = (100.0 * opacity).round() as u8;
            self.opacities.insert(percent);
            self.content.set_parameters(Name(state(percent).as_bytes()));
        }
    }

    /// Areas and lines with straight sides, as those of figures are.
    fn path(&mut self, path: &PathData) {
        let corners = corners(&path.d);
        if let Some(fill) = &path.fill {
            self.filled(fill, path.opacity, |content| {
                for (k, (x, y)) in corners.iter().enumerate() {
                    let (x, y) = (*x as f32, *y as f32);
                    if k == 0 {
                        content.move_to(x, y)
                    } else {
                        content.line_to(x, y)
                    };
                }
                content.close_path();
            });
        }
        if path.stroke_width > 0.0 {
            self.stroked(&path.stroke, path.stroke_width, path.stroke_dasharray.as_deref(), &corners);
        }
    }

    fn words(&mut self, text: &str, [x, y, size, degrees]: [f64; 4], anchor: TextAnchor, colour: &Color) {
        let Some(colour) = on_paper(colour) else { return };
        let letters: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
        let share = match anchor {
            TextAnchor::Start => 0.0,
            TextAnchor::Middle => 0.5,
            TextAnchor::End => 1.0,
        };
        let back = share * size * letters.iter().map(|&letter| width(letter)).sum::<f64>();
        let (sin, cos) = degrees.to_radians().sin_cos();
        let [sin_, cos_, x, y] = [sin, cos, x - back * cos, y - back * sin].map(|number| number as f32);
        let [red, green, blue] = colour.map(|part| f32::from(part) / 255.0);
        let content = self.content.begin_text().set_fill_rgb(red, green, blue).set_font(FONT, size as f32);
        content.set_text_matrix([cos_, sin_, sin_, -cos_, x, y]).show(Str(&letters)).end_text();
    }
}

/// Four arcs.
fn disc(content: &mut Content, [x, y]: [f64; 2], radius: f64) {
    /// Of a curve that is nearest to a quarter of a circle.
    const HANDLE: f32 = 0.552_284_8;
    let [x, y, r] = [x, y, radius].map(|number| number as f32);
    let h = HANDLE * r;
    content.move_to(x + r, y);
    content.cubic_to(x + r, y + h, x + h, y + r, x, y + r);
    content.cubic_to(x - h, y + r, x - r, y + h, x - r, y);
    content.cubic_to(x - r, y - h, x - h, y - r, x, y - r);
    content.cubic_to(x + h, y - r, x + r, y - h, x + r, y);
    content.close_path();
}

/// Points of a path of straight lines.
fn corners(d: &str) -> Vec<(f64, f64)> {
    let is_between = |c: char| c.is_ascii_whitespace() || c == ',' || (c.is_ascii_alphabetic() && c != 'e');
    let numbers: Vec<f64> = d.split(is_between).filter_map(|number| number.parse().ok()).collect();
    numbers.chunks_exact(2).map(|two| (two[0], two[1])).collect()
}

/// Width of a letter of Helvetica in units of its size.
fn width(letter: u8) -> f64 {
    const THOUSANDTHS: [u16; 95] = [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556,
        556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667,
        556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556,
        556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722,
        500, 500, 500, 334, 260, 334, 584,
    ];
    let place = usize::from(letter.saturating_sub(b' '));
    f64::from(THOUSANDTHS.get(place).copied().unwrap_or(556)) / 1000.0
}
