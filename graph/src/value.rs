//! The values that Graph properties are made of, each kept so that it is written back as it was read. No IO.
//!
//! Microsoft Graph tells "absent" from "null", spells enum members in more than one way, writes "never" as the
//! year 1 and "without limit" as a duration of 29,000 years, and hides JSON in strings. The types here give each
//! of these a plain reading and keep the original text beside it.

mod duration;
mod field;
mod flags;
mod id;
mod json_text;
mod open;
mod resource;
mod sensitive;
mod time;

pub use duration::GraphDuration;
pub use field::Field;
pub use flags::Flags;
pub(crate) use id::ids;
pub use json_text::JsonText;
pub(crate) use open::wire_enum;
pub use open::{Member, Open};
pub(crate) use resource::resource;
pub use sensitive::Sensitive;
pub use time::GraphTime;

/// Properties that this crate does not name. They are written back untouched.
pub type Extra = serde_json::Map<String, serde_json::Value>;

#[cfg(test)]
mod tests;
