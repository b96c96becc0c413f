//! Prediction and comparison over a simulated estate, both sides read as the product reads them.

mod contoso;
mod demo;
mod differences;
mod filter;
mod rig;
mod watch;
