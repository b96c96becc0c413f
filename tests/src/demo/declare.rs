//! What the demo's platform team declares: the objects of the walk-through, from where the estate says it is. Pure.

use serde_json::{Value, json};

use ::estate::serve::Addresses;

/// Namespace of the topology and everything that belongs to it.
pub const NAMESPACE: &str = "identity";

/// Name of the topology and of the tenant.
pub const NAME: &str = "contoso";

/// Who approves, bound to the chart's approver role.
pub const APPROVER: &str = "anna@contoso.com";

/// The version of this project's kinds.
const VERSION: &str = "hybrididentity.dev/v1alpha1";

/// How the declared move differs from run to run.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Scopes of each wave, by their place among the estate's units.
    pub waves: Vec<Vec<usize>>,
    /// How long a wave is watched after its proof.
    pub soak: &'static str,
    /// How long the stopped engine stays installed.
    pub observation: &'static str,
    /// How many objects may differ from what the rules give today, as predicted and as found.
    pub max_drift: u32,
    /// How many objects may refer to others that their job does not know yet.
    pub max_unknown_references: u32,
    /// Limits of the topology.
    pub limits: Limits,
}

/// Limits of the topology, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest time in which the scheduler may be off.
    pub scheduler_stop: u32,
    /// Longest time in which an object may have no engine.
    pub unserved: u32,
    /// Longest time in which no engine sends a password hash.
    pub hash_gap: u32,
}

/// Waves in which no job has to write references to objects that it does not know: first the unit that was chosen because it refers to
/// nobody else, then each domain at once, because within a domain everything refers to everything. By the places of the units.
pub fn waves(units: &[String]) -> Vec<Vec<usize>> {
    let mut waves: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, unit) in units.iter().enumerate().skip(1) {
        let domain = domain_of(unit);
        match waves.iter_mut().find(|(known, _)| *known == domain) {
            Some((_, wave)) => wave.push(at),
            None => waves.push((domain, vec![at])),
        }
    }
    let first = units.first().map(|unit| domain_of(unit));
    waves.sort_by_key(|(domain, _)| first.as_ref() != Some(domain));
    let canary = first.map(|_| vec![0]);
    canary.into_iter().chain(waves.into_iter().map(|(_, wave)| wave)).collect()
}

fn domain_of(unit: &str) -> String {
    let name = crds::DistinguishedName::parse(unit).ok();
    name.and_then(|name| name.domain()).unwrap_or_default().to_lowercase()
}

fn meta(name: &str) -> Value {
    json!({"name": name, "namespace": NAMESPACE})
}

/// The namespaces, the approver's role binding and the tenant's secret: what is there before this project comes.
pub fn cluster(addresses: &Addresses, release_namespace: &str, release: &str) -> Vec<Value> {
    let namespace = |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": meta("approvers"),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": format!("{release}-approver")},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": APPROVER}],
    });
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": meta("contoso-graph"),
        "stringData": {"client-secret": addresses.client_secret},
    });
    vec![namespace(release_namespace), namespace(NAMESPACE), binding, secret]
}

/// The tenant and its sync servers.
pub fn estate(addresses: &Addresses) -> Vec<Value> {
    let tenant = json!({
        "apiVersion": VERSION,
        "kind": "EntraTenant",
        "metadata": meta(NAME),
        "spec": {
            "tenantId": addresses.tenant_id,
            "cloud": "Custom",
            "endpoints": {"login": addresses.login_url, "graph": addresses.graph_url},
            "profile": "Manage",
            "credential": {
                "clientId": addresses.client_id,
                "clientSecret": {"name": "contoso-graph", "key": "client-secret"},
            },
        },
    });
    let servers = addresses.servers.iter().map(|server| {
        json!({
            "apiVersion": VERSION,
            "kind": "SyncServer",
            "metadata": meta(server),
            "spec": {"hostName": format!("{server}.contoso.com"), "owner": "identity-team@contoso.com", "acceptedAgent": {"name": server}},
        })
    });
    std::iter::once(tenant).chain(servers).collect()
}

