//! Naming on a fake node whose processes run the binary of these tests.
#![expect(
    clippy::disallowed_methods,
    reason = "tests build their node; collectors only read it"
)]

use super::*;
use crate::fake_node::FakeNode;
use nodesleuth_parse::proc::maps::{self, Mapping};
use nodesleuth_profile::{LabelValue, Profile, ValueType};
use nodesleuth_trace::Arch;
use nodesleuth_trace::stacks::{FileStack, MappedFile, StackCapture, StackCount, TaskEvent};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Where the program begins, in the auxiliary vector.
const AT_ENTRY: u64 = 9;
const KALLSYMS: &str = "\
ffffffff81000000 T _stext
ffffffff81000100 t __schedule
ffffffff81000200 T vfs_read.constprop.0
ffffffff81000300 T __x64_sys_read
ffffffff81000400 T __traceiter_sched_switch
ffffffff81900000 T _etext
ffffffffc0a00000 t nfs_open\t[nfs]
";

#[inline(never)]
fn marker() -> u64 {
    std::hint::black_box(17)
}

/// Our own code that holds an address.
fn mapping_of(address: u64) -> Mapping {
    let text = fs::read_to_string("/proc/self/maps").unwrap();
    let all = maps::parse(&text).unwrap();
    let holds = |mapping: &Mapping| (mapping.start..mapping.end).contains(&address);
    all.into_iter().find(holds).unwrap()
}

fn address_of_marker() -> u64 {
    marker as fn() -> u64 as usize as u64 + 1
}

/// Where a binary's file is on the fake node, and its line in `maps`.
fn line_of(file: &Path, path: &str) -> String {
    let mapping = mapping_of(address_of_marker());
    let stat = fs::metadata(file).unwrap();
    let (major, minor) = (
        nix::sys::stat::major(stat.dev()),
        nix::sys::stat::minor(stat.dev()),
    );
    format!(
        "{:x}-{:x} r-xp {:08x} {major:02x}:{minor:02x} {} {path}\n",
        mapping.start,
        mapping.end,
        mapping.offset,
        stat.ino()
    )
}

/// A process 7 that runs `/usr/bin/agent`, a copy of our own binary.
fn node_with_agent() -> FakeNode {
    let fake = FakeNode::new()
        .folder("/proc/7/root/usr/bin")
        .file("/proc/7/comm", "agent\n")
        .file("/proc/kallsyms", KALLSYMS);
    let binary = fake.node.path("/proc/7/root/usr/bin/agent");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    fake.write("/proc/7/maps", &line_of(&binary, "/usr/bin/agent"));
    fake
}

fn stack(user: &[u64], kernel: &[u64]) -> StackCount {
    StackCount {
        tgid: 7,
        tid: 8,
        comm: "worker".to_owned(),
        user: user.into(),
        kernel: kernel.into(),
        samples: 3,
        on_cpu_ns: 30,
        ..StackCount::default()
    }
}

fn words() -> ProfileWords {
    ProfileWords {
        time_unix_ns: 1_700_000_000_000_000_000,
        hz: 99,
        main: Some(7),
        off_cpu: false,
        process_frames: false,
        comments: vec!["of a test".to_owned()],
    }
}

fn named(namer: &StackNamer<'_>, stacks: Vec<StackCount>, words: &ProfileWords) -> NamedStacks {
    let capture = StackCapture {
        stacks,
        started_ns: 5,
        ended_ns: 1_000_000_005,
        ..StackCapture::default()
    };
    namer.name(&capture, words)
}

fn names(profile: &Profile) -> Vec<Vec<String>> {
    let of_stack = |stack: nodesleuth_profile::Stack<'_>| {
        stack
            .frames()
            .map(|frame| frame.name().to_owned())
            .collect()
    };
    profile.stacks().map(of_stack).collect()
}

/// A stack of our own: leaf and root.
fn roots() -> [u64; 2] {
    let auxiliary = fs::read("/proc/self/auxv").unwrap();
    let numbers: Vec<u64> = auxiliary
        .chunks_exact(8)
        .map(|bytes| u64::from_ne_bytes(bytes.try_into().unwrap()))
        .collect();
    let entry = numbers.chunks(2).find(|pair| pair[0] == AT_ENTRY).unwrap();
    // A return address is behind the call.
    [address_of_marker(), entry[1] + 2]
}

