//! Directory operations of the host protocol: what the host's own account reads and writes in Active Directory.

use adsync::protocol::{Attribute, DirectoryEntry, DirectoryPage, DirectorySearch, HostError, HostErrorCode};
use jiff::Timestamp;
use uuid::Uuid;

use super::host::{Reply, refuse};
use super::server::SyncServer;
use crate::directory::{Directory, DirectoryError, DirectoryObject, NewObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::value::{AttributeName, Attributes, Value};
use crate::world::World;

/// Most objects of one page (`MaxPageSize` of a domain controller).
const LARGEST_PAGE: usize = 1_000;

impl SyncServer {
    /// `Get-ADObject` by pages; the cookie is the number of objects before the page.
    pub(super) fn search_directory(search: &DirectorySearch, world: &World) -> Reply<DirectoryPage> {
        let directory = &world.directory;
        let base = parse_name(&search.base)?;
        let Some(domain) = directory.domain_of(&base) else { return not_found(&search.base) };
        let from: usize = match search.cookie.as_deref().map(str::parse) {
            None => 0,
            Some(Ok(from)) => from,
            Some(Err(_)) => return refuse(HostErrorCode::BadRequest, "the cookie is not one of this search"),
        };
        let wanted = |object: &&DirectoryObject| {
            let classes = &search.object_classes;
            classes.is_empty()
                || classes.iter().any(|class| class.eq_ignore_ascii_case(object.class.as_str()))
        };
        let size = usize::try_from(search.page_size).unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE);
        let show = |object: &DirectoryObject| entry(directory, object, &search.attributes);
        let mut found: Vec<DirectoryEntry> = if search.deleted {
            directory.deleted(domain).filter(wanted).skip(from).take(size + 1).map(show).collect()
        } else {
            if directory.by_dn(&base).is_none() {
                return not_found(&search.base);
            }
            directory.under(&base).filter(wanted).skip(from).take(size + 1).map(show).collect()
        };
        let more = found.len() > size;
        found.truncate(size);
        Ok(DirectoryPage {
            entries: found,
            cookie: more.then(|| from.saturating_add(size).to_string()),
            highest_committed_usn: domain.highest_committed_usn(),
        })
    }

    /// `New-ADObject`.
    pub(super) fn create_directory_object(
        &self,
        name: &str,
        class: &str,
        attributes: &[Attribute],
        now: Timestamp,
        world: &mut World,
    ) -> Reply<DirectoryEntry> {
        let dn = parse_name(name)?;
        let Some(class) =
            ObjectClass::parse(class).filter(|class| matches!(class, ObjectClass::User | ObjectClass::Group))
        else {
            return refuse(HostErrorCode::BadRequest, format!("expected class user or group, found {class}"));
        };
        let (values, _) = self.directory_values(attributes, &world.directory)?;
        let guid = world
            .directory
            .create(NewObject { dn, class, attributes: values }, now)
            .map_err(|error| directory_error(&error))?;
        let names: Vec<String> = attributes.iter().map(|attribute| attribute.name.clone()).collect();
        let Some(object) = world.directory.get(guid) else { return not_found(name) };
        Ok(entry(&world.directory, object, &names))
    }

    /// `Set-ADObject`.
    pub(super) fn modify_directory_object(
        &self,
        name: &str,
        attributes: &[Attribute],
        now: Timestamp,
        world: &mut World,
    ) -> Reply<()> {
        let guid = find(name, &world.directory)?;
        let (values, cleared) = self.directory_values(attributes, &world.directory)?;
        world.directory.modify(guid, values, &cleared, now).map_err(|error| directory_error(&error))
    }

    /// `Remove-ADObject`.
    pub(super) fn delete_directory_object(name: &str, now: Timestamp, world: &mut World) -> Reply<()> {
        let guid = find(name, &world.directory)?;
        world.directory.delete(guid, now).map_err(|error| directory_error(&error))
    }

    /// Texts of the protocol as the directory stores them, and the names of attributes to clear.
    fn directory_values<'a>(
        &self,
        attributes: &'a [Attribute],
        directory: &Directory,
    ) -> Reply<(Attributes, Vec<&'a str>)> {
        let mut values = Attributes::new();
        let mut cleared = Vec::new();
        for attribute in attributes {
            if attribute.values.is_empty() {
                cleared.push(attribute.name.as_str());
                continue;
            }
            let parsed = attribute
                .values
                .iter()
                .map(|text| self.directory_value(&attribute.name, text, directory))
                .collect::<Reply<Vec<Value>>>()?;
            values.set(AttributeName::new(attribute.name.clone()), parsed);
        }
        Ok((values, cleared))
    }

    fn directory_value(&self, name: &str, text: &str, directory: &Directory) -> Reply<Value> {
        let mut connectors = self.core.directories().into_iter();
        let symbol = self.core.symbols.find(name);
        let definition =
            symbol.and_then(|symbol| connectors.find_map(|it| self.core.schema.connector(it, symbol)));
        let Some(definition) = definition else { return Ok(Value::text(text)) };
        if definition.is_reference() {
            return Ok(Value::Reference(find(text, directory)?));
        }
        definition.parse(text).ok_or_else(|| HostError {
            code: HostErrorCode::BadRequest,
            message: format!("expected a value that fits {name}, found '{text}'"),
        })
    }
}

fn entry(directory: &Directory, object: &DirectoryObject, names: &[String]) -> DirectoryEntry {
    let attributes = names.iter().map(|name| Attribute {
        name: name.clone(),
        values: object
            .values(name)
            .iter()
            .filter_map(|value| match value {
                Value::Reference(target) => directory.name_of(*target),
                other => Some(other.to_string()),
            })
            .collect(),
    });
    DirectoryEntry {
        distinguished_name: object.dn.to_string(),
        object_guid: object.guid,
        object_class: object.class.as_str().to_owned(),
        deleted: !object.is_alive(),
        attributes: attributes.filter(|attribute| !attribute.values.is_empty()).collect(),
    }
}

fn parse_name(name: &str) -> Reply<DistinguishedName> {
    name.parse().map_err(|error: crate::dn::DnError| HostError {
        code: HostErrorCode::BadRequest,
        message: error.to_string(),
    })
}

fn find(name: &str, directory: &Directory) -> Reply<Uuid> {
    let dn = parse_name(name)?;
    directory.by_dn(&dn).map_or_else(|| not_found(name), |object| Ok(object.guid))
}

fn not_found<T>(name: &str) -> Reply<T> {
    refuse(HostErrorCode::NotFound, format!("no object has the name {name}"))
}

fn directory_error(error: &DirectoryError) -> HostError {
    let code = match error {
        DirectoryError::NoSuchObject(_) | DirectoryError::NoContainer(_) => HostErrorCode::NotFound,
        DirectoryError::AlreadyExists(_) => HostErrorCode::Conflict,
        DirectoryError::ForeignDomain(_) | DirectoryError::BadLink { .. } => HostErrorCode::BadRequest,
        DirectoryError::NotEmpty(_) => HostErrorCode::Failed,
    };
    HostError { code, message: error.to_string() }
}
