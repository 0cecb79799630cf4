//! `/proc/slabinfo`: the kernel's object caches, `slabinfo(5)`. Readable by root only since 2.6.38.
//!
//! Two header lines, then one line a cache: name, active objects, objects, bytes of an object, …
//! These four columns are the same from version 1.1 (Linux 2.4) to 2.1 (2.6.10 and later); what
//! follows differs and is not needed. Version 1.0 did not tell the object's size.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::from_text;
use nodesleuth_model::Bytes;
use nodesleuth_model::evidence::{SlabCache, SlabInfo};
use std::cmp::Reverse;

const WHAT: &str = "/proc/slabinfo";

/// Caches that known causes ask for, kept however small; a trailing `*` stands for any rest.
const ALWAYS_KEPT: &[&str] = &[
    "dentry",
    "inode_cache",
    "proc_inode_cache",
    "shmem_inode_cache",
    "sock_inode_cache",
    "ext4_inode_cache",
    "xfs_inode",
    "btrfs_inode",
    "ovl_inode",
    "kernfs_node_cache",
    "kernfs_iattrs_cache",
    "mem_cgroup*",
    "cgroup*",
    "radix_tree_node",
    "buffer_head",
    "nf_conntrack*",
];

/// Reads all caches and keeps the `keep` largest and the ones that known causes ask for.
///
/// # Errors
/// When the header is not that of a known version, or a line is not a cache.
pub fn parse(text: &str, keep: usize) -> Result<SlabInfo, Malformed> {
    let header = numbered(text).next().map_or("", |(_, line)| line);
    check_version(header)?;
    let mut caches = Vec::new();
    for (index, line) in numbered(text).skip(1) {
        if !line.starts_with('#') {
            caches.push(cache(line, index)?);
        }
    }
    Ok(summarise(caches, keep))
}

fn check_version(header: &str) -> Result<(), Malformed> {
    let known = header
        .strip_prefix("slabinfo - version: ")
        .and_then(|rest| rest.split_whitespace().next())
        .is_some_and(|version| version == "1.1" || version.starts_with("2."));
    if known {
        return Ok(());
    }
    let reason = format!(
        "expected `slabinfo - version: 2.1` (or 2.0, 1.1), found {}",
        quoted(header)
    );
    Err(Malformed::line(WHAT, 0, reason))
}

/// Old names contain blanks ("fasync cache"): the name ends at the first number.
fn cache(line: &str, index: usize) -> Result<SlabCache, Malformed> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let names = words
        .iter()
        .position(|word| from_text(word).is_some())
        .unwrap_or(words.len());
    let (name, rest) = words.split_at(names);
    let mut numbers = rest.iter().map_while(|word| from_text(word));
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(active_objects), Some(objects), Some(object_size)) if is_name(name) => {
            Ok(SlabCache {
                name: name.join(" "),
                active_objects,
                objects,
                object_size,
            })
        }
        _ => {
            let reason = format!(
                "expected a name and three numbers or more, found {}",
                quoted(line)
            );
            Err(Malformed::line(WHAT, index, reason))
        }
    }
}

/// A name, and no number that is none: negative, too large or with decimals.
fn is_name(words: &[&str]) -> bool {
    let begins_as_letter = |word: &&str| word.starts_with(|first: char| first.is_alphabetic());
    match words.split_first() {
        Some((first, rest)) => {
            first.contains(|letter: char| letter.is_alphabetic() || letter == ':')
                && rest.iter().all(begins_as_letter)
        }
        None => false,
    }
}

