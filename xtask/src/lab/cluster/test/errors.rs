//! Everything that an API server or a kubelet says instead of an answer, provoked for real: each
//! must end with exit code 2, within a bound, and say what happened and what to do.

use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failure::{Result, While};
use crate::lab::cluster::network::LOST_ADDRESS;
use crate::lab::cluster::pki::NODE;
use crate::lab::cluster::test::asked::Answer;
use crate::lab::cluster::test::fleet::node_object;
use crate::lab::cluster::test::{Judged, Scenario, Trial};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "error: no right",
        run: no_right,
    },
    Scenario {
        name: "error: the role view",
        run: role_view,
    },
    Scenario {
        name: "error: bad token",
        run: bad_token,
    },
    Scenario {
        name: "error: no such node",
        run: no_such_node,
    },
    Scenario {
        name: "error: profile too long",
        run: too_long,
    },
    Scenario {
        name: "error: second profile",
        run: second_profile,
    },
    Scenario {
        name: "error: packets dropped",
        run: packets_dropped,
    },
    Scenario {
        name: "error: kubelet frozen",
        run: frozen,
    },
    Scenario {
        name: "error: kubelet down",
        run: kubelet_down,
    },
    Scenario {
        name: "error: debugging handlers off",
        run: handlers_off,
    },
];

/// Nobody has given this user any right.
const NOBODY: &str = "token-of-nobody";
const READER: &str = "token-of-reader";
const WINDOW: &str = "5s";
const KUBELET_PORT: u16 = 10250;
/// No refusal takes longer to be told; the API server itself waits 30 s for lost packets.
const PATIENCE: Duration = Duration::from_secs(90);
const OTHERS_PROFILE_SECONDS: u32 = 12;

fn no_right(trial: &Trial<'_>) -> Result<Judged> {
    let answer = trial.ask_as(NOBODY, &diagnose(NODE))?;
    Ok(refused(&answer, &["nodes/proxy", "clusterrole"]))
}

/// It holds no nodes/proxy.
fn role_view(trial: &Trial<'_>) -> Result<Judged> {
    let binding = ["clusterrolebinding", "lab-view"];
    let words = ["--clusterrole=view", "--user=reader"];
    trial
        .cluster
        .kubectl(&[&["create"], &binding[..], &words].concat())?;
    let answer = trial.ask_as(READER, &diagnose(NODE));
    trial
        .cluster
        .kubectl(&[&["delete"], &binding[..]].concat())?;
    Ok(refused(&answer?, &["nodes/proxy", "view"]))
}

fn bad_token(trial: &Trial<'_>) -> Result<Judged> {
    let answer = trial.ask_as("token-of-a-stranger", &diagnose(NODE))?;
    let mut judged = refused(&answer, &["Unauthorized", "log in"]);
    let told = answer.stderr.contains("token-of-a-stranger");
    judged.expect(!told, "the token is in the message");
    Ok(judged)
}

fn no_such_node(trial: &Trial<'_>) -> Result<Judged> {
    let answer = trial.ask(&diagnose("node-zz"))?;
    Ok(refused(&answer, &["node-zz", "kubectl get nodes"]))
}

/// Four hours are more than a kubelet takes at once, and no way leads there: the longest window is
/// an hour, in slices.
fn too_long(trial: &Trial<'_>) -> Result<Judged> {
    let page = format!("/api/v1/nodes/{NODE}/proxy/debug/pprof/profile?seconds=14400");
    let raw = trial.cluster.kubectl(&["get", "--raw", &page]);
    let refused_raw = raw.is_err_and(|failure| failure.to_string().contains("BadRequest"));
    let answer = trial.ask(&["diagnose", "--node", NODE, "--window", "4h"])?;
    let mut judged = refused(&answer, &["1h"]);
    judged.expect(refused_raw, "the kubelet itself does not refuse 14,400 s");
    Ok(judged)
}

