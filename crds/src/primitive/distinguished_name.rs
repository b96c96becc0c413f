//! Distinguished names of Active Directory, parsed once and compared as the directory compares them.
//!
//! Source of the syntax: RFC 4514; Active Directory compares names without regard to case.

use serde::{Deserialize, Serialize};

/// A distinguished name such as `OU=Sales,DC=contoso,DC=com`.
///
/// Keeps the spelling it was given. Equality, order and hashing go by the parsed form: types and values without regard to
/// case, escapes resolved, blanks around separators ignored. So `OU=a\,b,DC=x` and `ou=A\2Cb, dc=X` are one name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DistinguishedName {
    text: String,
    /// From the leaf to the root: (lower-case type, folded value).
    components: Vec<(String, String)>,
}

/// The text is no distinguished name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a distinguished name such as `OU=Sales,DC=contoso,DC=com`, found {found:?}: {problem}; copy the name as \
     `Get-ADOrganizationalUnit` prints it"
)]
pub struct DistinguishedNameError {
    /// What was given.
    pub found: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl DistinguishedName {
    /// Reads a name.
    ///
    /// # Errors
    /// When the text is empty, a component has no `=`, a type or value is empty, or an escape is broken.
    pub fn parse(text: &str) -> Result<Self, DistinguishedNameError> {
        let fail = |problem| DistinguishedNameError { found: text.to_owned(), problem };
        let mut components = Vec::new();
        for raw in split_unescaped(text) {
            let (kind, value) = raw.split_once('=').ok_or_else(|| fail("a component has no `=`"))?;
            let kind = kind.trim_matches(' ');
            if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
                return Err(fail(
                    "a component's type is empty or has other characters than letters, digits, `-` and `.`",
                ));
            }
            let value = unescape(trim_unescaped(value)).ok_or_else(|| fail("an escape is broken"))?;
            if value.is_empty() {
                return Err(fail("a component's value is empty"));
            }
            components.push((kind.to_ascii_lowercase(), value.to_lowercase()));
        }
        if components.is_empty() {
            return Err(fail("it is empty"));
        }
        Ok(Self { text: text.to_owned(), components })
    }

    /// The name as it was spelled.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `self` is `ancestor` or lies below it, in the same domain: a child domain is a naming context of its own, although
    /// its name ends like the parent domain's.
    pub fn is_at_or_below(&self, ancestor: &Self) -> bool {
        self.components.ends_with(&ancestor.components) && self.domain_labels() == ancestor.domain_labels()
    }

    /// The container it lies in; `None` for a single component.
    pub fn parent(&self) -> Option<Self> {
        let leaf = split_unescaped(&self.text).first()?.len();
        let text = self.text.get(leaf + 1..)?.trim_start_matches(' ');
        Self::parse(text).ok()
    }

    /// How many components it has: of two names that contain a third, the deeper one is the nearer.
    pub fn depth(&self) -> usize {
        self.components.len()
    }

    /// Whether one of the two lies at or below the other.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.is_at_or_below(other) || other.is_at_or_below(self)
    }

    /// Domains of several names, each once, sorted.
    pub fn domains<'a>(names: impl IntoIterator<Item = &'a Self>) -> Vec<String> {
        let domains: std::collections::BTreeSet<String> =
            names.into_iter().filter_map(Self::domain).collect();
        domains.into_iter().collect()
    }

    /// The domain part in dotted form (`contoso.com`); `None` when the name does not end in `DC=` components.
    pub fn domain(&self) -> Option<String> {
        let labels: Vec<&str> =
            self.components.iter().skip(self.below_domain()).map(|(_, value)| value.as_str()).collect();
        (!labels.is_empty()).then(|| labels.join("."))
    }

    /// How many of the trailing components name the domain.
    fn domain_labels(&self) -> usize {
        self.components.iter().rev().take_while(|(kind, _)| kind == "dc").count()
    }

    /// How many components lie below the domain.
    fn below_domain(&self) -> usize {
        self.components.len() - self.domain_labels()
    }
}

/// Splits at `,` outside escapes.
fn split_unescaped(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    if parts.len() == 1 && parts.first().is_some_and(|part| part.trim().is_empty()) {
        parts.clear();
    }
    parts
}

