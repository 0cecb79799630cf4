//! Processes, counts, versions and metrics by name.

use super::PastedView;
use crate::facts::FactType;
use nodesleuth_model::FactValue;
use nodesleuth_model::evidence::pasted::{MachineUsage, ProcessUsage, TimedCommand};

/// How facts about pasted evidence that are asked for by name begin.
pub(crate) const PASTED: &str = "pasted.";

/// CPU of all processes of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessSeen {
    /// CPUs in use.
    pub cores: f64,
    /// The kernel part, where it is told.
    pub kernel_cores: Option<f64>,
    /// How many processes or threads.
    pub count: usize,
}

/// What can be asked by name, as `pasted.process.kubelet.cores`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfPasted<'n> {
    /// `pasted.process.COMM.cores`, `.kernel_cores` or `.count`.
    Process(&'n str, &'n str),
    /// `pasted.call.NAME.share`, `.calls`, `.errors`, `.rate` or `.share_of_calls`.
    Call(&'n str, &'n str),
    /// `pasted.count.WHAT`.
    Count(&'n str),
    /// `pasted.version.COMPONENT`.
    Version(&'n str),
    /// `pasted.metric.NAME`: the sum over its labels.
    Metric(&'n str),
    /// `pasted.timed.FILE.kernel_seconds`, `.real_seconds`: largest of the reads of such a file.
    Timed(&'n str, &'n str),
}

/// What a fact's name asks of pasted evidence; `None` when it is not of these.
#[must_use]
pub fn of_pasted(name: &str) -> Option<OfPasted<'_>> {
    let (kind, rest) = name.strip_prefix(PASTED)?.split_once('.')?;
    if rest.is_empty() {
        return None;
    }
    let with_field = |fields: &[&str]| {
        let (of, field) = rest.rsplit_once('.')?;
        (!of.is_empty() && fields.contains(&field)).then_some((of, field))
    };
    Some(match kind {
        "process" => {
            let (of, field) = with_field(&["cores", "kernel_cores", "count"])?;
            OfPasted::Process(of, field)
        }
        "call" => {
            let fields = ["share", "calls", "errors", "rate", "share_of_calls"];
            let (of, field) = with_field(&fields)?;
            OfPasted::Call(of, field)
        }
        "timed" => {
            let (of, field) = with_field(&["real_seconds", "kernel_seconds"])?;
            OfPasted::Timed(of, field)
        }
        "count" => OfPasted::Count(rest),
        "version" => OfPasted::Version(rest),
        "metric" => OfPasted::Metric(rest),
        _ => return None,
    })
}

impl OfPasted<'_> {
    /// Type and unit of the fact.
    pub(crate) fn kind(&self) -> (FactType, &'static str) {
        match self {
            Self::Process(_, "count") => (FactType::Number, "count"),
            Self::Process(..) => (FactType::Number, "cores"),
            Self::Call(_, "share" | "share_of_calls") => (FactType::Number, "share"),
            Self::Call(_, "rate") => (FactType::Number, "per second"),
            Self::Call(..) => (FactType::Number, "count"),
            Self::Timed(..) => (FactType::Number, "seconds"),
            Self::Count(_) | Self::Metric(_) => (FactType::Number, ""),
            Self::Version(_) => (FactType::Text, ""),
        }
    }
}

impl<'a> PastedView<'a> {
    /// The value of a fact that is asked for by name.
    #[must_use]
    pub fn ask(&self, question: OfPasted<'_>) -> Option<FactValue> {
        let number = match question {
            OfPasted::Process(comm, field) => {
                let seen = self.process(comm)?;
                match field {
                    "kernel_cores" => seen.kernel_cores?,
                    "count" => seen.count as f64,
                    _ => seen.cores,
                }
            }
            OfPasted::Call(name, field) => {
                let seen = self.call(name)?;
                match field {
                    "share" => seen.share?.0,
                    "calls" => seen.calls? as f64,
                    "errors" => seen.errors? as f64,
                    "rate" => seen.rate?,
                    _ => seen.share_of_calls?,
                }
            }
            OfPasted::Timed(file, field) => self.timed(file, field)?,
            OfPasted::Count(what) => self.count(what)?,
            OfPasted::Metric(name) => self.metric(name)?,
            OfPasted::Version(component) => {
                return self
                    .version(component)
                    .map(|text| FactValue::Text(text.to_owned()));
            }
        };
        Some(FactValue::Number(number))
    }

