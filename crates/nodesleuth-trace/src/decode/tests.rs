//! Calls with their registers and memory, and the line that strace prints of them.

use super::{Decoder, NoDescriptors};
use crate::{Arch, Captured, End, Record};

/// A call of process 7 on x86-64 that returned.
pub(super) fn record(name: &str, arguments: [u64; 6], result: i64) -> Record<'static> {
    on(Arch::X86_64, name, arguments, result)
}

fn on(arch: Arch, name: &str, arguments: [u64; 6], result: i64) -> Record<'static> {
    Record {
        begin_ns: 0,
        wall_ns: 0,
        on_cpu_ns: None,
        tgid: 7,
        tid: 7,
        number: arch.number(name).unwrap(),
        end: End::Returned(result),
        arguments,
        captured: [Captured::Nothing; 4],
    }
}

fn line(arch: Arch, record: &Record<'_>) -> String {
    let decoder = Decoder::new(arch, 32);
    let mut out = String::new();
    decoder.write_name(record.number, &mut out);
    out.push('(');
    decoder.write_arguments(record, &mut NoDescriptors, &mut out);
    out.push_str(") = ");
    decoder.write_result(record, &mut NoDescriptors, &mut out);
    out
}

/// A call whose slots hold these bytes, as hexadecimal digits; `""` is nothing.
fn with_memory(arch: Arch, record: Record<'_>, slots: [&str; 4]) -> String {
    let bytes = slots.map(from_hex);
    let captured = bytes.each_ref().map(|bytes| match bytes.is_empty() {
        true => Captured::Nothing,
        false => Captured::Bytes(bytes),
    });
    line(arch, &Record { captured, ..record })
}

