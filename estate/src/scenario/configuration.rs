//! What the sync servers of a scenario are configured to do, and which organisation goes with it. Pure.

use adsync::configuration::{
    ConfigurationFiles, ConnectorConfiguration, PartitionConfiguration, ServerConfiguration,
};
use adsync::protocol::ConnectorKind;

use super::bundled::FILES;
use super::{CURRENT_BUILD, SIZE_OF_AN_EXPORT, ScenarioError, UNITS_OF_AN_EXPORT};
use crate::dn::DistinguishedName;
use crate::population::{Organisation, PROBE_UNIT};

/// Names of the small export and what they are in the demo, longest first where one contains another.
const DEMO_NAMES: [(&str, &str); 6] = [
    ("DC=corp,DC=example,DC=com", "DC=contoso,DC=com"),
    ("corp.example.com", "contoso.com"),
    ("example.onmicrosoft.com", "contoso.onmicrosoft.com"),
    (">CORP<", ">CONTOSO<"),
    ("CORP\\", "CONTOSO\\"),
    ("@example.com", "@contoso.com"),
];

/// Everything that a scenario needs to know before anything runs.
#[derive(Debug)]
pub(super) struct Layout {
    /// Rules, connectors, inclusion lists, features.
    pub(super) configuration: ServerConfiguration,
    /// Who is in the directory.
    pub(super) organisation: Organisation,
    /// Name of the tenant: `contoso` of `contoso.onmicrosoft.com`.
    pub(super) tenant: String,
    /// Build to report; absent = the export's own.
    pub(super) build: Option<String>,
    /// Units that can be moved one by one.
    pub(super) units: Vec<DistinguishedName>,
    /// Units that Connect excludes.
    pub(super) excluded: Vec<DistinguishedName>,
    /// Where test objects may be made: one below each of `units`, in their order.
    pub(super) probe_units: Vec<DistinguishedName>,
    /// What was made up.
    pub(super) remarks: Vec<String>,
}

/// The small export, renamed to the demo's forest, with the demo's units included.
pub(super) fn demo(organisation: Organisation) -> Result<Layout, ScenarioError> {
    let renamed = FILES.iter().map(|(path, content)| ((*path).to_owned(), rename(content)));
    let mut configuration = ServerConfiguration::from_files(ConfigurationFiles::new(renamed))?;
    let named = |service_accounts: bool| {
        let units = organisation.units.iter().filter(move |unit| unit.service_accounts == service_accounts);
        units.map(|unit| unit.dn.clone()).collect::<Vec<_>>()
    };
    let (units, excluded) = (named(false), named(true));
    for partition in domains_mut(&mut configuration) {
        let head: DistinguishedName = partition.partition.distinguished_name.parse()?;
        let inside = |units: &[DistinguishedName]| {
            units.iter().filter(|unit| unit.domain() == head).map(ToString::to_string).collect::<Vec<_>>()
        };
        partition.partition.container_inclusion = inside(&units);
        partition.partition.container_exclusion = vec![head.to_string()];
        partition.partition.container_exclusion.extend(inside(&excluded));
    }
    Ok(Layout {
        configuration,
        organisation,
        tenant: "contoso".to_owned(),
        build: None,
        probe_units: probe_units(&units),
        units,
        excluded,
        remarks: Vec::new(),
    })
}

fn rename(content: &[u8]) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(content).into_owned();
    for (from, to) in DEMO_NAMES {
        text = text.replace(from, to);
    }
    text.into_bytes()
}

/// A real export as it is; only the build is replaced, unless it is to be kept, and people fill its included units.
pub(super) fn foreign(configuration: ServerConfiguration, keep_build: bool) -> Result<Layout, ScenarioError> {
    let mut included = Vec::new();
    let mut excluded = Vec::new();
    for partition in domains(&configuration) {
        let head: DistinguishedName = partition.partition.distinguished_name.parse()?;
        let parse = |names: &[String]| names.iter().map(|name| name.parse()).collect::<Result<Vec<_>, _>>();
        let inclusion: Vec<DistinguishedName> = parse(&partition.partition.container_inclusion)?;
        // Without a list, the whole domain is selected.
        included.extend(if inclusion.is_empty() { vec![head.clone()] } else { inclusion });
        let exclusion: Vec<DistinguishedName> = parse(&partition.partition.container_exclusion)?;
        excluded.extend(exclusion.into_iter().filter(|dn| *dn != head));
    }
    let units: Vec<DistinguishedName> =
        included.iter().flat_map(|dn| UNITS_OF_AN_EXPORT.map(|name| dn.child("OU", name))).collect();
    if units.is_empty() {
        return Err(ScenarioError::NoDomain);
    }
    let suffix =
        included.iter().map(DistinguishedName::dns_domain).min_by_key(String::len).unwrap_or_default();
    let organisation = Organisation::filling(&units, SIZE_OF_AN_EXPORT, &suffix);
    let build = (!keep_build).then(|| CURRENT_BUILD.to_owned());
    let own_build = configuration.build().unwrap_or("unknown").to_owned();
    let mut remarks = vec![format!(
        "people in {} made-up units below {} come from the seed",
        units.len(),
        included.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
    )];
    if build.is_some() && own_build != CURRENT_BUILD {
        remarks.push(format!(
            "the export is of build {own_build}; the estate's servers report {CURRENT_BUILD} instead"
        ));
    }
    if configuration.metaverse.attribute("cloudNoFlow").is_none() {
        remarks.push("the export's metaverse lacks cloudNoFlow; the estate adds it".to_owned());
    }
    Ok(Layout {
        tenant: tenant_name(&configuration),
        configuration,
        organisation,
        build,
        probe_units: probe_units(&units),
        units,
        excluded,
        remarks,
    })
}

fn probe_units(units: &[DistinguishedName]) -> Vec<DistinguishedName> {
    units.iter().map(|unit| unit.child("OU", PROBE_UNIT)).collect()
}

/// Selected domains of the AD connectors.
fn domains(configuration: &ServerConfiguration) -> impl Iterator<Item = &PartitionConfiguration> {
    let directories = configuration.connectors.iter().filter(|connector| is_directory(connector));
    directories.flat_map(|connector| &connector.partitions).filter(|partition| is_domain(partition))
}

fn domains_mut(configuration: &mut ServerConfiguration) -> impl Iterator<Item = &mut PartitionConfiguration> {
    let directories = configuration.connectors.iter_mut().filter(|connector| is_directory(connector));
    directories.flat_map(|connector| &mut connector.partitions).filter(|partition| is_domain(partition))
}

fn is_directory(connector: &ConnectorConfiguration) -> bool {
    connector.kind == ConnectorKind::ActiveDirectory
}

fn is_domain(partition: &PartitionConfiguration) -> bool {
    partition.partition.is_domain && partition.partition.selected
}

/// `contoso` of the Entra connector's name `contoso.onmicrosoft.com - AAD`.
fn tenant_name(configuration: &ServerConfiguration) -> String {
    let entra = configuration.connectors.iter().find(|connector| connector.kind == ConnectorKind::Entra);
    let name = entra.and_then(|connector| connector.name.split('.').next()).filter(|name| !name.is_empty());
    name.unwrap_or("tenant").to_lowercase()
}
