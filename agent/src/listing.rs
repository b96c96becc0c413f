//! The objects of a scope as parity compares them: keys and keyed digests, no values. Asks the host.

mod object;

use std::collections::{BTreeMap, BTreeSet};

use adsync::protocol::{DirectoryEntry, HostErrorCode};
use crds::primitive::DistinguishedName;
use jiff::{SignedDuration, Timestamp};
use parity::{DigestKey, DomainMappings, ListedObject, ObjectKey};
use uuid::Uuid;

use crate::commands::CommandError;
use crate::directory::{self, CLASSES, CONSISTENCY_GUID};
use crate::host::{AdsyncHost, Calls, HostCallError};
use crate::space::EntraObject;
use object::{Listed, References};

/// Attributes read of every object, besides those the mappings name.
const ATTRIBUTES: [&str; 10] = [
    CONSISTENCY_GUID,
    "objectSid",
    "mail",
    "member",
    "manager",
    "whenCreated",
    "whenChanged",
    "isCriticalSystemObject",
    "userAccountControl",
    "objectGUID",
];

/// Attributes that identify a member or manager.
const REFERENCE_ATTRIBUTES: [&str; 3] = [CONSISTENCY_GUID, "objectSid", "mail"];

/// Interval of a scheduler that cannot be read (Source: Microsoft, "Microsoft Entra Connect Sync: Scheduler").
const DEFAULT_INTERVAL: SignedDuration = SignedDuration::from_mins(30);

/// Objects of the Entra connector space by their name in AD.
pub type ByName<'a> = BTreeMap<DistinguishedName, &'a EntraObject>;

/// Indexes the Entra connector space.
pub fn by_name(objects: &[EntraObject]) -> ByName<'_> {
    objects
        .iter()
        .flat_map(|object| object.directory_names.iter().map(move |name| (name.clone(), object)))
        .collect()
}

/// What was created since then may not have reached the cloud: two cycles.
pub fn recent_since(now: Timestamp, interval: Option<SignedDuration>) -> Timestamp {
    let interval = interval.unwrap_or(DEFAULT_INTERVAL);
    now.checked_sub(interval.saturating_mul(2)).unwrap_or(Timestamp::MIN)
}

/// GUID of an organizational unit, container or domain; none when there is no such object.
///
/// # Errors
/// [`HostCallError`]
pub async fn unit_guid<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    name: &DistinguishedName,
) -> Result<Option<Uuid>, HostCallError> {
    let classes = ["organizationalUnit", "container", "domainDNS", "builtinDomain"];
    let entries = match directory::search(host, name.as_str(), &classes, &[], false).await {
        Ok(entries) => entries,
        Err(error) if error.code() == Some(HostErrorCode::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_unit = |entry: &&DirectoryEntry| {
        DistinguishedName::parse(&entry.distinguished_name).is_ok_and(|found| found == *name)
    };
    Ok(entries.iter().find(is_unit).map(|entry| entry.object_guid))
}

/// Reads scopes for one job.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The mappings of the jobs of the domains that are read.
    pub mappings: &'a DomainMappings,
    /// Key of the digests.
    pub key: &'a DigestKey,
    /// What Connect exports.
    pub exported: ByName<'a>,
    /// Domains to look for members and managers in.
    pub domains: Vec<String>,
    /// See [`recent_since`].
    pub recent_since: Timestamp,
}

impl Reader<'_> {
    /// Reads every object below the units, each once.
    ///
    /// # Errors
    /// [`CommandError`]
    pub async fn read<H: AdsyncHost>(
        &self,
        host: &mut Calls<'_, H>,
        units: &[&DistinguishedName],
    ) -> Result<Vec<ListedObject>, CommandError> {
        let mut attributes: BTreeSet<String> = self.mappings.source_attributes();
        attributes.extend(ATTRIBUTES.iter().map(|name| name.to_ascii_lowercase()));
        let attributes: Vec<String> = attributes.into_iter().collect();
        let mut entries: BTreeMap<Uuid, DirectoryEntry> = BTreeMap::new();
        for unit in units {
            for entry in directory::search(host, unit.as_str(), &CLASSES, &attributes, false).await? {
                entries.insert(entry.object_guid, entry);
            }
        }
        let listed: Vec<Listed<'_>> =
            entries.values().filter_map(|entry| object::listed(self, entry, &attributes)).collect();
        let references = References {
            reader: self,
            keys: self.reference_keys(host, &entries).await?,
            own: listed.iter().filter_map(Listed::provisioned).collect(),
        };
        let mut objects: Vec<ListedObject> =
            listed.into_iter().map(|listed| listed.with_references(&references)).collect();
        objects.sort_by(|left, right| left.key.cmp(&right.key));
        Ok(objects)
    }

    /// Keys of everything that members and managers of these entries may name: of the entries themselves and, where that is not
    /// enough, of every object of the domains.
    async fn reference_keys<H: AdsyncHost>(
        &self,
        host: &mut Calls<'_, H>,
        entries: &BTreeMap<Uuid, DirectoryEntry>,
    ) -> Result<BTreeMap<DistinguishedName, ObjectKey>, CommandError> {
        let mut keys = BTreeMap::new();
        let mut add = |entry: &DirectoryEntry| {
            if let (Ok(name), Some(key)) =
                (DistinguishedName::parse(&entry.distinguished_name), object::key_of(entry, self.key))
            {
                keys.insert(name, key);
            }
        };
        entries.values().for_each(&mut add);
        let missing = entries.values().flat_map(object::references).any(|name| {
            DistinguishedName::parse(&name)
                .is_ok_and(|name| self.is_synchronised(&name) && !keys.contains_key(&name))
        });
        if missing {
            let attributes: Vec<String> =
                REFERENCE_ATTRIBUTES.iter().map(|name| (*name).to_owned()).collect();
            for domain in &self.domains {
                for entry in directory::search(host, domain, &CLASSES, &attributes, false).await? {
                    if let (Ok(name), Some(key)) = (
                        DistinguishedName::parse(&entry.distinguished_name),
                        object::key_of(&entry, self.key),
                    ) {
                        keys.insert(name, key);
                    }
                }
            }
        }
        Ok(keys)
    }

    /// Whether an instant of the directory is within two cycles.
    fn is_recent(&self, at: Option<Timestamp>) -> bool {
        at.is_some_and(|at| at >= self.recent_since)
    }

    /// Whether Connect holds an object for the cloud, exported or withheld.
    fn is_synchronised(&self, name: &DistinguishedName) -> bool {
        self.exported.get(name).is_some_and(|object| object.joined)
    }
}
