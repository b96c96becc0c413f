//! Changing the typed view changes exactly that in the files.

use super::tiny::{self, CONNECTOR, METAVERSE};
use super::*;

fn cloud_no_flow() -> AttributeDefinition {
    AttributeDefinition {
        name: "cloudNoFlow".to_owned(),
        syntax: AttributeSyntax::Boolean,
        multi_valued: false,
    }
}

/// Writes and reads again; the typed views must agree.
fn round_trip(configuration: &ServerConfiguration) -> (ConfigurationFiles, ServerConfiguration) {
    let files = configuration.to_files().expect("a change that can be edited in");
    let again = ServerConfiguration::from_files(files.clone()).expect("what we wrote");
    assert_eq!(again.parameters, configuration.parameters);
    assert_eq!(again.metaverse, configuration.metaverse);
    assert_eq!(again.rules, configuration.rules);
    (files, again)
}

fn text(files: &ConfigurationFiles, path: &str) -> String {
    String::from_utf8(files.get(path).expect("a file").to_vec()).expect("text")
}

/// The lines of `after` that `before` lacks, and the other way round.
fn difference(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let lacks =
        |a: &str, b: &str| a.lines().filter(|l| !b.lines().any(|m| m == *l)).map(str::to_owned).collect();
    (lacks(after, before), lacks(before, after))
}

#[test]
fn a_parameter_changes_alone() {
    let mut configuration = ServerConfiguration::from_files(tiny::files()).expect("reads");
    configuration.set_parameter("microsoft.synchronize.serverconfigurationversion", "2.6.92.1 <b> & c");
    configuration.set_parameter("Microsoft.SynchronizationOption.CustomAttribute", "extensionAttribute1");
    configuration.set_parameter("New.One", "a");
    configuration.set_parameter("New.Two", "\"b\"");
    let (files, again) = round_trip(&configuration);
    assert_eq!(again.build(), Some("2.6.92.1 <b> & c"));
    let (added, removed) = difference(tiny::METAVERSE_XML, &text(&files, METAVERSE));
    assert_eq!(removed.len(), 2, "{removed:#?}");
    assert_eq!(
        added.iter().map(|line| line.trim()).collect::<Vec<_>>(),
        [
            r#"<parameter name="Microsoft.Synchronize.ServerConfigurationVersion" type="string" dataType="String">2.6.92.1 &lt;b&gt; &amp; c</parameter>"#,
            r#"<parameter name="Microsoft.SynchronizationOption.CustomAttribute" type="string" dataType="String">extensionAttribute1</parameter>"#,
            r#"<parameter name="New.One" type="string" use="SynchronizationGlobal" dataType="String">a</parameter>"#,
            r#"<parameter name="New.Two" type="string" use="SynchronizationGlobal" dataType="String">"b"</parameter>"#,
        ]
    );
}

