//! What all plots share: colours that colour-blind people tell apart, type, sizes, numbers, and words in the page's colour.

use crate::report::figures::picture::INK;
use kuva::plot::{BandPlot, LinePlot, ScatterPlot};
use kuva::prelude::{Layout, Plot, TickFormat, render_multiple};
use kuva::render::annotations::ShadedRegion;
use kuva::render::layout::ComputedLayout;
use kuva::render::render::Scene;
use kuva::render::render_utils::generate_ticks;
use kuva::render::theme::Theme;
use std::sync::Arc;

/// Okabe and Ito's colours, dark enough for lines on white and light enough on black.
pub const COLOURS: [&str; 6] = ["#7f7f7f", "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00"];
/// Data of a single curve.
pub const DATA: &str = COLOURS[1];
/// A model beside them.
pub const MODEL: &str = COLOURS[5];
/// From so many points on errors are a band and dots around a circle small: as many bars, or large dots, hide one another.
pub const MANY: usize = 40;
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
    /// Whether they are logarithmic also where values span so little that a linear axis would have better marks: slopes are exponents.
    pub even_if_narrow: bool,
    /// Whether x counts: there is nothing between whole numbers.
    pub counts_x: bool,
    /// Whether x is the time of a measurement: it is shaded from the first to the last value.
    pub is_measured_x: bool,
}

/// Both straight.
pub const LINEAR: Axes =
    Axes { log_x: false, log_y: false, even_if_narrow: false, counts_x: false, is_measured_x: false };
/// One after the other.
pub const COUNTS: Axes = Axes { counts_x: true, ..LINEAR };
/// Lags.
pub const LOG_X: Axes = Axes { log_x: true, ..LINEAR };
/// Densities.
pub const LOG_Y: Axes = Axes { log_y: true, ..LINEAR };
/// Laws.
pub const LAW: Axes = Axes { log_x: true, log_y: true, is_measured_x: true, ..LINEAR };
/// Exponents.
pub const SLOPE: Axes = Axes { log_x: true, log_y: true, even_if_narrow: true, ..LINEAR };

