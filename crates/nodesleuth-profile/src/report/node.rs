//! What an entry of a report stands for, and what it is called.

use std::collections::HashMap;

use crate::report::draft::Draft;
use crate::report::go_format::{base, clean};
use crate::rows::FrameRow;
use crate::strings::{StrId, dense};

/// Entries with equal information are the same entry. Texts are positions in [`Nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Node {
    name: StrId,
    address: u64,
    file: u32,
    start_line: i64,
    line: i64,
    column: i64,
    object: StrId,
}

/// The different entries of a profile, and which of them each frame is.
#[derive(Debug)]
pub(crate) struct Nodes<'d> {
    draft: &'d Draft,
    nodes: Vec<Node>,
    by_frame: Vec<u32>,
    files: Files,
}

impl<'d> Nodes<'d> {
    /// Prefixes in `trim_path` and usual ones are cut off source files; `None`: nothing is.
    pub(crate) fn new(draft: &'d Draft, trim_path: Option<&str>) -> Self {
        let mut files = Files::new();
        let (mut nodes, mut known) = (Vec::new(), HashMap::new());
        let frames = draft.profile.frames.iter().map(|frame| {
            let node = node(draft, frame, trim_path, &mut files);
            *known.entry(node).or_insert_with(|| {
                nodes.push(node);
                dense(nodes.len() - 1)
            })
        });
        let by_frame = frames.collect();
        Self {
            draft,
            nodes,
            by_frame,
            files,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node of each frame.
    pub(crate) fn by_frame(&self) -> &[u32] {
        &self.by_frame
    }

    /// What reports call it.
    pub(crate) fn label(&self, at: u32) -> String {
        let node = &self.nodes[at as usize];
        let (name, file) = (self.draft.text(node.name), self.files.get(node.file));
        let mut parts = Vec::new();
        if node.address != 0 {
            parts.push(format!("{:016x}", node.address));
        }
        if !name.is_empty() {
            parts.push(name.to_owned());
        }
        if node.line != 0 {
            let column = match node.column {
                0 => String::new(),
                column => format!(":{column}"),
            };
            parts.push(format!("{file}:{}{column}", node.line));
        } else if !file.is_empty() {
            parts.push(file.to_owned());
        } else if name.is_empty() {
            parts.push(match self.draft.text(node.object) {
                "" => "<unknown>".to_owned(),
                object => format!("[{}]", base(object)),
            });
        }
        parts.join(" ")
    }

    /// Orders entries that are equal otherwise.
    pub(crate) fn tie_break(&self, at: u32) -> String {
        let Node {
            name,
            address,
            file,
            start_line,
            line,
            column,
            object,
        } = self.nodes[at as usize];
        let (name, object) = (self.draft.text(name), self.draft.text(object));
        let file = self.files.get(file);
        format!("{{{name}  {address} {file} {start_line} {line} {column} {object}}}")
    }
}

fn node(draft: &Draft, frame: &FrameRow, trim_path: Option<&str>, files: &mut Files) -> Node {
    let location = &draft.profile.locations[frame.location as usize];
    let address = location.address;
    let Some(function) = frame.function else {
        return Node {
            address,
            object: draft.file_of(location),
            ..Node::default()
        };
    };
    let function = &draft.profile.functions[function as usize];
    let mut node = Node {
        name: function.name,
        address,
        file: files.of(draft, function.file, trim_path),
        line: frame.line,
        column: frame.column,
        ..Node::default()
    };
    if function.name == StrId::EMPTY {
        node.object = draft.file_of(location);
        node.start_line = function.start_line;
    }
    node
}

/// Source files as they are shown, each once.
#[derive(Debug)]
struct Files {
    known: HashMap<StrId, u32>,
    by_text: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Files {
    fn new() -> Self {
        Self {
            known: HashMap::from([(StrId::EMPTY, 0)]),
            by_text: HashMap::from([(String::new(), 0)]),
            texts: vec![String::new()],
        }
    }

    fn of(&mut self, draft: &Draft, file: StrId, trim_path: Option<&str>) -> u32 {
        if let Some(known) = self.known.get(&file) {
            return *known;
        }
        let path = draft.text(file);
        let shown = match trim_path.map_or(path, |prefixes| trimmed(path, prefixes)) {
            "" => String::new(),
            path => clean(path),
        };
        let new = dense(self.texts.len());
        let at = *self.by_text.entry(shown).or_insert_with_key(|shown| {
            self.texts.push(shown.clone());
            new
        });
        self.known.insert(file, at);
        at
    }

    fn get(&self, at: u32) -> &str {
        &self.texts[at as usize]
    }
}

/// A source file without the prefixes that build systems put before it.
fn trimmed<'a>(path: &'a str, prefixes: &str) -> &'a str {
    let own = prefixes.split(':').filter(|prefix| !prefix.is_empty());
    let usual = ["/proc/self/cwd/./", "/proc/self/cwd/"];
    own.chain(usual)
        .find_map(|prefix| {
            let rest = path.strip_prefix(prefix)?;
            match prefix.ends_with('/') {
                true => Some(rest),
                false => rest.strip_prefix('/'),
            }
        })
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Line, Location, ProfileBuilder};
    use crate::fields::{Function, Mapping, ValueType};
    use crate::profile::Profile;

    fn labels(profile: Profile) -> Vec<String> {
        let draft = Draft::of(profile);
        let nodes = Nodes::new(&draft, None);
        (0..dense(nodes.len())).map(|at| nodes.label(at)).collect()
    }

    #[test]
    fn an_entry_is_called_by_what_is_known() {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let mapping = builder.mapping(Mapping {
            file: "/usr/bin/x",
            ..Mapping::default()
        });
        let function = builder.function(Function {
            name: "f",
            file: "a.go",
            ..Function::default()
        });
        let line = Line {
            function,
            line: 7,
            column: 0,
        };
        let locations = [
            (Some(mapping), 0, vec![]),
            (None, 0, vec![]),
            (None, 16, vec![line]),
        ];
        for (mapping, address, lines) in locations {
            builder.location(Location {
                mapping,
                address,
                lines,
            });
        }
        let expected = ["[x]", "<unknown>", "0000000000000010 f a.go:7"];
        assert_eq!(labels(builder.finish()), expected);
    }

    #[test]
    fn prefixes_end_at_a_folder() {
        assert_eq!(trimmed("/proc/self/cwd/./a.go", ""), "a.go");
        assert_eq!(trimmed("/src/a.go", "/s:/src"), "a.go");
    }
}
