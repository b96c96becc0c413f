//! Letters: case and diacritics. Pure.

use super::super::value::{Outcome, Unpredictable, Value};
use super::Call;

/// Which way to map.
#[derive(Clone, Copy)]
pub(super) enum Case {
    Lower,
    Upper,
}

/// .NET maps one character to one: "ß" stays "ß" in upper case.
pub(super) fn lower(c: char) -> char {
    single(c.to_lowercase(), c)
}

pub(super) fn upper(c: char) -> char {
    single(c.to_uppercase(), c)
}

fn single(mut mapped: impl Iterator<Item = char>, original: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => original,
    }
}

/// With the invariant culture. Turkic cultures map "i" differently and are not followed.
pub(super) fn change_case(call: &Call<'_>, case: Case) -> Outcome {
    call.arity_between(1, 2)?;
    if let Some(culture) = call.single(1)? {
        let language = culture.split('-').next().unwrap_or_default().to_ascii_lowercase();
        if ["tr", "az"].contains(&language.as_str()) {
            return Err(call.unpredictable("uses a culture with its own rules for i"));
        }
    }
    let map: fn(char) -> char = match case {
        Case::Lower => lower,
        Case::Upper => upper,
    };
    Ok(call.single(0)?.map_or(Value::Null, |text| Value::Text(text.chars().map(map).collect())))
}

/// Plain letters for the letters of the page's table; combining marks are dropped. A letter outside the table is not
/// settled by the page.
pub(super) fn normalize_diacritics(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    let Some(text) = call.single(0)? else { return Ok(Value::Null) };
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            plain.push(c);
        } else if ('\u{300}'..='\u{36f}').contains(&c) {
            // A combining mark: the letter before it is already there.
        } else if let Some(replacement) = without_diacritic(c) {
            plain.push_str(replacement);
        } else if c.is_alphabetic() {
            return Err(Unpredictable::new(
                "NormalizeDiacritics meets a letter that the page's table does not have",
            ));
        } else {
            plain.push(c);
        }
    }
    Ok(Value::Text(plain))
}

fn without_diacritic(c: char) -> Option<&'static str> {
    const TABLE: [(&str, &str); 39] = [
        ("äàâãåáąăāǟǡ", "a"),
        ("ÄÀÂÃÅÁĄĂĀǞǠ", "A"),
        ("æǣ", "ae"),
        ("ÆǢ", "AE"),
        ("çčć", "c"),
        ("ÇČĆ", "C"),
        ("ďḏ", "d"),
        ("ĎḎ", "D"),
        ("ëèéêęěėēḗḕ", "e"),
        ("ËÈÉÊĘĚĖĒḖḔ", "E"),
        ("ğḡ", "g"),
        ("ĞḠ", "G"),
        ("ïîìíıī", "i"),
        ("ÏÎÌÍİĪ", "I"),
        ("ľłḹḻ", "l"),
        ("ŁĽḸḺ", "L"),
        ("ñńňṉ", "n"),
        ("ÑŃŇṈ", "N"),
        ("öòőõôóōṓṑȫǭȭȱ", "o"),
        ("ÖÒŐÕÔÓŌṒṐȪǬȬȰ", "O"),
        ("øœ", "oe"),
        ("ØŒ", "OE"),
        ("řṟṝ", "r"),
        ("ŘṞṜ", "R"),
        ("ß", "ss"),
        ("šśșş", "s"),
        ("ŠŚȘŞ", "S"),
        ("ťțṯ", "t"),
        ("ŤȚṮ", "T"),
        ("üùûúůűūǖṻ", "u"),
        ("ÜÙÛÚŮŰŪǕṺ", "U"),
        ("ÿýȳ", "y"),
        ("ŸÝȲ", "Y"),
        ("źžż", "z"),
        ("ŹŽŻ", "Z"),
        ("ẕ", "z"),
        ("Ẕ", "Z"),
        ("ṳ", "u"),
        ("Ṳ", "U"),
    ];
    TABLE.iter().find(|(letters, _)| letters.contains(c)).map(|(_, plain)| *plain)
}
