//! Warnings that many maps have in common. It does not know what they say.

/// What begins with its place and goes on alike is told once, of the first place and of how many more: a hundred angles share their
/// frames.
pub(super) fn told_once(warnings: Vec<String>) -> Vec<String> {
    let mut told: Vec<(String, usize)> = Vec::new();
    for warning in warnings {
        let same = told.iter_mut().find(|(first, _)| match (parts(first), parts(&warning)) {
            (Some(one), Some(other)) => one.code == other.code && one.what == other.what,
            _ => first == &warning,
        });
        match same {
            Some((_, more)) => *more += 1,
            None => told.push((warning, 0)),
        }
    }
    told.into_iter().map(|(warning, more)| with_others(warning, more)).collect()
}

/// `[E21] a.h5:/c2/1: frames are empty`.
struct Parts<'a> {
    code: &'a str,
    place: &'a str,
    what: &'a str,
}

fn parts(warning: &str) -> Option<Parts<'_>> {
    let (code, rest) = match warning.starts_with('[') {
        true => warning.split_once(' ')?,
        false => ("", warning),
    };
    rest.split_once(": ").map(|(place, what)| Parts { code, place, what })
}

fn with_others(warning: String, more: usize) -> String {
    match parts(&warning).filter(|_| more > 0) {
        Some(Parts { code, place, what }) => format!("{code} {place} and {more} more: {what}").trim_start().to_owned(),
        None => warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_maps_say_is_told_once_and_what_one_says_by_itself() {
        let empty = |map: u32, frames: &str| format!("[E21] a.h5:/c2/{map}: empty frames are masked: {frames}");
        let told = told_once(vec![empty(1, "5-6"), empty(2, "5-6"), empty(3, "7"), empty(4, "5-6"), "merged".into()]);
        let first = "[E21] a.h5:/c2/1 and 2 more: empty frames are masked: 5-6";
        assert_eq!(told, [first, &empty(3, "7"), "merged"]);
        assert_eq!(told_once(vec!["a: b".into(), "c: b".into(), "d".into(), "d".into()]), ["a and 1 more: b", "d"]);
    }
}
