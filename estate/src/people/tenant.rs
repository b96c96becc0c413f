//! What people do to the tenant in the portal or with PowerShell. Pure. Synchronized objects are named by their source anchor.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::directory::Given;
use super::{ActError, Done};
use crate::estate::Estate;
use crate::password_writeback::WritebackEngine;
use crate::tenant::{CloudKind, CloudObject, DeletionPrevention, FEATURES};
use crate::value::{AttributeName, Attributes, Value};
use crate::world::World;

/// One deed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum TenantAction {
    /// A synchronized object is deleted: users softly, everything else for good.
    Delete {
        /// Its source anchor.
        anchor: String,
    },
    /// A synchronized object is deleted for good, from the recycle bin too.
    HardDelete {
        /// Its source anchor.
        anchor: String,
    },
    /// A soft-deleted user is restored.
    Restore {
        /// Its source anchor.
        anchor: String,
    },
    /// Attributes of a synchronized object are edited in the cloud; no values clear one.
    Edit {
        /// Its source anchor.
        anchor: String,
        /// The attributes, neither references nor names that must be unique.
        attributes: BTreeMap<String, Vec<Given>>,
    },
    /// A cloud-only object is made.
    CreateCloudOnly {
        /// Its kind.
        kind: CloudKind,
        /// Its attributes.
        attributes: BTreeMap<String, Vec<Given>>,
    },
    /// A licence is assigned.
    AssignLicence {
        /// The user's source anchor.
        anchor: String,
        /// The licence.
        licence: String,
    },
    /// Source of authority goes to the cloud or comes back (`isCloudManaged`).
    SetCloudManaged {
        /// The object's source anchor.
        anchor: String,
        /// To the cloud?
        on: bool,
    },
    /// Somebody's password is reset in the cloud; an engine may write it back to the directory.
    ResetPassword {
        /// The user's source anchor.
        anchor: String,
    },
    /// Password writeback by cloud sync is turned on or off; turning it on takes it away from Connect.
    SetPasswordWriteback {
        /// On?
        on: bool,
    },
    /// A feature is switched, such as `blockSoftMatchEnabled` or `blockCloudObjectTakeoverThroughHardMatchEnabled`.
    SetFeature {
        /// Its name on `onPremisesDirectorySynchronization.features`.
        feature: String,
        /// On?
        on: bool,
    },
    /// The tenant's deletion guard is changed.
    SetDeletionPrevention {
        /// The new guard.
        guard: DeletionPrevention,
    },
}

/// Attributes by which objects are matched: the estate's people leave them alone.
const UNIQUE: [&str; 2] = ["userPrincipalName", "proxyAddresses"];
/// Attributes that refer to other objects.
const REFERENCES: [&str; 2] = ["manager", "member"];

impl TenantAction {
    pub(super) fn carry_out(self, estate: &mut Estate) -> Result<Done, ActError> {
        if let Self::ResetPassword { anchor } = &self {
            let object_id = live(&estate.world, anchor)?;
            let source = estate.world.tenant.get(object_id).and_then(|object| object.source);
            estate.reset_password_in_cloud(source.unwrap_or_default());
            return Ok(Done::CloudObject { object_id });
        }
        estate.with_world(|world, now| self.on_tenant(world, now))
    }

    fn on_tenant(self, world: &mut World, now: Timestamp) -> Result<Done, ActError> {
        match self {
            Self::ResetPassword { anchor } => Ok(Done::CloudObject { object_id: live(world, &anchor)? }),
            Self::SetPasswordWriteback { on: true } => {
                world.password_writeback.take(WritebackEngine::CloudSync);
                Ok(Done::Quietly)
            }
            Self::SetPasswordWriteback { on: false } => {
                world.password_writeback.give_up(WritebackEngine::CloudSync);
                Ok(Done::Quietly)
            }
            Self::Delete { anchor } => {
                let id = live(world, &anchor)?;
                world.delete_by_person(&anchor, now);
                Ok(Done::CloudObject { object_id: id })
            }
            Self::HardDelete { anchor } => {
                let object_id = world
                    .hard_delete_by_person(&anchor, now)
                    .ok_or(ActError::NotFound { what: ANCHORED, name: anchor })?;
                Ok(Done::CloudObject { object_id })
            }
            Self::Restore { anchor } => {
                let restored = world.tenant.restore_by_person(&anchor, now);
                let restored = restored.map_err(|refusal| ActError::Refused(refusal.to_string()))?;
                let missing =
                    || ActError::NotFound { what: "soft-deleted user with the anchor", name: anchor };
                Ok(Done::CloudObject { object_id: restored.ok_or_else(missing)? })
            }
            Self::Edit { anchor, attributes } => {
                let attributes = plain(attributes)?;
                edit(world, &anchor, now, |object| {
                    for (name, values) in attributes {
                        object.attributes.set(name, values);
                    }
                })
            }
            Self::CreateCloudOnly { kind, attributes } => {
                let attributes: Attributes = values(attributes).collect();
                let made = world.tenant.create_cloud_only(kind, attributes, now);
                let object_id = made.map_err(|refusal| ActError::Refused(refusal.to_string()))?;
                Ok(Done::CloudObject { object_id })
            }
            Self::AssignLicence { anchor, licence } => edit(world, &anchor, now, |object| {
                object.licences.insert(licence);
            }),
            Self::SetCloudManaged { anchor, on } => {
                edit(world, &anchor, now, |object| object.is_cloud_managed = on)
            }
            Self::SetFeature { feature, on } => {
                let known = FEATURES.iter().find(|known| **known == feature);
                let known = known.ok_or(ActError::NotFound { what: "feature", name: feature })?;
                world.tenant.settings.features.insert((*known).to_owned(), on);
                Ok(Done::Quietly)
            }
            Self::SetDeletionPrevention { guard } => {
                world.tenant.settings.deletion_prevention = guard;
                Ok(Done::Quietly)
            }
        }
    }
}

const ANCHORED: &str = "object of the tenant with the anchor";

fn live(world: &World, anchor: &str) -> Result<Uuid, ActError> {
    let object = world.tenant.by_anchor(anchor);
    object
        .map(|object| object.id)
        .ok_or_else(|| ActError::NotFound { what: ANCHORED, name: anchor.to_owned() })
}

fn edit(
    world: &mut World,
    anchor: &str,
    now: Timestamp,
    edit: impl FnOnce(&mut CloudObject),
) -> Result<Done, ActError> {
    let object_id = live(world, anchor)?;
    world.tenant.edit_by_person(object_id, now, edit);
    Ok(Done::CloudObject { object_id })
}

fn values(given: BTreeMap<String, Vec<Given>>) -> impl Iterator<Item = (AttributeName, Vec<Value>)> {
    given.into_iter().map(|(name, values)| {
        (AttributeName::new(name), values.into_iter().map(Given::into_plain_value).collect())
    })
}

/// Values of attributes that are no references and need not be unique.
fn plain(given: BTreeMap<String, Vec<Given>>) -> Result<Vec<(AttributeName, Vec<Value>)>, ActError> {
    let kept = |name: &String| UNIQUE.iter().chain(&REFERENCES).any(|other| other.eq_ignore_ascii_case(name));
    if let Some(name) = given.keys().find(|name| kept(name)) {
        return Err(ActError::BadRequest(format!(
            "expected an attribute that is no reference and need not be unique, found {name}"
        )));
    }
    Ok(values(given).collect())
}
