//! A figure as pixels.

use crate::error::{Error, Fault, Result};
use crate::report::figures::formats::print::on_paper;
use crate::report::figures::picture::{Image, Picture, Place};
use kuva::backend::raster::RasterBackend;
use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene};
use png::{BitDepth, ColorType, Compression, Decoder, Encoder};
use std::io::Cursor;
use std::ops::Range;

/// Pixels per unit of a figure.
const SCALE: f64 = 2.0;
/// Bytes of a pixel as shapes are drawn.
const DEPTH: usize = 4;

/// All of it, dark on white.
pub fn png(picture: &Picture) -> Result<Vec<u8>> {
    let scene = &picture.scene;
    let width = (scene.width * SCALE).ceil() as usize;
    let mut pixels = drawn(scene, "white")?;
    for image in &picture.images {
        // Most pictures have nothing on them, and shapes take their time.
        if scene.elements.iter().any(|shape| lies_on(shape, image.place)) {
            put_below(image, width, (&mut pixels, scene))?;
        } else {
            on_canvas(image, width, |at, _, colour| pixels[at..at + colour.len()].copy_from_slice(&colour));
        }
    }
    let size = (width, pixels.len() / (width * DEPTH));
    encoded(size, &pixels, |encoder| encoder.set_color(ColorType::Rgba))
}

/// Shapes on paper of a colour: red, green, blue and opacity of every pixel.
fn drawn(scene: &Scene, paper: &str) -> Result<Vec<u8>> {
    let elements = scene.elements.iter().cloned().map(printed).collect();
    let on_paper = Scene {
        background_color: Some(paper.into()),
        text_color: Some("#222222".into()),
        elements,
        ..Scene::new(scene.width, scene.height)
    };
    let written = RasterBackend::new().with_scale(SCALE as f32).render_scene(&on_paper);
    let bytes = written.map_err(|what| Fault::at("picture", what).internal())?;
    let mut reader = Decoder::new(Cursor::new(bytes)).read_info().map_err(failed)?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    reader.next_frame(&mut pixels).map_err(failed)?;
    Ok(pixels)
}

/// A shape in colours of paper.
fn printed(mut shape: Primitive) -> Primitive {
    let own = |colour: &mut Color| *colour = on_paper(colour).map_or(Color::None, |[r, g, b]| Color::Rgb(r, g, b));
    match &mut shape {
        Primitive::Circle { fill, stroke, .. }
        | Primitive::CircleBatch { fill, stroke, .. }
        | Primitive::Rect { fill, stroke, .. } => {
            own(fill);
            stroke.iter_mut().for_each(own);
        }
        Primitive::Text { color, .. } | Primitive::RichText { color, .. } => color.iter_mut().for_each(own),
        Primitive::Line { stroke, .. } | Primitive::PolyLine { stroke, .. } => own(stroke),
        Primitive::Path(path) => {
            own(&mut path.stroke);
            path.fill.iter_mut().for_each(own);
        }
        Primitive::RectBatch { fills, .. } => fills.iter_mut().for_each(own),
        Primitive::GroupStart { .. } | Primitive::GroupEnd | Primitive::ClipStart { .. } | Primitive::ClipEnd => {}
    }
    shape
}

/// Whether something may be drawn on a rectangle: lines by their parts, words and clips not at all, as figures have none there.
fn lies_on(shape: &Primitive, place: Place) -> bool {
    let touches = |[(x1, y1), (x2, y2)]: [(f64, f64); 2], beside: f64| {
        x1.max(x2) + beside > place.x
            && x1.min(x2) - beside < place.x + place.width
            && y1.max(y2) + beside > place.y
            && y1.min(y2) - beside < place.y + place.height
    };
    match shape {
        Primitive::PolyLine { points, stroke_width, .. } => {
            points.windows(2).any(|two| touches([two[0], two[1]], 0.5 * stroke_width))
        }
        Primitive::Line { x1, y1, x2, y2, stroke_width, .. } => touches([(*x1, *y1), (*x2, *y2)], 0.5 * stroke_width),
        Primitive::Text { .. } | Primitive::RichText { .. } => false,
        Primitive::GroupStart { .. } | Primitive::GroupEnd | Primitive::ClipStart { .. } | Primitive::ClipEnd => false,
        Primitive::Rect { x, y, width, height, .. } => touches([(*x, *y), (x + width, y + height)], 0.0),
        // Areas and dots.
        Primitive::Path(_) | Primitive::Circle { .. } | Primitive::CircleBatch { .. } | Primitive::RectBatch { .. } => {
            true
        }
    }
}

/// A picture below shapes that were drawn on white: what they leave of black and of white paper differs by what they let shine through.
fn put_below(image: &Image, width: usize, (pixels, scene): (&mut [u8], &Scene)) -> Result<()> {
    let [columns, rows] = on_pixels(image.place);
    let shift = format!("translate({},{})", -(columns.start as f64) / SCALE, -(rows.start as f64) / SCALE);
    let mut there = Scene::new(columns.len() as f64 / SCALE, rows.len() as f64 / SCALE);
    there.elements.push(Primitive::GroupStart { transform: Some(shift), title: None, extra_attrs: None });
    there.elements.extend(scene.elements.iter().cloned());
    let on_black = drawn(&there, "black")?;
    on_canvas(image, width, |at, within, colour| {
        for (part, colour) in colour.into_iter().enumerate() {
            let black = on_black[within + part];
            let through = u16::from(pixels[at + part] - black);
            pixels[at + part] = black + (through * u16::from(colour) / 255) as u8;
        }
    });
    Ok(())
}

/// Columns and rows of pixels that a rectangle takes.
fn on_pixels(place: Place) -> [Range<usize>; 2] {
    let along = |from: f64, size: f64| (from * SCALE).round() as usize..((from + size) * SCALE).round() as usize;
    [along(place.x, place.width), along(place.y, place.height)]
}

/// Every pixel that a picture takes: where it is on the canvas, where in the picture's own rectangle, and its colour.
fn on_canvas(image: &Image, width: usize, mut put: impl FnMut(usize, usize, [u8; 3])) {
    let [columns, rows] = on_pixels(image.place);
    let of_columns: Vec<usize> = (0..columns.len()).map(|across| across * image.size.0 / columns.len()).collect();
    for (down, row) in rows.clone().enumerate() {
        let of_row = down * image.size.1 / rows.len();
        let (at, within) = (row * width + columns.start, down * columns.len());
        for (across, &of_column) in of_columns.iter().enumerate() {
            put((at + across) * DEPTH, (within + across) * DEPTH, image.colour(of_column, of_row));
        }
    }
}

/// A picture of levels alone.
pub fn indexed(image: &Image) -> Result<Vec<u8>> {
    encoded(image.size, &image.levels, |encoder| {
        encoder.set_color(ColorType::Indexed);
        encoder.set_palette(image.palette.clone());
    })
}

fn encoded(size: (usize, usize), data: &[u8], says: impl Fn(&mut Encoder<'_, &mut Vec<u8>>)) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, size.0 as u32, size.1 as u32);
    says(&mut encoder);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(data)?;
        writer.finish()
    });
    written.map_err(failed)?;
    Ok(bytes)
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Fault::at("picture", "cannot be encoded").source(source).internal()
}