fn is_marker(name: &str) -> bool {
    name.contains("marker")
}

#[test]
fn user_and_kernel_are_one_stack_from_root_to_leaf() {
    let fake = node_with_agent();
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    let kernel = [0xffff_ffff_8100_0210, 0xffff_ffff_8100_0310];
    let stacks = vec![stack(&roots(), &kernel)];
    let NamedStacks {
        profile, figures, ..
    } = named(&namer, stacks, &words());
    let names = names(&profile);
    let [root, leaf, call, read] = &names[0][..] else {
        panic!("{names:?}");
    };
    assert!(root == "_start" && is_marker(leaf), "{names:?}");
    // Suffixes of compilers and prefixes of entries are gone, the symbol is kept.
    assert_eq!((call.as_str(), read.as_str()), ("sys_read", "vfs_read"));
    let last = profile
        .stacks()
        .next()
        .unwrap()
        .frames()
        .next_back()
        .unwrap();
    assert_eq!(last.system_name(), Some("vfs_read.constprop.0"));
    assert_eq!(last.mapping_file(), Some("[kernel.kallsyms]"));
    // Where the kernel was loaded is nobody's business.
    assert_eq!(last.address(), None);
    let first = profile.mappings().next().unwrap();
    assert_eq!((first.file, first.has_functions), ("/usr/bin/agent", true));
    assert_eq!((figures.samples, figures.kernel_ns), (3, 30));
    assert_eq!(profile.period(), 1_000_000_000 / 99);
    assert_eq!(
        (profile.duration_nanos(), profile.total(0), profile.total(1)),
        (1_000_000_000, 3, 30)
    );
    let labels: Vec<_> = profile.stacks().next().unwrap().labels().collect();
    let number = |key: &str| {
        labels
            .iter()
            .find(|label| label.key == key)
            .map(|l| l.value)
    };
    let is = |number| LabelValue::Number { number, unit: "" };
    assert_eq!(number("process"), Some(is(7)));
    assert_eq!(number("thread"), Some(is(8)));
    assert_eq!(number("comm"), Some(LabelValue::Text("worker")));
}

#[test]
fn a_stack_that_reaches_no_root_hangs_under_none() {
    let fake = node_with_agent();
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    let [leaf, root] = roots();
    let stacks = vec![
        stack(&[leaf], &[]),
        // Garbage, and what follows it is no caller.
        stack(&[leaf, 0x12, root], &[]),
        StackCount {
            truncated: true,
            ..stack(&[leaf], &[])
        },
        stack(&[], &[0xffff_ffff_8100_0310]),
        stack(&[leaf, root, 0x12], &[]),
    ];
    let NamedStacks {
        profile, figures, ..
    } = named(&namer, stacks, &words());
    let names = names(&profile);
    let firsts: Vec<&str> = names.iter().map(|names| names[0].as_str()).collect();
    assert_eq!(firsts[..4], [BROKEN, BROKEN, TRUNCATED, NO_USER_STACK]);
    assert_eq!(firsts[4], "_start");
    assert!(names[..2].iter().all(|names| names.len() == 2), "{names:?}");
    assert_eq!(
        (
            figures.broken,
            figures.truncated,
            figures.no_user_stack,
            figures.rooted
        ),
        (6, 3, 3, 3)
    );
}

#[test]
fn a_binary_that_was_replaced_is_not_used() {
    let fake = node_with_agent();
    let path = fake.node.path("/proc/7/root/usr/bin/agent");
    let copy = fake.node.path("/copy");
    fs::copy(&path, &copy).unwrap();
    fs::rename(&copy, &path).unwrap();
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    let result = named(&namer, vec![stack(&roots(), &[])], &words());
    let leaf = &names(&result.profile)[0];
    assert!(leaf.last().unwrap().starts_with("[agent+0x"), "{leaf:?}");
    let (unnamed, samples) = result.figures.unresolved.first_key_value().unwrap();
    assert_eq!((&*unnamed.module, *samples), ("/usr/bin/agent", 3));
    assert!(unnamed.why.contains("another file"), "{unnamed:?}");
}

