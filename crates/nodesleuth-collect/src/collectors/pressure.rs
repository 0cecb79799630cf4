//! Pressure stall information, `/proc/pressure/*` (since 4.20).

use super::shape::{Once, parsed};
use crate::Ctx;
use nodesleuth_model::evidence::{Pressure, PressureLine};
use nodesleuth_model::{Missing, MissingKind};
use nodesleuth_parse::proc::pressure;

/// What tasks waited for.
pub(super) static COLLECTOR: Once<Pressure> = Once {
    name: "pressure",
    read,
    field: |evidence| &mut evidence.pressure,
};

fn read(ctx: &Ctx<'_>) -> Result<Pressure, Missing> {
    let line = |resource: &str| -> Result<PressureLine, Missing> {
        parsed(
            ctx.node,
            &format!("/proc/pressure/{resource}"),
            pressure::parse,
        )
    };
    match (line("cpu"), line("memory"), line("io")) {
        (Err(missing), Err(_), Err(_)) => Err(unsupported(missing)),
        (cpu, memory, io) => Ok(Pressure {
            cpu: cpu.ok(),
            memory: memory.ok(),
            io: io.ok(),
        }),
    }
}

/// A kernel that is too old has no such files; one that was started with `psi=0` has them and
/// refuses to open them (EOPNOTSUPP).
fn unsupported(missing: Missing) -> Missing {
    match missing.kind {
        MissingKind::Absent | MissingKind::Failed => Missing {
            kind: MissingKind::Unsupported,
            reason: format!("{} (needs kernel 4.20 and psi switched on)", missing.reason),
            ..missing
        },
        _ => missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};

    const SOME: &str = "some avg10=1.50 avg60=0.50 avg300=0.10 total=12345\n";

    #[test]
    fn what_is_there_is_kept_and_an_old_kernel_says_so() {
        let fake = FakeNode::new();
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        let ctx = fake.ctx(&clock, &cancel);
        assert_eq!(read(&ctx).unwrap_err().kind, MissingKind::Unsupported);
        fake.write("/proc/pressure/cpu", SOME);
        let pressure = read(&ctx).unwrap();
        assert_eq!(pressure.cpu.unwrap().avg10_percent, 1.5);
        assert_eq!(pressure.io, None);
    }
}
