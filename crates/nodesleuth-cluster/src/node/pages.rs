//! The pages of a kubelet and the objects of its node.

use crate::request::{Bounds, Requester};
use crate::{Refusal, RefusalKind as Kind};
use http::HeaderMap;
use nodesleuth_collect::Clock;
use nodesleuth_model::evidence::{
    ContainerStats, KubeletConfig, KubeletMetrics, NodeObject, NodePods, StatsSummary,
};
use nodesleuth_model::{BootNanos, Reading};
use nodesleuth_parse::Malformed;
use nodesleuth_parse::kube::container_stats::ContainerStatsReader;
use nodesleuth_parse::kube::kubelet_metrics::MetricsReader;
use nodesleuth_parse::kube::{configz, http_date, node, pods, summary};
use std::time::{Duration, Instant};

/// `/metrics/cadvisor` with 10,000 leaked cgroups is 44 MB; it is read while it arrives.
const MOST_STATS_BYTES: u64 = 1 << 30;
const MOST_METRICS_BYTES: u64 = 128 << 20;
/// Pods in one page of a list: an object may take some hundred KiB.
const PODS_IN_A_PAGE: u32 = 100;
/// No node has more pages of them.
const MOST_PAGES: usize = 50;

/// One node, asked through the API server.
pub(crate) struct Node<'a> {
    pub(crate) name: String,
    pub(crate) requester: &'a Requester,
    pub(crate) clock: &'a dyn Clock,
}

impl<'a> Node<'a> {
    /// The name must have been checked.
    pub(crate) fn new(requester: &'a Requester, name: &str, clock: &'a dyn Clock) -> Self {
        Self {
            name: name.to_owned(),
            requester,
            clock,
        }
    }

    /// A page of its kubelet.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("/api/v1/nodes/{}/proxy{path}", self.name)
    }

    pub(crate) async fn object(&self, within: Duration) -> Result<NodeObject, Refusal> {
        let path = format!("/api/v1/nodes/{}", self.name);
        let bounds = Bounds::PAGE.within(within);
        let text = self.requester.text(&path, bounds).await?;
        node::parse(&text).map_err(malformed)
    }

    /// The moment of the reading is the middle of the request: the kubelet answers at once.
    pub(crate) async fn metrics(
        &self,
        within: Duration,
    ) -> Result<Reading<KubeletMetrics>, Refusal> {
        let mut reader = MetricsReader::default();
        let bounds = Bounds {
            bytes: MOST_METRICS_BYTES,
            ..Bounds::PAGE.within(within).first()
        };
        let began = self.clock.boot();
        self.requester
            .pieces(&self.page("/metrics"), bounds, |piece| {
                reader.push(piece).map_err(malformed)
            })
            .await?;
        Ok(Reading {
            at: median_moment(began, self.clock.boot()),
            value: reader.finish().map_err(malformed)?,
        })
    }

    pub(crate) async fn container_stats(
        &self,
        within: Duration,
    ) -> Result<Reading<ContainerStats>, Refusal> {
        let mut reader = ContainerStatsReader::default();
        let bounds = Bounds {
            bytes: MOST_STATS_BYTES,
            ..Bounds::PAGE.within(within)
        };
        let began = self.clock.boot();
        let came = self
            .requester
            .pieces(&self.page("/metrics/cadvisor"), bounds, |piece| {
                reader.push(piece).map_err(malformed)
            })
            .await;
        let ended = self.clock.boot();
        let stats = match came {
            Ok(headers) => ContainerStats {
                node_unix_millis: date(&headers),
                ..reader.finish().map_err(malformed)?
            },
            Err(refusal) => beginning(reader, refusal)?,
        };
        Ok(Reading {
            at: median_moment(began, ended),
            value: ContainerStats {
                answered_in: ended.since(began),
                ..stats
            },
        })
    }

    pub(crate) async fn summary(&self, within: Duration) -> Result<StatsSummary, Refusal> {
        let bounds = Bounds::PAGE.within(within);
        let text = self
            .requester
            .text(&self.page("/stats/summary"), bounds)
            .await?;
        summary::parse(&text).map_err(malformed)
    }

    pub(crate) async fn config(&self, within: Duration) -> Result<KubeletConfig, Refusal> {
        let bounds = Bounds::PAGE.within(within);
        let text = self.requester.text(&self.page("/configz"), bounds).await?;
        configz::parse(&text).map_err(malformed)
    }

    /// A page of its debugging handlers, as it comes.
    pub(crate) async fn debug_page(
        &self,
        path: &str,
        within: Duration,
    ) -> Result<Vec<u8>, Refusal> {
        let bounds = Bounds::PAGE.within(within);
        self.requester.bytes(&self.page(path), bounds).await
    }

    /// From the API server, or from the kubelet.
    pub(crate) async fn pods(
        &self,
        from_api_server: bool,
        within: Duration,
    ) -> Result<Reading<NodePods>, Refusal> {
        let at = self.clock.boot();
        let mut counted = NodePods::default();
        if from_api_server {
            counted.source = "the API server".to_owned();
            self.listed_pods(&mut counted, within).await?;
        } else {
            counted.source = "the kubelet's /pods".to_owned();
            let bounds = Bounds::PAGE.within(within);
            let text = self.requester.text(&self.page("/pods"), bounds).await?;
            pods::add_page(&text, &mut counted).map_err(malformed)?;
        }
        Ok(Reading { at, value: counted })
    }

    async fn listed_pods(&self, counted: &mut NodePods, within: Duration) -> Result<(), Refusal> {
        let until = Instant::now() + within;
        let mut more = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!(
                "/api/v1/pods?fieldSelector=spec.nodeName%3D{}&limit={PODS_IN_A_PAGE}{more}",
                self.name
            );
            let left = until.saturating_duration_since(Instant::now());
            let bounds = Bounds::PAGE.within(left);
            let text = self.requester.text(&path, bounds).await?;
            match pods::add_page(&text, counted).map_err(malformed)? {
                Some(token) => more = format!("&continue={}", encoded(&token)),
                None => return Ok(()),
            }
        }
        let said = format!("more than {MOST_PAGES} pages of pods");
        Err(Refusal::new(Kind::TooLarge, said))
    }
}

/// What came of a page before it was cut or its time was over, if that tells of any cgroup.
fn beginning(reader: ContainerStatsReader, refusal: Refusal) -> Result<ContainerStats, Refusal> {
    if !matches!(refusal.kind, Kind::Unfinished | Kind::Cut | Kind::TooLarge) {
        return Err(refusal);
    }
    match reader.so_far() {
        Ok(stats) if stats.cgroups > 0 => Ok(ContainerStats {
            incomplete: Some(refusal.to_string()),
            ..stats
        }),
        _ => Err(refusal),
    }
}

/// Halfway between two moments.
pub(crate) fn median_moment(began: BootNanos, ended: BootNanos) -> BootNanos {
    BootNanos(began.0 + ended.since(began).0 / 2)
}

pub(crate) fn malformed(error: Malformed) -> Refusal {
    Refusal::new(Kind::Malformed, error.to_string())
}

/// Milliseconds since the Unix epoch by the answer's `Date`: kubelets set it, API servers pass it
/// on.
fn date(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get("date")?.to_str().ok()?;
    http_date(text).map(|seconds| seconds * 1_000)
}

/// A value of a query: everything but the unreserved characters escaped.
pub(crate) fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}