/// The topology.
pub fn topology(addresses: &Addresses, wanted: &Wanted) -> Value {
    let scope = |&at: &usize| {
        let unit = addresses.organizational_units.get(at).cloned().unwrap_or_default();
        let mut scope =
            json!({"name": scope_name(&unit), "organizationalUnits": [unit], "engine": "CloudSync"});
        if let Some(probe) = addresses.probe_units.get(at) {
            scope["probeOrganizationalUnit"] = json!(probe);
        }
        scope
    };
    let names = |wave: &[usize]| {
        let units = wave.iter().filter_map(|at| addresses.organizational_units.get(*at));
        units.map(|unit| scope_name(unit)).collect::<Vec<_>>()
    };
    let waves = wanted.waves.iter().enumerate().map(|(at, wave)| {
        let name = match (at, wanted.waves.len()) {
            (0, _) => "canary".to_owned(),
            (at, all) if at + 1 == all && all > 2 => "rest".to_owned(),
            (1, _) => "main".to_owned(),
            (at, _) => format!("wave{}", at + 1),
        };
        let mut declared =
            json!({"name": name, "scopes": names(wave), "soak": wanted.soak, "maxConcurrent": wave.len()});
        if at == 0 {
            declared["approval"] = json!({"required": true, "distinctUsers": 1});
        }
        declared
    });
    let limits = wanted.limits;
    json!({
        "apiVersion": VERSION,
        "kind": "SyncTopology",
        "metadata": meta(NAME),
        "spec": {
            "tenantRef": {"name": NAME},
            "timeZone": "Europe/Berlin",
            "scopes": wanted.waves.iter().flatten().map(scope).collect::<Vec<_>>(),
            "servers": addresses.servers.iter().map(|name| json!({"name": name, "retireBy": "2027-03-31"})).collect::<Vec<_>>(),
            "strategy": {
                "waves": waves.collect::<Vec<_>>(),
                "verification": {
                    "maxMissing": 0,
                    "maxDrift": wanted.max_drift,
                    "maxUnknownReferences": wanted.max_unknown_references,
                    "sampleSize": 20,
                },
                "onFailure": "Pause",
                "limits": {
                    "schedulerStop": format!("{}s", limits.scheduler_stop),
                    "unserved": format!("{}s", limits.unserved),
                    "hashGap": format!("{}s", limits.hash_gap),
                },
                "observationPeriod": wanted.observation,
            },
        },
    })
}

/// `OU=Pilot,DC=contoso,DC=com` is scope `pilot`; a unit of a child domain carries its first label: `emea-finance`.
pub fn scope_name(unit: &str) -> String {
    let mut parts = unit.split(',');
    let own = parts.next().and_then(|part| part.split_once('=')).map_or(unit, |(_, name)| name);
    let labels: Vec<&str> = unit.split(',').filter_map(|part| part.strip_prefix("DC=")).collect();
    let prefix = match labels.as_slice() {
        [child, _, _, ..] => format!("{child}-"),
        _ => String::new(),
    };
    let name = format!("{prefix}{own}").to_lowercase();
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_a_domain_but_for_the_canary() {
        let units =
            ["OU=Pilot,DC=a,DC=b", "OU=X,DC=c,DC=b", "OU=Y,DC=a,DC=b", "OU=Z,DC=c,DC=b", "OU=W,DC=a,DC=b"];
        assert_eq!(waves(&units.map(str::to_owned)), [vec![0], vec![2, 4], vec![1, 3]]);
        assert_eq!(waves(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(waves(&["OU=Pilot,DC=a".to_owned()]), [vec![0]]);
    }

    #[test]
    fn scopes_are_named_after_their_units() {
        assert_eq!(scope_name("OU=Pilot,DC=contoso,DC=com"), "pilot");
        assert_eq!(scope_name("OU=Finance,DC=emea,DC=contoso,DC=com"), "emea-finance");
        assert_eq!(scope_name("OU=Head Office,OU=X,DC=contoso,DC=local"), "head-office");
    }
}
