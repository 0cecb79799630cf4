use super::*;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn only_exact_names_are_ours() {
    let ours = [
        "nodesleuth-demo-fe607dd2-4711",
        "nodesleuth-demo-fe607dd2-4711-90210",
        "nodesleuth-lab-00000000-1-0",
    ];
    for name in ours {
        assert_eq!(ScratchName::parse(name).unwrap().to_string(), name);
    }
    let foreign = [
        "",
        "nodesleuth-demo",
        "nodesleuth-demo-fe607dd2",
        "nodesleuth-demo-fe607dd2-",
        "nodesleuth-demo-fe607dd2-4711-",
        "nodesleuth-demo-fe607dd2-4711-1-1",
        "nodesleuth-demo-fe607dd2-0x10",
        "nodesleuth-demo-fe607dd2-+4711",
        "nodesleuth-demo-fe607dd2-04711",
        "nodesleuth-demo-fe607dd2-99999999999",
        "nodesleuth-demo-FE607DD2-4711",
        "nodesleuth-demo-fe607dd-4711",
        "nodesleuth-demo-fe607dd2-4711 ",
        "nodesleuth-demo-fe607dd2-4711.bak",
        "nodesleuth-prod-fe607dd2-4711",
        "xnodesleuth-demo-fe607dd2-4711",
    ];
    for name in foreign {
        assert_eq!(ScratchName::parse(name), None, "{name:?}");
    }
}

proptest! {
    #[test]
    fn names_read_back_as_they_were_written(boot in "[0-9a-f]{8}", pid: u32, start: Option<u64>) {
        let name = ScratchName {
            purpose: Purpose::Demo,
            boot: BootTag(boot),
            pid: Pid(pid),
            start: start.map(Ticks),
        };
        prop_assert_eq!(ScratchName::parse(&name.to_string()), Some(name));
    }

    #[test]
    fn whatever_is_read_is_written_the_same(text in "(nodesleuth-(demo|lab)-)?[0-9a-f-]{0,30}") {
        if let Some(name) = ScratchName::parse(&text) {
            prop_assert_eq!(name.to_string(), text);
        }
    }
}

/// A node with process 42, started at tick 9001, running `exe`.
fn node_with_process(exe: &str) -> (tempfile::TempDir, Node) {
    let folder = tempfile::tempdir().unwrap();
    let process = folder.path().join("proc/42");
    fs::create_dir_all(&process).unwrap();
    let stat = "42 (x) S 1 42 42 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 9001 1 1 1";
    fs::write(process.join("stat"), stat).unwrap();
    symlink(exe, process.join("exe")).unwrap();
    let node = Node::at(folder.path());
    (folder, node)
}

#[test]
fn an_owner_is_alive_only_in_its_boot_with_its_start_time_or_our_program() {
    let boot = BootTag::parse("fe607dd2").unwrap();
    let alive = |exe: &str, name: &str| {
        let (_folder, node) = node_with_process(exe);
        ScratchName::parse(name)
            .unwrap()
            .owner_is_alive(&node, &boot)
    };
    assert!(alive("/bin/cat", "nodesleuth-demo-fe607dd2-42-9001"));
    assert!(!alive(
        "/bin/nodesleuth",
        "nodesleuth-demo-fe607dd2-42-9002"
    ));
    assert!(!alive(
        "/bin/nodesleuth",
        "nodesleuth-demo-0e607dd2-42-9001"
    ));
    assert!(!alive(
        "/bin/nodesleuth",
        "nodesleuth-demo-fe607dd2-43-9001"
    ));
    assert!(alive("/bin/nodesleuth", "nodesleuth-demo-fe607dd2-42"));
    assert!(alive(
        "/work/target/xtask (deleted)",
        "nodesleuth-lab-fe607dd2-42"
    ));
    assert!(!alive("/bin/cat", "nodesleuth-demo-fe607dd2-42"));
    assert!(!alive("/bin/nodesleuth", "nodesleuth-demo-fe607dd2-43"));
}
