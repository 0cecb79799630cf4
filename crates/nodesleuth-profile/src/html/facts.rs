//! The line below the title: how much of what, in how long, when.

use std::fmt::Write;

use crate::draw::{unit_seconds, value_text};
use crate::fields::ValueType;
use crate::html::columns::{Columns, name};
use crate::html::escape::{Escaped, visible};
use crate::profile::Profile;
use crate::report::go_format::{date_time, duration};

/// Markup of that line.
pub(super) fn facts(columns: &Columns<'_>) -> String {
    let column = columns.shown();
    let mut text = of_profile(columns.profile, column.now);
    if let (Some(before), Some(index)) = (columns.before, column.before) {
        let _ = write!(text, "<br>before: {}", of_profile(before, index));
    }
    text
}

fn of_profile(profile: &Profile, index: usize) -> String {
    let Some(value_type) = profile.sample_types().nth(index) else {
        return String::new();
    };
    let total = profile.total(index);
    let what = name(value_type);
    let mut text = format!(
        "<b>{}</b> {}",
        value_text(total, value_type.unit),
        Escaped(&visible(&what))
    );
    let nanos = profile.duration_nanos();
    if nanos > 0 {
        let _ = write!(text, " in {}", length(nanos));
    }
    if let Some(cores) = cores(total, value_type, nanos) {
        let _ = write!(text, " · <b>{cores:.2} cores</b>");
    }
    match profile.stack_count() {
        1 => text.push_str(" · 1 stack"),
        count => {
            let _ = write!(text, " · {count} stacks");
        }
    }
    if profile.time_nanos() > 0 {
        let _ = write!(text, " · taken {} UTC", date_time(profile.time_nanos()).0);
    }
    text
}

/// To a tenth of a second, from one second on.
fn length(nanos: i64) -> String {
    const TENTH: i64 = 100_000_000;
    match nanos {
        1_000_000_000.. => duration(nanos.saturating_add(TENTH / 2) / TENTH * TENTH),
        _ => duration(nanos),
    }
}

/// CPU time by the time it was used in.
fn cores(total: i64, value_type: ValueType<'_>, nanos: i64) -> Option<f64> {
    let unit = unit_seconds(value_type.unit).filter(|_| value_type.kind == "cpu" && nanos > 0)?;
    Some(total as f64 * unit * 1e9 / nanos as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::ProfileBuilder;
    use crate::html::HtmlOptions;

    #[test]
    fn cpu_time_is_priced_in_cores() {
        let mut builder = ProfileBuilder::new(&[ValueType::CPU]);
        builder.time(1_626_441_030_000_000_000, 30_012_000_000);
        let main = builder.named("main");
        builder.sample([main], &[15_000_000_000], &[]);
        let profile = builder.finish();
        let columns = Columns::of(&profile, &HtmlOptions::default()).unwrap();
        assert_eq!(
            facts(&columns),
            "<b>15s</b> cpu (nanoseconds) in 30s · <b>0.50 cores</b> · 1 stack \
             · taken 2021-07-16 13:10:30 UTC"
        );
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let heap = ValueType::new("space<", "bytes");
        let profile = Profile::from_stacks(heap, [(["main"], 2048)]);
        let columns = Columns::of(&profile, &HtmlOptions::default()).unwrap();
        assert_eq!(facts(&columns), "<b>2kB</b> space&lt; (bytes) · 1 stack");
    }
}
