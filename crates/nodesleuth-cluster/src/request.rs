//! One request: bounded in time and size, and every way in which it can fail told apart.

use crate::answer;
use crate::way::{Ask, Body, Way};
use crate::{Refusal, RefusalKind as Kind};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::BodyExt;
use kube::Client;
use nodesleuth_collect::Cancel;
use nodesleuth_model::Bytes;
use std::error::Error;
use std::fmt;
use std::io;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};

/// Of an answer that is a refusal this much is read.
const MOST_OF_A_REFUSAL: usize = 64 << 10;
/// How often the user's wish to stop is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// So often a request is sent again when a server asks for it.
const MOST_TRIES: u32 = 4;

/// Bounds of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Most bytes of a body.
    pub(crate) bytes: u64,
    /// Longest time to the last byte of its answer, asking again included: a page that trickles ends
    /// as one that never begins does.
    pub(crate) within: Duration,
    /// Whether it is sent once more when the connection ends without an answer: one that was kept
    /// open may have been closed by the other side just then.
    pub(crate) again_when_cut: bool,
    /// Where it waits for its turn.
    pub(crate) queue: Queue,
}

/// Where a request waits when many nodes are asked at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// What a window begins and ends with, which must not be late.
    Windows,
    /// Everything else.
    Others,
}

impl Bounds {
    /// For small pages.
    pub(crate) const PAGE: Self = Self {
        bytes: 32 << 20,
        within: Duration::from_secs(30),
        again_when_cut: true,
        queue: Queue::Others,
    };

    /// The same, before all others.
    pub(crate) fn first(self) -> Self {
        Self {
            queue: Queue::Windows,
            ..self
        }
    }

    /// The same within this time.
    pub(crate) fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }
}

/// A request's time; waiting for its turn is a part of it.
#[derive(Clone, Copy, Debug)]
struct Time {
    limit: Duration,
    until: Instant,
    queue: Queue,
}

impl Time {
    fn begin(limit: Duration, queue: Queue) -> Self {
        Self {
            limit,
            until: Instant::now() + limit,
            queue,
        }
    }

    fn no_answer(self) -> Refusal {
        let said = format!("no answer within {:.0} s", self.limit.as_secs_f64());
        Refusal::new(Kind::NoAnswer, said)
    }

    fn not_asked(self) -> Refusal {
        let said = format!(
            "its turn did not come within {:.0} s: too many nodes are asked at the same time",
            self.limit.as_secs_f64()
        );
        Refusal::new(Kind::NotAsked, said)
    }

    fn unfinished(self, bytes: u64) -> Refusal {
        let said = format!(
            "the answer was not complete after {:.0} s ({} had come)",
            self.limit.as_secs_f64(),
            Bytes(bytes)
        );
        Refusal::new(Kind::Unfinished, said)
    }
}

/// Requests that are begun at the same moment: each may need a connection with its handshake.
const MOST_STARTS: usize = 64;
/// Beside them so many that are not about windows, and so many of their bodies: they fill gaps.
const MOST_OTHERS: usize = 8;
/// A request that is not answered in this time has begun: profiles answer after their window.
const START: Duration = Duration::from_millis(50);
/// Whoever asks through our proxy has a timeout of their own.
const LONGEST_RAW: Duration = Duration::from_secs(4 * 3_600);
/// Bodies that are read at the same time, so that their buffers do not add up.
const MOST_DOWNLOADS: usize = 64;
/// A body that takes longer is a slow one: it fills no buffers, and must not keep others waiting.
const DOWNLOAD: Duration = Duration::from_secs(2);

/// Sends requests. Starting them and reading their answers is limited over all nodes; waiting for
/// an answer costs nothing and is limited by the number of nodes in flight.
pub(crate) struct Requester {
    way: Way,
    windows: Turns,
    others: Turns,
}

/// Turns of one queue.
struct Turns {
    starts: Semaphore,
    downloads: Semaphore,
}

impl Turns {
    fn of(starts: usize, downloads: usize) -> Self {
        Self {
            starts: Semaphore::new(starts),
            downloads: Semaphore::new(downloads),
        }
    }
}

impl fmt::Debug for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requester").finish_non_exhaustive()
    }
}

