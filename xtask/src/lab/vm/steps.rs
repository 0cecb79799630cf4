//! What a guest does: numbered shell steps, each with a limit, and how their output is told apart
//! on the serial line.

use std::time::Duration;

use crate::failure::{Failure, Result, While};
use crate::lab::vm::CgroupMode;

const BEGIN: &str = "=== step ";
const ERRORS: &str = "=== stderr";
const EXIT: &str = "=== exit ";
const END: &str = "=== all steps done";

/// One step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// One word.
    pub(crate) name: String,
    /// For the guest's shell.
    pub(crate) command: String,
    pub(crate) limit: Duration,
}

impl Step {
    pub(crate) fn new(name: impl Into<String>, command: impl Into<String>, seconds: u64) -> Self {
        Self {
            name: name.into(),
            command: command.into(),
            limit: Duration::from_secs(seconds),
        }
    }

    /// First line the name, second the limit, then the commands.
    pub(crate) fn file(&self) -> String {
        let seconds = self.limit.as_secs();
        format!("#{}\n#{seconds}\n{}\n", self.name, self.command)
    }
}

/// The guest's first process. As systemd does, it has a v1 cgroup account for what is below it.
pub(crate) fn init(mode: CgroupMode) -> String {
    let cgroups = match mode {
        CgroupMode::V1 => {
            "mount -t tmpfs cgroup /sys/fs/cgroup\n\
             for c in memory cpu,cpuacct cpuset devices blkio pids freezer none,name=systemd; do\n\
             d=/sys/fs/cgroup/${c#none,name=}; mkdir -p $d; mount -t cgroup -o $c cgroup $d\n\
             done\n\
             echo 1 > /sys/fs/cgroup/memory/memory.use_hierarchy\n"
        }
        CgroupMode::V2 => {
            "mount -t cgroup2 cgroup /sys/fs/cgroup\n\
             for c in memory cpu io pids; do echo +$c > /sys/fs/cgroup/cgroup.subtree_control; done\n"
        }
    };
    format!(
        "#!/bin/busybox sh\n\
         /bin/busybox --install -s /bin\n\
         export PATH=/bin\n\
         mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev\n\
         stty -F /dev/ttyS1 raw\n\
         for module in /modules/*.ko; do insmod $module; done\n\
         ifconfig lo 127.0.0.1 up\n\
         mount -t ext4 /dev/vda /disk; mount -t tmpfs shm /shm\n\
         {cgroups}\
         for file in /steps/*; do\n\
         name=$(sed -n 1s/^.//p $file); limit=$(sed -n 2s/^.//p $file)\n\
         read began _ </proc/uptime\n\
         timeout -s KILL $limit sh $file >/tmp/out 2>/tmp/err; code=$?\n\
         read ended _ </proc/uptime\n\
         {{ echo \"{BEGIN}$name\"; cat /tmp/out; echo; echo \"{ERRORS}\"; cat /tmp/err; echo; \
         echo \"{EXIT}$code $began $ended\"; }} >/dev/ttyS1\n\
         done\n\
         echo '{END}' >/dev/ttyS1\n\
         reboot -f\n"
    )
}

/// What one step printed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Printed {
    pub(crate) name: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// 137 when it was over its limit.
    pub(crate) code: i32,
    /// By the guest's clock.
    pub(crate) seconds: f64,
}

impl Printed {
    /// Exit code, and the guest's uptime at both ends.
    fn ended(&mut self, fields: &str) {
        let mut fields = fields.split_whitespace();
        self.code = fields
            .next()
            .and_then(|code| code.parse().ok())
            .unwrap_or(-1);
        let mut uptime = || fields.next()?.parse::<f64>().ok();
        if let (Some(began), Some(ended)) = (uptime(), uptime()) {
            self.seconds = ended - began;
        }
    }

    /// Its standard output as JSON.
    pub(crate) fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.stdout).map_err(|error| {
            let said = format!("{error}; exit code {}\n{}", self.code, self.stderr.trim());
            Failure::new(format!("reading what step {} printed", self.name), said)
        })
    }
}

/// What a guest's steps printed.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    pub(crate) steps: Vec<Printed>,
    /// Whether the guest came to its end.
    pub(crate) is_whole: bool,
}

impl Transcript {
    pub(crate) fn parse(text: &str) -> Self {
        let mut transcript = Self::default();
        let mut step = Printed::default();
        let mut in_errors = false;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix(BEGIN) {
                name.clone_into(&mut step.name);
            } else if line == ERRORS {
                in_errors = true;
            } else if let Some(fields) = line.strip_prefix(EXIT) {
                step.ended(fields);
                transcript.steps.push(std::mem::take(&mut step));
                in_errors = false;
            } else if line == END {
                transcript.is_whole = true;
            } else {
                let part = if in_errors {
                    &mut step.stderr
                } else {
                    &mut step.stdout
                };
                part.push_str(line);
                part.push('\n');
            }
        }
        transcript
    }

    /// The step of this name.
    pub(crate) fn step(&self, name: &str) -> Result<&Printed> {
        let found = self.steps.iter().find(|step| step.name == name);
        found
            .ok_or("the guest did not get there")
            .doing(|| format!("step {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_errors_and_codes_are_told_apart_and_a_cut_off_guest_is_not_whole() {
        let text =
            "=== step a\n{\"x\":\n1}\n\n=== stderr\nhm\n\n=== exit 3 40.10 52.35\n=== step b\nhalf";
        let transcript = Transcript::parse(text);
        let a = transcript.step("a").unwrap();
        assert_eq!((a.code, a.stderr.trim()), (3, "hm"));
        assert!((a.seconds - 12.25).abs() < 1e-9);
        assert_eq!(a.json().unwrap()["x"], 1);
        assert!(!transcript.is_whole && transcript.step("b").is_err());
        assert!(Transcript::parse("=== all steps done\n").is_whole);
    }
}
