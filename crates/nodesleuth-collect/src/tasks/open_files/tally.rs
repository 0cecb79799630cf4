//! What all looks say together: which descriptors were passing, and what they were.

use super::look::Seen;
use crate::file_kind::{FILE, FOLDER, Kind, Kinds};
use nodesleuth_model::Nanos;
use nodesleuth_model::evidence::{OpenFileSamples, OpenPath};
use std::collections::BTreeMap;
use std::ops::Range;

/// Distinct paths are remembered up to this number.
const MOST_PATHS: usize = 20_000;
/// Patterns are kept up to this number; more would say nothing.
const MOST_PATTERNS: usize = 500;
/// After so many looks a descriptor that was always the same is believed to stay so …
const BELIEVED_AFTER: u32 = 16;
/// … and looked at only every so many looks.
const CHECKED_EVERY: u32 = 8;

/// What all looks say together.
#[derive(Debug)]
pub(super) struct Tally {
    kinds: Kinds,
    samples: u32,
    /// Descriptors of the first look that have been there ever since, with their link once read.
    permanent: BTreeMap<u32, Option<String>>,
    with_passing: Looks,
    /// Distinct paths, and whether each is a folder, once that is known.
    paths: BTreeMap<String, Option<bool>>,
    groups: BTreeMap<Kind, Group>,
}

/// Files of one pattern.
#[derive(Debug, Default)]
struct Group {
    looks: Looks,
    distinct: u32,
    example: String,
}

/// A set of looks by their number.
#[derive(Debug, Default)]
struct Looks(Vec<u64>);

impl Looks {
    fn add(&mut self, look: u32) {
        let word = look as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (look % 64);
    }

    fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

impl Tally {
    pub(super) fn new(kinds: Kinds) -> Self {
        Self {
            kinds,
            samples: 0,
            permanent: BTreeMap::new(),
            with_passing: Looks::default(),
            paths: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    /// Whether the next look should read this descriptor's link.
    pub(super) fn wants(&self, fd: u32) -> bool {
        let believed =
            self.samples >= BELIEVED_AFTER && matches!(self.permanent.get(&fd), Some(Some(_)));
        !believed || fd % CHECKED_EVERY == self.samples % CHECKED_EVERY
    }

    /// One more look. `is_folder` is asked of paths that only their flags can tell, until it
    /// knows.
    pub(super) fn add(&mut self, seen: Vec<Seen>, mut is_folder: impl FnMut(u32) -> Option<bool>) {
        if self.samples == 0 {
            self.permanent = seen.into_iter().map(|seen| (seen.fd, seen.link)).collect();
            self.samples = 1;
            return;
        }
        self.part_with_the_closed(&seen);
        for Seen { fd, link } in seen {
            let Some(link) = link else { continue };
            match self.permanent.get_mut(&fd) {
                Some(Some(known)) if *known == link => continue,
                Some(known @ None) => {
                    *known = Some(link);
                    continue;
                }
                Some(Some(_)) => self.was_passing(fd),
                None => {}
            }
            self.passing(&link, self.samples..self.samples + 1);
            if let Some(unknown @ None) = self.paths.get_mut(&link) {
                *unknown = is_folder(fd);
            }
        }
        self.samples += 1;
    }

    /// Those of the first look that are not there any more were passing all the time.
    fn part_with_the_closed(&mut self, seen: &[Seen]) {
        let there = |fd: &u32| seen.binary_search_by_key(fd, |seen| seen.fd).is_ok();
        let closed: Vec<u32> = self
            .permanent
            .keys()
            .copied()
            .filter(|fd| !there(fd))
            .collect();
        closed.into_iter().for_each(|fd| self.was_passing(fd));
    }

    fn was_passing(&mut self, fd: u32) {
        if let Some(Some(link)) = self.permanent.remove(&fd) {
            self.passing(&link, 0..self.samples);
        }
    }

    fn passing(&mut self, link: &str, looks: Range<u32>) {
        let Some(kind) = self.kinds.of(link) else {
            return;
        };
        let new = !self.paths.contains_key(link) && self.paths.len() < MOST_PATHS;
        if new {
            // Only ordinary files can turn out to be folders.
            let known = (kind.name != FILE).then_some(false);
            self.paths.insert(link.to_owned(), known);
        }
        looks.clone().for_each(|look| self.with_passing.add(look));
        if self.groups.len() >= MOST_PATTERNS && !self.groups.contains_key(&kind) {
            return;
        }
        let group = self.groups.entry(kind).or_default();
        looks.for_each(|look| group.looks.add(look));
        group.distinct += u32::from(new);
        if group.example.is_empty() {
            link.clone_into(&mut group.example);
        }
    }

    /// The evidence.
    pub(super) fn finish(self, cost: Nanos) -> OpenFileSamples {
        let votes = votes(&self.kinds, &self.paths);
        let groups = self.groups.into_iter().map(|(kind, group)| OpenPath {
            kind: name(&kind, &votes).to_owned(),
            pattern: kind.pattern,
            samples: group.looks.count(),
            distinct: group.distinct,
            example: group.example,
        });
        let mut passing: Vec<OpenPath> = groups.collect();
        passing.sort_by_key(|path| std::cmp::Reverse(path.samples));
        OpenFileSamples {
            samples: self.samples,
            cost,
            samples_with_passing: self.with_passing.count(),
            passing,
            distinct_paths: u32::try_from(self.paths.len()).unwrap_or(u32::MAX),
        }
    }
}

/// Of each group, how many of its paths are folders and how many are files, as far as known.
#[derive(Debug, Default)]
struct Votes {
    folders: u32,
    files: u32,
}

/// A path whose flags came too late is a folder when others are below it.
fn votes(kinds: &Kinds, paths: &BTreeMap<String, Option<bool>>) -> BTreeMap<Kind, Votes> {
    let mut votes: BTreeMap<Kind, Votes> = BTreeMap::new();
    for (path, known) in paths {
        let Some(kind) = kinds.of(path) else { continue };
        let below = format!("{path}/");
        let has_below = || {
            let next = paths.range(below.clone()..).next();
            next.is_some_and(|(path, _)| path.starts_with(&below))
        };
        let votes = votes.entry(kind).or_default();
        match known.or_else(|| has_below().then_some(true)) {
            Some(true) => votes.folders += 1,
            Some(false) => votes.files += 1,
            None => {}
        }
    }
    votes
}

fn name(kind: &Kind, votes: &BTreeMap<Kind, Votes>) -> &'static str {
    let folders = |votes: &Votes| votes.folders > votes.files;
    match votes.get(kind) {
        Some(votes) if kind.name == FILE && folders(votes) => FOLDER,
        _ => kind.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(looks: &[&[(u32, &str)]]) -> OpenFileSamples {
        let mut tally = Tally::new(Kinds::new(Vec::new()));
        for look in looks {
            let seen = look.iter().map(|&(fd, link)| Seen {
                fd,
                link: Some(link.to_owned()),
            });
            tally.add(seen.collect(), |_| Some(false));
        }
        tally.finish(Nanos(0))
    }

    const LOG: (u32, &str) = (1, "/var/log/kubelet.log");
    const STAT: &str = "/sys/fs/cgroup/memory/a/memory.stat";

    #[test]
    fn what_is_open_in_every_look_is_permanent() {
        let samples = tally(&[&[LOG], &[LOG], &[LOG]]);
        assert_eq!((samples.samples, samples.samples_with_passing), (3, 0));
        assert!(samples.passing.is_empty());
    }

    #[test]
    fn files_of_one_pattern_count_once_a_look() {
        let other = (4, "/sys/fs/cgroup/memory/b/memory.stat");
        let samples = tally(&[&[LOG], &[LOG, (3, STAT), other], &[LOG], &[LOG, (3, STAT)]]);
        assert_eq!(
            (samples.samples_with_passing, samples.distinct_paths),
            (2, 2)
        );
        let [group] = &samples.passing[..] else {
            panic!("{samples:?}")
        };
        assert_eq!((group.samples, group.distinct), (2, 2));
        assert_eq!(group.example, STAT);
    }

    #[test]
    fn a_descriptor_of_the_first_look_that_closes_was_passing_all_along() {
        let samples = tally(&[&[LOG, (3, STAT)], &[LOG, (3, STAT)], &[LOG]]);
        assert_eq!(samples.passing[0].samples, 2);
        assert_eq!(samples.samples_with_passing, 2);
    }

    #[test]
    fn a_number_that_is_given_to_another_file_was_passing() {
        let samples = tally(&[&[(3, STAT)], &[(3, "/etc/hosts")]]);
        assert_eq!(samples.samples_with_passing, 2);
        assert_eq!(samples.passing.len(), 2);
    }

    #[test]
    fn a_link_first_read_in_a_later_look_is_no_proof_of_passing() {
        let mut tally = Tally::new(Kinds::new(Vec::new()));
        tally.add(
            vec![Seen {
                fd: 900,
                link: None,
            }],
            |_| Some(false),
        );
        let later = Seen {
            fd: 900,
            link: Some("/etc/hosts".to_owned()),
        };
        tally.add(vec![later], |_| Some(false));
        assert_eq!(tally.finish(Nanos(0)).samples_with_passing, 0);
    }

    #[test]
    fn sockets_that_come_and_go_are_no_files() {
        let samples = tally(&[&[], &[(3, "socket:[1]"), (4, "pipe:[2]")]]);
        assert_eq!((samples.samples, samples.samples_with_passing), (2, 0));
    }

    #[test]
    fn a_folder_is_asked_for_its_flags_once() {
        let mut tally = Tally::new(Kinds::new(Vec::new()));
        let mut asked = 0;
        for _ in 0..3 {
            let link = Some("/var/lib/docker/overlay2".to_owned());
            let seen = vec![Seen { fd: 3, link }];
            let seen = if tally.samples == 0 { Vec::new() } else { seen };
            tally.add(seen, |_| {
                asked += 1;
                Some(true)
            });
        }
        assert_eq!(asked, 1);
        let samples = tally.finish(Nanos(0));
        assert_eq!(
            (samples.passing[0].kind.as_str(), samples.passing[0].samples),
            ("dir", 2)
        );
    }

    #[test]
    fn a_folder_that_closed_too_soon_is_known_by_what_is_below_it() {
        let (folder, below) = ("/tmp/walk-1", "/tmp/walk-1/layer-1");
        let mut tally = Tally::new(Kinds::new(Vec::new()));
        let seen = |links: &[&str]| -> Vec<Seen> {
            let seen = links.iter().zip(3..);
            seen.map(|(link, fd)| Seen {
                fd,
                link: Some((*link).to_owned()),
            })
            .collect()
        };
        for links in [&[][..], &[folder, below], &[]] {
            tally.add(seen(links), |_| None);
        }
        let samples = tally.finish(Nanos(0));
        let kinds: Vec<_> = samples
            .passing
            .iter()
            .map(|path| path.kind.as_str())
            .collect();
        assert_eq!(kinds, ["dir", "file"], "{samples:?}");
    }

    #[test]
    fn permanent_descriptors_are_checked_now_and_then_only() {
        let mut tally = Tally::new(Kinds::new(Vec::new()));
        for _ in 0..BELIEVED_AFTER {
            assert!(tally.wants(8));
            tally.add(
                vec![Seen {
                    fd: 8,
                    link: Some("/etc/hosts".to_owned()),
                }],
                |_| Some(false),
            );
        }
        assert!(tally.wants(100), "a new one is always looked at");
        let checks = (0..CHECKED_EVERY).filter(|_| {
            let wanted = tally.wants(8);
            tally.add(vec![Seen { fd: 8, link: None }], |_| Some(false));
            wanted
        });
        assert_eq!(checks.count(), 1);
    }
}
