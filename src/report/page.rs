//! The page that people look at first: one file without scripts or addresses of elsewhere. It computes nothing.

use crate::error::Result;
use crate::outcome::fit::{FitOutcome, FitResult};
use crate::outcome::parameter::Interval;
use crate::outcome::verdict::Verdict;
use crate::report::figures::formats::Format;
use crate::report::figures::formats::svg::{escaped, on_page};
use crate::report::figures::lines::Figure;
use crate::report::figures::style;
use crate::report::tables::advice::advice;
use crate::report::tables::measured::{measured, p_value};
use crate::report::tables::summary::scaling;
use crate::units::degrees;
use std::fmt::Write;

/// One angle on the page.
pub struct Shown {
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// Small map as an address that holds it.
    pub small: String,
    /// Name of its map below `plots/`.
    pub map_file: String,
    /// Its map as SVG and its line figures, where the angle is among those that are shown at once.
    pub figures: Option<(String, Vec<Figure>)>,
}

/// How a result came about: words and what stands behind them.
pub type Facts = Vec<(String, String)>;

/// Everything on the page.
pub struct Page<'a> {
    /// Title.
    pub name: &'a str,
    /// The result; `None` before a fit.
    pub outcome: Option<&'a FitOutcome>,
    /// All angles.
    pub angles: &'a [Shown],
    /// Figures of all angles together.
    pub figures: &'a [Figure],
    /// How it came about.
    pub facts: &'a Facts,
    /// Whether figures of angles show a model: that of a fit, the truth of a simulation, or somebody else's.
    pub has_model: bool,
    /// Formats that the figures are written in, one at least.
    pub formats: &'a [Format],
}

