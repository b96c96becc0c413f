//! Text files as Windows writes them: UTF-8 with or without byte order mark, or UTF-16. Pure.

/// How a file was encoded, so that it can be written back alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf8Mark,
    Utf16Little,
    Utf16Big,
}

const UTF8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF16_LITTLE_MARK: &[u8] = &[0xFF, 0xFE];
const UTF16_BIG_MARK: &[u8] = &[0xFE, 0xFF];

/// The text, or what was found instead of text.
pub(super) fn decode(bytes: &[u8]) -> Result<(Encoding, String), String> {
    if let Some(rest) = bytes.strip_prefix(UTF8_MARK) {
        return utf8(rest).map(|text| (Encoding::Utf8Mark, text));
    }
    if let Some(rest) = bytes.strip_prefix(UTF16_LITTLE_MARK) {
        return utf16(rest, u16::from_le_bytes).map(|text| (Encoding::Utf16Little, text));
    }
    if let Some(rest) = bytes.strip_prefix(UTF16_BIG_MARK) {
        return utf16(rest, u16::from_be_bytes).map(|text| (Encoding::Utf16Big, text));
    }
    utf8(bytes).map(|text| (Encoding::Utf8, text))
}

/// The bytes of a text in an encoding.
pub(super) fn encode(encoding: Encoding, text: &str) -> Vec<u8> {
    let wide = |mark: &[u8], to_bytes: fn(u16) -> [u8; 2]| {
        mark.iter().copied().chain(text.encode_utf16().flat_map(to_bytes)).collect()
    };
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Mark => [UTF8_MARK, text.as_bytes()].concat(),
        Encoding::Utf16Little => wide(UTF16_LITTLE_MARK, u16::to_le_bytes),
        Encoding::Utf16Big => wide(UTF16_BIG_MARK, u16::to_be_bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|error| format!("a byte at offset {} that is not UTF-8", error.valid_up_to()))
}

fn utf16(bytes: &[u8], from_bytes: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("an odd number of bytes after a UTF-16 byte order mark".to_owned());
    }
    let units: Vec<u16> = pairs.iter().map(|pair| from_bytes(*pair)).collect();
    String::from_utf16(&units).map_err(|_| "a lone surrogate in UTF-16 text".to_owned())
}
