//! What a Pod object says of our pod: whether it starts, runs, has ended, or never will.

use super::spec::CONTAINER;
use crate::ClusterError;
use nodesleuth_parse::kube::pod::{self, ContainerState, PodStatus};

/// Where a pod is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PodState {
    /// Nobody on the node has seen it yet.
    NotSeen,
    /// It is being made; this is what is waited for.
    Starting(String),
    Running,
    /// Its container has ended with this code.
    Ended(i64),
    /// It will not run.
    Broken(ClusterError),
}

/// Texts of the node are cut here.
const SHOWN_CHARACTERS: usize = 400;

const IMAGE_HELP: &str = "name an image that this node can pull with --image; for a private registry see \
     deploy/image/README.md (--pull-secret names the secret)";
const BINARY_HELP: &str =
    "the image must have the static binary at /nodesleuth (deploy/image/README.md)";

/// Reads a Pod object.
pub(super) fn of(text: &str) -> Result<PodState, String> {
    let pod = pod::parse(text).map_err(|error| error.to_string())?;
    Ok(of_status(&pod.status))
}

fn of_status(status: &PodStatus) -> PodState {
    let mut containers = status.container_statuses.iter();
    let container = containers.find(|container| container.name == CONTAINER);
    let told = container.and_then(|container| of_container(&container.state));
    if let Some(state) = told {
        return match (state, status.reason.as_str()) {
            // The kubelet ended it for a reason of the pod's, such as its deadline.
            (PodState::Ended(_), reason) if !reason.is_empty() => refused(status),
            (state, _) => state,
        };
    }
    match status.phase.as_str() {
        "Failed" | "Succeeded" => refused(status),
        _ if status.start_time.is_none() => PodState::NotSeen,
        _ => PodState::Starting("the container is being made".to_owned()),
    }
}

/// The kubelet does not take the pod, or took it away.
fn refused(status: &PodStatus) -> PodState {
    let help = match status.reason.as_str() {
        "DeadlineExceeded" => "the node was too slow: try a shorter --window",
        "Evicted" => {
            "the node is short of memory or disk and ends pods: look at it on the node itself"
        }
        _ => "the kubelet gives the reason; --via api needs no pod",
    };
    broken(
        format!(
            "the node did not run the pod: {}",
            said(&status.reason, &status.message)
        ),
        help,
    )
}

/// What its state tells, if it tells any.
fn of_container(state: &ContainerState) -> Option<PodState> {
    if let Some(ended) = &state.terminated {
        return Some(match ended.reason.as_str() {
            "StartError" | "ContainerCannotRun" => broken(
                format!("the container did not start: {}", said("", &ended.message)),
                BINARY_HELP,
            ),
            "OOMKilled" => broken(
                "the agent used more memory than its limit and was killed",
                "run nodesleuth on the node itself, or with --no-stacks",
            ),
            _ => PodState::Ended(ended.exit_code),
        });
    }
    if state.running.is_some() {
        return Some(PodState::Running);
    }
    let waiting = state.waiting.as_ref()?;
    let said = || said(&waiting.reason, &waiting.message);
    Some(match waiting.reason.as_str() {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "ErrImageNeverPull"
        | "InvalidImageName"
        | "ImageInspectError"
        | "RegistryUnavailable" => broken(
            format!("the node cannot get the image: {}", said()),
            IMAGE_HELP,
        ),
        "CreateContainerError" | "RunContainerError" | "CreateContainerConfigError" => broken(
            format!("the container cannot be made: {}", said()),
            BINARY_HELP,
        ),
        "ContainerCreating" | "" => {
            PodState::Starting("the image is being pulled, or the container made".to_owned())
        }
        _ => PodState::Starting(said()),
    })
}

fn broken(what: impl Into<String>, help: &str) -> PodState {
    PodState::Broken(ClusterError::new(what, help))
}

fn said(reason: &str, message: &str) -> String {
    let message: String = message.trim().chars().take(SHOWN_CHARACTERS).collect();
    match (reason, message.as_str()) {
        ("", "") => "no reason is given".to_owned(),
        ("", message) => message.to_owned(),
        (reason, "") => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(status: &str) -> PodState {
        of(&format!("{{\"kind\":\"Pod\",\"status\":{status}}}")).unwrap()
    }

    fn in_container(state_of_it: &str) -> PodState {
        state(&format!(
            "{{\"phase\":\"Pending\",\"startTime\":\"2026-11-27T23:00:00Z\",\
             \"containerStatuses\":[{{\"name\":\"agent\",\"state\":{state_of_it}}}]}}"
        ))
    }

    #[track_caller]
    fn breaks(state: &PodState, what: &str, help: &str) {
        let PodState::Broken(error) = state else {
            panic!("{state:?}");
        };
        assert!(error.what.contains(what), "{error:?}");
        assert!(error.help.contains(help), "{error:?}");
    }

    #[test]
    fn a_pod_is_followed_from_nothing_to_its_end() {
        assert_eq!(state("{\"phase\":\"Pending\"}"), PodState::NotSeen);
        let seen = "{\"phase\":\"Pending\",\"startTime\":\"2026-11-27T23:00:00Z\"}";
        assert!(matches!(state(seen), PodState::Starting(_)));
        let creating = in_container("{\"waiting\":{\"reason\":\"ContainerCreating\"}}");
        assert!(matches!(creating, PodState::Starting(_)));
        let running = in_container("{\"running\":{\"startedAt\":\"2026-11-27T23:00:01Z\"}}");
        assert_eq!(running, PodState::Running);
        let ended = in_container("{\"terminated\":{\"reason\":\"Error\",\"exitCode\":2}}");
        assert_eq!(ended, PodState::Ended(2));
    }

    /// Messages of a containerd 1.4.
    #[test]
    fn what_keeps_it_from_running_is_said_with_the_next_step() {
        let pull = "{\"waiting\":{\"reason\":\"ErrImagePull\",\"message\":\"rpc error: code = NotFound desc = failed to pull and unpack image \\\"x/y:1\\\"\"}}";
        breaks(&in_container(pull), "failed to pull and unpack", "--image");
        let start = "{\"terminated\":{\"reason\":\"StartError\",\"exitCode\":128,\"message\":\"exec: \\\"/nodesleuth\\\": stat /nodesleuth: no such file or directory\"}}";
        breaks(&in_container(start), "no such file", "/nodesleuth");
        let killed = "{\"terminated\":{\"reason\":\"OOMKilled\",\"exitCode\":137}}";
        breaks(&in_container(killed), "memory", "--no-stacks");
        let full = "{\"phase\":\"Failed\",\"reason\":\"OutOfpods\",\"message\":\"Pod Node didn't have enough resource: pods\"}";
        breaks(&state(full), "OutOfpods: Pod Node", "--via api");
        let late = "{\"phase\":\"Failed\",\"reason\":\"DeadlineExceeded\",\"message\":\"Pod was active on the node longer than the specified deadline\",\"containerStatuses\":[{\"name\":\"agent\",\"state\":{\"terminated\":{\"reason\":\"Error\",\"exitCode\":137}}}]}";
        breaks(&state(late), "DeadlineExceeded", "--window");
    }

    #[test]
    fn what_is_no_pod_is_said_to_be_none() {
        assert!(of("<html>").is_err());
    }
}
