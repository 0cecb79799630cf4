//! Pod mode: the right cause from a pod on the node, and no pod that stays, whoever is killed.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::lab::cluster::pki::NODE;
use crate::lab::cluster::test::leaks::LeakedPodCgroups;
use crate::lab::cluster::test::pod_image::IMAGE;
use crate::lab::cluster::test::verdicts::{SETTLING, diagnose, expect_cause, expect_not_hot};
use crate::lab::cluster::test::{Judged, Scenario, Trial};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "pod: healthy",
        run: healthy,
    },
    Scenario {
        name: "pod: through its log",
        run: through_its_log,
    },
    Scenario {
        name: "pod: leaked cgroups",
        run: leaked_cgroups,
    },
    Scenario {
        name: "pod: no such image",
        run: no_image,
    },
    Scenario {
        name: "pod: clients killed",
        run: clients_killed,
    },
    Scenario {
        name: "pod: guardian killed too",
        run: guardian_killed,
    },
];

const BY_POD: &[&str] = &["--via", "pod", "--image", IMAGE];
const OURS: &str = "app.kubernetes.io/managed-by=nodesleuth";
/// A killed client's moment is within its start, its window and its end.
const SPAN: Duration = Duration::from_secs(10);
const KILLED_WINDOW: &str = "4s";
/// The guardian waits for requests that were on their way, and the kubelet ends the pod. Its object
/// may outlive its containers for more than a minute: kubelets look for dead sandboxes once in a
/// minute, and let the object go after that.
const REMOVAL_LIMIT: Duration = Duration::from_secs(180);
const START_LIMIT: Duration = Duration::from_secs(60);
/// How the agent is called.
const AGENT: &str = "__pod-agent";
const GUARDIAN: &str = "__pod-guardian";

fn healthy(trial: &Trial<'_>) -> Result<Judged> {
    trial.image.import(trial.cluster)?;
    trial.with_workload("few", || {
        let mut judged = Judged::default();
        let (report, _) = diagnose(trial, BY_POD, &mut judged)?;
        expect_not_hot(&mut judged, &report);
        trial.expect_nothing_left(&mut judged)?;
        Ok(judged)
    })
}

fn through_its_log(trial: &Trial<'_>) -> Result<Judged> {
    trial.image.import(trial.cluster)?;
    let mut judged = Judged::default();
    let way = [BY_POD, &["--via-logs"]].concat();
    let (report, _) = diagnose(trial, &way, &mut judged)?;
    expect_not_hot(&mut judged, &report);
    trial.expect_nothing_left(&mut judged)?;
    Ok(judged)
}

fn leaked_cgroups(trial: &Trial<'_>) -> Result<Judged> {
    trial.image.import(trial.cluster)?;
    let leaked = LeakedPodCgroups::make(trial.leaked)?;
    thread::sleep(SETTLING);
    let mut judged = Judged::default();
    let (report, _) = diagnose(trial, BY_POD, &mut judged)?;
    expect_cause(
        &mut judged,
        &report,
        &["many-live-cgroups", "leaked-pod-cgroups"],
    );
    judged.said = format!("{}; {}", leaked.told(), judged.said);
    trial.expect_nothing_left(&mut judged)?;
    Ok(judged)
}

/// The lab's nodes reach no registry.
fn no_image(trial: &Trial<'_>) -> Result<Judged> {
    let image = ["--via", "pod", "--image", "registry.invalid/x:1"];
    let answer = trial.ask(&[&["diagnose", "--node", NODE], &image[..]].concat())?;
    let mut judged = Judged {
        said: format!("{:.1} s", answer.took.as_secs_f64()),
        ..Judged::default()
    };
    judged.expect(
        answer.code == Some(2),
        format!("exit code {:?}, not 2", answer.code),
    );
    for words in ["cannot get the image", "--image"] {
        judged.expect(
            answer.stderr.contains(words),
            format!("does not say {words:?}:\n{}", answer.stderr.trim()),
        );
    }
    trial.expect_nothing_left(&mut judged)?;
    Ok(judged)
}

