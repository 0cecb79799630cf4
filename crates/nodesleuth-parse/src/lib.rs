//! Bytes to model: /proc, cgroup files, ELF, Go build information.