impl Requester {
    pub(crate) fn new(way: Way) -> Self {
        Self {
            way,
            windows: Turns::of(MOST_STARTS, MOST_DOWNLOADS),
            others: Turns::of(MOST_OTHERS, MOST_OTHERS),
        }
    }

    fn turns(&self, queue: Queue) -> &Turns {
        match queue {
            Queue::Windows => &self.windows,
            Queue::Others => &self.others,
        }
    }

    /// For streams, which are no requests with an answer: kubectl has none for us.
    pub(crate) fn client(&self) -> Option<Client> {
        match &self.way {
            Way::Library(client) => Some(client.clone()),
            Way::Kubectl(_) => None,
        }
    }

    /// Gets a page as text.
    pub(crate) async fn text(&self, path: &str, bounds: Bounds) -> Result<String, Refusal> {
        let bytes = self.bytes(path, bounds).await?;
        String::from_utf8(bytes)
            .map_err(|_| Refusal::new(Kind::Malformed, "the answer is not UTF-8"))
    }

    /// Gets a body as a whole.
    pub(crate) async fn bytes(&self, path: &str, bounds: Bounds) -> Result<Vec<u8>, Refusal> {
        let mut body = Vec::new();
        self.pieces(path, bounds, |piece| {
            body.extend_from_slice(piece);
            Ok(())
        })
        .await?;
        Ok(body)
    }

    /// Gets a body and hands it over piece by piece; returns the answer's headers.
    pub(crate) async fn pieces(
        &self,
        path: &str,
        bounds: Bounds,
        take: impl FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> Result<HeaderMap, Refusal> {
        let (response, time) = self.patient(Method::GET, path, &[], bounds).await?;
        let headers = response.headers().clone();
        self.read(response, bounds.bytes, time, take).await?;
        Ok(headers)
    }

    /// Gets whatever is answered, refusals too, for somebody else to read.
    pub(crate) async fn raw(&self, path: &str) -> Result<Response<Body>, Refusal> {
        let ask = Ask {
            method: Method::GET,
            path,
            body: &[],
        };
        self.begun(&ask, Time::begin(LONGEST_RAW, Queue::Others))
            .await
    }

    /// Sends JSON and gets JSON.
    pub(crate) async fn post(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        let bounds = Bounds::PAGE;
        let (response, time) = self.patient(Method::POST, path, body, bounds).await?;
        let mut bytes = Vec::new();
        self.read(response, bounds.bytes, time, |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })
        .await?;
        Ok(bytes)
    }

    /// Deletes an object; what is answered does not matter.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Refusal> {
        let bounds = Bounds::PAGE;
        let (response, time) = self.patient(Method::DELETE, path, &[], bounds).await?;
        self.read(response, bounds.bytes, time, |_| Ok(())).await
    }

    /// Sends it again when the server asks for that, after the time that it names if there is so
    /// much time.
    async fn patient(
        &self,
        method: Method,
        path: &str,
        body: &[u8],
        bounds: Bounds,
    ) -> Result<(Response<Body>, Time), Refusal> {
        let mut tries = 1;
        let time = Time::begin(bounds.within, bounds.queue);
        loop {
            match self.once(method.clone(), path, body, time).await {
                Err(refusal) if tries < MOST_TRIES => match refusal.kind {
                    Kind::TooManyRequests(after) if Instant::now() + after < time.until => {
                        sleep(after).await;
                    }
                    Kind::Cut if bounds.again_when_cut && tries == 1 => {}
                    _ => return Err(refusal),
                },
                other => return other.map(|response| (response, time)),
            }
            tries += 1;
        }
    }

    async fn once(
        &self,
        method: Method,
        path: &str,
        body: &[u8],
        time: Time,
    ) -> Result<Response<Body>, Refusal> {
        let ask = Ask { method, path, body };
        let response = self.begun(&ask, time).await?;
        let status = response.status();
        match status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED => Ok(response),
            _ => Err(self.refused(response, time).await),
        }
    }
}

