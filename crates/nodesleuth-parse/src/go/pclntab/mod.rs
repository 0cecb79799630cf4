//! `.gopclntab`: which Go function, file and line an address belongs to, inlined calls included.
//!
//! Go's runtime needs the table for stack traces, so `strip` leaves it. Its layout is that of
//! `debug/gosym` and `runtime/symtab.go` and changed with Go 1.12, 1.16, 1.18 and 1.20; all are
//! read, 32 and 64 bits, either byte order. What does not check out is not answered: no name here
//! is a guess.

mod bytes;
mod checkpoints;
#[cfg(test)]
mod fixture;
mod functions;
mod header;
mod inline_layout;
mod inline_tree;
mod locate;
mod lookup;
mod module_data;
mod record;
mod strings;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use locate::{Found, find};
