//! Looks at `/proc/PID/task/*/syscall` many times a second. Needs no engine in the kernel, only the
//! right to trace the process; says where threads spend their time, but counts nothing.

use crate::clock::monotonic_ns;
use crate::session::Capture;
use crate::{Cost, Engine, Figures, InFlight, Lost, Options, Record, SampledTotal, Summary};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(10);

/// A running capture.
pub(crate) struct SamplingCapture {
    pid: u32,
    looks: u64,
    found: BTreeMap<(u32, Option<u16>), u64>,
    last: Vec<InFlight>,
    began_ns: u64,
}

impl SamplingCapture {
    pub(crate) fn open(options: &Options) -> Result<Self, String> {
        if options.stream.is_some() {
            return Err("sampling sees no single calls".to_owned());
        }
        if options.children {
            return Err("sampling follows no processes that are started".to_owned());
        }
        let path = format!("/proc/{0}/task/{0}/syscall", options.pid);
        fs::read_to_string(&path).map_err(|error| refused(&path, &error))?;
        Ok(Self {
            pid: options.pid,
            looks: 0,
            found: BTreeMap::new(),
            last: Vec::new(),
            began_ns: monotonic_ns(),
        })
    }

    fn look(&mut self) -> Option<()> {
        let folder = format!("/proc/{}/task", self.pid);
        self.last.clear();
        for entry in fs::read_dir(&folder).ok()?.flatten() {
            let thread = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            let text = fs::read_to_string(entry.path().join("syscall"));
            if let (Some(tid), Ok(text)) = (thread, text) {
                let call = parse(tid, &text);
                let number = call.as_ref().map(|call| call.number);
                *self.found.entry((tid, number)).or_default() += 1;
                let pid = self.pid;
                self.last
                    .extend(call.map(|call| InFlight { tgid: pid, ..call }));
            }
        }
        self.looks += 1;
        Some(())
    }
}

/// The calls that threads of a process are in now; none of threads that may not be looked at.
pub(crate) fn calls_now(pid: u32) -> Vec<InFlight> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let call = |thread: fs::DirEntry| {
        let tid = thread.file_name().to_str()?.parse().ok()?;
        let text = fs::read_to_string(thread.path().join("syscall")).ok()?;
        let call = parse(tid, &text)?;
        Some(InFlight { tgid: pid, ..call })
    };
    threads.flatten().filter_map(call).collect()
}

fn refused(path: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("{path}: not there; this kernel was built without it"),
        io::ErrorKind::PermissionDenied => {
            format!("{path}: {error}; only the process's own user or root may look")
        }
        _ => format!("{path}: {error}"),
    }
}

/// `running`, or the number (-1: in none) and the arguments in hexadecimal.
fn parse(tid: u32, text: &str) -> Option<InFlight> {
    let mut words = text.split_ascii_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut arguments = [0; 6];
    for argument in &mut arguments {
        let word = words.next()?.strip_prefix("0x")?;
        *argument = u64::from_str_radix(word, 16).ok()?;
    }
    Some(InFlight {
        tgid: 0,
        tid,
        number,
        wall_ns: None,
        on_cpu_ns: None,
        arguments,
    })
}

impl Capture for SamplingCapture {
    fn pause(&self) -> Duration {
        EVERY
    }

    fn poll(&mut self, _: &mut dyn FnMut(&Record<'_>)) -> Result<(), String> {
        // When the process has ended, what there is stays.
        let _ = self.look();
        Ok(())
    }

    fn finish(self: Box<Self>, _: &mut dyn FnMut(&Record<'_>)) -> Result<Summary, String> {
        let totals = self.found.into_iter();
        let totals = totals.map(|((tid, number), found)| SampledTotal { tid, number, found });
        Ok(Summary {
            engine: Engine::Sampling,
            length_ns: monotonic_ns().saturating_sub(self.began_ns),
            figures: Figures::Sampled {
                looks: self.looks,
                totals: totals.collect(),
            },
            files: None,
            in_flight: self.last,
            children: Vec::new(),
            lost: Lost::default(),
            cost: Cost::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_in_a_call_or_running() {
        let line = "202 0x55d0c8 0x80 0x0 0x7ffd1 0x0 0xffffffff 0x7ffd0 0x46ad03\n";
        let call = parse(7, line).unwrap();
        assert_eq!((call.number, call.arguments[0]), (202, 0x55d0c8));
        assert_eq!(call.arguments[5], 0xffff_ffff);
        for none in [
            "running\n",
            "-1 0x7ffd0 0x46ad03\n",
            "",
            "202 0x1\n",
            "202 1 2 3 4 5 6",
        ] {
            assert_eq!(parse(7, none), None, "{none:?}");
        }
    }
}