fn summarise(mut caches: Vec<SlabCache>, keep: usize) -> SlabInfo {
    let total_caches = u32::try_from(caches.len()).unwrap_or(u32::MAX);
    let total = caches
        .iter()
        .fold(0_u64, |sum, cache| sum.saturating_add(cache.bytes().0));
    caches.sort_by(|a, b| (Reverse(a.bytes()), &a.name).cmp(&(Reverse(b.bytes()), &b.name)));
    let mut rank = 0;
    caches.retain(|cache| {
        rank += 1;
        rank <= keep
            || ALWAYS_KEPT
                .iter()
                .any(|name| super::names(name, &cache.name))
    });
    SlabInfo {
        caches,
        total_caches,
        total: Bytes(total),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use nodesleuth_model::Bytes;

    /// Linux 4.15 with 20,000 dying cgroups, shortened.
    const K415: &str = "\
slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
ext4_inode_cache   60061 660000   1016   32    8 : tunables    0    0    0 : slabdata  20625  20625      0
proc_inode_cache     550    550    648   50    8 : tunables    0    0    0 : slabdata     11     11      0
dentry            152220 892332    192   42    2 : tunables    0    0    0 : slabdata  21246  21246      0
task_struct          112    126   5376    6    8 : tunables    0    0    0 : slabdata     21     21      0
kmalloc-8          21504  21504      8  512    1 : tunables    0    0    0 : slabdata     42     42      0
";

    #[test]
    fn the_largest_and_the_asked_for_caches_are_kept_largest_first() {
        let slab = parse(K415, 1).unwrap();
        let names: Vec<&str> = slab
            .caches
            .iter()
            .map(|cache| cache.name.as_str())
            .collect();
        assert_eq!(names, ["ext4_inode_cache", "dentry", "proc_inode_cache"]);
        assert_eq!(slab.total_caches, 5);
        let expected = 660_000 * 1016 + 550 * 648 + 892_332 * 192 + 126 * 5376 + 21_504 * 8;
        assert_eq!(slab.total, Bytes(expected));
    }

    #[test]
    fn objects_in_use_and_room_for_objects_are_told_apart() {
        let slab = parse(K415, 10).unwrap();
        let dentry = slab.cache("dentry").unwrap();
        assert_eq!((dentry.active_objects, dentry.objects), (152_220, 892_332));
        assert_eq!(dentry.object_size, 192);
    }

    #[test]
    fn new_caches_of_cgroups_are_kept_however_small() {
        let text =
            "slabinfo - version: 2.1\n# name\nmem_cgroup 61 126 2240 14 8 : tunables 0 0 0\n";
        assert_eq!(parse(text, 0).unwrap().caches.len(), 1);
    }

    #[test]
    fn older_versions_and_names_with_blanks_are_read() {
        let v2_0 = "slabinfo - version: 2.0\n# name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables\nfasync cache         1    202     16  202    1 : tunables  120   60    8\n";
        let slab = parse(v2_0, 9).unwrap();
        assert_eq!(slab.cache("fasync cache").unwrap().objects, 202);
        let v1_1 = "slabinfo - version: 1.1 (statistics) (SMP)\nkmem_cache            80     80    244    5    5    1 :  252  126\n";
        assert_eq!(
            parse(v1_1, 9)
                .unwrap()
                .cache("kmem_cache")
                .unwrap()
                .object_size,
            244
        );
        let debug = K415.replace("2.1\n", "2.1 (statistics)\n");
        assert_eq!(parse(&debug, 9).unwrap().total_caches, 5);
    }

    #[test]
    fn a_version_without_sizes_is_refused() {
        assert!(parse("slabinfo - version: 1.0\nkmem_cache 80 80\n", 9).is_err());
        assert!(parse("", 9).is_err());
        assert!(parse("slabinfo - version: ", 9).is_err());
    }

    #[test]
    fn a_cut_or_absurd_line_is_malformed_with_its_line() {
        for line in [
            "dentry            1522",
            "dentry -1 2 3 4 5",
            "dentry 18446744073709551616 1 2 3",
            "340869.7 1 2 3",
            "152220 892332 192",
        ] {
            let error =
                parse(&format!("slabinfo - version: 2.1\n# name\n{line}\n"), 9).unwrap_err();
            assert_eq!(error.line, Some(3), "{line}");
        }
    }

    #[test]
    fn huge_caches_do_not_overflow_the_total() {
        let huge = format!("huge 1 {} 4096 1 1 : tunables\n", u64::MAX);
        let slab = parse(&format!("slabinfo - version: 2.1\n{huge}{huge}"), 9).unwrap();
        assert_eq!(slab.total, Bytes(u64::MAX));
    }
}
