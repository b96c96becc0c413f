//! Everything that is tried. Data.

mod cluster;
mod declared;
mod others;
mod own;
mod rights;
mod statuses;
mod tokens;

use super::row::Row;

/// The agent that turned hostile.
pub(super) const EVIL: &str = "evil01";

/// Another agent of the same namespace.
pub(super) const VICTIM: &str = "victim01";

/// The group of the kinds of this project, with its version.
pub(super) const KINDS: &str = "hybrididentity.dev/v1alpha1";

/// All rows.
pub(super) fn all() -> Vec<Row> {
    [
        own::rows(),
        others::rows(),
        declared::rows(),
        statuses::rows(),
        tokens::rows(),
        rights::rows(),
        cluster::rows(),
    ]
    .concat()
}
