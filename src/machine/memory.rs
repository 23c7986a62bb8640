//! How much memory there is and how much this process uses. It asks the system for its own figures and knows no data.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use rustix::process::{Resource, getrlimit};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use sysinfo::{MemoryRefreshKind, Process, ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};

/// Largest anonymous memory seen, in the whole process and since the current stage began.
static PEAK_ANON_BYTES: AtomicU64 = AtomicU64::new(0);
static STAGE_PEAK_BYTES: AtomicU64 = AtomicU64::new(0);

/// A line of Linux's account of this process, in bytes.
fn from_status(key: &str) -> Option<u64> {
    kibibytes(&std::fs::read_to_string("/proc/self/status").ok()?, key)
}

fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|value| value * 1024)
}

/// All resident memory of this process, mapped files included, in bytes.
fn resident_bytes() -> Option<u64> {
    let own = get_current_pid().ok()?;
    let mut system = System::new();
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), false, memory);
    system.process(own).map(Process::memory)
}

/// Resident anonymous memory now, in bytes. Only Linux tells it apart: elsewhere (macOS) it is all resident memory, mapped
/// files included. `None` where the system says neither. Remembers the largest value seen.
pub fn rss_anon_bytes() -> Option<u64> {
    let now = from_status("RssAnon:").or_else(resident_bytes)?;
    PEAK_ANON_BYTES.fetch_max(now, Ordering::Relaxed);
    STAGE_PEAK_BYTES.fetch_max(now, Ordering::Relaxed);
    Some(now)
}

/// The largest resident anonymous memory that [`rss_anon_bytes`] has seen, in bytes.
#[must_use]
pub fn peak_rss_anon_bytes() -> Option<u64> {
    let _ = rss_anon_bytes();
    Some(PEAK_ANON_BYTES.load(Ordering::Relaxed)).filter(|&peak| peak > 0)
}

/// Forgets the stage's peak: a new stage begins.
pub fn begin_stage() {
    STAGE_PEAK_BYTES.store(0, Ordering::Relaxed);
    let _ = rss_anon_bytes();
}

/// The largest resident anonymous memory that was seen since [`begin_stage`], in bytes.
#[must_use]
pub fn stage_peak_bytes() -> Option<u64> {
    let _ = rss_anon_bytes();
    Some(STAGE_PEAK_BYTES.load(Ordering::Relaxed)).filter(|&peak| peak > 0)
}

/// The largest resident memory of the process, mapped files included, in bytes; without Linux's account the largest that
/// [`rss_anon_bytes`] has seen.
#[must_use]
pub fn peak_rss_bytes() -> Option<u64> {
    from_status("VmHWM:").or_else(peak_rss_anon_bytes)
}

/// The memory of the machine; `None` where the system does not say.
fn machine_memory() -> Option<System> {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    (system.total_memory() > 0).then_some(system)
}

/// Total memory in bytes: physical memory, or the container's limit (cgroup v1 or v2) if that is smaller.
#[must_use]
pub fn detect_total_memory() -> Option<u64> {
    machine_memory().map(|machine| machine.total_memory()).into_iter().chain(container_limit_bytes()).min()
}

/// The smallest memory limit of the control groups that this process lives in, in bytes; `None` without one.
#[must_use]
pub fn container_limit_bytes() -> Option<u64> {
    groups().iter().filter_map(|group| group.limit()).min()
}

/// What `ulimit -v` leaves, in bytes; `None` without such a limit.
fn left_of_address_space_bytes() -> Option<u64> {
    let limit = getrlimit(Resource::As).current?;
    Some(limit.saturating_sub(from_status("VmSize:").unwrap_or(0)))
}

/// Address space that any work takes, and every thread with its stack, in bytes.
const LEAST_ADDRESSES: (u64, u64) = (192 << 20, 16 << 20);

/// Whether `ulimit -v` leaves room for any work: a program that is refused small memory can only end at once.
///
/// # Errors
/// E38 with what is left and what is needed.
pub fn check_address_space(threads: usize) -> Result<()> {
    let needed = LEAST_ADDRESSES.0 + LEAST_ADDRESSES.1 * threads as u64;
    match left_of_address_space_bytes().filter(|&left| left < needed) {
        None => Ok(()),
        Some(left) => Err(Fault::at("ulimit -v", format!("{} MiB are left", left >> 20))
            .expected(format!("at least {} MiB of address space with {threads} threads", needed >> 20))
            .advice("raise the limit, or use fewer --threads")
            .code(Code::E38)
            .config()),
    }
}

/// Memory that can still be used without swapping: the kernel's estimate, or what a container's limit or that of the address space leaves.
#[must_use]
pub fn available_bytes() -> Option<u64> {
    // On Linux this is MemAvailable. On macOS `available_memory` would count what other programs use as available.
    let free = machine_memory().map(|machine| machine.total_memory().saturating_sub(machine.used_memory()));
    let left = |group: &Group| Some(group.limit()?.saturating_sub(group.used().unwrap_or(0)));
    groups().iter().filter_map(left).chain(free).chain(left_of_address_space_bytes()).min()
}

