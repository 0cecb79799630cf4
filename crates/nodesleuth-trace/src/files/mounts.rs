//! Paths inside a file system become paths of a process through its mounts.

use std::fs;

/// The mounts of a process.
#[derive(Debug, Default)]
pub(crate) struct Mounts(Vec<Mount>);

#[derive(Debug, PartialEq, Eq)]
struct Mount {
    major: u32,
    minor: u32,
    /// Which part of the file system is mounted.
    root: String,
    point: String,
}

impl Mounts {
    /// Those of a process; none if they cannot be read: paths then stay those of their file
    /// system.
    pub(crate) fn of(pid: u32) -> Self {
        let text = fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(mount).collect())
    }

    /// The path of a process for a path inside the file system of a device; `None`: it is not
    /// mounted. A file may be reached through several mounts: the one that shows most of the file
    /// system is taken.
    pub(crate) fn path(&self, device: (u32, u32), inside: &str) -> Option<String> {
        let candidates = self
            .0
            .iter()
            .filter(|mount| (mount.major, mount.minor) == device);
        let best = candidates
            .filter_map(|mount| Some((mount, below(inside, &mount.root)?)))
            .min_by_key(|(mount, _)| mount.root.len());
        best.map(|(mount, rest)| match (mount.point.as_str(), rest) {
            ("/", "") => "/".to_owned(),
            ("/", rest) => rest.to_owned(),
            (point, rest) => format!("{point}{rest}"),
        })
    }
}

/// What is left of a path below a folder; begins with a slash or is empty.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(folder.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(if rest == "/" { "" } else { rest })
}

/// `36 35 98:0 /root /point options … - type source options`
fn mount(line: &str) -> Option<Mount> {
    let mut fields = line.split(' ');
    let device = fields.nth(2)?;
    let (root, point) = (fields.next()?, fields.next()?);
    let (major, minor) = device.split_once(':')?;
    Some(Mount {
        major: major.parse().ok()?,
        minor: minor.parse().ok()?,
        root: unescape(root),
        point: unescape(point),
    })
}

/// Spaces and the like are written as `\040`.
fn unescape(field: &str) -> String {
    let mut parts = field.split('\\');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part
            .get(..3)
            .and_then(|code| u8::from_str_radix(code, 8).ok());
        match code.filter(u8::is_ascii) {
            Some(code) => {
                text.push(char::from(code));
                text.push_str(&part[3..]);
            }
            None => {
                text.push('\\');
                text.push_str(part);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "\
25 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 25 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw
41 25 0:26 /kubepods /host/pods rw - cgroup2 cgroup2 rw
50 25 254:0 /var/lib/x /data rw - ext4 /dev/vda rw
60 25 7:1 / /mnt/with\\040space rw - ext4 /dev/loop1 rw
nonsense
";

    #[test]
    fn a_path_inside_a_file_system_is_shown_below_its_mount() {
        let mounts = Mounts::parse(INFO);
        let path = |device, inside| mounts.path(device, inside).unwrap_or_default();
        assert_eq!(
            path((0, 26), "/kubepods/x/memory.stat"),
            "/sys/fs/cgroup/kubepods/x/memory.stat"
        );
        assert_eq!(path((254, 0), "/etc/hosts"), "/etc/hosts");
        assert_eq!(path((254, 0), "/"), "/");
        assert_eq!(path((7, 1), "/a"), "/mnt/with space/a");
        assert_eq!(mounts.path((9, 9), "/a"), None);
    }

    #[test]
    fn a_part_that_is_mounted_alone_is_found_and_a_longer_name_is_not() {
        let mounts = Mounts::parse("1 0 0:5 /pods /p rw - x x x\n");
        assert_eq!(mounts.path((0, 5), "/pods/a").unwrap(), "/p/a");
        assert_eq!(mounts.path((0, 5), "/podsmore/a"), None);
    }

    #[test]
    fn an_escape_that_is_none_stays() {
        assert_eq!(unescape("a\\040b\\0x\\"), "a b\\0x\\");
    }
}
