//! The whole product on one machine: a real control plane, the simulated Microsoft side, the operator and the agents as processes
//! under exactly the chart's roles, and people who do what is asked of them. What `make run` shows and an end-to-end test proves.
//! Starts processes, network IO.

pub mod chaos;
mod declare;
mod ending;
mod error;
mod estate;
mod guest;
mod install;
mod people;
mod picture;
mod show;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crds::{Migration, SyncTopology};
use kube::api::ListParams;
use kube::{Api, Client};
use serde_json::{Value, json};

use chaos::{Chaos, Done};

pub use ::estate::audit::Verdict;
pub use ::estate::serve::Addresses;
pub use declare::{
    APPROVER, Limits, NAME, NAMESPACE, Wanted, cluster as namespaces_and_rights,
    estate as tenant_and_servers, topology,
};
pub use ending::{End, Outcome};
pub use error::{DemoError, Result};
pub use estate::Estate;
pub use install::{
    OPERATOR, agent_program, install, join_again, program, start_agents, start_elsewhere, start_estate,
    start_operator, start_replica,
};
pub use people::People;
pub use picture::{Line, Picture, Place, Run, Wave};
pub use show::Show;

use crate::control_plane::{ControlPlane, Error, Mark};
use crate::{apply, chart};

/// How long one look at the objects may take: an API server that is away may never answer.
const LOOK_LIMIT: Duration = Duration::from_secs(20);

/// The pause between two looks at the objects.
const PAUSE: Duration = Duration::from_millis(300);

/// Which organisation is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scenario {
    /// 1,200 people in two domains of one forest, five scopes in three waves.
    Demo,
    /// One in twenty of them, and nobody does anything: for tests.
    Small,
    /// Rules, connectors, inclusion lists and features of an exported configuration.
    Export {
        /// Its folder.
        folder: PathBuf,
        /// The servers report the build that it came from, working or not.
        keep_build: bool,
    },
}

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which organisation.
    pub scenario: Scenario,
    /// Divisor of every interval of the Microsoft side.
    pub speed_factor: u32,
    /// Seed of everything that is made up.
    pub seed: u64,
    /// After this long a run counts as failed.
    pub patience: Duration,
    /// Connect synchronizes devices: retirement ends blocked.
    pub device_sync: bool,
    /// How the Microsoft side behaves where no source settles it, by the name of a mode set or as a JSON object of modes; absent: what
    /// goes with the scenario.
    pub mode_set: Option<String>,
    /// The bad day: programs are killed, the API server restarted, connections cut, as the seed has it.
    pub chaos: bool,
}

impl Options {
    /// The demo as `make run` shows it.
    pub fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            speed_factor: 360,
            seed: 1,
            patience: Duration::from_mins(10),
            device_sync: false,
            mode_set: None,
            chaos: false,
        }
    }

    fn estate_arguments(&self) -> Vec<String> {
        let (scenario, keep_build) = match &self.scenario {
            Scenario::Demo => ("demo".to_owned(), false),
            Scenario::Small => ("small".to_owned(), false),
            Scenario::Export { folder, keep_build } => {
                // The estate runs elsewhere: it is told an absolute path.
                let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
                (format!("export={}", folder.display()), *keep_build)
            }
        };
        let mut arguments = vec![
            format!("--scenario={scenario}"),
            format!("--speed-factor={}", self.speed_factor),
            format!("--seed={}", self.seed),
        ];
        if keep_build {
            arguments.push("--keep-build".to_owned());
        }
        if self.device_sync {
            arguments.push("--device-sync".to_owned());
        }
        // A set by its name, or single modes as a JSON object.
        let option = |modes: &String| if modes.starts_with('{') { "--modes" } else { "--mode-set" };
        arguments.extend(self.mode_set.iter().map(|modes| format!("{}={modes}", option(modes))));
        arguments
    }

    /// What the platform team declares for this organisation.
    fn wanted(&self, units: &[String]) -> Wanted {
        // On a bad day everything takes longer, which whoever declares limits has to expect.
        let limits = if self.chaos {
            Limits { scheduler_stop: 240, unserved: 360, hash_gap: 360 }
        } else {
            Limits { scheduler_stop: 60, unserved: 120, hash_gap: 120 }
        };
        // What the rules of a foreign export compute and the mappings do not was looked at and accepted.
        let max_drift = if matches!(self.scenario, Scenario::Export { .. }) { 5000 } else { 0 };
        let waves = declare::waves(units);
        Wanted { waves, soak: "3s", observation: "8s", max_drift, max_unknown_references: 0, limits }
    }
}

