//! What stays the same of a message when the same request fails in the same way again. No IO.
//!
//! Messages of the service carry ids and times of the one request. Whoever shows a message in a place that is compared with
//! what stood there before, such as a condition, would write at every attempt.

/// Labels in messages of Microsoft's services, in lower case and without the colon; what follows one is of the one request.
/// Source: Microsoft, "Microsoft Entra authentication and authorization error codes".
const LABELS: [&[&str]; 11] = [
    &["trace", "id"],
    &["correlation", "id"],
    &["request", "id"],
    &["activity", "id"],
    &["trace-id"],
    &["correlation-id"],
    &["request-id"],
    &["client-request-id"],
    &["requestid"],
    &["activityid"],
    &["timestamp"],
];

/// The message without what belongs to the one request; `ids` are the request's own.
pub(super) fn steady(message: &str, ids: &[&str]) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    let mut kept = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let [first, after @ ..] = rest {
        if let Some(label) = LABELS.iter().find(|label| begins_with(rest, label)) {
            // The label, and the value where that is a word of its own.
            let named = rest.get(label.len() - 1).is_some_and(|word| word.ends_with(':'));
            rest = rest.get(label.len() + usize::from(named)..).unwrap_or_default();
        } else {
            if !is_instant(first) && !is_of(first, ids) {
                kept.push(*first);
            }
            rest = after;
        }
    }
    kept.join(" ")
}

/// Whether the words begin with a label that ends in a colon, before its value or joined to it.
fn begins_with(words: &[&str], label: &[&str]) -> bool {
    let Some((last, before)) = label.split_last() else { return false };
    let leading = words.iter().zip(before).all(|(word, part)| bare(word).eq_ignore_ascii_case(part));
    let closing = words.get(before.len()).and_then(|word| word.split_once(':'));
    leading && closing.is_some_and(|(name, _)| bare(name).eq_ignore_ascii_case(last))
}

fn bare(word: &str) -> &str {
    word.trim_matches(|character: char| !character.is_ascii_alphanumeric())
}

fn is_of(word: &str, ids: &[&str]) -> bool {
    let word = bare(word);
    let hexadecimal = word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal || ids.iter().any(|id| !id.is_empty() && word.eq_ignore_ascii_case(bare(id)))
}

/// A date, a time of day, or both.
fn is_instant(word: &str) -> bool {
    let shape: String = bare(word)
        .chars()
        .take(10)
        .map(|character| if character.is_ascii_digit() { '0' } else { character })
        .collect();
    shape == "0000-00-00" || shape.starts_with("00:00:00")
}

#[cfg(test)]
mod tests {
    use super::steady;

    #[test]
    fn what_belongs_to_one_request_goes_and_the_rest_stays() {
        let cases = [
            (
                "Insufficient privileges to complete the operation.",
                "Insufficient privileges to complete the operation.",
            ),
            (
                "AADSTS7000215: Invalid client secret provided for app '0c1f'. Trace ID: 1b2f-01 Correlation ID: 7d-2 \
                 Timestamp: 2026-11-21 16:35:01Z",
                "AADSTS7000215: Invalid client secret provided for app '0c1f'.",
            ),
            ("Busy. RequestId:77f0 Time:12:00:01.5 try later", "Busy. Time:12:00:01.5 try later"),
            ("The token expired at 2026-11-21T16:35:01.123Z, renew it", "The token expired at renew it"),
            ("Ref A: 0123456789abcdef0123456789ABCDEF Ref B: AMS", "Ref A: Ref B: AMS"),
            ("request r-1 (c-1) failed", "request failed"),
            (
                "Resource '2f0c6a3e-1111-4222-8333-444455556666' does not exist.",
                "Resource '2f0c6a3e-1111-4222-8333-444455556666' does not exist.",
            ),
            ("request-id:", ""),
            ("Trace ID:", ""),
            ("", ""),
        ];
        for (message, expected) in cases {
            assert_eq!(steady(message, &["r-1", "c-1"]), expected, "{message}");
        }
    }
}
