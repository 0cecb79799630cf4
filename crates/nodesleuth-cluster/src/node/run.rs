//! One run against one node: pages, a CPU profile over the window, pages. What is slow or refused is
//! missing with its reason and ends nothing, unless it says that the node cannot be asked at all.

use super::pages::Node;
use super::profile::{ProfileTaken, Taken};
use super::time::NodeTime;
use super::{Company, NodeOptions, derived};
use crate::profile::ProfileOf;
use crate::request::interrupted;
use crate::stop::Stop;
use crate::{Refusal, RefusalKind as Kind};
use nodesleuth_collect::{Collected, Progress, goroutines_of, heap_of, kept_debug_page};
use nodesleuth_model::evidence::{
    ClockAnchor, ContainerStats, KubeletConfig, KubeletMetrics, KubeletPage, NodeObject, NodePods,
    Vantage, Via, WindowEnd, WindowSpan,
};
use nodesleuth_model::{BootNanos, Evidence, Missing, Observed, Reading, Window};
use std::cell::RefCell;
use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;
use tokio::time::sleep;

/// One run against one node.
pub(crate) struct Run<'a> {
    pub(crate) node: &'a Node<'a>,
    pub(crate) options: &'a NodeOptions,
    pub(crate) stop: &'a Stop<'a>,
    pub(crate) progress: &'a dyn Progress,
    time: NodeTime,
    /// Pages of the kubelet that were asked for.
    asked: RefCell<Vec<KubeletPage>>,
}

/// An answer, or why there is none.
pub(super) type Answer<T> = Result<T, Refusal>;

/// What was seen of a node, its CPU profile as it came.
#[derive(Debug)]
pub struct NodeSeen {
    evidence: Evidence,
    files: Vec<(String, Vec<u8>)>,
    profile: ProfileTaken,
    of: ProfileOf,
    window: Duration,
    is_disturbed: bool,
}

impl NodeSeen {
    /// Looks into the profile. Whoever asks many nodes does that in another thread: at the end of
    /// their windows hundreds of profiles come at once.
    #[must_use]
    pub fn checked(self) -> Collected {
        let Self {
            mut evidence,
            mut files,
            profile,
            of,
            window,
            is_disturbed,
        } = self;
        files.extend(profile.record(&of, window, is_disturbed, &mut evidence));
        Collected {
            evidence,
            profiles: files,
        }
    }
}

/// What a kubelet said before its window, and whether it was quick about it.
struct Before {
    config: Answer<KubeletConfig>,
    stats: Answer<Reading<ContainerStats>>,
    pods: Answer<Reading<NodePods>>,
    is_slow: bool,
}