    /// CPU of all processes of this name (a trailing `*` stands for any rest): the largest sum
    /// that one table gives, threads only where no process is listed.
    #[must_use]
    pub fn process(&self, comm: &str) -> Option<ProcessSeen> {
        let matching = |usage: &&ProcessUsage| match comm.strip_suffix('*') {
            Some(begin) => usage.comm.starts_with(begin),
            None => usage.comm == comm,
        };
        let all: Vec<&ProcessUsage> = self.pasted.processes.iter().filter(matching).collect();
        let mut best: Option<ProcessSeen> = None;
        for first in &all {
            let of_table = all.iter().filter(|usage| {
                (usage.file, usage.tool, usage.is_thread)
                    == (first.file, first.tool, first.is_thread)
            });
            let mut sum = ProcessSeen::default();
            for usage in of_table {
                sum.count += 1;
                sum.cores += usage.cores.unwrap_or(0.0);
                if let Some(kernel) = usage.kernel_cores {
                    sum.kernel_cores = Some(sum.kernel_cores.unwrap_or(0.0) + kernel);
                }
            }
            if best.is_none_or(|known| sum.cores > known.cores) {
                best = Some(sum);
            }
        }
        best
    }

    /// The busiest process that some file tells of.
    #[must_use]
    pub fn busiest(&self) -> Option<&'a ProcessUsage> {
        let usages = self
            .pasted
            .processes
            .iter()
            .filter(|usage| usage.cores.is_some());
        usages.max_by(|a, b| {
            let order = (!a.is_thread).cmp(&!b.is_thread);
            order.then(a.cores.unwrap_or(0.0).total_cmp(&b.cores.unwrap_or(0.0)))
        })
    }

    /// What was counted or configured under this name: measured before told, else the largest.
    #[must_use]
    pub fn count(&self, what: &str) -> Option<f64> {
        let counts = self.pasted.counts.iter().filter(|count| count.what == what);
        let best = counts.max_by(|a, b| {
            a.measured
                .cmp(&b.measured)
                .then(a.value.total_cmp(&b.value))
        });
        best.map(|count| count.value)
    }

    /// Version of a component: what the user stated, else measured, else told.
    #[must_use]
    pub fn version(&self, component: &str) -> Option<&'a str> {
        let stated = self
            .pasted
            .stated
            .iter()
            .find(|fact| fact.name == component);
        if let Some(stated) = stated {
            return Some(&stated.value);
        }
        let of = |measured: bool| {
            let mut versions = self.pasted.versions.iter();
            versions.find(|known| known.component == component && known.measured == measured)
        };
        of(true)
            .or_else(|| of(false))
            .map(|known| known.version.as_str())
    }

    /// Sum of a metric over its labels.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<f64> {
        let values = self
            .pasted
            .metrics
            .iter()
            .filter(|metric| metric.name == name);
        values.map(|metric| metric.value).reduce(|a, b| a + b)
    }

    /// The machine's CPU as files tell it.
    #[must_use]
    pub fn machine(&self) -> &'a [MachineUsage] {
        &self.pasted.machine
    }

    fn timed(&self, file: &str, field: &str) -> Option<f64> {
        let is_of = |timed: &&TimedCommand| {
            let path = timed.path.as_deref();
            path.is_some_and(|path| path.rsplit('/').next() == Some(file))
        };
        let seconds = self
            .pasted
            .timed
            .iter()
            .filter(is_of)
            .filter_map(|timed| match field {
                "kernel_seconds" => timed.kernel_seconds,
                _ => timed.real_seconds,
            });
        seconds.reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_asked() {
        let shim = of_pasted("pasted.process.containerd-shim*.cores");
        assert_eq!(shim, Some(OfPasted::Process("containerd-shim*", "cores")));
        assert_eq!(
            of_pasted("pasted.count.services"),
            Some(OfPasted::Count("services"))
        );
        assert_eq!(of_pasted("pasted.process.kubelet"), None);
        assert_eq!(of_pasted("pasted.call.futex.joy"), None);
        assert_eq!(of_pasted("cgroup.mode"), None);
    }
}
