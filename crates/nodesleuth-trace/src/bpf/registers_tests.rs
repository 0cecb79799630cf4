//! Where a system call's arguments and number are on each architecture, checked against the
//! kernel's `struct pt_regs` written down: arm64 is not run, so this is what there is for it.

use super::layout::{Registers, record};
use crate::{Arch, Captured, End};
use std::mem::offset_of;

/// arch/arm64/include/asm/ptrace.h, little-endian: `struct user_pt_regs`, which ptrace shows and
/// cannot change, then the first argument kept apart and the number.
#[repr(C)]
struct Arm64 {
    regs: [u64; 31],
    sp: u64,
    pc: u64,
    pstate: u64,
    orig_x0: u64,
    syscallno: i32,
}

/// arch/x86/include/asm/ptrace.h.
#[repr(C)]
struct X86 {
    r15_to_bx: [u64; 6],
    r11: u64,
    r10: u64,
    r9: u64,
    r8: u64,
    ax: u64,
    cx: u64,
    dx: u64,
    si: u64,
    di: u64,
    orig_ax: u64,
}

#[test]
fn arm64_s_registers_are_where_the_kernel_has_them() {
    let registers = Registers::raw(Arch::Aarch64);
    assert_eq!(registers.offset as usize, offset_of!(Arm64, regs));
    assert_eq!(
        registers.number_offset as usize,
        offset_of!(Arm64, syscallno)
    );
    assert!(!registers.x86);
}

/// The words that the program reads, in the order that `bpf/syscalls.bpf.c` names them.
#[test]
fn x86_s_words_are_where_the_program_takes_them_from() {
    let registers = Registers::raw(Arch::X86_64);
    let begin = registers.offset as usize;
    assert_eq!(registers.number_offset as usize, offset_of!(X86, orig_ax));
    let words = [
        offset_of!(X86, r10),
        offset_of!(X86, r9),
        offset_of!(X86, r8),
        offset_of!(X86, ax),
        offset_of!(X86, cx),
        offset_of!(X86, dx),
        offset_of!(X86, si),
        offset_of!(X86, di),
        offset_of!(X86, orig_ax),
    ];
    let places = words.map(|offset| (offset - begin) / 8);
    assert_eq!(places, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(registers.x86);
}

/// A `read(3, …, 4096) = -EAGAIN` of arm64 as the program would write it.
#[test]
fn a_record_of_arm64_is_read() {
    let mut bytes = vec![0; 80];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(24, &(-11i64).to_ne_bytes());
    put(32, &7u32.to_ne_bytes());
    put(36, &8u32.to_ne_bytes());
    put(40, &63u16.to_ne_bytes());
    put(43, &[3]);
    put(56, &3u64.to_ne_bytes());
    put(72, &4096u64.to_ne_bytes());
    let record = record(&bytes).unwrap();
    assert_eq!(Arch::Aarch64.name(record.number), Some("read"));
    assert_eq!((record.tgid, record.tid), (7, 8));
    assert_eq!(record.arguments, [3, 0, 4096, 0, 0, 0]);
    assert_eq!(record.end, End::Returned(-11));
    assert_eq!(record.captured, [Captured::Nothing; 4]);
}

#[test]
fn a_record_s_memory_is_behind_its_arguments() {
    let mut bytes = vec![0; 68];
    bytes[43] = 1;
    bytes[48..56].copy_from_slice(&[3, 0, 0xff, 0xff, 1, 0, 0, 0]);
    bytes[64..68].copy_from_slice(b"ab\0c");
    let record = record(&bytes).unwrap();
    let captured = [
        Captured::Bytes(b"ab\0"),
        Captured::Unreadable,
        Captured::Bytes(b"c"),
        Captured::Nothing,
    ];
    assert_eq!(record.captured, captured);
    assert_eq!(super::layout::record(&bytes[..60]), None);
}
