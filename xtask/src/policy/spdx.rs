//! Evaluates SPDX licence expressions (`MIT OR (Apache-2.0 AND ISC)`): may the code be used, given
//! which single licences are acceptable? AND binds tighter than OR, WITH tightest; the old `/` is
//! an OR.

/// Whether `expression` can be met with licences that `accept` says yes to. `LICENCE WITH
/// EXCEPTION` is asked as one name.
pub(crate) fn permits(expression: &str, accept: impl Fn(&str) -> bool) -> Result<bool, String> {
    let mut parser = Parser {
        tokens: tokens(expression),
        next: 0,
        accept,
    };
    let permitted = parser.either()?;
    match parser.peek() {
        None => Ok(permitted),
        Some(token) => Err(format!("unexpected {token}")),
    }
}

fn tokens(expression: &str) -> Vec<String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

struct Parser<A> {
    tokens: Vec<String>,
    next: usize,
    accept: A,
}

impl<A: Fn(&str) -> bool> Parser<A> {
    fn either(&mut self) -> Result<bool, String> {
        let mut permitted = self.both()?;
        while self.eat("OR") {
            permitted |= self.both()?;
        }
        Ok(permitted)
    }

    fn both(&mut self) -> Result<bool, String> {
        let mut permitted = self.single()?;
        while self.eat("AND") {
            permitted &= self.single()?;
        }
        Ok(permitted)
    }

    fn single(&mut self) -> Result<bool, String> {
        if self.eat("(") {
            let permitted = self.either()?;
            return match self.eat(")") {
                true => Ok(permitted),
                false => Err("missing )".to_owned()),
            };
        }
        let mut licence = self.name()?;
        if self.eat("WITH") {
            licence = format!("{licence} WITH {}", self.name()?);
        }
        Ok((self.accept)(&licence))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.peek() {
            Some("OR" | "AND" | "WITH" | "(" | ")") | None => {
                let found = self.peek().unwrap_or("the end");
                Err(format!("a licence was expected, not {found}"))
            }
            Some(name) => {
                let name = name.to_owned();
                self.next += 1;
                Ok(name)
            }
        }
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let found = self.peek() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.next).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_mit_and_isc(expression: &str) -> Result<bool, String> {
        permits(expression, |licence| matches!(licence, "MIT" | "ISC"))
    }

    #[test]
    fn one_good_choice_is_enough_and_all_parts_are_needed() {
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("MIT/GPL-3.0", true),
            ("GPL-3.0 AND MIT", false),
            ("MIT AND ISC", true),
        ] {
            assert_eq!(with_mit_and_isc(expression), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn and_binds_tighter_than_or_and_parentheses_win() {
        assert_eq!(with_mit_and_isc("MIT OR GPL-3.0 AND GPL-2.0"), Ok(true));
        assert_eq!(with_mit_and_isc("(MIT OR GPL-3.0) AND GPL-2.0"), Ok(false));
        assert_eq!(with_mit_and_isc("(MIT OR GPL-3.0) AND (ISC)"), Ok(true));
    }

    #[test]
    fn an_exception_makes_another_licence() {
        assert_eq!(with_mit_and_isc("MIT WITH some-exception"), Ok(false));
        let llvm = |licence: &str| licence == "Apache-2.0 WITH LLVM-exception";
        assert_eq!(
            permits("Apache-2.0 WITH LLVM-exception OR X", llvm),
            Ok(true)
        );
    }

    #[test]
    fn nonsense_is_an_error_and_not_a_yes() {
        for nonsense in ["", "OR", "MIT OR", "(MIT", "MIT)", "MIT ISC", "MIT WITH"] {
            assert!(with_mit_and_isc(nonsense).is_err(), "{nonsense:?}");
        }
    }
}
