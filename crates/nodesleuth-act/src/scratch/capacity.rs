//! Whether the node has the kernel memory that scratch cgroups take.

use crate::ActError;
use nodesleuth_collect::Node;
use nodesleuth_model::Kib;
use nodesleuth_parse::proc::{cpu_list, meminfo};

/// Measured on Linux 6.18 with 2 CPUs: 23 KiB when made and 42 KiB once all its files have been
/// read (half of that the kernel can take back); 2 KiB for each CPU. Others keep more for each.
const KIB_EACH: u64 = 40;
const KIB_EACH_PER_CPU: u64 = 4;
/// A demo may take this part of what is available.
const SHARE: u64 = 10;

/// # Errors
/// When `count` cgroups would take more than a tenth of the available memory. A node that does
/// not say how much it has (no `/proc/meminfo`, `MemAvailable` only since 3.14) is not refused.
pub(super) fn check(node: &Node, count: usize) -> Result<(), ActError> {
    let Some(available) = available(node) else {
        return Ok(());
    };
    let need = count as u64 * (KIB_EACH + KIB_EACH_PER_CPU * possible_cpus(node));
    if need > available.0 / SHARE {
        return Err(ActError::NotEnoughMemory {
            asked: count,
            need_mib: need / 1024,
            available_mib: available.0 / 1024,
        });
    }
    Ok(())
}

fn available(node: &Node) -> Option<Kib> {
    let text = node.text("/proc/meminfo").ok()?;
    meminfo::parse(&text)
        .ok()?
        .fields
        .get("MemAvailable")
        .copied()
}

/// Memory is kept for possible CPUs, not only for those that run.
fn possible_cpus(node: &Node) -> u64 {
    let text = node.text("/sys/devices/system/cpu/possible").ok();
    text.and_then(|text| cpu_list::count(&text).ok())
        .map_or(1, u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn checked(available_kib: u64, cpus: &str) -> Result<(), ActError> {
        let folder = tempfile::tempdir().unwrap();
        let cpu = folder.path().join("sys/devices/system/cpu");
        fs::create_dir_all(&cpu).unwrap();
        fs::create_dir(folder.path().join("proc")).unwrap();
        fs::write(cpu.join("possible"), cpus).unwrap();
        let meminfo = format!("MemTotal: 99999999 kB\nMemAvailable: {available_kib} kB\n");
        fs::write(folder.path().join("proc/meminfo"), meminfo).unwrap();
        check(&Node::at(folder.path()), 2_000)
    }

    #[test]
    fn a_tenth_of_the_available_memory_is_the_limit() {
        let need = 2_000 * (40 + 4 * 64);
        assert!(checked(need * 10, "0-63\n").is_ok());
        assert!(checked(need * 10 - 10, "0-63\n").is_err());
        assert!(checked(need * 10 - 10, "0-1\n").is_ok());
    }

    #[test]
    fn a_node_that_does_not_say_is_not_refused() {
        assert!(check(&Node::at("/nonexistent"), 2_000).is_ok());
    }
}
