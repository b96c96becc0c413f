//! Graph as a client sees it. Every answer in these tests is checked against the published description.

mod configuration;
mod delta_rounds;
mod description;
mod directory_objects;
pub(crate) mod fixture;
mod gateway;
mod limits;
pub(crate) mod openapi;
mod tokens;
