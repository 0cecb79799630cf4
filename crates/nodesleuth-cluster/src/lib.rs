//! Evidence about nodes through a Kubernetes API server.
//!
//! Async stays in here: what is public blocks, and the runtime exists only while a [`Cluster`]
//! does. Nothing in a message or in evidence holds a token.

mod access;
mod answer;
mod connect;
mod error;
mod fleet;
mod kubectl;
mod node;
mod pod;
mod profile;
mod proxy;
mod random;
mod refusal;
mod request;
mod slices;
mod stop;
mod way;

pub use access::{Right, Rights};
pub use connect::{Cluster, ConnectOptions};
pub use error::ClusterError;
pub use fleet::{FleetResult, NodeChoice, sampled};
pub use node::{NodeOptions, NodeSeen, node_name};
pub use pod::{
    AgentLine, AnswerBy, GRANT_POD, LeftPod, MOST_BUNDLE_BYTES, OVERHEAD, PROTOCOL, PodOptions,
    PodRun, STOP, bundle_as_lines,
};
pub use profile::{ProfileOf, ProfileOptions};
pub use proxy::{ProxyEnd, ProxyOptions};
pub use refusal::{GRANT, Refusal, RefusalKind};
