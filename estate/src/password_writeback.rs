//! Password writeback: which engine carries a password that somebody resets in the cloud back to the directory. Pure.
//!
//! Only one engine can: turning it on for a second one breaks the first, which goes on saying that it is on.
//! Source: Microsoft, self-service password reset with cloud sync ("only one may be active").

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::Event;
use crate::engine::Writer;
use crate::estate::Estate;

/// The two kinds of engine that can write passwords back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WritebackEngine {
    /// The active sync server, if its configuration says so.
    Connect,
    /// Microsoft's provisioning agents.
    CloudSync,
}

/// Which engine the tenant sends resets to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordWriteback(Option<WritebackEngine>);

impl Default for PasswordWriteback {
    /// As long as nobody turned it on elsewhere, it is Connect's.
    fn default() -> Self {
        Self(Some(WritebackEngine::Connect))
    }
}

impl PasswordWriteback {
    /// It was turned on for an engine: the other one's is broken from now on.
    pub fn take(&mut self, engine: WritebackEngine) {
        self.0 = Some(engine);
    }

    /// It was turned off for an engine. The other one's stays broken until somebody turns it on again there.
    pub fn give_up(&mut self, engine: WritebackEngine) {
        if self.0 == Some(engine) {
            self.0 = None;
        }
    }

    /// The engine that resets are sent to.
    pub fn holder(self) -> Option<WritebackEngine> {
        self.0
    }
}

impl Estate {
    /// A person resets a password in the cloud; it arrives in the directory if an engine writes it back. The log has it
    /// either way. Returns whether it arrived.
    pub fn reset_password_in_cloud(&mut self, source: Uuid) -> bool {
        let writer = self.password_writer(source);
        self.with_world(|world, now| {
            let arrived = writer.is_some() && world.directory.set_password(source, false, now).is_ok();
            world.judge().0.append(now, Event::PasswordReset { source, writer, arrived });
            arrived
        })
    }

    /// Who would write a password back just now.
    fn password_writer(&self, source: Uuid) -> Option<Writer> {
        let object = self.world.directory.alive(source)?;
        match self.world.password_writeback.holder()? {
            WritebackEngine::Connect => {
                let mut servers = self.server_names().filter_map(|name| self.server(name));
                let found = servers.find(|server| server.writes_passwords_back());
                found.map(|server| Writer::connect(server.name()))
            }
            WritebackEngine::CloudSync => {
                let domain = object.dn.dns_domain();
                let mut agents = self.cloud.agents().filter(|agent| agent.is_running());
                let serving = agents
                    .find(|agent| agent.domains.iter().any(|served| served.eq_ignore_ascii_case(&domain)));
                serving.map(|agent| Writer::cloud_sync(agent.machine_name.clone()))
            }
        }
    }
}
