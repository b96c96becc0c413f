//! Delta queries: what changed in a collection since a token was handed out. No IO.
//!
//! A token stands for the projected state of the collection when its round began; a round is the difference between two such
//! states, cut into pages. Replays, repeated objects and removals in the first round are deliberate: the real service has
//! them. Source: Microsoft, "Use delta query to track changes in Microsoft Graph data".

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::error::GraphError;
use crate::modes::DeltaReset;

/// Life of a token for directory objects. Source: Microsoft, delta query overview.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Rounds and walks remembered; older tokens are answered like expired ones.
const MAX_REMEMBERED: usize = 128;

/// Members told about in one item; a larger change repeats the group with the rest.
const MEMBERS_PER_ITEM: usize = 25;

/// The two collections with delta queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tracked {
    Users,
    Groups,
}

/// One object as a round sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TrackedObject {
    /// Alive, with the selected properties and, where `members` was selected, its members' ids and types.
    Alive { properties: Map<String, Value>, members: BTreeMap<String, &'static str> },
    /// In the recycle bin.
    SoftDeleted,
}

/// The collection at one moment, by object id.
pub(crate) type Snapshot = BTreeMap<String, TrackedObject>;

/// What a first request asked for; later requests of the chain repeat it by token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) tracked: Tracked,
    pub(crate) select: Vec<String>,
    /// Only these ids, if any were named.
    pub(crate) ids: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
struct Round {
    query: Query,
    state: Arc<Snapshot>,
    issued: Timestamp,
}

/// A round that is being paged through.
#[derive(Debug, Clone)]
struct Walk {
    query: Query,
    items: Arc<Vec<Value>>,
    position: usize,
    page_size: usize,
    state: Arc<Snapshot>,
}

/// Where a page ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Link {
    /// `@odata.nextLink` with this `$skiptoken`.
    Next(String),
    /// `@odata.deltaLink` with this `$deltatoken`.
    Delta(String),
}

/// Tokens in circulation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deltas {
    rounds: BTreeMap<u64, Round>,
    walks: BTreeMap<u64, Walk>,
    issued: u64,
    /// Tokens up to this number are refused (the switch that expires them).
    expired_up_to: u64,
}

impl Deltas {
    /// The query behind a token of either kind; the caller needs it to read the present state.
    ///
    /// # Errors
    /// The refusal chosen by `reset` for a token that is unknown, expired or forged.
    pub(crate) fn query(
        &self,
        token: &str,
        now: Timestamp,
        reset: DeltaReset,
        restart: &str,
    ) -> Result<&Query, GraphError> {
        let number = read_token(token).filter(|number| *number > self.expired_up_to);
        let query = number.and_then(|number| {
            let round = self.rounds.get(&number).filter(|round| round.issued + TOKEN_LIFE > now);
            round.map(|round| &round.query).or_else(|| self.walks.get(&number).map(|walk| &walk.query))
        });
        query.ok_or_else(|| refuse(reset, restart))
    }

    /// What a token that is no longer accepted asked for, as far as it is remembered.
    pub(crate) fn select_of(&self, token: &str) -> Option<&[String]> {
        let number = read_token(token)?;
        let round = self.rounds.get(&number).map(|round| &round.query);
        round.or_else(|| self.walks.get(&number).map(|walk| &walk.query)).map(|query| query.select.as_slice())
    }

    /// Makes every token in circulation unusable.
    pub(crate) fn expire_all(&mut self) {
        self.expired_up_to = self.issued;
    }

    /// A token for the present state, without data (`$deltatoken=latest`).
    pub(crate) fn latest(&mut self, query: Query, state: Snapshot, now: Timestamp) -> Link {
        Link::Delta(self.remember_round(Round { query, state: Arc::new(state), issued: now }))
    }

    /// The first page of a first round.
    pub(crate) fn first(
        &mut self,
        query: Query,
        state: Snapshot,
        size: usize,
        now: Timestamp,
    ) -> (Vec<Value>, Link) {
        let items = differences(&Snapshot::new(), &state, false);
        self.serve(
            Walk { query, items: Arc::new(items), position: 0, page_size: size, state: Arc::new(state) },
            now,
        )
    }

    /// The first page of the round since `token`; with `minimal`, changed properties only.
    ///
    /// The token must have passed [`Deltas::query`]; one that has not yields an empty round.
    pub(crate) fn since(
        &mut self,
        token: &str,
        state: Snapshot,
        minimal: bool,
        size: usize,
        now: Timestamp,
    ) -> Option<(Vec<Value>, Link)> {
        let round = self.rounds.get(&read_token(token)?)?.clone();
        // Sharing the state when nothing changed keeps frequent polling cheap.
        let (items, state) = if *round.state == state {
            (Vec::new(), round.state)
        } else {
            (differences(&round.state, &state, minimal), Arc::new(state))
        };
        Some(self.serve(
            Walk { query: round.query, items: Arc::new(items), position: 0, page_size: size, state },
            now,
        ))
    }

