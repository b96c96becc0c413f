//! How values are made comparable before they are digested, and why. Pure.
//!
//! Exactness first: a rule is here only where both sides are known to hold the same value in different writing. Blanks,
//! line ends and Unicode forms are kept as they are: neither engine changes them unless a mapping says so, and then
//! the mapping has been evaluated before.
//!
//! Two rules hold for every attribute: order and repetition do not count, because neither LDAP nor Microsoft Graph
//! keeps an order; an empty text is no value, because a directory cannot hold one.

/// How the values of one attribute are made comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalisation {
    /// Character by character.
    Exact,
    /// Without regard to case: `userPrincipalName`, `onPremisesUserPrincipalName` and `mail`. Sign-in and mail routing
    /// ignore case, and the provisioning service does not rewrite a value that differs in case only (Microsoft,
    /// "Reference for writing expressions", `ToLower`: only with `caseExact`).
    CaseInsensitive,
    /// `proxyAddresses`: the prefix is kept as it is, because `SMTP` marks the primary address and `smtp` another one;
    /// the address itself is compared without regard to case. Addresses of `onmicrosoft.com` domains are left out:
    /// Entra adds them by itself to objects that mail services use (Microsoft, "How the proxyAddresses attribute is
    /// populated in Microsoft Entra ID"), so they say nothing about synchronisation.
    Addresses,
    /// `True` and `False` in any case: LDAP writes `TRUE`, expressions `True`, Microsoft Graph `true`.
    Boolean,
}

impl Normalisation {
    /// The rule for an attribute, by the name a synchronisation schema gives its target.
    pub fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "userprincipalname" | "onpremisesuserprincipalname" | "mail" => Self::CaseInsensitive,
            "proxyaddresses" => Self::Addresses,
            "accountenabled" | "mailenabled" | "securityenabled" => Self::Boolean,
            _ => Self::Exact,
        }
    }

    fn apply(self, value: &str) -> Option<String> {
        match self {
            Self::CaseInsensitive => Some(value.to_lowercase()),
            Self::Boolean if value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") => {
                Some(value.to_ascii_lowercase())
            }
            Self::Boolean | Self::Exact => Some(value.to_owned()),
            Self::Addresses => {
                let (prefix, address) = value.split_once(':').unwrap_or(("", value));
                let address = address.to_lowercase();
                let added_by_entra =
                    prefix.eq_ignore_ascii_case("smtp") && address.ends_with(".onmicrosoft.com");
                (!added_by_entra).then(|| format!("{prefix}:{address}"))
            }
        }
    }
}

/// The values of an attribute in comparable form, sorted and without repetition.
pub(super) fn normalised(name: &str, values: &[String]) -> Vec<String> {
    let rule = Normalisation::of(name);
    let mut values: Vec<String> =
        values.iter().filter(|value| !value.is_empty()).filter_map(|value| rule.apply(value)).collect();
    values.sort_unstable();
    values.dedup();
    values
}
