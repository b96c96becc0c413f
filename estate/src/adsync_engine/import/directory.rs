//! Import from Active Directory.

use std::collections::{BTreeMap, HashSet};

use adsync::protocol::RunCounters;
use uuid::Uuid;

use super::{ImportReach, Seen};
use crate::adsync_engine::containers::Selection;
use crate::adsync_engine::core::Core;
use crate::adsync_engine::record::Record;
use crate::directory::{Directory, DirectoryObject};
use crate::dn::DistinguishedName;
use crate::value::Value;

/// Update numbers up to which each domain has been read.
pub(crate) type DirectoryWatermark = BTreeMap<DistinguishedName, u64>;

/// Steps of 100 nanoseconds from 1601 to 1970 (Microsoft, `FILETIME`).
const STEPS_TO_1970: i128 = 116_444_736_000_000_000;

impl Core {
    /// Number of directory objects that an import would read.
    pub(crate) fn directory_import_size(
        selection: &Selection,
        reach: ImportReach,
        watermark: &DirectoryWatermark,
        directory: &Directory,
    ) -> usize {
        match reach {
            ImportReach::Full => {
                directory.iter().filter(|object| selection.partition_of(object).is_some()).count()
            }
            ImportReach::Delta => selection
                .partitions()
                .iter()
                .filter_map(|partition| directory.domain_of(&partition.domain))
                .map(|domain| {
                    directory.changed_since(domain, watermark.get(&domain.dn).copied().unwrap_or(0)).count()
                })
                .sum(),
        }
    }

    /// Imports from the directory.
    pub(crate) fn import_directory(
        &mut self,
        connector: Uuid,
        selection: &Selection,
        reach: ImportReach,
        watermark: &mut DirectoryWatermark,
        directory: &Directory,
    ) -> RunCounters {
        let mut counters = RunCounters::default();
        match reach {
            ImportReach::Full => {
                let mut seen = HashSet::new();
                for object in directory.iter() {
                    if self.import_directory_object(connector, selection, object, &mut counters) {
                        seen.insert(object.guid);
                    }
                }
                self.stage_unseen(connector, &seen, &mut counters);
            }
            ImportReach::Delta => {
                for partition in selection.partitions() {
                    let Some(domain) = directory.domain_of(&partition.domain) else { continue };
                    let from = watermark.get(&domain.dn).copied().unwrap_or(0);
                    for object in directory.changed_since(domain, from) {
                        if object.class.is_container() && object.is_alive() {
                            // A renamed container takes along what lies below it, whose own update numbers stay.
                            for below in directory.under(&object.dn) {
                                self.import_directory_object(connector, selection, below, &mut counters);
                            }
                        } else {
                            self.import_directory_object(connector, selection, object, &mut counters);
                        }
                    }
                }
            }
        }
        for domain in directory.domains() {
            watermark.insert(domain.dn.clone(), domain.highest_committed_usn());
        }
        counters
    }

    /// Imports one object. True if the connector reads it.
    fn import_directory_object(
        &mut self,
        connector: Uuid,
        selection: &Selection,
        object: &DirectoryObject,
        counters: &mut RunCounters,
    ) -> bool {
        let Some(seen) = self.seen_in_directory(selection, object) else {
            self.stage_gone(connector, object.guid, counters);
            return false;
        };
        self.stage_seen(connector, seen, counters);
        true
    }

    /// The object as the connector shows it; none if the connector does not read it.
    fn seen_in_directory(&mut self, selection: &Selection, object: &DirectoryObject) -> Option<Seen> {
        let partition = selection.partition_of(object)?.position;
        Some(Seen {
            key: object.guid,
            dn: object.dn.to_string(),
            object_type: self.symbols.intern(object.class.as_str()),
            partition,
            record: self.directory_record(selection, object),
        })
    }

    /// Attributes of a directory object that a connector reads.
    pub(crate) fn directory_record(&mut self, selection: &Selection, object: &DirectoryObject) -> Record {
        for (name, _) in object.attributes.iter() {
            self.symbols.intern(name.as_str());
        }
        self.known_directory_record(selection, object)
    }

    /// As [`Self::directory_record`], without attributes that no rule, schema or import has named yet.
    pub(crate) fn known_directory_record(&self, selection: &Selection, object: &DirectoryObject) -> Record {
        let known = self.known;
        let computed = [
            (known.dn, vec![Value::String(object.dn.to_string())]),
            (known.cn, vec![Value::text(object.dn.name())]),
            (known.object_guid, vec![Value::Binary(object.guid.to_bytes_le().to_vec())]),
        ];
        let password =
            object.password.filter(|_| selection.has_attribute("pwdLastSet")).and_then(|password| {
                Some((self.symbols.find("pwdLastSet")?, vec![Value::Integer(last_set(password))]))
            });
        let stored = object
            .attributes
            .iter()
            .filter(|(name, _)| selection.has_attribute(name.as_str()))
            .filter_map(|(name, values)| Some((self.symbols.find(name.as_str())?, values.to_vec())));
        computed.into_iter().chain(password).chain(stored).collect()
    }
}

/// `pwdLastSet`: when the password was set, or 0 where it must be changed (Microsoft, `pwdLastSet`).
fn last_set(password: crate::directory::Password) -> i64 {
    if password.must_change {
        return 0;
    }
    i64::try_from(password.set_at.as_nanosecond() / 100 + STEPS_TO_1970).unwrap_or(0)
}
