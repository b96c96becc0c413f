//! `kubectl hybrid`: what people do at a terminal. It decides nothing that the planner does not decide.

pub mod documents;
pub mod join;
pub mod lint;
pub mod plan;
