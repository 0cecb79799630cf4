//! Servers here are threads on a loopback port that answer one request with given bytes.

use super::*;
use crate::fake_node::FakeClock;
use flate2::Compression;
use flate2::write::GzEncoder;
use nodesleuth_profile::{Limits, Profile, ValueType, encode};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::atomic::Ordering;

const WINDOW: Duration = Duration::from_secs(2);

/// The address of a server that answers one request with these bytes and closes; and the request's
/// first line, once it came.
fn server(answer: Vec<u8>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!(
        "http://{}/debug/pprof/profile",
        listener.local_addr().unwrap()
    );
    let (sender, request) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let _ = sender.send(lines.next().unwrap().unwrap());
        for line in lines {
            if line.unwrap().is_empty() {
                break;
            }
        }
        let _ = stream.write_all(&answer);
    });
    (address, request)
}

/// Compressed, as every Go server sends it.
fn profile() -> Vec<u8> {
    let plain = encode(&Profile::from_stacks(
        ValueType::CPU,
        [(vec!["main.main"], 10_i64)],
    ));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&plain).unwrap();
    gzip.finish().unwrap()
}

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat()
}

fn ok(body: &[u8]) -> Vec<u8> {
    http(&format!("200 OK\r\nContent-Length: {}", body.len()), body)
}

fn collect(source: &str) -> (Evidence, Vec<(String, Vec<u8>)>) {
    let mut evidence = Evidence::default();
    let wanted = prepare(&[source.to_owned()]).unwrap();
    let pending = start(wanted, WINDOW, &FakeClock::new());
    let files = finish(pending, WINDOW, &Cancel::default(), &mut evidence);
    (evidence, files)
}

fn failure(source: &str) -> Missing {
    let (mut evidence, files) = collect(source);
    assert!(files.is_empty() && evidence.profiles.is_empty());
    evidence.profile_failures.pop().unwrap().missing
}

fn failure_of(answer: Vec<u8>) -> Missing {
    failure(&server(answer).0)
}

#[test]
fn a_profile_is_fetched_for_the_length_of_the_window() {
    let (address, request) = server(ok(&profile()));
    let (evidence, files) = collect(&address);
    assert_eq!(
        request.recv().unwrap(),
        "GET /debug/pprof/profile?seconds=2 HTTP/1.1"
    );
    assert_eq!(files, [("profiles/cpu.pb.gz".to_owned(), profile())]);
    let record = &evidence.profiles[0];
    assert_eq!(
        (record.source.as_str(), record.covers_window),
        (address.as_str(), true)
    );
    assert!(record.fetched.is_some());
}

#[test]
fn a_file_is_taken_as_it_is_and_does_not_cover_the_window() {
    let fake = crate::fake_node::FakeNode::new();
    let path = fake.root().join("cpu.pb.gz");
    fake.write_bytes("/cpu.pb.gz", &profile());
    let (evidence, files) = collect(path.to_str().unwrap());
    assert_eq!(files.len(), 1);
    assert!(!evidence.profiles[0].covers_window && evidence.profiles[0].fetched.is_none());
}

#[test]
fn text_of_a_profile_is_kept_as_a_profile() {
    let raw = raw_text();
    let fake = crate::fake_node::FakeNode::new();
    let path = fake.root().join("kubelet.pprof");
    fake.write_bytes("/kubelet.pprof", raw.as_bytes());
    let (address, _) = server(ok(raw.as_bytes()));
    for source in [path.to_str().unwrap(), &address] {
        let (evidence, files) = collect(source);
        assert_eq!(evidence.profiles[0].duration, Some(Nanos(2_500_000_000)));
        let kept = nodesleuth_profile::read(&files[0].1, &Limits::default()).unwrap();
        assert_eq!((kept.total(1), kept.stack_count()), (30_000_000, 1));
    }
}

