//! What scope conditions and flows read: one object with its surroundings.

use jiff::Timestamp;

use crate::adsync_engine::symbol::Symbol;
use crate::value::Value;

/// An object of a connector space or of the metaverse, as a rule sees it.
pub(crate) trait Subject {
    /// Values of an attribute, pending exports included.
    fn values(&self, attribute: Symbol) -> &[Value];
    /// Values of an attribute as an import confirmed them.
    fn imported(&self, attribute: Symbol) -> &[Value];
    /// A parameter such as `Domain.FQDN`.
    fn parameter(&self, name: &str) -> Option<String>;
    /// Whether the object is a member of the group with that distinguished name in its connector space.
    fn is_member_of(&self, group: &str) -> bool;
    /// The engine's clock.
    fn now(&self) -> Timestamp;
}
