//! Values that appear in many kinds, each with its bounds in its schema. Pure.

mod digest;
mod distinguished_name;
mod duration;
mod names;

pub use digest::{ContentDigest, DigestError};
pub use distinguished_name::{DistinguishedName, DistinguishedNameError};
pub use duration::{DurationText, DurationTextError};
pub use names::{DateText, Epoch, LocalRef, ObjectName, ParseDateError};

/// Implements [`schemars::JsonSchema`] for a newtype over a string with a pattern and a length.
macro_rules! string_schema {
    ($type:ty, $name:literal, $min:expr, $max:expr, $pattern:expr, $description:literal) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": $description,
                    "minLength": $min,
                    "maxLength": $max,
                    "pattern": $pattern,
                })
            }
        }
    };
}
pub(crate) use string_schema;
