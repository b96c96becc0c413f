//! Listings: taking over a prediction, and the way through chunks.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::fixture::{key, listed, listing, user};

fn many(count: u32) -> ScopeListing {
    listing((0..count).map(user).collect())
}

#[test]
fn a_listing_survives_the_way() {
    let mut whole = many(50);
    whole.objects.push(listed(ObjectType::Contact, 900));
    whole.objects[3].manager = Some(key().reference(Some(&whole.objects[4].key)));
    whole.objects[5].members = Some(key().members([&whole.objects[4].key]));
    whole.objects[6].disposition = Disposition::Unpredictable { reason: "because".to_owned() };
    whole.objects[7].anchor = None;
    let chunks = whole.encode().unwrap();
    assert_eq!(chunks.len(), 1);
    assert_eq!(ScopeListing::decode(&chunks), Ok(whole.clone()));
    assert_eq!(whole.encode().unwrap(), chunks, "the same listing gives the same bytes");
    assert_eq!(ScopeListing::decode(&many(0).encode().unwrap()), Ok(many(0)));
}

#[test]
fn a_large_listing_is_cut_and_joined_in_any_order() {
    const LIMIT: usize = 2_000;
    let whole = many(500);
    let mut chunks = chunk::encode(&whole, LIMIT).unwrap();
    assert!(chunks.len() > 2, "{}", chunks.len());
    assert!(chunks.iter().all(|chunk| chunk.len() <= LIMIT));
    chunks.reverse();
    chunks.push(chunks[0].clone());
    assert_eq!(ScopeListing::decode(&chunks).as_ref(), Ok(&whole));
    chunks.retain(|chunk| !chunk.starts_with(b"hybrid-identity-listing 1 2 "));
    let of = chunks.len();
    assert_eq!(ScopeListing::decode(&chunks), Err(ListingError::Missing { number: 2, of }));
}

#[test]
fn damage_is_told_by_kind() {
    let chunk = many(3).encode().unwrap().remove(0);
    let none: [&[u8]; 0] = [];
    assert_eq!(ScopeListing::decode(&none), Err(ListingError::Empty));
    for wrong in [&b""[..], b"hello", b"hybrid-identity-listing 1\n", b"other 1 1 1 x 0\n", &[0xff; 300]] {
        assert_eq!(ScopeListing::decode(&[wrong]), Err(ListingError::NotAChunk { place: 1 }), "{wrong:?}");
    }
    let cut = &chunk[..chunk.len() - 5];
    assert!(matches!(ScopeListing::decode(&[cut]), Err(ListingError::Length { number: 1, .. })));
    let newer = String::from_utf8_lossy(&chunk[..30]).replacen(" 1 ", " 2 ", 1);
    assert_eq!(
        ScopeListing::decode(&[[newer.as_bytes(), &chunk[30..]].concat()]),
        Err(ListingError::Version { found: 2 })
    );
    let mut flipped = chunk.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(matches!(ScopeListing::decode(&[&flipped]), Err(ListingError::Digest { .. })));
    assert_eq!(ScopeListing::decode(&[&chunk, &flipped]), Err(ListingError::Mixed { number: 1 }));
    let other = many(4).encode().unwrap().remove(0);
    assert_eq!(ScopeListing::decode(&[chunk, other]), Err(ListingError::Mixed { number: 1 }));
}

#[test]
fn chunks_of_two_listings_do_not_mix() {
    let (one, other) =
        (chunk::encode(&many(100), 2_000).unwrap(), chunk::encode(&many(100 + 1), 2_000).unwrap());
    assert_eq!(one.len(), other.len(), "told apart by digest, not by count");
    let mut mixed = one;
    mixed[1].clone_from(&other[1]);
    assert_eq!(ScopeListing::decode(&mixed), Err(ListingError::Mixed { number: 2 }));
}

#[test]
fn lines_are_bounded_on_both_ways() {
    let mut whole = many(1);
    whole.scope = "x".repeat(100_000);
    assert!(matches!(whole.encode(), Err(ListingError::Content { line: 1, .. })));
    whole.scope = "x".to_owned();
    whole.objects[0].disposition = Disposition::Unpredictable { reason: "x".repeat(100_000) };
    assert!(matches!(whole.encode(), Err(ListingError::Content { line: 2, .. })));
    let head = format!(
        "{{\"scope\":\"{}\",\"epoch\":1,\"keyId\":\"{}\",\"mappingDigest\":\"m\",\"objects\":0}}\n",
        "x".repeat(100_000),
        key().id()
    );
    assert!(matches!(
        ScopeListing::decode(&[forged(head.as_bytes())]),
        Err(ListingError::Content { line: 1, .. })
    ));
}

/// A chunk whose head is right and whose content is not what an agent writes.
fn forged(content: &[u8]) -> Vec<u8> {
    use std::io::Write as _;

    use sha2::Digest as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(content).unwrap();
    let bytes = packer.finish().unwrap();
    let digest = crate::digest::hex(&sha2::Sha256::digest(&bytes));
    [format!("hybrid-identity-listing 1 1 1 {digest} {}\n", bytes.len()).as_bytes(), &bytes].concat()
}

