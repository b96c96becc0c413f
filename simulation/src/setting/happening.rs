//! What happens meanwhile: deaths, cuts, faults, and people who interfere. Pure.

use std::time::Duration;

use adsync::protocol::CyclePolicy;
use crds::migration_decision::Decision;
use estate::audit::Class;
use estate::faults::GraphFaults;
use estate::people::{
    Act, AgentAction, DirectoryAction, GraphAction, JobAction, QuarantineCause, ServerAction,
};
use jiff::{SignedDuration, Timestamp};

use super::edit::{Deed, Edit};
use super::organisation::DOMAINS;
use super::{Setting, Weather};
use crate::process::Road;
use crate::random::Random;
use crate::store::Restore;

/// A process of the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The operator.
    Operator,
    /// The agent of a server.
    Agent(String),
}

/// Name of the operator's process.
pub const OPERATOR: &str = "operator";

impl Who {
    /// Name of the process.
    pub fn name(&self) -> &str {
        match self {
            Self::Operator => OPERATOR,
            Self::Agent(server) => server,
        }
    }
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// A process dies behind so many more things it does outside itself, and is started again after a while.
    Death {
        /// Which.
        who: Who,
        /// Behind how many.
        points: u32,
        /// How long it is gone.
        gone: Duration,
    },
    /// The operator's machine stands still; another replica takes over. When it goes on it does not know yet that it leads no more.
    StandStill {
        /// How long.
        length: Duration,
    },
    /// A road of a process is closed or open.
    Road {
        /// Of which process.
        who: Who,
        /// Which.
        road: Road,
        /// Closed?
        closed: bool,
    },
    /// Graph misbehaves from here on.
    Graph(GraphFaults),
    /// A sync server's host does not answer its agent, or does again.
    Host {
        /// Which.
        server: String,
        /// Does not?
        unreachable: bool,
    },
    /// A sync server's clock is off by this much.
    Clock {
        /// Which.
        server: String,
        /// How far.
        offset: SignedDuration,
    },
    /// The disk of an agent's journal is full, or has room again.
    Disk {
        /// Which.
        server: String,
        /// Full?
        full: bool,
    },
    /// A person does something in the Microsoft products, or something happens there as if one did.
    Act {
        /// What.
        act: Act,
        /// Whether it keeps an engine from serving.
        hold: Hold,
    },
    /// `spec.suspend` of the topology.
    Suspend(bool),
    /// The cluster is backed up.
    BackUp,
    /// The backup is restored.
    Restore(Restore),
    /// A person decides on every migration that is under way.
    Decide(Decision),
    /// Somebody changes the topology in Git.
    Edit(Edit),
    /// Somebody takes the topology out of Git.
    Delete,
    /// Somebody puts the topology back into Git, as it was at first.
    Declare,
    /// A person does something to one of whoever is there then.
    Do(Deed),
}

/// Whether something keeps an engine from serving, whatever the product does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// It does not.
    Not,
    /// From here on; under this name.
    Begins(String),
    /// No longer.
    Ends(String),
}

/// When it happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// When.
    pub at: Timestamp,
    /// What.
    pub happening: Happening,
}

impl Happening {
    /// What this alone can make engines do wrong, whatever the product does.
    pub fn causes(&self) -> &'static [Class] {
        match self {
            // The agent may no longer read the unit: a mode makes the job delete what is in it.
            Self::Act {
                act: Act::Directory(DirectoryAction::SetReadable { readable: false, .. }), ..
            } => &[Class::UnexplainedDeletion, Class::MemberLost],
            _ => &[],
        }
    }
}

/// A build to which Connect upgrades itself.
const NEWER_BUILD: &str = "2.6.99.0";

struct Drawing<'a> {
    setting: &'a Setting,
    random: &'a mut Random,
    planned: Vec<Planned>,
}