#[test]
fn an_attribute_is_added_to_the_metaverse() {
    let mut configuration = ServerConfiguration::from_files(tiny::files()).expect("reads");
    assert!(configuration.metaverse.add_attribute(cloud_no_flow()));
    assert!(!configuration.metaverse.add_attribute(cloud_no_flow()), "the second time changes nothing");
    let (files, again) = round_trip(&configuration);
    let person = again.metaverse.object_type("person").expect("person");
    assert_eq!(person.attributes, ["displayName", "cloudNoFlow"]);
    let (added, removed) = difference(tiny::METAVERSE_XML, &text(&files, METAVERSE));
    assert!(
        added
            .iter()
            .any(|line| line.contains(r#"<dsml:attribute-type id="cloudNoFlow" single-value="true">"#))
    );
    assert_eq!(removed.len(), 1, "the object type that was one line: {removed:#?}");
}

#[test]
fn the_real_export_takes_cloud_no_flow_and_keeps_the_rest() {
    let Some(dir) = contoso() else { return };
    let mut configuration = ServerConfiguration::read(&dir).expect("the sample reads");
    configuration.metaverse.add_attribute(cloud_no_flow());
    configuration.set_parameter(BUILD_PARAMETER, "2.6.92.0");
    let before = std::fs::read_to_string(dir.join(METAVERSE)).expect("text");
    let (files, again) = round_trip(&configuration);
    assert_eq!(again.build(), Some("2.6.92.0"));
    let (added, removed) = difference(&before, &text(&files, METAVERSE));
    assert_eq!(removed.len(), 1, "{removed:#?}");
    // A reference of each of three object types (equal lines), name, type, and the parameter.
    assert!(added.iter().filter(|line| line.contains("cloudNoFlow")).count() >= 3, "{added:#?}");
}

#[test]
fn scope_of_a_connector_can_be_changed() {
    let mut configuration = ServerConfiguration::from_files(tiny::files()).expect("reads");
    let connector = &mut configuration.connectors[0];
    connector.partitions[0].partition.container_inclusion =
        vec!["OU=B \\, C & D,DC=example,DC=com".to_owned()];
    connector.partitions[0].partition.container_exclusion = vec!["OU=E,DC=example,DC=com".to_owned()];
    connector.partitions[0].partition.selected = false;
    connector.attribute_inclusion.push("member".to_owned());
    connector.password_hash_sync = Some(false);
    let wanted = connector.clone();
    let (files, again) = round_trip(&configuration);
    let found = &again.connectors[0];
    assert_eq!(found.partitions, wanted.partitions);
    assert_eq!(found.attribute_inclusion, wanted.attribute_inclusion);
    assert_eq!(found.password_hash_sync, Some(false));
    let group = found.object_types.iter().find(|t| t.name == "group").expect("group");
    assert_eq!(group.attributes, ["cn", "member"], "the new attribute shows in the object types");
    assert!(
        text(&files, CONNECTOR)
            .contains("<exclusions><exclusion>OU=E,DC=example,DC=com</exclusion></exclusions>")
    );
    assert!(text(&files, CONNECTOR).contains(">hidden</parameter>"), "what is not understood is kept");
}

#[test]
fn other_changes_are_refused_and_named() {
    let unchanged = ServerConfiguration::from_files(tiny::files()).expect("reads");
    let refused = |change: &dyn Fn(&mut ServerConfiguration)| {
        let mut configuration = unchanged.clone();
        change(&mut configuration);
        configuration.to_files().expect_err("this cannot be edited in").to_string()
    };
    assert!(
        refused(&|c| c.connectors[0].name = "other".to_owned())
            .contains("connector \"example.com\" was changed")
    );
    assert!(refused(&|c| c.connectors.clear()).contains("the list of connectors was changed"));
    assert!(
        refused(&|c| c.parameters.truncate(1))
            .contains("parameter Microsoft.SynchronizationOption.CustomAttribute")
    );
    assert!(refused(&|c| c.set_parameter("Secret", "x")).contains("parameter Secret"));
    assert!(refused(&|c| c.metaverse.attributes.clear()).contains("an attribute of the metaverse"));
    assert!(refused(&|c| c.metaverse.object_types[0].attributes.clear()).contains("object type person"));
    assert!(
        refused(&|c| c.rules[0].name = "bell \u{7}".to_owned())
            .contains("name holds the control character U+0007")
    );
}

#[test]
fn rules_are_added_removed_and_changed() {
    let mut configuration = ServerConfiguration::from_files(tiny::files()).expect("reads");
    let mut second = configuration.rules[0].clone();
    second.identifier = uuid::uuid!("11111111-0000-0000-0000-000000000002");
    second.precedence = 60;
    second.description = "line one\r\nline two".to_owned();
    configuration.rules.push(second);
    configuration.rules[0].disabled = true;
    let (files, _) = round_trip(&configuration);
    assert_eq!(files.len(), 4);
    configuration.rules.remove(0);
    let (files, _) = round_trip(&configuration);
    assert!(files.get(tiny::RULE).is_none());
}

#[test]
fn encodings_survive_an_edit() {
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(tiny::METAVERSE_XML.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let marked = [b"\xEF\xBB\xBF", tiny::CONNECTOR_XML.as_bytes()].concat();
    let mut files = tiny::files();
    files.insert(METAVERSE, wide.clone());
    files.insert(CONNECTOR, marked.clone());
    let mut configuration = ServerConfiguration::from_files(files).expect("both encodings read");
    let (files, _) = round_trip(&configuration);
    assert_eq!(files.get(METAVERSE), Some(wide.as_slice()));
    assert_eq!(files.get(CONNECTOR), Some(marked.as_slice()));
    configuration.set_parameter(BUILD_PARAMETER, "2.6.92.9");
    let (files, again) = round_trip(&configuration);
    assert_eq!(again.build(), Some("2.6.92.9"));
    assert_eq!(files.get(METAVERSE).map(|bytes| &bytes[..2]), Some([0xFF, 0xFE].as_slice()));
}

#[test]
fn the_digest_follows_what_the_engine_would_do() {
    use crate::digest;
    let configuration = ServerConfiguration::from_files(tiny::files()).expect("reads");
    let before = digest::of_configuration(&configuration);
    let same: [fn(&mut ServerConfiguration); 4] = [
        |c| c.export_date = "later".to_owned(),
        |c| c.server = "SYNC02".to_owned(),
        |c| c.parameters.reverse(),
        |c| c.set_parameter("Microsoft.Synchronize.NextStartTime", "Tue, 03 May 2016 14:39:16 GMT"),
    ];
    for (index, change) in same.iter().enumerate() {
        let mut other = configuration.clone();
        change(&mut other);
        assert_eq!(digest::of_configuration(&other), before, "change {index} means nothing");
    }
    let different: [fn(&mut ServerConfiguration); 5] = [
        |c| c.rules[0].precedence = 51,
        |c| c.set_parameter(BUILD_PARAMETER, "2.6.84.0"),
        |c| c.connectors[0].partitions[0].partition.container_inclusion.clear(),
        |c| c.connectors[0].password_hash_sync = Some(false),
        |c| {
            c.metaverse.add_attribute(cloud_no_flow());
        },
    ];
    for (index, change) in different.iter().enumerate() {
        let mut other = configuration.clone();
        change(&mut other);
        assert_ne!(digest::of_configuration(&other), before, "change {index} means something");
    }
}
