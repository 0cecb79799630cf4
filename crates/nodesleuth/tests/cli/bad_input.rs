//! Bad input: one clear message that says what, why and what to do, exit code 2, never a panic.

use crate::support::{self, run};
use crate::{refuses, repository};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const CASE: &str = "fixtures/bundles/k415-z20000";

/// An archive of a recorded case.
fn archive(folder: &Path) -> String {
    let path = folder.join("b.tar.gz");
    support::must(
        Command::new("tar")
            .arg("-czf")
            .arg(&path)
            .arg("-C")
            .arg(repository(CASE))
            .args(["evidence.json", "profiles"]),
    );
    path.to_str().unwrap().to_owned()
}

/// A folder with this evidence.
fn evidence(folder: &Path, json: &str) -> String {
    fs::write(folder.join("evidence.json"), json).unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn a_process_that_is_not_there_is_named() {
    refuses(
        &run(&["diagnose", "--pid", "4194303", "--window", "200ms"]),
        &["4194303", "help:"],
    );
    refuses(
        &run(&["diagnose", "--pid", "0"]),
        &["0 is not a process id"],
    );
    refuses(
        &run(&["diagnose", "--name", "no-such-agent"]),
        &["no-such-agent"],
    );
    refuses(&run(&["top", "--pid", "4194303"]), &["4194303"]);
}

#[test]
fn an_archive_and_its_folder_give_the_same_report() {
    let folder = tempfile::tempdir().unwrap();
    let packed = run(&["analyze", &archive(folder.path())]);
    let unpacked = run(&["analyze", repository(CASE).to_str().unwrap()]);
    assert_eq!(packed.out, unpacked.out);
}

#[test]
fn a_bundle_cut_off_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = archive(folder.path());
    let whole = fs::read(&path).unwrap();
    for keep in [
        1,
        10,
        500,
        whole.len() / 2,
        whole.len() - 9,
        whole.len() - 1,
    ] {
        fs::write(&path, &whole[..keep]).unwrap();
        let refused = run(&["analyze", &path]);
        refuses(&refused, &["b.tar.gz", "help:"]);
    }
}

#[test]
fn what_is_no_bundle_is_refused_with_what_it_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let path = path.to_str().unwrap();
    refuses(&run(&["analyze", path]), &["cannot read", path]);
    fs::write(path, "hello").unwrap();
    refuses(
        &run(&["bundle", "show", path]),
        &["not a bundle", "collect --out"],
    );
    fs::write(path, "").unwrap();
    refuses(&run(&["bundle", "show", path]), &["not a bundle"]);
    refuses(&run(&["analyze", path]), &["nothing in these files"]);
    let folder = folder.path().to_str().unwrap();
    refuses(&run(&["bundle", "show", folder]), &["evidence.json"]);
}

#[test]
fn a_bundle_of_a_newer_major_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = evidence(
        folder.path(),
        r#"{"schema":{"major":1,"minor":0},"window":"new shape"}"#,
    );
    refuses(
        &run(&["analyze", &path]),
        &["schema is 1.0", "newer nodesleuth"],
    );
}

#[test]
fn a_newer_minor_schema_is_read_and_its_unknown_fields_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let json = r#"{"schema":{"major":0,"minor":99},"tool":"later","shiny":{"a":1},
                   "window":{"opened":1,"glow":2}}"#;
    let path = evidence(folder.path(), json);
    let read = run(&["analyze", &path, "-o", "json"]);
    assert_eq!(read.code, Some(0), "{read:?}");
    let warnings = read.json()["warnings"].to_string();
    assert!(
        warnings.contains("shiny") && warnings.contains("window.glow"),
        "{warnings}"
    );
}

#[test]
fn evidence_that_is_no_json_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = evidence(
        folder.path(),
        "{\"schema\":{\"major\":0,\"minor\":1},\n oops}",
    );
    refuses(&run(&["analyze", &path]), &["evidence.json", "line 2"]);
    let path = evidence(folder.path(), "{}");
    refuses(&run(&["analyze", &path]), &["schema"]);
}

