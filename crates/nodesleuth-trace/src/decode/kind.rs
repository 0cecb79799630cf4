//! What the arguments and results of a system call are: the vocabulary of the table in
//! [`signatures`](super::signatures).

use super::printer::Printer;
use super::set::Set;

/// What one argument is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A signed number of 32 bits.
    Int,
    /// An unsigned number of 32 bits.
    Unsigned,
    /// A signed number of 64 bits.
    Long,
    /// An unsigned number of 64 bits.
    Size,
    /// Bits that have no names here.
    Hex,
    /// An address.
    Pointer,
    /// Permissions.
    Octal,
    /// A descriptor.
    Descriptor,
    /// The descriptor of the folder that the next path is relative to.
    Folder,
    /// The name of a file, in full.
    Path,
    /// A string that is no file.
    Text,
    /// Any of the names of a set together.
    Flags(&'static Set),
    /// One name of a set.
    Choice(&'static Set),
    /// A signal's number.
    Signal,
    /// Bytes that the call hands over; their number is in this argument.
    Sent(u8),
    /// Bytes that the call fills and whose number it returns.
    Received,
    /// A number with a notation of its own.
    Value(fn(&mut Printer<'_>, u64)),
    /// A structure that the call hands over.
    In(Structure),
    /// A structure that the call fills.
    Out(Structure),
    /// Structures that the call hands over; their number is in this argument.
    Listed(u8, Structure),
    /// As many structures as the call returns.
    Found(Structure),
    /// A structure that the call fills only when a signal interrupts it.
    Left(Structure),
    /// Means nothing here and is not printed.
    Skipped,
}

/// Prints a structure; `None`: these bytes are too few for it, its address is printed instead.
pub(super) type Structure = fn(&mut Printer<'_>, &[u8]) -> Option<()>;

/// What a call's arguments are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arguments {
    /// Always the same.
    Fixed(&'static [Kind]),
    /// They depend on one another; so many at most.
    By(u8, fn(&[u64; 6]) -> &'static [Kind]),
}

/// What a call returns when it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// A number.
    Number,
    /// A descriptor.
    Descriptor,
    /// An address or bits.
    Hex,
    /// Permissions.
    Octal,
    /// What the command of `fcntl` says.
    Fcntl,
    /// The number of ready descriptors of an array in the first argument.
    Ready,
}

/// A system call, or several that are used alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    /// Names.
    pub(super) names: &'static [&'static str],
    /// Arguments.
    pub(super) arguments: Arguments,
    /// Result.
    pub(super) gives: Gives,
}

impl Signature {
    /// A call that returns a number.
    pub(super) const fn of(names: &'static [&'static str], arguments: &'static [Kind]) -> Self {
        Self {
            names,
            arguments: Arguments::Fixed(arguments),
            gives: Gives::Number,
        }
    }

    /// A call whose arguments depend on one another, and how many there are at most.
    pub(super) const fn by(
        names: &'static [&'static str],
        most: u8,
        choose: fn(&[u64; 6]) -> &'static [Kind],
    ) -> Self {
        Self {
            names,
            arguments: Arguments::By(most, choose),
            gives: Gives::Number,
        }
    }

    /// The same with another result.
    pub(super) const fn gives(self, gives: Gives) -> Self {
        Self { gives, ..self }
    }

    /// What these arguments are.
    pub(super) fn kinds(&self, arguments: &[u64; 6]) -> &'static [Kind] {
        match self.arguments {
            Arguments::Fixed(kinds) => kinds,
            Arguments::By(_, choose) => choose(arguments),
        }
    }
}
