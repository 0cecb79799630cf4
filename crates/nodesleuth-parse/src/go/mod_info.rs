//! Module information: tab separated lines between two 16-byte markers, as
//! `runtime/debug.ParseBuildInfo` reads it.
//!
//! `path P`, `mod P VERSION SUM`, `dep P VERSION SUM`, `=> P VERSION SUM` (replaces the module
//! before it) and, since Go 1.18, `build KEY=VALUE`. Unknown lines are left out.

use super::unquote::unquote;
use crate::Malformed;
use crate::malformed::quoted;
use nodesleuth_model::evidence::{GoBuild, GoModule};

const WHAT: &str = "Go module information";
/// Length of the markers before and behind the text.
const MARKER: usize = 16;

/// Reads framed module information. Without any (not built with modules) only the version is kept.
///
/// A replaced module keeps its own path, under which it is imported, with the version of what
/// replaced it: empty for a local directory.
pub(super) fn parse(go_version: String, framed: &[u8]) -> Result<GoBuild, Malformed> {
    let mut build = GoBuild {
        go_version,
        ..GoBuild::default()
    };
    let text = match unframed(framed) {
        Some(text) => std::str::from_utf8(text).map_err(|_| Malformed::whole(WHAT, "not UTF-8"))?,
        None => return Ok(build),
    };
    for (index, line) in text.lines().enumerate() {
        entry(&mut build, line).ok_or_else(|| {
            let reason = format!("cannot be understood: {}", quoted(line));
            Malformed::line(WHAT, index, reason)
        })?;
    }
    Ok(build)
}

/// What stands between the markers; as in Go, anything else is no module information.
fn unframed(framed: &[u8]) -> Option<&[u8]> {
    let end = framed.len().checked_sub(MARKER)?;
    framed.get(MARKER..end).filter(|text| text.ends_with(b"\n"))
}

fn entry(build: &mut GoBuild, line: &str) -> Option<()> {
    let (kind, rest) = line.split_once('\t').unwrap_or((line, ""));
    match kind {
        "path" => build.path = rest.to_owned(),
        "mod" => build.main = Some(module(rest)?),
        "dep" => build.deps.push(module(rest)?),
        "=>" => {
            let replaced = build.deps.last_mut().or(build.main.as_mut())?;
            replaced.version = module(rest)?.version;
        }
        "build" => {
            let (key, value) = setting(rest)?;
            build.settings.insert(key, value);
        }
        _ => {}
    }
    Some(())
}

fn module(columns: &str) -> Option<GoModule> {
    let mut columns = columns.split('\t');
    let path = columns.next().filter(|path| !path.is_empty())?;
    Some(GoModule {
        path: path.to_owned(),
        version: columns.next().unwrap_or_default().to_owned(),
    })
}

/// `key=value`, either side quoted like a Go string when it has to be.
fn setting(text: &str) -> Option<(String, String)> {
    let (key, rest) = match text.chars().next()? {
        '"' | '`' => unquote(text)?,
        _ => {
            let at = text.find('=')?;
            (text[..at].to_owned(), &text[at..])
        }
    };
    let value = rest.strip_prefix('=')?;
    let value = match value.chars().next() {
        Some('"' | '`') => unquote(value).filter(|(_, rest)| rest.is_empty())?.0,
        _ => value.to_owned(),
    };
    (!key.is_empty()).then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::framed;
    use super::parse;
    use crate::Malformed;
    use nodesleuth_model::evidence::{GoBuild, GoModule};

    fn read(text: &str) -> Result<GoBuild, Malformed> {
        parse("go1.19.8".into(), &framed(text))
    }

    fn module(path: &str, version: &str) -> GoModule {
        GoModule {
            path: path.to_owned(),
            version: version.to_owned(),
        }
    }

    /// `go version -m` of a kubelet, shortened.
    const KUBELET: &str = "\
path	k8s.io/kubernetes/cmd/kubelet
mod	k8s.io/kubernetes	(devel)	
dep	github.com/google/cadvisor	v0.39.3	h1:abc=
dep	github.com/opencontainers/runc	v1.0.2	h1:def=
dep	k8s.io/api	v0.0.0
=>	./staging/src/k8s.io/api	(devel)	
build	-compiler=gc
build	-ldflags=\"-s -w -X 'k8s.io/component-base/version.gitVersion=v1.22.3'\"
build	CGO_ENABLED=1
build	vcs.modified=false
";

    #[test]
    fn a_kubelets_modules_and_settings_are_read() {
        let build = read(KUBELET).unwrap();
        assert_eq!(build.go_version, "go1.19.8");
        assert_eq!(build.path, "k8s.io/kubernetes/cmd/kubelet");
        assert_eq!(build.main, Some(module("k8s.io/kubernetes", "(devel)")));
        assert_eq!(build.deps.len(), 3);
        assert_eq!(
            build.deps[1],
            module("github.com/opencontainers/runc", "v1.0.2")
        );
        assert_eq!(build.settings.len(), 4);
        assert_eq!(build.settings["CGO_ENABLED"], "1");
        assert_eq!(
            build.settings["-ldflags"],
            "-s -w -X 'k8s.io/component-base/version.gitVersion=v1.22.3'"
        );
    }

    #[test]
    fn a_replaced_module_has_the_version_of_its_replacement() {
        let text = "\
mod	example.com/agent	v1.0.0
=>	example.com/fork	v1.0.1
dep	github.com/google/cadvisor	v0.39.3	h1:abc=
=>	github.com/k3s-io/cadvisor	v0.43.0-k3s1	h1:def=
dep	k8s.io/api	v0.0.0
=>	./staging/src/k8s.io/api
";
        let build = read(text).unwrap();
        assert_eq!(build.main, Some(module("example.com/agent", "v1.0.1")));
        assert_eq!(
            build.deps[0],
            module("github.com/google/cadvisor", "v0.43.0-k3s1")
        );
        assert_eq!(build.deps[1], module("k8s.io/api", ""));
    }

    #[test]
    fn quoted_settings_and_unknown_lines_are_read() {
        let build = read("build\t\"a=b\\n\"=`c d`\nbuild\tx=\nfuture\tline\n").unwrap();
        assert_eq!(build.settings["a=b\n"], "c d");
        assert_eq!(build.settings["x"], "");
        assert_eq!(build.settings.len(), 2);
    }

    #[test]
    fn what_is_not_framed_is_no_module_information() {
        let unframed: [&[u8]; 3] = [b"", b"path\tx\n", &[b'x'; 40]];
        for bytes in unframed {
            let build = parse("go1.15".into(), bytes).unwrap();
            assert_eq!(build.path, "");
        }
    }

    #[test]
    fn lines_that_contradict_the_format_are_malformed_with_their_line() {
        for line in [
            "=>\tx\tv1",
            "dep\t",
            "dep",
            "build\t",
            "build\tx",
            "build\t=x",
            "build\t\"x=1",
            "build\tx=\"1",
            "build\tx=\"1\"2",
        ] {
            let error = read(&format!("path\tx\n{line}\n")).unwrap_err();
            assert_eq!(error.line, Some(2), "{line}");
        }
        let error = parse(
            "go1.19".into(),
            &[&[0xff_u8; 40][..], b"\n", &[0; 16]].concat(),
        );
        assert_eq!(
            error.unwrap_err().to_string(),
            "Go module information: not UTF-8"
        );
    }
}
