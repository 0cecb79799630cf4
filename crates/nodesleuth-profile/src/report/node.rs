//! What an entry of a report stands for, and what it is called.

use crate::report::draft::{Draft, DraftLine, DraftLocation};
use crate::report::go_format::{base, clean};

/// Entries with equal information are the same entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Node {
    name: String,
    address: u64,
    file: String,
    start_line: i64,
    line: i64,
    column: i64,
    object: String,
}

impl Node {
    /// One for each line of the location, innermost first; one if there are no lines.
    pub(crate) fn of(draft: &Draft<'_>, location: &DraftLocation, trim_path: &str) -> Vec<Self> {
        let object = draft.file_of(location);
        if location.lines.is_empty() {
            return vec![Self {
                address: location.address,
                object: object.to_owned(),
                ..Self::default()
            }];
        }
        let lines = location.lines.iter();
        lines
            .map(|line| Self::of_line(draft, location, line, trim_path))
            .collect()
    }

    fn of_line(
        draft: &Draft<'_>,
        location: &DraftLocation,
        line: &DraftLine,
        trim_path: &str,
    ) -> Self {
        let function = &draft.functions[line.function as usize];
        let file = trimmed(function.file, trim_path);
        let mut node = Self {
            name: function.name.to_owned(),
            address: location.address,
            file: if file.is_empty() {
                String::new()
            } else {
                clean(file)
            },
            line: line.line,
            column: line.column,
            ..Self::default()
        };
        if node.name.is_empty() {
            draft.file_of(location).clone_into(&mut node.object);
            node.start_line = function.start_line;
        }
        node
    }

    /// What reports call it.
    pub(crate) fn label(&self) -> String {
        let mut parts = Vec::new();
        if self.address != 0 {
            parts.push(format!("{:016x}", self.address));
        }
        if !self.name.is_empty() {
            parts.push(self.name.clone());
        }
        if self.line != 0 {
            let column = match self.column {
                0 => String::new(),
                column => format!(":{column}"),
            };
            parts.push(format!("{}:{}{column}", self.file, self.line));
        } else if !self.file.is_empty() {
            parts.push(self.file.clone());
        } else if self.name.is_empty() {
            parts.push(match self.object.as_str() {
                "" => "<unknown>".to_owned(),
                object => format!("[{}]", base(object)),
            });
        }
        parts.join(" ")
    }

    /// Orders entries that are equal otherwise.
    pub(crate) fn tie_break(&self) -> String {
        let Self {
            name,
            address,
            file,
            start_line,
            line,
            column,
            object,
        } = self;
        format!("{{{name}  {address} {file} {start_line} {line} {column} {object}}}")
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

    #[test]
    fn an_entry_is_called_by_what_is_known() {
        let node = Node {
            object: "/usr/bin/x".to_owned(),
            ..Node::default()
        };
        assert_eq!(node.label(), "[x]");
        assert_eq!(Node::default().label(), "<unknown>");
        let line = Node {
            name: "f".to_owned(),
            file: "a.go".to_owned(),
            line: 7,
            address: 16,
            ..Node::default()
        };
        assert_eq!(line.label(), "0000000000000010 f a.go:7");
    }

    #[test]
    fn prefixes_end_at_a_folder() {
        assert_eq!(trimmed("/proc/self/cwd/./a.go", ""), "a.go");
        assert_eq!(trimmed("/src/a.go", "/s:/src"), "a.go");
    }
}
