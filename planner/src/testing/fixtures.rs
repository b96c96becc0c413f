//! Servers and jobs of the small world as they are at the start.

use crds::entra_tenant::CloudSyncJob;
use crds::sync_agent::inventory::*;
use crds::sync_server::ServerRole;
use crds::sync_topology::Engine;
use crds::{DistinguishedName, Epoch};

use super::{DOMAIN, digest};
use crate::observed::*;

pub(super) fn job(domain: &str, threshold: i64) -> JobFacts {
    JobFacts {
        domain: domain.to_owned(),
        recorded: CloudSyncJob {
            domain: domain.to_owned(),
            service_principal_id: "sp".to_owned(),
            job_id: Some("job".to_owned()),
            password_hash_job_id: Some("hash".to_owned()),
            code: "NotRun".to_owned(),
            quarantine: None,
            schema_version: None,
            containers: Vec::new(),
            epoch: Epoch(0),
            claim: None,
            tightened_guard: None,
        },
        active: false,
        started: false,
        quarantine: None,
        filter_empty: true,
        containers: Vec::new(),
        schema_version: None,
        steady_state_at: None,
        last_success_at: None,
        entries: 0,
        deletion_threshold: Some(threshold),
        mappings_digest: digest("mappings"),
        password_hash_active: Some(false),
        password_hash_success_at: None,
    }
}

pub(super) fn server(name: &str, active: bool, units: &[&DistinguishedName]) -> ServerFacts {
    ServerFacts {
        name: name.into(),
        agent: Some(AgentFacts {
            name: name.into(),
            command: None,
            outcome: None,
            highest_epoch: Epoch(0),
            resume_by: None,
            resumed: None,
        }),
        reporting: Reporting::OnTime,
        epoch: Epoch(0),
        claim: None,
        inventory: Some(inventory(name, !active, units)),
        host_problem: None,
        role: Some(if active { ServerRole::Active } else { ServerRole::Staging }),
        snapshot_at: None,
    }
}

fn inventory(name: &str, staging: bool, units: &[&DistinguishedName]) -> Inventory {
    Inventory {
        epoch: Epoch(0),
        host: HostInventory {
            name: name.to_owned(),
            operating_system: "Windows Server 2022 Standard".to_owned(),
            operating_system_build: "10.0.20348".to_owned(),
            server_core: false,
            domain_joined: true,
            dot_net_version: "4.8".to_owned(),
            power_shell_version: "5.1".to_owned(),
            memory_mib: 8192,
            tls_registry: Vec::new(),
            provisioning_agent_version: None,
            booted_at: None,
        },
        engine: Some(EngineInventory {
            engine: Engine::EntraConnect,
            version: "2.6.92.0".to_owned(),
            installation_type: "Express".to_owned(),
            service_running: true,
            service_start_type: "Automatic".to_owned(),
            service_last_started_at: None,
            auto_upgrade: Some("Disabled".to_owned()),
            sql: None,
            anchor_attribute: Some("mS-DS-ConsistencyGuid".to_owned()),
            user_principal_name_attribute: Some("userPrincipalName".to_owned()),
        }),
        scheduler: Some(SchedulerInventory {
            enabled: true,
            running: false,
            suspended: false,
            staging,
            interval_seconds: 1800,
        }),
        connectors: vec![ConnectorInventory {
            id: "ad".to_owned(),
            name: DOMAIN.to_owned(),
            kind: ConnectorKind::ActiveDirectory,
            password_hash_sync: Some(true),
            password_hash_last_success: None,
            object_types: vec!["user".to_owned(), "group".to_owned()],
            partitions: vec![PartitionInventory {
                distinguished_name: "DC=contoso,DC=com".to_owned(),
                selected: true,
                included: units.iter().copied().cloned().collect(),
                excluded: Vec::new(),
            }],
            objects: 300,
            pending: PendingInventory::default(),
        }],
        rules: Some(RulesInventory {
            total: 62,
            digest: digest("rules"),
            custom: Vec::new(),
            writes_to_directory: Vec::new(),
            no_flow_scopes: Vec::new(),
            free_precedences: 100,
            cloud_no_flow_in_schema: true,
        }),
        features: Some(FeaturesInventory { password_hash_sync: true, ..Default::default() }),
        last_runs: Vec::new(),
        watch: None,
    }
}
