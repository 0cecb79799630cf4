//! The mount table: init's, since that is what systemd and the kubelet read; else our own.

use super::shape::{Once, malformed};
use crate::Ctx;
use nodesleuth_model::Missing;
use nodesleuth_model::evidence::MountTable;
use nodesleuth_parse::proc::mountinfo;

const OF_INIT: &str = "/proc/1/mountinfo";
const OURS: &str = "/proc/self/mountinfo";

/// How many mounts there are, and which are mounted again and again.
pub(super) static COLLECTOR: Once<MountTable> = Once {
    name: "mounts",
    read,
    field: |evidence| &mut evidence.mounts,
};

fn read(ctx: &Ctx<'_>) -> Result<MountTable, Missing> {
    let (path, text) = match ctx.node.text(OF_INIT) {
        Ok(text) => (OF_INIT, text),
        Err(_) => (OURS, ctx.node.text(OURS)?),
    };
    let mounts = mountinfo::parse(&text).map_err(malformed)?;
    Ok(mountinfo::summarise(&mounts, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};

    #[test]
    fn our_own_table_stands_in_for_inits() {
        let line = "31 23 0:28 / /sys rw - tmpfs tmpfs rw\n";
        let fake = FakeNode::new().file(OURS, line);
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = fake.ctx(&clock, &cancel);
        assert_eq!(read(&ctx).unwrap().source, OURS);
        fake.write(OF_INIT, &line.repeat(3));
        let table = read(&ctx).unwrap();
        assert_eq!((table.source.as_str(), table.mounts), (OF_INIT, 3));
        assert_eq!(table.duplicates[0].count, 3);
    }
}
