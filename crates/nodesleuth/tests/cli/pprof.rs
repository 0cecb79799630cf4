//! `nodesleuth pprof` on several inputs: files merged and compared, addresses fetched. What the
//! reports look like is the business of `pprof_conformance`.

use crate::refuses;
use crate::support::{Run, run};
use nodesleuth_profile::{Limits, Profile, ValueType, read, write};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::{self, JoinHandle};

/// Files in a folder that goes away.
struct Files(tempfile::TempDir);

impl Files {
    /// `one` has main;work 30 ms and main 10 ms, `two` main;work 5 ms, `heap` something else.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cpu = |stacks: &[(&[&'static str], i64)]| {
            let stacks = stacks
                .iter()
                .map(|(s, ms)| (s.iter().copied(), ms * 1_000_000));
            Profile::from_stacks(ValueType::CPU, stacks)
        };
        let heap = ValueType::new("space", "bytes");
        for (name, profile) in [
            ("one", cpu(&[(&["main", "work"], 30), (&["main"], 10)])),
            ("two", cpu(&[(&["main", "work"], 5)])),
            ("heap", Profile::from_stacks(heap, [(["main"], 1)])),
        ] {
            let file = File::create(folder.path().join(name)).unwrap();
            write(&profile, file).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Runs pprof; `@name` in the arguments is a file of this folder.
    fn pprof(&self, arguments: &str) -> Run {
        let words = arguments.split(' ').map(|word| match word.split_once('@') {
            Some((before, name)) => format!("{before}{}", self.path(name)),
            None => word.to_owned(),
        });
        let words: Vec<_> = std::iter::once("pprof".to_owned()).chain(words).collect();
        run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

fn profile(path: &Path) -> Profile {
    read(&fs::read(path).unwrap(), &Limits::default()).unwrap()
}

#[test]
fn several_files_are_one_profile_and_what_is_missing_is_said() {
    let files = Files::new();
    let sum = files.pprof("-top @one @two");
    assert!(sum.out.contains("for 45ms, 100% of 45ms total"), "{sum:?}");
    let partly = files.pprof("-top @one @nowhere @two");
    assert_eq!((partly.code, &partly.out), (Some(0), &sum.out));
    assert!(
        partly.err.contains("Fetched 2 source profiles out of 3"),
        "{partly:?}"
    );
    refuses(&files.pprof("-top @nowhere @nothing"), &["No such file"]);
    refuses(
        &files.pprof("-top @one @heap"),
        &["empty common sample type list"],
    );
}

#[test]
fn differences_are_shares_of_their_base_only_when_asked() {
    let files = Files::new();
    let diff = files.pprof("-top -diff_base=@two @one");
    assert!(
        diff.out.contains("for 35ms, 700.00% of 5ms total"),
        "{diff:?}"
    );
    let base = files.pprof("-top -base=@two @one");
    assert!(
        base.out.contains("for 35ms, 100% of 35ms total"),
        "{base:?}"
    );
    let same = files.pprof("-top -normalize -base=@two @two");
    assert!(same.out.contains("for 0, 0% of 0 total"), "{same:?}");
}

#[test]
fn a_written_profile_is_the_one_that_was_asked_for() {
    let files = Files::new();
    let run = files.pprof("-proto -focus=work -output=@out @one @two");
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""), "{run:?}");
    let out = profile(Path::new(&files.path("out")));
    assert_eq!((out.stack_count(), out.total(0)), (1, 35_000_000));
}

/// Answers one request with these bytes; gives its first line back.
fn serve(answer: Vec<u8>) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        stream.write_all(&answer).unwrap();
        first
    });
    (address, server)
}

fn answer(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn a_host_with_a_port_is_asked_for_its_cpu_profile() {
    let files = Files::new();
    let body = fs::read(files.path("one")).unwrap();
    let (address, server) = serve(answer("200 OK", &body));
    let run = files.pprof(&format!("-seconds=60 -raw {address}"));
    assert_eq!(
        server.join().unwrap(),
        "GET /debug/pprof/profile?seconds=60 HTTP/1.1"
    );
    assert_eq!(run.out, files.pprof("-raw @one").out);
    for said in [
        "Fetching profile over HTTP from http://",
        "Please wait... (60s)",
        "No copy",
    ] {
        assert!(run.err.contains(said), "{run:?}");
    }
}

/// A run whose first line on stderr says what is fetched, without that line.
fn without_progress(run: Run) -> Run {
    let (first, rest) = run.err.split_once('\n').unwrap();
    assert!(first.starts_with("Fetching profile"), "{run:?}");
    Run {
        err: rest.to_owned(),
        ..run
    }
}

#[test]
fn what_a_server_says_instead_of_a_profile_is_told() {
    let files = Files::new();
    let status = br#"{"kind":"Status","message":"nodes \"n\" is forbidden","code":403}"#;
    let (address, _server) = serve(answer("403 Forbidden", status));
    let run = without_progress(files.pprof(&format!("-top http://{address}/x")));
    refuses(&run, &["HTTP 403", "nodes \"n\" is forbidden", "RBAC"]);
    let (address, _server) = serve(answer("200 OK", b"<html>login</html>"));
    let run = without_progress(files.pprof(&format!("-top http://{address}/x")));
    refuses(&run, &["an HTML page", "serves no profile"]);
}

#[test]
fn what_is_not_done_is_refused_with_what_to_use() {
    let files = Files::new();
    for (option, help) in [
        ("-dot", "nodesleuth flame"),
        ("-http=:0", "x.html"),
        ("-weblist=main", "-peek"),
        ("-callgrind", "-tree"),
        ("-nosuch", "--help"),
    ] {
        refuses(
            &files.pprof(&format!("{option} @one")),
            &[option.split('=').next().unwrap(), help],
        );
    }
}
