//! Stacks: pprof and folded in and out, frame names, merge, top.
