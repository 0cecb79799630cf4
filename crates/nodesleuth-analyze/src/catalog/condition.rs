//! Conditions over facts, three-valued: a fact that is unknown makes them undecided, not false.

use nodesleuth_model::FactValue;
use serde::{Deserialize, Deserializer};

/// A condition: a comparison of one fact, or `all`, `any`, `not` of others; exactly one of these.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Name of the fact to compare.
    #[serde(default)]
    pub fact: Option<String>,
    /// `==`, `!=`, `<`, `<=`, `>`, `>=`, or `starts-with` and `contains` for text.
    #[serde(default)]
    pub op: Option<String>,
    /// What to compare with.
    #[serde(default)]
    pub value: Option<Operand>,
    /// Unit of the value; must be the fact's own.
    #[serde(default)]
    pub unit: Option<String>,
    /// All of these hold.
    #[serde(default, deserialize_with = "not_empty")]
    pub all: Vec<Condition>,
    /// At least one of these holds.
    #[serde(default, deserialize_with = "not_empty")]
    pub any: Vec<Condition>,
    /// This does not hold.
    #[serde(default)]
    pub not: Option<Box<Condition>>,
}

/// What a fact is compared with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Operand {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
}

/// Whether a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It cannot be told: the facts that are missing, by name.
    Unknown(Vec<String>),
}

impl Condition {
    /// Whether it holds, given a way to look facts up (`None`: unknown).
    pub fn holds(&self, lookup: &dyn Fn(&str) -> Option<FactValue>) -> Truth {
        let mut parts = Vec::new();
        if let Some(fact) = &self.fact {
            parts.push(self.compare(fact, lookup));
        }
        parts.extend(self.all.iter().map(|part| part.holds(lookup)));
        if !self.any.is_empty() {
            parts.push(any(self.any.iter().map(|part| part.holds(lookup))));
        }
        if let Some(not) = &self.not {
            parts.push(match not.holds(lookup) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                unknown => unknown,
            });
        }
        all(parts.into_iter())
    }

    /// Checks that it and all inside are of exactly one form each: a part that is passed over
    /// would make the condition say something else than its author meant.
    pub(super) fn check_form(&self) -> Result<(), String> {
        let forms = [
            ("fact", self.fact.is_some()),
            ("all", !self.all.is_empty()),
            ("any", !self.any.is_empty()),
            ("not", self.not.is_some()),
        ];
        let given: Vec<&str> = forms
            .iter()
            .filter_map(|(name, given)| given.then_some(*name))
            .collect();
        match given.as_slice() {
            [] => return Err("a condition is empty: give fact, all, any or not".to_owned()),
            [_] => {}
            _ => {
                let given = given.join(" and ");
                return Err(format!(
                    "a condition has {given} side by side: use one of them, and `all` to join two"
                ));
            }
        }
        let of_a_comparison = self.op.is_some() || self.value.is_some() || self.unit.is_some();
        if self.fact.is_none() && of_a_comparison {
            return Err("a condition has op, value or unit without a fact".to_owned());
        }
        self.inner().try_for_each(Self::check_form)
    }

    /// Calls `visit` with every comparison inside.
    pub fn visit(&self, visit: &mut dyn FnMut(&Self)) {
        if self.fact.is_some() {
            visit(self);
        }
        for part in self.inner() {
            part.visit(visit);
        }
    }

    fn inner(&self) -> impl Iterator<Item = &Self> {
        self.all.iter().chain(&self.any).chain(self.not.as_deref())
    }

    fn compare(&self, fact: &str, lookup: &dyn Fn(&str) -> Option<FactValue>) -> Truth {
        let Some(value) = lookup(fact) else {
            return Truth::Unknown(vec![fact.to_owned()]);
        };
        let (Some(op), Some(operand)) = (self.op.as_deref(), &self.value) else {
            return Truth::False;
        };
        let holds = match (&value, operand) {
            (FactValue::Number(left), Operand::Number(right)) => number(*left, op, *right),
            (FactValue::Flag(left), Operand::Flag(right)) => (left == right) == (op == "=="),
            (FactValue::Text(left), Operand::Text(right)) => text(left, op, right),
            // Validation refuses entries that compare different types.
            _ => false,
        };
        if holds { Truth::True } else { Truth::False }
    }
}

fn not_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Condition>, D::Error> {
    let list: Vec<Condition> = Vec::deserialize(from)?;
    if list.is_empty() {
        let reason = "a list of conditions is empty";
        return Err(serde::de::Error::custom(reason));
    }
    Ok(list)
}

