//! Evidence about nodes through a Kubernetes API server.
//!
//! Async stays in here: what is public blocks, and the runtime exists only while a [`Cluster`]
//! does. Nothing in a message or in evidence holds a token.

mod access;
mod answer;
mod connect;
mod error;
mod node;
mod profile;
mod refusal;
mod request;
mod slices;

pub use access::{Right, Rights};
pub use connect::{Cluster, ConnectOptions};
pub use error::ClusterError;
pub use node::{NodeOptions, node_name};
pub use profile::{ProfileOf, ProfileOptions};
pub use refusal::{GRANT, Refusal, RefusalKind};