/// Somebody else's ends while we wait: no failure at all.
fn second_profile(trial: &Trial<'_>) -> Result<Judged> {
    let page =
        format!("/api/v1/nodes/{NODE}/proxy/debug/pprof/profile?seconds={OTHERS_PROFILE_SECONDS}");
    let others = trial.background(&["kubectl", "get", "--raw", &page])?;
    thread::sleep(Duration::from_secs(1));
    let answer = trial.ask(&diagnose(NODE))?;
    drop(others);
    let mut judged = Judged {
        said: format!("waited: {:.0} s", answer.took.as_secs_f64()),
        ..Judged::default()
    };
    let said = format!("{}{}", answer.stdout, answer.stderr);
    judged.expect(
        answer.code == Some(0),
        format!("exit code {:?}\n{said}", answer.code),
    );
    Ok(judged)
}

fn packets_dropped(trial: &Trial<'_>) -> Result<Judged> {
    let node = "node-lost";
    trial.create(&node_object(node, LOST_ADDRESS, KUBELET_PORT))?;
    let answer = trial.ask(&diagnose(node));
    trial.cluster.kubectl(&["delete", "node", node])?;
    Ok(refused(&answer?, &["does not reach", "timeout"]))
}

fn frozen(trial: &Trial<'_>) -> Result<Judged> {
    let frozen = Frozen::process(trial.cluster.pid("kubelet")?)?;
    let answer = trial.ask(&diagnose(NODE));
    drop(frozen);
    trial.cluster.wait_until_ready()?;
    Ok(refused(&answer?, &["frozen"]))
}

fn kubelet_down(trial: &Trial<'_>) -> Result<Judged> {
    trial.cluster.stop_kubelet()?;
    let answer = trial.ask(&diagnose(NODE));
    trial.cluster.start_kubelet()?;
    Ok(refused(&answer?, &["connection refused", "kubelet"]))
}

/// Everything but the profile is answered, so there is a report; it says what is missing and why.
fn handlers_off(trial: &Trial<'_>) -> Result<Judged> {
    trial
        .cluster
        .restart_kubelet(Some("enableDebuggingHandlers: false"))?;
    let answer = trial.ask(&diagnose(NODE));
    trial.cluster.restart_kubelet(None)?;
    let answer = answer?;
    let mut judged = Judged::default();
    let said = format!("{}{}", answer.stdout, answer.stderr);
    judged.expect(
        answer.code == Some(0),
        format!("exit code {:?}\n{said}", answer.code),
    );
    judged.expect(
        said.contains("enableDebuggingHandlers"),
        format!("the setting is not named:\n{said}"),
    );
    Ok(judged)
}

fn diagnose(node: &str) -> [&str; 5] {
    ["diagnose", "--node", node, "--window", WINDOW]
}

fn refused(answer: &Answer, must_say: &[&str]) -> Judged {
    let mut judged = Judged {
        said: format!("{:.1} s", answer.took.as_secs_f64()),
        ..Judged::default()
    };
    let code = answer.code;
    judged.expect(code == Some(2), format!("exit code {code:?}, not 2"));
    judged.expect(
        answer.took < PATIENCE,
        format!("told after {:.0} s", answer.took.as_secs_f64()),
    );
    for word in must_say {
        judged.expect(
            answer.stderr.contains(word),
            format!("does not say {word:?}"),
        );
    }
    if !judged.unmet.is_empty() {
        judged.unmet.push(answer.stderr.trim().to_owned());
    }
    judged
}

/// A stopped process that goes on when this value goes.
struct Frozen(Pid);

impl Frozen {
    fn process(pid: u32) -> Result<Self> {
        let pid = Pid::from_raw(pid.cast_signed());
        kill(pid, Signal::SIGSTOP).doing(|| format!("stopping {pid}"))?;
        Ok(Self(pid))
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = kill(self.0, Signal::SIGCONT);
    }
}
