//! The page that people look at first: one file without scripts or addresses of elsewhere. It computes nothing.

use crate::error::Result;
use crate::outcome::fit::FitOutcome;
use crate::report::figures::formats::Format;
use crate::report::figures::formats::svg::escaped;
use crate::report::figures::lines::Figure;
use crate::report::judgement::{by_angle, correlations, largest_residuals, list, parameters, verdict};
use crate::report::posterior_section::PosteriorShown;
use crate::report::shell::{END, begin, link_to_data, links, put};
use crate::units::degrees;
use std::fmt::Write;

/// One angle on the page.
pub struct Shown {
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// Small map as an address that holds it.
    pub small: String,
    /// Why it is among those that are shown at once; empty if there is nothing to be said.
    pub why: String,
    /// Name of its map below `plots/`.
    pub map_file: String,
    /// Where the data behind the map are, from the page; `None` where they are nowhere but in the file that was looked at.
    pub data: Option<String>,
    /// Names of its line figures there, and what to look for in each.
    pub line_files: Vec<(String, &'static str)>,
    /// Whether it is shown at once, not when it is chosen.
    pub is_shown: bool,
    /// Its maps as SVG and its line figures, where they are on the page and not in files beside it alone.
    pub figures: Option<(String, Vec<Figure>)>,
}

impl Shown {
    fn data_link(&self) -> String {
        link_to_data(self.data.as_deref())
    }
}

/// How a result came about: words and what stands behind them.
pub type Facts = Vec<(String, String)>;

/// A key of the configuration: its path, its value, and where that comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Path.
    pub key: String,
    /// Value in force.
    pub value: String,
    /// Who has said so.
    pub origin: String,
}

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
    /// What was warned of on the way.
    pub warnings: &'a [String],
    /// The configuration in force; empty where there was none.
    pub settings: &'a [Setting],
    /// Whether figures of angles show a model: that of a fit, the truth of a simulation, or somebody else's.
    pub has_model: bool,
    /// Formats that the figures are written in, one at least.
    pub formats: &'a [Format],
    /// The posterior, where one was sampled.
    pub posterior: Option<PosteriorShown<'a>>,
}

