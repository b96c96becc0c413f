//! Makes a value that a schema accepts, with everything in it that the schema knows. Pure.

use serde_json::{Map, Value, json};

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill {
    /// Lists have as many items as they may; otherwise as few, but one.
    pub(super) most: bool,
    /// Of several fields of which one must be there, which.
    pub(super) choice: usize,
    /// The longest distinguished name.
    pub(super) longest_name: usize,
}

/// Short texts and lists of one item.
pub(super) const ONE: Fill = Fill { most: false, choice: 0, longest_name: 48 };

/// Long texts and lists of as many items as are allowed.
pub(super) const MOST: Fill = Fill { most: true, choice: 0, longest_name: 512 };

impl Fill {
    /// A value for a schema. `index` makes values of one schema differ.
    pub(super) fn value(self, schema: &Value, index: usize) -> Value {
        if schema["x-kubernetes-int-or-string"] == true {
            return json!("100%");
        }
        if let Some(values) = schema["enum"].as_array() {
            return values.last().cloned().unwrap_or_default();
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema, index),
            Some("array") => {
                (0..self.items(schema)).map(|item| self.value(&schema["items"], index * 256 + item)).collect()
            }
            Some("boolean") => json!(true),
            Some("integer") => json!(schema["maximum"].as_f64().map_or(1_000_000_007, integer)),
            Some("string") => json!(self.text(schema, index)),
            other => panic!("a schema has type {other:?}: teach `fill` about it"),
        }
    }

    fn object(self, schema: &Value, index: usize) -> Value {
        let mut fields = Map::new();
        for (name, child) in schema["properties"].as_object().into_iter().flatten() {
            fields.insert(name.clone(), self.value(child, index));
        }
        let choices: Vec<_> = schema["oneOf"].as_array().into_iter().flatten().collect();
        for (number, choice) in choices.iter().enumerate() {
            if number != self.choice % choices.len() {
                fields.remove(choice["required"][0].as_str().unwrap());
            }
        }
        Value::Object(fields)
    }

    fn items(self, schema: &Value) -> usize {
        if self.most { usize::try_from(schema["maxItems"].as_u64().unwrap()).unwrap() } else { 1 }
    }

    fn text(self, schema: &Value, index: usize) -> String {
        match schema["format"].as_str() {
            Some("date") => return "2027-03-31".to_owned(),
            Some("date-time") => return "2027-03-31T23:59:59.999999999+02:00".to_owned(),
            _ => {}
        }
        let allowed = usize::try_from(schema["maxLength"].as_u64().unwrap()).unwrap();
        let length = if self.most { allowed } else { allowed.min(24) };
        let Some(pattern) = schema["pattern"].as_str() else {
            // As many bytes as characters can have, within reason.
            return "ü".repeat(length);
        };
        // Each pattern is known by a text that only it accepts in this shape, so that a change of spelling does no harm.
        match pattern {
            _ if pattern.contains("[Dd][Cc]=") => distinguished_name(allowed.min(self.longest_name), index),
            _ if pattern.starts_with("^sha256:") => format!("sha256:{}", "f".repeat(64)),
            _ if pattern.contains("{8}(-") => "ffffffff-ffff-ffff-ffff-ffffffffffff".to_owned(),
            _ if pattern.contains("[dh]") && self.most => "9999d9999d9999d9999d9999d9999d1s".to_owned(),
            _ if pattern.contains("[dh]") => "1d".to_owned(),
            _ if pattern.contains("{4}$") => format!("{} 22 * * 5", "0".repeat(length - " 22 * * 5".len())),
            _ if pattern.starts_with("^[A-Z]") => format!("S{}", "s".repeat(length - 1)),
            _ => numbered(length, index),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounds of integers are whole numbers that fit")]
fn integer(bound: f64) -> i64 {
    bound as i64
}

/// Small letters and digits, a hyphen and a number: a name, an id, a key, a part of a host name.
fn numbered(length: usize, index: usize) -> String {
    let number = format!("-{index:06}");
    format!("{}{number}", "a".repeat(length - number.len()))
}

fn distinguished_name(length: usize, index: usize) -> String {
    let rest = format!(",OU=unit-{index:06},DC=contoso,DC=com");
    format!("OU={}{rest}", "x".repeat(length - rest.len() - 3))
}
