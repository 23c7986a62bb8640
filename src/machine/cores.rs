//! Cores and memory nodes of this machine, and threads on a chosen node. It knows no work.

/// The cores of one memory (NUMA) node that this process may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Number of the node.
    pub number: usize,
    /// Its cores.
    pub cores: Vec<usize>,
}

/// Cores that this process may use, with the limits of affinity and control groups.
#[must_use]
pub fn usable_cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Memory nodes with at least one usable core; one node where the kernel does not say.
#[must_use]
pub fn nodes() -> Vec<Node> {
    let allowed = allowed_cores();
    let mut nodes = Vec::new();
    for entry in std::fs::read_dir("/sys/devices/system/node").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(number) = name.strip_prefix("node").and_then(|number| number.parse().ok()) else { continue };
        let list = std::fs::read_to_string(entry.path().join("cpulist")).unwrap_or_default();
        let cores: Vec<usize> = core_list(&list).into_iter().filter(|core| allowed.contains(core)).collect();
        if !cores.is_empty() {
            nodes.push(Node { number, cores });
        }
    }
    nodes.sort_by_key(|node| node.number);
    if nodes.is_empty() { vec![Node { number: 0, cores: allowed }] } else { nodes }
}

fn allowed_cores() -> Vec<usize> {
    affinity::cores().unwrap_or_else(|| (0..usable_cores()).collect())
}

/// "0-3,8,10-11" as numbers.
fn core_list(text: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse::<usize>().ok()?..=last.trim().parse::<usize>().ok()?)
    };
    text.split(',').filter_map(range).flatten().collect()
}

/// Keeps the current thread on the cores of a node. Returns whether the system has agreed; only Linux does.
pub fn pin_thread(node: &Node) -> bool {
    affinity::keep_on(&node.cores)
}

/// The cores that the current thread may use, told and set.
#[cfg(target_os = "linux")]
mod affinity {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    pub fn cores() -> Option<Vec<usize>> {
        let set = sched_getaffinity(None).ok()?;
        Some((0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect())
    }

    pub fn keep_on(cores: &[usize]) -> bool {
        let mut set = CpuSet::new();
        cores.iter().filter(|&&core| core < CpuSet::MAX_CPU).for_each(|&core| set.set(core));
        sched_setaffinity(None, &set).is_ok()
    }
}

/// Other systems neither tell nor set them.
#[cfg(not(target_os = "linux"))]
mod affinity {
    pub fn cores() -> Option<Vec<usize>> {
        None
    }

    pub fn keep_on(_: &[usize]) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_lists_are_read() {
        assert_eq!(core_list("0-3,8,10-11\n"), [0, 1, 2, 3, 8, 10, 11]);
        assert!(core_list("").is_empty());
    }

    #[test]
    fn a_thread_stays_on_the_cores_it_is_pinned_to_where_the_system_can() {
        let node = nodes().into_iter().next().expect("a node");
        let one = Node { number: node.number, cores: vec![node.cores[0]] };
        let cores =
            std::thread::scope(|scope| scope.spawn(|| pin_thread(&one).then(allowed_cores)).join().expect("no panic"));
        assert_eq!(cores, cfg!(target_os = "linux").then_some(one.cores));
    }
}
