//! Long lines in several, for terminals. It knows no terminal and not what lines say.

/// Every line in lines of at most so many columns, broken at blanks; what goes on begins as far to the right as `indent` says. A word that
/// is longer stays whole: it may be a path that somebody wants to copy.
pub fn folded(text: &str, columns: usize, indent: usize) -> String {
    let indent = " ".repeat(indent.min(columns / 2));
    text.split_inclusive('\n').map(|line| in_columns(line, columns, &indent)).collect()
}

fn in_columns(line: &str, columns: usize, indent: &str) -> String {
    if line.trim_end().chars().count() <= columns {
        return line.to_owned();
    }
    let (mut lines, mut now) = (String::new(), String::new());
    for word in line.split_inclusive(' ') {
        let is_begun = !now.trim().is_empty();
        if is_begun && now.chars().count() + word.trim_end().chars().count() > columns {
            lines += now.trim_end();
            lines.push('\n');
            now = indent.to_owned();
        }
        now += word;
    }
    lines + &now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_further_to_the_right_and_short_ones_and_long_words_stay() {
        let text = "name      one two three four\nshort\n";
        assert_eq!(folded(text, 20, 10), "name      one two\n          three four\nshort\n");
        assert_eq!(folded(text, usize::MAX, 10), text);
        let path = "written: /a/very/long/path/of/a/store\n";
        assert_eq!(folded(path, 20, 2), "written:\n  /a/very/long/path/of/a/store\n");
        assert_eq!(folded("- a b c d\n", 6, 2), "- a b\n  c d\n");
    }
}
