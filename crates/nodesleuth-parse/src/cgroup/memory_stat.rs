//! `memory.stat` of a cgroup: `name number` lines. v1 gives a cgroup's own bytes and, as
//! `total_…`, those of everything below with it (`Documentation/admin-guide/cgroup-v1/memory.rst`);
//! v2 only the latter.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::from_text;
use nodesleuth_model::Bytes;

const WHAT: &str = "memory.stat";

/// Bytes of one scope; a line that this kernel does not have is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryBytes {
    /// Page cache, tmpfs included.
    pub cache: Option<Bytes>,
    /// Anonymous memory.
    pub rss: Option<Bytes>,
    /// tmpfs and shared memory (v1 since 4.10).
    pub shmem: Option<Bytes>,
    /// Page cache that is not written yet (v1 since 4.2).
    pub dirty: Option<Bytes>,
}

impl MemoryBytes {
    /// Page cache and anonymous memory.
    #[must_use]
    pub fn charged(&self) -> Option<Bytes> {
        Some(Bytes(self.cache?.0.saturating_add(self.rss?.0)))
    }
}

/// A v1 cgroup's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryStatV1 {
    /// Its own.
    pub own: MemoryBytes,
    /// With everything below.
    pub total: MemoryBytes,
}

/// What a v2 cgroup and everything below it are charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryStatV2 {
    /// `file`, `anon`, `shmem`, `file_dirty`.
    pub total: MemoryBytes,
    /// Kernel memory (since 5.18).
    pub kernel: Option<Bytes>,
}

/// Reads the file of a v1 cgroup.
///
/// # Errors
/// When a line is not a name and a number, or one of cache and rss and their totals is missing.
pub fn parse_v1(text: &str) -> Result<MemoryStatV1, Malformed> {
    let mut stat = MemoryStatV1::default();
    for line in lines(text) {
        let (name, number) = line?;
        let (scope, name) = match name.strip_prefix("total_") {
            Some(name) => (&mut stat.total, name),
            None => (&mut stat.own, name),
        };
        let field = match name {
            "cache" => &mut scope.cache,
            "rss" => &mut scope.rss,
            "shmem" => &mut scope.shmem,
            "dirty" => &mut scope.dirty,
            _ => continue,
        };
        *field = Some(Bytes(number));
    }
    if stat.own.charged().is_none() || stat.total.charged().is_none() {
        let reason = "no cache, rss, total_cache and total_rss (cgroup v1 has them)";
        return Err(Malformed::whole(WHAT, reason));
    }
    Ok(stat)
}

/// Reads the file of a v2 cgroup: what it and everything below are charged.
///
/// # Errors
/// When a line is not a name and a number, or file or anon is missing.
pub fn parse_v2(text: &str) -> Result<MemoryStatV2, Malformed> {
    let mut stat = MemoryStatV2::default();
    for line in lines(text) {
        let (name, number) = line?;
        let field = match name {
            "file" => &mut stat.total.cache,
            "anon" => &mut stat.total.rss,
            "shmem" => &mut stat.total.shmem,
            "file_dirty" => &mut stat.total.dirty,
            "kernel" => &mut stat.kernel,
            _ => continue,
        };
        *field = Some(Bytes(number));
    }
    if stat.total.charged().is_none() {
        return Err(Malformed::whole(
            WHAT,
            "no file and anon (cgroup v2 has them)",
        ));
    }
    Ok(stat)
}

fn lines(text: &str) -> impl Iterator<Item = Result<(&str, u64), Malformed>> {
    numbered(text).map(|(index, line)| {
        let counter = line.split_once(' ');
        counter
            .and_then(|(name, number)| Some((name, from_text(number.trim())?)))
            .ok_or_else(|| {
                let reason = format!("expected a name and a number, found {}", quoted(line));
                Malformed::line(WHAT, index, reason)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux 6.18, shortened.
    const K618: &str = "cache 10407936\nrss 14172160\nrss_huge 0\nshmem 8998912\ndirty 45056\n\
        hierarchical_memory_limit 9223372036854771712\ntotal_cache 5263659008\n\
        total_rss 1245929472\ntotal_shmem 8998912\ntotal_dirty 193794048\n";

    /// RHEL 7's 3.10: neither shmem nor dirty.
    const K310: &str = "cache 4096\nrss 0\nrss_huge 0\nmapped_file 0\nswap 0\n\
        hierarchical_memory_limit 9223372036854771712\ntotal_cache 8192\ntotal_rss 1\n";

    #[test]
    fn own_and_total_are_told_apart() {
        let stat = parse_v1(K618).unwrap();
        assert_eq!(stat.own.charged(), Some(Bytes(24_580_096)));
        assert_eq!(stat.total.charged(), Some(Bytes(6_509_588_480)));
        assert_eq!(stat.total.dirty, Some(Bytes(193_794_048)));
    }

    #[test]
    fn an_old_kernel_has_fewer_lines() {
        let stat = parse_v1(K310).unwrap();
        assert_eq!(stat.total.charged(), Some(Bytes(8193)));
        assert_eq!((stat.own.shmem, stat.own.dirty), (None, None));
    }

    #[test]
    fn v2_names_them_otherwise() {
        let stat = parse_v2("anon 10\nfile 20\nkernel 7\nshmem 5\nfile_dirty 1\n").unwrap();
        assert_eq!(stat.total.charged(), Some(Bytes(30)));
        assert_eq!(stat.total.shmem, Some(Bytes(5)));
        assert_eq!(stat.kernel, Some(Bytes(7)));
        assert_eq!(parse_v2("anon 10\nfile 20\n").unwrap().kernel, None);
        assert!(parse_v2(K618).is_err() && parse_v2("").is_err());
    }

    #[test]
    fn cut_absurd_and_v2_texts_are_malformed() {
        for text in [
            "",
            "cache 1\nrss 2\ntotal_cache 3\n",
            "cache 1\nrss 2\ntotal_cache 3\ntotal_r",
            "cache -1\nrss 2\ntotal_cache 3\ntotal_rss 4\n",
            "anon 1\nfile 2\nkernel 3\n",
        ] {
            assert!(parse_v1(text).is_err(), "{text:?}");
        }
    }
}
