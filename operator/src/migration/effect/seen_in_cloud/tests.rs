//! What counts as seen before a reading.

use parity::SourceAnchor;

use super::*;

#[test]
fn a_joiner_of_the_reading_itself_is_no_orphan_and_one_of_the_reading_before_is() {
    let joiner = ObjectKey::Anchor(SourceAnchor::from_guid_bytes([7; 16]));
    let seen = || SeenInCloud { reading: "verify-parity-1".to_owned(), keys: [joiner.clone()].into() };
    // Listed before the job provisioned the joiner, compared after it: the directory has to be asked again first.
    assert_eq!(seen().before("verify-parity-1"), BTreeSet::new());
    assert_eq!(seen().before("verify-parity-2"), [joiner.clone()].into());
}

#[test]
fn what_is_kept_is_read_again() {
    let keys = [ObjectKey::Anchor(SourceAnchor::from_guid_bytes([9; 16]))].into();
    let seen = SeenInCloud { reading: "verify-parity-1".to_owned(), keys };
    let json = serde_json::to_vec(&seen).unwrap();
    assert_eq!(serde_json::from_slice::<SeenInCloud>(&json).unwrap(), seen);
}
