//! Whether an agent sits on the host that its SyncServer names, and whether two of them name one host. Pure.
//!
//! An agent that was started on another host, or a SyncServer that was copied, would have its engine stopped and its rules written in
//! the belief that they were another server's.

use crds::conditions::Reason;

/// Longest `NetBIOS` name of a computer: what Windows calls a host with a longer DNS name. Source: Microsoft, "Naming conventions in
/// Active Directory for computers, domains, sites, and OUs".
const LONGEST_NETBIOS_NAME: usize = 15;

/// The host's own name, without its domain.
fn short(name: &str) -> String {
    name.split('.').next().unwrap_or_default().to_lowercase()
}

/// Whether a host that says it is called `found` can be the one that is declared by its DNS name.
fn is_called(declared: &str, found: &str) -> bool {
    let (declared, found) = (short(declared), short(found));
    let cut: String = declared.chars().take(LONGEST_NETBIOS_NAME).collect();
    found == declared || found == cut
}

/// Whether two declared DNS names can only mean one host. A name without a domain is the host of that name in any domain.
pub fn is_same(one: &str, other: &str) -> bool {
    let whole = one.contains('.') && other.contains('.');
    if whole { one.eq_ignore_ascii_case(other) } else { short(one) == short(other) }
}

/// What is wrong with the host of a SyncServer; `None` when nothing is, or nothing is known yet.
///
/// `reported` is the host's own name in the accepted agent's last inventory, `older` an older SyncServer of the same host.
pub fn problem(
    server: &str,
    declared: &str,
    reported: Option<&str>,
    older: Option<&str>,
) -> Option<(Reason, String)> {
    if let Some(older) = older {
        return Some((
            Reason::ClaimedTwice,
            format!(
                "expected one SyncServer for the host {declared}, found {older}, which is older, beside {server}: remove one of them"
            ),
        ));
    }
    let found = reported.filter(|found| !is_called(declared, found))?;
    Some((
        Reason::HostDiffers,
        format!(
            "expected the agent of {server} to run on {declared}, found it on {found}: run it on the host that `spec.hostName` names, or \
             make a SyncServer for the host it runs on"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_its_own_name() {
        for (declared, found) in [
            ("sync01.contoso.com", "SYNC01"),
            ("SYNC01", "sync01"),
            ("sync01.contoso.com", "sync01.contoso.com"),
            ("entra-connect-sync01.contoso.com", "ENTRA-CONNECT-S"),
        ] {
            assert!(is_called(declared, found), "{declared} {found}");
            assert_eq!(problem("a", declared, Some(found), None), None);
        }
        for (declared, found) in
            [("sync01.contoso.com", "SYNC02"), ("sync01.contoso.com", "SYNC0"), ("sync01", ""), ("a", "ab")]
        {
            assert!(!is_called(declared, found), "{declared} {found}");
        }
        let (reason, message) = problem("first", "sync01.contoso.com", Some("SYNC02"), None).unwrap();
        assert_eq!(reason, Reason::HostDiffers);
        assert!(message.contains("sync01.contoso.com") && message.contains("SYNC02"), "{message}");
        assert_eq!(problem("first", "sync01.contoso.com", None, None), None, "nothing was reported yet");
    }

    #[test]
    fn two_names_of_one_host_are_the_same() {
        assert!(is_same("sync01.contoso.com", "SYNC01.Contoso.COM"));
        assert!(is_same("sync01", "sync01.contoso.com"));
        assert!(!is_same("sync01.contoso.com", "sync01.fabrikam.com"));
        assert!(!is_same("sync01", "sync010.contoso.com"));
        let (reason, message) = problem("b", "sync01", Some("SYNC01"), Some("identity/a")).unwrap();
        assert_eq!(reason, Reason::ClaimedTwice);
        assert!(message.contains("identity/a") && message.contains("remove one"), "{message}");
    }
}
