//! What single writes did wrong: foreign values, surprise accounts, unexplained deletions. And the echoes.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::super::{Direction, Event, Record, WriteRecord, WrittenValue};
use super::objects::Tenant;
use super::{Class, Violation};
use crate::engine::{Link, Service, Writer};
use crate::tenant::Outcome;
use crate::value::Value;

/// Outcome of the pass.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) violations: Vec<Violation>,
    pub(super) echoes: usize,
}

pub(super) fn judge(records: &[Record]) -> Judged {
    let mut judged = Judged::default();
    let mut tenant = Tenant::default();
    // Directory objects that some sync server has ever served or held without flow.
    let mut known_to_connect: BTreeSet<Uuid> = BTreeSet::new();
    for record in records {
        match &record.event {
            Event::Link {
                writer: Writer::Connect { .. },
                service: Service::Objects,
                source,
                link: Link::Served | Link::NoFlow,
            } => {
                known_to_connect.insert(*source);
            }
            Event::Write(write) if write.direction == Direction::ToEntra => {
                judged.values(record, write);
                judged.creation(record, write, &tenant, &known_to_connect);
                judged.deletion(record, write);
            }
            _ => {}
        }
        tenant.apply(record);
    }
    judged
}

impl Judged {
    fn push(&mut self, record: &Record, class: Class, write: &WriteRecord, detail: String) {
        self.violations.push(Violation { at: record.at, class, object: write.label.clone(), detail });
    }

    fn values(&mut self, record: &Record, write: &WriteRecord) {
        let Some(other) = write.serving.iter().find(|writer| **writer != write.writer) else { return };
        for value in &write.values {
            let Some(directory) = &value.directory else { continue };
            if value.differs {
                let detail = format!(
                    "{} wrote {} = {} while {other} serves the object and the directory says {}",
                    write.writer,
                    value.attribute,
                    shown(value, &value.new),
                    shown(value, directory),
                );
                self.push(record, Class::ForeignValue, write, detail);
            } else {
                self.echoes += 1;
            }
        }
    }

    fn creation(&mut self, record: &Record, write: &WriteRecord, tenant: &Tenant, known: &BTreeSet<Uuid>) {
        let Some(source) = write.source.filter(|_| write.outcome == Outcome::Created) else { return };
        if let Some(twin) = tenant.standing_for(source).find(|id| *id != write.object) {
            let detail = format!("{} created a second object beside {twin}", write.writer);
            self.push(record, Class::SurpriseAccount, write, detail);
            return;
        }
        if write.writer.is_connect() || write.connect_would_export || known.contains(&source) {
            return;
        }
        let existed = match (write.source_created, write.in_scope_since) {
            (Some(created), Some(since)) => created < since,
            // On-demand provisioning of something out of scope.
            _ => true,
        };
        if existed {
            let detail = format!("{} created it; no sync server exports this directory object", write.writer);
            self.push(record, Class::SurpriseAccount, write, detail);
        }
    }

    fn deletion(&mut self, record: &Record, write: &WriteRecord) {
        if matches!(write.outcome, Outcome::SoftDeleted | Outcome::HardDeleted) && write.source_exists {
            let detail = format!("{} deleted it while the directory still has it", write.writer);
            self.push(record, Class::UnexplainedDeletion, write, detail);
        }
    }
}

/// Values for a person; long lists are cut.
fn shown(written: &WrittenValue, values: &[Value]) -> String {
    const MOST: usize = 5;
    let what = if written.reference { "references" } else { "values" };
    let texts: Vec<String> =
        values.iter().take(MOST).map(|value| format!("{:?}", value.to_string())).collect();
    match values.len() {
        0 => "nothing".to_owned(),
        count if count > MOST => format!("{} and {} more {what}", texts.join(", "), count - MOST),
        _ => texts.join(", "),
    }
}
