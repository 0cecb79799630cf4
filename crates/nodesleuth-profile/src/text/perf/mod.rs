//! The text of `perf script`, from perf 3.10 to 6.x, with its default fields or fewer.
//!
//! As flame graphs want it, the process's name is the root frame; ids are the labels `pid` and
//! `tid`. Values are the number of samples, and for each event the sum of its periods (cpu-clock:
//! nanoseconds). Kernel frames are told by their mapping, `[kernel.kallsyms]` or a module.

mod events;
mod frame;
mod header;

use std::collections::HashMap;

use crate::index::push;
use crate::limits::Limits;
use crate::open::OpenError;
use crate::rows::{FunctionRow, LabelValueRow, MappingRow};
use crate::strings::StrId;
use crate::text::assembly::{Assembly, LineRow, LocationHead};
use crate::text::section::{Line, Section};
use crate::text::{Ignored, TextError, Understood};
use events::Events;
use frame::{FrameLine, is_unknown_source, source_line};
use header::Header;

pub(crate) const WHAT: &str = "the text of `perf script`";

/// How many lines may come before the first sample (`perf script --header` prints about 40).
const HEAD_LINES: usize = 1000;

/// Whether a sample begins in the first lines: with a time, or with a frame below it. A file of
/// perf's own header alone is one without samples.
pub(crate) fn recognise(text: &str) -> bool {
    let mut above = false;
    for line in text.lines().take(HEAD_LINES) {
        if above && is_frame(line) {
            return true;
        }
        let header = Header::parse(line);
        if header.is_some_and(|header| header.time.is_some() && !header.event.is_empty()) {
            return true;
        }
        above = header.is_some();
    }
    let is_perf = |line: &str| line.starts_with("# cmdline : ") && line.contains("perf ");
    text.lines().take(HEAD_LINES).any(is_perf)
}

fn is_frame(line: &str) -> bool {
    let known =
        |frame: FrameLine<'_>| line.starts_with('\t') || !frame.file.is_empty() || frame.is_inlined;
    line.starts_with([' ', '\t']) && FrameLine::parse(line).is_some_and(known)
}

/// Reads it.
pub(crate) fn read<'t>(text: &'t str, limits: &'t Limits) -> Result<Understood, OpenError> {
    let mut script = Script::new(limits);
    for line in Section::whole(text).lines() {
        script.line(line)?;
    }
    let cut = script.cut(text.ends_with('\n'));
    script.end_sample()?;
    if script.times.is_none() && script.assembly.profile.samples.location_ends.is_empty() {
        return Err(TextError::whole(WHAT, "holds no sample").into());
    }
    let mut notes: Vec<String> = script
        .events
        .finish(&mut script.assembly)?
        .into_iter()
        .collect();
    if let Some((first, last)) = script.times {
        script.assembly.header().duration_nanos = last.saturating_sub(first);
    }
    notes.extend(cut);
    notes.extend(script.ignored.note());
    Ok(Understood {
        profile: script.assembly.finish(),
        notes,
    })
}

struct Script<'t> {
    assembly: Assembly<'t>,
    events: Events<'t>,
    ignored: Ignored,
    /// The sample whose frames are being read.
    open: Option<Header<'t>>,
    /// The line it begins in.
    begun_at: usize,
    /// Whether there are call chains, which end with a blank line.
    has_chains: bool,
    /// Its locations from leaf to root.
    stack: Vec<u32>,
    /// Inlined functions that wait for the frame they are in.
    inlined: Vec<Place<'t>>,
    /// The last frame, which may get a source line yet, and whether it is inlined.
    last: Option<(Place<'t>, bool)>,
    locations: HashMap<Key<'t>, u32>,
    names: HashMap<&'t str, u32>,
    mappings: HashMap<&'t str, u32>,
    /// Of the first and the last sample.
    times: Option<(i64, i64)>,
}

/// A frame with its source line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place<'t> {
    address: u64,
    name: &'t str,
    file: &'t str,
    source: Option<(&'t str, i64)>,
}

/// What makes frames one location.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key<'t> {
    frame: Place<'t>,
    inlined: Vec<Place<'t>>,
}

impl<'t> Script<'t> {
    fn new(limits: &'t Limits) -> Self {
        Self {
            assembly: Assembly::new(limits),
            events: Events::default(),
            ignored: Ignored::default(),
            open: None,
            begun_at: 0,
            has_chains: false,
            stack: Vec::new(),
            inlined: Vec::new(),
            last: None,
            locations: HashMap::new(),
            names: HashMap::new(),
            mappings: HashMap::new(),
            times: None,
        }
    }

    /// A blank line ends a sample; what is below a sample's line belongs to it.
    fn line(&mut self, line: Line<'t>) -> Result<(), OpenError> {
        let (number, text) = line;
        if text.trim().is_empty() {
            return self.end_sample();
        }
        if self.open.is_some() && text.starts_with([' ', '\t']) && self.frame(text)? {
            self.has_chains = true;
            return Ok(());
        }
        // Once there were times, a name with a number is something else.
        let fits = |header: &Header<'_>| header.time.is_some() || self.times.is_none();
        match Header::parse(text).filter(fits) {
            Some(header) => self.begin_sample(line, header),
            None if text.starts_with('#') => Ok(()),
            None => {
                self.ignored.add(number, text);
                Ok(())
            }
        }
    }

