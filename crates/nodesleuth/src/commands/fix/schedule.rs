//! A timer that does a fix again and again, with the same guards: printed, never installed.

use super::Args;
use crate::failure::Failure;
use nodesleuth_act::fix::{Plan, journal};
use std::time::Duration;

const HOUR: u64 = 3600;

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Schedule {
    /// A systemd service and timer.
    Systemd,
    /// A Kubernetes CronJob.
    Cronjob,
}

impl Schedule {
    pub(super) fn of(self, args: &Args) -> Result<String, Failure> {
        if args.plan == Plan::HousekeepingInterval {
            return Err(Failure::usage(
                "housekeeping-interval is a setting, not something to do again and again",
                "`nodesleuth fix housekeeping-interval` says what to set",
            ));
        }
        let hours = hours(args.every)?;
        let command = command(args);
        match self {
            Self::Systemd => Ok(systemd(args.plan, &command, hours)),
            Self::Cronjob => cronjob(args, &command, hours),
        }
    }
}

/// cron(5) can say "every N hours" only for divisors of a day.
fn hours(every: Duration) -> Result<u64, Failure> {
    let (hours, rest) = (every.as_secs() / HOUR, every.as_secs() % HOUR);
    if rest == 0 && every.subsec_nanos() == 0 && hours > 0 && 24 % hours == 0 {
        return Ok(hours);
    }
    Err(Failure::usage(
        format!("--every {} s cannot be told to a timer", every.as_secs()),
        "give 1h, 2h, 3h, 4h, 6h, 8h, 12h or 24h",
    ))
}

/// The arguments of the command, with what was asked for beside the defaults.
fn command(args: &Args) -> Vec<String> {
    let mut words = vec![
        "fix".to_owned(),
        args.plan.id().to_owned(),
        "--yes".to_owned(),
    ];
    let mut option = |name: &str, value: &str| words.push(format!("{name}={value}"));
    option("--max-pressure", &args.max_pressure.to_string());
    if let Some(subtree) = &args.subtree {
        option("--subtree", subtree);
    }
    if args.plan == Plan::RemoveEmptyCgroups {
        option("--pattern", &args.pattern);
    }
    let flags = [
        (args.although_fast, "--although-fast"),
        (args.include_live, "--include-live"),
    ];
    words.extend(
        flags
            .into_iter()
            .filter(|flag| flag.0)
            .map(|flag| flag.1.to_owned()),
    );
    words
}

fn systemd(plan: Plan, command: &[String], hours: u64) -> String {
    let words: Vec<String> = command.iter().map(|word| for_systemd(word)).collect();
    format!(
        "# /etc/systemd/system/nodesleuth-fix.service\n\
         [Unit]\n\
         Description=nodesleuth fix {plan}\n\n\
         [Service]\n\
         Type=oneshot\n\
         ExecStart=/usr/local/bin/nodesleuth {}\n\
         # 3: it worked in part.\n\
         SuccessExitStatus=3\n\
         TimeoutStartSec=30min\n\n\
         # /etc/systemd/system/nodesleuth-fix.timer\n\
         [Unit]\n\
         Description=nodesleuth fix {plan}, every {hours} h\n\n\
         [Timer]\n\
         OnBootSec=15min\n\
         OnUnitActiveSec={hours}h\n\
         RandomizedDelaySec=15min\n\n\
         [Install]\n\
         WantedBy=timers.target\n\n\
         # Then: systemctl daemon-reload && systemctl enable --now nodesleuth-fix.timer\n",
        words.join(" ")
    )
}

/// systemd.service(5): `%` and `$` are doubled, and quotes keep a word together.
fn for_systemd(word: &str) -> String {
    let escaped = word
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
        .replace('$', "$$");
    if escaped.contains([' ', '\t', '"', '\'', ';', '\\']) {
        format!("\"{escaped}\"")
    } else {
        escaped
    }
}

fn cronjob(args: &Args, command: &[String], hours: u64) -> Result<String, Failure> {
    let (Some(image), Some(node)) = (&args.image, &args.node) else {
        return Err(Failure::usage(
            "a CronJob needs an image that holds nodesleuth and the node to run on",
            "give --image and --node",
        ));
    };
    let words: Vec<String> = command
        .iter()
        .map(|word| format!("                - {}\n", quoted(word)))
        .collect();
    let schedule = match hours {
        24 => "0 3 * * *".to_owned(),
        _ => format!("0 */{hours} * * *"),
    };
    let name: String = format!("nodesleuth-fix-{node}")
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(52)
        .collect();
    let name = name.trim_end_matches('-');
    Ok(format!(
        "# In a private cgroup namespace the dying cgroups cannot be counted; read times and what\n\
         # they hold are measured all the same.\n\
         apiVersion: batch/v1\n\
         kind: CronJob\n\
         metadata:\n\
         \x20 name: {name}\n\
         \x20 namespace: kube-system\n\
         spec:\n\
         \x20 schedule: {}\n\
         \x20 concurrencyPolicy: Forbid\n\
         \x20 jobTemplate:\n\
         \x20   spec:\n\
         \x20     backoffLimit: 0\n\
         \x20     activeDeadlineSeconds: 1800\n\
         \x20     template:\n\
         \x20       spec:\n\
         \x20         nodeName: {}\n\
         \x20         hostPID: true\n\
         \x20         restartPolicy: Never\n\
         \x20         containers:\n\
         \x20           - name: fix\n\
         \x20             image: {}\n\
         \x20             command: [nodesleuth]\n\
         \x20             args:\n{}\
         \x20             securityContext: {{privileged: true}}\n\
         \x20             volumeMounts:\n\
         \x20               - {{name: cgroup, mountPath: /sys/fs/cgroup}}\n\
         \x20               - {{name: state, mountPath: {state}}}\n\
         \x20         volumes:\n\
         \x20           - {{name: cgroup, hostPath: {{path: /sys/fs/cgroup}}}}\n\
         \x20           - {{name: state, hostPath: {{path: {state}, type: DirectoryOrCreate}}}}\n",
        quoted(&schedule),
        quoted(node),
        quoted(image),
        words.concat(),
        state = journal::FOLDER,
    ))
}

/// A YAML string in double quotes is a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_divisors_of_a_day_can_be_told() {
        assert_eq!(hours(Duration::from_secs(6 * HOUR)).unwrap(), 6);
        for wrong in [0, 90 * 60, 5 * HOUR, 48 * HOUR] {
            assert!(hours(Duration::from_secs(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pattern_means_the_same_to_systemd() {
        assert_eq!(
            for_systemd("--pattern=run-r*.scope"),
            "--pattern=run-r*.scope"
        );
        assert_eq!(for_systemd("a b%c$"), "\"a b%%c$$\"");
        assert_eq!(for_systemd("x\\x2d"), "\"x\\\\x2d\"");
    }
}
