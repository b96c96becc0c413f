//! Recorders of events, one for each text: a recorder counts what has the same object and reason as one event, and keeps only the first
//! of its texts. What is told for the second time is counted; what is another text is another event.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use kube::Client;
use kube::runtime::events::{Recorder, Reporter};

use super::kube_cluster::FIELD_MANAGER;

/// How many texts are known at a time; a forgotten one is told as new.
const KNOWN: usize = 64;

/// The recorders of the texts that were told last.
pub(super) struct Recorders {
    client: Client,
    reporter: Reporter,
    known: Mutex<VecDeque<(String, Recorder)>>,
}

impl Recorders {
    /// For events in the name of an instance of the operator.
    pub(super) fn new(client: Client, instance: &str) -> Self {
        let reporter = Reporter { controller: FIELD_MANAGER.to_owned(), instance: Some(instance.to_owned()) };
        Self { client, reporter, known: Mutex::default() }
    }

    /// The recorder of a text.
    pub(super) fn of(&self, note: &str) -> Recorder {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, recorder)) = known.iter().find(|(text, _)| text == note) {
            return recorder.clone();
        }
        let recorder = Recorder::new(self.client.clone(), self.reporter.clone());
        if known.len() >= KNOWN {
            known.pop_front();
        }
        known.push_back((note.to_owned(), recorder.clone()));
        recorder
    }
}
