//! The command `explain`: a code to what it means, why it happens and what to do.

use crate::cli::arguments::ExplainArguments;
use crate::cli::folding::folded;
use crate::cli::terminal::print;
use crate::cli::words::wrong_argument;
use homodyne::api::{Code, Result};

/// Columns of a line of prose.
const WIDTH: usize = 80;

/// Explains one code, or lists all.
pub fn explain(arguments: &ExplainArguments) -> Result<u8> {
    let code = arguments.code.as_deref().map(known).transpose()?;
    let json = |code: Code| {
        let told = code.explanation();
        serde_json::json!({
            "code": code.to_string(),
            "title": code.title(),
            "meaning": told.meaning,
            "cause": told.cause,
            "remedies": told.remedies,
        })
    };
    print(&match (code, arguments.json) {
        (Some(code), true) => format!("{:#}\n", json(code)),
        (Some(code), false) => prose(code),
        (None, true) => format!("{:#}\n", Code::ALL.iter().copied().map(json).collect::<serde_json::Value>()),
        (None, false) => list(),
    })?;
    Ok(0)
}

fn known(text: &str) -> Result<Code> {
    Code::find(text).map_err(|near| {
        let near: Vec<String> = near.iter().map(Code::to_string).collect();
        let expected = format!("a known code; the nearest: {}; `homodyne explain` lists all", near.join(", "));
        wrong_argument("explain", text, &expected)
    })
}

fn list() -> String {
    let lines = Code::ALL.iter().map(|code| format!("{code}  {}\n", code.title()));
    lines.chain(["\n`homodyne explain E17` tells what one means, why it happens and what to do.\n".into()]).collect()
}

fn prose(code: Code) -> String {
    let told = code.explanation();
    let remedies: String = told.remedies.iter().map(|remedy| wrapped("- ", remedy)).collect();
    format!(
        "{code}: {}\n\n{}\nWhy it happens\n{}\nWhat to do\n{remedies}",
        code.title(),
        wrapped("", told.meaning),
        wrapped("", told.cause),
    )
}

/// Text in lines, the further ones indented like the first.
fn wrapped(bullet: &str, text: &str) -> String {
    folded(&format!("{bullet}{text}\n"), WIDTH, bullet.len())
}
