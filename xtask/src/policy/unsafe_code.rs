//! `unsafe` is for one crate only. The compiler's `forbid` does the work where a manifest inherits
//! the workspace's lints, so that is checked, and the sources are searched besides.

use std::fs;
use std::path::Path;

use crate::failure::{Result, While};
use crate::policy::metadata::{Metadata, Package};

/// The crate that talks to the kernel.
const EXEMPT: &str = "nodesleuth-trace";
const KEYWORD: &str = concat!("un", "safe");
/// What follows the keyword where it means something.
const FOLLOWERS: &[&str] = &["{", "(", "fn", "impl", "trait", "extern"];

pub(crate) fn violations(metadata: &Metadata) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for package in metadata.members().filter(|package| package.name != EXEMPT) {
        violations.extend(lints_violation(package)?);
        let Some(dir) = package.manifest_path.parent() else {
            continue;
        };
        search(dir, &mut violations)?;
    }
    Ok(violations)
}

fn lints_violation(package: &Package) -> Result<Option<String>> {
    let path = &package.manifest_path;
    let text = fs::read_to_string(path).doing(|| format!("reading {}", path.display()))?;
    let manifest: toml::Table =
        toml::from_str(&text).doing(|| format!("parsing {}", path.display()))?;
    let inherited = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace")?.as_bool());
    Ok((inherited != Some(true)).then(|| {
        format!(
            "lints: {} does not have `lints.workspace = true`",
            package.name
        )
    }))
}

fn search(dir: &Path, violations: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(dir).doing(|| format!("listing {}", dir.display()))? {
        let entry = entry.doing(|| format!("listing {}", dir.display()))?;
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            search(&path, violations)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).doing(|| format!("reading {}", path.display()))?;
            violations.extend(
                lines_with_keyword(&text)
                    .map(|line| format!("{KEYWORD}: {}:{line}", path.display())),
            );
        }
    }
    Ok(())
}

fn lines_with_keyword(text: &str) -> impl Iterator<Item = usize> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| has_keyword(line))
        .map(|(index, _)| index + 1)
}

fn has_keyword(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices(KEYWORD).any(|(at, keyword)| {
        let before = code[..at].chars().next_back();
        let after = code[at + keyword.len()..].trim_start();
        !before.is_some_and(is_word) && FOLLOWERS.iter().any(|word| begins_with(after, word))
    })
}

fn begins_with(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| !word.ends_with(is_word) || !rest.chars().next().is_some_and(is_word))
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_prose_and_lint_names() {
        for (code, expected) in [
            ("let x = @ { y() };", true),
            ("@ fn f() {}", true),
            ("pub @ impl Send for X {}", true),
            ("#[@(no_mangle)]", true),
            ("#![forbid(@_code)]", false),
            ("// @ { }", false),
            ("/// An @ function", false),
            ("fn not_@ () {}", false),
            ("\"@ function\"", false),
        ] {
            let line = code.replace('@', KEYWORD);
            assert_eq!(has_keyword(&line), expected, "{line}");
        }
    }
}
