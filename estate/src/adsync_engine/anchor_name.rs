//! Names of objects in the Entra connector space: `CN={...}` with the source anchor in hexadecimal digits. Pure; does no IO.
//!
//! Source: Microsoft, functions reference, `ConvertToUTF8Hex`.

use std::fmt::Write as _;

/// The name of the object with that anchor.
pub(super) fn name_of(anchor: &str) -> String {
    let mut name = String::from("CN={");
    for byte in anchor.bytes() {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02X}");
    }
    name.push('}');
    name
}

/// The anchor that a name is made of.
pub(super) fn anchor_in(name: &str) -> Option<String> {
    let digits = name.strip_prefix("CN={")?.strip_suffix('}')?.as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    });
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_anchors() {
        assert_eq!(name_of("aZ=="), "CN={615A3D3D}");
        assert_eq!(anchor_in("CN={615A3D3D}").as_deref(), Some("aZ=="));
        for other in ["CN={61", "CN={6}", "CN={6G}", "CN=x", "CN={FF}"] {
            assert_eq!(anchor_in(other), None, "{other}");
        }
    }
}
