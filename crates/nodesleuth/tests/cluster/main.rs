//! Through the API server: the binary against a server that answers as a real one did, over TLS,
//! with a kubeconfig of its own.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/typed.rs"]
mod typed;

mod diagnose;
mod fleet;
mod kubectl;
mod kubelet;
mod pod;
mod pod_api;
mod pod_asked;
mod pod_end;
mod probes;
mod profiles;
mod proxy;
mod real_kubectl;
mod refusals;
mod run;
mod slow;
