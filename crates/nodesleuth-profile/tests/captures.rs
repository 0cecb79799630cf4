//! Two CPU profiles captured from real agents: a kubelet at rest and cAdvisor on kernel 4.15.
#![expect(clippy::unwrap_used, reason = "tests")]

use nodesleuth_profile::{
    Limits, NormalNames, Profile, Signature, TopOrder, TopRow, ValueType, encode, fold, read,
    read_folded, top, write,
};

const KUBELET: &[u8] = include_bytes!("data/kubelet-idle-cpu.pb.gz");
const CADVISOR: &[u8] = include_bytes!("data/cadvisor-k415-cpu.pb.gz");
const MS: i64 = 1_000_000;

fn profile(bytes: &[u8]) -> Profile {
    read(bytes, &Limits::default()).unwrap()
}

#[test]
fn the_header_says_what_was_measured() {
    let kubelet = profile(KUBELET);
    let types: Vec<_> = kubelet.sample_types().collect();
    assert_eq!(types, [ValueType::new("samples", "count"), ValueType::CPU]);
    assert_eq!(kubelet.default_value_index(), Some(1));
    assert_eq!(kubelet.value_index("cpu"), Some(1));
    assert_eq!(
        (kubelet.period(), kubelet.period_type()),
        (10 * MS, ValueType::CPU)
    );
    assert_eq!(kubelet.duration_nanos() / MS, 30_009);
    let main = kubelet.mappings().next().unwrap();
    assert!(
        main.file.ends_with("/kubelet") && main.has_functions,
        "{main:?}"
    );
}

#[test]
fn totals_are_those_pprof_prints() {
    assert_eq!(profile(KUBELET).total(1), 200 * MS);
    assert_eq!(profile(CADVISOR).total(1), 450 * MS);
    assert_eq!(profile(CADVISOR).magnitude(0), 45);
}

#[test]
fn the_first_rows_by_cum_are_those_of_pprof() {
    let kubelet = profile(KUBELET);
    let mut rows = top(&kubelet, 1);
    TopOrder::Cum.sort(&mut rows);
    let row = |name, flat: i64, cum: i64| TopRow {
        name,
        flat: flat * MS,
        cum: cum * MS,
    };
    let cadvisor = "k8s.io/kubernetes/vendor/github.com/google/cadvisor";
    assert_eq!(
        rows[..7],
        [
            row("runtime/internal/syscall.Syscall6", 80, 80),
            row("syscall.RawSyscall6", 0, 80),
            row("syscall.Syscall6", 0, 80),
            row(
                &format!("{cadvisor}/container/libcontainer.(*Handler).GetStats"),
                0,
                60
            ),
            row(
                &format!("{cadvisor}/manager.(*containerData).housekeeping"),
                0,
                60
            ),
            row(
                &format!("{cadvisor}/manager.(*containerData).housekeepingTick"),
                0,
                60
            ),
            row(
                &format!("{cadvisor}/manager.(*containerData).updateStats"),
                0,
                60
            ),
        ]
    );
    assert_eq!(rows.len(), 131);
}

#[test]
fn a_signature_finds_housekeeping_with_and_without_vendor_folder() {
    let signature = Signature::parse([
        "github.com/google/cadvisor/manager.(*containerData).housekeeping",
        "github.com/google/cadvisor/container/libcontainer.(*Handler).GetStats",
    ])
    .unwrap();
    for (bytes, expected) in [(KUBELET, 60 * MS), (CADVISOR, 300 * MS)] {
        let profile = profile(bytes);
        let matcher = signature.resolve(&NormalNames::of(&profile));
        let matched = profile
            .stacks()
            .filter(|stack| matcher.matches(stack.name_ids()));
        assert_eq!(
            matched.map(|stack| stack.values()[1]).sum::<i64>(),
            expected
        );
    }
}

#[test]
fn inlined_frames_are_marked_and_follow_their_callers() {
    let kubelet = profile(KUBELET);
    let until = "k8s.io/kubernetes/vendor/k8s.io/apimachinery/pkg/util/wait.Until";
    let mut cost = 0;
    for stack in kubelet.stacks() {
        let frames: Vec<_> = stack.frames().collect();
        assert!(!frames[0].is_inline());
        for pair in frames.windows(2).filter(|pair| pair[1].name() == until) {
            assert!(pair[1].is_inline());
            assert_eq!(pair[0].address(), pair[1].address());
            assert!(pair[1].file().unwrap().contains("/util/wait/"));
            cost += stack.values()[1];
        }
    }
    // 10 ms more are in a goroutine that begins with it, where it is not inlined.
    assert_eq!(cost, 30 * MS);
}

#[test]
fn captures_survive_writing_and_folding() {
    for bytes in [KUBELET, CADVISOR] {
        let before = profile(bytes);
        assert_eq!(profile(&encode(&before)), before);
        let mut gz = Vec::new();
        write(&before, &mut gz).unwrap();
        assert_eq!(profile(&gz), before);
        let folded = fold(&before, 1);
        assert_eq!(folded.total(), before.total(1));
        let text = folded.to_string();
        assert_eq!(read_folded(text.as_bytes()).unwrap().folded, folded);
    }
}