    fn begin_sample(&mut self, line: Line<'t>, header: Header<'t>) -> Result<(), OpenError> {
        self.end_sample()?;
        self.events.add(line, &header)?;
        self.open = Some(header);
        self.begun_at = line.0;
        if let Some(time) = header.time {
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
        }
        if let Some(frame) = FrameLine::parse(header.rest) {
            self.add_frame(frame)?;
        }
        Ok(())
    }

    /// Whether the line is part of a call chain.
    fn frame(&mut self, text: &'t str) -> Result<bool, OpenError> {
        if let Some(frame) = FrameLine::parse(text) {
            self.add_frame(frame)?;
            return Ok(true);
        }
        if let Some(last) = &mut self.last {
            if let Some(source) = source_line(text) {
                last.0.source = Some(source);
                return Ok(true);
            }
            if is_unknown_source(text) {
                return Ok(true);
            }
        }
        // Lines of other samples without call chains are indented, too.
        if Header::parse(text).is_some() {
            return Ok(false);
        }
        self.add_frame(FrameLine::named(text))?;
        Ok(true)
    }

    fn add_frame(&mut self, frame: FrameLine<'t>) -> Result<(), OpenError> {
        self.end_frame()?;
        let FrameLine {
            address,
            name,
            file,
            is_inlined,
        } = frame;
        let frame = Place {
            address,
            name,
            file,
            source: None,
        };
        self.last = Some((frame, is_inlined));
        Ok(())
    }

    /// Puts the last frame into the stack, with what is inlined there.
    fn end_frame(&mut self) -> Result<(), OpenError> {
        match self.last.take() {
            Some((frame, true)) => {
                let limit = self.assembly.limits.max_table_entries;
                push(&mut self.inlined, frame, "inlined functions", limit)?;
            }
            Some((frame, false)) => self.close_location(frame)?,
            None => {}
        }
        Ok(())
    }

    fn close_location(&mut self, frame: Place<'t>) -> Result<(), OpenError> {
        let inlined = std::mem::take(&mut self.inlined);
        let key = Key { frame, inlined };
        if let Some(known) = self.locations.get(&key) {
            self.stack.push(*known);
            return Ok(());
        }
        let location = self.location(&key)?;
        self.stack.push(location);
        self.locations.insert(key, location);
        Ok(())
    }

    fn location(&mut self, key: &Key<'t>) -> Result<u32, OpenError> {
        let mut lines = Vec::new();
        for line in key.inlined.iter().chain([&key.frame]) {
            if !line.name.is_empty() {
                lines.push(self.function(line)?);
            }
        }
        let mapping = match key.frame.file {
            "" => None,
            file => Some(self.mapping(file)?),
        };
        let head = LocationHead {
            address: key.frame.address,
            mapping,
            ..LocationHead::default()
        };
        Ok(self.assembly.location(head, lines.into_iter())?)
    }

    fn function(&mut self, frame: &Place<'t>) -> Result<LineRow, OpenError> {
        let (file, line) = frame.source.unwrap_or_default();
        let name = self.assembly.text(frame.name);
        let file = self.assembly.text(file);
        let function = self.assembly.function(FunctionRow {
            name,
            system_name: name,
            file,
            ..FunctionRow::default()
        })?;
        Ok(LineRow {
            function,
            line,
            column: 0,
        })
    }

    fn mapping(&mut self, file: &'t str) -> Result<u32, OpenError> {
        if let Some(known) = self.mappings.get(file) {
            return Ok(*known);
        }
        let name = self.assembly.text(file);
        let mapping = self.assembly.mapping(MappingRow {
            file: name,
            has_functions: true,
            ..MappingRow::default()
        })?;
        self.mappings.insert(file, mapping);
        Ok(mapping)
    }

    fn end_sample(&mut self) -> Result<(), OpenError> {
        let Some(header) = self.open.take() else {
            return Ok(());
        };
        self.end_frame()?;
        // A chain that was cut inside an inlined function.
        if let Some(outermost) = self.inlined.pop() {
            self.close_location(outermost)?;
        }
        let root = match self.names.get(header.comm) {
            Some(known) => *known,
            None => {
                let line = self.assembly.named(header.comm)?;
                let lines = std::iter::once(line);
                let root = self.assembly.location(LocationHead::default(), lines)?;
                self.names.insert(header.comm, root);
                root
            }
        };
        let stack = self.stack.iter().rev().copied();
        self.assembly
            .sample(std::iter::once(root).chain(stack), &[])?;
        self.stack.clear();
        self.label("pid", header.pid.unwrap_or(0))?;
        self.label("tid", header.tid)
    }

    /// Whether the text ends within a sample: perf ends every line, and every call chain with a
    /// blank one. What is missing of a chain is its callers, which are printed last.
    fn cut(&self, ends_with_line: bool) -> Option<String> {
        self.open?;
        let what = match (ends_with_line, self.has_chains) {
            (true, false) => return None,
            (true, true) => "has no blank line after it",
            (false, _) => "ends within a line",
        };
        let number = self.assembly.profile.samples.location_ends.len() + 1;
        let begins = self.begun_at;
        Some(format!(
            "the text may have been cut off: its last sample, number {number}, from line {begins} \
             on, {what}, so that callers may be missing there"
        ))
    }

    fn label(&mut self, key: &'static str, number: i64) -> Result<(), OpenError> {
        if number != 0 {
            let unit = StrId::EMPTY;
            self.assembly
                .label(key, LabelValueRow::Number { number, unit })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
