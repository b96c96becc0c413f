//! What is right but looks odd is accepted: rules and patterns are as strict as they must be and no stricter.

use serde_json::{Value, json};

use super::examples::small;
use super::readable::readable;
use super::schema::definition;
use super::server::{Resource, Server, Write};

/// For each kind a pointer and what may stand there.
const ACCEPTED: &[(&str, &str, &[&str])] = &[
    (
        "SyncTopology",
        "/spec/scopes/0/organizationalUnits/0",
        &[
            "DC=contoso,DC=com",
            "dc=corp",
            "CN=Users,DC=contoso,DC=com",
            r"OU=Sales\, West,DC=contoso,DC=com",
            r"OU=R\+D,DC=contoso,DC=com",
            r"OU=\#1 Team,DC=contoso,DC=com",
            r"OU=Team\ ,DC=contoso,DC=com",
            r"OU=A\\B,DC=contoso,DC=com",
            r"OU=Sales\0ACNF:2b29bc35-f901-4bc3-be8c-526aefb1cf45,DC=contoso,DC=com",
            "OU=R&D (Köln) = 北京,DC=contoso,DC=com",
        ],
    ),
    (
        "SyncTopology",
        "/spec/scopes/0/probeOrganizationalUnit",
        &["ou=probe,OU=XXXXXXXXXXXX,ou=unit-000000,dc=contoso,dc=com"],
    ),
    ("SyncTopology", "/spec/timeZone", &["Etc/GMT+12", "America/Argentina/Buenos_Aires", "UTC"]),
    ("SyncTopology", "/spec/strategy/waves/0/soak", &["0s", "1h30m", "36h", "999999s", "1d1d"]),
    ("SyncTopology", "/spec/strategy/waves/0/failureBudget", &["0", "200", "0%", "7%", "100%"]),
    ("SyncTopology", "/spec/strategy/windows/0/schedule", &["0 22 * * 5", "*/15 0-6,22,23 1 JAN-MAR MON#2"]),
    ("SyncTopology", "/spec/servers/0/retireBy", &["2028-02-29", "2100-12-31"]),
    (
        "EntraTenant",
        "/spec/endpoints/login",
        &[
            "https://login.microsoftonline.com",
            "https://10.0.0.7:8443/tenant",
            "http://127.0.0.1:41207",
            "http://localhost:41207/",
            "http://[::1]:41207",
        ],
    ),
    ("SyncServer", "/spec/hostName", &["SYNC01", "sync-01.emea.contoso.com", "1.contoso.com"]),
    (
        "MigrationDecision",
        "/spec/expiresAt",
        &["2027-01-31T00:00:00Z", "2027-01-31T23:59:59.5+14:00", "2027-01-31T00:00:00.123456789-09:30"],
    ),
];

#[tokio::test]
async fn what_is_right_but_looks_odd_is_accepted_and_can_be_read() {
    let server = Server::new().await;
    let examples = small();
    let mut failures = Vec::new();
    for (kind, pointer, values) in ACCEPTED {
        let resource = Resource::of(definition(kind));
        let example = examples.iter().find(|example| example.kind == *kind).unwrap();
        for value in *values {
            let mut object = example.object.clone();
            // A number where the field takes one beside a text.
            *object.pointer_mut(pointer).unwrap() = match value.parse::<i64>() {
                Ok(number) => json!(number),
                Err(_) => json!(value),
            };
            if pointer.ends_with("/organizationalUnits/0") {
                // It would have to move with its unit.
                object
                    .pointer_mut("/spec/scopes/0")
                    .and_then(Value::as_object_mut)
                    .unwrap()
                    .remove("probeOrganizationalUnit");
            }
            let problem = match server.create(&resource, &object, Write::DryRun).await {
                Ok(stored) => readable(kind, &stored).err(),
                Err(status) => Some(status.message.clone()),
            };
            failures.extend(problem.map(|problem| format!("{kind} {pointer} {value}: {problem}")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