/// Trims blanks, but not an escaped one at the end.
fn trim_unescaped(value: &str) -> &str {
    let value = value.trim_start_matches(' ');
    let trimmed = value.trim_end_matches(' ');
    let backslashes = trimmed.bytes().rev().take_while(|b| *b == b'\\').count();
    if backslashes % 2 == 1 { value.get(..=trimmed.len()).unwrap_or(trimmed) } else { trimmed }
}

/// Resolves `\,` and `\2C`; `None` for a broken escape.
fn unescape(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let first = rest.next()?;
        match char::from(first).to_digit(16) {
            Some(high) => {
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            None => bytes.push(first),
        }
    }
    String::from_utf8(bytes).ok()
}

impl PartialEq for DistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        self.components == other.components
    }
}

impl Eq for DistinguishedName {}

impl std::hash::Hash for DistinguishedName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.components.hash(state);
    }
}

impl PartialOrd for DistinguishedName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DistinguishedName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // The domain first and then from its root on, so that what lies below a container follows it directly.
        let (below, domain) = self.components.split_at(self.below_domain());
        let (other_below, other_domain) = other.components.split_at(other.below_domain());
        let from_root = domain.iter().rev().cmp(other_domain.iter().rev());
        from_root.then_with(|| below.iter().rev().cmp(other_below.iter().rev()))
    }
}

impl std::fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for DistinguishedName {
    type Error = DistinguishedNameError;

    fn try_from(text: String) -> Result<Self, DistinguishedNameError> {
        Self::parse(&text)
    }
}

impl From<DistinguishedName> for String {
    fn from(name: DistinguishedName) -> Self {
        name.text
    }
}

