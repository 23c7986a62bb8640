//! What all figures share: colours that colour-blind people tell apart, type, sizes, and text that follows the page's colour.

use kuva::plot::{BandPlot, LinePlot, ScatterPlot};
use kuva::prelude::{Layout, Plot, SvgBackend, render_multiple};
use kuva::render::theme::Theme;

/// Okabe and Ito's colours, dark enough for lines on white and light enough on black.
pub const COLOURS: [&str; 6] = ["#7f7f7f", "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00"];
/// Data of a single curve.
pub const DATA: &str = COLOURS[1];
/// A model beside them.
pub const MODEL: &str = COLOURS[5];
/// Type of the page.
pub const FONT: &str = "system-ui, sans-serif";
/// Width and height of a line figure.
pub const SIZE: [f64; 2] = [520.0, 330.0];

/// How axes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Axes {
    /// Logarithmic x.
    pub log_x: bool,
    /// Logarithmic y.
    pub log_y: bool,
}

/// A figure as SVG, whose text has the colour of the page.
#[must_use]
pub fn svg(plots: Vec<Plot>, title: &str, [x_label, y_label]: [&str; 2], axes: Axes) -> String {
    let theme = Theme {
        background: "none".into(),
        axis_color: "currentColor".into(),
        tick_color: "currentColor".into(),
        text_color: "currentColor".into(),
        grid_color: "#88888833".into(),
        legend_bg: "none".into(),
        legend_border: "none".into(),
        font_family: Some(FONT.into()),
        show_grid: true,
        ..Theme::minimal()
    };
    let layout = Layout::auto_from_plots(&plots)
        .with_title(title)
        .with_title_size(15)
        .with_x_label(x_label)
        .with_y_label(y_label)
        .with_width(SIZE[0])
        .with_height(SIZE[1])
        .with_theme(theme);
    let layout = if axes.log_x { layout.with_log_x() } else { layout };
    let layout = if axes.log_y { layout.with_log_y() } else { layout };
    fluid(&SvgBackend::new().render_scene(&render_multiple(plots, layout)))
}

/// An SVG that is no wider than its place.
fn fluid(svg: &str) -> String {
    svg.replacen("<svg ", "<svg role=\"img\" style=\"max-width:100%;height:auto\" ", 1)
}

/// An SVG that stands alone: its text is dark on light pages and light on dark ones.
#[must_use]
pub fn standing_alone(svg: &str) -> String {
    const STYLE: &str =
        "<style>svg{color:#222}@media (prefers-color-scheme:dark){svg{color:#ddd;background:#181a1b}}</style>";
    match svg.find('>') {
        Some(end) => format!("{}{STYLE}{}", &svg[..=end], &svg[end + 1..]),
        None => svg.to_owned(),
    }
}

/// Points with error bars.
#[must_use]
pub fn points(data: &[(f64, f64)], errors: &[f64], colour: &str, name: Option<&str>) -> Plot {
    let plot = ScatterPlot::new().with_data(data.to_vec()).with_color(colour).with_size(2.5);
    let plot = if errors.iter().any(|error| *error > 0.0) { plot.with_y_err(errors.to_vec()) } else { plot };
    name.map_or_else(|| plot.clone(), |name| plot.clone().with_legend(name)).into()
}

/// A line.
#[must_use]
pub fn line(data: &[(f64, f64)], colour: &str, name: Option<&str>) -> Plot {
    let plot = LinePlot::new().with_data(data.to_vec()).with_color(colour).with_stroke_width(1.5);
    name.map_or_else(|| plot.clone(), |name| plot.clone().with_legend(name)).into()
}

/// A band between two lines.
#[must_use]
pub fn band(x: &[f64], lower: &[f64], upper: &[f64], colour: &str) -> Plot {
    BandPlot::new(x.to_vec(), lower.to_vec(), upper.to_vec()).with_color(colour).with_opacity(0.18).into()
}
