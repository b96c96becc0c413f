//! People: seeded organisations, and what their people do later. Pure: the same seed gives the same directory.

mod build;
mod names;
mod people;
mod random;
mod script;
#[cfg(test)]
mod tests;

pub use build::{Organisation, PROBE_UNIT, Size, Unit};
pub use random::Random;
pub use script::{EverydayLife, Script, ScriptedChange};
