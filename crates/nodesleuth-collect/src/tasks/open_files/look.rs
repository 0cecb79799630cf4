//! One look at a process's descriptors.

use nix::fcntl::OFlag;
use std::fs;
use std::io;
use std::path::PathBuf;

/// Listed at most; the numbers come in ascending order.
const MOST_LISTED: usize = 4096;
/// Links read in one look, lowest numbers first: a file that is opened for a moment gets the
/// lowest number that is free.
const MOST_LINKS: usize = 256;
/// Numbers that were free when the descriptors were listed and are tried all the same: a file that
/// is open for microseconds is rarely there in the very moment of listing.
const TRIED_FREE: usize = 4;

/// One descriptor in a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) fd: u32,
    /// Where its link points; none when the link was not read.
    pub(super) link: Option<String>,
}

/// The folder of a process.
#[derive(Clone, Debug)]
pub(super) struct ProcessFolder(PathBuf);

impl ProcessFolder {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The descriptors, ascending; links only of those that are `wanted`.
    pub(super) fn look(&self, wanted: impl Fn(u32) -> bool) -> io::Result<Vec<Seen>> {
        let folder = self.0.join("fd");
        let mut numbers: Vec<u32> = Vec::new();
        for entry in fs::read_dir(&folder)?.take(MOST_LISTED) {
            let name = entry?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        let free = lowest_free(&numbers);
        let mut left = MOST_LINKS;
        let mut seen = Vec::with_capacity(numbers.len());
        for fd in numbers {
            if left == 0 || !wanted(fd) {
                seen.push(Seen { fd, link: None });
                continue;
            }
            left -= 1;
            // One that was closed meanwhile was not there.
            if let Ok(link) = fs::read_link(folder.join(fd.to_string())) {
                seen.push(Seen {
                    fd,
                    link: Some(link.to_string_lossy().into_owned()),
                });
            }
        }
        for fd in free {
            if let Ok(link) = fs::read_link(folder.join(fd.to_string())) {
                let link = Some(link.to_string_lossy().into_owned());
                seen.push(Seen { fd, link });
            }
        }
        seen.sort_unstable_by_key(|seen| seen.fd);
        Ok(seen)
    }

    /// Whether a descriptor was opened as a folder; `None` when it is closed again.
    pub(super) fn is_folder(&self, fd: u32) -> Option<bool> {
        let text = fs::read_to_string(self.0.join("fdinfo").join(fd.to_string()));
        text.ok().map(|text| opened_as_folder(&text))
    }
}

/// The numbers that the next files get.
fn lowest_free(taken: &[u32]) -> Vec<u32> {
    let is_free = |fd: &u32| taken.binary_search(fd).is_err();
    (0..).filter(is_free).take(TRIED_FREE).collect()
}

fn opened_as_folder(fdinfo: &str) -> bool {
    let line = fdinfo.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = line.and_then(|flags| i32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & OFlag::O_DIRECTORY.bits() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    #[test]
    fn links_are_read_where_wanted_and_only_of_the_lowest_numbers() {
        let fake = (0..300).fold(FakeNode::new(), |fake, fd| {
            fake.link(&format!("/proc/7/fd/{fd}"), "/etc/hosts")
        });
        let folder = ProcessFolder::new(fake.node.path("/proc/7"));
        let seen = folder.look(|fd| fd != 1).unwrap();
        assert_eq!(seen.len(), 300);
        assert_eq!(seen[0].link.as_deref(), Some("/etc/hosts"));
        assert_eq!(seen[1].link, None);
        assert_eq!(
            seen.iter().filter(|seen| seen.link.is_some()).count(),
            MOST_LINKS
        );
    }

    #[test]
    fn the_next_files_get_the_lowest_free_numbers() {
        assert_eq!(lowest_free(&[0, 1, 2, 4, 5]), [3, 6, 7, 8]);
        assert_eq!(lowest_free(&[]), [0, 1, 2, 3]);
    }

    #[test]
    fn flags_tell_a_folder_from_a_file() {
        let folder = format!("pos:\t0\nflags:\t0{:o}\n", OFlag::O_DIRECTORY.bits());
        assert!(opened_as_folder(&folder));
        assert!(!opened_as_folder("pos:\t0\nflags:\t0100000\n"));
        assert!(!opened_as_folder("flags:\trubbish\n"));
    }
}