/// Draws what happens in a setting.
pub(super) fn draw(setting: &Setting, random: &mut Random) -> Vec<Planned> {
    let most = match setting.weather {
        Weather::Calm => return Vec::new(),
        Weather::Changeable => 6,
        Weather::Foul => 20,
    };
    let mut drawing = Drawing { setting, random, planned: Vec::new() };
    for _ in 0..drawing.random.between(1, most) {
        drawing.one();
    }
    drawing.planned.sort_by_key(|planned| planned.at);
    drawing.planned
}

impl Drawing<'_> {
    fn add(&mut self, at: Timestamp, happening: Happening) {
        self.planned.push(Planned { at, happening });
    }

    /// An instant of the run, the first days of it more often.
    fn instant(&mut self) -> Timestamp {
        let whole = self.setting.until.duration_since(self.setting.start).as_secs();
        let early = 2 * 86_400;
        let within = if self.random.chance(70) { whole.min(early) } else { whole };
        let drawn = self.random.below(usize::try_from(within).unwrap_or(1));
        self.setting.start + SignedDuration::from_secs(i64::try_from(drawn).unwrap_or(0))
    }

    fn server(&mut self) -> String {
        self.random.pick(&self.setting.servers).cloned().unwrap_or_default()
    }

    fn who(&mut self) -> Who {
        if self.random.chance(50) { Who::Operator } else { Who::Agent(self.server()) }
    }

    /// How long something lasts: mostly minutes, in foul weather hours or days too.
    fn length(&mut self) -> SignedDuration {
        let foul = self.setting.weather == Weather::Foul;
        let minutes = match self.random.below(10) {
            0..6 => self.random.between(1, 10),
            6..9 => self.random.between(10, 90),
            _ if foul => self.random.between(60, 3 * 24 * 60),
            _ => self.random.between(5, 30),
        };
        SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(1))
    }

    fn one(&mut self) {
        let at = self.instant();
        let length = self.length();
        let end = at + length;
        let interferes = self.setting.weather == Weather::Foul;
        match self.random.below(if interferes { 100 } else { 64 }) {
            0..32 => self.death(at, length),
            32..42 => {
                let who = self.who();
                let road = match (&who, self.random.chance(50)) {
                    (Who::Operator, true) => Road::Graph,
                    _ => Road::Kubernetes,
                };
                self.add(at, Happening::Road { who: who.clone(), road, closed: true });
                self.add(end, Happening::Road { who, road, closed: false });
            }
            42..58 => {
                let faults = self.graph();
                self.add(at, Happening::Graph(faults));
                self.add(end, Happening::Graph(GraphFaults::default()));
            }
            58..64 => {
                let server = self.server();
                self.add(at, Happening::Host { server: server.clone(), unreachable: true });
                self.add(end, Happening::Host { server, unreachable: false });
            }
            64..69 => {
                let server = self.server();
                let seconds = i64::try_from(self.random.between(10, 7_200)).unwrap_or(10);
                let offset =
                    SignedDuration::from_secs(if self.random.chance(50) { seconds } else { -seconds });
                self.add(at, Happening::Clock { server: server.clone(), offset });
                self.add(end, Happening::Clock { server, offset: SignedDuration::ZERO });
            }
            69..74 => {
                let server = self.server();
                self.add(at, Happening::Disk { server: server.clone(), full: true });
                self.add(end, Happening::Disk { server, full: false });
            }
            74..91 => self.act(at, end),
            91..94 => {
                self.add(at, Happening::Suspend(true));
                self.add(end, Happening::Suspend(false));
            }
            94..96 => {
                let how =
                    self.random.one_of(Restore::Everything, &[Restore::Everything, Restore::WithoutStatus]);
                self.add(at, Happening::BackUp);
                self.add(end, Happening::Restore(how));
            }
            96 => self.add(at, Happening::Decide(Decision::RollBack)),
            _ => {
                self.add(at, Happening::Decide(Decision::Pause));
                self.add(end, Happening::Decide(Decision::Resume));
            }
        }
    }

    /// Somebody does something, and somebody undoes it after a while where that can be done.
    fn act(&mut self, at: Timestamp, end: Timestamp) {
        let server = self.server();
        let domain = DOMAINS[self.random.below(DOMAINS.len())].to_owned();
        let unit = self.random.pick(&self.setting.drawn.units).cloned();
        let on = |action| Act::Server { server: server.clone(), action };
        let job = |action| Act::Job { domain: domain.clone(), action };
        let name = format!("{at}");
        let begins = Hold::Begins(name.clone());
        let ends = Hold::Ends(name);
        let both = |first, then| (first, Some(then));
        let (first, then) = match self.random.below(16) {
            0 => (on(ServerAction::StartCycle { policy_type: CyclePolicy::Delta }), None),
            1 => (on(ServerAction::StartCycle { policy_type: CyclePolicy::Initial }), None),
            2 => both(on(ServerAction::OpenWizard), on(ServerAction::CloseWizard)),
            3 => both(on(ServerAction::OpenWizard), on(ServerAction::CompleteWizard)),
            4 | 5 => (on(ServerAction::RestartHost), None),
            6 => (on(ServerAction::SetScheduler { enabled: true }), None),
            7 => (on(ServerAction::UpgradeByItself { build: NEWER_BUILD.to_owned() }), None),
            8 => {
                let agent = |action| Act::Agent { machine: server.clone(), action };
                both(agent(AgentAction::Stop), agent(AgentAction::Start))
            }
            9 => (Act::Graph(GraphAction::RevokeTokens), None),
            10 => (Act::Graph(GraphAction::ExpireDeltaTokens), None),
            11 => both(
                job(JobAction::Pause { password_hash: false }),
                job(JobAction::Start { password_hash: false }),
            ),
            12 => {
                let (code, message) =
                    ("HybridSynchronizationActiveDirectoryError".to_owned(), "made up".to_owned());
                let cause = QuarantineCause::EncounteredQuarantineException;
                both(job(JobAction::Quarantine { cause, code, message }), job(JobAction::ClearQuarantine))
            }
            13 => (job(JobAction::Restart { reset_scope: String::new(), password_hash: false }), None),
            14 => {
                let Some(below) = unit else { return };
                let count = self.random.between(1, 3);
                (Act::Directory(DirectoryAction::DeleteMany { below, class: "user".to_owned(), count }), None)
            }
            _ => {
                let Some(unit) = unit else { return };
                let readable = |readable| {
                    Act::Directory(DirectoryAction::SetReadable {
                        distinguished_name: unit.clone(),
                        readable,
                    })
                };
                both(readable(false), readable(true))
            }
        };
        let hold = if then.is_some() { begins } else { Hold::Not };
        self.add(at, Happening::Act { act: first, hold });
        if let Some(act) = then {
            self.add(end, Happening::Act { act, hold: ends });
        }
    }

    fn death(&mut self, at: Timestamp, length: SignedDuration) {
        let who = self.who();
        let points = u32::try_from(self.random.between(1, 60)).unwrap_or(1);
        // Mostly a restart at once, as a supervisor does it.
        let gone = if self.random.chance(70) {
            self.random.length(Duration::from_secs(1), Duration::from_mins(1))
        } else {
            Duration::try_from(length).unwrap_or_default()
        };
        self.add(at, Happening::Death { who, points, gone });
    }

    fn graph(&mut self) -> GraphFaults {
        let every = u32::try_from(self.random.between(2, 12)).unwrap_or(2);
        let mut faults = GraphFaults::default();
        match self.random.below(6) {
            0 => {
                faults.throttle_every = every;
                faults.retry_after_seconds = self.random.chance(50).then_some(every * 5);
            }
            1 => faults.unavailable_every = every,
            2 => faults.lost_answer_every = every,
            3 => faults.credentials_refused = true,
            4 => faults.latency = SignedDuration::from_secs(i64::from(every)),
            _ => faults.stale_reads = SignedDuration::from_secs(i64::from(every) * 30),
        }
        faults
    }
}
