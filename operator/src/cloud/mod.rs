//! The cloud side: clients, Cloud Sync configurations, the tenant's objects. Network IO through `graph`.

pub mod change;
pub mod configuration;
pub mod connect;
pub mod objects;
