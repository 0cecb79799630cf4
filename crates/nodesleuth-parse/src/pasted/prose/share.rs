//! Percentages in sentences.

use crate::pasted::numbers::percent;

/// A percentage: `31%`, `(25-30%`, `~40%`, `31 %`, of a range the middle.
pub(super) fn share_at(words: &[&str], at: usize) -> Option<f64> {
    let word = words
        .get(at)?
        .trim_matches(|c: char| "(),~≈><=+[]".contains(c))
        .trim_end_matches(['.', ':', ';']);
    if !word.ends_with('%') {
        let alone = words
            .get(at + 1)
            .is_some_and(|next| next.trim_end_matches(['.', ',', ')']) == "%");
        return alone.then(|| percent(&format!("{word}%")))?;
    }
    match word.trim_end_matches('%').split_once(['-', '–']) {
        Some((low, high)) if !low.is_empty() => {
            let low = percent(&format!("{}%", low.trim_end_matches('%')))?;
            Some((low + percent(&format!("{high}%"))?) / 2.0)
        }
        _ => percent(word),
    }
}
