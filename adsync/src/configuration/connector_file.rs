//! Reading a `Connector_{…}.xml` file, and editing scope changes into it. No IO.

use roxmltree::Document;

use super::connector::{ConnectorConfiguration, PartitionConfiguration};
use super::connector_schema;
use super::edit::{Edits, UnwritableCharacter, escape};
use super::error::WriteError;
use super::metaverse_file::parameters;
use super::xml::{Element, Problems, quote};
use crate::protocol::{ConnectorKind, Partition};

const ROOT: &str = "ma-data";
const ENTRA_SUBTYPE: &str = "Windows Azure Active Directory (Microsoft)";
const GUID: &str = "an identifier such as {b891884f-051e-4a83-95af-2544101c9083}";
/// Where the private configuration stands, by kind of connector.
const PRIVATE: [&[&str]; 2] =
    [&["private-configuration", "adma-configuration"], &["private-configuration", "MAConfig"]];

/// The connector of a document; problems are recorded.
pub(super) fn read(
    document: &Document<'_>,
    file: &str,
    problems: &Problems,
) -> Option<ConnectorConfiguration> {
    let root = Element::root(document, ROOT, file, problems)?;
    let identifier = root.required("id").and_then(|id| id.parsed(GUID));
    let name = root.required_text("name");
    let category = root.required_text("category");
    let partitions = root.required("ma-partition-data").and_then(|data| {
        let read: Vec<_> = data.children("partition").map(|element| partition(&element)).collect();
        read.into_iter().collect::<Option<Vec<_>>>()
    });
    let private = PRIVATE.iter().find_map(|path| root.descend(path));
    let attribute_inclusion =
        root.child("attribute-inclusion").map(|list| list.texts("attribute")).unwrap_or_default();
    let flag = |path: &[&str]| match private.as_ref().and_then(|private| private.descend(path)) {
        Some(element) => element.boolean().map(Some),
        None => Some(None),
    };
    let password_hash_sync = flag(&["password-hash-sync-config", "enabled"]);
    let password_writeback = flag(&["aad-password-reset-config", "enabled"]);
    let partitions = partitions?;

    let mut connector = ConnectorConfiguration {
        identifier: identifier?,
        name: name?,
        kind: kind(category?.trim(), root.text_of("subtype").trim()),
        partitions,
        attribute_inclusion,
        password_hash_sync: password_hash_sync?,
        password_writeback: password_writeback?,
        forest_name: private
            .as_ref()
            .and_then(|private| private.child("forest-name"))
            .map(|name| name.text()),
        parameters: private
            .as_ref()
            .and_then(|private| private.child("parameter-values"))
            .map(|values| parameters(&values))
            .unwrap_or_default(),
        attributes: Vec::new(),
        object_types: Vec::new(),
    };
    if let Some(schema) = root.descend(&["schema", "dsml", "directory-schema"]) {
        let schema = connector_schema::read(schema.node);
        connector.attributes = schema.selected_attributes(&connector.attribute_inclusion);
        connector.object_types =
            schema.selected_object_types(&connector.object_inclusion(), &connector.attribute_inclusion);
    }
    Some(connector)
}

fn kind(category: &str, subtype: &str) -> ConnectorKind {
    match (category, subtype) {
        ("AD", _) => ConnectorKind::ActiveDirectory,
        ("Extensible2", ENTRA_SUBTYPE) => ConnectorKind::Entra,
        _ => ConnectorKind::Other,
    }
}

fn partition(element: &Element<'_, '_>) -> Option<PartitionConfiguration> {
    let identifier = element.required("id").and_then(|id| id.parsed(GUID));
    let distinguished_name = element.required_text("name");
    let selected = element.required("selected").and_then(|selected| selected.boolean());
    let filter = element.child("filter");
    let containers = filter.as_ref().and_then(|filter| filter.child("containers"));
    let list = |outer: &str, inner: &'static str| {
        containers.as_ref().and_then(|c| c.child(outer)).map(|list| list.texts(inner)).unwrap_or_default()
    };
    let is_domain = ["adma-partition-data", "ecma-partition-data"]
        .iter()
        .find_map(|data| element.descend(&["custom-data", data, "is-domain"]));
    let is_domain = match is_domain {
        Some(element) => element.boolean(),
        None => Some(false),
    };
    Some(PartitionConfiguration {
        partition: Partition {
            identifier: identifier?,
            distinguished_name: distinguished_name?,
            selected: selected?,
            is_domain: is_domain?,
            container_inclusion: list("inclusions", "inclusion"),
            container_exclusion: list("exclusions", "exclusion"),
        },
        object_classes: filter
            .and_then(|filter| filter.child("object-classes"))
            .map(|classes| classes.texts("object-class"))
            .unwrap_or_default(),
        parameters: element.child("parameter-values").map(|values| parameters(&values)).unwrap_or_default(),
    })
}