#[test]
fn a_binary_that_was_opened_in_time_still_names_when_it_is_gone() {
    let fake = node_with_agent();
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    fake.remove("/proc/7");
    let result = named(&namer, vec![stack(&roots(), &[])], &words());
    assert!(is_marker(&names(&result.profile)[0][1]));
}

#[test]
fn the_kernel_s_own_link_leads_to_a_deleted_binary() {
    let fake = node_with_agent();
    let path = fake.node.path("/proc/7/root/usr/bin/agent");
    let kept = fake.node.path("/kept");
    fs::rename(&path, &kept).unwrap();
    fake.write("/proc/7/maps", &line_of(&kept, "/usr/bin/agent (deleted)"));
    let mapping = mapping_of(address_of_marker());
    let link = format!("/proc/7/map_files/{:x}-{:x}", mapping.start, mapping.end);
    let fake = fake.link(&link, kept.to_str().unwrap());
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    let result = named(&namer, vec![stack(&roots(), &[])], &words());
    assert!(is_marker(&names(&result.profile)[0][1]));
}

#[test]
fn a_child_has_its_parent_s_code_until_it_becomes_another_program() {
    let fake = node_with_agent();
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    namer.follow(&[
        TaskEvent::Started {
            time_ns: u64::MAX,
            tgid: 9,
            exec: 0,
            parent: 7,
        },
        TaskEvent::Exec {
            time_ns: u64::MAX,
            tgid: 9,
            exec: 1,
            comm: "du".to_owned(),
        },
        TaskEvent::Mapped {
            time_ns: u64::MAX,
            tgid: 9,
            exec: 1,
            addresses: 0x1000..0x2000,
            offset: 0,
            file: MappedFile::Path,
            path: b"/usr/bin/du".to_vec(),
        },
    ]);
    let of_child = |exec, user: &[u64]| StackCount {
        tgid: 9,
        exec,
        ..stack(user, &[])
    };
    let stacks = vec![of_child(0, &roots()), of_child(1, &[0x1010])];
    let words = ProfileWords {
        process_frames: true,
        ..words()
    };
    let result = named(&namer, stacks, &words);
    let names = names(&result.profile);
    assert_eq!(names[0][0], "[process agent]");
    assert!(is_marker(names[0].last().unwrap()), "{names:?}");
    assert_eq!(
        names[1],
        ["[process agent]", "[process du]", BROKEN, "[du+0x10]"]
    );
    let (unnamed, _) = result.figures.unresolved.first_key_value().unwrap();
    assert!(unnamed.why.contains("gone before"), "{unnamed:?}");
}

/// What the kernel tells when our binary is mapped by a process.
fn mapped(tgid: u32, generation: u64, file: &Path) -> TaskEvent {
    let mapping = mapping_of(address_of_marker());
    let stat = fs::metadata(file).unwrap();
    let number = |part: u64| u32::try_from(part).unwrap();
    TaskEvent::Mapped {
        time_ns: 0,
        tgid,
        exec: 1,
        addresses: mapping.start..mapping.end,
        offset: mapping.offset,
        file: MappedFile::Inode {
            major: number(nix::sys::stat::major(stat.dev())),
            minor: number(nix::sys::stat::minor(stat.dev())),
            inode: stat.ino(),
            generation,
        },
        path: b"/usr/bin/agent".to_vec(),
    }
}

#[test]
fn a_process_that_was_gone_shares_the_file_of_another_only_if_it_is_the_same() {
    let fake = node_with_agent();
    let binary = fake.node.path("/proc/7/root/usr/bin/agent");
    let mut namer = StackNamer::new(&fake.node);
    // 9 and 10 were gone at once, 7 is there; 10 had another file with the same number.
    namer.follow(&[
        mapped(9, 77, &binary),
        mapped(10, 76, &binary),
        mapped(7, 77, &binary),
    ]);
    let of = |tgid| StackCount {
        tgid,
        exec: 1,
        ..stack(&roots(), &[])
    };
    let result = named(&namer, vec![of(7), of(9), of(10)], &words());
    let names = names(&result.profile);
    assert!(
        is_marker(&names[0][1]) && is_marker(&names[1][1]),
        "{names:?}"
    );
    assert!(
        names[2].last().unwrap().starts_with("[agent+0x"),
        "{names:?}"
    );
}

