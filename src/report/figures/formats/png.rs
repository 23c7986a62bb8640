//! A figure as pixels.

use crate::error::{Error, Fault, Result};
use crate::report::figures::formats::print::on_paper;
use crate::report::figures::picture::{Image, Picture};
use kuva::backend::raster::RasterBackend;
use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene};
use png::{BitDepth, ColorType, Compression, Decoder, Encoder};
use std::io::Cursor;

/// Pixels per unit of a figure.
const SCALE: f64 = 2.0;
/// Bytes of a pixel as shapes are drawn.
const DEPTH: usize = 4;

/// All of it, dark on white.
pub fn png(picture: &Picture) -> Result<Vec<u8>> {
    let scene = &picture.scene;
    let width = (scene.width * SCALE).ceil() as usize;
    let mut pixels = drawn(scene, "white")?;
    if !picture.images.is_empty() {
        // What shapes leave of black and of white paper differs by what they let shine through.
        let on_black = drawn(scene, "black")?;
        picture.images.iter().for_each(|image| put_below(image, width, (&mut pixels, &on_black)));
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

/// A picture below shapes that were drawn on white and on black.
fn put_below(image: &Image, width: usize, (pixels, on_black): (&mut [u8], &[u8])) {
    let along = |from: f64, size: f64| (from * SCALE).round() as usize..((from + size) * SCALE).round() as usize;
    let (columns, rows) = (along(image.place.x, image.place.width), along(image.place.y, image.place.height));
    for row in rows.clone() {
        let of_row = (row - rows.start) * image.size.1 / rows.len();
        for column in columns.clone() {
            let colour = image.colour((column - columns.start) * image.size.0 / columns.len(), of_row);
            let at = (row * width + column) * DEPTH;
            for (part, colour) in colour.into_iter().enumerate() {
                let through = u16::from(pixels[at + part] - on_black[at + part]);
                pixels[at + part] = on_black[at + part] + (through * u16::from(colour) / 255) as u8;
            }
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