#[test]
fn what_was_not_understood_of_a_text_is_part_of_the_evidence() {
    let text = b"main;read 3\nwhat is this\n";
    let fake = crate::fake_node::FakeNode::new().file("/x.folded", "");
    fake.write_bytes("/x.folded", text);
    let path = fake.root().join("x.folded");
    let (address, _) = server(ok(text));
    for source in [path.to_str().unwrap(), &address] {
        let (evidence, _) = collect(source);
        let said = "line 2 was not understood and is ignored: what is this";
        assert_eq!(evidence.profiles[0].notes, [said]);
    }
}

fn raw_text() -> &'static str {
    "PeriodType: cpu nanoseconds\nPeriod: 10000000\nDuration: 2.5s\nSamples:\n\
     samples/count cpu/nanoseconds\n          3   30000000: 1 \nLocations\n     \
     1: 0x1 main.main /x/main.go:3 s=1\nMappings\n"
}

#[test]
fn several_profiles_get_names_of_their_own() {
    let fake = crate::fake_node::FakeNode::new();
    fake.write_bytes("/a", &profile());
    let path = fake.root().join("a").to_str().unwrap().to_owned();
    let mut evidence = Evidence::default();
    let sources = [path.clone(), "https://nowhere".to_owned(), path];
    let wanted = prepare(&sources).unwrap();
    let pending = start(wanted, Duration::from_secs(1), &FakeClock::new());
    let files = finish(pending, WINDOW, &Cancel::default(), &mut evidence);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["profiles/cpu.pb.gz", "profiles/cpu-2.pb.gz"]);
    assert_eq!(evidence.profile_failures.len(), 1);
}

#[test]
fn a_closed_port_says_connection_refused() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let missing = failure(&format!("http://127.0.0.1:{port}/debug/pprof/profile"));
    assert_eq!(
        missing.reason,
        "connection refused: nothing listens on that address and port"
    );
}

#[test]
fn a_profile_cut_in_the_middle_is_a_failure_that_says_so() {
    let whole = profile();
    let half = &whole[..whole.len() / 2];
    let short_body = http(&format!("200 OK\r\nContent-Length: {}", whole.len()), half);
    assert!(failure_of(short_body).reason.contains("cut in the middle"));
    let chunk = [format!("{:x}\r\n", whole.len()).as_bytes(), half].concat();
    let broken_chunk = http("200 OK\r\nTransfer-Encoding: chunked", &chunk);
    assert!(
        failure_of(broken_chunk)
            .reason
            .contains("cut in the middle")
    );
    let until_close = http("200 OK\r\nConnection: close", half);
    let missing = failure_of(until_close);
    assert!(
        missing.reason.contains("cut in the middle"),
        "{}",
        missing.reason
    );
}

#[test]
fn the_kubelets_refusals_are_shown_in_its_own_words() {
    let text = b"Could not enable CPU profiling: cpu profiling already in use\n";
    assert_eq!(
        failure_of(http("500 Internal Server Error", text)).reason,
        "the server answered HTTP 500 Internal Server Error: Could not enable CPU profiling: cpu \
         profiling already in use"
    );
    let missing = failure_of(http(
        "405 Method Not Allowed",
        b"Debug endpoints are disabled.\n",
    ));
    assert_eq!(missing.kind, MissingKind::Unsupported);
    assert!(missing.reason.ends_with("Debug endpoints are disabled."));
    assert!(missing.need.unwrap().contains("enableDebuggingHandlers"));
    let forbidden = b"{\n  \"message\": \"nodes \\\"n\\\" is forbidden\",\n  \"code\": 403\n}";
    let missing = failure_of(http("403 Forbidden", forbidden));
    assert!(
        missing
            .reason
            .ends_with("403 Forbidden: nodes \"n\" is forbidden"),
        "{missing}"
    );
    assert_eq!(
        failure_of(http("403 Forbidden", b"Forbidden")).kind,
        MissingKind::Permission
    );
}

#[test]
fn html_and_garbage_are_not_profiles() {
    let page = failure_of(ok(b"<!DOCTYPE html><html><body>log in</body></html>"));
    assert!(page.reason.contains("HTML"), "{}", page.reason);
    assert!(
        failure_of(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())
            .reason
            .contains("not HTTP")
    );
    assert!(failure_of(Vec::new()).reason.contains("without an answer"));
}

