//! Digests: what counts as equal, what must not, and that the key decides.

use proptest::prelude::*;

use super::*;
use crate::ObjectKey;

fn key() -> DigestKey {
    DigestKey::new(*b"0123456789abcdef0123456789abcdef")
}

fn digest(name: &str, values: &[&str]) -> AttributeDigest {
    key().attribute(name, &values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
}

/// Computed with Python's `hmac` and `hashlib` over the length-prefixed parts "attribute", "displayname", "Ann".
#[test]
fn the_digest_is_the_documented_one() {
    assert_eq!(serde_json::to_string(&digest("displayName", &["Ann"])).unwrap(), EXPECTED);
}

const EXPECTED: &str = "\"9700f80d451d7049\"";

#[test]
fn what_is_written_differently_and_means_the_same_is_equal() {
    let table: [(&str, &[&str], &[&str]); 9] = [
        ("displayName", &["Ann"], &["Ann", "Ann"]),
        ("displayName", &["Ann"], &["Ann", ""]),
        ("DisplayName", &["Ann"], &["Ann"]),
        ("userPrincipalName", &["Ann@Contoso.com"], &["ann@contoso.com"]),
        ("mail", &["ANN@contoso.com"], &["ann@CONTOSO.com"]),
        ("accountEnabled", &["TRUE"], &["true"]),
        ("proxyAddresses", &["SMTP:A@x.com", "smtp:b@x.com"], &["smtp:B@x.com", "SMTP:a@x.com"]),
        ("proxyAddresses", &["SMTP:a@x.com", "smtp:a@contoso.onmicrosoft.com"], &["SMTP:a@x.com"]),
        ("displayName", &[""], &[]),
    ];
    for (name, left, right) in table {
        assert_eq!(digest(name, left), digest(name, right), "{name} {left:?} {right:?}");
    }
}

#[test]
fn what_means_something_else_differs() {
    let table: [(&str, &[&str], &[&str]); 8] = [
        ("displayName", &["Ann"], &["ann"]),
        ("displayName", &["Ann"], &["Ann "]),
        ("displayName", &["Ann"], &[]),
        ("department", &["ab", "c"], &["a", "bc"]),
        ("proxyAddresses", &["SMTP:a@x.com"], &["smtp:a@x.com"]),
        ("proxyAddresses", &["x500:a"], &["smtp:a"]),
        ("proxyAddresses", &["SIP:a@contoso.onmicrosoft.com"], &[]),
        ("accountEnabled", &["True"], &["False"]),
    ];
    for (name, left, right) in table {
        assert_ne!(digest(name, left), digest(name, right), "{name} {left:?} {right:?}");
    }
    assert_ne!(digest("givenName", &["Ann"]), digest("surname", &["Ann"]));
}

#[test]
fn the_key_decides_and_stays_hidden() {
    let other = DigestKey::new([1; 32]);
    let values = ["Ann".to_owned()];
    assert_ne!(key().attribute("mail", &values), other.attribute("mail", &values));
    assert_ne!(key().id(), other.id());
    assert!(!format!("{:?}", key()).contains("0123"));
    assert_eq!(DigestKey::from_slice(&[1; 31]), Err(DigestError::KeyLength { found: 31 }));
    assert_eq!(DigestKey::from_slice(&[1; 32]), Ok(other));
}

#[test]
fn users_and_groups_among_members_are_a_set_and_others_are_counted() {
    let member = |number: u32| ObjectKey::Anchor(crate::fixture::anchor(number));
    let group = ObjectKey::Sid(crate::fixture::identifier(3));
    let (contact, none) = (ObjectKey::Mail(key().mail("a")), ObjectKey::Unkeyed("x".to_owned()));
    let digest = key().members([&member(1), &group]);
    assert_eq!(digest, key().members([&group, &member(1), &group]));
    assert_eq!((digest.count, digest.others, digest.total()), (2, 0, 2));
    let with_others = key().members([&group, &contact, &member(1), &none, &none]);
    assert_eq!((with_others.digest, with_others.count, with_others.others), (digest.digest, 2, 2));
    assert_ne!(digest.digest, key().members([&group]).digest);
    assert_eq!(key().members([]).total(), 0);
}

#[test]
fn memberships_differ_agree_or_cannot_be_decided() {
    let (one, two) =
        (ObjectKey::Anchor(crate::fixture::anchor(1)), ObjectKey::Anchor(crate::fixture::anchor(2)));
    let (a, b) = (ObjectKey::Unkeyed("a".to_owned()), ObjectKey::Unkeyed("b".to_owned()));
    let table: [(&[&ObjectKey], &[&ObjectKey], Memberships); 7] = [
        (&[], &[], Memberships::Same),
        (&[&one, &two], &[&two, &one], Memberships::Same),
        (&[&one], &[&two], Memberships::Differ),
        (&[&one], &[&one, &two], Memberships::Differ),
        (&[&one, &a], &[&one, &b], Memberships::Undecided),
        (&[&one, &a], &[&two, &b], Memberships::Differ),
        // The one without a key in the cloud may be the second one here: it was made while the cloud was read.
        (&[&one, &two], &[&one, &a], Memberships::Undecided),
    ];
    for (here, there, expected) in table {
        let digest = |keys: &[&ObjectKey]| key().members(keys.iter().copied());
        assert_eq!(digest(here).against(&digest(there)), expected, "{here:?} {there:?}");
    }
}

#[test]
fn references_and_names() {
    let manager = ObjectKey::Mail(key().mail("boss"));
    assert_eq!(key().reference(None), AttributeDigest::Absent);
    assert_ne!(key().reference(Some(&manager)), AttributeDigest::Absent);
    assert_eq!(key().distinguished_name("CN=A,DC=x"), key().distinguished_name("cn=a,dc=X"));
}

#[test]
fn a_digest_is_sixteen_digits_or_null() {
    assert_eq!(serde_json::to_string(&AttributeDigest::Absent).unwrap(), "null");
    for wrong in ["\"12\"", "\"000000000000000g\"", "7", "\"+00000000000000a\""] {
        assert!(serde_json::from_str::<AttributeDigest>(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_count(mut values in prop::collection::vec("\\PC{0,12}", 0..6), name in "[a-zA-Z]{1,20}") {
        let first = key().attribute(&name, &values);
        values.reverse();
        values.extend(values.clone());
        prop_assert_eq!(first, key().attribute(&name, &values));
    }

    #[test]
    fn digests_survive_json(value in "\\PC{1,20}") {
        let digest = key().attribute("displayName", &[value]);
        let text = serde_json::to_string(&digest).unwrap();
        prop_assert_eq!(serde_json::from_str::<AttributeDigest>(&text).unwrap(), digest);
    }
}
