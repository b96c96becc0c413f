//! The controllers of hybrid-identity-operator: observe → plan → apply → status.
//!
//! Decisions are the planner's. Here is what looks at the cluster and the cloud, what carries plans out, and what writes down how
//! things stand. The logic above [`cluster::Cluster`], [`graph::Clock`] and [`cloud::connect::Connector`] runs on a real API server and
//! in a simulation alike.

pub mod agent;
pub mod cloud;
pub mod cluster;
pub mod context;
pub mod drive;
pub mod error;
pub mod installation;
pub mod leader;
pub mod metrics;
pub mod migration;
pub mod observe;
pub mod restored;
pub mod server;
pub mod settings;
pub mod tenant;
#[cfg(test)]
mod testing;
pub mod topology;
pub mod web;
