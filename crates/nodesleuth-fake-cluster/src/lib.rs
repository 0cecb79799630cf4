//! For tests: an API server that answers recorded bodies over TLS.