#[test]
fn a_redirect_is_shown_and_not_followed() {
    let head = "302 Found\r\nLocation: https://sso/login?state=secret\r\nContent-Length: 0";
    assert_eq!(
        failure_of(http(head, b"")).reason,
        "the server answered HTTP 302, a redirect to https://sso/login, not followed"
    );
}

#[test]
fn https_says_which_ways_there_are() {
    let (evidence, _) = collect("https://user:secret@node:10250/debug/pprof/profile?token=abc");
    let failure = &evidence.profile_failures[0];
    assert_eq!(failure.source, "https://node:10250/debug/pprof/profile");
    assert!(failure.missing.reason.contains("kubectl proxy"));
}

#[test]
fn an_interrupt_does_not_wait_for_a_silent_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/profile", listener.local_addr().unwrap());
    let cancel = Cancel::default();
    let wanted = prepare(&[address]).unwrap();
    let pending = start(wanted, Duration::from_secs(60), &FakeClock::new());
    cancel.flag().store(true, Ordering::Relaxed);
    let mut evidence = Evidence::default();
    finish(pending, WINDOW, &cancel, &mut evidence);
    assert_eq!(
        evidence.profile_failures[0].missing.kind,
        MissingKind::Interrupted
    );
}

#[test]
fn only_a_profile_of_the_windows_length_is_reconciled_with_it() {
    let covers =
        |seconds: f64| is_as_long_as(Some(Nanos::from_seconds(seconds)), Duration::from_secs(15));
    assert_eq!([14.9, 15.1, 16.5].map(covers), [true; 3]);
    assert_eq!([5.0, 30.0].map(covers), [false; 2]);
    assert!(is_as_long_as(None, WINDOW));
}

#[test]
fn one_file_that_is_no_profile_ends_it_before_anything_is_fetched() {
    let (address, request) = server(ok(&profile()));
    let error = prepare(&[address, "/nowhere".to_owned()]).err().unwrap();
    assert!(error.to_string().contains("/nowhere"), "{error}");
    assert!(request.try_recv().is_err());
}

#[test]
fn a_profile_that_inflates_beyond_what_we_may_take_is_refused() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..17 {
        gzip.write_all(&zeros).unwrap();
    }
    let bomb = gzip.finish().unwrap();
    let missing = failure_of(ok(&bomb));
    assert!(missing.reason.contains("limit"), "{}", missing.reason);
}

#[test]
fn goroutines_are_asked_beside_the_cpu_profile() {
    const LEAKED: &[u8] = include_bytes!("samples/goroutine-leaked-10000.pb.gz");
    let (address, request) = server(ok(LEAKED));
    let mut collected = crate::Collected::default();
    let wanted = DebugPages {
        goroutines: true,
        heap: false,
    };
    debug_pages::add(&["cpu.pb.gz".to_owned(), address], wanted, &mut collected);
    let asked = request.recv().unwrap();
    assert_eq!(asked, "GET /debug/pprof/goroutine HTTP/1.1");
    let goroutines = collected.evidence.goroutines.value().unwrap();
    assert!(goroutines.total > 10_000);
    assert!(collected.evidence.heap == nodesleuth_model::Observed::NotRequested);
    assert_eq!(collected.profiles[0].0, "profiles/goroutine.pb.gz");
}

#[test]
fn a_heap_that_is_refused_is_missing_with_its_reason() {
    let (address, _request) = server(http("404 Not Found\r\nContent-Length: 0", b""));
    let mut collected = crate::Collected::default();
    let wanted = DebugPages {
        goroutines: false,
        heap: true,
    };
    debug_pages::add(&[address], wanted, &mut collected);
    let missing = collected.evidence.heap.missing().unwrap();
    assert!(missing.reason.contains("404"), "{missing}");
    debug_pages::add(&["cpu.pb.gz".to_owned()], wanted, &mut collected);
    let missing = collected.evidence.heap.missing().unwrap();
    assert!(missing.reason.contains("no address"), "{missing}");
}