#[test]
fn a_damaged_profile_costs_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let case = repository(CASE);
    fs::create_dir(folder.path().join("profiles")).unwrap();
    fs::copy(
        case.join("evidence.json"),
        folder.path().join("evidence.json"),
    )
    .unwrap();
    fs::write(
        folder.path().join("profiles/cpu.pb.gz"),
        "<html>login</html>",
    )
    .unwrap();
    let read = run(&["analyze", folder.path().to_str().unwrap(), "-o", "json"]);
    assert_eq!(read.code, Some(0), "{read:?}");
    let json = read.json();
    assert!(
        json["warnings"].to_string().contains("HTML"),
        "{}",
        json["warnings"]
    );
    assert_eq!(json["findings"][0]["id"], "memory-stat-walk");
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine");
    fs::write(&path, "precious").unwrap();
    let path = path.to_str().unwrap();
    let own = std::process::id().to_string();
    for arguments in [
        ["collect", "--pid", &own, "--window", "200ms", "--out", path],
        [
            "diagnose", "--pid", &own, "--window", "200ms", "--save", path,
        ],
    ] {
        refuses(&run(&arguments), &["exists", "never overwritten"]);
    }
    assert_eq!(fs::read_to_string(path).unwrap(), "precious");
}

#[test]
fn a_wrong_option_value_says_how_to_write_it() {
    for arguments in [
        &["diagnose", "--window", "soon"][..],
        &["diagnose", "--window", "0s"],
        &["cgroups", "--read-budget=-1"],
    ] {
        let refused = run(arguments);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(
            refused.err.contains("15s") || refused.err.contains("window"),
            "{refused:?}"
        );
    }
}

#[test]
fn an_unknown_cause_points_to_similar_ones() {
    refuses(
        &run(&["explain", "memory-stat-wlak"]),
        &["memory-stat-wlak", "memory-stat-walk"],
    );
}

#[test]
fn a_users_catalogue_with_a_mistake_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    refuses(&run(&["catalog", "--catalog", path]), &["no .toml file"]);
    fs::write(
        folder.path().join("mine.toml"),
        "id = \"mine\"\nclas = \"T01_x\"\n",
    )
    .unwrap();
    refuses(
        &run(&["catalog", "--catalog", path]),
        &["mine.toml", "line 2", "clas"],
    );
    let unknown_fact = "id = \"mine\"\nclass = \"T01_x\"\ntitle = \"t\"\ncomponent = \"c\"\n\
                        standing = \"reported\"\nexplanation = \"e\"\ndisproof = [\"d\"]\n\
                        [when]\nfact = \"no.such\"\nop = \"==\"\nvalue = 1\n";
    fs::write(folder.path().join("mine.toml"), unknown_fact).unwrap();
    refuses(
        &run(&["catalog", "--catalog", path]),
        &["mine.toml", "no.such", "docs/facts.md"],
    );
}

#[test]
fn a_users_catalogue_cannot_move_the_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let entry = "id = \"mine\"\nclass = \"T01_x\"\ntitle = \"t\"\n\
                 component = \"evil\\u001b[2Jcomponent\"\nstanding = \"reported\"\n\
                 explanation = \"e\"\ndisproof = [\"d\"]\n\
                 [when]\nfact = \"target.hot\"\nop = \"==\"\nvalue = true\n";
    fs::write(folder.path().join("mine.toml"), entry).unwrap();
    let explained = run(&["explain", "mine", "--catalog", path]);
    assert_eq!(explained.code, Some(0), "{explained:?}");
    assert!(explained.out.contains("evil") && !explained.out.contains('\u{1b}'));
}

/// Answers one request with these bytes and closes the connection.
fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        if let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    format!("http://{address}/debug/pprof/profile")
}

/// Diagnoses this very test process with a profile from there; the rest must still be reported.
fn with_profile(url: &str) -> String {
    let own = std::process::id().to_string();
    let arguments = [
        "diagnose", "--pid", &own, "--window", "300ms", "--pprof", url, "-o", "json",
    ];
    let diagnosed = run(&arguments);
    assert_eq!(diagnosed.code, Some(0), "{diagnosed:?}");
    let json = diagnosed.json();
    assert!(json["target"]["comm"].is_string(), "{json}");
    json["not_checked"].to_string()
}

#[test]
fn a_profile_server_that_misbehaves_is_explained_and_the_rest_is_measured() {
    let html = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 32\r\n\r\n\
                 <html><body>Log in</body></html>";
    assert!(with_profile(&server(html)).contains("HTML"));
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n\x1f\x8b\x08";
    let said = with_profile(&server(cut));
    assert!(said.contains("cut") || said.contains("end"), "{said}");
    let busy = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 58\r\n\r\n\
                 Could not enable CPU profiling: cpu profiling already in use";
    let said = with_profile(&server(busy));
    assert!(
        said.contains("500") && said.contains("cpu profiling already"),
        "{said}"
    );
    let refused = with_profile("http://127.0.0.1:1/debug/pprof/profile");
    assert!(refused.contains("refused"), "{refused}");
}