impl<'a> Run<'a> {
    /// The node's time begins here.
    pub(crate) fn new(
        node: &'a Node<'a>,
        options: &'a NodeOptions,
        stop: &'a Stop<'a>,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            node,
            options,
            stop,
            progress,
            time: NodeTime::begin(options),
            asked: RefCell::default(),
        }
    }

    pub(crate) async fn collect(&self) -> Answer<NodeSeen> {
        self.progress.stage("asking for the node");
        let object = match self.time.page() {
            Some(within) => self.unless_stopped(self.node.object(within)).await,
            None => Err(self.no_time()),
        };
        if let Err(refusal) = &object
            && refusal.kind == Kind::NoSuchNode
        {
            return Err(refusal.clone());
        }
        self.watched(object).await
    }

    /// The same for a node whose object is there.
    pub(crate) async fn watched(&self, object: Answer<NodeObject>) -> Answer<NodeSeen> {
        let mut evidence = self.begun();
        let of = ProfileOf::of_checked(&self.node.name);
        let (before, taken) = self.opened_and_watched(&of).await?;
        let Taken {
            opened,
            closed,
            profile,
        } = taken;
        let ended = match self.stop.is_wanted() {
            true => WindowEnd::Interrupted,
            false => WindowEnd::Completed,
        };
        self.progress.stage("asking once more");
        let closed = match (closed, &opened) {
            (Some(closed), _) => closed,
            // A counter that is not known at one end says nothing.
            (None, Err(refusal)) if refusal.is_about_time() => Err(refusal.clone()),
            (None, _) => self.closing_metrics().await,
        };
        evidence.window = WindowSpan {
            opened: moment(&opened).unwrap_or(profile.began()),
            closed: moment(&closed).unwrap_or(profile.ended()),
            requested_seconds: self.options.window.as_secs_f64(),
            ended,
        };
        let mut files = Vec::new();
        if answers(&closed) {
            files = self.debug_pages(before.is_slow, &mut evidence).await;
        }
        // The lighter ones first: what there is no time for is the heaviest.
        let config = match &before.config {
            Err(refusal) if refusal.is_about_time() => {
                self.if_it_answers(&closed, self.config()).await
            }
            _ => before.config,
        };
        let pods = match &before.pods {
            Ok(pods) if self.is_one_of_many() => Ok(pods.clone()),
            _ => {
                let pods = self.pods(self.time.page());
                self.if_it_answers(&closed, pods).await
            }
        };
        let stats = self
            .if_it_answers(&closed, self.stats(self.time.page()))
            .await;
        evidence.stats_summary = match self.is_one_of_many() {
            true => Observed::NotRequested,
            false => observed(self.if_it_answers(&closed, self.summary()).await),
        };

        evidence.node_object = observed(object);
        evidence.kubelet_metrics = window(opened, closed);
        evidence.kubelet_config = observed(config);
        let is_disturbed = is_late(&before.stats);
        evidence.container_stats = window_or_once(before.stats, stats);
        evidence.node_pods = window_or_once(before.pods, pods);
        evidence.kubelet_pages = self.asked.take();
        derived::fill(&mut evidence);
        Ok(NodeSeen {
            evidence,
            files,
            profile,
            of,
            window: self.options.window,
            is_disturbed,
        })
    }

    fn begun(&self) -> Evidence {
        let clock = self.node.clock;
        let mut evidence = Evidence::default();
        evidence.tool.clone_from(&self.options.tool);
        evidence.vantage = Vantage {
            via: Via::Api,
            node: Some(self.node.name.clone()),
        };
        evidence.clock = ClockAnchor {
            boot: clock.boot(),
            utc_unix_nanos: clock.utc_unix_nanos(),
        };
        evidence
    }

    /// A kubelet whose metrics take long is watched meanwhile: the profile does not wait for them,
    /// and nothing heavy is asked of it before.
    async fn opened_and_watched(&self, of: &ProfileOf) -> Answer<(Before, Taken)> {
        self.progress.stage("asking its kubelet");
        let mut first = pin!(self.opening_metrics());
        let prompt = tokio::select! {
            biased;
            first = &mut first => Some(first),
            () = sleep(self.time.prompt()) => None,
        };
        let Some(first) = prompt else {
            let taken = self.watch_meanwhile(of, first).await?;
            return Ok((Before::skipped(), taken));
        };
        if let Err(refusal) = &first
            && refusal.is_about_the_whole_node()
        {
            return Err(refusal.clone());
        }
        if self.company() == Company::Crowd {
            return Ok(self.watched_in_a_crowd(of, first).await);
        }
        let before = self.before().await;
        let taken = self.watch(of, None).await;
        Ok((before, taken))
    }

    /// The window opens with the page that came just now. What does not disturb the kubelet is asked
    /// while its profile is taken, when all others' windows are open too.
    async fn watched_in_a_crowd(
        &self,
        of: &ProfileOf,
        first: Answer<Reading<KubeletMetrics>>,
    ) -> (Before, Taken) {
        let mut before = Before::later();
        let quarter = self.options.window / 4;
        let meanwhile = async {
            sleep(quarter).await;
            before.config = self.config_within(Some(quarter)).await;
            if self.options.pods_from_api_server {
                before.pods = self.pods(Some(quarter)).await;
            }
            pending().await
        };
        let taken = tokio::select! {
            biased;
            taken = self.watch(of, Some(first)) => taken,
            taken = meanwhile => taken,
        };
        (before, taken)
    }

    /// What is read from caches, at both ends.
    async fn before(&self) -> Before {
        let config = self.config_within(self.time.page_before_window()).await;
        let stats = self.stats(self.time.page_before_window()).await;
        let pods = self.pods(self.time.page_before_window()).await;
        let is_slow = is_late(&stats) || config.as_ref().is_err_and(in_vain);
        Before {
            config,
            stats,
            pods,
            is_slow,
        }
    }

    /// Goroutines and heap, where they are wanted. Of a kubelet that is too slow to list its
    /// containers goroutines are asked anyway: cAdvisor has one for each cgroup that it follows.
    async fn debug_pages(&self, is_slow: bool, evidence: &mut Evidence) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        if self.options.goroutines || is_slow {
            let page = self.debug_page("/debug/pprof/goroutine").await;
            evidence.goroutines = kept_debug_page(page, "goroutine", goroutines_of, &mut files);
        }
        if self.options.heap {
            let page = self.debug_page("/debug/pprof/heap").await;
            evidence.heap = kept_debug_page(page, "heap", heap_of, &mut files);
        }
        files
    }

    /// The page that opens the window.
    pub(super) async fn opening_metrics(&self) -> Answer<Reading<KubeletMetrics>> {
        self.metrics(self.time.opening_page()).await
    }

    /// The page that closes it.
    pub(super) async fn closing_metrics(&self) -> Answer<Reading<KubeletMetrics>> {
        self.metrics(self.time.closing_page()).await
    }

    /// Whether others are asked at the same time.
    pub(super) fn is_one_of_many(&self) -> bool {
        self.company() != Company::Alone
    }

    fn company(&self) -> Company {
        Company::of(self.options.in_flight)
    }

    async fn metrics(&self, within: Option<Duration>) -> Answer<Reading<KubeletMetrics>> {
        let ask = |within| self.node.metrics(within);
        self.page("/metrics", within, ask).await
    }

    async fn stats(&self, within: Option<Duration>) -> Answer<Reading<ContainerStats>> {
        let ask = |within| self.node.container_stats(within);
        self.page("/metrics/cadvisor", within, ask).await
    }

    async fn config(&self) -> Answer<KubeletConfig> {
        self.config_within(self.time.page()).await
    }

    async fn config_within(&self, within: Option<Duration>) -> Answer<KubeletConfig> {
        self.page("/configz", within, |within| self.node.config(within))
            .await
    }

    async fn summary(&self) -> Answer<nodesleuth_model::evidence::StatsSummary> {
        let ask = |within| self.node.summary(within);
        self.page("/stats/summary", self.time.page(), ask).await
    }

    async fn debug_page(&self, path: &str) -> Result<Vec<u8>, Missing> {
        let ask = |within| self.node.debug_page(path, within);
        let page = self.page(path, self.time.page(), ask).await;
        page.map_err(|refusal| refusal.missing())
    }

    async fn pods(&self, within: Option<Duration>) -> Answer<Reading<NodePods>> {
        let from_api_server = self.options.pods_from_api_server;
        let ask = |within| self.node.pods(from_api_server, within);
        match (from_api_server, within) {
            (false, within) => self.page("/pods", within, ask).await,
            (true, Some(within)) => self.unless_stopped(ask(within)).await,
            (true, None) => Err(self.no_time()),
        }
    }

    /// A page of the kubelet: how long it took is evidence too.
    async fn page<T, F: Future<Output = Answer<T>>>(
        &self,
        path: &str,
        within: Option<Duration>,
        ask: impl FnOnce(Duration) -> F,
    ) -> Answer<T> {
        let asked = self.node.clock.boot();
        let answer = match within {
            Some(within) => self.unless_stopped(ask(within)).await,
            None => Err(self.no_time()),
        };
        self.asked.borrow_mut().push(KubeletPage {
            path: path.to_owned(),
            asked,
            took: self.node.clock.boot().since(asked),
            missing: answer.as_ref().err().map(Refusal::missing),
        });
        answer
    }

    fn no_time(&self) -> Refusal {
        let said = format!(
            "not asked: the time for this node ({:.0} s) was over, or its window had to open",
            self.time.limit().as_secs_f64()
        );
        Refusal::new(Kind::NotAsked, said)
    }

    pub(super) fn time(&self) -> NodeTime {
        self.time
    }

    /// The answer, unless a kubelet that was asked before answers nobody any more.
    async fn if_it_answers<T, U>(
        &self,
        before: &Answer<U>,
        answer: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        match before {
            Err(refusal) if !answers(before) => Err(refusal.clone()),
            _ => answer.await,
        }
    }

    /// The answer, or why there is none once the user asked to stop.
    pub(crate) async fn unless_stopped<T>(
        &self,
        answer: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.stop.wanted() => Err(interrupted()),
        }
    }
}

