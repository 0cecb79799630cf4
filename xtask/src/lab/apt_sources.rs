//! Finds the Debian mirrors that this machine's apt uses, in both formats of sources.list(5):
//! one line per source (`*.list`) and deb822 stanzas (`*.sources`). Nothing is downloaded here.

use std::fs;
use std::path::{Path, PathBuf};

/// Where apt keeps its configuration.
pub(crate) const APT_DIR: &str = "/etc/apt";

/// One archive of binary packages.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    uri: String,
    suites: Vec<String>,
    components: Vec<String>,
}

impl Source {
    /// A `main` component that is not the security archive, which has no old pool.
    fn is_main_archive(&self) -> bool {
        let security = |suite: &String| suite.contains("security") || suite.ends_with("/updates");
        self.components.iter().any(|name| name == "main")
            && !self.suites.iter().any(security)
            && !self.uri.starts_with("cdrom:")
    }
}

/// URIs of archives that may hold Debian's pool, the likeliest first; third parties' archives can
/// be among them, so what comes from there needs its checksum checked.
pub(crate) fn debian_mirrors(apt_dir: &Path) -> Vec<String> {
    let mut uris = Vec::new();
    for source in read_all(apt_dir) {
        let uri = source.uri.trim_end_matches('/').to_owned();
        if source.is_main_archive() && !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    uris.sort_by_key(|uri| !uri.ends_with("/debian"));
    uris
}

fn read_all(apt_dir: &Path) -> Vec<Source> {
    let mut files: Vec<PathBuf> = fs::read_dir(apt_dir.join("sources.list.d"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.push(apt_dir.join("sources.list"));
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn read(file: &Path) -> Vec<Source> {
    let parse = match file.extension().and_then(|extension| extension.to_str()) {
        Some("list") => parse_lines,
        Some("sources") => parse_stanzas,
        _ => return Vec::new(),
    };
    fs::read_to_string(file)
        .map(|text| parse(&text))
        .unwrap_or_default()
}

fn parse_lines(text: &str) -> Vec<Source> {
    text.lines().filter_map(parse_line).collect()
}

/// `deb [option=value …] URI SUITE COMPONENT…`
fn parse_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?;
    if !rest.starts_with([' ', '\t']) {
        return None;
    }
    let rest = match rest.trim_start().strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Source {
        uri: words.next()?,
        suites: vec![words.next()?],
        components: words.collect(),
    })
}

fn parse_stanzas(text: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut stanza = Stanza::default();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            sources.extend(std::mem::take(&mut stanza).into_sources());
        } else if !line.starts_with('#') {
            stanza.add(line);
        }
    }
    sources
}

/// The fields of a deb822 stanza, names in lower case.
#[derive(Debug, Default)]
struct Stanza(Vec<(String, Vec<String>)>);

impl Stanza {
    fn add(&mut self, line: &str) {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        if line.starts_with([' ', '\t']) {
            if let Some((_, values)) = self.0.last_mut() {
                values.extend(words(line));
            }
        } else if let Some((name, value)) = line.split_once(':') {
            self.0.push((name.to_ascii_lowercase(), words(value)));
        }
    }

    fn take(&mut self, name: &str) -> Vec<String> {
        let field = self.0.iter_mut().find(|(field, _)| field == name);
        field
            .map(|(_, values)| std::mem::take(values))
            .unwrap_or_default()
    }

    fn into_sources(mut self) -> Vec<Source> {
        let enabled = self.take("enabled") != ["no"];
        if !enabled || !self.take("types").iter().any(|kind| kind == "deb") {
            return Vec::new();
        }
        let (suites, components) = (self.take("suites"), self.take("components"));
        let uris = self.take("uris").into_iter();
        uris.map(|uri| Source {
            uri,
            suites: suites.clone(),
            components: components.clone(),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrors(files: &[(&str, &str)]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sources.list.d")).unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        debian_mirrors(dir.path())
    }

    #[test]
    fn one_line_sources_with_options_comments_and_security_are_understood() {
        let text = "# deb http://commented.test/debian bookworm main\n\
                    deb-src http://source.test/debian bookworm main\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian/ bookworm main contrib # ours\n\
                    deb http://security.test/debian-security bookworm-security main\n\
                    deb\thttp://mirror.test/debian bookworm-updates main\n";
        assert_eq!(
            mirrors(&[("sources.list", text)]),
            ["http://mirror.test/debian"]
        );
    }

    #[test]
    fn stanzas_with_comments_lists_and_continued_lines_are_understood() {
        let text = "Types: deb deb-src\n# http://commented.test/debian\nURIs: http://a.test/debian\n http://b.test/debian\n\
                    Suites: bookworm bookworm-updates\nComponents: main\n\n\
                    Types: deb\nURIs: http://a.test/debian-security\nSuites: bookworm-security\nComponents: main\n";
        assert_eq!(
            mirrors(&[("sources.list.d/debian.sources", text)]),
            ["http://a.test/debian", "http://b.test/debian"]
        );
    }

    #[test]
    fn disabled_stanzas_and_files_of_other_kinds_are_left_out() {
        let off = "Enabled: no\nTypes: deb\nURIs: http://off.test/debian\nSuites: sid\nComponents: main\n";
        let line = "deb http://kept-back.test/debian sid main\n";
        assert!(
            mirrors(&[
                ("sources.list.d/off.sources", off),
                ("sources.list.d/x.list.disabled", line),
            ])
            .is_empty()
        );
    }

    #[test]
    fn debian_comes_before_other_archives() {
        let other = "deb https://aaa.test/apt stable main\n";
        let debian = "deb http://zzz.test/debian bookworm main\n";
        assert_eq!(
            mirrors(&[("sources.list.d/aaa.list", other), ("sources.list", debian)]),
            ["http://zzz.test/debian", "https://aaa.test/apt"]
        );
    }
}
