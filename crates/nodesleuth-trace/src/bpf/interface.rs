//! By which of x86-64's two ways a system call came into the kernel.

use crate::btf::Btf;
use std::fs;

/// Where in the kernel's `task_struct` it notes that the call at hand came by the 32-bit way; 0: not
/// known. Only asked on CPUs with FRED: on all others `syscall` leaves a mark in the registers.
pub(super) fn status_offset() -> u32 {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    if !has_fred(&cpus) {
        return 0;
    }
    let kernel = Btf::of_kernel().ok();
    let offset = kernel.and_then(|kernel| kernel.offset("task_struct", "thread_info.status"));
    offset.unwrap_or(0)
}

fn has_fred(cpus: &str) -> bool {
    let mut flags = cpus.lines().filter(|line| line.starts_with("flags"));
    flags.any(|line| line.split_ascii_whitespace().any(|flag| flag == "fred"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cpu_s_own_flag_counts() {
        assert!(has_fred("model name : x\nflags\t\t: fpu fred lkgs\n"));
        assert!(!has_fred("model name : fred\nflags\t\t: fpu lkgs\n"));
        assert!(!has_fred(""));
    }

    /// The field is there on every x86-64 kernel with BTF.
    #[test]
    #[cfg(target_arch = "x86_64")]
    fn this_kernel_says_where_it_notes_it() {
        let Ok(kernel) = Btf::of_kernel() else { return };
        let offset = kernel.offset("task_struct", "thread_info.status");
        assert!(
            offset.is_some_and(|offset| offset > 0 && offset < 64),
            "{offset:?}"
        );
    }
}