impl Before {
    /// Of a kubelet that is slow already.
    fn skipped() -> Self {
        Self {
            is_slow: true,
            ..Self::not_asked("the kubelet was slow, so this was not asked before its window")
        }
    }

    /// Of one of too many.
    fn later() -> Self {
        Self::not_asked(
            "many nodes were asked at the same time, so this was not asked before its window",
        )
    }

    fn not_asked(said: &str) -> Self {
        fn refused<T>(said: &str) -> Answer<T> {
            Err(Refusal::new(Kind::NotAsked, said))
        }
        Self {
            config: refused(said),
            stats: refused(said),
            pods: refused(said),
            is_slow: false,
        }
    }
}

/// Whether it was asked, and the answer did not come in time.
fn in_vain(refusal: &Refusal) -> bool {
    refusal.is_about_time() && refusal.kind != Kind::NotAsked
}

/// Whether a page of statistics did not come whole in time.
fn is_late(stats: &Answer<Reading<ContainerStats>>) -> bool {
    match stats {
        Ok(reading) => reading.value.incomplete.is_some(),
        Err(refusal) => in_vain(refusal),
    }
}

/// Whether whoever answered so may answer something else: one that is slow may.
fn answers<T>(answer: &Answer<T>) -> bool {
    let refusal = answer.as_ref().err();
    refusal.is_none_or(|refusal| refusal.is_about_time() || !refusal.is_about_the_whole_node())
}

