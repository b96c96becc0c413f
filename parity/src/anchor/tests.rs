//! Anchors: known values, the two fallbacks, and names of the connector space.

use proptest::prelude::*;

use super::*;

/// `{00112233-4455-6677-8899-aabbccddeeff}` in the order Active Directory returns it.
const GUID: [u8; 16] =
    [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];

#[test]
fn a_guid_becomes_its_base64_text() {
    let anchor = SourceAnchor::from_guid_bytes(GUID);
    assert_eq!(anchor.as_str(), "MyIRAFVEd2aImaq7zN3u/w==");
    assert_eq!(anchor.guid_bytes(), Some(GUID));
}

#[test]
fn the_connector_space_name_is_the_hex_of_the_text() {
    let anchor = SourceAnchor::from_guid_bytes(GUID);
    let name = "CN={4d79495241465645643261496d6171377a4e33752f773d3d}";
    assert_eq!(anchor.to_connector_space_dn(), name);
    assert_eq!(SourceAnchor::from_connector_space_dn(name), Ok(anchor.clone()));
    assert_eq!(SourceAnchor::from_connector_space_dn(&name.to_uppercase()), Ok(anchor));
}

#[test]
fn the_consistency_guid_wins_where_it_is_present() {
    let other = [7; 16];
    let table: [(Option<&[u8]>, [u8; 16]); 3] = [(None, GUID), (Some(&[]), GUID), (Some(&other), other)];
    for (consistency, expected) in table {
        let anchor = SourceAnchor::computed_by_cloud_sync(&GUID, consistency).unwrap();
        assert_eq!(anchor, SourceAnchor::from_guid_bytes(expected), "{consistency:?}");
    }
}

#[test]
fn a_wrong_length_is_told_and_does_not_fall_back() {
    assert_eq!(
        SourceAnchor::computed_by_cloud_sync(&GUID, Some(&[1, 2, 3])),
        Err(AnchorError::Length { attribute: "mS-DS-ConsistencyGuid", found: 3 })
    );
    assert_eq!(
        SourceAnchor::computed_by_cloud_sync(&[], None),
        Err(AnchorError::Length { attribute: "objectGUID", found: 0 })
    );
}

#[test]
fn other_names_and_texts_are_refused() {
    let names = [
        "",
        "CN=",
        "CN={}",
        "CN={4}",
        "CN={zz}",
        "OU={4d79}",
        "CN=4d79",
        "CN={4d79",
        "CN={ff}",
        "CN={é0}",
        "CN={0a}",
    ];
    for name in names {
        assert!(SourceAnchor::from_connector_space_dn(name).is_err(), "{name}");
    }
    for text in ["", "a\nb", &"x".repeat(257)] {
        assert!(SourceAnchor::parse(text).is_err(), "{text}");
    }
}

#[test]
fn an_anchor_of_another_kind_is_kept_and_is_no_guid() {
    let anchor = SourceAnchor::parse("E1234@contoso.com").unwrap();
    assert_eq!(anchor.guid_bytes(), None);
    assert_eq!(SourceAnchor::from_connector_space_dn(&anchor.to_connector_space_dn()), Ok(anchor));
}

proptest! {
    #[test]
    fn every_guid_survives_both_forms(bytes in any::<[u8; 16]>()) {
        let anchor = SourceAnchor::from_guid_bytes(bytes);
        prop_assert_eq!(anchor.guid_bytes(), Some(bytes));
        prop_assert_eq!(SourceAnchor::parse(anchor.as_str()), Ok(anchor.clone()));
        let again = SourceAnchor::from_connector_space_dn(&anchor.to_connector_space_dn());
        prop_assert_eq!(again, Ok(anchor));
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,80}") {
        let _ = SourceAnchor::from_connector_space_dn(&text);
        let _ = SourceAnchor::parse(&text);
    }
}
