//! The product's ways to the API server: any implementation of its traits, with time under way, closed roads and deaths between. No IO.

mod agent_road;
mod operator_road;

pub use agent_road::AgentRoad;
pub use operator_road::OperatorRoad;
