//! Which stacks a picture is about: `--focus` and `--ignore`, as pprof means them.

use crate::go_regex::GoRegex;
use crate::profile::Profile;
use crate::stack::{Frame, FrameId, Stack};
use crate::strings::dense;

/// Decides by frames which stacks are wanted. Expressions match anywhere in names of functions,
/// source files and mapped files.
#[derive(Debug, Clone)]
pub struct StackFilter {
    /// For each frame.
    focus: Option<Vec<bool>>,
    ignore: Option<Vec<bool>>,
}

impl StackFilter {
    /// A filter for the stacks of this profile, and of no other.
    pub fn new(profile: &Profile, focus: Option<&GoRegex>, ignore: Option<&GoRegex>) -> Self {
        let verdicts = |regex: &GoRegex| matching_frames(profile, regex);
        Self {
            focus: focus.map(verdicts),
            ignore: ignore.map(verdicts),
        }
    }

    /// Whether some frame is focused on, if that was asked for, and none is ignored.
    pub fn keeps(&self, stack: Stack<'_>) -> bool {
        let any = |verdicts: &Vec<bool>| stack.frame_ids().any(|frame| verdicts[frame.index()]);
        self.focus.as_ref().is_none_or(any) && !self.ignore.as_ref().is_some_and(any)
    }
}

fn matching_frames(profile: &Profile, regex: &GoRegex) -> Vec<bool> {
    let names: Vec<bool> = profile
        .names()
        .map(|(_, name)| regex.is_match(name))
        .collect();
    (0..dense(profile.frame_count()))
        .map(|frame| Frame::new(profile, FrameId::new(frame)))
        .map(|frame| {
            let files = [frame.file(), frame.mapping_file()];
            names[frame.name_id().index()] || files.into_iter().flatten().any(|f| regex.is_match(f))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Line, Location, ProfileBuilder};
    use crate::fields::{Function, Mapping, ValueType};

    fn profile() -> Profile {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let mapping = builder.mapping(Mapping {
            file: "/usr/bin/kubelet",
            ..Mapping::default()
        });
        let mut at = |name, file| {
            let function = builder.function(Function {
                name,
                file,
                ..Function::default()
            });
            let line = Line {
                function,
                line: 1,
                column: 0,
            };
            builder.location(Location {
                mapping: (name == "b").then_some(mapping),
                lines: vec![line],
                ..Location::default()
            })
        };
        let (a, b, c) = (at("a", "x.go"), at("b", "y.go"), at("c", "z.go"));
        builder.sample([a, b], &[1], &[]);
        builder.sample([a, c], &[2], &[]);
        builder.finish()
    }

    fn kept(focus: Option<&str>, ignore: Option<&str>) -> Vec<i64> {
        let profile = profile();
        let regex = |text: Option<&str>| text.map(|text| GoRegex::new(text).unwrap());
        let filter = StackFilter::new(&profile, regex(focus).as_ref(), regex(ignore).as_ref());
        let kept = profile.stacks().filter(|stack| filter.keeps(*stack));
        kept.map(|stack| stack.values()[0]).collect()
    }

    #[test]
    fn names_and_files_are_matched() {
        assert_eq!(kept(None, None), [1, 2]);
        assert_eq!(kept(Some("^c$"), None), [2]);
        assert_eq!(kept(Some("y.go"), None), [1]);
        assert_eq!(kept(Some("kubelet"), None), [1]);
        assert_eq!(kept(Some("x.go"), Some("z")), [1]);
        assert!(kept(Some("nothing"), None).is_empty() && kept(Some("b"), Some("a")).is_empty());
    }
}
