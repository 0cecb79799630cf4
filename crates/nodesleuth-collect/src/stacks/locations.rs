//! Addresses as locations of a profile, each named once.

use super::code::{Code, Place};
use super::exec_file::ExecFile;
use super::figures::Unnamed;
use super::kernel_names::KernelNames;
use super::processes::{ImageId, Processes};
use super::root::{Rootness, rootness};
use super::vdso::Vdso;
use nodesleuth_parse::symbolize::{Binary, Frame, FrameKind, user_frames};
use nodesleuth_profile::{
    Function, Line, Location, LocationId, Mapping, MappingId, ProfileBuilder, normalize,
};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What pprof and perf call the kernel's mapping.
const KERNEL: &str = "[kernel.kallsyms]";
/// The kernel's function that changes to another thread.
const SCHEDULE: &str = "__schedule";
/// From here on are the kernel's addresses.
const UPPER_HALF: u64 = 1 << 63;

/// An address of a process.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) location: LocationId,
    /// Whether the stack may begin here.
    pub(super) root: Rootness,
    /// There was code at that address. Where not, the walk over the stack went astray.
    pub(super) is_code: bool,
    /// Who called this instruction's function is on top of the stack, where frame pointers do not lead.
    pub(super) returns_to_top: bool,
    /// Where it is, if no function is known.
    pub(super) unresolved: Option<Unnamed>,
}

/// An address of the kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct InKernel {
    pub(super) location: LocationId,
    /// It is where a thread gives its CPU away.
    pub(super) is_schedule: bool,
}

/// Code of one file at one offset: processes have it at different addresses, the profile once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SegmentKey {
    path: String,
    file: Option<*const ExecFile>,
    offset: u64,
    length: u64,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    mapping: MappingId,
    start: u64,
}

/// The locations of a profile that is being made.
#[derive(Debug)]
pub(super) struct Locations<'a> {
    processes: &'a Processes<'a>,
    kernel: &'a KernelNames<'a>,
    vdso: OnceCell<Option<Vdso>>,
    segments: HashMap<SegmentKey, Segment>,
    kernel_mapping: Option<MappingId>,
    user: HashMap<(ImageId, u64), Named>,
    in_kernel: HashMap<u64, InKernel>,
}

impl<'a> Locations<'a> {
    pub(super) fn new(processes: &'a Processes<'a>, kernel: &'a KernelNames<'a>) -> Self {
        Self {
            processes,
            kernel,
            vdso: OnceCell::new(),
            segments: HashMap::new(),
            kernel_mapping: None,
            user: HashMap::new(),
            in_kernel: HashMap::new(),
        }
    }

    /// Makes the binary of a program the profile's first mapping.
    pub(super) fn first(&mut self, builder: &mut ProfileBuilder, image: ImageId) {
        let program = self.processes.program(image);
        if let Some(code) = program.and_then(|program| program.image().code.first()) {
            self.segment(builder, code);
        }
    }

    /// A function of the kernel. Its address is left out: it would tell where the kernel was
    /// loaded, and differ after each boot.
    pub(super) fn kernel(&mut self, builder: &mut ProfileBuilder, address: u64) -> InKernel {
        if let Some(known) = self.in_kernel.get(&address) {
            return *known;
        }
        let frame = self.kernel.frame(address);
        let mapping = *self.kernel_mapping.get_or_insert_with(|| {
            builder.mapping(Mapping {
                start: UPPER_HALF,
                limit: u64::MAX,
                file: KERNEL,
                has_functions: true,
                ..Mapping::default()
            })
        });
        let function = builder.function(Function {
            name: &kernel_name(&frame),
            system_name: &frame.function,
            ..Function::default()
        });
        let line = Line {
            function,
            line: 0,
            column: 0,
        };
        let location = builder.location(Location {
            mapping: Some(mapping),
            address: 0,
            lines: vec![line],
        });
        let named = InKernel {
            location,
            is_schedule: frame.function == SCHEDULE,
        };
        self.in_kernel.insert(address, named);
        named
    }

    /// The call of a process that returns to an address.
    ///
    /// The call stands before it. Only the kernel makes stacks that return to a function's very start:
    /// there a signal's handler ends, and nobody stands before it.
    pub(super) fn call(
        &mut self,
        builder: &mut ProfileBuilder,
        image: ImageId,
        returns_to: u64,
    ) -> Named {
        let before = self.user(builder, image, returns_to.saturating_sub(1));
        if before.unresolved.is_none() {
            return before;
        }
        let start = self.user(builder, image, returns_to);
        match start.root > Rootness::Inner {
            true => start,
            false => before,
        }
    }

