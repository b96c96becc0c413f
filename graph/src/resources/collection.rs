//! One page of a collection. No IO.

use serde::{Deserialize, Serialize};

use crate::value::{Extra, Field};

/// One page of a collection as it is on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collection<T> {
    /// The items of this page; a page may be empty although more follow.
    pub value: Vec<T>,
    /// How many items there are in all; on the first page only, and only when asked for.
    #[serde(rename = "@odata.count", default, skip_serializing_if = "Field::is_absent")]
    pub count: Field<u64>,
    /// Where the next page is. Followed verbatim.
    #[serde(rename = "@odata.nextLink", default, skip_serializing_if = "Field::is_absent")]
    pub next_link: Field<String>,
    /// Where the next round of a delta query begins. On the last page only.
    #[serde(rename = "@odata.deltaLink", default, skip_serializing_if = "Field::is_absent")]
    pub delta_link: Field<String>,
    /// Properties that this crate does not name, such as `@odata.context` (which is never resolved).
    #[serde(flatten)]
    pub extra: Extra,
}
