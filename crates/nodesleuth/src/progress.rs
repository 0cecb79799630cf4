//! What is going on, on stderr: a bar on a terminal, lines with `--verbose`, else nothing.

use crate::output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nodesleuth_collect::Progress;
use std::io::{self, IsTerminal};
use std::time::Duration;

/// Progress of one command.
pub(crate) struct Display {
    bar: Option<ProgressBar>,
    verbose: bool,
}

impl Display {
    pub(crate) fn new(verbose: bool) -> Self {
        let bar = (io::stderr().is_terminal() && !verbose).then(|| {
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {prefix}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, verbose }
    }

    /// Takes the bar away so that the report stands alone.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Display {
    fn stage(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
            bar.tick();
        } else if self.verbose {
            output::note(&format!("nodesleuth: {what}\n"));
        }
    }

    fn window(&self, elapsed: Duration, total: Duration) {
        if let Some(bar) = &self.bar {
            bar.set_length(total.as_millis().try_into().unwrap_or(u64::MAX));
            bar.set_position(elapsed.as_millis().try_into().unwrap_or(u64::MAX));
            bar.set_prefix(format!(
                "{:.0}/{:.0} s",
                elapsed.as_secs_f64(),
                total.as_secs_f64()
            ));
        }
    }
}