/// Most numbers in the table of correlations.
const MOST_CORRELATED: usize = 12;
/// Most rows in the table of residuals.
const MOST_EXTREMES: usize = 8;

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8886;--soft:#8881}
body{font:15px/1.5 system-ui,sans-serif;max-width:80rem;margin:0 auto;padding:1rem;color:#222;background:#fff}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:1.8rem 0 .5rem}
.verdict{border-left:.4rem solid;padding:.5rem 1rem;background:var(--soft);margin:1rem 0}
.good{border-color:#009E73}.doubt{border-color:#E69F00}.bad{border-color:#D55E00}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}td.n{text-align:right;white-space:nowrap}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,32rem),1fr));gap:1rem}
figure{margin:0;break-inside:avoid}figcaption{font-size:.85rem;opacity:.85;padding:0 .5rem}
.strip{display:flex;flex-wrap:wrap;gap:.4rem}.strip a{font-size:.75rem;text-align:center;color:inherit;text-decoration:none}
.strip img{display:block;width:64px;height:64px;image-rendering:pixelated}
svg,img{max-width:100%;height:auto}dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.15rem 1rem}
dd{margin:0;overflow-wrap:anywhere}
@media (max-width:30rem){dl{grid-template-columns:1fr}dt{font-weight:600}.map,.large{overflow-x:auto}.map svg{min-width:60rem}.large svg{min-width:40rem}}
@media (prefers-color-scheme:dark){body{color:#ddd;background:#181a1b}a{color:#56B4E9}}
@media print{body{max-width:none;color:#000;background:#fff}.wide{overflow:visible;font-size:.7rem}.wide td,.wide th{padding:.1rem .3rem}}
";

impl Page<'_> {
    /// As HTML.
    ///
    /// # Errors
    /// Internal if a picture cannot be encoded.
    pub fn html(&self) -> Result<String> {
        let name = escaped(self.name);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{name}: homodyne</title><style>{STYLE}</style></head><body>\n<main><h1>{name}</h1>\n"
        );
        if let Some(outcome) = self.outcome {
            verdict(&mut html, &outcome.result);
            parameters(&mut html, &outcome.result);
        }
        self.angles(&mut html)?;
        if !self.figures.is_empty() {
            html.push_str("<h2>All angles together</h2><div class=\"grid\">\n");
            self.figures.iter().try_for_each(|figure| self.put(&mut html, figure))?;
            html.push_str("</div>\n");
        }
        if let Some(outcome) = self.outcome {
            correlations(&mut html, &outcome.result);
            largest_residuals(&mut html, &outcome.result);
        }
        let about = if self.outcome.is_some() { "How it was obtained" } else { "What the file holds" };
        let _ = writeln!(html, "<h2>{about}</h2><dl>");
        for (what, value) in self.facts {
            let _ = writeln!(html, "<dt>{}</dt><dd>{}</dd>", escaped(what), escaped(value));
        }
        html.push_str("</dl></main></body></html>\n");
        Ok(html)
    }

    fn angles(&self, html: &mut String) -> Result<()> {
        html.push_str("<h2>Maps and cuts</h2><p>Choose an angle for its full figures.</p><div class=\"strip\">\n");
        for shown in self.angles {
            let phi = degrees(shown.phi_degrees);
            let place = match (&shown.figures, self.formats) {
                (None, [first, ..]) => format!("plots/{}.{}", shown.map_file, first.ending()),
                _ => format!("#phi={phi}"),
            };
            let _ = writeln!(
                html,
                "<a href=\"{place}\"><img src=\"{}\" loading=\"lazy\" alt=\"map of c2 at {phi} degrees\">{phi}&deg;</a>",
                shown.small
            );
        }
        html.push_str("</div>\n");
        for shown in self.angles {
            let Some((map, lines)) = &shown.figures else { continue };
            let (phi, files) = (degrees(shown.phi_degrees), self.files(&shown.map_file));
            let caption = match self.has_model {
                true => {
                    "Data and model share one scale (1st to 99th percentile of the data); stripes or patches in the residual are what \
                     the model misses. Means over blocks of frames."
                }
                false => {
                    "Means over blocks of frames; stripes are frames that differ, for example by the intensity of the beam."
                }
            };
            let _ = writeln!(
                html,
                "<section id=\"phi={phi}\"><h2>{phi} degrees</h2><figure class=\"map\">{map}<figcaption>{caption} \
                 {files}</figcaption></figure><div class=\"grid\">"
            );
            lines.iter().try_for_each(|figure| self.put(html, figure))?;
            html.push_str("</div></section>\n");
        }
        Ok(())
    }

    fn put(&self, html: &mut String, figure: &Figure) -> Result<()> {
        // What is larger than the others is scrolled on a narrow page.
        let class = if figure.picture.scene.width > style::SIZE[0] { " class=\"large\"" } else { "" };
        let _ = writeln!(
            html,
            "<figure{class} aria-label=\"{}\">{}<figcaption>{} {}, <a href=\"curves.parquet\">data</a></figcaption></figure>",
            escaped(&figure.picture.title),
            on_page(&figure.picture)?,
            escaped(figure.caption),
            self.files(&figure.name)
        );
        Ok(())
    }

    /// Links to the files of a figure.
    fn files(&self, name: &str) -> String {
        let link = |format: &Format| {
            let ending = format.ending();
            format!("<a href=\"plots/{name}.{ending}\">{ending}</a>")
        };
        self.formats.iter().map(link).collect::<Vec<String>>().join(", ")
    }
}

fn verdict(html: &mut String, result: &FitResult) {
    let class = match result.verdict {
        Verdict::Converged => "good",
        Verdict::Interrupted => "doubt",
        _ => "bad",
    };
    let _ = write!(html, "<div class=\"verdict {class}\"><b>verdict: {}</b>", result.verdict.name());
    list(html, &result.reasons);
    if let Some(chi) = result.reduced_chi_squared {
        let expected = result.expected_reduced_chi_squared.map_or_else(String::new, |expected| {
            format!(" (expected {:.4} \u{b1} {:.4})", expected.value, expected.spread)
        });
        let _ = write!(html, "<div>chi2_nu {chi:.4}{expected}, {} pairs", result.n_pairs);
        if let Some(test) = &result.lack_of_fit {
            let _ = write!(html, "; test of fit: {}", p_value(test.p_value));
        }
        html.push_str("</div>");
    }
    let advice = advice(result);
    if !advice.is_empty() {
        html.push_str("<b>what to do:</b>");
    }
    list(html, &advice);
    html.push_str("</div>\n");
}

fn list(html: &mut String, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    html.push_str("<ul>");
    lines.iter().for_each(|line| {
        let _ = write!(html, "<li>{}</li>", escaped(line));
    });
    html.push_str("</ul>");
}

fn parameters(html: &mut String, result: &FitResult) {
    html.push_str(
        "<h2>Parameters</h2><div class=\"wide\"><table><thead><tr><th>parameter</th><th>value</th><th>uncertainty</th>\
         <th>pairs independent</th><th>95 % interval</th><th>unit</th><th>bounds</th><th>status</th></tr></thead><tbody>\n",
    );
    for found in &result.parameters {
        let written = measured(found.value, [found.uncertainty, found.uncertainty_plain]);
        let [error, plain] = written.errors.map(|error| if error == "-" { "\u{2013}".into() } else { error });
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td>{}</td><td class=\"n\">{} to {}</td><td>{}</td></tr>",
            found.name,
            written.value,
            error,
            plain,
            found.interval_95.map_or("\u{2013}".into(), interval),
            escaped(&found.unit),
            found.bounds[0],
            found.bounds[1],
            found.status.name()
        );
    }
    let _ = writeln!(html, "</tbody></table></div><p>{}</p>", escaped(&scaling(result)));
}

/// Correlations as a table whose cells are the redder or bluer the stronger they are.
fn correlations(html: &mut String, result: &FitResult) {
    // Contrast and offset of a hundred angles would be no table.
    let n = result.covariance_names.len().min(MOST_CORRELATED);
    if n == 0 || result.correlation.len() < n {
        return;
    }
    html.push_str("<h2>Correlations</h2><div class=\"wide\"><table><thead><tr><th></th>");
    for name in &result.covariance_names[..n] {
        let _ = write!(html, "<th>{}</th>", escaped(name));
    }
    html.push_str("</tr></thead><tbody>\n");
    for (name, row) in result.covariance_names.iter().zip(&result.correlation).take(n) {
        let _ = write!(html, "<tr><th>{}</th>", escaped(name));
        for cell in row.iter().take(n) {
            let _ = match cell {
                Some(value) => {
                    write!(html, "<td class=\"n\" style=\"background:{}\">{value:.2}</td>", tint(*value))
                }
                None => write!(html, "<td class=\"n\">\u{2013}</td>"),
            };
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div><p>Beyond 0.95 in size two numbers can hardly be told apart.</p>\n");
}

/// Red for one sign, blue for the other, see-through: text stays legible on light and dark pages.
fn tint(correlation: f64) -> String {
    let colour = if correlation < 0.0 { "0,114,178" } else { "213,94,0" };
    format!("rgba({colour},{:.2})", 0.6 * correlation.abs().min(1.0))
}

/// The most extreme residuals and where they are.
fn largest_residuals(html: &mut String, result: &FitResult) {
    if result.residual_extremes.is_empty() {
        return;
    }
    html.push_str(
        "<h2>Largest residuals</h2><div class=\"wide\"><table><thead><tr><th>phi (degree)</th><th>frames</th>\
         <th>(data - model) / sigma</th></tr></thead><tbody>\n",
    );
    for found in result.residual_extremes.iter().take(MOST_EXTREMES) {
        let (phi, sigma) = (degrees(found.phi_degrees), -found.residual_sigma);
        let _ = writeln!(
            html,
            "<tr><td class=\"n\">{phi}</td><td class=\"n\">{}, {}</td><td class=\"n\">{sigma:+.1}</td></tr>",
            found.frame_1, found.frame_2
        );
    }
    html.push_str("</tbody></table></div>\n");
}

fn interval([lower, upper]: Interval) -> String {
    let end = |end: Option<f64>| end.map_or("bound".into(), |end| style::rounded(end, 5));
    format!("{} to {}", end(lower), end(upper))
}
