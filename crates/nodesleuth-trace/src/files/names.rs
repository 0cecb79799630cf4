//! Names of files as the programs send them: from the file up to the root of its file system.

use super::Mounts;
use std::collections::BTreeMap;
use std::sync::Arc;

/// inode, device, mode, depth; then the names.
const HEADER: usize = 16;

/// File types in a mode.
const TYPE: u16 = 0o170_000;
const SOCKET: u16 = 0o140_000;
const PIPE: u16 = 0o010_000;

/// Known files by device and inode.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<(u32, u64), Arc<str>>);

impl Names {
    /// Takes a message of the programs; what is no message is left out.
    pub(crate) fn take(&mut self, message: &[u8], mounts: &Mounts) {
        if let Some((device, inode, name)) = parse(message, mounts) {
            self.0.insert((device, inode), name.into());
        }
    }

    pub(crate) fn get(&self, device: u32, inode: u64) -> Option<Arc<str>> {
        self.0.get(&(device, inode)).cloned()
    }
}

fn parse(message: &[u8], mounts: &Mounts) -> Option<(u32, u64, String)> {
    let (header, text) = message.split_at_checked(HEADER)?;
    let inode = u64::from_ne_bytes(header.get(..8)?.try_into().ok()?);
    let device = u32::from_ne_bytes(header.get(8..12)?.try_into().ok()?);
    let mode = u16::from_ne_bytes(header.get(12..14)?.try_into().ok()?);
    let depth = u16::from_ne_bytes(header.get(14..16)?.try_into().ok()?);
    let names = text.split(|byte| *byte == 0).take(usize::from(depth));
    let names: Vec<_> = names.map(String::from_utf8_lossy).collect();
    let name = match mode & TYPE {
        SOCKET => "socket".to_owned(),
        PIPE if names.first().is_none_or(|name| name.is_empty()) => "pipe".to_owned(),
        _ => path(device, &names, mounts),
    };
    Some((device, inode, name))
}

fn path(device: u32, names: &[std::borrow::Cow<'_, str>], mounts: &Mounts) -> String {
    // A file in no folder, such as an eventfd; every other path ends at a root.
    if let [only] = names
        && only != "/"
    {
        return format!("anon_inode:{only}");
    }
    let mut inside = String::new();
    for name in names.iter().rev().filter(|name| *name != "/") {
        inside.push('/');
        inside.push_str(name);
    }
    if inside.is_empty() {
        inside.push('/');
    }
    // As the kernel packs a device's numbers.
    let device = (device >> 20, device & 0xf_ffff);
    mounts.path(device, &inside).unwrap_or(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(mode: u16, names: &[&str]) -> Vec<u8> {
        let mut bytes = 42u64.to_ne_bytes().to_vec();
        bytes.extend(((254u32 << 20) | 1).to_ne_bytes());
        bytes.extend(mode.to_ne_bytes());
        bytes.extend((names.len() as u16).to_ne_bytes());
        for name in names {
            bytes.extend(name.as_bytes());
            bytes.push(0);
        }
        bytes
    }

    fn named(mode: u16, names: &[&str]) -> String {
        let mut all = Names::default();
        all.take(&message(mode, names), &Mounts::default());
        all.get((254 << 20) | 1, 42).unwrap().to_string()
    }

    #[test]
    fn names_are_put_together_from_the_root_down() {
        assert_eq!(
            named(0o100_644, &["memory.stat", "pod", "kubepods", "/"]),
            "/kubepods/pod/memory.stat"
        );
        assert_eq!(named(0o100_644, &["memory.stat", "/"]), "/memory.stat");
        assert_eq!(named(0o040_755, &["/"]), "/");
    }

    #[test]
    fn what_is_no_file_is_said() {
        assert_eq!(named(0o140_777, &["TCP"]), "socket");
        assert_eq!(named(0o010_600, &[""]), "pipe");
        assert_eq!(named(0o000_600, &["[eventfd]"]), "anon_inode:[eventfd]");
    }

    #[test]
    fn half_a_message_is_none() {
        let mut all = Names::default();
        for length in 0..HEADER {
            all.take(
                &message(0o100_644, &["x", "y"])[..length],
                &Mounts::default(),
            );
        }
        assert!(all.0.is_empty());
    }
}
