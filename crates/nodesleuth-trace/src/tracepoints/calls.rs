//! Puts the two ends of each call together.

use super::events::Tracepoints;
use crate::tally::Tally;
use crate::{Captured, End, Figures, InFlight, Options, Record, StreamOptions};
use std::collections::{BTreeMap, BTreeSet};

/// One end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    tgid: u32,
    tid: u32,
    time_ns: u64,
    number: u16,
    end: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Enter([u64; 6]),
    Exit(i64),
}

/// The thread's ids, then the time, then the size of the tracepoint's own fields.
const TIME: usize = 8;
const RAW: usize = 20;
/// In the tracepoint's fields: what all have in common, then the number, then the rest.
const NUMBER: usize = 8;
const REST: usize = 16;
/// -1 as it is kept here.
const NO_NUMBER: u16 = u16::MAX;

impl Event {
    /// The time of a sample.
    pub(super) fn time(body: &[u8]) -> Option<u64> {
        word(body, TIME)
    }

    /// Understands a sample; `None` if it is none of ours.
    pub(super) fn parse(body: &[u8], tracepoints: &Tracepoints) -> Option<Self> {
        let raw = body.get(RAW..)?;
        let kind = u16::from_ne_bytes(raw.get(..2)?.try_into().ok()?);
        let end = if kind == tracepoints.enter {
            let mut arguments = [0; 6];
            for (index, argument) in arguments.iter_mut().enumerate() {
                *argument = word(raw, REST + 8 * index)?;
            }
            Side::Enter(arguments)
        } else if kind == tracepoints.exit {
            Side::Exit(word(raw, REST)?.cast_signed())
        } else {
            return None;
        };
        let ids = word(body, 0)?.to_ne_bytes();
        let [p0, p1, p2, p3, t0, t1, t2, t3] = ids;
        Some(Self {
            tgid: u32::from_ne_bytes([p0, p1, p2, p3]),
            tid: u32::from_ne_bytes([t0, t1, t2, t3]),
            time_ns: word(body, TIME)?,
            number: u16::try_from(word(raw, NUMBER)?).unwrap_or(u16::MAX),
            end,
        })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..at + 8)?.try_into().ok()?;
    Some(u64::from_ne_bytes(word))
}

/// Calls under way, and the sums of those that are over.
pub(super) struct Calls {
    only: Option<u32>,
    stream: Option<StreamOptions>,
    tally: Option<Tally>,
    under_way: BTreeMap<u32, Event>,
    /// The process watched, and those that it started.
    seen: BTreeSet<u32>,
}

impl Calls {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            only: (!options.children).then_some(options.pid),
            stream: options.stream.clone(),
            tally: options.counts.then(|| Tally::new(options.split)),
            under_way: BTreeMap::new(),
            seen: BTreeSet::from([options.pid]),
        }
    }

    /// The processes that were started, without names.
    pub(super) fn children(&self, of: u32) -> Vec<u32> {
        let seen = self.seen.iter().copied();
        seen.filter(|process| *process != of).collect()
    }

    pub(super) fn take(&mut self, event: &Event, each: &mut dyn FnMut(&Record<'_>)) {
        if self.only.is_some_and(|only| only != event.tgid) {
            return;
        }
        self.seen.insert(event.tgid);
        let Side::Exit(result) = event.end else {
            // The end of a call that is still there was lost.
            self.under_way.insert(event.tid, *event);
            return;
        };
        match self.under_way.remove(&event.tid) {
            // Returning from a signal handler ends with no number.
            Some(begin) if begin.number == event.number || event.number == NO_NUMBER => {
                let record = record(&begin, event.time_ns, End::Returned(result));
                self.count(&record);
                self.stream_if_wanted(&record, each);
            }
            _ if event.number == NO_NUMBER => {}
            _ => {
                if let Some(tally) = &mut self.tally {
                    tally.began_before(event.number);
                }
            }
        }
    }

    fn count(&mut self, record: &Record<'_>) {
        if let Some(tally) = &mut self.tally {
            tally.add(record);
        }
    }

    fn stream_if_wanted(&self, record: &Record<'_>, each: &mut dyn FnMut(&Record<'_>)) {
        let stream = self.stream.as_ref();
        if stream.is_some_and(|stream| stream.passes(record)) {
            each(record);
        }
    }

    /// What is still under way ended with its thread, or has not returned.
    pub(super) fn finish(
        mut self,
        end_ns: u64,
        each: &mut dyn FnMut(&Record<'_>),
    ) -> (Figures, Vec<InFlight>) {
        let mut in_flight = Vec::new();
        for (tid, begin) in std::mem::take(&mut self.under_way) {
            let lives = std::path::Path::new(&format!("/proc/{}/task/{tid}", begin.tgid)).exists();
            let end = if lives {
                End::InFlight
            } else {
                End::ThreadEnded
            };
            let record = record(&begin, end_ns, end);
            self.stream_if_wanted(&record, each);
            if lives {
                in_flight.push(InFlight::from(&record));
            } else {
                self.count(&record);
            }
        }
        let figures = self.tally.map_or(Figures::NotWanted, Tally::figures);
        (figures, in_flight)
    }
}