impl Requester {
    /// Sends it when not too many others are just being sent.
    async fn begun(&self, ask: &Ask<'_>, time: Time) -> Result<Response<Body>, Refusal> {
        let turn = timeout_at(time.until, self.turns(time.queue).starts.acquire()).await;
        let turn = turn.map_err(|_| time.not_asked())?;
        let left = time.until.saturating_duration_since(Instant::now());
        let mut answer = pin!(self.way.send(ask, left));
        let started = time.until.min(Instant::now() + START);
        match timeout_at(started, &mut answer).await {
            Ok(answer) => answer,
            Err(_) => {
                drop(turn);
                let answer = timeout_at(time.until, answer).await;
                answer.map_err(|_| time.no_answer())?
            }
        }
    }

    /// What a refusal says, as far as it is worth reading.
    async fn refused(&self, response: Response<Body>, time: Time) -> Refusal {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        let enough = || Refusal::new(Kind::TooLarge, "");
        // Its status counts even if its text does not come.
        let _ = self
            .read(response, u64::MAX, time, |piece| {
                body.extend_from_slice(piece);
                (body.len() < MOST_OF_A_REFUSAL)
                    .then_some(())
                    .ok_or_else(enough)
            })
            .await;
        body.truncate(MOST_OF_A_REFUSAL);
        answer::refusal(status, &headers, &body)
    }

    async fn read(
        &self,
        response: Response<Body>,
        most: u64,
        time: Time,
        mut take: impl FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut body = response.into_body();
        let mut bytes: u64 = 0;
        let turn = timeout_at(time.until, self.turns(time.queue).downloads.acquire()).await;
        let mut turn = Some(turn.map_err(|_| time.unfinished(bytes))?);
        let slow = Instant::now() + DOWNLOAD;
        loop {
            let limit = match turn {
                Some(_) => slow.min(time.until),
                None => time.until,
            };
            let frame = match timeout_at(limit, body.frame()).await {
                Err(_) if turn.is_some() && limit < time.until => {
                    turn = None;
                    continue;
                }
                Err(_) => return Err(time.unfinished(bytes)),
                Ok(None) => return Ok(()),
                Ok(Some(Err(error))) => {
                    let said = format!(
                        "the connection was cut in the middle of the answer ({})",
                        root(error.as_ref())
                    );
                    return Err(Refusal::new(Kind::Cut, said));
                }
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            bytes += piece.len() as u64;
            if bytes > most {
                let said = format!("the answer is larger than {} MiB", most >> 20);
                return Err(Refusal::new(Kind::TooLarge, said));
            }
            take(&piece)?;
        }
    }
}

/// The innermost of an error's causes.
fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    chain(error).last().unwrap_or(error)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// Before an answer came.
pub(crate) fn failed(error: &kube::Error) -> Refusal {
    let said = root(error).to_string();
    if matches!(error, kube::Error::Auth(_)) {
        return Refusal::new(Kind::LoginFailed, format!("logging in failed: {error}"));
    }
    let kinds: Vec<io::ErrorKind> = chain(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .collect();
    let has = |kind: io::ErrorKind| kinds.contains(&kind);
    let text: Vec<String> = chain(error).map(ToString::to_string).collect();
    let says = |words: &str| text.iter().any(|text| text.contains(words));
    if says("invalid peer certificate") || says("certificate") {
        let said = format!("the API server's certificate is not trusted: {said}");
        return Refusal::new(Kind::NotTrusted, said);
    }
    let is_cut = says("connection closed before message completed")
        || says("IncompleteMessage")
        || has(io::ErrorKind::ConnectionReset)
        || has(io::ErrorKind::BrokenPipe)
        || has(io::ErrorKind::UnexpectedEof);
    if is_cut && !says("tcp connect error") {
        let said = format!("the connection was closed without an answer ({said})");
        return Refusal::new(Kind::Cut, said);
    }
    let said = format!("the API server cannot be reached: {said}");
    Refusal::new(Kind::ApiServerUnreachable, said)
}

/// Ends when the user asks to stop.
pub(crate) async fn stopped(cancel: &Cancel) {
    while !cancel.requested() {
        sleep(LOOK_EVERY).await;
    }
}

/// The refusal of everything after the user asked to stop.
pub(crate) fn interrupted() -> Refusal {
    Refusal::new(Kind::Interrupted, "interrupted before it was answered")
}
