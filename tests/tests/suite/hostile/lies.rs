//! What a hostile agent can write into its own status, report and Lease: lies of the right shape. Data.

use serde_json::{Value, json};

/// What it knows when it lies: the command that it was given, and what another agent reports.
pub(super) struct Known {
    /// Its present command.
    pub(super) command: Value,
    /// The outcome of another agent.
    pub(super) other: Value,
}

/// One lie.
pub(super) struct Lie {
    /// In words.
    pub(super) what: &'static str,
    /// Its status, merged into what is there; `outcome` is replaced as a whole.
    pub(super) status: fn(&Known) -> Value,
    /// Bytes that it puts into its first Secret.
    pub(super) chunk: Option<&'static [u8]>,
}

/// A digest of nothing that there is.
fn digest() -> String {
    format!("sha256:{}", "0".repeat(64))
}

/// An outcome of the present command: done, at once.
fn done(known: &Known, change: &Value) -> Value {
    let mut outcome = json!({"commandId": known.command["id"], "epoch": known.command["epoch"], "state": "Succeeded",
        "message": null, "startedAt": "2026-11-21T12:00:00Z", "finishedAt": "2026-11-21T12:00:01Z", "evidence": null});
    outcome.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    json!({ "outcome": outcome })
}

/// Evidence of the kind that the command asks for, about content that nobody has.
fn right_kind(known: &Known, used: i32) -> Value {
    if known.command["action"]["takeSnapshot"].is_null() {
        json!({"scope": {"digest": digest(), "secretsUsed": used, "objects": [{"objectType": "user", "count": 3}],
            "organizationalUnits": [], "mappingsDigest": digest()}})
    } else {
        json!({"snapshot": {"digest": digest(), "sizeBytes": 9, "secretsUsed": used, "parsed": true, "rules": 1, "connectors": 1}})
    }
}

/// Evidence of another kind than any reading command asks for.
fn other_kind() -> Value {
    json!({"service": {"installed": false, "running": false, "startType": "Disabled"}})
}

/// The lies, each told on top of the truth.
pub(super) const LIES: &[Lie] = &[
    Lie {
        what: "an outcome of a command that was never given",
        status: |known| done(known, &json!({"commandId": "never-given", "evidence": right_kind(known, 1)})),
        chunk: None,
    },
    Lie {
        what: "an outcome of an epoch to come",
        status: |known| {
            let epoch = known.command["epoch"].as_i64().unwrap() + 1;
            done(known, &json!({"epoch": epoch, "evidence": right_kind(known, 1)}))
        },
        chunk: None,
    },
    Lie { what: "done, without evidence", status: |known| done(known, &json!({})), chunk: None },
    Lie {
        what: "done, with evidence of another kind",
        status: |known| done(known, &json!({"evidence": other_kind()})),
        chunk: None,
    },
    Lie {
        what: "done, with bytes that are not what the digest says",
        status: |known| done(known, &json!({"evidence": right_kind(known, 1)})),
        chunk: Some(b"not what the digest says"),
    },
    Lie {
        what: "done, with bytes that are not there",
        status: |known| done(known, &json!({"evidence": right_kind(known, 8)})),
        chunk: None,
    },
    Lie {
        what: "done, with a count of Secrets below nothing",
        status: |known| done(known, &json!({"evidence": right_kind(known, -1)})),
        chunk: None,
    },
    Lie {
        what: "done, with more Secrets than there are",
        status: |known| done(known, &json!({"evidence": right_kind(known, i32::MAX)})),
        chunk: None,
    },
    Lie {
        what: "another agent's outcome, word for word",
        status: |known| json!({"outcome": known.other}),
        chunk: None,
    },
    Lie {
        what: "another agent's evidence for its own command",
        status: |known| {
            done(known, &json!({"evidence": known.other["evidence"], "epoch": known.other["epoch"]}))
        },
        chunk: None,
    },
    Lie {
        what: "begun in the next century, and still at it",
        status: |known| {
            done(known, &json!({"state": "Running", "startedAt": "2099-01-01T00:00:00Z", "finishedAt": null}))
        },
        chunk: None,
    },
    Lie {
        what: "ended before it began",
        status: |known| {
            done(known, &json!({"startedAt": "2099-01-01T00:00:00Z", "finishedAt": "2000-01-01T00:00:00Z"}))
        },
        chunk: None,
    },
    Lie {
        what: "a memory that was never lost",
        status: |_| json!({"outcome": null, "journalId": "another-journal", "highestEpoch": 0}),
        chunk: None,
    },
    Lie {
        what: "a scheduler that resumed by itself",
        status: |_| json!({"outcome": null, "resumed": "switched on: go on with the next step", "resumeBy": "2099-01-01T00:00:00Z"}),
        chunk: None,
    },
    Lie {
        what: "an inventory that is not in its report",
        status: |_| json!({"outcome": null, "resumed": null, "resumeBy": null, "inventoryDigest": digest()}),
        chunk: None,
    },
    Lie {
        what: "an epoch far above, with an outcome that would let the command be given again",
        status: |known| {
            let mut status = done(known, &json!({}));
            status["highestEpoch"] = json!(known.command["epoch"].as_i64().unwrap() + 1_000_000);
            status
        },
        chunk: None,
    },
];
