//! Binaries of real Go toolchains, against what Go itself makes of the same addresses.
//!
//! Run by `cargo xtask test` where `go` is installed. `NODESLEUTH_TEST_GO` may name other `go`
//! commands, `NODESLEUTH_TEST_GO_BINARIES` other binaries, separated by colons.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test says what it compared, and why it did not"
)]

mod answers;
mod symbols;
mod toolchain;

use answers::{Call, Compared, compare};
use nodesleuth_parse::RangedRead;
use nodesleuth_parse::symbolize::Binary;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use toolchain::{Build, Toolchain, toolchains};

/// Every how many bytes of code an address is looked up: odd, so that all of an instruction's
/// bytes come up.
const STRIDE: u32 = 13;

struct OnDisk(File);

impl RangedRead for OnDisk {
    fn size(&self) -> u64 {
        self.0.metadata().map_or(0, |metadata| metadata.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(&self.0, buffer, offset)
    }
}

fn open(path: &Path) -> Binary<'static> {
    let binary = Binary::open(Box::new(OnDisk(File::open(path).unwrap()))).unwrap();
    assert!(binary.go_functions().unwrap() > 1000, "{}", path.display());
    assert!(binary.inlining_is_known(), "{}", path.display());
    binary
}

/// Ours at an address, the innermost first; empty if unknown.
fn ours(binary: &Binary<'_>, address: u64) -> Vec<Call> {
    let frames = binary.frames(address, "m").unwrap_or_default();
    let calls = frames.into_iter().rev().map(|frame| Call {
        function: frame.function,
        file: frame.file.unwrap_or_default(),
        line: frame.line.unwrap_or(0),
    });
    calls.collect()
}

/// The function itself and the innermost position, which is all that `debug/gosym` knows.
fn without_inlined(mut calls: Vec<Call>) -> Vec<Call> {
    let Some(outermost) = calls.pop() else {
        return calls;
    };
    let innermost = calls.into_iter().next().unwrap_or(outermost.clone());
    vec![Call {
        function: outermost.function,
        ..innermost
    }]
}

const BUILDS: &[Build] = &[
    Build::new("plain", "amd64", &[]),
    Build::new("trimpath", "amd64", &["-trimpath"]),
    Build::new("no-inlining", "amd64", &["-gcflags=all=-l"]),
    Build::new("pie", "amd64", &["-buildmode=pie"]),
    Build::new("arm64", "arm64", &[]),
    Build::new("386", "386", &[]),
    Build::new("arm", "arm", &[]),
    Build::new("mips", "mips", &[]),
];

#[test]
#[ignore = "needs Go: cargo xtask test runs it where it is installed"]
fn every_build_agrees_with_debug_gosym_and_so_does_the_stripped_one() {
    for go in toolchains() {
        let oracle = go.build(&BUILDS[0]);
        for build in BUILDS {
            let plain = go.build(build);
            let stripped = go.build(&build.stripped());
            let answers = go.run(
                &oracle,
                &["table", plain.to_str().unwrap(), &STRIDE.to_string()],
            );
            for path in [&plain, &stripped] {
                let binary = open(path);
                let found = compare(&answers, |address| without_inlined(ours(&binary, address)));
                expect_agreement(&go, build, path, &found);
            }
        }
    }
}

#[test]
#[ignore = "needs Go: cargo xtask test runs it where it is installed"]
fn inlined_calls_are_those_of_the_runtime() {
    for go in toolchains() {
        let native = BUILDS
            .iter()
            .filter(|build| build.runs_here() && build.name != "no-inlining");
        for build in native {
            let path = go.build(build);
            let answers = go.run(&path, &["self", &STRIDE.to_string()]);
            let binary = open(&path);
            let found = compare(&answers, |address| ours(&binary, address));
            expect_agreement(&go, build, &path, &found);
            assert!(found.inlined > 1000, "{found:?}");
        }
    }
}

/// Those that somebody else has built and stripped.
#[test]
#[ignore = "needs Go: cargo xtask test runs it where it is installed"]
fn other_binaries_agree_with_debug_gosym() {
    let others = std::env::var_os("NODESLEUTH_TEST_GO_BINARIES").unwrap_or_default();
    let others: Vec<_> = std::env::split_paths(&others).collect();
    let Some(go) = toolchains().into_iter().next() else {
        return;
    };
    let oracle = go.build(&BUILDS[0]);
    for path in &others {
        let path = path.to_str().unwrap();
        let answers = go.run(&oracle, &["table", path, &STRIDE.to_string()]);
        let binary = open(path.as_ref());
        let found = compare(&answers, |address| without_inlined(ours(&binary, address)));
        expect_agreement(
            &go,
            &Build::new("as it is", "amd64", &[]),
            path.as_ref(),
            &found,
        );
    }
}

/// The system's linker gives the table no section of its own, and leaves its addresses to
/// relocations.
#[test]
#[ignore = "needs Go: cargo xtask test runs it where it is installed"]
fn the_table_is_found_without_its_section() {
    let build = Build::new(
        "external-pie",
        "amd64",
        &["-buildmode=pie", "-ldflags=-linkmode=external -s -w"],
    );
    for go in toolchains() {
        let path = go.build(&build.with_cgo());
        let answers = open(&go.build(&BUILDS[0]));
        let binary = open(&path);
        let known = binary
            .go_functions()
            .unwrap()
            .abs_diff(answers.go_functions().unwrap());
        assert!(known < 1000, "{known} functions more or fewer");
        let main = (0..1 << 23).step_by(32).find_map(|address| {
            let calls = ours(&binary, address);
            calls.into_iter().find(|call| call.function == "main.main")
        });
        let main = main.unwrap();
        assert!(main.file.ends_with("main.go"), "{main:?}");
    }
}

fn expect_agreement(go: &Toolchain, build: &Build, path: &Path, found: &Compared) {
    let what = format!("{} {} {}", go.version, build.name, path.display());
    println!("{what}: {found}");
    assert!(found.same > 10_000, "{what}: {found}");
    assert!(found.different.is_empty(), "{what}: {found}");
}
