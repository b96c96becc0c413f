//! A real Kubernetes control plane for tests and demo, and the suites that run on it
