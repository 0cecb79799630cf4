//! The shape of every object, and what it and every list say of themselves.

use serde::Deserialize;
use std::collections::BTreeMap;

/// An object of the API.
#[derive(Debug, Deserialize)]
pub(super) struct Object<Spec, Status> {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) spec: Spec,
    #[serde(default)]
    pub(super) status: Status,
}

/// Of an object. What is missing is empty: parts of objects occur in tests and in tickets.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) creation_timestamp: Option<String>,
    pub(super) deletion_timestamp: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
}

/// Of a page of a list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ListMetadata {
    #[serde(rename = "continue")]
    more: Option<String>,
}

impl ListMetadata {
    /// The token of the next page, if there is one.
    pub(super) fn more(self) -> Option<String> {
        self.more.filter(|token| !token.is_empty())
    }
}
