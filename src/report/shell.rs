//! What all pages share: how they begin and end, what they look like, how a figure stands on them. It knows no result.

use crate::error::Result;
use crate::report::figures::formats::Format;
use crate::report::figures::formats::svg::{escaped, on_page};
use crate::report::figures::lines::Figure;
use crate::report::figures::style;
use std::fmt::Write;

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8886;--soft:#8881}
body{font:15px/1.5 system-ui,sans-serif;max-width:80rem;margin:0 auto;padding:1rem;color:#222;background:#fff}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:1.8rem 0 .5rem}
.verdict{border-left:.4rem solid;padding:.5rem 1rem;background:var(--soft);margin:1rem 0}
.good{border-color:#009E73}.doubt{border-color:#E69F00}.bad{border-color:#D55E00}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}td.n{text-align:right;white-space:nowrap}td.l{white-space:nowrap}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,32rem),1fr));gap:1rem}
h1,h2,h3{break-after:avoid}h3{font-size:1rem;margin:1.2rem 0 .4rem}.jump{display:none}.jump:target{display:block}.jump img{width:100%}.jump .single img{width:auto}
.large{grid-column:1/-1}
.jumps{font-size:.85rem}summary{cursor:pointer}.together{break-inside:avoid}
figure{margin:0;break-inside:avoid}figcaption{font-size:.85rem;opacity:.85;padding:0 .5rem}
.maps{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr))}.narrow{display:none}
.strip{display:flex;flex-wrap:wrap;gap:.4rem}.strip a{font-size:.75rem;text-align:center;color:inherit;text-decoration:none}
.strip img{display:block;width:64px;height:64px;image-rendering:pixelated}
svg,img{max-width:100%;height:auto}dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.15rem 1rem}
dd{margin:0}dd,li,p,h1,.verdict,td.t{overflow-wrap:anywhere}td.t{min-width:7rem}
.dense{font-size:.8rem}.dense th,.dense td{padding:.25rem .5rem}
@media (max-width:44rem) and (not print){.maps{grid-template-columns:1fr}}
@media (max-width:30rem){dl{grid-template-columns:1fr}dt{font-weight:600}.narrow{display:inline}.map,.large{overflow-x:auto}.jump .map img{min-width:60rem;max-width:none}.large svg{min-width:40rem}}
@media (prefers-color-scheme:dark){body{color:#ddd;background:#181a1b}a{color:#56B4E9}}
@media print{body{max-width:none;color:#000;background:#fff}.jump,.jump:target,.jumps{display:none}.grid{grid-template-columns:1fr 1fr}
details::details-content{content-visibility:visible;block-size:auto}.wide{overflow:visible;font-size:.7rem}.wide td,.wide th{padding:.1rem .3rem}}
";

/// The end of a page.
pub const END: &str = "</main></body></html>\n";

/// The beginning of a page of this name.
#[must_use]
pub fn begin(name: &str) -> String {
    let name = escaped(name);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{name}: homodyne</title><style>{STYLE}</style></head><body>\n<main><h1>{name}</h1>\n"
    )
}

/// A figure with what to look for, its files and its data.
///
/// # Errors
/// Internal if a picture cannot be encoded.
pub fn put(html: &mut String, figure: &Figure, formats: &[Format]) -> Result<()> {
    // What is larger than the others is scrolled on a narrow page.
    let class = if figure.picture.scene.width > style::SIZE[0] { " class=\"large\"" } else { "" };
    let _ = writeln!(
        html,
        "<figure{class} aria-label=\"{}\">{}<figcaption>{} {}{}</figcaption></figure>",
        escaped(&figure.picture.title),
        on_page(&figure.picture)?,
        escaped(figure.caption),
        links(&figure.name, formats),
        link_to_data(Some("curves.parquet"))
    );
    Ok(())
}

/// A link to the data of a figure behind those to its files: a path from the page, or in full. Nothing where there are none.
#[must_use]
pub fn link_to_data(path: Option<&str>) -> String {
    /// What an address would take for something else than a part of a path; `%` first, which escapes the others.
    const ESCAPES: [(&str, &str); 4] = [("%", "%25"), ("#", "%23"), ("?", "%3F"), (" ", "%20")];
    path.map_or_else(String::new, |path| {
        let address = ESCAPES.iter().fold(path.to_owned(), |address, (letter, code)| address.replace(letter, code));
        format!(", <a href=\"{}\">data</a>", escaped(&address))
    })
}

/// Links to the files of a figure.
#[must_use]
pub fn links(name: &str, formats: &[Format]) -> String {
    let link = |format: &Format| {
        let ending = format.ending();
        format!("<a href=\"plots/{name}.{ending}\">{ending}</a>")
    };
    formats.iter().map(link).collect::<Vec<String>>().join(", ")
}
