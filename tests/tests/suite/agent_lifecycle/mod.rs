//! Agents come and go: `kubectl hybrid agent join | revoke | rotate | list` on a real API server under the chart's roles and policies,
//! with the operator at work. Starts processes, network IO.

pub(crate) mod cluster;
mod continues;
mod people;
mod revoked;
mod rotated;
