//! A websocket as an API server opens it for `pods/exec`, whose other end says what a test wants.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What servers before 1.30 talk.
const PROTOCOL: &str = "v4.channel.k8s.io";
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
/// Of a large output so much comes in one message, as from kubelets.
const PIECE: usize = 32 << 10;
/// No test waits longer for a client to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens on an exec stream, one after another.
#[derive(Clone, Debug)]
pub enum Scene {
    /// The process writes to stdout.
    Stdout(Bytes),
    /// The process writes to stderr.
    Stderr(String),
    /// Nothing for a time.
    Pause(Duration),
    /// Until the client writes something to stdin, or is gone.
    Stdin,
    /// It ends with this exit code.
    Exit(i32),
    /// The connection ends without a word.
    Cut,
}

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// Headers of the answer that opens it.
pub(crate) fn headers(key: &str) -> [(&'static str, String); 4] {
    [
        ("upgrade", "websocket".to_owned()),
        ("connection", "Upgrade".to_owned()),
        ("sec-websocket-accept", derive_accept_key(key.as_bytes())),
        ("sec-websocket-protocol", PROTOCOL.to_owned()),
    ]
}

/// Plays the scenes; `heard` is told what comes on stdin, and `None` when the client is gone.
pub(crate) async fn play(upgrade: OnUpgrade, scenes: Vec<Scene>, heard: impl Fn(Option<&str>)) {
    let Ok(upgraded) = upgrade.await else {
        return heard(None);
    };
    let io = TokioIo::new(upgraded);
    let mut stream = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
    for scene in scenes {
        let sent = match scene {
            Scene::Stdout(bytes) => send(&mut stream, STDOUT, &bytes).await,
            Scene::Stderr(text) => send(&mut stream, STDERR, text.as_bytes()).await,
            Scene::Pause(time) => {
                sleep(time).await;
                true
            }
            Scene::Stdin => hear(&mut stream, &heard).await,
            Scene::Exit(code) => send(&mut stream, STATUS, status(code).as_bytes()).await,
            Scene::Cut => return,
        };
        if !sent {
            return heard(None);
        }
    }
    // Either side may close first.
    let _ = stream.close(None).await;
}

async fn send(stream: &mut Stream, channel: u8, bytes: &[u8]) -> bool {
    for piece in bytes.chunks(PIECE) {
        let message = [&[channel], piece].concat();
        if stream.send(Message::binary(message)).await.is_err() {
            return false;
        }
    }
    true
}

/// Whether something came.
async fn hear(stream: &mut Stream, heard: &impl Fn(Option<&str>)) -> bool {
    loop {
        match timeout(PATIENCE, stream.next()).await {
            Ok(Some(Ok(Message::Binary(bytes)))) if bytes.first() == Some(&STDIN) => {
                heard(Some(String::from_utf8_lossy(&bytes[1..]).trim_end()));
                return true;
            }
            Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => return false,
            Ok(Some(Ok(_))) => {}
        }
    }
}

fn status(code: i32) -> String {
    match code {
        0 => "{\"metadata\":{},\"status\":\"Success\"}".to_owned(),
        code => format!(
            "{{\"metadata\":{{}},\"status\":\"Failure\",\"message\":\"command terminated with non-zero exit \
             code: exit status {code}\",\"reason\":\"NonZeroExitCode\",\"details\":{{\"causes\":\
             [{{\"reason\":\"ExitCode\",\"message\":\"{code}\"}}]}}}}"
        ),
    }
}
