//! Values that appear in many kinds, each with its bounds in its schema. Pure.

mod digest;
mod distinguished_name;
mod duration;
mod names;

pub use digest::{ContentDigest, DigestError};
pub use distinguished_name::{DistinguishedName, DistinguishedNameError};
pub use duration::{DurationText, DurationTextError};
pub use names::{DateText, Epoch, LocalRef, ObjectName, ParseDateError, bounded_name};

/// A message of a validation rule that CEL computes, so that it names the value that was found.
pub(crate) fn says(expression: &str) -> kube::core::Message {
    kube::core::Message::Expression(expression.to_owned())
}

/// Implements [`schemars::JsonSchema`] for a newtype over a string with a pattern and a greatest length. A least length is never
/// given: each of the patterns implies one.
macro_rules! string_schema {
    ($type:ty, $name:literal, $max:expr, $pattern:expr, $description:literal) => {
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
                    "maxLength": $max,
                    "pattern": $pattern,
                })
            }
        }
    };
}
pub(crate) use string_schema;

/// Texts that the pattern and the length of a type's schema accept.
#[cfg(test)]
pub(crate) fn accepted_by_schema<T: schemars::JsonSchema>()
-> impl proptest::strategy::Strategy<Value = String> {
    use proptest::strategy::Strategy as _;

    let schema = T::json_schema(&mut schemars::SchemaGenerator::default());
    let pattern = schema.get("pattern").and_then(|pattern| pattern.as_str()).unwrap().to_owned();
    let longest =
        usize::try_from(schema.get("maxLength").and_then(serde_json::Value::as_u64).unwrap()).unwrap();
    // The generator knows no anchors.
    proptest::string::string_regex(pattern.trim_start_matches('^').trim_end_matches('$'))
        .unwrap()
        .prop_filter("longer than maxLength", move |text| text.chars().count() <= longest)
}
