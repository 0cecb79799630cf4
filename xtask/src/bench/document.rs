//! docs/benchmarks.md as sections between markers, so that one can be measured again alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, While};

const HEAD: &str = "\
# Benchmarks

Written by `cargo xtask bench` (as root); each section names its commands and the machine.
What is compared ran in turns in the same minute on the same machine; figures are medians.
";

#[derive(Debug)]
pub(crate) struct Document {
    path: PathBuf,
    sections: BTreeMap<String, String>,
}

impl Document {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            other => other.doing(|| format!("reading {}", path.display()))?,
        };
        Ok(Self {
            path: path.to_path_buf(),
            sections: parse(&text),
        })
    }

    pub(crate) fn put(&mut self, id: &str, text: &str) {
        self.sections.insert(id.to_owned(), text.to_owned());
    }

    /// Writes the sections in this order; those without text yet are left out.
    pub(crate) fn save(&self, order: impl Iterator<Item = &'static str>) -> Result<()> {
        let dir = self
            .path
            .parent()
            .ok_or_else(|| Failure::new("saving", "no folder"))?;
        fs::create_dir_all(dir).doing(|| format!("making {}", dir.display()))?;
        let text = self.print(order);
        fs::write(&self.path, text).doing(|| format!("writing {}", self.path.display()))
    }

    fn print(&self, order: impl Iterator<Item = &'static str>) -> String {
        let mut text = HEAD.to_owned();
        for id in order {
            if let Some(section) = self.sections.get(id) {
                let (begin, end) = (begin(id), end(id));
                text.push_str(&format!("\n{begin}\n{}\n{end}\n", section.trim()));
            }
        }
        text
    }
}

fn begin(id: &str) -> String {
    format!("<!-- bench {id} -->")
}

fn end(id: &str) -> String {
    format!("<!-- end {id} -->")
}

fn parse(text: &str) -> BTreeMap<String, String> {
    let mut sections = BTreeMap::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match &mut open {
            None => {
                let id = line
                    .strip_prefix("<!-- bench ")
                    .and_then(|l| l.strip_suffix(" -->"));
                open = id.map(|id| (id.to_owned(), String::new()));
            }
            Some((id, _)) if line == end(id) => sections.extend(open.take()),
            Some((_, section)) => {
                section.push_str(line);
                section.push('\n');
            }
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measuring_one_section_again_keeps_the_others() {
        let mut document = Document {
            path: PathBuf::new(),
            sections: BTreeMap::new(),
        };
        document.put("a", "## A\n\nold");
        document.put("b", "## B\n");
        let printed = document.print(["a", "b"].into_iter());
        document.sections = parse(&printed);
        document.put("a", "## A\n\nnew");

        let again = document.print(["a", "b", "c"].into_iter());

        assert_eq!(again, printed.replace("old", "new"));
        assert!(again.contains("<!-- bench b -->\n## B\n<!-- end b -->"));
    }
}
