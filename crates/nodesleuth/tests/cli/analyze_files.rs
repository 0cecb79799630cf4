//! `nodesleuth analyze` on what people attach to tickets, through the real binary.

use crate::support::{Run, finish, nodesleuth, run, start};
use flate2::Compression;
use flate2::write::GzEncoder;
use nix::sys::stat::Mode;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

const STRACE: &str = "% time     seconds  usecs/call     calls    errors syscall\n\
    ------ ----------- ----------- --------- --------- ----------------\n 99.99   25.451882      519426        49        12 futex\n";
const PERF: &str =
    "  31.04%  [kernel]  [k] memcg_stat_show\n  18.61%  [kernel]  [k] mem_cgroup_iter\n";

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn analyze(path: &Path, more: &[&str]) -> Run {
    let mut arguments = vec!["analyze", path.to_str().unwrap()];
    arguments.extend(more);
    run(&arguments)
}

/// Kinds of blocks that were taken, by file name.
fn kinds(json: &serde_json::Value) -> Vec<(String, String)> {
    let files = json["files"].as_array().unwrap();
    let blocks = files.iter().flat_map(|file| {
        let name = file["name"]
            .as_str()
            .unwrap()
            .rsplit(['/', '!'])
            .next()
            .unwrap()
            .to_owned();
        let blocks = file["blocks"].as_array().unwrap();
        blocks
            .iter()
            .map(move |block| (name.clone(), block["kind"].as_str().unwrap().to_owned()))
    });
    blocks.collect()
}

#[test]
fn a_folder_is_read_file_by_file_and_hidden_files_are_not() {
    let folder = folder(&[
        ("strace.txt", STRACE.as_bytes()),
        ("deep/perf.txt.gz", &gzip(PERF.as_bytes())),
        (".expected.json", b"{\"kubeletconfig\":{\"maxPods\":1}}"),
    ]);
    let json = analyze(folder.path(), &["-o", "json"]).json();
    let kinds = kinds(&json);
    assert!(
        kinds.contains(&("strace.txt".into(), "strace -c".into())),
        "{kinds:?}"
    );
    assert!(
        kinds.contains(&("perf.txt.gz".into(), "perf top".into())),
        "{kinds:?}"
    );
    assert!(
        !kinds.iter().any(|(name, _)| name.contains("expected")),
        "{kinds:?}"
    );
}

#[test]
fn a_tar_is_read_like_a_folder() {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in [
        ("sos/sos_commands/perf.txt", PERF),
        ("sos/strace-c.txt", STRACE),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, name, bytes.as_bytes())
            .unwrap();
    }
    let bytes = gzip(&tar.into_inner().unwrap());
    let folder = folder(&[("sos.tar.gz", &bytes)]);
    let json = analyze(&folder.path().join("sos.tar.gz"), &["-o", "json"]).json();
    assert_eq!(kinds(&json).len(), 2, "{json}");
}

#[test]
fn standard_input_a_forced_format_and_what_was_only_said() {
    let mut command = nodesleuth(&[
        "analyze",
        "-",
        "--as",
        "perf",
        "--fact",
        "kernel=4.15.0-43-generic",
        "-o",
        "json",
    ]);
    let mut child = start(command.stdin(Stdio::piped()));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(PERF.as_bytes())
        .unwrap();
    let json = finish(child).json();
    assert_eq!(kinds(&json), [("-".to_owned(), "perf top".to_owned())]);
    assert_eq!(
        json["facts"]["kernel.release"]["value"],
        "4.15.0-43-generic"
    );
}

#[test]
fn wrong_arguments_and_useless_files_are_told() {
    let folder = folder(&[
        ("junk.bin", &[0, 159, 146, 150, 0, 1, 2]),
        ("empty.txt", b""),
    ]);
    for (arguments, word) in [
        (vec!["analyze", "/nowhere/x"], "No such file"),
        (vec!["analyze", "-", "--as", "tea"], "possible values"),
        (vec!["analyze", "-", "--fact", "kernel"], "NAME=VALUE"),
        (vec!["analyze", "-"], "nothing in these files"),
        (vec!["analyze"], "required"),
        (
            vec!["analyze", folder.path().to_str().unwrap()],
            "neither text nor a profile",
        ),
    ] {
        let run = run(&arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(run.err.contains(word), "{arguments:?}: {run:?}");
    }
}

#[test]
fn markdown_has_headings_and_the_list_of_files() {
    let folder = folder(&[("perf.txt", PERF.as_bytes())]);
    let run = analyze(folder.path(), &["-o", "markdown"]);
    assert!(run.out.starts_with("# nodesleuth "), "{run:?}");
    assert!(run.out.contains("## What was read\n\n- "), "{run:?}");
}

#[test]
fn redaction_leaves_no_name_and_keeps_the_map_apart() {
    let log = "I0101 00:00:01.000000  12 x.go:1] pod=\"shop/cart-5f7d\" node=\"worker-eu-7\" took 3s at 10.20.30.40\n";
    let folder = folder(&[("kubelet.log", log.as_bytes())]);
    let map = folder.path().join("map.json");
    let file = folder.path().join("kubelet.log");
    let run = analyze(
        &file,
        &[
            "--redact",
            "--redact-map",
            map.to_str().unwrap(),
            "-o",
            "json",
        ],
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    for name in ["cart-5f7d", "worker-eu-7", "10.20.30.40"] {
        assert!(!run.out.contains(name), "{run:?}");
    }
    let kept = fs::read_to_string(&map).unwrap();
    assert!(
        kept.contains("worker-eu-7") && kept.contains("10.1.1.1"),
        "{kept}"
    );
    let mode = fs::metadata(&map).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Loops of links, a pipe nobody writes to, a bomb, junk, a deep tree, many files.
#[test]
fn a_hostile_folder_ends_within_the_limits() {
    let bomb = gzip(&vec![0_u8; 65 << 20]);
    let folder = folder(&[
        ("messages.gz", &bomb),
        ("junk.txt", &[0xff; 4096]),
        ("perf.txt", PERF.as_bytes()),
    ]);
    let root = folder.path();
    symlink(root, root.join("loop")).unwrap();
    symlink("/dev/zero", root.join("zero.txt")).unwrap();
    symlink("/proc/self/environ", root.join("environ.txt")).unwrap();
    nix::unistd::mkfifo(&root.join("pipe.txt"), Mode::S_IRWXU).unwrap();
    fs::create_dir_all(root.join(vec!["d"; 60].join("/"))).unwrap();
    let many = root.join("many");
    fs::create_dir(&many).unwrap();
    for at in 0..3_000 {
        fs::write(many.join(format!("{at}.conf")), "a = 1\n").unwrap();
    }
    let run = analyze(root, &["-o", "json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let json = run.json();
    assert!(
        kinds(&json).contains(&("perf.txt".into(), "perf top".into())),
        "{json}"
    );
    let warnings = json["warnings"].to_string();
    assert!(
        warnings.contains("messages.gz") && warnings.contains("64 MiB"),
        "{warnings}"
    );
    assert!(
        warnings.contains("3001 of 3003 files were not opened"),
        "{warnings}"
    );
    assert!(json["files"].as_array().unwrap().len() < 10, "{json}");
}
