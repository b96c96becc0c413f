//! An agent with valid credentials turns hostile: all that its identity could try, on a real API server under the chart's roles and
//! policies. What it may write after all, its own status, moves no migration. Starts processes, network IO.

mod effects;
mod lies;
mod refused;
mod row;
mod rows;
