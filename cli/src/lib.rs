//! `kubectl hybrid`: what people do at a terminal. It decides nothing that the planner does not decide.

mod account;
pub mod agent_error;
pub mod documents;
pub mod join;
pub mod lint;
pub mod list;
pub mod plan;
pub mod revoke;
pub mod rotate;
