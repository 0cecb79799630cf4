//! Where readers put what they find.

use super::{MAX_TEXT_BYTES, logs, profiles, prose, read_text};
use nodesleuth_model::Evidence;
use nodesleuth_model::evidence::pasted::{FileId, PastedBlock, PastedFile};
use std::collections::BTreeMap;

/// Evidence from files, and the profiles that were among them.
#[derive(Debug, Default)]
pub struct Ingested {
    /// Facts that have a field of their own stand there, all others in `pasted`.
    pub evidence: Evidence,
    /// Profiles as a bundle keeps them: name in it, and the pprof file.
    pub profiles: Vec<(String, Vec<u8>)>,
    log: logs::Collector,
}

/// What one file's readers need: where to put things, and what was said before.
pub(super) struct Sink<'e> {
    pub(super) into: &'e mut Ingested,
    pub(super) file: FileId,
    /// The file's name, for formats that nothing else tells apart.
    pub(super) name: &'e str,
    /// The command whose output follows, if one was typed above it.
    pub(super) command: Option<String>,
    /// Line above the block, for headings.
    pub(super) heading: Option<String>,
    blocks: Vec<PastedBlock>,
    /// Whether text in no known format is taken.
    pub(super) wants_prose: bool,
    /// Prose that is not yet ended by a blank line.
    pub(super) paragraph: prose::Paragraph,
    /// Values by kind that a second file must not overwrite.
    counted: BTreeMap<&'static str, usize>,
}

impl Ingested {
    /// Reads one file's bytes. `kind` forces a format; without `prose` text in no known format is
    /// passed over. Returns whether anything was taken.
    pub fn read(&mut self, name: &str, bytes: &[u8], kind: Option<&str>, prose: bool) -> bool {
        let files = &mut self.evidence.pasted.files;
        let file = FileId(u32::try_from(files.len()).unwrap_or(u32::MAX));
        files.push(PastedFile {
            name: name.to_owned(),
            ..PastedFile::default()
        });
        let mut sink = Sink::new(self, file, name);
        sink.wants_prose = prose;
        if bytes.len() > MAX_TEXT_BYTES {
            let limit = MAX_TEXT_BYTES >> 20;
            sink.ignore(format!("it is larger than {limit} MiB and was not read"));
        } else if !profiles::take_file(bytes, &mut sink) {
            match text_of(bytes) {
                Some(text) => read_text(&text, kind, &mut sink),
                None => sink.ignore("it is neither text nor a profile".to_owned()),
            }
        }
        sink.finish()
    }

    /// Counts log lines and the like together: once, behind the last file.
    pub fn finish(&mut self) {
        let log = std::mem::take(&mut self.log);
        self.evidence.pasted.logs = log.finish();
    }
}

impl<'e> Sink<'e> {
    fn new(into: &'e mut Ingested, file: FileId, name: &'e str) -> Self {
        Self {
            into,
            file,
            name,
            command: None,
            heading: None,
            blocks: Vec::new(),
            wants_prose: true,
            paragraph: prose::Paragraph::default(),
            counted: BTreeMap::new(),
        }
    }

    /// A block of this format was taken from line `at` (from 0) on.
    pub(super) fn block(&mut self, kind: &str, at: usize, taken: impl Into<String>) {
        self.blocks.push(PastedBlock {
            kind: kind.to_owned(),
            line: u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1),
            taken: taken.into(),
        });
        self.command = None;
    }

    /// One more of many small things of a kind; they are told together.
    pub(super) fn one(&mut self, kind: &'static str) {
        *self.counted.entry(kind).or_default() += 1;
    }

    /// Something was not understood.
    pub(super) fn ignore(&mut self, what: String) {
        const MOST: usize = 20;
        let file = &mut self.into.evidence.pasted.files[self.file.0 as usize];
        if file.ignored.len() < MOST {
            file.ignored.push(what);
        }
    }

    /// Log lines of all files are counted together.
    pub(super) fn log(&mut self) -> &mut logs::Collector {
        &mut self.into.log
    }

    pub(super) fn evidence(&mut self) -> &mut Evidence {
        &mut self.into.evidence
    }

    /// A blank line: prose ends, and so does what a typed command printed.
    pub(super) fn paragraph_ends(&mut self) {
        prose::end_paragraph(self);
        self.heading = None;
    }

    /// Whether this word is in the typed command or the file's name.
    pub(super) fn is_about(&self, word: &str) -> bool {
        let command = self.command.as_deref().unwrap_or("");
        let heading = self.heading.as_deref().unwrap_or("");
        command.contains(word) || heading.contains(word) || self.name.contains(word)
    }

    fn finish(mut self) -> bool {
        for (kind, count) in std::mem::take(&mut self.counted) {
            let lines = if count == 1 { "line" } else { "lines" };
            self.blocks.push(PastedBlock {
                kind: kind.to_owned(),
                line: 0,
                taken: format!("{count} {lines}"),
            });
        }
        let file = &mut self.into.evidence.pasted.files[self.file.0 as usize];
        file.blocks = self.blocks;
        !file.blocks.is_empty()
    }
}

/// The bytes as text, if they are text: colours and the mark of the byte order taken away.
fn text_of(bytes: &[u8]) -> Option<String> {
    nodesleuth_profile::decode_text(bytes).map(std::borrow::Cow::into_owned)
}
