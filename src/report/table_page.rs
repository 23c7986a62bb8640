//! The page of fits of many q: how D0 depends on q, and what was found at each. It computes nothing.

use crate::error::Result;
use crate::report::figures::formats::Format;
use crate::report::figures::formats::svg::escaped;
use crate::report::figures::lines::Figure;
use crate::report::shell::{END, begin, put};
use crate::report::tables::many_q::{PowerLawCheck, QRow, check_words};
use crate::report::tables::measured::measured;
use std::fmt::Write;

/// Everything on the page.
pub struct TablePage<'a> {
    /// Title.
    pub name: &'a str,
    /// One row per q.
    pub rows: &'a [QRow],
    /// How D0 depends on q.
    pub check: Option<&'a PowerLawCheck>,
    /// D0 against q.
    pub figure: Option<&'a Figure>,
    /// Formats that the figure is written in.
    pub formats: &'a [Format],
    /// Whether the run of this name has a page of its own beside the table.
    pub has_page: &'a dyn Fn(&str) -> bool,
}

impl TablePage<'_> {
    /// As HTML.
    ///
    /// # Errors
    /// Internal if a picture cannot be encoded.
    pub fn html(&self) -> Result<String> {
        let mut html = begin(self.name);
        let accepted = self.rows.iter().filter(|row| row.is_accepted()).count();
        let class = if accepted == self.rows.len() { "good" } else { "bad" };
        let _ = write!(html, "<div class=\"verdict {class}\"><b>{accepted} of {} fits accepted</b>", self.rows.len());
        let _ = writeln!(html, "<div>{}</div></div>", escaped(&check_words(self.rows, self.check)));
        self.table(&mut html);
        if let Some(figure) = self.figure {
            html.push_str("<h2>D0 against q</h2><div class=\"grid\">\n");
            put(&mut html, figure, self.formats)?;
            html.push_str("</div>\n");
        }
        html.push_str(END);
        Ok(html)
    }

    fn table(&self, html: &mut String) {
        html.push_str(
            "<h2>Every q</h2><div class=\"wide\"><table><thead><tr><th>q (1/angstrom)</th><th>D0 (angstrom^2/s)</th>\
             <th>uncertainty</th><th>chi2_nu</th><th>verdict</th><th>report</th></tr></thead><tbody>\n",
        );
        for row in self.rows {
            let written = row.d0().map(|found| measured(found.value, [found.uncertainty, None]));
            let [value, error] = written.map_or(["\u{2013}".into(), "\u{2013}".into()], |written| {
                let [error, _] = written.errors;
                [written.value, error]
            });
            let chi = row.reduced_chi_squared().map_or("\u{2013}".into(), |chi| format!("{chi:.4}"));
            let page = row.run.as_deref().filter(|run| (self.has_page)(run)).map_or_else(String::new, |run| {
                let run = escaped(run);
                format!("<a href=\"../../{run}/report/report.html\">{run}</a>")
            });
            let _ = writeln!(
                html,
                "<tr><td class=\"n\">{}</td><td class=\"n\">{value}</td><td class=\"n\">{error}</td><td class=\"n\">{chi}</td>\
                 <td>{}</td><td class=\"l\">{page}</td></tr>",
                row.q_per_angstrom,
                escaped(&row.judgement())
            );
        }
        html.push_str("</tbody></table></div>\n");
    }
}
