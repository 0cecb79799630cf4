//! No text, however broken, makes a parser panic.

mod every_parser;
#[expect(clippy::unwrap_used, reason = "a test fails loudly")]
#[path = "../src/mutations.rs"]
mod mutations;
mod respelled;

use every_parser::{PARSERS, run_all};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use respelled::respelled;

/// One real text for each format.
const REAL: &[&str] = &[
    "27266 (a) (b\nc) S 27261 27261 5807 0 -1 4194304 127 0 0 0 6 11 0 0 20 0 1 0 221562 2990080 425 18446744073709551615 0 0 0 0 0 0 0 6 0 1 0 0 17 1 0 0 0\n",
    "1065012 7 1\n",
    "Name:\tkubelet\nTgid:\t13512\nTracerPid:\t0\nUid:\t0\t0\t0\t0\nNSpid:\t13512\nVmHWM:\t  109404 kB\nThreads:\t13\nCapEff:\t000001fffeffffff\nvoluntary_ctxt_switches:\t2308\nnonvoluntary_ctxt_switches:\t1692\n",
    "cpu  1666 0 15090 43689 19 0 334 0 0 0\ncpu0 1666 0 15090 43689\nctxt 817658\nprocesses 20975\nprocs_running 1\nprocs_blocked 0\n",
    "MemTotal:        6104412 kB\nSlab:             959096 kB\nHugePages_Total:       0\n",
    "slabinfo - version: 2.1\n# name            <active_objs>\ndentry            152220 892332    192   42    2 : tunables    0    0    0 : slabdata  21246  21246      0\n",
    "36 35 98:0 /mnt\\0401 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
    "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t3\t20031\t1\n",
    "2:cpu,cpuacct:/a:b (deleted)\n0::/\n",
    "some avg10=36.79 avg60=72.89 avg300=90.55 total=1994354927\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    "152195\t144138\t45\t0\t0\t0\n",
    "nr_free_pages 839166\npgfault 886821\n",
    "                    CPU0       CPU1       \n      NET_RX:       1707       1968\n",
    "rchar: 6976\nwchar: 0\nsyscr: 10\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\n",
    "Max open files            1024                 20000                files     \n",
    "0.27 0.17 0.08 1/90 7864\n",
    "00400000-020f7000 r-xp 00000000 fe:01 1052841    /usr/bin/kubelet (deleted)\n7ffd1b5fe000-7ffd1b600000 r-xp 00000000 00:00 0 [vdso]\n",
    "nfs 425984 1 nfsv4, Live 0xffffffffc0a00000 (OE)\n",
    "ffffffff81000000 T _stext\nffffffff81e3a4b0 T vfs_read\nffffffffc0a00000 t nfs_open\t[nfs]\n",
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:46B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 58957 1 0 100 0 0 10 0\n",
    "0-1,4\n",
    "kubelet\0--v\x004\0--a=b\0-a\0",
    "psi=1 cgroup.memory=nokmem dyndbg=\"a b\" -- x\n",
    "ID=debian\nVERSION_ID=\"12\"\n",
    "65536\n",
    "Linux n1 3.10.0-1160.el7.x86_64 #1 SMP x86_64 x86_64 x86_64 GNU/Linux\n",
    "nr_descendants 40\nnr_dying_descendants 7\nnr_dying_subsys_memory 7\n",
    "kubepods-burstable-pod734aa918_0035_4a3f_9ec7_b7c5e2a4d7c1.slice",
    "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 0.84\nkubelet_http_requests_total{long_running=\"false\",path=\"metrics\"} 1\n",
    "container_cpu_usage_seconds_total{cpu=\"total\",id=\"/system.slice/kubelet.service\",image=\"\"} 7.05 1795449251836\n",
    "{\"node\":{\"nodeName\":\"n\",\"cpu\":{\"time\":\"2026-11-23T15:54:14Z\",\"usageNanoCores\":1}},\"pods\":[]}",
    "{\"kubeletconfig\":{\"syncFrequency\":\"1m0s\",\"maxPods\":110}}",
    "{\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"},\"status\":{\"capacity\":{\"cpu\":\"2\",\"memory\":\"1Ki\"}}}",
    "{\"metadata\":{\"continue\":\"x\"},\"items\":[{\"status\":{\"phase\":\"Running\"}}]}",
];

#[test]
fn every_parser_takes_at_least_one_real_text() {
    for (name, parser) in PARSERS {
        let taken = REAL
            .iter()
            .any(|text| parser(text.as_bytes(), text).is_ok());
        assert!(taken, "{name}");
    }
}

#[test]
fn no_cut_of_a_real_text_panics() {
    for text in REAL {
        for length in 0..text.len() {
            run_all(&text.as_bytes()[..length]);
        }
    }
}

#[test]
fn broken_text_does_no_harm() {
    for mut numbers in mutations::rounds(250) {
        for text in REAL {
            run_all(&respelled(text.as_bytes(), &mut numbers));
            run_all(&numbers.broken(text.as_bytes()));
        }
    }
}

/// Bytes that look a little like the files, so that they get further than noise does.
fn kernel_like() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        any::<u64>().prop_map(|number| number.to_string()),
        "[a-zA-Z_]{1,12}",
        "[ -~\t\n]{0,8}",
        proptest::sample::select(REAL).prop_map(|text| text.to_owned()),
        Just("-".to_owned()),
    ];
    let separator = proptest::sample::select(&[" ", "\n", "\t", ":", "=", "\0", ",", "-"][..]);
    vec((word, separator), 0..40).prop_map(|pairs| {
        pairs
            .into_iter()
            .flat_map(|(word, separator)| [word, separator.to_owned()])
            .collect::<String>()
            .into_bytes()
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_panic_no_parser(bytes in vec(any::<u8>(), 0..400)) {
        run_all(&bytes);
    }

    #[test]
    fn bytes_that_look_like_the_files_panic_no_parser(bytes in kernel_like()) {
        run_all(&bytes);
    }
}