fn observed<T>(answer: Answer<T>) -> Observed<T> {
    answer.map_err(|refusal| refusal.missing()).into()
}

fn moment<T>(reading: &Answer<Reading<T>>) -> Option<BootNanos> {
    reading.as_ref().ok().map(|reading| reading.at)
}

/// Both ends, or why one is missing.
fn window<T>(before: Answer<Reading<T>>, after: Answer<Reading<T>>) -> Observed<Window<T>> {
    match (before, after) {
        (Ok(before), Ok(after)) => Observed::Value(Window { before, after }),
        (Err(refusal), _) => Observed::Unavailable(refusal.missing()),
        (_, Err(refusal)) => Observed::Unavailable(at_the_end(&refusal)),
    }
}

/// Both ends, or the one that came as both: then no time passes between them.
fn window_or_once<T: Clone>(
    before: Answer<Reading<T>>,
    after: Answer<Reading<T>>,
) -> Observed<Window<T>> {
    match (before, after) {
        (Ok(before), Ok(after)) => Observed::Value(Window { before, after }),
        (Ok(once), Err(_)) | (Err(_), Ok(once)) => Observed::Value(Window {
            before: once.clone(),
            after: once,
        }),
        (Err(_), Err(refusal)) => Observed::Unavailable(at_the_end(&refusal)),
    }
}

fn at_the_end(refusal: &Refusal) -> Missing {
    Missing {
        reason: format!("at the end of the window: {refusal}"),
        ..refusal.missing()
    }
}
