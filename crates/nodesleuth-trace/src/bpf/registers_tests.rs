//! Where a system call's arguments and number are on each architecture, checked against the
//! kernel's `struct pt_regs` written down: arm64 is not run, so this is what there is for it.

use super::layout::{Registers, record};
use crate::{Arch, End};
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

/// The argument registers of a record whose eight words are 100, 101 and so on.
fn arguments(registers: &Registers) -> [u64; 6] {
    let mut bytes = vec![0; 120];
    for (index, word) in (100..108u64).enumerate() {
        let at = 32 + 8 * index;
        bytes[at..at + 8].copy_from_slice(&word.to_ne_bytes());
    }
    record(&bytes, registers).unwrap().arguments
}

#[test]
fn arm64_s_registers_are_where_the_kernel_has_them() {
    let registers = Registers::raw(Arch::Aarch64);
    assert_eq!(registers.offset as usize, offset_of!(Arm64, regs));
    assert_eq!(
        registers.number_offset as usize,
        offset_of!(Arm64, syscallno)
    );
    assert_eq!(arguments(&registers), [100, 101, 102, 103, 104, 105]);
}

#[test]
fn x86_s_arguments_are_di_si_dx_r10_r8_r9() {
    let registers = Registers::raw(Arch::X86_64);
    let begin = registers.offset as usize;
    assert_eq!(registers.number_offset as usize, offset_of!(X86, orig_ax));
    let order = [
        offset_of!(X86, di),
        offset_of!(X86, si),
        offset_of!(X86, dx),
        offset_of!(X86, r10),
        offset_of!(X86, r8),
        offset_of!(X86, r9),
    ];
    let words = order.map(|offset| 100 + (offset - begin) as u64 / 8);
    assert_eq!(arguments(&registers), words);
}

/// A `read(3, …, 4096) = -EAGAIN` of arm64 as the program would write it.
#[test]
fn a_record_of_arm64_is_read() {
    let mut bytes = vec![0; 120];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(24, &(-11i64).to_ne_bytes());
    put(32, &3u64.to_ne_bytes());
    put(48, &4096u64.to_ne_bytes());
    put(96, &7u32.to_ne_bytes());
    put(100, &8u32.to_ne_bytes());
    put(104, &63u16.to_ne_bytes());
    let record = record(&bytes, &Registers::raw(Arch::Aarch64)).unwrap();
    assert_eq!(Arch::Aarch64.name(record.number), Some("read"));
    assert_eq!((record.tgid, record.tid), (7, 8));
    assert_eq!(record.arguments[..3], [3, 0, 4096]);
    assert_eq!(record.end, End::Returned(-11));
}
