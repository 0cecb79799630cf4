//! The rules that tell changing words, in the order of the parent module's documentation.

use super::words::Name;

/// Kubernetes' alphabet for random names: no vowels, nothing that is easily confused.
const RANDOM_LETTERS: &str = "bcdfghjklmnpqrstvwxz2456789";
/// What such a random name of five letters follows.
const BEFORE_RANDOM: &[&str] = &["access", "token"];

/// What a rule makes of some words: `prefix*`.
pub(super) struct Star<'n> {
    pub(super) prefix: &'n str,
    /// How many words it stands for.
    pub(super) words: usize,
}

/// A word and where it stands.
struct At<'a, 'n> {
    name: &'a Name<'n>,
    index: usize,
    word: &'n str,
    separator: &'n str,
    after_star: bool,
}

/// What the first fitting rule makes of the words from `index` on.
pub(super) fn first_match<'n>(name: &Name<'n>, index: usize, after_star: bool) -> Option<Star<'n>> {
    let part = name.parts.get(index)?;
    let at = At {
        name,
        index,
        word: part.word,
        separator: part.separator,
        after_star,
    };
    if let Some(prefix) = uuid(&at) {
        return Some(Star { prefix, words: 5 });
    }
    [
        hexadecimal,
        random_id,
        number,
        letters_and_number,
        random_letters,
    ]
    .iter()
    .find_map(|rule| rule(&at))
    .map(|prefix| Star { prefix, words: 1 })
}

fn uuid<'n>(at: &At<'_, 'n>) -> Option<&'n str> {
    const LENGTHS: [usize; 4] = [4, 4, 4, 12];
    let split = at.word.len().checked_sub(8)?;
    let (prefix, first) = at.word.split_at(split);
    let rest = at.name.parts.get(at.index + 1..at.index + 5)?;
    let separator = rest.first()?.separator;
    let fits = matches!(separator, "-" | "_" | "\\x2d")
        && is_hexadecimal(first)
        && prefix.bytes().all(|byte| byte.is_ascii_alphabetic())
        && rest.iter().zip(LENGTHS).all(|(part, length)| {
            part.separator == separator && part.word.len() == length && is_hexadecimal(part.word)
        });
    fits.then_some(prefix)
}

fn hexadecimal<'n>(at: &At<'_, 'n>) -> Option<&'n str> {
    let long = |word: &str, with_number: usize| {
        let numbered = word.bytes().any(|byte| byte.is_ascii_digit());
        is_hexadecimal(word) && (word.len() >= 12 || numbered && word.len() >= with_number)
    };
    let behind = |prefix: &str, with_number: usize| {
        at.word
            .strip_prefix(prefix)
            .is_some_and(|rest| long(rest, with_number))
            .then(|| &at.word[..prefix.len()])
    };
    behind("", 8)
        .or_else(|| behind("pod", 8))
        .or_else(|| at.name.is_transient().then(|| behind("r", 4))?)
}

fn random_id<'n>(at: &At<'_, 'n>) -> Option<&'n str> {
    let digits = at.word.bytes().filter(u8::is_ascii_digit).count();
    let letters = at.word.len() - digits;
    (at.word.len() >= 16 && digits >= 3 && letters >= 3).then_some("")
}

fn number<'n>(at: &At<'_, 'n>) -> Option<&'n str> {
    let maybe_version = at.separator == "." && !at.after_star && at.word.len() < 3;
    (is_number(at.word) && !maybe_version).then_some("")
}

fn letters_and_number<'n>(at: &At<'_, 'n>) -> Option<&'n str> {
    let split = at.word.find(|character: char| character.is_ascii_digit())?;
    let (letters, number) = at.word.split_at(split);
    let ends_plain_name = at.name.unit_type.is_empty() && at.index + 1 == at.name.parts.len();
    let names_transient = at.name.is_transient() && letters.len() == 1;
    let fits = !letters.is_empty()
        && is_number(number)
        && (number.len() >= 3 || ends_plain_name || names_transient);
    fits.then_some(letters)
}

fn random_letters<'n>(at: &At<'_, 'n>) -> Option<&'n str> {
    let before = at.name.parts.get(at.index.checked_sub(1)?)?;
    let fits = at.word.len() == 5
        && at
            .word
            .chars()
            .all(|letter| RANDOM_LETTERS.contains(letter))
        && BEFORE_RANDOM.contains(&before.word);
    fits.then_some("")
}

fn is_hexadecimal(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}
