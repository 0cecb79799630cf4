//! What counting costs everybody else on the node, and whether it is worth that.

use super::plan::TracePlan;
use nodesleuth_model::evidence::TraceTax;
use nodesleuth_model::{Cores, Missing, MissingKind, Nanos};
use nodesleuth_trace::{Engine, Figures, Summary};

/// What an engine adds to a call of a process that is not watched, measured on 6.18: BPF …
const BPF_NS: f64 = 163.0;
/// … and perf rings, whose filter on the process is all that others run.
const PERF_RINGS_NS: f64 = 43.0;
/// Our own calls are timed before and during a capture. On a node without an idle CPU that measures
/// who else runs: what is so many times the usual is not believed.
const MOST_TIMES_USUAL: f64 = 3.0;
/// Others may lose this share of the node's CPUs, unless told otherwise.
const MOST_OF_NODE: f64 = 0.01;

/// The prediction for a longer capture, from a first look.
pub(super) fn predict(look: &Summary) -> TraceTax {
    let seconds = (look.length_ns as f64 / 1e9).max(1e-9);
    let rate = bystander_calls(look) as f64 / seconds;
    let per_call = usual_ns(look.engine);
    TraceTax {
        bystander_rate: rate,
        per_call: Nanos(per_call as u64),
        predicted_cores: Cores(rate * per_call / 1e9),
        ..TraceTax::default()
    }
}

/// The same with what the capture really cost.
pub(super) fn with_real(mut tax: TraceTax, capture: &Summary) -> TraceTax {
    let seconds = (capture.length_ns as f64 / 1e9).max(1e-9);
    tax.bystander_calls = bystander_calls(capture);
    let cost = tax.bystander_calls as f64 * real_ns(capture) / 1e9;
    tax.real_cores = Cores(cost / seconds);
    tax
}

/// Refuses a capture that would cost others too much.
pub(super) fn allow(tax: &TraceTax, plan: TracePlan, cpus: u32) -> Result<(), Missing> {
    let most = MOST_OF_NODE * f64::from(cpus);
    if plan.whatever_it_costs() || tax.predicted_cores.0 <= most {
        return Ok(());
    }
    let reason = format!(
        "other processes make {:.0} system calls a second: counting would cost them {} cores at \
         {} each, more than 1% of this node's {cpus} CPUs",
        tax.bystander_rate, tax.predicted_cores, tax.per_call
    );
    Err(Missing::new(MissingKind::OverBudget, reason)
        .needs("--trace-for 3s, which does it all the same"))
}

fn bystander_calls(summary: &Summary) -> u64 {
    let Figures::Counted { totals, .. } = &summary.figures else {
        return 0;
    };
    let own = totals
        .iter()
        .map(|total| total.calls)
        .fold(0, u64::saturating_add);
    summary.cost.node_calls.unwrap_or(0).saturating_sub(own)
}

fn usual_ns(engine: Engine) -> f64 {
    match engine {
        Engine::PerfRings => PERF_RINGS_NS,
        _ => BPF_NS,
    }
}

fn real_ns(capture: &Summary) -> f64 {
    let usual = usual_ns(capture.engine);
    let cost = &capture.cost;
    let measured = cost.call_during_ns.zip(cost.call_before_ns);
    let more = measured.map(|(during, before)| during - before);
    let plausible = |more: &f64| *more > 0.0 && *more <= MOST_TIMES_USUAL * usual;
    more.filter(plausible).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::fake_summary;
    use nodesleuth_trace::Cost;
    use std::time::Duration;

    fn look(node_calls: u64) -> Summary {
        let mut look = fake_summary(200_000_000, &[("read", 1_000)]);
        look.cost = Cost {
            node_calls: Some(node_calls),
            call_before_ns: Some(100.0),
            call_during_ns: Some(200.0),
        };
        look
    }

    #[test]
    fn only_calls_of_others_are_a_tax() {
        let tax = predict(&look(21_000));
        assert_eq!(tax.bystander_rate, 100_000.0);
        assert_eq!(tax.per_call, Nanos(163));
        assert!((tax.predicted_cores.0 - 0.0163).abs() < 1e-9);
        // Our own calls took 100 ns longer.
        assert!((with_real(tax, &look(21_000)).real_cores.0 - 0.01).abs() < 1e-9);
    }

    #[test]
    fn it_is_refused_above_one_percent_of_the_node_unless_asked_for() {
        let tax = predict(&look(26_000));
        let refused = allow(&tax, TracePlan::Polite, 2).unwrap_err();
        assert_eq!(refused.kind, MissingKind::OverBudget);
        assert!(
            refused.reason.contains("0.020 cores at 163 ns"),
            "{refused}"
        );
        assert!(refused.to_string().contains("--trace-for"), "{refused}");
        assert_eq!(allow(&tax, TracePlan::Polite, 4), Ok(()));
        let asked = TracePlan::For(Duration::from_secs(1));
        assert_eq!(allow(&tax, asked, 2), Ok(()));
        assert_eq!(allow(&predict(&look(25_000)), TracePlan::Polite, 2), Ok(()));
    }

    #[test]
    fn a_measurement_drowned_in_noise_is_replaced_by_the_usual_price() {
        for during in [90.0, 5_000.0] {
            let mut look = look(21_000);
            look.cost.call_during_ns = Some(during);
            let real = with_real(TraceTax::default(), &look).real_cores;
            assert!((real.0 - 0.0163).abs() < 1e-9, "{during}: {real}");
        }
    }
}