fn number(left: f64, op: &str, right: f64) -> bool {
    match op {
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        "!=" => left != right,
        _ => left == right,
    }
}

fn text(left: &str, op: &str, right: &str) -> bool {
    match op {
        "starts-with" => left.starts_with(right),
        "contains" => left.contains(right),
        "!=" => left != right,
        _ => left == right,
    }
}

fn all(parts: impl Iterator<Item = Truth>) -> Truth {
    fold(parts, Truth::True, &Truth::False)
}

fn any(parts: impl Iterator<Item = Truth>) -> Truth {
    fold(parts, Truth::False, &Truth::True)
}

/// `deciding` wins over everything, unknown over `neutral`.
fn fold(parts: impl Iterator<Item = Truth>, neutral: Truth, deciding: &Truth) -> Truth {
    let mut unknown = Vec::new();
    for part in parts {
        if part == *deciding {
            return part;
        }
        if let Truth::Unknown(names) = part {
            unknown.extend(names);
        }
    }
    if unknown.is_empty() {
        neutral
    } else {
        Truth::Unknown(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Condition {
        toml::from_str(text).unwrap()
    }

    fn facts(name: &str) -> Option<FactValue> {
        match name {
            "n" => Some(FactValue::Number(5.0)),
            "yes" => Some(FactValue::Flag(true)),
            "word" => Some(FactValue::Text("4.15.0-20-generic".into())),
            _ => None,
        }
    }

    #[test]
    fn an_unknown_fact_leaves_all_undecided_unless_another_part_is_false() {
        let known = "{ fact = \"n\", op = \">\", value = 4 }";
        let unknown = "{ fact = \"x\", op = \">\", value = 4 }";
        let false_part = "{ fact = \"n\", op = \">\", value = 6 }";
        let undecided = parse(&format!("all = [{known}, {unknown}]"));
        assert_eq!(undecided.holds(&facts), Truth::Unknown(vec!["x".into()]));
        let refuted = parse(&format!("all = [{unknown}, {false_part}]"));
        assert_eq!(refuted.holds(&facts), Truth::False);
    }

    #[test]
    fn one_true_part_decides_any() {
        let any = parse(
            "any = [{ fact = \"x\", op = \"==\", value = true }, \
             { fact = \"yes\", op = \"==\", value = true }]",
        );
        assert_eq!(any.holds(&facts), Truth::True);
    }

    #[test]
    fn not_of_unknown_is_unknown() {
        let not = parse("not = { fact = \"x\", op = \"==\", value = 1 }");
        assert_eq!(not.holds(&facts), Truth::Unknown(vec!["x".into()]));
    }

    #[test]
    fn text_can_be_compared_by_its_beginning() {
        let starts = parse("fact = \"word\"\nop = \"starts-with\"\nvalue = \"4.15.\"");
        assert_eq!(starts.holds(&facts), Truth::True);
    }

    #[test]
    fn a_number_on_its_threshold_counts() {
        let at = parse("fact = \"n\"\nop = \">=\"\nvalue = 5");
        assert_eq!(at.holds(&facts), Truth::True);
        let above = parse("fact = \"n\"\nop = \">\"\nvalue = 5");
        assert_eq!(above.holds(&facts), Truth::False);
    }

    #[test]
    fn a_condition_of_two_forms_or_of_none_is_refused() {
        let known = "{ fact = \"n\", op = \">\", value = 4 }";
        for (text, word) in [
            (String::new(), "empty"),
            ("op = \">\"\nvalue = 4".to_owned(), "empty"),
            (format!("op = \">\"\nall = [{known}]"), "without a fact"),
            (
                format!("unit = \"count\"\nall = [{known}]"),
                "without a fact",
            ),
            (format!("all = [{known}]\nany = [{known}]"), "all and any"),
            (format!("fact = \"n\"\nnot = {known}"), "fact and not"),
            (format!("any = [{known}, {{ all = [{{}}] }}]"), "empty"),
        ] {
            let error = parse(&text).check_form().unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
        let nested = format!("all = [{known}, {{ any = [{known}, {{ not = {known} }}] }}]");
        assert_eq!(parse(&nested).check_form(), Ok(()));
    }

    #[test]
    fn an_empty_list_of_conditions_is_refused() {
        for text in ["all = []", "fact = \"n\"\nany = []"] {
            assert!(toml::from_str::<Condition>(text).is_err(), "{text}");
        }
    }
}
