//! Naming one address of a stack.

use super::binary::Binary;
use super::frame::{Frame, FrameKind};
use crate::proc::kallsyms::Kallsyms;
use crate::proc::maps::Mapping;

const KERNEL: &str = "[kernel]";

/// The calls that a user address is part of, the outermost first; never empty.
///
/// `mapping` is what holds the address, `binary` that mapping's file, if it could be opened. What
/// is not known becomes `[file+0x…]` with the offset in the file, for memory without a file the
/// distance from its start.
pub fn user_frames(
    address: u64,
    mapping: Option<&Mapping>,
    binary: Option<&Binary<'_>>,
) -> Vec<Frame> {
    let Some(mapping) = mapping else {
        return vec![unknown(format!("[unmapped+{address:#x}]"), "[unmapped]")];
    };
    let distance = address.saturating_sub(mapping.start);
    let offset = mapping.offset.saturating_add(distance);
    let module = module(mapping);
    binary
        .and_then(|binary| binary.frames(binary.address(offset)?, module))
        .unwrap_or_else(|| {
            let name = short(module);
            vec![unknown(format!("[{name}+{offset:#x}]"), module)]
        })
}

/// The kernel function at an address. Unknown ones all are `[kernel]`: their addresses say nothing
/// without the symbols, and tell where the kernel was loaded.
pub fn kernel_frame(address: u64, symbols: Option<&Kallsyms>) -> Frame {
    let Some(symbol) = symbols.and_then(|symbols| symbols.at(address)) else {
        return unknown(KERNEL.to_owned(), KERNEL);
    };
    Frame {
        kind: FrameKind::Kernel,
        ..unknown(symbol.name.to_owned(), &format!("[{}]", symbol.module))
    }
}

fn module(mapping: &Mapping) -> &str {
    if mapping.path.is_empty() {
        "[anonymous]"
    } else {
        &mapping.path
    }
}

/// The last part of a path; of `[vdso]` what is in the brackets.
fn short(module: &str) -> &str {
    let bare = module
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or_else(|| module.rsplit('/').next().unwrap_or(module))
}

fn unknown(function: String, module: &str) -> Frame {
    Frame {
        function,
        file: None,
        line: None,
        inlined: false,
        module: module.to_owned(),
        kind: FrameKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{kernel_frame, user_frames};
    use crate::proc::kallsyms::Kallsyms;
    use crate::proc::maps::parse;
    use crate::symbolize::{AddressSpace, FrameKind};

    const MAPS: &str = "\
00400000-00500000 r-xp 00001000 fe:01 11 /usr/bin/kubelet
c000000000-c000400000 rwxp 00000000 00:00 0 
7ffd1b5fe000-7ffd1b600000 r-xp 00000000 00:00 0 [vdso]
";

    #[test]
    fn what_no_table_knows_keeps_its_place() {
        let space = AddressSpace::new(parse(MAPS).unwrap());
        for (address, function, module) in [
            (0x40_0010, "[kubelet+0x1010]", "/usr/bin/kubelet"),
            (0xc0_0000_0020, "[anonymous+0x20]", "[anonymous]"),
            (0x7ffd_1b5f_ec00, "[vdso+0xc00]", "[vdso]"),
            (0x12, "[unmapped+0x12]", "[unmapped]"),
        ] {
            let frames = user_frames(address, space.find(address), None);
            assert_eq!(frames.len(), 1);
            assert_eq!(frames[0].function, function);
            assert_eq!(frames[0].module, module);
            assert_eq!(frames[0].kind, FrameKind::Unknown);
        }
    }

    #[test]
    fn kernel_functions_are_named_with_their_module() {
        let text = "ffffffff81000000 T vfs_read\nffffffffc0a00000 t nfs_open\t[nfs]\n";
        let symbols = Kallsyms::read(text.as_bytes()).unwrap();
        let vfs = kernel_frame(0xffff_ffff_8100_0010, Some(&symbols));
        assert_eq!(
            (vfs.function.as_str(), vfs.module.as_str()),
            ("vfs_read", "[kernel]")
        );
        assert_eq!(vfs.kind, FrameKind::Kernel);
        let nfs = kernel_frame(0xffff_ffff_c0a0_0010, Some(&symbols));
        assert_eq!(
            (nfs.function.as_str(), nfs.module.as_str()),
            ("nfs_open", "[nfs]")
        );
    }

    #[test]
    fn a_kernel_without_symbols_is_one_frame() {
        let frame = kernel_frame(0xffff_ffff_8100_0010, None);
        assert_eq!(
            (frame.function.as_str(), frame.kind),
            ("[kernel]", FrameKind::Unknown)
        );
    }
}
