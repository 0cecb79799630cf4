//! `threadz` of C++ programs: one stack for each thread, over several lines.

use crate::index::push;
use crate::limits::Limits;
use crate::open::OpenError;
use crate::text::legacy::memory_map::MemoryMap;
use crate::text::legacy::stacks::Stacks;
use crate::text::legacy::{addresses, first_line};
use crate::text::section::Section;
use crate::text::{TextError, Understood};

const WHAT: &str = "the text of a threadz profile";

pub(crate) fn recognise(text: &str) -> bool {
    let line = first_line(text);
    line.starts_with("--- threadz ") || is_thread(line)
}

/// `--- Thread 7f794ab90940 (name: main/14748) stack: ---`.
fn is_thread(line: &str) -> bool {
    line.starts_with("--- Thread ") && line.ends_with(" stack: ---")
}

pub(crate) fn read<'t>(text: &'t str, limits: &'t Limits) -> Result<Understood, OpenError> {
    let mut stacks = Stacks::new(limits);
    stacks.assembly.sample_type("thread", "count")?;
    stacks.assembly.header().period_type = stacks.assembly.value_type("thread", "count");
    stacks.assembly.header().period = 1;
    let mut lines = Section::whole(text).lines();
    let mut last = "";
    let mut thread: Option<Vec<u64>> = None;
    for (_, line) in &mut lines {
        let line = line.trim();
        if line.starts_with("--- threadz ") {
            continue;
        }
        if line.starts_with("---") {
            end_thread(&mut thread, &mut stacks)?;
            if !is_thread(line) {
                last = line;
                break;
            }
            thread = Some(Vec::new());
        } else if let Some(found) = &mut thread
            && !line.contains("same as previous thread")
        {
            for address in addresses::all(line) {
                push(found, address, "stack frames", limits.max_frames)?;
            }
        }
    }
    end_thread(&mut thread, &mut stacks)?;
    if stacks.is_empty() && !text.contains("Memory map") {
        return Err(TextError::whole(WHAT, "holds no stack").into());
    }
    stacks.finish(MemoryMap::read(last, lines, limits)?)
}

/// A thread without addresses is like the one before.
fn end_thread(thread: &mut Option<Vec<u64>>, stacks: &mut Stacks<'_>) -> Result<(), OpenError> {
    match thread.take() {
        Some(found) if found.is_empty() => stacks.count_again(),
        Some(found) => stacks.add_interrupted(found.into_iter(), &[1])?,
        None => {}
    }
    Ok(())
}
