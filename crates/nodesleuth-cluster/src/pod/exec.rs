//! The agent over an exec stream: the bundle comes on its stdout, progress on its stderr, and its
//! stdin holds it: when that ends, because we did, it ends.

use super::listener::Listener;
use super::{Following, MOST_BUNDLE_BYTES, OVERHEAD, PodRun, STOP, spec};
use crate::request::{failed, stopped};
use crate::{Cluster, ClusterError, Refusal, RefusalKind as Kind, answer};
use http::{HeaderMap, StatusCode};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::Api;
use kube::api::{AttachParams, AttachedProcess};
use nodesleuth_collect::Cancel;
use serde_json::json;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// How long opening a stream may take.
const OPENING: Duration = Duration::from_secs(30);
/// Bytes that are taken at once.
const PIECE: usize = 64 << 10;
const CUT_HELP: &str = "something on the way may cut streams: use a context that goes to the API server directly, \
     or --via-logs";

impl Cluster {
    pub(super) async fn bundle_by_exec(
        &self,
        following: &Following<'_>,
    ) -> Result<Vec<u8>, ClusterError> {
        let Following {
            run,
            cancel,
            progress,
            note,
        } = *following;
        progress.stage("beginning on the node");
        let process = self.open(run).await?;
        let limit = run.options.work + OVERHEAD;
        let listener = Listener::new(progress, note);
        match timeout(limit, listen(process, cancel, listener)).await {
            Ok(answer) => answer,
            Err(_) => Err(ClusterError::new(
                format!(
                    "the agent did not answer within {:.0} s",
                    limit.as_secs_f64()
                ),
                "the node may be too busy: a shorter --window, --no-stacks and --no-trace ask less of it",
            )),
        }
    }

    async fn open(&self, run: &PodRun) -> Result<AttachedProcess, ClusterError> {
        let client = self.requester.client().ok_or_else(|| {
            ClusterError::new(
                "kubectl is only asked for pages, and a pod is talked to over a stream",
                "leave --kubectl away, or use --via api",
            )
        })?;
        let pods: Api<Pod> = Api::namespaced(client, &run.namespace);
        let how = AttachParams::default()
            .container(spec::CONTAINER)
            .stdin(true)
            .max_stdout_buf_size(PIECE);
        let opening = pods.exec(&run.name, spec::exec_command(run), &how);
        match timeout(OPENING, opening).await {
            Ok(opened) => opened.map_err(|error| not_opened(&error)),
            Err(_) => Err(ClusterError::new(
                format!("no exec stream was opened within {} s", OPENING.as_secs()),
                CUT_HELP,
            )),
        }
    }
}

/// Until the agent has ended or the stream is gone.
async fn listen(
    mut process: AttachedProcess,
    cancel: &Cancel,
    mut listener: Listener<'_>,
) -> Result<Vec<u8>, ClusterError> {
    let lost = || ClusterError::new("the exec stream has no channels", CUT_HELP);
    let mut stdin = process.stdin().ok_or_else(lost)?;
    let mut stdout = process.stdout().ok_or_else(lost)?;
    let mut stderr = process.stderr().ok_or_else(lost)?;
    let mut status = pin!(process.take_status().ok_or_else(lost)?);
    let (mut out, mut err) = (vec![0; PIECE], vec![0; PIECE]);
    let (mut out_is_open, mut err_is_open) = (true, true);
    let mut ended: Option<Option<Status>> = None;
    let mut was_told = false;
    let mut bundle = Vec::new();
    // A stream that breaks ends its status, and leaves the others open for ever.
    while (out_is_open || err_is_open) && ended != Some(None) {
        tokio::select! {
            read = stdout.read(&mut out), if out_is_open => match read {
                Ok(0) | Err(_) => out_is_open = false,
                Ok(count) => {
                    bundle.extend_from_slice(&out[..count]);
                    if bundle.len() > MOST_BUNDLE_BYTES {
                        return Err(too_large());
                    }
                }
            },
            read = stderr.read(&mut err), if err_is_open => match read {
                Ok(0) | Err(_) => err_is_open = false,
                Ok(count) => listener.bytes(&err[..count]),
            },
            status = &mut status, if ended.is_none() => ended = Some(status),
            () = stopped(cancel), if !was_told => {
                was_told = true;
                // Where it is gone meanwhile, its status says so.
                let _ = stdin.write_all(STOP.as_bytes()).await;
            }
        }
    }
    let ended = match ended {
        Some(status) => status,
        None => status.await,
    };
    judged(ended, bundle, &listener)
}

fn judged(
    ended: Option<Status>,
    bundle: Vec<u8>,
    listener: &Listener<'_>,
) -> Result<Vec<u8>, ClusterError> {
    let Some(status) = ended else {
        let what = format!(
            "the stream from the pod was cut before the bundle was whole ({} bytes came)",
            bundle.len()
        );
        return Err(listener.failure(&what, CUT_HELP));
    };
    if status.status.as_deref() == Some("Success") {
        return Ok(bundle);
    }
    let said = status.message.unwrap_or_default();
    let help = "the image must have the static binary of this version at /nodesleuth (deploy/image/README.md)";
    Err(listener.failure(&format!("the agent in the pod failed: {said}"), help))
}

fn too_large() -> ClusterError {
    ClusterError::new(
        format!("the pod sends more than {} MiB", MOST_BUNDLE_BYTES >> 20),
        "run nodesleuth on the node itself",
    )
}

fn not_opened(error: &kube::Error) -> ClusterError {
    let refusal = match error {
        kube::Error::Api(status) => {
            let body =
                json!({ "kind": "Status", "message": status.message, "reason": status.reason });
            let code =
                StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            answer::refusal(code, &HeaderMap::new(), body.to_string().as_bytes())
        }
        kube::Error::UpgradeConnection(error) => Refusal::new(Kind::Cut, error.to_string()),
        error => failed(error),
    };
    let help = match refusal.kind {
        Kind::Forbidden => {
            "exec is forbidden here: --via-logs does without it, or an administrator grants it \
             (pods/exec, deploy/rbac/pod.yaml)"
        }
        Kind::Cut => CUT_HELP,
        _ => refusal.help(),
    };
    ClusterError::new(format!("opening an exec stream: {refusal}"), help)
}
