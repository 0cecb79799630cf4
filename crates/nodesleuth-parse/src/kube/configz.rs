//! The kubelet's `/configz`.

use super::json;
use crate::Malformed;
use nodesleuth_model::evidence::KubeletConfig;
use serde_json::{Map, Value};

const WHAT: &str = "the kubelet's /configz";
/// Fields that bear on CPU; none holds a secret, a path or an address.
const KEPT: &[&str] = &[
    "cgroupDriver",
    "cgroupsPerQOS",
    "configMapAndSecretChangeDetectionStrategy",
    "containerLogMaxFiles",
    "containerLogMaxSize",
    "cpuCFSQuota",
    "cpuManagerPolicy",
    "cpuManagerReconcilePeriod",
    "enableDebuggingHandlers",
    "enableProfilingHandler",
    "eventBurst",
    "eventRecordQPS",
    "evictionPressureTransitionPeriod",
    "failSwapOn",
    "fileCheckFrequency",
    "httpCheckFrequency",
    "imageGCHighThresholdPercent",
    "imageGCLowThresholdPercent",
    "imageMinimumGCAge",
    "kubeAPIBurst",
    "kubeAPIQPS",
    "localStorageCapacityIsolation",
    "maxPods",
    "memoryManagerPolicy",
    "nodeStatusReportFrequency",
    "nodeStatusUpdateFrequency",
    "podPidsLimit",
    "podsPerCore",
    "registryPullQPS",
    "runtimeRequestTimeout",
    "serializeImagePulls",
    "syncFrequency",
    "topologyManagerPolicy",
    "volumeStatsAggPeriod",
];

/// Reads `/configz`.
///
/// # Errors
/// When it is no such JSON.
pub fn parse(text: &str) -> Result<KubeletConfig, Malformed> {
    let page: Map<String, Value> = json::read(WHAT, text)?;
    let config = page.get("kubeletconfig").and_then(Value::as_object);
    let config = config.ok_or_else(|| Malformed::whole(WHAT, "it has no `kubeletconfig`"))?;
    let fields = KEPT.iter().filter_map(|name| {
        let value = match config.get(*name)? {
            Value::String(text) => text.clone(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            other => other.to_string(),
        };
        Some(((*name).to_owned(), value))
    });
    Ok(KubeletConfig {
        fields: fields.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// A real kubelet 1.20.2.
    const REAL: &str = include_str!("samples/configz-1.20.json");

    #[test]
    fn a_real_configuration_is_understood() {
        let fields = parse(REAL).unwrap().fields;
        assert_eq!(fields["syncFrequency"], "1m0s");
        assert_eq!(fields["maxPods"], "110");
        assert_eq!(fields["enableDebuggingHandlers"], "true");
        assert!(!fields.contains_key("tlsPrivateKeyFile"));
    }

    #[test]
    fn other_answers_are_refused() {
        for text in [
            "",
            "[]",
            "{}",
            "404 page not found",
            "{\"kubeletconfig\":1}",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
