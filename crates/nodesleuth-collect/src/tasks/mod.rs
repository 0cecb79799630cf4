//! Processes and threads: sampling them cheaply, choosing the target, knowing it.
