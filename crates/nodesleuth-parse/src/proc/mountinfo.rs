//! `/proc/PID/mountinfo` (since 2.6.26): one mount a line, `proc_pid_mountinfo(5)`.
//!
//! `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`: six fields,
//! any number of optional ones, a lone `-`, three more. Blanks in names are octal escapes, so a
//! single blank always separates, and a field may be empty.

use crate::Malformed;
use crate::lines::numbered;
use crate::number::{decimal32, from_text};
use nodesleuth_model::evidence::{DuplicateMount, MountTable};
use std::cmp::Reverse;
use std::collections::BTreeMap;

const WHAT: &str = "/proc/PID/mountinfo";
const DUPLICATES_KEPT: usize = 10;

/// One mount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// Mount id; may be used again after unmounting.
    pub id: u32,
    /// Id of the mount that this one is on.
    pub parent: u32,
    /// `major:minor` of the filesystem.
    pub device: String,
    /// The directory of the filesystem that is the root of this mount.
    pub root: String,
    /// Where it is, as seen from the process's root directory.
    pub mount_point: String,
    /// Options of this mount, such as `rw,relatime`.
    pub options: String,
    /// Filesystem type, such as `ext4` or `fuse.sshfs`.
    pub fs_type: String,
    /// What is mounted, by filesystem; may be empty.
    pub source: String,
    /// Options of the filesystem; of cgroup v1 the controllers.
    pub super_options: String,
}

/// Reads all mounts, escapes decoded.
///
/// # Errors
/// When a line is not a mount, or there is none.
pub fn parse(text: &str) -> Result<Vec<Mount>, Malformed> {
    let mounts: Vec<Mount> = numbered(text)
        .map(|(index, line)| mount(line).map_err(|reason| Malformed::line(WHAT, index, reason)))
        .collect::<Result<_, _>>()?;
    if mounts.is_empty() {
        return Err(Malformed::whole(WHAT, "no mount"));
    }
    Ok(mounts)
}

/// Counts by type and finds mount points that are mounted over again and again.
#[must_use]
pub fn summarise(mounts: &[Mount], source: &str) -> MountTable {
    let mut by_type = BTreeMap::new();
    let mut by_point: BTreeMap<&str, u64> = BTreeMap::new();
    for mount in mounts {
        *by_type.entry(mount.fs_type.clone()).or_default() += 1;
        *by_point.entry(&mount.mount_point).or_default() += 1;
    }
    let mut duplicates: Vec<DuplicateMount> = by_point
        .into_iter()
        .filter(|&(_, count)| count > 1)
        .map(|(point, count)| DuplicateMount {
            mount_point: point.to_owned(),
            count,
        })
        .collect();
    duplicates.sort_by_key(|duplicate| Reverse(duplicate.count));
    duplicates.truncate(DUPLICATES_KEPT);
    MountTable {
        source: source.to_owned(),
        mounts: mounts.len() as u64,
        by_type,
        duplicates,
    }
}

fn mount(line: &str) -> Result<Mount, &'static str> {
    const SHORT: &str = "ends early";
    let mut fields = line.split(' ');
    let mut next = || fields.next().ok_or(SHORT);
    let id = small(next()?)?;
    let parent = small(next()?)?;
    let device = device(next()?)?;
    let (root, mount_point, options) = (next()?, next()?, next()?);
    while next()? != "-" {}
    Ok(Mount {
        id,
        parent,
        device,
        root: unescaped(root),
        mount_point: unescaped(mount_point),
        options: unescaped(options),
        fs_type: unescaped(next()?),
        source: unescaped(next()?),
        super_options: unescaped(next()?),
    })
}

fn small(field: &str) -> Result<u32, &'static str> {
    decimal32(field.as_bytes()).ok_or("expected two mount ids first")
}

fn device(field: &str) -> Result<String, &'static str> {
    field
        .split_once(':')
        .filter(|(major, minor)| from_text(major).is_some() && from_text(minor).is_some())
        .map(|_| field.to_owned())
        .ok_or("expected major:minor as the third field")
}