#[test]
fn a_wait_does_not_show_who_looked_at_it() {
    let fake = node_with_agent();
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    let kernel = [
        0xffff_ffff_8100_0410,
        0xffff_ffff_8100_0110,
        0xffff_ffff_8100_0310,
    ];
    let wait = StackCount {
        samples: 0,
        on_cpu_ns: 0,
        off_cpu_ns: 70,
        off_cpu_count: 2,
        ..stack(&roots(), &kernel)
    };
    let words = ProfileWords {
        off_cpu: true,
        ..words()
    };
    let result = named(&namer, vec![wait], &words);
    let names = names(&result.profile);
    assert_eq!(names[0][2..], ["sys_read", "__schedule"]);
    let values: Vec<i64> = (0..4).map(|value| result.profile.total(value)).collect();
    assert_eq!(values, [0, 2, 70, 0]);
}

#[test]
fn modules_are_told_from_the_kernel_and_hidden_addresses_are_said() {
    let fake = node_with_agent();
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    let stacks = || vec![stack(&roots(), &[0xffff_ffff_c0a0_0010])];
    let result = named(&namer, stacks(), &words());
    assert_eq!(names(&result.profile)[0][2], "nfs_open [nfs]");
    assert_eq!(result.kernel_problem, None);
    fake.write("/proc/kallsyms", "0000000000000000 T vfs_read\n");
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    let result = named(&namer, stacks(), &words());
    assert_eq!(names(&result.profile)[0][2], "[kernel]");
    assert!(result.kernel_problem.unwrap().contains("kptr_restrict"));
}

#[test]
fn a_process_that_nobody_knows_has_no_names_and_no_panic() {
    let fake = FakeNode::new();
    let namer = StackNamer::new(&fake.node);
    let result = named(&namer, vec![stack(&[1, 0, u64::MAX], &[0])], &words());
    assert_eq!(names(&result.profile)[0], [BROKEN, "[kernel]"]);
}

/// speedscope shows the last values unless it understands which are the default, and leaves out calls
/// without a function; Pyroscope takes a period for granted.
#[test]
fn other_readers_find_what_they_take_for_granted() {
    let fake = node_with_agent();
    let mut namer = StackNamer::new(&fake.node);
    namer.know(7);
    let address = address_of_marker();
    let with_waits = ProfileWords {
        off_cpu: true,
        ..words()
    };
    let sampled = named(
        &namer,
        vec![stack(&[address, 0x10, address], &[0x1234])],
        &with_waits,
    );
    let capture = StackCapture {
        files: vec![FileStack {
            stack: stack(&[address, 0x10], &[]),
            path: Some("/sys/fs/cgroup/memory/a/memory.stat".into()),
            number: Arch::native().unwrap().number("read").unwrap(),
            calls: 3,
            ..FileStack::default()
        }],
        ..StackCapture::default()
    };
    let files = namer.name_files(&capture, &words(), 7);
    for profile in [&sampled.profile, &files.profile] {
        let last = profile.sample_types().len() - 1;
        assert_eq!(profile.default_value_index(), Some(last));
        assert_eq!(profile.sample_types().last(), Some(ValueType::CPU));
        assert_eq!(profile.period_type(), ValueType::CPU);
        assert!(profile.period() > 0);
        assert!(
            profile
                .frames()
                .all(|frame| frame.function_name().is_some())
        );
        assert!(
            profile
                .stacks()
                .all(|stack| stack.frames().next().is_some())
        );
    }
    let leaf = files.profile.stacks().next().unwrap().frames().next_back();
    assert_eq!(leaf.unwrap().name(), "read /sys/fs/cgroup/**/memory.stat");
}