fn from_hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks_exact(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

const MILLISECOND: &str = "0000000000000000 40420f0000000000";

#[test]
fn futexes() {
    let futex = |operation, value, timeout, fourth, slot, result| {
        let call = record(
            "futex",
            [0xc0324c0548, operation, value, timeout, 0, fourth],
            result,
        );
        with_memory(Arch::X86_64, call, [slot, "", "", ""])
    };
    assert_eq!(
        futex(128, 0, 0, 0, "", 0),
        "futex(0xc0324c0548, FUTEX_WAIT_PRIVATE, 0, NULL) = 0"
    );
    assert_eq!(
        futex(128, 0, 0x7ffc0000, 0, MILLISECOND, -110),
        "futex(0xc0324c0548, FUTEX_WAIT_PRIVATE, 0, {tv_sec=0, tv_nsec=1000000}) \
         = -1 ETIMEDOUT (Connection timed out)"
    );
    assert_eq!(
        futex(9 | 128 | 256, 5, 0x7ffc0000, u64::MAX, MILLISECOND, -512),
        "futex(0xc0324c0548, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 5, \
         {tv_sec=0, tv_nsec=1000000}, FUTEX_BITSET_MATCH_ANY) \
         = ? ERESTARTSYS (To be restarted if SA_RESTART is set)"
    );
    assert_eq!(
        futex(129, 0x7fff_ffff, 77, 0, "", 3),
        "futex(0xc0324c0548, FUTEX_WAKE_PRIVATE, 2147483647) = 3"
    );
}

#[test]
fn an_interrupted_sleep_shows_what_was_left() {
    let call = |result| {
        let call = record(
            "nanosleep",
            [0x7ffc_0000_0000, 0x7ffc_0000_0100, 0, 0, 0, 0],
            result,
        );
        with_memory(
            Arch::X86_64,
            call,
            [MILLISECOND, "", "0000000000000000 0100000000000000", ""],
        )
    };
    assert_eq!(
        call(-516),
        "nanosleep({tv_sec=0, tv_nsec=1000000}, {tv_sec=0, tv_nsec=1}) \
         = ? ERESTART_RESTARTBLOCK (Interrupted by signal)"
    );
    assert_eq!(
        call(0),
        "nanosleep({tv_sec=0, tv_nsec=1000000}, 0x7ffc00000100) = 0"
    );
}

/// `/dev/null` as `struct stat` of both kernels lays it out.
#[test]
fn the_same_file_on_both_architectures() {
    let x86 = "0500000000000000 0400000000000000 0100000000000000 b6210000 00000000 00000000 \
               00000000 0301000000000000 0000000000000000";
    let arm = "0500000000000000 0400000000000000 b6210000 01000000 00000000 00000000 \
               0301000000000000 0000000000000000 0000000000000000";
    for (arch, status) in [(Arch::X86_64, x86), (Arch::Aarch64, arm)] {
        let call = on(
            arch,
            "newfstatat",
            [0xffff_ff9c, 0x1000, 0x2000, 0x1100, 0, 0],
            0,
        );
        assert_eq!(
            with_memory(arch, call, ["2f6465762f6e756c6c00", "", status, ""]),
            "newfstatat(AT_FDCWD, \"/dev/null\", {st_mode=S_IFCHR|0666, \
             st_rdev=makedev(0x1, 0x3), ...}, AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH) = 0"
        );
    }
}

#[test]
fn events_are_packed_on_x86_64_only() {
    let packed = "01000080 2a00000000000000";
    let padded = "01000080 00000000 2a00000000000000";
    for (arch, event) in [(Arch::X86_64, packed), (Arch::Aarch64, padded)] {
        let add = on(arch, "epoll_ctl", [3, 1, 4, 0x1000, 0, 0], 0);
        assert_eq!(
            with_memory(arch, add, [event, "", "", ""]),
            "epoll_ctl(3, EPOLL_CTL_ADD, 4, \
             {events=EPOLLIN|EPOLLET, data={u32=42, u64=42}}) = 0"
        );
        let wait = on(arch, "epoll_pwait", [3, 0x1000, 128, u64::MAX, 0, 8], 1);
        assert_eq!(
            with_memory(arch, wait, ["", "", event, ""]),
            "epoll_pwait(3, [{events=EPOLLIN|EPOLLET, data={u32=42, u64=42}}], 128, -1, NULL, 8) \
             = 1"
        );
    }
}

#[test]
fn flags_of_open_and_arguments_of_clone_differ_by_architecture() {
    for (arch, flags) in [
        (Arch::X86_64, 0x3_0000 | 0x8_0000),
        (Arch::Aarch64, 0xc000 | 0x8_0000),
    ] {
        let call = on(arch, "openat", [0xffff_ff9c, 0x1000, flags, 0, 0, 0], -40);
        assert_eq!(
            with_memory(arch, call, ["2f00", "", "", ""]),
            "openat(AT_FDCWD, \"/\", O_RDONLY|O_NOFOLLOW|O_CLOEXEC|O_DIRECTORY) \
             = -1 ELOOP (Too many levels of symbolic links)"
        );
    }
    const THREAD: u64 = 0x3d_0f00;
    for (arch, fourth, fifth) in [(Arch::X86_64, 0xc1, 0xd1), (Arch::Aarch64, 0xd1, 0xc1)] {
        let call = on(arch, "clone", [THREAD, 0xa1, 0xb1, fourth, fifth, 0], 99);
        assert_eq!(
            line(arch, &call),
            "clone(child_stack=0xa1, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|\
             CLONE_THREAD|CLONE_SYSVSEM|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID, \
             parent_tid=0xb1, tls=0xd1, child_tidptr=0xc1) = 99"
        );
    }
}

#[test]
fn data_that_is_not_all_there_is_marked() {
    let text = "6161616161616161 6161616161616161 6161616161616161 6161616161616161";
    let write = record("write", [1, 0x1000, 4096, 0, 0, 0], 4096);
    assert_eq!(
        with_memory(Arch::X86_64, write, [text, "", "", ""]),
        "write(1, \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"..., 4096) = 4096"
    );
    let path = record("chdir", [0x1000, 0, 0, 0, 0, 0], -14);
    assert_eq!(
        with_memory(Arch::X86_64, path, ["2f61", "", "", ""]),
        "chdir(\"/a\"...) = -1 EFAULT (Bad address)"
    );
}

#[test]
fn memory_that_could_not_be_read_is_an_address() {
    let mut call = record("openat", [0xffff_ff9c, 0x1234_5678, 0, 0, 0, 0], -14);
    call.captured[0] = Captured::Unreadable;
    assert_eq!(
        line(Arch::X86_64, &call),
        "openat(AT_FDCWD, 0x12345678, O_RDONLY) = -1 EFAULT (Bad address)"
    );
    let mut call = record("fstat", [3, 0x1234_5678, 0, 0, 0, 0], 0);
    call.captured[2] = Captured::Bytes(&[1; 20]);
    assert_eq!(
        line(Arch::X86_64, &call),
        "fstat(3, 0x12345678) = 0",
        "too few bytes"
    );
}

