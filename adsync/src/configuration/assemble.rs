//! From files to a [`ServerConfiguration`] and back. No IO.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Document;
use uuid::Uuid;

use super::error::{ReadError, WriteError};
use super::files::ConfigurationFiles;
use super::metaverse_file::MetaverseFile;
use super::xml::{self, Problems};
use super::{
    ConnectorConfiguration, Originals, ServerConfiguration, connector_file, metaverse_file, policy,
    rule_file, rule_writer, text,
};
use crate::rule::Rule;

const CONNECTORS: &str = "Connectors";
const RULES: &str = "SynchronizationRules";
const SETTINGS: &str = "GlobalSettings";
const METAVERSE: &str = "GlobalSettings/MV.xml";
const POLICY: &str = "MigratedPolicy.json";

/// Reads every file, listing every defect.
pub(super) fn assemble(files: ConfigurationFiles) -> Result<ServerConfiguration, ReadError> {
    let known = [CONNECTORS, RULES, SETTINGS];
    if !files.iter().any(|(path, _)| known.iter().any(|folder| file_in(path, folder).is_some())) {
        return Err(ReadError::NotAnExport { found: describe(&files) });
    }
    let problems = Problems::default();
    let (rule_files, files) = files.partition(|path| is_xml_in(path, RULES));

    let rules = read_rules(&rule_files, &problems);
    let connectors = read_connectors(&files, &problems);
    let (metaverse_path, metaverse) = read_metaverse(&files, &problems).unwrap_or_default();
    let policy_version = files
        .iter()
        .find(|(path, _)| path.eq_ignore_ascii_case(POLICY))
        .and_then(|(path, content)| policy::read(path, content, &problems));
    check_connectors(&rules, &connectors, &problems);

    let problems = problems.into_sorted();
    if !problems.is_empty() {
        return Err(ReadError::Invalid(problems));
    }
    let mut rules: Vec<Rule> = rules.into_values().collect();
    rules.sort_by_key(|rule| (rule.precedence, rule.identifier));
    let MetaverseFile { server, export_date, schema, parameters } = metaverse;
    Ok(ServerConfiguration {
        server,
        export_date,
        connectors: connectors.values().cloned().collect(),
        rules,
        metaverse: schema.clone(),
        parameters: parameters.clone(),
        policy_version,
        originals: Originals { files, metaverse_path, parameters, metaverse: schema, connectors },
    })
}

/// Writes the rules anew and edits what was changed into the other files.
pub(super) fn disassemble(configuration: &ServerConfiguration) -> Result<ConfigurationFiles, WriteError> {
    let originals = &configuration.originals;
    let mut out = originals.files.clone();
    let mut edit = |path: &str, update: &dyn Fn(&str) -> Result<String, WriteError>| {
        let missing = || WriteError::NothingToEdit { file: path.to_owned(), expected: "a file".to_owned() };
        let (encoding, before) = text::decode(out.get(path).ok_or_else(missing)?).map_err(|_| missing())?;
        let after = update(&before)?;
        if after != before {
            out.insert(path, text::encode(encoding, &after));
        }
        Ok::<(), WriteError>(())
    };
    edit(&originals.metaverse_path, &|text| {
        let old = (originals.parameters.as_slice(), &originals.metaverse);
        let new = (configuration.parameters.as_slice(), &configuration.metaverse);
        metaverse_file::update(&originals.metaverse_path, text, old, new)
    })?;
    for (path, old) in &originals.connectors {
        let new = configuration.connector(old.identifier).ok_or_else(|| connector_list_changed(path))?;
        edit(path, &|text| connector_file::update(path, text, old, new))?;
    }
    if configuration.connectors.len() != originals.connectors.len() {
        return Err(connector_list_changed(CONNECTORS));
    }
    for rule in &configuration.rules {
        let path = rule_writer::path(rule);
        let content = rule_writer::write(rule).map_err(|character| character.in_file(&path))?;
        out.insert(&path, content.into_bytes());
    }
    Ok(out)
}

fn connector_list_changed(file: &str) -> WriteError {
    WriteError::UnsupportedChange {
        file: file.to_owned(),
        element: "the list of connectors".to_owned(),
        supported: "connectors that were there before",
    }
}

