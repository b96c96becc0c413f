//! A small organisation with awkward names: nested units, escaped characters, people and groups across units and domains. Pure.

use estate::dn::DistinguishedName;
use estate::population::{Organisation, PROBE_UNIT, Size, Unit};

use crate::random::Random;

/// DNS names of the domains that the sync servers are connected to, the forest's root first.
pub(super) const DOMAINS: [&str; 2] = ["corp.example.com", "emea.corp.example.com"];

/// Suffix of user principal names.
pub(crate) const SUFFIX: &str = "example.com";

/// Names of units, the awkward ones among them.
const NAMES: [&str; 12] = [
    "Sales",
    "Research, Development",
    "Ops + Logistics",
    "Büro Süd",
    "Legal \"A\"",
    "Finance",
    "HR; Payroll",
    "Field",
    "Plant #7",
    "Team <Blue>",
    "Labor=Work",
    "Marketing",
];

/// An organisation and its parts.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Who is there.
    pub organisation: Organisation,
    /// Units that can be moved one by one.
    pub units: Vec<DistinguishedName>,
    /// Units that Connect excludes.
    pub excluded: Vec<DistinguishedName>,
}

impl Drawn {
    /// Where an agent may make test objects: one unit below each that can be moved.
    pub fn probe_unit(&self, unit: &DistinguishedName) -> DistinguishedName {
        unit.child("OU", PROBE_UNIT)
    }
}

/// Draws an organisation of one to six units.
pub(super) fn draw(random: &mut Random) -> Drawn {
    let mut names = NAMES;
    random.shuffle(&mut names);
    let count = random.between(1, 6);
    let large = random.chance(15);
    let mut units = Vec::new();
    for (at, name) in names.iter().enumerate().take(count) {
        // The first unit is the root domain's; a child domain has some of the others.
        let domain = if at > 0 && random.chance(30) { DOMAINS[1] } else { DOMAINS[0] };
        let head = DistinguishedName::of_domain(domain);
        let parent = if random.chance(30) { head.child("OU", "Berlin, Mitte") } else { head };
        let child_names = ["Inner", "Outer, Left"];
        let children = child_names.iter().take(random.below(3)).map(|name| (*name).to_owned()).collect();
        let most = if large { 60 } else { 12 };
        units.push(Unit {
            dn: parent.child("OU", name),
            children,
            size: Size {
                users: random.between(2, most),
                groups: random.between(0, 1 + most / 6),
                contacts: random.below(3),
                computers: random.below(3),
            },
            service_accounts: false,
            self_contained: false,
        });
    }
    let movable = units.iter().map(|unit| unit.dn.clone()).collect();
    let mut excluded = Vec::new();
    if random.chance(70) {
        let dn = DistinguishedName::of_domain(DOMAINS[0]).child("OU", "Service Accounts");
        excluded.push(dn.clone());
        let size = Size { users: random.between(1, 4), ..Size::default() };
        units.push(Unit { dn, children: Vec::new(), size, service_accounts: true, self_contained: true });
    }
    let organisation =
        Organisation { domains: DOMAINS.map(str::to_owned).to_vec(), suffix: SUFFIX.to_owned(), units };
    Drawn { organisation, units: movable, excluded }
}