#[test]
fn a_right_head_does_not_vouch_for_the_content() {
    let head = format!(
        "{{\"scope\":\"s\",\"epoch\":1,\"keyId\":\"{}\",\"mappingDigest\":\"m\",\"objects\":1}}\n",
        key().id()
    );
    let endless = [b"{\"scope\":\"".as_slice(), &vec![b'x'; 100_000]].concat();
    for content in [
        &b""[..],
        b"{}\n",
        head.as_bytes(),
        format!("{head}{{}}\n").as_bytes(),
        head.trim().as_bytes(),
        &endless,
    ] {
        let found = ScopeListing::decode(&[forged(content)]);
        assert!(matches!(found, Err(ListingError::Content { .. })), "{found:?}");
    }
    let counted = head.replace("\"objects\":1", "\"objects\":0");
    assert!(ScopeListing::decode(&[forged(counted.as_bytes())]).is_ok());
}

#[test]
fn a_prediction_becomes_digests_under_the_names_of_both_sides() {
    let value = |text: &str| PredictedValue::Values(vec![text.to_owned()]);
    let unpredictable = || PredictedValue::Unpredictable { reason: "because".to_owned() };
    let predicted = Predicted {
        disposition: Disposition::OutOfScope,
        target_type: Some("User".to_owned()),
        attributes: BTreeMap::from([
            ("DisplayName".to_owned(), value("Ann")),
            ("sn".to_owned(), value("Doe")),
            ("title".to_owned(), PredictedValue::Absent),
            ("city".to_owned(), PredictedValue::Untouched),
            ("mail".to_owned(), unpredictable()),
            ("homePhone".to_owned(), value("1")),
            ("CredentialData".to_owned(), unpredictable()),
            ("manager".to_owned(), unpredictable()),
            ("SourceAnchor".to_owned(), value("x")),
            // Two targets of one property that disagree.
            ("mobile".to_owned(), value("1")),
            ("mobilePhone".to_owned(), value("2")),
        ]),
    };
    let mut object = user(1);
    object.set_predicted(&predicted, &key());
    assert_eq!(object.disposition, Disposition::OutOfScope);
    let expected = BTreeMap::from([
        ("displayName".to_owned(), key().attribute("displayName", &["Ann".to_owned()])),
        ("surname".to_owned(), key().attribute("surname", &["Doe".to_owned()])),
        ("jobTitle".to_owned(), AttributeDigest::Absent),
        ("homePhone".to_owned(), key().attribute("homePhone", &["1".to_owned()])),
    ]);
    assert_eq!(object.attributes, expected);
    assert_eq!(object.unpredictable.into_iter().collect::<Vec<_>>(), ["mail", "manager", "mobile"]);
}

#[test]
fn references_are_set_by_whoever_lists_or_are_unpredictable() {
    let mut predicted = Predicted {
        disposition: Disposition::Provisioned,
        target_type: Some("Group".to_owned()),
        attributes: BTreeMap::from([("Member".to_owned(), PredictedValue::References)]),
    };
    let mut object = crate::fixture::listed(crate::ObjectType::Group, 1);
    object.set_predicted(&predicted, &key());
    assert_eq!(predicted.references(), Some(&PredictedValue::References));
    assert!(object.attributes.is_empty() && object.unpredictable.is_empty());
    predicted
        .attributes
        .insert("Member".to_owned(), PredictedValue::Unpredictable { reason: "x".to_owned() });
    object.set_predicted(&predicted, &key());
    assert_eq!(object.unpredictable.into_iter().collect::<Vec<_>>(), ["members"]);
    predicted.attributes.clear();
    assert_eq!(predicted.references(), None);
}

#[test]
fn anchors_are_compared_where_both_are_known() {
    let mut object = user(1);
    assert!(!object.has_anchor_mismatch());
    object.exported_anchor = Some(crate::fixture::anchor(2));
    assert!(object.has_anchor_mismatch());
    object.exported_anchor = None;
    assert!(!object.has_anchor_mismatch());
    object.anchor = None;
    assert!(object.has_anchor_mismatch());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_is_an_error_and_never_a_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4)) {
        prop_assert!(ScopeListing::decode(&chunks).is_err());
    }

    #[test]
    fn every_single_changed_byte_is_found(at in any::<prop::sample::Index>(), mask in 1_u8..) {
        let mut chunk = many(5).encode().unwrap().remove(0);
        let at = at.index(chunk.len());
        chunk[at] ^= mask;
        prop_assert!(ScopeListing::decode(&[chunk]).is_err());
    }

    #[test]
    fn every_content_is_an_error_or_a_listing(content in "[\\PC\n]{0,200}") {
        prop_assert!(ScopeListing::decode(&[forged(content.as_bytes())]).is_err());
    }

    #[test]
    fn every_cut_is_found(at in any::<prop::sample::Index>()) {
        let chunk = many(5).encode().unwrap().remove(0);
        let at = at.index(chunk.len());
        prop_assert!(ScopeListing::decode(&[&chunk[..at]]).is_err());
    }
}
