//! The program of the task iterator as BPF instructions: it loads each field of a thread, stores
//! them one after another on its stack and writes that out.

use super::WORDS;
use crate::btf::Btf;

/// One BPF instruction.
pub(super) type Instruction = u64;

const RESULT: u8 = 0;
const CONTEXT: u8 = 1;
const SEQUENCE: u8 = 6;
const TASK: u8 = 7;
const SIGNAL: u8 = 8;
const STACK: u8 = 10;

const LOAD_32: u8 = 0x61;
const LOAD_64: u8 = 0x79;
const STORE_64: u8 = 0x7b;
const MOVE: u8 = 0xbf;
const MOVE_NUMBER: u8 = 0xb7;
const ADD_NUMBER: u8 = 0x07;
const JUMP_IF_EQUAL: u8 = 0x15;
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;

const SEQ_WRITE: i32 = 127;

/// What a word of a record is: a field of the thread, or of what its process's threads share.
struct Field {
    load: u8,
    base: u8,
    name: &'static str,
    /// Bytes after the field's beginning.
    after: u32,
}

const FIELDS: [Field; WORDS] = [
    Field {
        load: LOAD_32,
        ..of_task("pid")
    },
    Field {
        load: LOAD_32,
        ..of_task("tgid")
    },
    of_task("start_boottime"),
    of_task("utime"),
    of_task("stime"),
    of_task("se.sum_exec_runtime"),
    of_task("sched_info.run_delay"),
    of_task("nvcsw"),
    of_task("nivcsw"),
    of_process("utime"),
    of_process("stime"),
    of_process("sum_sched_runtime"),
    of_task("comm"),
    Field {
        after: 8,
        ..of_task("comm")
    },
];

const fn of_task(name: &'static str) -> Field {
    Field {
        load: LOAD_64,
        base: TASK,
        name,
        after: 0,
    }
}

const fn of_process(name: &'static str) -> Field {
    Field {
        base: SIGNAL,
        ..of_task(name)
    }
}

/// The program for a kernel.
pub(super) fn program(btf: &Btf) -> Result<Vec<Instruction>, String> {
    if !cfg!(all(target_pointer_width = "64", target_endian = "little")) {
        return Err("the task iterator is made for 64-bit little-endian machines".to_owned());
    }
    let bytes = i32::try_from(WORDS * 8).unwrap_or(0);
    let mut program = vec![
        instruction(LOAD_64, SEQUENCE, CONTEXT, 0, 0),
        instruction(LOAD_64, TASK, CONTEXT, 8, 0),
        // The last call is made without a thread.
        instruction(JUMP_IF_EQUAL, TASK, 0, jump_to_end(), 0),
        instruction(LOAD_64, SEQUENCE, SEQUENCE, 0, 0),
        instruction(
            LOAD_64,
            SIGNAL,
            TASK,
            offset(btf, "task_struct", "signal", 0)?,
            0,
        ),
    ];
    for (field, slot) in FIELDS.iter().zip((-bytes..0).step_by(8)) {
        let structure = match field.base {
            SIGNAL => "signal_struct",
            _ => "task_struct",
        };
        let offset = offset(btf, structure, field.name, field.after)?;
        let slot = i16::try_from(slot).unwrap_or(0);
        program.push(instruction(field.load, RESULT, field.base, offset, 0));
        program.push(instruction(STORE_64, STACK, RESULT, slot, 0));
    }
    program.extend([
        instruction(MOVE, 1, SEQUENCE, 0, 0),
        instruction(MOVE, 2, STACK, 0, 0),
        instruction(ADD_NUMBER, 2, 0, 0, -bytes),
        instruction(MOVE_NUMBER, 3, 0, 0, bytes),
        instruction(CALL, 0, 0, 0, SEQ_WRITE),
        instruction(MOVE_NUMBER, RESULT, 0, 0, 0),
        instruction(EXIT, 0, 0, 0, 0),
    ]);
    Ok(program)
}

/// Over the two loads, a load and a store for each field, and the five instructions that write.
fn jump_to_end() -> i16 {
    i16::try_from(2 + 2 * WORDS + 5).unwrap_or(0)
}

fn offset(btf: &Btf, structure: &str, field: &str, after: u32) -> Result<i16, String> {
    let found = btf.offset(structure, field);
    let offset = found.ok_or_else(|| format!("this kernel has no {structure}.{field}"))?;
    i16::try_from(offset + after)
        .map_err(|_| format!("{structure}.{field} is too far from its beginning"))
}

/// As `struct bpf_insn` lies in memory on a little-endian machine.
fn instruction(code: u8, to: u8, from: u8, offset: i16, number: i32) -> Instruction {
    let [low, high] = offset.to_le_bytes();
    let [a, b, c, d] = number.to_le_bytes();
    u64::from_le_bytes([code, from << 4 | to, low, high, a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_laid_out_as_the_kernel_has_it() {
        // r7 = *(u64 *)(r1 + 8); call 127
        assert_eq!(
            instruction(LOAD_64, TASK, CONTEXT, 8, 0).to_le_bytes(),
            [0x79, 0x17, 8, 0, 0, 0, 0, 0]
        );
        assert_eq!(
            instruction(CALL, 0, 0, 0, SEQ_WRITE).to_le_bytes(),
            [0x85, 0, 0, 0, 127, 0, 0, 0]
        );
    }
}
