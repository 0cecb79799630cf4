//! Functions by what they cost, with the line of each that costs most.

use nodesleuth_profile::{Frame, Profile, SourceLinks, TopOrder, TopRow, top};
use std::collections::HashMap;

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Place {
    pub(super) file: String,
    /// `None` if it is not known.
    pub(super) line: Option<i64>,
    /// Its page at the very version that ran; `None` if that is not known.
    pub(super) link: Option<String>,
}

impl Place {
    /// `container.go:318`.
    pub(super) fn short(&self) -> String {
        let file = self.file.rsplit('/').next().unwrap_or(&self.file);
        self.line
            .map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
    }

    pub(super) fn full(&self) -> String {
        let file = &self.file;
        self.line
            .map_or_else(|| file.clone(), |line| format!("{file}:{line}"))
    }
}

/// A function and its cost, in the profile's unit.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Function {
    pub(super) name: String,
    /// Where it is the leaf.
    pub(super) flat: i64,
    /// Where it is anywhere in the stack.
    pub(super) cum: i64,
    /// It is the kernel's.
    pub(super) kernel: bool,
    pub(super) place: Option<Place>,
}

/// All functions, in this order.
pub(super) fn functions(
    profile: &Profile,
    value: usize,
    order: TopOrder,
    links: &SourceLinks,
) -> Vec<Function> {
    let mut rows = top(profile, value);
    order.sort(&mut rows);
    let known = known(profile, value);
    let row = |row: TopRow<'_>| {
        let known = known.get(row.name).copied().unwrap_or_default();
        Function {
            name: row.name.to_owned(),
            flat: row.flat,
            cum: row.cum,
            kernel: known.kernel,
            place: known.hottest.and_then(|(frame, _)| place(frame, links)),
        }
    };
    rows.into_iter().map(row).collect()
}

#[derive(Clone, Copy, Default)]
struct Known<'p> {
    kernel: bool,
    /// The frame whose stacks cost most.
    hottest: Option<(Frame<'p>, i64)>,
}

fn known(profile: &Profile, value: usize) -> HashMap<&str, Known<'_>> {
    let mut costs = vec![0_i64; profile.frame_count()];
    for stack in profile.stacks() {
        let cost = stack.values()[value];
        for frame in stack.frame_ids() {
            costs[frame.index()] = costs[frame.index()].saturating_add(cost);
        }
    }
    let mut known: HashMap<&str, Known<'_>> = HashMap::new();
    for (frame, cost) in profile.frames().zip(costs) {
        let of_name = known.entry(frame.name()).or_default();
        of_name.kernel |= frame.is_kernel();
        let has_file = frame.file().is_some();
        if has_file && of_name.hottest.is_none_or(|(_, most)| cost > most) {
            of_name.hottest = Some((frame, cost));
        }
    }
    known
}

fn place(frame: Frame<'_>, links: &SourceLinks) -> Option<Place> {
    let file = frame.file()?;
    Some(Place {
        file: file.to_owned(),
        line: frame.line(),
        link: links.line(file, frame.line().unwrap_or(0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_profile::{Function as Named, Line, Location, ProfileBuilder, ValueType};

    #[test]
    fn a_function_is_shown_with_its_most_expensive_line() {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        let function = builder.function(Named {
            name: "a.io/b.F",
            file: "/go/pkg/mod/github.com/a/b@v1.0.0/f.go",
            ..Named::default()
        });
        for (line, cost) in [(10, 5), (20, 70), (30, 25)] {
            let line = Line {
                function,
                line,
                column: 0,
            };
            let location = builder.location(Location {
                lines: vec![line],
                ..Location::default()
            });
            builder.sample([location], &[cost], &[]);
        }
        let profile = builder.finish();
        let links = SourceLinks::default();
        let functions = functions(&profile, 0, TopOrder::Cum, &links);
        let [function] = &functions[..] else {
            panic!("{functions:?}");
        };
        assert_eq!(
            (function.flat, function.cum, function.kernel),
            (100, 100, false)
        );
        let place = function.place.as_ref().unwrap();
        assert_eq!(place.short(), "f.go:20");
        assert_eq!(
            place.link.as_deref(),
            Some("https://github.com/a/b/blob/v1.0.0/f.go#L20")
        );
    }
}
