//! Building the program of `oracle/` with whatever Go there is.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// How to build.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) name: &'static str,
    arch: &'static str,
    flags: &'static [&'static str],
    cgo: bool,
    strip: bool,
}

impl Build {
    pub(crate) const fn new(
        name: &'static str,
        arch: &'static str,
        flags: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            arch,
            flags,
            cgo: false,
            strip: false,
        }
    }

    pub(crate) fn stripped(&self) -> Self {
        Self {
            strip: true,
            ..self.clone()
        }
    }

    pub(crate) fn with_cgo(&self) -> Self {
        Self {
            cgo: true,
            ..self.clone()
        }
    }

    /// Whether this machine runs it.
    pub(crate) fn runs_here(&self) -> bool {
        cfg!(target_arch = "x86_64") && matches!(self.arch, "amd64" | "386")
    }
}

/// A `go` command with a folder for what it builds.
pub(crate) struct Toolchain {
    go: PathBuf,
    pub(crate) version: String,
    folder: TempDir,
}

/// `go`, if it is installed, and those of `NODESLEUTH_TEST_GO`. Says loudly when there is none.
pub(crate) fn toolchains() -> Vec<Toolchain> {
    let others = env::var_os("NODESLEUTH_TEST_GO").unwrap_or_default();
    let others = env::split_paths(&others).filter(|path| !path.as_os_str().is_empty());
    let found: Vec<_> = [PathBuf::from("go")]
        .into_iter()
        .chain(others)
        .filter_map(Toolchain::new)
        .collect();
    if found.is_empty() {
        eprintln!("SKIPPED: no go command, so no Go binaries to look at");
    }
    found
}

impl Toolchain {
    fn new(go: PathBuf) -> Option<Self> {
        let output = Command::new(&go).arg("version").output().ok()?;
        let said = String::from_utf8(output.stdout).ok()?;
        Some(Self {
            go,
            version: said.split_whitespace().nth(2)?.to_owned(),
            folder: tempfile::tempdir().unwrap(),
        })
    }

    /// Builds the program; the same build is made once.
    pub(crate) fn build(&self, build: &Build) -> PathBuf {
        let suffix = if build.strip { "-stripped" } else { "" };
        let path = self.folder.path().join(format!("{}{suffix}", build.name));
        if path.exists() {
            return path;
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go_binaries/oracle");
        let mut command = Command::new(&self.go);
        command
            .arg("build")
            .args(build.flags)
            .args(self.linker_flags(build))
            .arg("-o")
            .arg(&path)
            .arg(".")
            .current_dir(source)
            .env("GOARCH", build.arch)
            .env("CGO_ENABLED", if build.cgo { "1" } else { "0" })
            .env("GOFLAGS", "-mod=mod")
            .env("GO111MODULE", "on")
            .env("GOTOOLCHAIN", "local")
            .env("GOPROXY", "off");
        assert!(command.status().unwrap().success(), "{command:?}");
        path
    }

    /// Builds a command that comes with Go.
    pub(crate) fn build_command(&self, name: &str, strip: bool) -> PathBuf {
        let suffix = if strip { "-stripped" } else { "" };
        let file = format!("{}{suffix}", name.replace('/', "-"));
        let path = self.folder.path().join(file);
        let mut command = Command::new(&self.go);
        command.args([
            "build",
            if strip { "-ldflags=-s -w" } else { "-ldflags=" },
            "-o",
        ]);
        command.arg(&path).arg(name).env("GOTOOLCHAIN", "local");
        assert!(command.status().unwrap().success(), "{command:?}");
        path
    }

    /// What a command of Go says, `go tool nm` for example.
    pub(crate) fn tool(&self, arguments: &[&str]) -> String {
        self.run(&self.go, arguments)
    }

    /// Since Go 1.23 the linker has to be told that the program asks the runtime's insides.
    fn linker_flags(&self, build: &Build) -> Option<String> {
        if build.flags.iter().any(|flag| flag.starts_with("-ldflags")) {
            return self.checks_names().then(|| {
                let given = build.flags.iter().find(|flag| flag.starts_with("-ldflags"));
                format!("{} -checklinkname=0", given.unwrap())
            });
        }
        let strip = if build.strip { "-s -w" } else { "" };
        let names = if self.checks_names() {
            "-checklinkname=0"
        } else {
            ""
        };
        Some(format!("-ldflags={strip} {names}"))
    }

    fn checks_names(&self) -> bool {
        let minor = self.version.strip_prefix("go1.").unwrap_or_default();
        let minor: u32 = minor.split('.').next().unwrap().parse().unwrap_or(99);
        minor >= 23
    }

    /// What a built program prints.
    pub(crate) fn run(&self, program: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        let output = command.args(arguments).stderr(Stdio::inherit()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{command:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}
