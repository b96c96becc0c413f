//! Folders, file names and the files beside the export.

use std::fs;
use std::path::Path;

use super::tiny::{self, CONNECTOR, METAVERSE, RULE};
use super::*;

fn message(dir: &Path) -> String {
    ServerConfiguration::read(dir).expect_err("not an export").to_string()
}

#[test]
fn what_is_not_an_export_is_said() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let missing = message(&scratch.path().join("nowhere"));
    assert!(missing.contains("nowhere: expected a folder, found nothing; export one with"), "{missing}");

    assert!(message(scratch.path()).ends_with("found an empty folder"));

    fs::write(scratch.path().join("notes.txt"), "x").expect("a file");
    let stranger = message(scratch.path());
    assert!(stranger.ends_with("found notes.txt"), "{stranger}");

    let file = message(&scratch.path().join("notes.txt"));
    assert!(file.contains("expected a folder, found a file"), "{file}");
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_is_said() {
    use std::os::unix::fs::symlink;
    let scratch = tempfile::tempdir().expect("a scratch folder");
    symlink("nothing-there", scratch.path().join("Connectors")).expect("a dangling link");
    let error = ServerConfiguration::read(scratch.path()).expect_err("cannot be followed");
    assert!(matches!(error, ReadError::Unreadable { .. }), "{error}");
    assert!(error.to_string().ends_with("Connectors; check the rights of this process"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn names_are_compared_as_windows_does() {
    let files = ConfigurationFiles::new([
        (
            r"synchronizationrules\SYNCHRONIZATIONRULE_{11111111-0000-0000-0000-000000000001}.XML".to_owned(),
            tiny::RULE_XML.into(),
        ),
        (r"CONNECTORS\c.Xml".to_owned(), tiny::CONNECTOR_XML.into()),
        (r"globalsettings\mv.XML".to_owned(), tiny::METAVERSE_XML.into()),
    ]);
    let mut configuration = ServerConfiguration::from_files(files).expect("reads");
    assert_eq!(configuration.rules.len(), 1);
    configuration.set_parameter("New", "1");
    let written = configuration.to_files().expect("writes");
    assert!(written.get("globalsettings/mv.XML").is_some(), "a file keeps the name it came with");
    assert!(written.get(METAVERSE).is_none());
    assert!(written.get(RULE).is_some(), "rules get the engine's names");
}

#[test]
fn a_folder_is_written_and_read() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let configuration = ServerConfiguration::from_files(tiny::files()).expect("reads");
    let target = scratch.path().join("a/b");
    configuration.write(&target).expect("writes");
    assert!(target.join(RULE).is_file() && target.join(CONNECTOR).is_file());
    assert_eq!(ServerConfiguration::read(&target).expect("reads"), configuration);

    let refused = configuration.write(&target).expect_err("not empty").to_string();
    assert!(refused.contains("expected an empty folder, found "), "{refused}");
}

#[test]
fn bookkeeping_of_mounted_volumes_is_skipped() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    ServerConfiguration::from_files(tiny::files()).expect("reads").write(scratch.path()).expect("writes");
    let hidden = scratch.path().join("..data/SynchronizationRules");
    fs::create_dir_all(&hidden).expect("a folder");
    fs::write(hidden.join("rule.xml"), "broken").expect("a file");
    assert_eq!(ConfigurationFiles::load(scratch.path()).expect("a folder"), tiny::files());
}

#[test]
fn no_path_leaves_the_folder() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    for path in ["../outside.xml", "/tmp/outside.xml", "a/../../outside.xml"] {
        let files = ConfigurationFiles::new([(path.to_owned(), Vec::new())]);
        let error = files.store(&scratch.path().join("target")).expect_err("leaves the folder");
        assert!(matches!(error, WriteError::Escapes { .. }), "{error}");
    }
}

#[test]
fn the_policy_file_names_the_build() {
    let policy = r#"{"policyMetadata":{"type":"migration","AzureADConnectVersion":"2.5.79.0"},"deploymentMetadata":{}}"#;
    let mut files = tiny::files();
    files.insert("migratedpolicy.json", policy.into());
    let configuration = ServerConfiguration::from_files(files.clone()).expect("reads");
    assert_eq!(configuration.build(), Some("2.5.79.0"));
    assert_eq!(configuration.to_files().expect("writes").get("migratedpolicy.json"), Some(policy.as_bytes()));

    // PowerShell's Out-File writes UTF-16.
    let wide = [0xFF, 0xFE].into_iter().chain(policy.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    files.insert("MigratedPolicy.json", wide);
    files.insert("migratedpolicy.json", b"{}".to_vec());
    let parsed = ServerConfiguration::from_files(files.clone()).expect("reads");
    assert_eq!(parsed.build(), Some("2.5.79.0"), "the first by name counts");

    files.insert("MigratedPolicy.json", b"{".to_vec());
    let error = ServerConfiguration::from_files(files).expect_err("not JSON").to_string();
    assert!(error.contains("MigratedPolicy.json: expected JSON, found EOF"), "{error}");
}

#[test]
fn without_a_policy_the_parameter_names_the_build() {
    let configuration = ServerConfiguration::from_files(tiny::files()).expect("reads");
    assert_eq!(configuration.build(), Some("2.6.92.0"));
}
