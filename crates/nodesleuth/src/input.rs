//! What somebody at a terminal types.

use std::io::{self, BufRead};

/// Whether the next line is a plain "yes".
pub(crate) fn says_yes() -> io::Result<bool> {
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
