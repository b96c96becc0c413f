//! A real Kubernetes control plane for tests and demo, and what tests share.
//!
//! [`ControlPlane`] runs etcd, the API server and the controller manager as processes on this machine, or stands
//! for a cluster that exists. [`TestNamespace`] gives a test a namespace of its own on the control plane that all
//! tests of one binary share. This crate does IO throughout.

pub mod chart;
pub mod control_plane;
pub mod demo;
mod namespace;
mod object;
mod say;
mod wait;

pub use control_plane::{ControlPlane, shared};
pub use namespace::TestNamespace;
pub use object::{api_of, apply};
pub use say::say;
pub use wait::until;

use std::path::Path;

/// The folder of the repository that this crate was built in: for manifests, charts and examples.
pub fn repository() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
