//! Forgetting what a report does not tell apart.

use crate::report::draft::Draft;
use crate::report::options::Granularity;

impl Draft<'_> {
    /// Keeps only what entries of this granularity differ in. Columns are never shown.
    pub(crate) fn aggregate(&mut self, granularity: Granularity, inlines: bool) {
        use Granularity::{Addresses, Files, Functions, Lines};
        if granularity == Addresses && inlines {
            return;
        }
        let keeps_functions = granularity != Files;
        let keeps_files = granularity != Functions;
        let keeps_lines = matches!(granularity, Lines | Addresses);
        for function in &mut self.functions {
            if !keeps_functions {
                (function.name, function.system_name) = ("", "");
            }
            if !keeps_files {
                function.file = "";
            }
        }
        for location in &mut self.locations {
            if !inlines && location.lines.len() > 1 {
                location.lines.drain(..location.lines.len() - 1);
            }
            for line in &mut location.lines {
                line.column = 0;
                if !keeps_lines {
                    line.line = 0;
                }
            }
            if granularity != Addresses {
                location.address = 0;
            }
        }
        for row in &mut self.mappings {
            let mapping = &mut row.mapping;
            mapping.has_functions &= keeps_functions;
            mapping.has_filenames &= keeps_files;
            mapping.has_line_numbers &= keeps_lines;
            mapping.has_inline_frames &= inlines;
        }
    }
}
