//! Forgetting what a report does not tell apart.

use crate::report::draft::{Draft, Kept};
use crate::report::options::{Granularity, ReportKind, ReportOptions};
use crate::strings::StrId;

impl Draft {
    /// Keeps only what entries of the report differ in.
    pub(crate) fn aggregate(&mut self, options: &ReportOptions) {
        use Granularity::{Addresses, Files, Functions, Lines};
        let granularity = match options.kind {
            ReportKind::Raw | ReportKind::Proto => Addresses,
            _ => options.granularity,
        };
        let inlines = !options.no_inlines;
        if granularity == Addresses && inlines {
            return;
        }
        let keeps_functions = granularity != Files;
        let keeps_files = granularity != Functions;
        let keeps_lines = matches!(granularity, Lines | Addresses);
        for function in &mut self.profile.functions {
            if !keeps_functions {
                (function.name, function.system_name) = (StrId::EMPTY, StrId::EMPTY);
            }
            if !keeps_files {
                function.file = StrId::EMPTY;
            }
        }
        if !inlines {
            self.keep_lines(|draft, at| Kept::Until(draft.lines(at).len().min(1)));
        }
        for frame in &mut self.profile.frames {
            if !(keeps_lines && options.show_columns) {
                frame.column = 0;
            }
            if !keeps_lines {
                frame.line = 0;
            }
        }
        if granularity != Addresses {
            for location in &mut self.profile.locations {
                location.address = 0;
            }
        }
        for mapping in &mut self.profile.mappings {
            mapping.has_functions &= keeps_functions;
            mapping.has_filenames &= keeps_files;
            mapping.has_line_numbers &= keeps_lines;
            mapping.has_inline_frames &= inlines;
        }
    }
}