/// One control group with a memory controller. sysinfo reads the topmost group of a mount only: it misses a limit between
/// there and this process, and counts pages of files as used.
#[derive(Debug, PartialEq)]
struct Group {
    folder: PathBuf,
    limit_file: &'static str,
    used_file: &'static str,
}

/// Limits of this size mean "none".
const NO_LIMIT: u64 = 1 << 60;

impl Group {
    fn number(&self, file: &str) -> Option<u64> {
        std::fs::read_to_string(self.folder.join(file)).ok()?.trim().parse().ok()
    }

    fn limit(&self) -> Option<u64> {
        self.number(self.limit_file).filter(|&limit| limit < NO_LIMIT)
    }

    /// Without what the kernel would give back: pages of files.
    fn used(&self) -> Option<u64> {
        let used = self.number(self.used_file)?;
        let statistics = std::fs::read_to_string(self.folder.join("memory.stat")).unwrap_or_default();
        let entry = |key: &str| {
            let line = statistics.lines().find(|line| line.split(' ').next() == Some(key))?;
            line.split(' ').nth(1)?.parse::<u64>().ok()
        };
        let files = entry("total_inactive_file").or(entry("inactive_file")).unwrap_or(0)
            + entry("total_active_file").or(entry("active_file")).unwrap_or(0);
        Some(used.saturating_sub(files))
    }
}

fn groups() -> Vec<Group> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    groups_of(&own, Path::new("/sys/fs/cgroup"))
}

/// The process's own groups and all above them. Inside a container the paths of the host may not exist: then the mount's
/// root is the container's own group.
fn groups_of(own: &str, mount: &Path) -> Vec<Group> {
    let mut found = Vec::new();
    for line in own.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(hierarchy), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (root, limit_file, used_file) = if hierarchy == "0" && controllers.is_empty() {
            (mount.to_path_buf(), "memory.max", "memory.current")
        } else if controllers.split(',').any(|controller| controller == "memory") {
            (mount.join("memory"), "memory.limit_in_bytes", "memory.usage_in_bytes")
        } else {
            continue;
        };
        let inner = Path::new(path.trim_start_matches('/'));
        for folder in inner.ancestors().map(|below| root.join(below)) {
            found.push(Group { folder, limit_file, used_file });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_lines_are_read_in_bytes() {
        assert_eq!(kibibytes("VmHWM:\t  12 kB\nRssAnon:\t 8 kB\n", "RssAnon:"), Some(8192));
        assert_eq!(kibibytes("VmHWM:\t  12 kB\n", "RssAnon:"), None);
    }

    fn limit(own: &str, files: &[(&str, &str)]) -> Option<u64> {
        let mount = tempfile::tempdir().expect("folder");
        for (file, text) in files {
            let path = mount.path().join(file);
            std::fs::create_dir_all(path.parent().expect("below the mount")).expect("folder");
            std::fs::write(path, text).expect("file");
        }
        groups_of(own, mount.path()).iter().filter_map(Group::limit).min()
    }

    #[test]
    fn limits_of_both_versions_are_found_up_to_the_root() {
        // Version 2: the limit of a group above counts too.
        let own = "0::/a/b\n";
        assert_eq!(limit(own, &[("a/memory.max", "1000\n"), ("a/b/memory.max", "max\n")]), Some(1000));
        // Version 1, with the smaller of two limits.
        let own = "5:cpu:/x\n4:hugetlb,memory:/x\n";
        let files =
            [("memory/x/memory.limit_in_bytes", "500"), ("memory/memory.limit_in_bytes", "9223372036854771712")];
        assert_eq!(limit(own, &files), Some(500));
        // A container that sees only its own group.
        assert_eq!(limit("0::/../../host/path\n", &[("memory.max", "700")]), Some(700));
        assert_eq!(limit("0::/\n", &[("memory.max", "max")]), None);
    }

    #[test]
    fn memory_of_this_machine_and_process_is_known() {
        let (total, available) = (detect_total_memory().expect("total"), available_bytes().expect("available"));
        assert!((1 << 20..=total).contains(&available), "{available} of {total}");
        let (anonymous, resident) = (rss_anon_bytes().expect("anonymous"), resident_bytes().expect("resident"));
        assert!(anonymous > 1 << 16 && resident > 1 << 16, "{anonymous}, {resident}");
        assert!(peak_rss_bytes().expect("peak") >= anonymous);
        assert!(peak_rss_anon_bytes().expect("peak") >= anonymous);
    }

    #[test]
    fn memory_that_is_filled_is_counted() {
        let before = (rss_anon_bytes().expect("anonymous"), resident_bytes().expect("resident"));
        let filled = std::hint::black_box(vec![1_u8; 256 << 20]);
        let after = (rss_anon_bytes().expect("anonymous"), resident_bytes().expect("resident"));
        drop(filled);
        // Half of it: other tests of this process may give memory back meanwhile.
        assert!(after.0 > before.0 + (128 << 20) && after.1 > before.1 + (128 << 20), "{before:?}, {after:?}");
    }
}
