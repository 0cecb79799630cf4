//! What the values of a `perf script` text are: one for the number of samples, one for each event.

use std::collections::HashMap;

use crate::error::ReadError;
use crate::open::OpenError;
use crate::text::TextError;
use crate::text::assembly::Assembly;
use crate::text::perf::WHAT;
use crate::text::perf::header::Header;
use crate::text::section::Line;

/// More than anybody records at once.
const MOST_EVENTS: usize = 64;

/// Events in the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Events<'t> {
    found: Vec<Event<'t>>,
    positions: HashMap<&'t str, u32>,
    /// Event and period of each sample.
    samples: Vec<(u32, i64)>,
}

#[derive(Debug)]
struct Event<'t> {
    name: &'t str,
    samples: usize,
    has_periods: bool,
}

impl Event<'_> {
    /// Periods of clocks are nanoseconds.
    fn unit(&self) -> &'static str {
        let name = self.name.split(':').next().unwrap_or_default();
        match self.has_periods && matches!(name, "cpu-clock" | "task-clock") {
            true => "nanoseconds",
            false => "count",
        }
    }
}

impl<'t> Events<'t> {
    pub(super) fn add(&mut self, line: Line<'_>, header: &Header<'t>) -> Result<(), OpenError> {
        let name = if header.event.is_empty() {
            "event"
        } else {
            header.event
        };
        let next = self.found.len();
        let position = *self.positions.entry(name).or_insert(next as u32);
        if position as usize == next {
            if next == MOST_EVENTS {
                let problem = format!("names one more than {MOST_EVENTS} events");
                return Err(TextError::line(WHAT, line, problem).into());
            }
            self.found.push(Event {
                name,
                samples: 0,
                has_periods: false,
            });
        }
        let event = &mut self.found[position as usize];
        event.samples += 1;
        event.has_periods |= header.period.is_some();
        self.samples.push((position, header.period.unwrap_or(1)));
        Ok(())
    }

    /// Gives the samples their values. Returns what is to be known about several events.
    pub(super) fn finish(self, assembly: &mut Assembly<'t>) -> Result<Option<String>, ReadError> {
        assembly.sample_type("samples", "count")?;
        let is_counted = |event: &Event<'_>| event.has_periods || self.found.len() > 1;
        let shown: Vec<_> = self
            .found
            .iter()
            .filter(|event| is_counted(event))
            .collect();
        for event in &shown {
            assembly.sample_type(event.name, event.unit())?;
        }
        let columns = shown.len();
        for (event, period) in &self.samples {
            let values = (0..columns).map(|at| if at == *event as usize { *period } else { 0 });
            assembly.values(std::iter::once(1).chain(values))?;
        }
        let most = shown.iter().max_by_key(|event| event.samples);
        let Some(most) = most.filter(|_| columns > 1) else {
            return Ok(None);
        };
        assembly.header().default_sample_type = assembly.made_up(most.name);
        let names: Vec<_> = shown.iter().map(|event| event.name).collect();
        Ok(Some(format!(
            "{columns} events were recorded ({}): {}, of which there are most samples, is shown \
             unless another is asked for",
            names.join(", "),
            most.name
        )))
    }
}
