//! What each frame is called: a dense table of distinct names.

use std::sync::OnceLock;

use crate::profile::Profile;
use crate::stack::NameId;
use crate::strings::{Interner, StrId, Strings};

/// Shown when neither a function nor a mapped file is known. As pprof has it.
const UNKNOWN: &str = "<unknown>";

/// Derived from a profile's tables; frames with equal names share an id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FrameNames {
    text: Strings,
    by_frame: Vec<NameId>,
}

/// Names that are found when somebody first asks: merging and most reports never do.
#[derive(Debug, Clone, Default)]
pub(crate) struct LazyNames(OnceLock<FrameNames>);

impl LazyNames {
    pub(crate) fn of(&self, profile: &Profile) -> &FrameNames {
        self.0.get_or_init(|| FrameNames::of(profile))
    }
}

/// They follow from the tables, which are compared themselves.
impl PartialEq for LazyNames {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LazyNames {}

impl FrameNames {
    pub(crate) fn of(profile: &Profile) -> Self {
        let mut names = Interner::default();
        let by_function: Vec<_> = profile
            .functions
            .iter()
            .map(|function| profile.strings.get(function.name))
            .map(|name| (!name.is_empty()).then(|| names.intern(name.as_bytes())))
            .collect();
        let by_mapping: Vec<_> = profile
            .mappings
            .iter()
            .map(
                |mapping| match base_name(profile.strings.get(mapping.file)) {
                    "" => names.intern(UNKNOWN.as_bytes()),
                    base => names.intern_copy(format!("[{base}]").as_bytes()),
                },
            )
            .collect();
        let mut name_of = |frame: &crate::rows::FrameRow| {
            let named = frame
                .function
                .and_then(|function| by_function[function as usize]);
            let mapping = profile.locations[frame.location as usize].mapping;
            named
                .or_else(|| mapping.map(|mapping| by_mapping[mapping as usize]))
                .unwrap_or_else(|| names.intern(UNKNOWN.as_bytes()))
        };
        let by_frame = profile
            .frames
            .iter()
            .map(&mut name_of)
            .map(NameId::of)
            .collect();
        Self {
            text: names.finish(),
            by_frame,
        }
    }

    pub(crate) fn len(&self) -> usize {
        // The empty string that every `Strings` begins with is nobody's name.
        self.text.len() - 1
    }

    pub(crate) fn get(&self, id: NameId) -> &str {
        self.text.get(StrId(id.0 + 1))
    }

    pub(crate) fn of_frame(&self, frame: u32) -> NameId {
        self.by_frame[frame as usize]
    }
}

impl NameId {
    fn of(text: StrId) -> Self {
        Self(text.0 - 1)
    }
}

/// The last element of a path, as `filepath.Base` of Go has it.
fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        Some("") | None if !path.is_empty() => "/",
        Some(base) => base,
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_names_are_as_in_go() {
        let cases = [
            ("/usr/bin/kubelet", "kubelet"),
            ("x/", "x"),
            ("/", "/"),
            ("", ""),
        ];
        for (path, base) in cases {
            assert_eq!(base_name(path), base, "{path}");
        }
    }
}
