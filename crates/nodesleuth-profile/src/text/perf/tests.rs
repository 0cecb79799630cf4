//! Whole texts of `perf script`.

use super::*;
use crate::folded::fold;
use crate::profile::Profile;

fn profile(text: &str) -> (Profile, Vec<String>) {
    assert!(recognise(text), "{text}");
    let understood = read(text, &Limits::default()).unwrap();
    (understood.profile, understood.notes)
}

fn folded(text: &str, value: usize) -> String {
    fold(&profile(text).0, value).to_string()
}

/// perf 6.1, `-e cpu-clock -g`.
const PERF_6: &str = "\
# ========
# captured on    : Fri Nov 27 13:09:53 2026
# cmdline : /usr/bin/perf record -q -e cpu-clock -g ./my spin
# ========
#
my spin 26764  1427.621039:     250000 cpu-clock:\u{20}
\t           1469e handle_amd+0x7e (/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2)
\t               0 [unknown] ([unknown])

my spin 26764  1427.621371:     250000 cpu-clock:\u{20}
\tffffffff821f3a6a __pi_memcpy+0xa ([kernel.kallsyms])
\tffffffff81000130 entry_SYSCALL_64_after_hwframe+0x76 ([kernel.kallsyms])
\t           20ca3 mmap64+0x13 (/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2)

";

#[test]
fn the_process_is_the_root_and_the_kernel_is_told() {
    let (profile, notes) = profile(PERF_6);
    assert_eq!(notes, [""; 0]);
    let expected = "my spin;<unknown>;handle_amd 250000\n\
                    my spin;mmap64;entry_SYSCALL_64_after_hwframe;__pi_memcpy 250000\n";
    assert_eq!(fold(&profile, 1).to_string(), expected);
    let types: Vec<_> = profile.sample_types().map(|t| (t.kind, t.unit)).collect();
    assert_eq!(types, [("samples", "count"), ("cpu-clock", "nanoseconds")]);
    assert_eq!(profile.duration_nanos(), 332_000);
    let stack = profile.stacks().nth(1).unwrap();
    let files: Vec<_> = stack.frames().map(|frame| frame.mapping_file()).collect();
    assert_eq!(files[2..], [Some("[kernel.kallsyms]"); 2]);
    let labels: Vec<_> = stack.labels().map(|label| label.key).collect();
    assert_eq!(labels, ["tid"]);
}

#[test]
fn samples_without_call_chains_have_their_frame_in_the_same_line() {
    let text = "         my spin 26879  1429.109818:     250000  cpu-clock:      7f82 get_indices+0x7a (/ld.so)\n\
                \x20        my spin 26879  1429.109821:     250000 task-clock:      7f82 get_indices+0x7a (/ld.so)\n\
                \x20        my spin 26879  1429.110065:     250000  cpu-clock:      7f86 handle_amd+0xa (/ld.so)\n";
    assert_eq!(
        folded(text, 0),
        "my spin;get_indices 2\nmy spin;handle_amd 1\n"
    );
    assert_eq!(folded(text, 2), "my spin;get_indices 250000\n");
    let (profile, notes) = profile(text);
    assert_eq!(profile.default_value_index(), Some(1));
    assert!(
        notes[0].starts_with("2 events were recorded (cpu-clock, task-clock)"),
        "{notes:?}"
    );
}

#[test]
fn old_perf_prints_neither_periods_nor_offsets() {
    let text = "kubelet  2101 [003] 5120.112233: cycles: \n\
                \tffffffff81194b3d mem_cgroup_read_stat ([kernel.kallsyms])\n\
                \t          46b1a3 syscall.Syscall (/usr/bin/kubelet)\n\n\
                swapper     0 [001] 5120.112234: cycles: \n\
                \tffffffff8103579e native_safe_halt ([kernel.kallsyms])\n\n";
    let expected = "kubelet;syscall.Syscall;mem_cgroup_read_stat 1\nswapper;native_safe_halt 1\n";
    assert_eq!(folded(text, 0), expected);
    assert_eq!(profile(text).0.sample_types().len(), 1);
}

#[test]
fn inlined_functions_share_the_address_of_their_caller() {
    let text = "spin 9 1.5: 10 cycles:\n\
                \t 4011a0 inl (inlined)\n\
                \t  spin.c:2\n\
                \t 4011a0 work+0x10 (/tmp/spin (deleted))\n\
                \t  spin.c:3\n\n";
    let (profile, _) = profile(text);
    let stack = profile.stacks().next().unwrap();
    let frames: Vec<_> = stack
        .frames()
        .map(|f| (f.name(), f.is_inline(), f.line()))
        .collect();
    let expected = [
        ("spin", false, None),
        ("work", false, Some(3)),
        ("inl", true, Some(2)),
    ];
    assert_eq!(frames, expected);
}

#[test]
fn fewer_fields_are_enough() {
    let text = "my spin 7 \n\t   15389 update\n\nmy spin 7 \n\tffffffff821f3a6a memcpy\n\t 20ca3 mmap64\n\n";
    assert_eq!(
        folded(text, 0),
        "my spin;mmap64;memcpy 1\nmy spin;update 1\n"
    );
    let unknown = "x 1 2.5: cycles: \n\t 12 f ([kernel.kallsyms])\n  [kernel.kallsyms][12]\n\n";
    assert_eq!(folded(unknown, 0), "x;f 1\n");
}

#[test]
fn a_header_alone_has_no_sample() {
    let text = "# ========\n# cmdline : /usr/bin/perf record -g x \n# ========\n#\n";
    assert!(recognise(text));
    let error = read(text, &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the text of `perf script` holds no sample"
    );
}

#[test]
fn lost_samples_are_told_and_tracepoints_have_no_frames() {
    let text = "swapper 0 [000] 1.0: PERF_RECORD_LOST lost 12\n\
                a b 7 [000] 1.5: sched:sched_switch: prev_comm=a b prev_pid=7 ==> next_comm=x\n\n";
    let (profile, notes) = profile(text);
    assert_eq!(fold(&profile, 0).to_string(), "a b 1\n");
    assert!(
        notes[0].contains("line 1") && notes[0].contains("PERF_RECORD_LOST"),
        "{notes:?}"
    );
}

#[test]
fn a_text_that_ends_within_a_sample_may_have_been_cut_off() {
    let lines: Vec<&str> = PERF_6.lines().collect();
    let said = |text: &str| profile(text).1.join("\n");
    for cut in [10, 11, 12, 13] {
        let note = said(&format!("{}\n", lines[..cut].join("\n")));
        let sample = "last sample, number 2, from line 10 on, has no blank line after it";
        assert!(note.contains(sample), "{cut}: {note}");
    }
    let within = said(&PERF_6[..PERF_6.len() - 20]);
    assert!(within.contains("number 2") && within.contains("within a line"));
    // At a blank line nobody can tell.
    assert_eq!(said(&format!("{}\n", lines[..9].join("\n"))), "");
    // Without chains a sample is a line.
    let line = " x 7  1.5:  250000  cpu-clock:  7f82 f+0x7a (/ld.so)\n";
    assert_eq!(said(&line.repeat(2)), "");
    assert!(said(line.repeat(2).trim_end()).contains("number 2, from line 2 on"));
}

#[test]
fn other_texts_are_not_taken_for_it() {
    for text in [
        "a;b 1\n",
        "Error 12 [x] no\n",
        "top - 12:00:01 up 3 days\n  1 root 20\n",
    ] {
        assert!(!recognise(text), "{text}");
    }
}
