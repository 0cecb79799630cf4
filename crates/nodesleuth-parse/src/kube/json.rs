//! JSON of the API server and the kubelet.

use crate::Malformed;
use serde::de::DeserializeOwned;

/// Understands `text` as a `T`.
pub(super) fn read<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, Malformed> {
    serde_json::from_str(text).map_err(|error| Malformed::whole(what, error.to_string()))
}