/// Moments scattered evenly over a run, none the same.
fn clients_killed(trial: &Trial<'_>) -> Result<Judged> {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    trial.image.import(trial.cluster)?;
    let mut judged = Judged::default();
    let (mut killed_clients, mut with_pod, mut slowest) = (0, 0, Duration::ZERO);
    for run in 0..trial.killed {
        interrupt::check()?;
        let moment = SPAN.mul_f64((f64::from(run) * GOLDEN).fract());
        let mut client = trial.background(&trial.by_pod_words())?;
        thread::sleep(moment);
        with_pod += u32::from(!trial.pods()?.is_empty());
        // One that was faster has ended.
        let _ = kill(pid(client.pid())?, Signal::SIGKILL);
        client.ended()?;
        killed_clients += 1;
        let killed = Instant::now();
        if !interrupt::wait_until(REMOVAL_LIMIT, || trial.is_nothing_left())? {
            judged.expect(
                false,
                format!(
                    "killed after {:.1} s: {}",
                    moment.as_secs_f64(),
                    trial.pods()?
                ),
            );
            break;
        }
        slowest = slowest.max(killed.elapsed());
    }
    judged.said = format!(
        "{killed_clients} killed, {with_pod} while their pod was there; the slowest was gone {:.0} s after",
        slowest.as_secs_f64()
    );
    judged.expect(with_pod > 0, "none was killed while its pod was there");
    Ok(judged)
}

/// With nobody left to remove it the agent ends with its client's stream, and what is left of the
/// pod is for `clean`.
fn guardian_killed(trial: &Trial<'_>) -> Result<Judged> {
    trial.image.import(trial.cluster)?;
    let mut judged = Judged::default();
    let mut client = trial.background(&trial.by_pod_words())?;
    let is_at_work = || Ok(!processes(&[AGENT, "collect"]).is_empty());
    if !interrupt::wait_until(START_LIMIT, is_at_work)? {
        return Err(Failure::new("waiting for the agent", "it does not begin"));
    }
    for guardian in processes(&[GUARDIAN]) {
        let _ = kill(pid(guardian)?, Signal::SIGKILL);
    }
    let _ = kill(pid(client.pid())?, Signal::SIGKILL);
    client.ended()?;
    let killed = Instant::now();
    let has_ended = || Ok(processes(&[AGENT, "collect"]).is_empty());
    let ended = interrupt::wait_until(REMOVAL_LIMIT, has_ended)?;
    judged.expect(ended, "the agent works on without its client");
    judged.said = format!(
        "the agent ended after {:.1} s",
        killed.elapsed().as_secs_f64()
    );
    judged.expect(!trial.pods()?.is_empty(), "somebody removed the pod");
    let cleaned = trial.ask(&["clean", "--cluster", "--running"])?;
    judged.expect(
        cleaned.code == Some(0) && cleaned.stdout.contains("removed pod"),
        format!("clean: {}{}", cleaned.stdout, cleaned.stderr),
    );
    trial.expect_nothing_left(&mut judged)?;
    Ok(judged)
}

fn pid(number: u32) -> Result<Pid> {
    let number = i32::try_from(number).map_err(|error| Failure::new("a process id", error))?;
    Ok(Pid::from_raw(number))
}

/// Processes of this machine whose arguments hold all these words.
fn processes(words: &[&str]) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let has = |word: &&str| {
            line.split(|byte| *byte == 0)
                .any(|part| part == word.as_bytes())
        };
        words.iter().all(has)
    })
    .collect()
}

impl Trial<'_> {
    fn by_pod_words(&self) -> Vec<&str> {
        let binary = self.binary.to_str().unwrap_or_default();
        let words = [
            binary,
            "diagnose",
            "--node",
            NODE,
            "--window",
            KILLED_WINDOW,
        ];
        [&words, BY_POD].concat()
    }

    /// Names of our pods, in all namespaces.
    fn pods(&self) -> Result<String> {
        let words = ["get", "pods", "--all-namespaces", "--selector", OURS];
        self.cluster
            .kubectl(&[&words[..], &["--output", "name"]].concat())
    }

    fn is_nothing_left(&self) -> Result<bool> {
        Ok(self.pods()?.is_empty() && processes(&[AGENT]).is_empty())
    }

    fn expect_nothing_left(&self, judged: &mut Judged) -> Result<()> {
        let is_gone = interrupt::wait_until(REMOVAL_LIMIT, || self.is_nothing_left())?;
        let left = if is_gone { String::new() } else { self.pods()? };
        judged.expect(is_gone, format!("a pod or its agent stays: {left}"));
        Ok(())
    }
}
