//! The sources as a test sees them: files, what they import, their functions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// One source file.
pub struct Source {
    /// Below `src`.
    pub path: PathBuf,
    /// Top-level module.
    pub module: String,
    /// Without the tests at the end of the file.
    pub code: String,
}

pub fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 100, "the walk has found the sources");
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("src").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("source");
            let code = text.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned();
            let inside =
                path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("below src").to_owned();
            let module = inside.iter().next().expect("a name").to_string_lossy().trim_end_matches(".rs").to_owned();
            found.push(Source { path: inside, module, code });
        }
    }
}

impl Source {
    /// The path of its module, "fit::solver::minimise".
    pub fn module_path(&self) -> String {
        let text = self.path.with_extension("").display().to_string().replace('/', "::");
        text.strip_suffix("::mod").unwrap_or(&text).to_owned()
    }

    /// Without comments.
    pub fn bare(&self) -> String {
        self.code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<&str>>().join("\n")
    }

    /// Every path of this crate that it names, "fit::settings::FitSettings".
    pub fn imports(&self) -> BTreeSet<String> {
        let bare = self.bare().replace("in crate::", "");
        bare.split("crate::").skip(1).flat_map(expanded).collect()
    }
}

/// `a::{b, c::{d, e}}` as a::b, a::c::d, a::c::e.
fn expanded(text: &str) -> Vec<String> {
    let head: String = text.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
    let rest = &text[head.len()..];
    if !(head.ends_with("::") && rest.starts_with('{')) {
        return vec![head.trim_end_matches(':').to_owned()];
    }
    let inner = &rest[1..closing(rest)];
    parts(inner).iter().flat_map(|part| expanded(part)).map(|path| format!("{head}{path}")).collect()
}

/// Where the bracket that opens a text closes.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Split at the commas that no bracket encloses.
fn parts(text: &str) -> Vec<String> {
    let (mut found, mut depth, mut last) = (vec![String::new()], 0, ' ');
    for c in text.chars() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '>' if last != '-' && last != '=' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            found.push(String::new());
        } else if let Some(part) = found.last_mut() {
            part.push(c);
        }
        last = c;
    }
    found.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Who imports whom, file by file.
pub fn file_imports(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let files: BTreeSet<String> = sources.iter().map(Source::module_path).collect();
    let file_of = |path: &str| {
        let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
        ends.map(|end| path[..end].to_owned()).filter(|prefix| files.contains(prefix)).last()
    };
    let of_source = |source: &Source| {
        let own = source.module_path();
        let others = source.imports().iter().filter_map(|path| file_of(path)).filter(|file| *file != own).collect();
        (own, others)
    };
    sources.iter().map(of_source).collect()
}

/// A circle of imports, if there is one: what can be reached from itself.
pub fn circle(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut left = imports.clone();
    loop {
        // Nobody who imports nothing that is left is part of a circle.
        let (before, names) = (left.len(), left.keys().cloned().collect::<BTreeSet<String>>());
        left.retain(|_, targets| targets.iter().any(|target| names.contains(target)));
        if left.len() == before {
            return left.into_keys().collect();
        }
    }
}

/// A function.
pub struct Function {
    pub name: String,
    pub lines: usize,
    /// Members of tuples count.
    pub arguments: usize,
}

/// Functions, by counting brackets from each `fn`.
pub fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in code.split_inclusive('\n') {
        let text = line.trim_start();
        let is_function = text.starts_with("fn ") || (text.starts_with("pub") && text.contains(" fn "));
        let rest = &code[offset..];
        offset += line.len();
        let (Some(end), true) = (body_end(rest), is_function) else { continue };
        let after = rest.split("fn ").nth(1).unwrap_or_default();
        let name = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        found.push(Function { name, lines: rest[..end].lines().count(), arguments: arguments(rest) });
    }
    found
}

/// Where the body's last brace is; `None` for a declaration without body.
fn body_end(text: &str) -> Option<usize> {
    let (mut depth, mut nested) = (0_i32, 0_i32);
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' => nested += 1,
            ')' | ']' => nested -= 1,
            ';' if depth == 0 && nested == 0 => return None,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Arguments besides `self`.
fn arguments(text: &str) -> usize {
    // The argument list is the first parenthesis after the generic parameters.
    let mut angle = 0_i32;
    let open = text.char_indices().find(|(at, c)| {
        match c {
            '<' => angle += 1,
            '>' if !text[..*at].ends_with('-') => angle -= 1,
            _ => {}
        }
        *c == '(' && angle == 0
    });
    let Some((open, _)) = open else { return 0 };
    let list = &text[open..];
    let count = |argument: &String| {
        // A path's `::` is no argument.
        let Some((_, kind)) =
            argument.replace("::", "").split_once(':').map(|(name, kind)| (name.to_owned(), kind.trim().to_owned()))
        else {
            return 0;
        };
        let kind = kind.trim_start_matches('&').trim_start_matches("mut ").to_owned();
        if kind.starts_with('(') { parts(&kind[1..closing(&kind)]).len() } else { 1 }
    };
    parts(&list[1..closing(list)]).iter().map(count).sum()
}
