//! Through the API server: the binary against a server that answers as a real one did, over TLS,
//! with a kubeconfig of its own.

#[path = "../support/mod.rs"]
mod support;

mod diagnose;
mod kubelet;
mod profiles;
mod refusals;
mod run;
