//! One call of a stack, by name.

/// A call and where it is in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function as the binary or the kernel names it; `[module+0x…]` if it is not known.
    pub function: String,
    /// Source file, known for Go only.
    pub file: Option<String>,
    /// Line in it, counted from one.
    pub line: Option<u32>,
    /// The compiler put this call's code into its caller's, so they share an address.
    pub inlined: bool,
    /// The mapped file, `[vdso]` and the like; `[kernel]` or the name of a kernel module.
    pub module: String,
    /// Which table knew the name.
    pub kind: FrameKind,
}

/// What kind of code a call runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Go, from `.gopclntab`.
    Go,
    /// Code with ELF symbols: C, C++, Rust, assembly.
    C,
    /// The kernel and its modules.
    Kernel,
    /// No table knows the address.
    Unknown,
}
