//! How much memory there is and how much this process uses. It reads the kernel's own figures and knows no data.

use std::sync::atomic::{AtomicU64, Ordering};

static PEAK_ANON_BYTES: AtomicU64 = AtomicU64::new(0);

fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|value| value * 1024)
}

fn from_proc(file: &str, key: &str) -> Option<u64> {
    kibibytes(&std::fs::read_to_string(file).ok()?, key)
}

/// Resident anonymous memory now, in bytes; `None` where the kernel does not say. Remembers the largest value seen.
pub fn rss_anon_bytes() -> Option<u64> {
    let now = from_proc("/proc/self/status", "RssAnon:")?;
    PEAK_ANON_BYTES.fetch_max(now, Ordering::Relaxed);
    Some(now)
}

/// The largest resident anonymous memory that [`rss_anon_bytes`] has seen, in bytes.
#[must_use]
pub fn peak_rss_anon_bytes() -> Option<u64> {
    let _ = rss_anon_bytes();
    Some(PEAK_ANON_BYTES.load(Ordering::Relaxed)).filter(|&peak| peak > 0)
}

/// The largest resident memory of the process, mapped files included, in bytes.
#[must_use]
pub fn peak_rss_bytes() -> Option<u64> {
    from_proc("/proc/self/status", "VmHWM:")
}

/// Memory that can still be used: the kernel's estimate, or what a container's limit leaves.
#[must_use]
pub fn available_bytes() -> Option<u64> {
    let free = from_proc("/proc/meminfo", "MemAvailable:");
    let number = |file: &str| std::fs::read_to_string(file).ok()?.trim().parse::<u64>().ok();
    let left = |limit: &str, used: &str| Some(number(limit)?.saturating_sub(number(used)?));
    let limits = [
        left("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        left("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ];
    limits.into_iter().chain([free]).flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_lines_are_read_in_bytes() {
        assert_eq!(kibibytes("VmHWM:\t  12 kB\nRssAnon:\t 8 kB\n", "RssAnon:"), Some(8192));
        assert_eq!(kibibytes("VmHWM:\t  12 kB\n", "RssAnon:"), None);
    }
}