    /// The page that a next link names. Asking again with the same link gives the same page.
    pub(crate) fn next(&mut self, token: &str, now: Timestamp) -> Option<(Vec<Value>, Link)> {
        let walk = self.walks.get(&read_token(token)?)?.clone();
        Some(self.serve(walk, now))
    }

    fn serve(&mut self, walk: Walk, now: Timestamp) -> (Vec<Value>, Link) {
        let end = walk.position.saturating_add(walk.page_size).min(walk.items.len());
        // A page after the first starts with the last item of the page before: a replay that clients must bear.
        let start = walk.position.saturating_sub(1);
        let items = walk.items.get(start..end).unwrap_or_default().to_vec();
        let link = if end < walk.items.len() {
            Link::Next(self.remember_walk(Walk { position: end, ..walk }))
        } else {
            Link::Delta(self.remember_round(Round { query: walk.query, state: walk.state, issued: now }))
        };
        (items, link)
    }

    fn remember_round(&mut self, round: Round) -> String {
        self.issued += 1;
        self.rounds.insert(self.issued, round);
        while self.rounds.len() > MAX_REMEMBERED {
            self.rounds.pop_first();
        }
        write_token(self.issued)
    }

    fn remember_walk(&mut self, walk: Walk) -> String {
        self.issued += 1;
        self.walks.insert(self.issued, walk);
        while self.walks.len() > MAX_REMEMBERED {
            self.walks.pop_first();
        }
        write_token(self.issued)
    }
}

fn refuse(reset: DeltaReset, restart: &str) -> GraphError {
    let stale = |code| GraphError::StaleToken {
        code,
        message: "The sync state generation is not found; continue from a full synchronization.".to_owned(),
    };
    match reset {
        DeltaReset::Gone => GraphError::Gone { location: restart.to_owned() },
        DeltaReset::SyncStateNotFound => stale("syncStateNotFound"),
        DeltaReset::ResyncRequired => stale("resyncRequired"),
    }
}

fn write_token(number: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("round:{number}"))
}

fn read_token(token: &str) -> Option<u64> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("round:")?.parse().ok()
}

/// Items that lead from `before` to `after`.
fn differences(before: &Snapshot, after: &Snapshot, minimal: bool) -> Vec<Value> {
    let mut items = Vec::new();
    for (id, now) in after {
        let then = before.get(id);
        if then == Some(now) {
            continue;
        }
        match (then, now) {
            (_, TrackedObject::SoftDeleted) => items.push(removed(id, "changed")),
            (
                Some(TrackedObject::Alive { properties: old, members: old_members }),
                TrackedObject::Alive { properties, members },
            ) => {
                let mut shown = Map::new();
                for (name, value) in properties {
                    if !minimal || old.get(name) != Some(value) {
                        shown.insert(name.clone(), value.clone());
                    }
                }
                push_alive(&mut items, id, shown, old_members, members);
            }
            (_, TrackedObject::Alive { properties, members }) => {
                push_alive(&mut items, id, properties.clone(), &BTreeMap::new(), members);
            }
        }
    }
    items.extend(before.keys().filter(|id| !after.contains_key(*id)).map(|id| removed(id, "deleted")));
    items
}

fn removed(id: &str, reason: &str) -> Value {
    json!({"id": id, "@removed": {"reason": reason}})
}

fn push_alive(
    items: &mut Vec<Value>,
    id: &str,
    mut properties: Map<String, Value>,
    old_members: &BTreeMap<String, &'static str>,
    members: &BTreeMap<String, &'static str>,
) {
    let added = members.iter().filter(|(member, _)| !old_members.contains_key(*member));
    let dropped = old_members.iter().filter(|(member, _)| !members.contains_key(*member));
    let changes: Vec<Value> = added
        .map(|(member, kind)| json!({"@odata.type": kind, "id": member}))
        .chain(dropped.map(
            |(member, kind)| json!({"@odata.type": kind, "id": member, "@removed": {"reason": "deleted"}}),
        ))
        .collect();
    properties.insert("id".to_owned(), json!(id));
    let mut chunks = changes.chunks(MEMBERS_PER_ITEM);
    if let Some(first) = chunks.next() {
        properties.insert("members@delta".to_owned(), json!(first));
    }
    items.push(Value::Object(properties));
    items.extend(chunks.map(|chunk| json!({"id": id, "members@delta": chunk})));
}
