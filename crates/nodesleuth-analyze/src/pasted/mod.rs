//! Questions to what files from outside said ([`Pasted`]): frames, log lines, calls, processes.

mod calls;
mod frames;
mod lines;
mod numbers;

pub use calls::CallSeen;
pub use frames::FramesSeen;
pub use lines::LinesSeen;
pub use numbers::{OfPasted, ProcessSeen, of_pasted};

use nodesleuth_model::evidence::Pasted;
use nodesleuth_model::evidence::pasted::FileId;

/// Answers questions from what files from outside said.
#[derive(Clone, Copy, Debug)]
pub struct PastedView<'a> {
    pasted: &'a Pasted,
}

impl<'a> PastedView<'a> {
    /// Of this evidence.
    #[must_use]
    pub fn new(pasted: &'a Pasted) -> Self {
        Self { pasted }
    }

    fn name(&self, file: FileId) -> &'a str {
        self.pasted.file_name(file)
    }
}
