//! Files of `/proc` and a few small files like them, one module each.

pub mod cgroups;
pub mod cmdline;
pub mod cpu_list;
pub mod dentry_state;
pub mod fanotify;
pub mod interrupts;
pub mod io;
pub mod kallsyms;
pub mod kernel_config;
pub mod limits;
pub mod loadavg;
pub mod maps;
pub mod meminfo;
pub mod modules;
pub mod mountinfo;
pub mod net_tcp;
pub mod os_release;
pub mod pid_cgroup;
pub mod pid_stat;
pub mod pressure;
pub mod schedstat;
pub mod single;
pub mod slabinfo;
pub mod softirqs;
pub mod softnet_stat;
pub mod stat;
pub mod status;
pub mod uname;
pub mod vmstat;

/// Whether `pattern` names `name`: the same, or its beginning when the pattern ends in `*`.
fn names(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}
