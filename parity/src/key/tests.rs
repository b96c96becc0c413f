//! Keys and security identifiers.

use proptest::prelude::*;

use super::*;

/// `S-1-5-21-1-2-3-1104`.
const SID: [u8; 28] =
    [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0x50, 4, 0, 0];

fn digest_key() -> DigestKey {
    DigestKey::new([7; 32])
}

#[test]
fn octets_of_a_security_identifier_become_its_text() {
    assert_eq!(SecurityIdentifier::from_bytes(&SID).unwrap().as_str(), "S-1-5-21-1-2-3-1104");
    let builtin = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
    assert_eq!(SecurityIdentifier::from_bytes(&builtin).unwrap().as_str(), "S-1-5-32-544");
    for wrong in [&SID[..27], &[], &[2, 0, 0, 0, 0, 0, 0, 5], &[1, 9, 0, 0, 0, 0, 0, 5]] {
        assert!(SecurityIdentifier::from_bytes(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn texts_of_security_identifiers_are_checked() {
    assert_eq!(SecurityIdentifier::parse("s-1-5-18").unwrap().as_str(), "S-1-5-18");
    for wrong in ["", "S-1-", "S-1-5-", "S-1-5--1", "S-1-x", "S-2-5-18", "cn=x"] {
        assert!(SecurityIdentifier::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_account_knows_its_domain_and_what_is_of_none_does_not() {
    let domain = |text: &str| SecurityIdentifier::parse(text).unwrap().domain().map(str::to_owned);
    assert_eq!(domain("S-1-5-21-1-2-3-1104").as_deref(), Some("S-1-5-21-1-2-3"));
    for of_none in ["S-1-5-32-544", "S-1-5-18", "S-1-5-21-1-2-3", "S-1-5-21-1-2-3-4-5"] {
        assert_eq!(domain(of_none), None, "{of_none}");
    }
}

#[test]
fn each_type_has_its_mark() {
    let anchor = SourceAnchor::from_guid_bytes([1; 16]);
    let identifier = SecurityIdentifier::from_bytes(&SID).unwrap();
    let marks =
        Marks { anchor: Some(&anchor), security_identifier: Some(&identifier), mail: Some("A@Contoso.com") };
    let key = |object_type, marks: &Marks<'_>| ObjectKey::of(object_type, marks, "name", &digest_key());
    assert_eq!(key(ObjectType::User, &marks), ObjectKey::Anchor(anchor.clone()));
    assert_eq!(key(ObjectType::InetOrgPerson, &marks), ObjectKey::Anchor(anchor.clone()));
    assert_eq!(key(ObjectType::Group, &marks), ObjectKey::Sid(identifier.clone()));
    let lower = Marks { mail: Some(" a@contoso.COM"), ..marks };
    assert_eq!(key(ObjectType::Contact, &marks), key(ObjectType::Contact, &lower));
    for object_type in [ObjectType::User, ObjectType::Group, ObjectType::Contact] {
        let found = key(object_type, &Marks { mail: Some(" "), ..Marks::default() });
        assert_eq!(found, ObjectKey::Unkeyed("name".to_owned()));
        assert!(!found.is_keyed());
    }
}

#[test]
fn keys_are_written_with_their_kind_and_read_again() {
    let keys = [
        ObjectKey::Anchor(SourceAnchor::from_guid_bytes([9; 16])),
        ObjectKey::Sid(SecurityIdentifier::parse("S-1-5-32-544").unwrap()),
        ObjectKey::Mail(digest_key().mail("a@b.c")),
        ObjectKey::Unkeyed("x:y".to_owned()),
    ];
    for key in keys {
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<ObjectKey>(&text).unwrap(), key, "{text}");
    }
    for wrong in ["", "anchor:", "sid:x", "mail:12", "person:x", "anchor"] {
        assert!(wrong.parse::<ObjectKey>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_input_makes_the_readers_panic(text in "\\PC{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = text.parse::<ObjectKey>();
        let _ = SecurityIdentifier::parse(&text);
        if let Ok(identifier) = SecurityIdentifier::from_bytes(&bytes) {
            prop_assert_eq!(SecurityIdentifier::parse(identifier.as_str()), Ok(identifier));
        }
    }
}