/// A running demo.
pub struct Demo {
    control_plane: ControlPlane,
    estate: Estate,
    client: Client,
    wanted: Wanted,
    options: Options,
    installed: Vec<Value>,
    begun: Instant,
    mark: Option<Mark>,
}

impl Demo {
    /// Starts everything and declares the topology.
    ///
    /// # Errors
    /// Where a part cannot be started or refuses what it is given.
    pub async fn start(options: Options, show: &Show) -> Result<Self> {
        Self::start_on(ControlPlane::start().await?, options, show).await
    }

    /// The same on a control plane of the caller's.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_on(mut control_plane: ControlPlane, options: Options, show: &Show) -> Result<Self> {
        show.tell("the Kubernetes API server is ready");
        let estate = start_estate(&mut control_plane, &options.estate_arguments()).await?;
        show.tell(&format!(
            "the Microsoft side is up; every interval of it is divided by {}, the clock is the wall clock",
            options.speed_factor
        ));
        for remark in &estate.addresses.remarks {
            show.tell(remark);
        }
        let installed = install(&control_plane, &estate).await?;
        let client = control_plane.client().await?;
        for object in declare::estate(&estate.addresses) {
            apply(&client, install::PEOPLE, &object).await?;
        }
        start_operator(&mut control_plane).await?;
        start_agents(&mut control_plane, &estate).await?;
        show.tell(
            "the chart is installed; the operator and an agent on each sync server run under its roles",
        );
        let wanted = options.wanted(&estate.addresses.organizational_units);
        let mut declared = topology(&estate.addresses, &wanted);
        if options.chaos {
            // A wave that fails on a bad day goes home by itself; people let it try again.
            declared["spec"]["strategy"]["onFailure"] = json!("RollBack");
        }
        let mark = control_plane.audit().ok().and_then(|log| log.mark().ok());
        apply(&client, install::PEOPLE, &declared).await?;
        show.tell("the topology is declared");
        Ok(Self { control_plane, estate, client, wanted, options, installed, begun: Instant::now(), mark })
    }

    /// The control plane, for looking around.
    pub fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    /// The Microsoft side.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }

    /// Follows the run to its end, with people who do what is asked of them.
    ///
    /// # Errors
    /// Where a program ends by itself or does not answer.
    pub async fn run(&mut self, show: &mut Show) -> Result<Outcome> {
        let approver = self.control_plane.client_for(APPROVER, &[]).await?;
        let mut people = People::new(approver, self.estate.clone());
        let servers = &self.estate.addresses.servers;
        let mut chaos = self.options.chaos.then(|| Chaos::new(self.options.seed, servers));
        let mut predicted = Vec::new();
        loop {
            if let Some(chaos) = &mut chaos {
                for line in chaos.tick(&mut self.control_plane, &self.estate).await? {
                    show.tell(&line);
                }
            }
            if let Some(error) = self.control_plane.has_ended()
                && !chaos.as_ref().is_some_and(|chaos| chaos.supervises(&error))
            {
                return Err(error.into());
            }
            let look = self.look(&mut people, &mut predicted, show);
            let end = match (&chaos, tokio::time::timeout(LOOK_LIMIT, look).await) {
                (_, Ok(Ok(end))) => end,
                (None, Ok(Err(error))) => return Err(error),
                // The API server may be away; the look comes again.
                (Some(_), Ok(Err(_)) | Err(_)) => self.too_long("the API server does not answer"),
                (None, Err(_)) => {
                    return Err(Error::Waited { what: "the API server".to_owned(), limit: LOOK_LIMIT }.into());
                }
            };
            // What is left of a bad day strikes whoever has arrived.
            let waits = |chaos: &Chaos| !chaos.is_over() && end.as_ref().is_some_and(End::is_arrival);
            match end {
                Some(_) if chaos.as_ref().is_some_and(waits) => {}
                Some(end) => {
                    let done = chaos.map(|chaos| chaos.done(self.control_plane.folder()));
                    return self.outcome(end, done).await;
                }
                None => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One look at the objects, and what people do about it. Gives the end, if it is one.
    async fn look(
        &self,
        people: &mut People,
        predicted: &mut Vec<String>,
        show: &mut Show,
    ) -> Result<Option<End>> {
        let picture = self.picture().await?;
        // What the plan says when the first wave is approved is what whoever approves it has read.
        if !people.has_approved() {
            *predicted = blockers(&picture);
        }
        show.picture(&picture);
        for line in people.act(&picture).await? {
            show.tell(&line);
        }
        if self.options.chaos {
            for line in people.try_again(&picture).await? {
                show.tell(&line);
            }
        }
        Ok(self.end(&picture, predicted))
    }

    /// How the topology stands.
    ///
    /// # Errors
    /// Where the API server does not answer.
    pub async fn picture(&self) -> Result<Picture> {
        let topologies: Api<SyncTopology> = Api::namespaced(self.client.clone(), NAMESPACE);
        let topology = topologies.get(NAME).await.map_err(Error::kube("reading the topology"))?;
        let migrations: Api<Migration> = Api::namespaced(self.client.clone(), NAMESPACE);
        let found =
            migrations.list(&ListParams::default()).await.map_err(Error::kube("listing migrations"))?;
        Ok(Picture::of(&topology, &found.items))
    }

    fn end(&self, picture: &Picture, predicted: &[String]) -> Option<End> {
        if picture.completed {
            return Some(End::Retired);
        }
        let places = || picture.runs().filter_map(|run| run.at.as_ref());
        if let Some(dead) = places().find(|place| place.reason == "SourceNoLongerWorks") {
            return Some(End::SourceNoLongerWorks(dead.message.clone()));
        }
        let retiring: Vec<&Run> = picture.servers.iter().filter_map(|server| server.run.as_ref()).collect();
        let blocked = |run: &&Run| run.at.as_ref().is_some_and(|at| at.reason == "SideServiceWithoutOwner");
        if picture.scopes_have_moved() && !retiring.is_empty() && retiring.iter().all(blocked) {
            let rows = blockers(picture);
            let all_predicted = rows.iter().all(|row| predicted.contains(row));
            return Some(if all_predicted {
                End::BlockedAsPredicted(rows)
            } else {
                End::BlockedBySurprise(rows)
            });
        }
        // On a bad day whoever failed goes home and tries again.
        if !self.options.chaos
            && let Some(failed) = places().find(|place| place.state == crds::migration::StepState::Failed)
        {
            return Some(End::Stuck(format!("{}: {}", failed.step, failed.message)));
        }
        let at: Vec<String> = places().map(|place| format!("{} ({})", place.step, place.message)).collect();
        self.too_long(if at.is_empty() { picture.phase.clone() } else { at.join("; ") })
    }

    /// The end where patience is at its own.
    fn too_long(&self, at: impl Into<String>) -> Option<End> {
        let patience = self.options.patience * if self.options.chaos { 2 } else { 1 };
        (self.begun.elapsed() > patience).then(|| End::TooLong(at.into()))
    }

    async fn outcome(&self, end: End, chaos: Option<Done>) -> Result<Outcome> {
        let picture = self.picture().await?;
        let events = match (self.control_plane.audit(), self.mark) {
            (Ok(log), Some(mark)) => Some(log.since(mark)?.completed()),
            _ => None,
        };
        let account = |namespace: &str, name: &str| format!("system:serviceaccount:{namespace}:{name}");
        let writes = |users: &[String]| {
            let ours = events.clone()?.writes().matching(|event| {
                users.contains(&event.user) && event.resource != "leases" && event.resource != "events"
            });
            Some(ours.len())
        };
        let operator = [account(chart::NAMESPACE, chart::RELEASE)];
        let agents: Vec<String> =
            self.estate.addresses.servers.iter().map(|server| account(NAMESPACE, server)).collect();
        let refused = events.clone().map(|events| {
            let ours = |user: &String| operator.contains(user) || agents.contains(user);
            // An API server that is only just starting refuses what it will allow.
            let starts = |at| chaos.as_ref().is_some_and(|done| done.is_away(at));
            events.refused().matching(|event| ours(&event.user) && !starts(event.received)).len()
        });
        Ok(Outcome {
            end,
            verdict: self.estate.verdict().await?,
            limits: self.wanted.limits,
            took: self.begun.elapsed(),
            everyday_changes: self.estate.state().await?["everydayChangesDone"].as_u64().unwrap_or_default(),
            steps: picture.runs().map(|run| run.done).sum(),
            operator_writes: writes(&operator),
            agent_writes: writes(&agents),
            refused,
            chaos,
        })
    }

    /// Stops everything, in order. From a cluster that is somebody else's everything is taken away that was brought.
    ///
    /// # Errors
    /// Where that cluster does not let go of something.
    pub async fn stop(self) -> Result<()> {
        let own = self.control_plane.is_own();
        self.control_plane.stop().await;
        if own { Ok(()) } else { guest::leave(&self.client, &self.installed).await }
    }
}

/// Why servers will not be retired as things are.
fn blockers(picture: &Picture) -> Vec<String> {
    let mut rows: Vec<String> =
        picture.servers.iter().flat_map(|server| server.blockers.iter().cloned()).collect();
    rows.sort();
    rows.dedup();
    rows
}