fn read_rules(files: &ConfigurationFiles, problems: &Problems) -> BTreeMap<Uuid, Rule> {
    let mut rules: BTreeMap<Uuid, Rule> = BTreeMap::new();
    let mut origin: BTreeMap<Uuid, &str> = BTreeMap::new();
    for (path, content) in files.iter() {
        let Some(rule) = with_document(path, content, problems, rule_file::read) else { continue };
        if let Some(first) = origin.insert(rule.identifier, path) {
            problems.add(
                path,
                "id",
                "an identifier of its own",
                format!("{}, as in {first}", rule.identifier),
            );
        }
        rules.insert(rule.identifier, rule);
    }
    if files.is_empty() {
        problems.add(RULES, "", "at least one rule file", "none");
    }
    rules
}

fn read_connectors(
    files: &ConfigurationFiles,
    problems: &Problems,
) -> BTreeMap<String, ConnectorConfiguration> {
    let mut connectors = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for (path, content) in files.iter().filter(|(path, _)| is_xml_in(path, CONNECTORS)) {
        count += 1;
        let Some(connector) = with_document(path, content, problems, connector_file::read) else { continue };
        if !seen.insert(connector.identifier) {
            problems.add(path, "id", "an identifier of its own", format!("{} twice", connector.identifier));
        }
        connectors.insert(path.to_owned(), connector);
    }
    if count == 0 {
        problems.add(CONNECTORS, "", "at least one connector file", "none");
    }
    connectors
}

fn read_metaverse(files: &ConfigurationFiles, problems: &Problems) -> Option<(String, MetaverseFile)> {
    let mut found = files.iter().filter(|(path, _)| path.eq_ignore_ascii_case(METAVERSE));
    let Some((path, content)) = found.next() else {
        problems.add(METAVERSE, "", "the metaverse schema and global parameters", "no such file");
        return None;
    };
    if let Some((second, _)) = found.next() {
        problems.add(second, "", "one such file", format!("{path} as well"));
    }
    let metaverse = with_document(path, content, problems, metaverse_file::read)?;
    Some((path.to_owned(), metaverse))
}

/// A rule of a connector whose file is missing: the folder was copied in part, and is no backup. Only said where no connector file
/// was defective, or it would repeat that.
fn check_connectors(
    rules: &BTreeMap<Uuid, Rule>,
    connectors: &BTreeMap<String, ConnectorConfiguration>,
    problems: &Problems,
) {
    let known: BTreeSet<Uuid> = connectors.values().map(|connector| connector.identifier).collect();
    if known.is_empty() || problems.concern(CONNECTORS) {
        return;
    }
    for rule in rules.values().filter(|rule| !known.contains(&rule.connector)) {
        problems.add(
            &rule_writer::path(rule),
            "connector",
            "a connector with a file in Connectors",
            format!("{{{}}}", rule.connector),
        );
    }
}

fn with_document<T>(
    path: &str,
    content: &[u8],
    problems: &Problems,
    read: fn(&Document<'_>, &str, &Problems) -> Option<T>,
) -> Option<T> {
    let (_, text) =
        text::decode(content).map_err(|found| problems.add(path, "", "UTF-8 or UTF-16 text", found)).ok()?;
    let document = xml::parse(path, &text, problems)?;
    read(&document, path, problems)
}

/// Name of a file that stands directly in a folder, whose name is compared without regard to case.
fn file_in<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let (parent, name) = path.rsplit_once('/')?;
    parent.eq_ignore_ascii_case(folder).then_some(name)
}

fn is_xml_in(path: &str, folder: &str) -> bool {
    file_in(path, folder).is_some_and(|name| name.to_ascii_lowercase().ends_with(".xml"))
}

fn describe(files: &ConfigurationFiles) -> String {
    const SHOWN: usize = 5;
    let top: BTreeSet<&str> =
        files.iter().map(|(path, _)| path.split_once('/').map_or(path, |(folder, _)| folder)).collect();
    let mut names = top.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if top.len() > SHOWN {
        names.push_str(", ...");
    }
    if names.is_empty() { "an empty folder".to_owned() } else { names }
}