    /// An instruction of a process.
    pub(super) fn user(
        &mut self,
        builder: &mut ProfileBuilder,
        image: ImageId,
        address: u64,
    ) -> Named {
        if let Some(known) = self.user.get(&(image, address)) {
            return known.clone();
        }
        let program = self.processes.program(image);
        let place = program.map_or(Place::Unmapped, |program| program.image().find(address));
        let named = match place {
            Place::Code(code) => self.in_code(builder, code, address),
            Place::Ambiguous => outside(builder, "[remapped]", true),
            Place::Unmapped => outside(builder, "[unmapped]", false),
        };
        self.user.insert((image, address), named.clone());
        named
    }

    fn in_code(&mut self, builder: &mut ProfileBuilder, code: &'a Code, address: u64) -> Named {
        let mapping = code.mapping();
        let binary = self.binary(code);
        let linked = binary.and_then(|binary| binary.address(code.offset + (address - code.start)));
        let returns_to_top = binary
            .zip(linked)
            .is_some_and(|(binary, linked)| binary.returns_to_top(linked));
        let frames = user_frames(address, Some(&mapping), binary);
        let unresolved = match frames.first() {
            Some(frame) if frame.kind == FrameKind::Unknown => Some(Unnamed {
                module: frame.module.as_str().into(),
                why: self.why_unnamed(code),
            }),
            _ => None,
        };
        let root = frames.first().map_or(Rootness::Inner, rootness);
        let lines = lines(builder, &frames);
        let segment = self.segment(builder, code);
        let location = builder.location(Location {
            mapping: Some(segment.mapping),
            address: segment.start + (address - code.start),
            lines,
        });
        Named {
            location,
            root,
            is_code: true,
            returns_to_top,
            unresolved,
        }
    }

    fn why_unnamed(&self, code: &Code) -> Rc<str> {
        match &code.file {
            Some(Err(why)) if self.processes.file(code).is_none() => Rc::clone(why),
            None if code.path.is_empty() => "code that was made at run time, or unpacked".into(),
            _ => "no symbols for it".into(),
        }
    }

    fn binary(&self, code: &'a Code) -> Option<&Binary<'static>> {
        match &code.file {
            Some(_) => self.processes.file(code)?.binary(),
            None => {
                let vdso = self.vdso.get_or_init(Vdso::of_ours).as_ref();
                vdso?.binary_for(&code.mapping())
            }
        }
    }

    fn segment(&mut self, builder: &mut ProfileBuilder, code: &'a Code) -> Segment {
        let key = SegmentKey {
            path: code.path.clone(),
            file: self.processes.file(code).map(Rc::as_ptr),
            offset: code.offset,
            length: code.end - code.start,
        };
        if let Some(known) = self.segments.get(&key) {
            return *known;
        }
        let segment = segment(builder, code, self.binary(code));
        self.segments.insert(key, segment);
        segment
    }
}

fn segment(builder: &mut ProfileBuilder, code: &Code, binary: Option<&Binary<'_>>) -> Segment {
    let is_go = binary.is_some_and(|binary| binary.go_functions().is_some());
    let mapping = builder.mapping(Mapping {
        start: code.start,
        limit: code.end,
        offset: code.offset,
        file: match code.path.as_str() {
            "" => "[anonymous]",
            path => path,
        },
        build_id: binary.and_then(Binary::build_id).unwrap_or_default(),
        has_functions: true,
        has_filenames: is_go,
        has_line_numbers: is_go,
        has_inline_frames: binary.is_some_and(Binary::inlining_is_known),
    });
    Segment {
        mapping,
        start: code.start,
    }
}

/// Addresses outside of any code say nothing: all are one.
fn outside(builder: &mut ProfileBuilder, name: &str, is_code: bool) -> Named {
    Named {
        location: builder.named(name),
        root: Rootness::Inner,
        is_code,
        returns_to_top: false,
        unresolved: is_code.then(|| Unnamed {
            module: name.into(),
            why: "different code was there at different times".into(),
        }),
    }
}

fn lines(builder: &mut ProfileBuilder, frames: &[Frame]) -> Vec<Line> {
    let mut lines = Vec::with_capacity(frames.len());
    for frame in frames {
        let name = match frame.kind {
            // Copies that the compiler made of a function are that function.
            FrameKind::C => normalize(&frame.function),
            // As in Go's own profiles.
            _ => frame.function.as_str().into(),
        };
        let function = builder.function(Function {
            name: &name,
            system_name: &frame.function,
            file: frame.file.as_deref().unwrap_or_default(),
            start_line: 0,
        });
        lines.push(Line {
            function,
            line: frame.line.map_or(0, i64::from),
            column: 0,
        });
    }
    lines
}

/// Without what compilers append; the module of those that are in one.
fn kernel_name(frame: &Frame) -> String {
    let name = normalize(&frame.function);
    match frame.module.as_str() {
        "[kernel]" => name.into_owned(),
        module => format!("{name} {module}"),
    }
}
