//! The BPF objects of nodesleuth-trace are committed, so that building needs no clang. This makes
//! them anew with Debian's clang, always the same version, and with `--check` compares byte for
//! byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use nix::unistd::geteuid;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::test::summary::Outcome;
use crate::workspace::Workspace;

const FOLDER: &str = "crates/nodesleuth-trace/bpf";
/// Of Debian 12. Another version makes other bytes.
const CLANG: &str = "clang-14";
const OBJCOPY: &str = "llvm-objcopy-14";
const PACKAGES: [&str; 2] = ["clang-14", "llvm-14"];
/// `v2` is what the oldest kernels understand.
const FLAGS: &str =
    "-g -O2 -target bpf -mcpu=v2 -Wall -Werror -fno-ident -nostdinc -ffile-compilation-dir=.";
/// Debug information is not needed, nor where each instruction comes from.
const REMOVED: &str = "--strip-debug --remove-section=.llvm_addrsig";
/// Says where each instruction came from, and where it must be adapted to the running kernel.
const REMOVED_WITHOUT_RELOCATIONS: &str = "--remove-section=.BTF.ext --remove-section=.rel.BTF.ext";

const COMPILE_LIMIT: Duration = Duration::from_secs(120);
const INSTALL_LIMIT: Duration = Duration::from_secs(600);

/// One object and what it is made of.
struct Object {
    name: &'static str,
    source: &'static str,
    defines: &'static [&'static str],
    /// Whether it reads kernel structs, whose layout is looked up when it is loaded.
    relocated: bool,
}

const OBJECTS: &[Object] = &[
    syscalls("syscalls_ring", &["-DRING"]),
    syscalls("syscalls_perf", &[]),
    syscalls("syscalls_classic", &["-DCLASSIC"]),
    Object {
        relocated: true,
        ..syscalls("syscalls_files", &["-DRING", "-DFILES"])
    },
    stacks("stacks", &[]),
    stacks("stacks_namespace", &["-DNAMESPACE"]),
];

const fn syscalls(name: &'static str, defines: &'static [&'static str]) -> Object {
    plain(name, "syscalls.bpf.c", defines)
}

const fn stacks(name: &'static str, defines: &'static [&'static str]) -> Object {
    plain(name, "stacks.bpf.c", defines)
}

const fn plain(
    name: &'static str,
    source: &'static str,
    defines: &'static [&'static str],
) -> Object {
    Object {
        name,
        source,
        defines,
        relocated: false,
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only say which objects differ.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    have_clang()?;
    if !args.check {
        for object in OBJECTS {
            make(workspace, object, &kept(workspace, object))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let stale = stale(workspace)?;
    for sentence in &stale {
        println!("{sentence}");
    }
    Ok(ExitCode::from(u8::from(!stale.is_empty())))
}

/// The part of the test command.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome> {
    if !is_installed(CLANG) && !geteuid().is_root() {
        let why = format!("{CLANG} is missing and only root can install it");
        return Ok(Outcome::Skipped(why));
    }
    have_clang()?;
    stale(workspace).map(crate::test::parts::none_of)
}

/// A sentence for each object that is not what its source makes.
fn stale(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = tempfile::tempdir().doing(|| "making a temporary folder".to_owned())?;
    let mut stale = Vec::new();
    for object in OBJECTS {
        let fresh = folder.path().join(object.name);
        make(workspace, object, &fresh)?;
        let kept = kept(workspace, object);
        if fs::read(&kept).ok() != Some(read(&fresh)?) {
            let name = kept.display();
            stale.push(format!(
                "{name} is not what its source makes: run `cargo xtask bpf`"
            ));
        }
    }
    Ok(stale)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).doing(|| format!("reading {}", path.display()))
}

fn kept(workspace: &Workspace, object: &Object) -> PathBuf {
    let objects = workspace.root().join(FOLDER).join("objects");
    objects.join(format!("{}.o", object.name))
}

/// Compiles beside the sources, so that no path of this machine gets into the object.
fn make(workspace: &Workspace, object: &Object, to: &Path) -> Result<()> {
    let mut clang = Command::new(CLANG);
    clang
        .current_dir(workspace.root().join(FOLDER))
        .args(FLAGS.split(' '))
        .args(object.defines)
        .args(["-c", object.source, "-o"])
        .arg(to);
    bounded::succeed(&mut clang, COMPILE_LIMIT)?;
    let mut objcopy = Command::new(OBJCOPY);
    objcopy.args(REMOVED.split(' '));
    if !object.relocated {
        objcopy.args(REMOVED_WITHOUT_RELOCATIONS.split(' '));
    }
    bounded::succeed(objcopy.arg(to), COMPILE_LIMIT)
}

/// Installs Debian's clang if it is not there.
fn have_clang() -> Result<()> {
    if is_installed(CLANG) && is_installed(OBJCOPY) {
        return Ok(());
    }
    let install = format!(
        "apt-get install --no-install-recommends {}",
        PACKAGES.join(" ")
    );
    if !geteuid().is_root() {
        return Err(Failure::new(CLANG, "not installed").remedy(install));
    }
    let mut command = Command::new("apt-get");
    command
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(PACKAGES)
        .env("DEBIAN_FRONTEND", "noninteractive");
    bounded::succeed(&mut command, INSTALL_LIMIT)
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    bounded::succeed(&mut command, COMPILE_LIMIT).is_ok()
}
