//! Records of Linux 6.18 as they lay in rings, header included.

use super::MappedFile;
use super::records::{PerfRecord, Timed, parse};

pub(super) const RECORDED: [&str; 11] = [
    COMM,
    FORK,
    EXEC,
    BUILD_ID,
    VDSO,
    EXIT,
    LOST,
    CHAIN,
    USER_CHAIN,
    FRAMES,
    THREAD_EXIT,
];
const COMM: &str = "0300000000003000f0480000734f00006f707420367a6b636e64796d6c376f00f0480000734f000009f2f555cb0c0000";
const FORK: &str = "0700000000003000724f000096310000724f00009631000000b3e653cb0c0000963100009631000025b0e653cb0c0000";
const EXEC: &str =
    "0300000000202800724f0000724f00006361740000000000724f0000724f0000b6b5e853cb0c0000";
const BUILD_ID: &str = "0a00000002406800724f0000724f000000d0951c565500000050000000000000002000000000000014000000b39fcce36ca2f4d03cae6b3e13d12cbb74c413e805000000020000002f7573722f62696e2f63617400000000724f0000724f0000f860e953cb0c0000";
const VDSO: &str = "0a00000002006000724f0000724f000000f00530ee7f00000020000000000000000000000000000000000000000000000000000000000000000000000000000005000000020000005b7664736f5d0000724f0000724f0000428bea53cb0c0000";
const EXIT: &str = "0400000000003000724f000096310000724f00009631000007ea9854cb0c0000724f0000724f0000a7e19854cb0c0000";
const LOST: &str =
    "020000000000280016570000000000000200000000000000cf1c00002f4a000027a1f4decb0c0000";
const CHAIN: &str = "0900000001009000f0520000f052000024f40591cd0c00000e0000000000000080fffffffffffffffde86c81ffffffff66066d81ffffffff83196d81ffffffff5e4b6b81ffffffff1d506b81ffffffff51cc1e82ffffffff30010081ffffffff00feffffffffffff1dbb284cf87f00001203274cf87f00007631274cf87f0000a8f8294cf87f00000000000000000000";
const USER_CHAIN: &str = "09000000020048003d5000003d500000722acedccb0c0000050000000000000000feffffffffffffaa88153ec55500005e83153ec5550000f586153ec55500004a6249095f7f0000";
const FRAMES: &str = "0900000002004800164f0000164f000045bfd355cb0c00002c00000001000000180000009df8d34b668eec01268971d1da550000f58671d1da5500004a42a7bb457f000000000000";
/// Made from `EXIT`: of a thread that is not the first.
const THREAD_EXIT: &str = "0400000000003000724f000096310000734f00009631000007ea9854cb0c0000724f0000734f0000a7e19854cb0c0000";

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks_exact(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

fn check(hex: &str, expected: &Timed<'_>) {
    let bytes = bytes(hex);
    let (header, body) = bytes.split_at(8);
    assert_eq!(
        usize::from(u16::from_ne_bytes([header[6], header[7]])),
        bytes.len()
    );
    let misc = u16::from_ne_bytes([header[4], header[5]]);
    assert_eq!(
        parse(u32::from(header[0]), misc, body).as_ref(),
        Some(expected)
    );
    // Cut off anywhere it is something else or nothing.
    for end in 0..body.len() {
        assert_ne!(
            parse(u32::from(header[0]), misc, &body[..end]).as_ref(),
            Some(expected)
        );
    }
}

#[test]
fn names_are_told_with_and_without_an_exec() {
    let (tgid, tid, comm) = (0x48f0, 0x4f73, &b"opt 6zkcndyml7o"[..]);
    let by_exec = false;
    let record = PerfRecord::Named {
        tgid,
        tid,
        by_exec,
        comm,
    };
    let time_ns = 0x0ccb_55f5_f209;
    check(COMM, &Timed { time_ns, record });
    let record = PerfRecord::Named {
        tgid: 0x4f72,
        tid: 0x4f72,
        by_exec: true,
        comm: b"cat",
    };
    let time_ns = 0x0ccb_53e8_b5b6;
    check(EXEC, &Timed { time_ns, record });
}

#[test]
fn processes_begin_and_threads_end() {
    let (tgid, parent) = (0x4f72, 0x3196);
    let record = PerfRecord::Forked { tgid, parent };
    let time_ns = 0x0ccb_53e6_b025;
    check(FORK, &Timed { time_ns, record });
    let record = PerfRecord::Ended { tgid, tid: tgid };
    let time_ns = 0x0ccb_5498_e1a7;
    check(EXIT, &Timed { time_ns, record });
    let record = PerfRecord::Ended { tgid, tid: 0x4f73 };
    check(THREAD_EXIT, &Timed { time_ns, record });
}

#[test]
fn a_new_thread_is_no_new_process() {
    let mut bytes = bytes(FORK);
    bytes[16] += 1;
    assert_eq!(parse(7, 0, &bytes[8..]), None);
}

#[test]
fn mappings_have_a_build_id_or_an_inode() {
    let id = "b39fcce36ca2f4d03cae6b3e13d12cbb74c413e8";
    let record = PerfRecord::Mapped {
        tgid: 0x4f72,
        addresses: 0x5556_1c95_d000..0x5556_1c96_2000,
        offset: 0x2000,
        file: MappedFile::BuildId(self::bytes(id)),
        path: b"/usr/bin/cat",
    };
    let time_ns = 0x0ccb_53e9_60f8;
    check(BUILD_ID, &Timed { time_ns, record });
    let record = PerfRecord::Mapped {
        tgid: 0x4f72,
        addresses: 0x7fee_3005_f000..0x7fee_3006_1000,
        offset: 0,
        file: MappedFile::Inode {
            major: 0,
            minor: 0,
            inode: 0,
            generation: 0,
        },
        path: b"[vdso]",
    };
    let time_ns = 0x0ccb_53ea_8b42;
    check(VDSO, &Timed { time_ns, record });
}

#[test]
fn an_absurd_build_id_or_length_is_not_believed() {
    let mut long = bytes(BUILD_ID);
    long[40] = 255;
    let told = parse(10, 0x4002, &long[8..]).unwrap();
    let PerfRecord::Mapped { file, .. } = told.record else {
        panic!();
    };
    let MappedFile::BuildId(id) = file else {
        panic!();
    };
    assert_eq!(id.len(), 20);
    let mut endless = bytes(BUILD_ID);
    endless[24..32].fill(0xff);
    assert_eq!(parse(10, 0x4002, &endless[8..]), None);
}

/// What Linux 3.10 has: no file identity. Made from `BUILD_ID` by leaving it out.
#[test]
fn mappings_of_old_kernels_have_only_a_path() {
    let mut bytes = bytes(BUILD_ID);
    bytes.drain(40..72);
    let told = parse(1, 2, &bytes[8..]).unwrap();
    let record = PerfRecord::Mapped {
        tgid: 0x4f72,
        addresses: 0x5556_1c95_d000..0x5556_1c96_2000,
        offset: 0x2000,
        file: MappedFile::Path,
        path: b"/usr/bin/cat",
    };
    assert_eq!(told.record, record);
}

#[test]
fn losses_are_numbers() {
    let record = PerfRecord::Lost(2);
    let time_ns = 0x0ccb_def4_a127;
    check(LOST, &Timed { time_ns, record });
}