impl Page<'_> {
    /// As HTML.
    ///
    /// # Errors
    /// Internal if a picture cannot be encoded.
    pub fn html(&self) -> Result<String> {
        let mut html = begin(self.name);
        if let Some(outcome) = self.outcome {
            verdict(&mut html, &outcome.result);
            warnings(&mut html, self.warnings);
            parameters(&mut html, outcome);
        }
        if let Some(posterior) = &self.posterior {
            posterior.write(&mut html, self.formats)?;
        }
        self.angles(&mut html)?;
        if !self.figures.is_empty() {
            let title = if self.angles.len() > 1 { "All angles together" } else { "All ages and lags together" };
            let _ = writeln!(html, "<h2>{title}</h2><div class=\"grid\">");
            self.figures.iter().try_for_each(|figure| put(&mut html, figure, self.formats))?;
            html.push_str("</div>\n");
        }
        if let Some(outcome) = self.outcome {
            by_angle(&mut html, &outcome.result);
            correlations(&mut html, &outcome.result);
            largest_residuals(&mut html, &outcome.result);
        }
        let about = if self.outcome.is_some() { "How it was obtained" } else { "What the file holds" };
        let _ = writeln!(html, "<h2>{about}</h2><dl>");
        for (what, value) in self.facts {
            let _ = writeln!(html, "<dt>{}</dt><dd>{}</dd>", escaped(what), escaped(value));
        }
        html.push_str("</dl>\n");
        configuration(&mut html, self.settings);
        html.push_str(END);
        Ok(html)
    }

    /// Three maps side by side in one file are scrolled on a narrow page; one is not stretched on a wide one.
    fn map_class(&self) -> &'static str {
        if self.has_model { " class=\"map\"" } else { " class=\"single\"" }
    }

    fn angles(&self, html: &mut String) -> Result<()> {
        html.push_str("<h2 id=\"angles\">Maps and cuts</h2>");
        if self.angles.len() > 1 {
            html.push_str("<p>Choose an angle for its map, its cuts and its frames.");
            if self.angles.iter().any(|shown| shown.figures.is_none()) {
                html.push_str(" Those of angles that are not below are in <code>plots/</code>, which a copy of this page needs beside it.");
            }
            html.push_str("</p>");
        }
        html.push_str("<div class=\"strip\">\n");
        // One angle is there without being chosen.
        for shown in self.angles.iter().filter(|_| self.angles.len() > 1) {
            let phi = degrees(shown.phi_degrees);
            let _ = writeln!(
                html,
                "<a href=\"#phi={phi}\"><img src=\"{}\" loading=\"lazy\" alt=\"map of c2 at {phi} degrees\">{phi}&deg;</a>",
                shown.small
            );
        }
        html.push_str("</div>\n");
        // Whatever is chosen comes first.
        for is_shown in [false, true] {
            for shown in self.angles.iter().filter(|shown| shown.is_shown == is_shown) {
                match &shown.figures {
                    Some(figures) => self.full(html, shown, figures)?,
                    None => self.jump(html, shown),
                }
            }
        }
        Ok(())
    }

    /// An angle whose figures come from their files when it is chosen.
    fn jump(&self, html: &mut String, shown: &Shown) {
        let phi = degrees(shown.phi_degrees);
        let _ = writeln!(html, "<section class=\"jump\" id=\"phi={phi}\"><h2>{phi} degrees</h2>");
        let seen = self.formats.iter().find(|format| **format != Format::Pdf);
        let image = |html: &mut String, name: &String, (what, caption): (&str, &str), class: &str, data: &str| {
            let address = seen.map(|format| format!("plots/{name}.{}", format.ending()));
            let drawn = address.map_or_else(String::new, |address| {
                format!("<img src=\"{address}\" loading=\"lazy\" alt=\"{what} at {phi} degrees\">")
            });
            let files = links(name, self.formats);
            let hint = if class.contains("map") { "<span class=\"narrow\">; scroll it sideways</span>" } else { "" };
            let _ = writeln!(
                html,
                "<figure{class}>{drawn}<figcaption>{} {files}{data}{hint}</figcaption></figure>",
                escaped(caption)
            );
        };
        image(html, &shown.map_file, ("map", self.map_caption()), self.map_class(), &shown.data_link());
        html.push_str("<div class=\"grid\">");
        for (name, caption) in &shown.line_files {
            let what = if name.starts_with("g2") { "c2 against the lag" } else { "mean of every frame" };
            image(html, name, (what, caption), "", &link_to_data(Some("curves.parquet")));
        }
        html.push_str("</div>");
        self.leave(html);
    }

    /// What to look for in maps.
    fn map_caption(&self) -> &'static str {
        match self.has_model {
            true => {
                "Data and model share one scale (1st to 99th percentile of the data); stripes or patches in the residual are what the \
                 model misses. Where frames are more than pixels, means over blocks of them."
            }
            false => {
                "Where frames are more than pixels, means over blocks of them; stripes are frames that differ, for example by the intensity of \
                 the beam."
            }
        }
    }

    /// An angle whose figures are on the page.
    fn full(&self, html: &mut String, shown: &Shown, (map, lines): &(String, Vec<Figure>)) -> Result<()> {
        let (phi, files) = (degrees(shown.phi_degrees), links(&shown.map_file, self.formats) + &shown.data_link());
        let caption = self.map_caption();
        let why = if shown.why.is_empty() { String::new() } else { format!(": {}", escaped(&shown.why)) };
        let _ = writeln!(
            html,
            "<section{} id=\"phi={phi}\"><div class=\"together\"><h2>{phi} degrees{why}</h2><figure><div class=\"maps\">{map}</div>\
             <figcaption>{caption} {files}</figcaption></figure></div><div class=\"grid\">",
            if shown.is_shown { "" } else { " class=\"jump\"" }
        );
        lines.iter().try_for_each(|figure| put(html, figure, self.formats))?;
        html.push_str("</div>");
        self.leave(html);
        Ok(())
    }

    /// The end of an angle, with the way to others.
    fn leave(&self, html: &mut String) {
        if self.angles.len() > 1 {
            html.push_str("<p class=\"jumps\"><a href=\"#angles\">other angles</a></p>");
        }
        html.push_str("</section>\n");
    }
}

/// What was warned of.
fn warnings(html: &mut String, warnings: &[String]) {
    if !warnings.is_empty() {
        html.push_str("<div class=\"verdict doubt\"><b>warnings</b>");
        list(html, warnings);
        html.push_str("</div>\n");
    }
}

/// The configuration in force: what somebody has said at once, the rest when it is asked for.
fn configuration(html: &mut String, settings: &[Setting]) {
    let (defaults, said): (Vec<&Setting>, Vec<&Setting>) =
        settings.iter().partition(|setting| setting.origin == "default");
    let table = |html: &mut String, settings: &[&Setting]| {
        html.push_str(
            "<div class=\"wide\"><table><thead><tr><th>key</th><th>value</th><th>from</th></tr></thead><tbody>\n",
        );
        for Setting { key, value, origin } in settings {
            let [key, value, origin] = [key, value, origin].map(|text| escaped(text));
            let _ = writeln!(html, "<tr><td>{key}</td><td class=\"t\">{value}</td><td class=\"t\">{origin}</td></tr>");
        }
        html.push_str("</tbody></table></div>\n");
    };
    if !said.is_empty() {
        html.push_str("<h2>Settings</h2>");
        table(html, &said);
    }
    if !defaults.is_empty() {
        let _ = write!(html, "<details><summary>{} settings that nobody has changed</summary>", defaults.len());
        table(html, &defaults);
        html.push_str("</details>\n");
    }
}
