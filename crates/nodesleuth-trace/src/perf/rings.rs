//! A ring for each CPU, read as one stream in the order of time.

use super::{Ring, Sample};
use std::fs;
use std::io;

/// Rings of all CPUs.
pub(crate) struct Rings {
    rings: Vec<Ring>,
    /// What may still be overtaken by something from another CPU.
    waiting: Vec<(u64, Vec<u8>)>,
    lost: u64,
}

impl Rings {
    pub(crate) fn new(rings: Vec<Ring>) -> Self {
        Self {
            rings,
            waiting: Vec::new(),
            lost: 0,
        }
    }

    /// Events that did not fit, so far.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// Hands over all samples with a time before `until`, earliest first; `time` finds the time of
    /// a sample and `None` for what is none. `until` must not be later than the moment of the
    /// call: a sample of that time may still be on its way.
    pub(crate) fn drain(
        &mut self,
        until: u64,
        time: impl Fn(&[u8]) -> Option<u64>,
        each: &mut dyn FnMut(&[u8]),
    ) {
        for ring in &mut self.rings {
            ring.drain(&mut |sample| match sample {
                Sample::Body(body) => {
                    self.waiting
                        .extend(time(body).map(|at| (at, body.to_vec())));
                }
                Sample::Lost(count) => self.lost += count,
            });
        }
        self.waiting.sort_by_key(|(at, _)| *at);
        let due = self.waiting.partition_point(|(at, _)| *at < until);
        for (_, body) in self.waiting.drain(..due) {
            each(&body);
        }
    }
}

/// The numbers of the CPUs that are on.
pub(crate) fn online_cpus() -> io::Result<Vec<i32>> {
    cpus("/sys/devices/system/cpu/online")
}

/// How many CPUs there can be at most: so many values the kernel has of what it keeps for each.
pub(crate) fn possible_cpus() -> io::Result<usize> {
    let cpus = cpus("/sys/devices/system/cpu/possible")?;
    Ok(cpus.len())
}

fn cpus(path: &str) -> io::Result<Vec<i32>> {
    let text = fs::read_to_string(path)?;
    list(text.trim()).ok_or_else(|| io::Error::other(format!("cannot understand {path}")))
}

/// `0-3,8` as numbers. No machine has more than 64 Ki CPUs.
fn list(text: &str) -> Option<Vec<i32>> {
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
        numbers.extend((first..=last).map(i32::from));
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_come_in_ranges() {
        assert_eq!(list("0"), Some(vec![0]));
        assert_eq!(list("0-2,5,7-8"), Some(vec![0, 1, 2, 5, 7, 8]));
        assert_eq!(list("0-99999"), None);
        assert_eq!(list(""), None);
    }
}
