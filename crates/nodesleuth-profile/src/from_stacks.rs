//! Profiles of which only the names of functions are known.

use std::collections::HashMap;

use crate::builder::ProfileBuilder;
use crate::fields::ValueType;
use crate::profile::Profile;

impl Profile {
    /// A profile with one value per stack, from function names root → leaf.
    pub fn from_stacks<'n, S>(
        value_type: ValueType<'_>,
        stacks: impl IntoIterator<Item = (S, i64)>,
    ) -> Self
    where
        S: IntoIterator<Item = &'n str>,
    {
        let mut builder = ProfileBuilder::new(&[value_type]);
        let mut known = HashMap::new();
        for (names, value) in stacks {
            let stack: Vec<_> = names
                .into_iter()
                .map(|name| *known.entry(name).or_insert_with(|| builder.named(name)))
                .collect();
            builder.sample(stack, &[value], &[]);
        }
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_of_names_are_kept_root_to_leaf() {
        let stacks = [(vec!["main", "work"], 3), (vec!["main"], 2), (vec![], 1)];
        let profile = Profile::from_stacks(ValueType::CPU, stacks);
        let names: Vec<Vec<_>> = profile
            .stacks()
            .map(|stack| stack.frames().map(|f| f.name()).collect())
            .collect();
        assert_eq!(names, [vec!["main", "work"], vec!["main"], vec![]]);
        assert_eq!(profile.values(0).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(
            (
                profile.total(0),
                profile.name_count(),
                profile.frame_count()
            ),
            (6, 2, 2)
        );
    }
}
