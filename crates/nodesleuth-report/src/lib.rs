//! Diagnosis to text and json.
