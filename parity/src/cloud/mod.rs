//! The cloud side: objects from Microsoft Graph with the same keys and digests. Pure.

mod index;
mod object;
mod property;
#[cfg(test)]
mod tests;

pub use index::CloudIndex;
pub use object::{CloudError, CloudObject};
pub use property::{ComparableProperty, comparable, comparable_properties, select, select_with_references};

pub(crate) use property::is_proven_elsewhere;
