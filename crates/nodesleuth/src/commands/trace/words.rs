//! Calls in words, with the files behind descriptors.

use nodesleuth_trace::decode::{Decoder, Descriptors, FileTable};
use nodesleuth_trace::{Arch, Record};
use std::fs;

/// Puts calls into words.
pub(super) struct Words {
    decoder: Decoder,
    files: FileTable,
    /// The calls that change descriptors are not all seen: what is known may be old.
    partial: bool,
}

impl Words {
    /// Begins with what the process has open now.
    pub(super) fn new(arch: Arch, limit: usize, process: u32, partial: bool) -> Self {
        let mut files = FileTable::new(arch, Box::new(read_link));
        files.read_now(process, open_descriptors(process));
        Self {
            decoder: Decoder::new(arch, limit),
            files,
            partial,
        }
    }

    /// To be called when all records that had come in have been put into words.
    pub(super) fn batch_ended(&mut self) {
        if self.partial {
            self.files.forget();
        }
    }

    /// Takes note of a call that is not printed.
    pub(super) fn note(&mut self, record: &Record<'_>) {
        self.files.note(record);
    }

    pub(super) fn name(&self, record: &Record<'_>, out: &mut String) {
        self.decoder.write_name(record.number, out);
    }

    /// `name(arguments`, still open.
    pub(super) fn call(&mut self, record: &Record<'_>, out: &mut String) {
        self.files.note(record);
        self.name(record, out);
        out.push('(');
        self.decoder.write_arguments(record, &mut self.files, out);
    }

    pub(super) fn arguments(&mut self, record: &Record<'_>) -> Vec<String> {
        self.files.note(record);
        self.decoder.arguments(record, &mut self.files)
    }

    /// After the arguments: the result may be a descriptor that the call has made.
    pub(super) fn result(&mut self, record: &Record<'_>, out: &mut String) {
        self.decoder.write_result(record, &mut self.files, out);
    }
}

fn read_link(link: &str) -> Option<String> {
    let target = fs::read_link(link).ok()?;
    Some(target.to_string_lossy().into_owned())
}

fn open_descriptors(process: u32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/fd")) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}