super::string_schema!(
    DistinguishedName,
    "DistinguishedName",
    512,
    // A value has a character besides blanks; an escape is a character that is no digit of a hexadecimal number, or two that are.
    r"^([A-Za-z][A-Za-z0-9.-]*= *([^,\\ ]|\\[^0-9A-Fa-f]|\\[0-7][0-9A-Fa-f])([^,\\]|\\[^0-9A-Fa-f]|\\[0-7][0-9A-Fa-f])*,)*[Dd][Cc]=[^,\\ ]+$",
    "Distinguished name as Active Directory prints it, down to the domain, such as `OU=Sales,DC=contoso,DC=com`."
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitive::accepted_by_schema;
    use proptest::prelude::*;

    fn dn(text: &str) -> DistinguishedName {
        DistinguishedName::parse(text).unwrap()
    }

    #[test]
    fn compares_as_the_directory_does() {
        assert_eq!(dn(r"OU=a\,b,DC=x"), dn(r"ou=A\2Cb, dc=X"));
        assert_eq!(dn("OU=Größe,DC=x"), dn("OU=GRÖSSE,DC=x".replace("SS", "ß").as_str()));
        assert_ne!(dn("OU=a,OU=b,DC=x"), dn("OU=b,OU=a,DC=x"));
        assert_ne!(dn(r"OU=a\ ,DC=x"), dn("OU=a,DC=x"), "an escaped blank at the end is part of the value");
    }

    #[test]
    fn ancestry_is_not_a_text_match() {
        let sales = dn("OU=Sales,DC=contoso,DC=com");
        assert!(dn("CN=Ada,OU=Sales,DC=contoso,DC=com").is_at_or_below(&sales));
        assert!(sales.is_at_or_below(&sales));
        // ENDSWITH of the engine would take these two for children.
        assert!(!dn(r"CN=x\,OU=Sales,DC=contoso,DC=com").is_at_or_below(&sales));
        assert!(!dn("XOU=Sales,DC=contoso,DC=com").is_at_or_below(&sales));
        assert!(sales.overlaps(&dn("DC=contoso,DC=com")));
        assert!(!sales.overlaps(&dn("OU=Pilot,DC=contoso,DC=com")));
    }

    #[test]
    fn the_parent_is_what_follows_the_first_component() {
        let table = [
            (r"CN=Meier\, Jürgen,OU=Sales,DC=contoso,DC=com", Some("OU=Sales,DC=contoso,DC=com")),
            ("OU=Sales, DC=contoso,DC=com", Some("DC=contoso,DC=com")),
            ("DC=com", None),
        ];
        for (name, parent) in table {
            assert_eq!(dn(name).parent(), parent.map(dn), "{name}");
        }
    }

    #[test]
    fn a_child_domain_is_not_below_its_parent_domain() {
        let parent = dn("DC=contoso,DC=com");
        for other in
            ["OU=Sales,DC=emea,DC=contoso,DC=com", "DC=emea,DC=contoso,DC=com", "OU=x,DC=xcontoso,DC=com"]
        {
            let other = dn(other);
            assert!(!other.is_at_or_below(&parent), "{other}");
            assert!(!other.overlaps(&parent) && !parent.overlaps(&other), "{other}");
        }
        assert!(parent.is_at_or_below(&parent));
        // Zones of the directory's DNS are named by DC components too; they are leaves of their own partition.
        let zone = dn("CN=MicrosoftDNS,DC=DomainDnsZones,DC=contoso,DC=com");
        assert!(
            dn("DC=www,DC=contoso.com,CN=MicrosoftDNS,DC=DomainDnsZones,DC=contoso,DC=com")
                .is_at_or_below(&zone)
        );
        assert!(!zone.is_at_or_below(&parent));
    }

    #[test]
    fn what_lies_below_a_name_sorts_right_after_it() {
        let mut names: Vec<DistinguishedName> = [
            "OU=Sales,DC=contoso,DC=com",
            "DC=emea,DC=contoso,DC=com",
            "OU=Sales,DC=emea,DC=contoso,DC=com",
            "DC=contoso,DC=com",
            "OU=Zebra,DC=contoso,DC=com",
            "OU=Inside,OU=Sales,DC=contoso,DC=com",
            "OU=Abc,DC=contoso,DC=com",
        ]
        .map(dn)
        .to_vec();
        names.sort();
        for (at, name) in names.iter().enumerate() {
            let below = names.iter().filter(|other| other.is_at_or_below(name)).count();
            let following = names.iter().skip(at).take_while(|other| other.is_at_or_below(name)).count();
            assert_eq!(following, below, "{name}");
        }
    }

    #[test]
    fn domain_is_the_trailing_dc_part() {
        assert_eq!(dn("OU=DC,DC=emea,DC=contoso,DC=com").domain().as_deref(), Some("emea.contoso.com"));
        assert_eq!(dn("CN=x,O=y").domain(), None);
    }

    #[test]
    fn bad_names_say_what_is_wrong() {
        for (text, problem) in [
            ("", "it is empty"),
            ("Sales", "has no `=`"),
            ("OU=,DC=x", "value is empty"),
            ("=x,DC=x", "type is empty"),
            (r"OU=a\2", "escape is broken"),
            ("OU=a,,DC=x", "has no `=`"),
        ] {
            let error = DistinguishedName::parse(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
            assert!(error.contains("expected a distinguished name"), "{error}");
        }
    }

    proptest! {
        // Texts of this pattern are slow to make.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn reads_what_the_schema_accepts(text in accepted_by_schema::<DistinguishedName>()) {
            prop_assert!(DistinguishedName::parse(&text).is_ok(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in "\\PC{0,60}") {
            if let Ok(name) = DistinguishedName::parse(&text) {
                prop_assert_eq!(String::from(name.clone()), text);
                prop_assert!(name.is_at_or_below(&name));
            }
        }

        #[test]
        fn a_child_is_below_its_parent(parent in "[A-Za-z ]{1,8}", child in "[A-Za-z,=+]{1,8}") {
            let parent = dn(&format!("OU={},DC=x", parent.trim().to_owned() + "p"));
            let escaped: String = child.chars().flat_map(|c| ['\\', c]).filter(|c| !c.is_ascii_hexdigit()).collect();
            if let Ok(name) = DistinguishedName::parse(&format!("CN=z{escaped}z,{parent}")) {
                prop_assert!(name.is_at_or_below(&parent));
                prop_assert!(!parent.is_at_or_below(&name));
            }
        }
    }
}
