//! JSON inside a string. No IO.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string property whose text is JSON of a known shape.
///
/// Text that cannot be read does not make the answer around it unreadable: [`content`](Self::content) then says
/// what was wrong, and the text is written back as it was.
#[derive(Clone, Debug)]
pub struct JsonText<T> {
    text: String,
    content: Result<T, String>,
}

impl<T> JsonText<T> {
    /// The content.
    ///
    /// # Errors
    ///
    /// What was wrong with the text.
    pub fn content(&self) -> Result<&T, &str> {
        self.content.as_ref().map_err(String::as_str)
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl<T: DeserializeOwned> JsonText<T> {
    /// Reads a text.
    pub fn parse(text: String) -> Self {
        let content = serde_json::from_str(&text).map_err(|error| error.to_string());
        Self { text, content }
    }
}

impl<T: PartialEq> PartialEq for JsonText<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Ok(a), Ok(b)) => a == b,
            _ => self.text == other.text,
        }
    }
}

impl<T> Serialize for JsonText<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for JsonText<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(Cow::<str>::deserialize(deserializer)?.into_owned()))
    }
}