/// The text with the difference between `old` and `new` edited in: partitions selected, container lists, object types and
/// attributes selected, and password hash synchronization.
pub(super) fn update(
    file: &str,
    text: &str,
    old: &ConnectorConfiguration,
    new: &ConnectorConfiguration,
) -> Result<String, WriteError> {
    if old == new {
        return Ok(text.to_owned());
    }
    if !editable(old, new) {
        return Err(WriteError::UnsupportedChange {
            file: file.to_owned(),
            element: format!("connector {}", quote(&old.name)),
            supported: "partitions selected, container lists, selected attributes and password hash synchronization",
        });
    }
    let missing =
        |expected: &str| WriteError::NothingToEdit { file: file.to_owned(), expected: expected.to_owned() };
    let problems = Problems::default();
    let document = super::xml::parse(file, text, &problems).ok_or_else(|| missing("well-formed XML"))?;
    let root = Element::root(&document, ROOT, file, &problems).ok_or_else(|| missing("<ma-data>"))?;
    let mut edits = Edits::new(text);
    let unwritable = |character: UnwritableCharacter| character.in_file(file);

    if old.attribute_inclusion != new.attribute_inclusion {
        let list = root.child("attribute-inclusion").ok_or_else(|| missing("<attribute-inclusion>"))?;
        edits.set_inner(list.node, &list_of("attribute", &new.attribute_inclusion).map_err(unwritable)?);
    }
    if let (true, Some(enabled)) = (old.password_hash_sync != new.password_hash_sync, new.password_hash_sync)
    {
        let element = PRIVATE
            .iter()
            .find_map(|path| root.descend(path))
            .and_then(|private| private.descend(&["password-hash-sync-config", "enabled"]))
            .ok_or_else(|| missing("<password-hash-sync-config>"))?;
        edits.set_inner(element.node, digit(enabled));
    }
    let data = root.child("ma-partition-data").ok_or_else(|| missing("<ma-partition-data>"))?;
    for ((element, before), after) in data.children("partition").zip(&old.partitions).zip(&new.partitions) {
        let (before, after) = (&before.partition, &after.partition);
        if before.selected != after.selected {
            let selected = element.child("selected").ok_or_else(|| missing("<selected>"))?;
            edits.set_inner(selected.node, digit(after.selected));
        }
        for (outer, inner, before, after) in [
            ("inclusions", "inclusion", &before.container_inclusion, &after.container_inclusion),
            ("exclusions", "exclusion", &before.container_exclusion, &after.container_exclusion),
        ] {
            if before != after {
                let list = element
                    .descend(&["filter", "containers", outer])
                    .ok_or_else(|| missing("the container lists of a partition"))?;
                edits.set_inner(list.node, &list_of(inner, after).map_err(unwritable)?);
            }
        }
    }
    Ok(edits.apply())
}

/// Whether only that was changed which can be edited in. What follows from the selected attributes is not compared.
fn editable(old: &ConnectorConfiguration, new: &ConnectorConfiguration) -> bool {
    let mut reachable = old.clone();
    reachable.attribute_inclusion.clone_from(&new.attribute_inclusion);
    reachable.attributes.clone_from(&new.attributes);
    reachable.object_types.clone_from(&new.object_types);
    if old.password_hash_sync.is_some() && new.password_hash_sync.is_some() {
        reachable.password_hash_sync = new.password_hash_sync;
    }
    for (partition, wanted) in reachable.partitions.iter_mut().zip(&new.partitions) {
        partition.partition.selected = wanted.partition.selected;
        partition.partition.container_inclusion.clone_from(&wanted.partition.container_inclusion);
        partition.partition.container_exclusion.clone_from(&wanted.partition.container_exclusion);
    }
    reachable == *new
}

fn list_of(name: &'static str, values: &[String]) -> Result<String, UnwritableCharacter> {
    let element = |value: &String| {
        let value = escape(value).map_err(|character| character.in_element(name))?;
        Ok(format!("<{name}>{value}</{name}>"))
    };
    values.iter().map(element).collect()
}

fn digit(value: bool) -> &'static str {
    if value { "1" } else { "0" }
}
