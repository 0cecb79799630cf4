//! Evidence about nodes through a Kubernetes API server.
