//! Bytes, counts and times as people write them.

use std::time::SystemTime;

/// Bytes for reading by people.
#[must_use]
pub fn gigabytes(bytes: u64) -> String {
    match bytes as f64 / 1e9 {
        value if value >= 1.0 => format!("{value:.1} GB"),
        value if value >= 0.1 => format!("{:.0} MB", value * 1e3),
        value => format!("{:.1} MB", value * 1e3),
    }
}

/// 50.0M, 99.9K, 450.
#[must_use]
pub fn short(count: f64) -> String {
    match count {
        count if count >= 1e6 => format!("{:.1}M", count / 1e6),
        count if count >= 1e3 => format!("{:.1}K", count / 1e3),
        count => format!("{count:.0}"),
    }
}

/// A number of things: 1 angle, 6 angles.
#[must_use]
pub fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Values of a list: 1, 2.5.
#[must_use]
pub fn listed<T: ToString>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<String>>().join(", ")
}

/// Lengths of axes: 8 x 100 x 100; a number has none.
#[must_use]
pub fn lengths<T: ToString>(axes: &[T]) -> String {
    match axes {
        [] => "a number".into(),
        axes => axes.iter().map(T::to_string).collect::<Vec<String>>().join(" x "),
    }
}

/// Degrees without the last digits, in which only rounding is seen: -1.8 for -1.7999999999999972.
#[must_use]
pub fn degrees(phi_degrees: f64) -> f32 {
    phi_degrees as f32
}

/// 0:07, 12:30, 3:05:00.
pub fn clock(seconds: f64) -> String {
    let whole = seconds.ceil() as u64;
    match whole / 3600 {
        0 => format!("{}:{:02}", whole / 60, whole % 60),
        hours => format!("{hours}:{:02}:{:02}", whole / 60 % 60, whole % 60),
    }
}

/// Day and time of seconds since 1970, in UTC: 2026-11-29 01:35:31.
#[must_use]
pub fn date_and_time(unix_seconds: u64) -> String {
    let seconds = i64::try_from(unix_seconds).unwrap_or_default();
    chrono::DateTime::from_timestamp(seconds, 0).map_or_else(String::new, |time| time.naive_utc().to_string())
}

/// The same as one word: 2026-11-29T01:35:31Z.
#[must_use]
pub fn time_stamp(unix_seconds: u64) -> String {
    format!("{}Z", date_and_time(unix_seconds).replace(' ', "T"))
}

/// Seconds since 1970.
#[must_use]
pub fn now_unix_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_others_are_many() {
        assert_eq!([0, 1, 6].map(|n| counted(n, "angle")), ["0 angles", "1 angle", "6 angles"]);
    }

    #[test]
    fn lists_and_shapes_are_words() {
        assert_eq!((listed(&[1.0, 2.5]), lengths(&[8, 100, 100])), ("1, 2.5".into(), "8 x 100 x 100".into()));
        assert_eq!((listed::<f64>(&[]), lengths::<u64>(&[])), (String::new(), "a number".into()));
    }

    #[test]
    fn times_read_like_a_clock() {
        assert_eq!([6.2, 750.0, 11_100.0].map(clock), ["0:07", "12:30", "3:05:00"]);
    }

    #[test]
    fn degrees_are_read_without_their_rounding() {
        assert_eq!(degrees(-1.799_999_999_999_997_2).to_string(), "-1.8");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(date_and_time(951_827_696), "2000-02-29 12:34:56");
        assert_eq!(time_stamp(951_827_696), "2000-02-29T12:34:56Z");
    }
}
