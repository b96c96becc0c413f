//! The Helm chart: what it renders, whether a real API server takes it, who gets which rights, and what its admission
//! policies let through. These tests have a control plane of their own, because the policies hold for a whole cluster.

mod agents;
mod commands;
mod decisions;
mod definitions;
mod helm;
mod occupied;
mod pod;
mod rendered;
mod rights;
mod server;
mod topologies;
mod values;
mod watch;
