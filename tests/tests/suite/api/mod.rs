//! The kinds of this project on a real API server: what it refuses and how it says so, the most that it accepts, what
//! it adds and what it prints.

mod accepted;
mod bounds;
mod covered;
mod defaults;
mod examples;
mod fill;
mod largest;
pub(crate) mod manifest;
mod only_that_rule;
mod printing;
mod readable;
mod refused;
mod schema;
pub(crate) mod server;
