//! Which functions cost more than before: two files in any format that is read, for example
//! `cargo run -p nodesleuth-profile --example what_grew -- before.pb.gz after.raw.txt`.

#![expect(clippy::print_stdout, reason = "what an example has to say")]

use nodesleuth_profile::{Limits, Merger, Profile, TopOrder, open, top, value_text};
use std::error::Error;

/// Functions listed.
const ROWS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut names = std::env::args().skip(1);
    let (Some(before), Some(after)) = (names.next(), names.next()) else {
        return Err("give two files: BEFORE AFTER".into());
    };
    let mut merger = Merger::new();
    merger.add(&load(&after)?)?;
    merger.add_scaled(&load(&before)?, -1.0)?;
    let grown = merger.finish();
    let value = grown.default_value_index().ok_or("there are no samples")?;
    let unit = grown.sample_types().nth(value).unwrap_or_default().unit;
    let mut rows = top(&grown, value);
    TopOrder::Cum.sort(&mut rows);
    for row in rows.iter().take(ROWS) {
        println!("{:>10}  {}", value_text(row.cum, unit), row.name);
    }
    Ok(())
}

fn load(name: &str) -> Result<Profile, Box<dyn Error>> {
    let opened = open(&std::fs::read(name)?, &Limits::default())?;
    Ok(opened.profile)
}