fn record(begin: &Event, end_ns: u64, end: End) -> Record<'static> {
    let arguments = match begin.end {
        Side::Enter(arguments) => arguments,
        Side::Exit(_) => [0; 6],
    };
    Record {
        begin_ns: begin.time_ns,
        wall_ns: end_ns.saturating_sub(begin.time_ns),
        on_cpu_ns: None,
        tgid: begin.tgid,
        tid: begin.tid,
        number: begin.number,
        end,
        arguments,
        captured: [Captured::Unreadable; 4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Split;

    const POINTS: Tracepoints = Tracepoints {
        enter: 443,
        exit: 442,
    };

    fn sample(kind: u16, tid: u32, time: u64, number: u64, rest: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(7u32.to_ne_bytes());
        bytes.extend(tid.to_ne_bytes());
        bytes.extend(time.to_ne_bytes());
        bytes.extend(68u32.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 6]);
        bytes.extend(number.to_ne_bytes());
        rest.iter()
            .for_each(|word| bytes.extend(word.to_ne_bytes()));
        bytes
    }

    fn seen(samples: &[Vec<u8>], options: &Options) -> Vec<String> {
        let mut calls = Calls::new(options);
        let mut seen = Vec::new();
        let mut each = |record: &Record<'_>| {
            seen.push(format!(
                "{} {} {:?}",
                record.number, record.wall_ns, record.end
            ));
        };
        for sample in samples {
            calls.take(&Event::parse(sample, &POINTS).unwrap(), &mut each);
        }
        calls.finish(500, &mut each);
        seen
    }

    fn options(children: bool) -> Options {
        Options {
            pid: 7,
            children,
            counts: true,
            split: Split::Together,
            files: false,
            stream: Some(StreamOptions::default()),
        }
    }

    #[test]
    fn two_ends_make_a_call_and_a_beginning_alone_does_too() {
        let samples = [
            sample(443, 8, 100, 202, &[1, 2, 3, 4, 5, 6]),
            sample(443, 9, 150, 0, &[0; 6]),
            sample(442, 8, 130, 202, &[(-110i64).cast_unsigned()]),
            sample(442, 10, 131, 1, &[3]),
        ];
        let expected = ["202 30 Returned(-110)", "0 350 ThreadEnded"];
        assert_eq!(seen(&samples, &options(false)), expected);
    }

    #[test]
    fn a_signal_handler_s_return_has_no_number_when_it_ends() {
        let samples = [
            sample(443, 8, 100, 15, &[0; 6]),
            sample(442, 8, 130, u64::MAX, &[7]),
            sample(442, 9, 131, u64::MAX, &[7]),
        ];
        assert_eq!(seen(&samples, &options(false)), ["15 30 Returned(7)"]);
    }

    #[test]
    fn children_are_left_out_unless_they_are_wanted() {
        let mut other = sample(443, 8, 100, 1, &[0; 6]);
        other[0] = 99;
        assert!(seen(&[other.clone()], &options(false)).is_empty());
        assert_eq!(seen(&[other], &options(true)).len(), 1);
    }

    #[test]
    fn half_a_sample_is_no_event() {
        let whole = sample(443, 8, 100, 202, &[1, 2, 3, 4, 5, 6]);
        for length in 0..whole.len() {
            assert_eq!(Event::parse(&whole[..length], &POINTS), None);
        }
    }
}
