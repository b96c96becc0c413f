//! The formats that the API server checks. Pure.

use serde_json::Value;

/// Formats that are understood here.
pub(super) const KNOWN: &[&str] = &["int32", "int64", "date", "date-time"];

/// Whether a value of the right type has the format.
pub(super) fn holds(format: &str, value: &Value) -> bool {
    match (format, value) {
        ("date", Value::String(text)) => is_date(text),
        ("date-time", Value::String(text)) => is_date_time(text),
        ("int32", Value::Number(number)) => {
            number.as_i64().is_none_or(|number| i32::try_from(number).is_ok())
        }
        ("int64", Value::Number(number)) => number.is_f64() || number.as_i64().is_some(),
        _ => true,
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// An instant as the API server checks it, which is more lenient than RFC 3339 (any offset of two by two digits, anything before
/// the fraction). Source: k8s.io/kube-openapi, `strfmt.IsDateTime`.
fn is_date_time(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let Some((date, rest)) = text.split_once('t') else { return false };
    let Some((time, rest)) = rest.split_at_checked(8) else { return false };
    let mut fields = time.split(':');
    let mut up_to = |most: &str| fields.next().is_some_and(|field| is_digits(field, 2) && field <= most);
    let is_time = up_to("23") && up_to("59") && up_to("59");
    let fraction = match rest.strip_suffix('z') {
        Some(fraction) => Some(fraction),
        None => {
            rest.len().checked_sub(6).and_then(|at| rest.split_at_checked(at)).and_then(|(fraction, zone)| {
                let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
                (is_digits(hours, 2) && is_digits(minutes, 2)).then_some(fraction)
            })
        }
    };
    let is_fraction = |fraction: &str| {
        let mut rest = fraction.chars();
        rest.next().is_none() || (!rest.as_str().is_empty() && rest.all(|c| c.is_ascii_digit()))
    };
    is_date(date) && is_time && fraction.is_some_and(is_fraction)
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}
