//! Single people, contacts, accounts and containers.

use jiff::Timestamp;
use uuid::Uuid;

use super::build::Unit;
use super::names::{CITIES, TITLES, ascii};
use super::random::Random;
use crate::directory::{Directory, DirectoryError, NewObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::value::{Attributes, Value};

/// Normal account (`userAccountControl`).
const NORMAL_ACCOUNT: i64 = 512;

/// Disabled normal account.
const DISABLED_ACCOUNT: i64 = 514;

/// A new person; CNs are "Surname, Given" for every third one, so that commas are escaped somewhere.
pub(super) fn new_person(
    home: &DistinguishedName,
    given: &str,
    surname: &str,
    logon: &str,
    suffix: &str,
    random: &mut Random,
) -> NewObject {
    let display = format!("{given} {surname}");
    let number: String = logon.chars().filter(char::is_ascii_digit).collect();
    let cn = match (random.below(3), number.is_empty()) {
        (0, true) => format!("{surname}, {given}"),
        (0, false) => format!("{surname}, {given} {number}"),
        (_, true) => display.clone(),
        (_, false) => format!("{display} {number}"),
    };
    let address = format!("{logon}@{suffix}");
    let (city, state, country, letters) = random.pick(&CITIES).copied().unwrap_or_default();
    let control = if random.chance(2) { DISABLED_ACCOUNT } else { NORMAL_ACCOUNT };
    let mut attributes = Attributes::new()
        .with("userAccountControl", control)
        .with("sAMAccountName", logon)
        .with("userPrincipalName", address.clone())
        .with("displayName", display)
        .with("givenName", given)
        .with("sn", surname)
        .with("mail", address.clone())
        .with("mailNickname", logon)
        .with("title", random.pick(&TITLES).copied().unwrap_or_default())
        .with("department", home.name())
        .with("company", "Contoso")
        .with("l", city)
        .with("st", state)
        .with("co", country)
        .with("c", letters)
        .with("employeeID", format!("{:06}", random.below(1_000_000)))
        .with("telephoneNumber", format!("+49 30 555{:04}", random.below(10_000)));
    attributes.set(
        "proxyAddresses",
        vec![Value::text(format!("SMTP:{address}")), Value::text(format!("smtp:{logon}@old.{suffix}"))],
    );
    NewObject { dn: home.child("CN", &cn), class: ObjectClass::User, attributes }
}

/// A logon name that is free: `given.surname`, else with a number.
pub(super) fn free_logon(given: &str, surname: &str, free: impl Fn(&str) -> bool) -> String {
    let base = format!("{}.{}", ascii(given), ascii(surname));
    let mut number = 1;
    let mut logon = base.clone();
    while !free(&logon) {
        number += 1;
        logon = format!("{base}{number}");
    }
    logon
}

/// A contact of a partner company.
pub(super) fn contact(
    directory: &mut Directory,
    unit: &Unit,
    number: usize,
    now: Timestamp,
) -> Result<Uuid, DirectoryError> {
    let name = format!("Partner {} {:02}", unit.dn.name(), number + 1);
    let nickname = ascii(&name);
    let address = format!("{nickname}@partner.example");
    let attributes = Attributes::new()
        .with("displayName", name.clone())
        .with("mailNickname", nickname)
        .with("mail", address.clone())
        .with("proxyAddresses", format!("SMTP:{address}"))
        .with("targetAddress", format!("SMTP:{address}"))
        .with("company", "Partner");
    let dn = unit.dn.child("CN", &name);
    directory.create(NewObject { dn, class: ObjectClass::Contact, attributes }, now)
}

/// An account without mail, manager or groups.
pub(super) fn service_account(
    directory: &mut Directory,
    home: &DistinguishedName,
    number: usize,
    suffix: &str,
    now: Timestamp,
) -> Result<Uuid, DirectoryError> {
    let name = format!("svc-{:02}", number + 1);
    let attributes = Attributes::new()
        .with("userAccountControl", NORMAL_ACCOUNT)
        .with("sAMAccountName", name.clone())
        .with("userPrincipalName", format!("{name}@{suffix}"))
        .with("displayName", format!("Service {:02}", number + 1))
        .with("description", "Service account");
    directory.create(NewObject { dn: home.child("CN", &name), class: ObjectClass::User, attributes }, now)
}

/// Makes a unit and every unit above it that is missing.
pub(super) fn make_containers(
    directory: &mut Directory,
    dn: &DistinguishedName,
    now: Timestamp,
) -> Result<(), DirectoryError> {
    if directory.by_dn(dn).is_some() {
        return Ok(());
    }
    if let Some(parent) = dn.parent() {
        make_containers(directory, &parent, now)?;
    }
    let class = if dn.kind().eq_ignore_ascii_case("OU") {
        ObjectClass::OrganizationalUnit
    } else {
        ObjectClass::Container
    };
    directory.create(NewObject { dn: dn.clone(), class, attributes: Attributes::new() }, now)?;
    Ok(())
}