#[test]
fn a_call_that_is_not_known_shows_its_registers() {
    let call = record("io_setup", [128, 0x1000, 0, 0, 0, 0], -38);
    assert_eq!(
        line(Arch::X86_64, &call),
        "io_setup(0x80, 0x1000, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)"
    );
    let unknown = Record {
        number: 500,
        ..call
    };
    assert!(line(Arch::X86_64, &unknown).starts_with("syscall_0x1f4(0x80, 0x1000"));
}

#[test]
fn errors_without_a_name_and_addresses_are_told_apart() {
    let call = record("getpid", [0; 6], -4000);
    assert_eq!(line(Arch::X86_64, &call), "getpid() = -1 (errno 4000)");
    let mapped = record("mmap", [0, 4096, 1, 2, u64::MAX, 0], 0x7f00_0000_0000);
    assert_eq!(
        line(Arch::X86_64, &mapped),
        "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = 0x7f0000000000"
    );
}

/// Numbers without order, the same in each run.
struct Scramble(u64);

impl Scramble {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // Small numbers choose commands and lengths, large ones are addresses and garbage.
        match self.0 >> 62 {
            0 => self.0 >> 33 & 0x3f,
            1 => self.0 >> 33 & 0xffff,
            2 => self.0.rotate_left(31),
            _ => u64::MAX - (self.0 >> 40 & 0xff),
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = usize::try_from(self.next() % 257).unwrap();
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    fn end(&mut self) -> End {
        match self.next() % 5 {
            0 => End::InFlight,
            1 => End::ThreadEnded,
            2 => End::Returned(0),
            _ => End::Returned(self.next().cast_signed()),
        }
    }
}

#[test]
fn no_record_breaks_the_decoder_or_smuggles_a_control_character_through() {
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let decoder = Decoder::new(arch, 32);
        let mut scramble = Scramble(2026);
        let mut out = String::new();
        for number in (0..512).cycle().take(512 * 20) {
            let memory = [(); 4].map(|()| scramble.bytes());
            let mut record = record("read", [(); 6].map(|()| scramble.next()), 0);
            (record.number, record.end) = (number, scramble.end());
            let captured = memory.each_ref().map(|bytes| match bytes.len() % 3 {
                0 => Captured::Unreadable,
                _ => Captured::Bytes(bytes),
            });
            let record = Record { captured, ..record };
            out.clear();
            decoder.write_name(number, &mut out);
            decoder.write_arguments(&record, &mut NoDescriptors, &mut out);
            decoder.write_result(&record, &mut NoDescriptors, &mut out);
            let joined = decoder.arguments(&record, &mut NoDescriptors).join(", ");
            assert!(out.contains(&joined), "{out} without {joined}");
            let plain = |byte: u8| matches!(byte, 0x20..=0x7e);
            assert!(out.bytes().all(plain), "{record:?}: {out}");
            assert!(out.len() < 20_000, "{}", out.len());
        }
    }
}

#[test]
fn sets_of_cpus() {
    let get = |result, bytes| {
        let call = record("sched_getaffinity", [0, 8192, 0x7000, 0, 0, 0], result);
        with_memory(Arch::X86_64, call, ["", "", bytes, ""])
    };
    assert_eq!(
        get(8, "0300000000000080"),
        "sched_getaffinity(0, 8192, [0 1 63]) = 8"
    );
    assert_eq!(get(8, "03"), "sched_getaffinity(0, 8192, 0x7000) = 8");
    let set = record("sched_setaffinity", [0, 8, 0x7000, 0, 0, 0], 0);
    assert_eq!(
        with_memory(Arch::X86_64, set, ["0000000000000000", "", "", ""]),
        "sched_setaffinity(0, 8, []) = 0"
    );
}

#[test]
fn stacks_for_signal_handlers() {
    let call = record("sigaltstack", [0x7000, 0, 0, 0, 0, 0], 0);
    let stack = "0000004000000000 01000080 00000000 0080000000000000";
    assert_eq!(
        with_memory(Arch::X86_64, call, [stack, "", "", ""]),
        "sigaltstack({ss_sp=0x40000000, ss_flags=SS_ONSTACK|SS_AUTODISARM, ss_size=32768}, NULL) = 0"
    );
}

#[test]
fn an_event_that_is_taken_out_is_not_looked_at() {
    let call = record("epoll_ctl", [3, 2, 4, 0x7000, 0, 0], 0);
    assert_eq!(
        with_memory(Arch::X86_64, call, ["", "", "", ""]),
        "epoll_ctl(3, EPOLL_CTL_DEL, 4, 0x7000) = 0"
    );
}
