//! Which functions allocated what the target's heap holds.

use super::Section;
use crate::document::{Block, Row};
use nodesleuth_model::Diagnosis;
use nodesleuth_model::evidence::HeapFunction;

const COLUMNS: &[&str] = &["in use", "allocated since start", "by"];
/// Rows of the table; json has all that are kept.
const MOST_ROWS: usize = 10;

pub(super) struct Heap;

impl Section for Heap {
    fn title(&self) -> &'static str {
        "Heap"
    }

    fn build(&self, diagnosis: &Diagnosis) -> Vec<Block> {
        let Some(heap) = &diagnosis.heap else {
            return Vec::new();
        };
        let headline = format!(
            "{} alive at the last garbage collection, {} allocated since the program began: Go's \
             estimates, from samples.",
            heap.in_use, heap.allocated
        );
        let rows: Vec<Row> = heap.functions.iter().take(MOST_ROWS).map(row).collect();
        let table = Block::Table {
            columns: COLUMNS.to_vec(),
            rows,
        };
        vec![Block::Paragraph(headline), table]
    }
}

fn row(function: &HeapFunction) -> Row {
    Row::new([
        function.in_use.to_string(),
        function.allocated.to_string(),
        function.function.clone(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::Bytes;
    use nodesleuth_model::evidence::HeapUse;

    #[test]
    fn functions_stand_with_both_numbers() {
        let heap = HeapUse {
            in_use: Bytes(3 << 20),
            allocated: Bytes(9 << 30),
            functions: vec![HeapFunction {
                function: "main.cache".to_owned(),
                in_use: Bytes(2 << 20),
                allocated: Bytes(4 << 30),
            }],
        };
        let blocks = Heap.build(&Diagnosis {
            heap: Some(heap),
            ..Diagnosis::default()
        });
        let Block::Table { rows, .. } = &blocks[1] else {
            panic!("{blocks:?}")
        };
        assert_eq!(rows[0].cells.join("|"), "2.0 MiB|4.0 GiB|main.cache");
        assert!(Heap.build(&Diagnosis::default()).is_empty());
    }
}
