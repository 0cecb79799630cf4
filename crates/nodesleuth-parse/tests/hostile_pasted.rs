//! No pasted text, however broken, makes a reader panic or give a number that is none.

#[expect(clippy::unwrap_used, reason = "a test fails loudly")]
#[path = "../src/mutations.rs"]
mod mutations;
mod pasted_bytes;
mod respelled;

use pasted_bytes::read;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use respelled::respelled;

/// One real text for each reader.
const REAL: &[&str] = &[
    "17433 15:54:33.753652 epoll_pwait(3,  <unfinished ...>\n17434 15:54:34.0 futex(0xc0, FUTEX_WAIT_PRIVATE, 0, NULL) = -1 ETIMEDOUT (Connection timed out) <0.5>\n17433 15:54:35.1 <... epoll_pwait resumed>[], 128, 0, NULL, 0) = 0 <2.0>\n",
    "% time     seconds  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- --------- ----------------\n 99.99   25.451882      519426        49        12 futex\n100.00   25.453672                   206        12 total\n",
    "SYSCALL                   COUNT        TIME (us)\nepoll_pwait               120000      1000000.5\n",
    "# Children      Self  Command  Shared Object      Symbol\n    24.91%     2.00%  exe      [kernel.kallsyms]  [k] try_charge\n            |--13.63%--shrink_slab.part.49\n",
    "Duration: 30.01s, Total samples = 200ms ( 0.67%)\n      flat  flat%   sum%        cum   cum%\n      80ms 40.00% 40.00%       80ms 40.00%  runtime/internal/syscall.Syscall6\n",
    "goroutine 7 [semacquire, 5 minutes]:\nsync.runtime_SemacquireMutex(0xc0000, 0x0)\n\t/usr/lib/go/src/runtime/sema.go:71 +0x47\n\ngoroutine profile: total 1\n1 @ 0x43 0x44\n#\t0x43\tmain.one+0x1\t/a.go:1\n",
    "[ 1234.5] watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kubelet:1234]\n[ 1234.5] Call Trace:\n[ 1234.5]  d_walk.constprop.0+0x7f/0x100\n[ 1234.5]  entry_SYSCALL_64+0x44/0xa9\n",
    "Thread 2 (Thread 0x7f1 (LWP 12)):\n#0  0x000000 in runtime.futex () at /go/src/runtime/sys.s:5\n",
    "E1123 16:30:41.366251   12571 manager.go:949] took 1m2.5s \u{e4}\nNov  3 00:01:00 n kernel: message repeated 7 times: [ oom]\ntime=\"2020-01-01T00:00:03Z\" level=error msg=\"x\"\n{\"level\":\"warn\",\"ts\":\"2020-01-01T00:00:03Z\",\"msg\":\"slow\"}\n",
    "15:53:50      UID      TGID       TID    %usr %system  %guest   %wait    %CPU   CPU  Command\n15:54:18        0     13512         -   50.00   30.00    0.00    6.54   80.00     1  kubelet\n",
    "top - 15:54:18 up 3 days,  load average: 44.29, 40.00, 38.10\n%Cpu(s):  5.5 us, 90.5 sy,  0.0 ni,  3.0 id\n  PID USER      PR  NI    VIRT    RES    SHR S  %CPU %MEM     TIME+ COMMAND\n  123 root      20   0 1175000  80000  30000 S 224.7  1.0  22098:09 hyperkube\n",
    "CONTAINER ID   NAME   CPU %   MEM USAGE / LIMIT\n7b31946e2c1e   c   638.20%   42MiB / 500MiB\n\nNAME   CPU(cores)   MEMORY(bytes)\nfluent-bit-sphqq   117m   16Mi\n",
    "$ time cat /sys/fs/cgroup/memory/memory.stat\nreal\t0m9.012s\nuser\t0m0.001s\nsys\t0m9.010s\n",
    "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t26063\t1\n\nSlab:  959096 kB\n\nnr_dying_descendants 7000\nnr_descendants 1\n",
    "/dev/vda on / type ext4 (rw)\n20 1 98:0 / / rw - ext4 /dev/root rw\n",
    "a_total{kind=\"Config\\\"Map\"} 12506\n{\"kubeletconfig\":{\"syncFrequency\":\"1m0s\"}}\n",
    "@[\n    memcg_stat_show+5\n    do_syscall_64+91\n, kubelet]: 7\nmain;work;vfs_read_[k] 12\nmain;idle 3\n",
    "kubelet  123 [001] 12.345678:   10101010 cpu-clock:\n\t  ffffffff81e3a4b0 vfs_read+0x10 ([kernel.kallsyms])\n",
    "cgroup_kn_lock_live <-__cgroup_procs_write\n-A KUBE-A -j X\nTCP  10.0.0.1:80 rr\ngc 119 @943.925s 12%: 49+2397+0.54 ms clock, 6189->6508->3319 MB, 6509 MB goal, 48 P\n",
    "The kubelet uses 100-150% CPU with 2,000 services; kernel 4.15.0-43-generic, Docker 18.09. 31% in memcg_stat_show.\n> - `quoted`\nKernel Version: 5.4.0\n",
];

#[test]
fn every_text_gives_something() {
    for text in REAL {
        let evidence = read(text.as_bytes());
        let blocks = &evidence.pasted.files[0].blocks;
        assert!(!blocks.is_empty(), "{text}");
    }
}

#[test]
fn no_cut_of_a_text_panics() {
    for text in REAL {
        for length in (0..text.len()).step_by(3) {
            read(&text.as_bytes()[..length]);
        }
    }
}

#[test]
fn broken_pasted_does_no_harm() {
    for mut numbers in mutations::rounds(60) {
        for text in REAL {
            read(&respelled(text.as_bytes(), &mut numbers));
            read(&numbers.broken(text.as_bytes()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_panic_no_reader(bytes in vec(any::<u8>(), 0..300)) {
        read(&bytes);
    }

    #[test]
    fn lines_of_different_texts_panic_no_reader(picks in vec((0..REAL.len(), any::<u16>()), 0..20)) {
        let lines = picks.iter().map(|(text, line)| {
            let lines: Vec<&str> = REAL[*text].lines().collect();
            lines[usize::from(*line) % lines.len()]
        });
        read(lines.collect::<Vec<_>>().join("\n").as_bytes());
    }
}
