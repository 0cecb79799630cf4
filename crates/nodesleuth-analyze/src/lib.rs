//! Evidence to diagnosis: pure functions over a catalogue of known causes.