#[test]
fn a_file_that_is_no_profile_is_refused_before_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("text"), "hello").unwrap();
    support::must(Command::new("mkfifo").arg(at("pipe")));
    let own = std::process::id().to_string();
    for (profile, words) in [
        (at("missing.pb.gz"), ["No such file", "check the path"]),
        (at(""), ["a directory", "CPU profile"]),
        (at("pipe"), ["a pipe", "CPU profile"]),
        (at("text"), ["text", "CPU profile"]),
    ] {
        let begin = Instant::now();
        let refused = run(&[
            "diagnose", "--pid", &own, "--window", "60s", "--pprof", &profile,
        ]);
        refuses(&refused, &[&profile, "help:", words[0], words[1]]);
        assert!(begin.elapsed() < Duration::from_secs(30), "{profile}");
    }
}

#[test]
fn an_address_without_http_is_told_how_to_write_it() {
    let own = std::process::id().to_string();
    let refused = |profile: &str| run(&["diagnose", "--pid", &own, "--pprof", profile]);
    refuses(
        &refused("127.0.0.1:6060/debug/pprof/profile"),
        &["write http://127.0.0.1:6060/debug/pprof/profile"],
    );
    let login = refused("me:s3cret@127.0.0.1:6060/debug/pprof/profile");
    refuses(&login, &["http://127.0.0.1:6060/"]);
    assert!(!login.err.contains("s3cret"), "{login:?}");
}

#[test]
fn an_empty_name_is_refused() {
    refuses(
        &run(&["diagnose", "--name", "", "--window", "200ms"]),
        &["cannot be empty", "help:"],
    );
}

#[test]
fn a_process_that_has_ended_is_refused() {
    // Nobody waits for it until the end of this test.
    let mut zombie = Command::new("true").spawn().unwrap();
    let pid = zombie.id().to_string();
    let begin = Instant::now();
    let is_zombie = || {
        fs::read_to_string(format!("/proc/{pid}/stat"))
            .unwrap()
            .contains(") Z ")
    };
    while !is_zombie() {
        assert!(begin.elapsed() < Duration::from_secs(30), "it never ended");
        thread::sleep(Duration::from_millis(10));
    }
    let refused = run(&["diagnose", "--pid", &pid, "--window", "200ms"]);
    zombie.wait().unwrap();
    let parent = std::process::id().to_string();
    refuses(&refused, &[&pid, "has ended", &parent]);
}

#[test]
fn a_thread_is_named_and_its_process_watched() {
    let (tell, told) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        tell.send(nix::unistd::gettid().to_string()).unwrap();
        let _ = ended.recv();
    });
    let tid = told.recv().unwrap();
    let watched = run(&["diagnose", "--pid", &tid, "--window", "200ms", "-o", "json"]);
    drop(end);
    thread.join().unwrap();
    assert_eq!(watched.code, Some(0), "{watched:?}");
    let own = std::process::id();
    assert_eq!(watched.json()["target"]["pid"], own);
    let note = format!("note: {tid} is a thread of process {own} (");
    assert!(watched.err.contains(&note), "{watched:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let case = repository(CASE);
    let script = format!(
        "{} analyze {} | head -n 1",
        support::binary(),
        case.display()
    );
    let output = support::must(Command::new("bash").args(["-o", "pipefail", "-c", &script]));
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_profile_that_cannot_be_taken_is_refused_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let taken = path("taken.pb.gz");
    fs::write(&taken, "somebody's").unwrap();
    let heap = path("heap.folded");
    fs::write(&heap, "main;work 3\n").unwrap();
    let refused = |arguments: &[&str], words: &[&str]| {
        refuses(&run(&[&["profile"], arguments].concat()), words);
    };
    refused(&["--pid", "4194303"], &["4194303", "help:"]);
    refused(&["--name", "no-such-agent"], &["no-such-agent"]);
    refused(&["--pid", "1", "--out", &taken], &["never overwritten"]);
    refused(
        &["--pid", "1", "--out", &path("x.png")],
        &[".svg", ".pb.gz"],
    );
    refused(
        &["--pid", "1", "--compare", &path("none.pb.gz")],
        &["cannot read"],
    );
    refused(
        &["--pid", "1", "--compare", &heap],
        &["no CPU time", "help:"],
    );
    assert_eq!(fs::read(&taken).unwrap(), b"somebody's");
    for wrong in [
        &["--pid", "1", "--for", "0s"][..],
        &["--pid", "1", "--hz", "0"],
        &["--pid", "1", "--hz", "1000000"],
        &["--pid", "1", "--name", "kubelet"],
        &["--all", "--children"],
        &["--pid", "1", "--engine", "magic"],
    ] {
        let run = run(&[&["profile"], wrong].concat());
        assert_eq!(run.code, Some(2), "{wrong:?}: {run:?}");
        assert!(run.err.contains("error:"), "{wrong:?}: {run:?}");
    }
}