/// Undoes the kernel's `\040` escapes; anything that is not one stays.
fn unescaped(field: &str) -> String {
    if !field.contains('\\') {
        return field.to_owned();
    }
    let bytes = field.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match octal(&bytes[at..]) {
            Some(decoded) => {
                plain.push(decoded);
                at += 4;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn octal(bytes: &[u8]) -> Option<u8> {
    let [
        b'\\',
        high @ b'0'..=b'3',
        middle @ b'0'..=b'7',
        low @ b'0'..=b'7',
        ..,
    ] = bytes
    else {
        return None;
    };
    Some((high - b'0') * 64 + (middle - b'0') * 8 + (low - b'0'))
}

#[cfg(test)]
mod tests {
    use super::{parse, summarise};
    use proptest::prelude::proptest;

    /// Linux 6.18, a hybrid cgroup machine, shortened.
    const K618: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard,resv_strict,resuid=65534,resgid=65534
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn every_field_is_read() {
        let mounts = parse(K618).unwrap();
        let memory = &mounts[3];
        assert_eq!((memory.id, memory.parent), (35, 31));
        assert_eq!(
            (memory.device.as_str(), memory.root.as_str()),
            ("0:32", "/")
        );
        assert_eq!(memory.mount_point, "/sys/fs/cgroup/memory");
        assert_eq!(
            (memory.options.as_str(), memory.fs_type.as_str()),
            ("rw,relatime", "cgroup")
        );
        assert_eq!(
            (memory.source.as_str(), memory.super_options.as_str()),
            ("cgroup", "rw,memory")
        );
    }

    #[test]
    fn optional_fields_escapes_and_empty_sources_are_read() {
        let line = "36 35 98:0 /mnt\\0401 /mnt\\011\\134x rw master:1 shared:7 - fuse.sshfs  rw\n";
        let mounts = parse(line).unwrap();
        assert_eq!(mounts[0].root, "/mnt 1");
        assert_eq!(mounts[0].mount_point, "/mnt\t\\x");
        assert_eq!(mounts[0].source, "");
        assert_eq!(mounts[0].super_options, "rw");
    }

    #[test]
    fn what_only_looks_like_an_escape_stays() {
        let line = "36 35 98:0 / /a\\9zz\\40 rw - ext4 /dev/x\\777 rw\n";
        let mounts = parse(line).unwrap();
        assert_eq!(mounts[0].mount_point, "/a\\9zz\\40");
        assert_eq!(mounts[0].source, "/dev/x\\777");
    }

    #[test]
    fn empty_cut_and_absurd_texts_are_malformed() {
        assert!(parse("").is_err());
        for line in [
            "36 35 98:0 / /mnt rw",
            "36 35 98:0 / /mnt rw - ext4 /dev/x",
            "36 35 98 / /mnt rw - ext4 /dev/x rw",
            "-1 35 98:0 / /mnt rw - ext4 /dev/x rw",
            "4294967296 35 98:0 / /mnt rw - ext4 /dev/x rw",
        ] {
            let error = parse(&format!("{K618}{line}\n")).unwrap_err();
            assert_eq!(error.line, Some(6), "{line}");
        }
    }

    #[test]
    fn types_are_counted_and_repeated_mount_points_found() {
        let mut text = String::from(K618);
        for (point, count) in [("/a", 2), ("/b", 3)] {
            for _ in 0..count {
                text.push_str(&format!("9 1 0:9 / {point} rw - tmpfs tmpfs rw\n"));
            }
        }
        let table = summarise(&parse(&text).unwrap(), "/proc/1/mountinfo");
        assert_eq!((table.mounts, table.by_type["tmpfs"]), (10, 6));
        let duplicates: Vec<(&str, u64)> = table
            .duplicates
            .iter()
            .map(|duplicate| (duplicate.mount_point.as_str(), duplicate.count))
            .collect();
        assert_eq!(duplicates, [("/b", 3), ("/a", 2)]);
    }

    #[test]
    fn at_most_ten_repeated_mount_points_are_kept() {
        let line = |number: u32| format!("9 1 0:9 / /{} rw - tmpfs tmpfs rw\n", number % 15);
        let text: String = (0..30).map(line).collect();
        assert_eq!(summarise(&parse(&text).unwrap(), "x").duplicates.len(), 10);
    }

    proptest! {
        #[test]
        fn a_mount_point_escaped_as_the_kernel_does_is_read_back(point in "/[ -~\n\t]{0,30}") {
            let escaped: String = point
                .chars()
                .map(|letter| match letter {
                    ' ' | '\t' | '\n' | '\\' | '#' => format!("\\{:03o}", letter as u32),
                    _ => letter.to_string(),
                })
                .collect();
            let mounts = parse(&format!("1 1 0:1 / {escaped} rw - tmpfs tmpfs rw\n")).unwrap();
            assert_eq!(&mounts[0].mount_point, &point);
        }
    }
}
