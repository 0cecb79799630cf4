//! What a kubelet and an API server answer: metrics, statistics, configuration, nodes, pods.

pub mod configz;
pub mod container_stats;
mod json;
pub mod kubelet_metrics;
mod metadata;
mod metric_names;
pub mod node;
pub mod pod;
pub mod pods;
pub mod prometheus;
mod quantity;
pub mod summary;
mod timestamp;

pub use timestamp::{http_date, unix_seconds};