/// A plot in the colours and type of the page.
#[must_use]
pub fn scene(plots: Vec<Plot>, title: &str, [x_label, y_label]: [&str; 2], axes: Axes) -> Scene {
    let theme = Theme {
        background: "none".into(),
        axis_color: INK.into(),
        tick_color: INK.into(),
        text_color: INK.into(),
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
        // Long numbers reach as far as the axis has no room for their signs.
        .with_y_label_offset(-4.0, 0.0)
        .with_width(SIZE[0])
        .with_height(SIZE[1])
        .with_tick_format(TickFormat::Custom(Arc::new(number)))
        .with_theme(theme);
    let layout = around_one(layout);
    let narrowest = if axes.even_if_narrow { 1.0 } else { NARROWEST };
    let ends = |range: Option<(f64, f64)>, is_log: bool, free: f64| {
        range.filter(|_| is_log).and_then(|ends| tight(ends, narrowest, free))
    };
    let beside = if axes.is_measured_x { BESIDE_MEASURED } else { FREE };
    let (along_x, along_y) =
        (ends(layout.data_x_range, axes.log_x, beside), ends(layout.data_y_range, axes.log_y, FREE));
    let layout = match layout.data_x_range.filter(|_| axes.is_measured_x) {
        Some((from, to)) => {
            layout.with_shaded_region(ShadedRegion::vertical(from, to).with_color(COLOURS[0]).with_opacity(SHADE))
        }
        None => layout,
    };
    let layout = match along_x {
        Some([from, to]) => layout.with_log_x().with_x_axis_min(from).with_x_axis_max(to),
        None => layout,
    };
    let layout = match along_y {
        Some([from, to]) => layout.with_log_y().with_y_axis_min(from).with_y_axis_max(to),
        None => layout,
    };
    render_multiple(plots, sparse(layout, axes.counts_x))
}

/// How dark the time of a measurement is.
const SHADE: f64 = 0.1;

/// Width of a digit, as a share of the size of the type, and what stays free between two numbers in digits.
const DIGIT: f64 = 0.6;
const BETWEEN: f64 = 1.5;

/// Marks along a linear x whose numbers would touch stand twice, four or five times as far apart, and none between whole numbers that count.
fn sparse(layout: Layout, counts: bool) -> Layout {
    let computed = ComputedLayout::from_layout(&layout);
    let (from, to) = computed.x_range;
    let marks = generate_ticks(from, to, computed.x_ticks);
    if layout.log_x || marks.len() < 2 {
        return layout;
    }
    let step = (marks[marks.len() - 1] - marks[0]) / (marks.len() - 1) as f64;
    if counts && step < 1.0 {
        return layout.with_x_tick_step(1.0);
    }
    let longest = marks.iter().map(|mark| number(*mark).len()).max().unwrap_or_default();
    let needed = (longest as f64 + BETWEEN) * DIGIT * f64::from(computed.tick_size);
    let room = computed.plot_width() * step / (to - from);
    let wider = [1.0, 2.0, 4.0, 5.0].into_iter().find(|times| times * room >= needed).unwrap_or(5.0);
    if wider > 1.0 { layout.with_x_tick_step(wider * step) } else { layout }
}

/// Values that span a smaller share of themselves are one.
const LEAST_SPAN: f64 = 1e-9;
/// What is shown of an axis to either side of one value, as a share of it.
const AROUND_ONE: f64 = 0.1;

/// One value has no span: around it stands a share of it, so that what is positive stays positive.
fn around_one(mut layout: Layout) -> Layout {
    let Some((low, high)) = layout.data_y_range else { return layout };
    if low == 0.0 || (high - low).abs() > LEAST_SPAN * low.abs() {
        return layout;
    }
    let (from, to) = (low - AROUND_ONE * low.abs(), low + AROUND_ONE * low.abs());
    // Room for numbers beside the axis is made by its range.
    layout.y_range = (from, to);
    layout.with_y_axis_min(from).with_y_axis_max(to)
}

/// Marks that a logarithmic axis has at least.
const FEWEST_MARKS: usize = 3;
/// Data that span less are drawn on a linear axis: a logarithmic one would have no marks between them.
const NARROWEST: f64 = 2.0;
/// What a logarithmic axis leaves free at either end, as a share of its length.
const FREE: f64 = 0.03;
/// The same beside the time of a measurement, which is to be seen as such.
const BESIDE_MEASURED: f64 = 0.08;

/// The ends of a logarithmic axis: as near to the data as they can be with a few marks (1, 2, 5, 10 ..) between them. `None` where it
/// would be no better than a linear one, because data span less than the narrowest.
fn tight((low, high): (f64, f64), narrowest: f64, free: f64) -> Option<[f64; 2]> {
    if !(low > 0.0 && high >= narrowest * low && high.is_finite()) {
        return None;
    }
    let free = (high / low).powf(free);
    let mut ends = [low / free, high * free];
    let marks = |[from, to]: [f64; 2]| {
        (exponent(from)..=exponent(to)).flat_map(marks_of).filter(|mark| (from..=to).contains(mark)).count()
    };
    if marks(ends) < FEWEST_MARKS {
        let below = marks_of(exponent(low)).into_iter().rfind(|mark| *mark <= low);
        let above = (exponent(high)..=exponent(high) + 1).flat_map(marks_of).find(|mark| *mark >= high);
        ends = [below.unwrap_or(ends[0]).min(ends[0]), above.unwrap_or(ends[1]).max(ends[1])];
    }
    Some(ends)
}

fn exponent(value: f64) -> i32 {
    value.log10().floor() as i32
}

/// Of a decade.
fn marks_of(exponent: i32) -> [f64; 3] {
    [1.0, 2.0, 5.0].map(|times| times * 10.0_f64.powi(exponent))
}

/// A number with as many digits as it needs, eight at most.
#[must_use]
pub fn number(value: f64) -> String {
    rounded(value, 8)
}

/// A number with so many digits, less its last zeros.
#[must_use]
pub fn rounded(value: f64, digits: usize) -> String {
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    match exponent {
        -4..=5 => trimmed(&format!("{value:.*}", (digits as i32 - 1 - exponent).max(0) as usize)),
        _ => format!("{}e{exponent}", trimmed(mantissa)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithmic_axes_end_with_the_data_and_have_marks() {
        let tight = |ends| tight(ends, NARROWEST, FREE);
        let [from, to] = tight((0.1, 29.9)).expect("wide");
        assert!(from > 0.07 && to < 40.0, "{from} {to}");
        let [from, to] = tight((2.1, 8.4)).expect("wide enough");
        assert!((from - 2.0).abs() < 0.1 && (to - 10.0).abs() < 1e-9, "{from} {to}");
        assert_eq!([tight((920.0, 960.0)), tight((0.0, 1.0)), tight((-1.0, 1.0))], [None; 3]);
        // A slope is an exponent however little it spans.
        let [from, to] = super::tight((920.0, 960.0), 1.0, FREE).expect("positive");
        assert!((from - 500.0).abs() < 1e-9 && (to - 1000.0).abs() < 1e-9, "{from} {to}");
        assert_eq!([super::tight((0.0, 1.0), 1.0, FREE), super::tight((-1.0, 1.0), 1.0, FREE)], [None; 2]);
    }

    #[test]
    fn numbers_along_x_do_not_touch() {
        let step = |from: f64, to: f64, counts: bool| {
            let plots = [points(&[(from, 0.0), (to, 1.0)], &[], DATA, Some("data"))];
            let layout = Layout::auto_from_plots(&plots).with_width(SIZE[0]).with_height(SIZE[1]);
            sparse(layout.with_tick_format(TickFormat::Custom(Arc::new(number))), counts).x_tick_step
        };
        assert_eq!([step(-90.0, 90.0, false), step(0.0, 30.0, true), step(1.0, 2.0, false)], [None, None, None]);
        assert!(step(5e-5, 3.5e-4, false).is_some_and(|step| step > 0.99e-4), "every 0.00005 would touch");
        assert_eq!(step(1.0, 2.0, true), Some(1.0), "there is no basin 1.2");
    }

    #[test]
    fn the_axis_of_one_positive_value_stays_positive() {
        let layout = Layout::auto_from_plots(&[points(&[(-90.0, 0.003)], &[], DATA, None)]);
        let (from, to) = around_one(layout).y_range;
        assert!(from > 0.0 && from < 0.003 && to > 0.003 && to < 0.004, "{from} {to}");
    }

    #[test]
    fn numbers_have_the_digits_they_need() {
        let found = [0.0, 0.14, 1.00325, 20_000.0, 1e-5, 2.5e7, -0.002_99, 134_181.0].map(number);
        assert_eq!(found, ["0", "0.14", "1.00325", "20000", "1e-5", "2.5e7", "-0.00299", "134181"]);
    }
}
