//! Cgroups that are made, removed and let go by the kernel, from its tracepoints (since 4.13).

mod format;
mod tracefs;

use crate::clock::monotonic_ns;
use crate::perf::{self, Attributes, Ring, Rings, Scope};
use format::Format;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use tracefs::Tracefs;

/// Room for each CPU: a thousand events, which are a hundred bytes each; they are taken every few
/// dozen milliseconds.
const RING_BYTES: usize = 128 << 10;
/// In a sample: process and thread, then the time, then the size of the tracepoint's own fields.
const TIME: usize = 8;
const RAW: usize = 20;

/// What happened to a cgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CgroupChange {
    /// mkdir.
    Made,
    /// rmdir: from now on it is dying.
    Removed,
    /// Nothing holds it any more and the kernel lets it go.
    Released,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupEvent {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub time_ns: u64,
    /// The process that did it, as the initial PID namespace numbers it; for [`CgroupChange::Released`]
    /// some kernel thread.
    pub pid: u32,
    /// What happened.
    pub change: CgroupChange,
    /// The hierarchy's number, as `/proc/cgroups` has it; 0 for v2.
    pub hierarchy: u32,
    /// The cgroup's id; before 5.5 used again after its release.
    pub id: u64,
    /// Its path in the hierarchy.
    pub path: String,
}

/// Watches the cgroups of all hierarchies.
pub struct CgroupEvents {
    /// Closing them detaches.
    events: Vec<OwnedFd>,
    rings: Rings,
    points: Vec<Point>,
}

impl std::fmt::Debug for CgroupEvents {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("CgroupEvents").finish_non_exhaustive()
    }
}

/// One of the three tracepoints.
#[derive(Clone, Debug)]
struct Point {
    change: CgroupChange,
    format: Format,
}

impl CgroupEvents {
    /// Begins to watch.
    ///
    /// # Errors
    /// When the kernel has no such tracepoints, tracefs cannot be read, or perf events are refused.
    pub fn open() -> Result<Self, String> {
        let tracefs = Tracefs::open()?;
        let points = [
            ("cgroup_mkdir", CgroupChange::Made),
            ("cgroup_rmdir", CgroupChange::Removed),
            ("cgroup_release", CgroupChange::Released),
        ];
        let point = |(name, change)| {
            let text = tracefs.read(&format!("events/cgroup/{name}/format"))?;
            let format = Format::parse(&text).ok_or(format!("cannot understand {name}/format"))?;
            Ok(Point { change, format })
        };
        let points: Vec<Point> = points
            .into_iter()
            .map(point)
            .collect::<Result<_, String>>()?;
        let told = |error: io::Error| match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => {
                format!("opening perf events: {error}; this needs root or CAP_PERFMON")
            }
            _ => format!("opening perf events: {error}"),
        };
        let (rings, events) = attach(&points).map_err(told)?;
        Ok(Self {
            events,
            rings: Rings::new(rings),
            points,
        })
    }

    /// Hands over what has happened since the last time, in the order of time.
    pub fn poll(&mut self, each: &mut dyn FnMut(CgroupEvent)) {
        self.drain(monotonic_ns(), each);
    }

    /// Ends it: hands over the rest and says how many events were lost for want of room.
    pub fn finish(mut self, each: &mut dyn FnMut(CgroupEvent)) -> u64 {
        self.events.clear();
        self.drain(u64::MAX, each);
        self.rings.lost()
    }

    fn drain(&mut self, until: u64, each: &mut dyn FnMut(CgroupEvent)) {
        let points = &self.points;
        self.rings.drain(until, time_of, &mut |body| {
            if let Some(event) = event(body, points) {
                each(event);
            }
        });
    }
}

/// A ring for each CPU and the three events on it, running.
fn attach(points: &[Point]) -> io::Result<(Vec<Ring>, Vec<OwnedFd>)> {
    let common = Attributes {
        sample_period: 1,
        sample_type: Attributes::SAMPLE_TID | Attributes::SAMPLE_TIME | Attributes::SAMPLE_RAW,
        flags: Attributes::WATERMARK | Attributes::USE_CLOCK,
        wakeup_watermark: u32::MAX,
        clock: libc::CLOCK_MONOTONIC,
        ..Attributes::default()
    };
    let (mut rings, mut events) = (Vec::new(), Vec::new());
    for cpu in perf::online_cpus()? {
        let dummy = Attributes {
            kind: Attributes::SOFTWARE,
            config: Attributes::DUMMY,
            ..common
        };
        let ring = Ring::new(perf::open(&dummy, Scope::Cpu(cpu))?, RING_BYTES)?;
        for point in points {
            let attributes = Attributes {
                kind: Attributes::TRACEPOINT,
                config: u64::from(point.format.id),
                ..common
            };
            let event = perf::open(&attributes, Scope::Cpu(cpu))?;
            perf::redirect(event.as_fd(), ring.event())?;
            events.push(event);
        }
        rings.push(ring);
    }
    Ok((rings, events))
}

fn time_of(body: &[u8]) -> Option<u64> {
    Some(u64::from_ne_bytes(
        body.get(TIME..TIME + 8)?.try_into().ok()?,
    ))
}

fn event(body: &[u8], points: &[Point]) -> Option<CgroupEvent> {
    let raw = body.get(RAW..)?;
    let kind = u16::from_ne_bytes(raw.get(..2)?.try_into().ok()?);
    let point = points.iter().find(|point| point.format.id == kind)?;
    let format = &point.format;
    Some(CgroupEvent {
        time_ns: time_of(body)?,
        pid: u32::from_ne_bytes(body.get(..4)?.try_into().ok()?),
        change: point.change,
        hierarchy: u32::try_from(format.root.number(raw)?).ok()?,
        id: format.cgroup.number(raw)?,
        path: format.path.text(raw)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<Point> {
        vec![Point {
            change: CgroupChange::Removed,
            format: Format::parse(format::tests::K618).unwrap(),
        }]
    }

    fn sample(id: u16, path: &[u8]) -> Vec<u8> {
        let mut raw = Vec::new();
        raw.extend(id.to_ne_bytes());
        raw.extend([0; 6]);
        raw.extend(4_i32.to_ne_bytes());
        raw.extend(2_i32.to_ne_bytes());
        raw.extend(77_u64.to_ne_bytes());
        let at = 28_u32 | (u32::try_from(path.len()).unwrap() << 16);
        raw.extend(at.to_ne_bytes());
        raw.extend(path);
        let mut body = Vec::new();
        body.extend(4711_u32.to_ne_bytes());
        body.extend(4712_u32.to_ne_bytes());
        body.extend(123_u64.to_ne_bytes());
        body.extend(u32::try_from(raw.len()).unwrap().to_ne_bytes());
        body.extend(raw);
        body
    }

    #[test]
    fn a_sample_says_who_did_what_to_which_cgroup() {
        let body = sample(544, b"/kubepods/pod1\0");
        let expected = CgroupEvent {
            time_ns: 123,
            pid: 4711,
            change: CgroupChange::Removed,
            hierarchy: 4,
            id: 77,
            path: "/kubepods/pod1".to_owned(),
        };
        assert_eq!(event(&body, &points()), Some(expected));
    }

    #[test]
    fn other_and_cut_samples_are_none_of_ours() {
        assert_eq!(event(&sample(7, b"/a\0"), &points()), None);
        let body = sample(544, b"/kubepods\0");
        for length in 0..body.len() {
            // Must not panic; a path that is cut is no path.
            assert_eq!(event(&body[..length], &points()), None, "{length}");
        }
    }
}
