//! The Windows host script as text: it cannot run here, so what can be known of it without Windows is checked. Reads files of the
//! repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use adsync::protocol::{HostErrorCode, Operation};
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The script and its parts, by file name.
fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("host");
    let parts = std::fs::read_dir(folder.join("adsync-host")).unwrap().map(|entry| entry.unwrap().path());
    let all = parts.chain([folder.join("adsync-host.ps1")]);
    all.map(|path| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap())
    })
    .collect()
}

fn whole() -> String {
    files().into_values().collect::<Vec<_>>().join("\n")
}

/// Names of a closed list, as serde tells them when it meets an unknown one.
fn variants<T: serde::de::DeserializeOwned>(unknown: &Value) -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(unknown.clone()) else { panic!("{unknown} is known") };
    let told = error.to_string();
    let (_, list) = told.split_once("expected one of ").unwrap();
    list.split(", ").map(|name| name.trim().trim_matches('`').to_owned()).collect()
}

fn operations() -> BTreeSet<String> {
    let found = variants::<Operation>(&serde_json::json!({"operation": "none"}));
    assert!(found.len() >= 26 && found.contains("getHostInformation"), "{found:?}");
    found
}

/// Operation, and a line of the protocol's page that asks for it or answers it.
fn examples() -> Vec<(String, Value)> {
    let page = std::fs::read_to_string(repository().join("docs/adsync-host-protocol.md")).unwrap();
    let mut last = String::new();
    let mut found = Vec::new();
    for block in page.split("```json\n").skip(1) {
        let value: Value = serde_json::from_str(block.split("```").next().unwrap()).unwrap();
        if let Some(operation) = value["operation"].as_str() {
            operation.clone_into(&mut last);
        }
        found.push((last.clone(), value));
    }
    found
}

/// Every member's name below a value.
fn members(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, child) in fields {
                found.insert(name.clone());
                members(child, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, found)),
        _ => {}
    }
}

#[test]
fn every_operation_has_an_entry_and_no_other_has() {
    let main = &files()["adsync-host.ps1"];
    let (_, table) = main.split_once("$operations = @{\n").unwrap();
    let (table, _) = table.split_once("\n}").unwrap();
    let entries: BTreeSet<String> =
        table.lines().filter_map(|line| Some(line.trim().split_once(" = {")?.0.to_owned())).collect();
    assert_eq!(entries, operations());
}

#[test]
fn every_function_that_is_called_exists() {
    let text = whole();
    let defined: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("function "))
        .filter_map(|rest| rest.split(['(', ' ']).next())
        .collect();
    let main = &files()["adsync-host.ps1"];
    for line in main
        .lines()
        .filter(|line| line.starts_with("    ") && line.contains(" = { ") && !line.contains("ADSync"))
    {
        let (_, body) = line.split_once(" = { ").unwrap();
        let called = body.split([' ', '(', ')', ',', '}']).find(|word| word.contains('-')).unwrap();
        assert!(defined.contains(called), "{called} of {line:?} is nowhere defined");
    }
}

#[test]
fn every_argument_is_read_and_every_field_of_an_answer_is_written() {
    let text = whole();
    let mut checked = 0;
    for (operation, example) in examples() {
        let mut read = BTreeSet::new();
        members(&example["arguments"], &mut read);
        // Of a rule, these two are the engine's to set.
        read.retain(|name| !["version", "internalIdentifier"].contains(&name.as_str()));
        for name in &read {
            assert!(text.contains(&format!("'{name}'")), "{operation}: the argument {name} is never read");
        }
        let mut written = BTreeSet::new();
        members(&example["result"], &mut written);
        for name in &written {
            // Counters are named as the cmdlet does, and made lower-case there.
            let counter = format!("'{}{}'", name[..1].to_uppercase(), &name[1..]);
            assert!(
                text.contains(&format!("{name} = ")) || text.contains(&counter),
                "{operation}: {name} is never written"
            );
        }
        checked += read.len() + written.len();
    }
    assert!(checked > 150, "the examples name {checked} members only");
}

#[test]
fn errors_have_codes_of_the_protocol() {
    let codes = variants::<HostErrorCode>(&Value::from("none"));
    let text = whole();
    let used: BTreeSet<&str> =
        text.split("Stop-Request '").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    assert!(used.iter().all(|code| codes.contains(*code)), "{used:?} are not all of {codes:?}");
    for code in codes {
        assert!(text.contains(&format!("'{code}'")), "{code} is never answered");
    }
}

#[test]
fn it_does_nothing_that_a_host_never_does() {
    // See "What a host never does" on the protocol's page; what is written to standard output is answers only.
    let never = [
        "-Force",
        "Invoke-Expression",
        "iex ",
        "Write-Host",
        "Write-Output",
        "Out-Host",
        "Read-Host",
        "Get-Credential",
        "SchedulerSuspended $",
        "Set-ADSyncGlobalSettings",
        "Enable-ADSyncExportDeletionThreshold",
        "Disable-ADSyncExportDeletionThreshold",
        "Set-ADSyncAADCompanyFeature",
        "DateTime]::Now",
        "Get-Date",
        "ConvertTo-Json",
    ];
    for (name, text) in files() {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'))
        {
            for word in never {
                assert!(!line.contains(word), "{name}:{}: {word}", number + 1);
            }
        }
        assert!(
            text.is_ascii(),
            "{name}: Windows PowerShell 5.1 reads a script without byte order mark in the server's own code page"
        );
    }
}

#[test]
fn every_file_parses() {
    for (name, text) in files() {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
        let tree = parser.parse(&text, None).unwrap();
        let mut faults = Vec::new();
        let mut open = vec![tree.root_node()];
        while let Some(node) = open.pop() {
            if node.is_error() || node.is_missing() {
                faults.push(format!(
                    "{name}:{}: {}",
                    node.start_position().row + 1,
                    &text[node.byte_range()]
                ));
            }
            open.extend(
                (0..node.child_count()).filter_map(|index| node.child(u32::try_from(index).unwrap())),
            );
        }
        assert!(faults.is_empty() && !tree.root_node().has_error(), "{faults:#?}");
    }
}
