//! A real exported configuration, of build 1.1.130.0 (2016): what Cloud Sync would rightly rewrite there.
//!
//! The prediction must name these and nothing else. Source: Microsoft, Entra Connect version history, and the export's rules.
//!
//! | attribute | of | why |
//! |---|---|---|
//! | `employeeId` | users | in the standard rules since 1.1.524.0; this build's metaverse knows the attribute, no rule feeds it |
//! | `onPremisesDistinguishedName` | users | metaverse and connector know it since 1.1.553.0 |
//! | `onPremisesUserPrincipalName` | users | outbound rules export it, no inbound rule feeds it |
//! | `onPremisesDomainName`, `onPremisesNetBiosName`, `onPremisesSamAccountName` | groups | metaverse and connector know them for groups since 1.1.553.0 |

use std::collections::BTreeMap;

use parity::ObjectType;
use parity::compare::Expectation;

use super::rig::Rig;

#[tokio::test]
async fn what_an_old_build_does_not_export_is_predicted_and_nothing_else() {
    let Some(rig) = Rig::contoso().await else { return };
    for unit in rig.units() {
        let listing = rig.listing(&unit, &rig.mappings(&unit).await).await;
        let count = |kind| listing.objects.iter().filter(|object| object.object_type == kind).count() as u64;
        let (users, groups) = (count(ObjectType::User), count(ObjectType::Group));
        assert!(users > 100 && groups > 5, "{unit}: {users} users, {groups} groups");
        let expected = BTreeMap::from([
            ("employeeId", users),
            ("onPremisesDistinguishedName", users),
            ("onPremisesUserPrincipalName", users),
            ("onPremisesDomainName", groups),
            ("onPremisesNetBiosName", groups),
            ("onPremisesSamAccountName", groups),
        ]);
        let prediction = rig.predict(&unit).await;
        let changes: BTreeMap<&str, u64> =
            prediction.changes.iter().map(|(name, found)| (name.as_str(), found.count)).collect();
        assert_eq!(changes, expected, "{unit}");
        assert!(
            prediction.nulls.is_empty() && prediction.unpredictable.is_empty(),
            "{unit}: {prediction:#?}"
        );
        assert_eq!((prediction.creations.count, prediction.anchor_mismatches.count), (0, 0), "{unit}");
        assert_eq!((prediction.unserved.count, prediction.unkeyed.count), (0, 0), "{unit}");

        let report = rig.compare(&unit, Expectation::ExportedByConnect).await;
        let differing: BTreeMap<&str, u64> =
            report.by_attribute.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        assert_eq!(differing, expected, "{unit}: the comparison before the move is the baseline");
    }
    rig.stop().await;
}
