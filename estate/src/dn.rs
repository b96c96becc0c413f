//! Distinguished names: parsing with escapes, comparison without regard to case, parents and renames. Pure.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A distinguished name, such as `CN=Doe\, Jane,OU=Sales,DC=contoso,DC=com`.
///
/// Compared without regard to case (Unicode lower case), as Active Directory does for the alphabets that matter here.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DistinguishedName {
    /// Innermost first.
    components: Vec<Rdn>,
}

/// One component: type and unescaped value.
#[derive(Debug, Clone)]
struct Rdn {
    kind: String,
    value: String,
    /// `kind=value` in lower case, unescaped: what comparisons use.
    folded: String,
}

/// Text that is not a distinguished name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a distinguished name such as \"OU=Sales,DC=contoso,DC=com\", found {text:?}: {reason}")]
pub struct DnError {
    text: String,
    reason: &'static str,
}

impl Rdn {
    fn new(kind: &str, value: &str) -> Self {
        let folded = format!("{}={}", kind.to_ascii_lowercase(), value.to_lowercase());
        Self { kind: kind.to_owned(), value: value.to_owned(), folded }
    }
}

impl PartialEq for DistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for DistinguishedName {}
impl PartialOrd for DistinguishedName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
/// Outermost component first, so that everything below a container is one range.
impl Ord for DistinguishedName {
    fn cmp(&self, other: &Self) -> Ordering {
        let own = self.components.iter().rev().map(|rdn| &rdn.folded);
        own.cmp(other.components.iter().rev().map(|rdn| &rdn.folded))
    }
}
impl Hash for DistinguishedName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for rdn in &self.components {
            rdn.folded.hash(state);
        }
    }
}

impl DistinguishedName {
    /// The name one level up; none for a single component.
    pub fn parent(&self) -> Option<Self> {
        let rest = self.components.get(1..)?;
        (!rest.is_empty()).then(|| Self { components: rest.to_vec() })
    }

    /// Value of the innermost component, unescaped.
    pub fn name(&self) -> &str {
        self.components.first().map_or("", |rdn| &rdn.value)
    }

    /// Type of the innermost component, such as `CN` or `OU`.
    pub fn kind(&self) -> &str {
        self.components.first().map_or("", |rdn| &rdn.kind)
    }

    /// A name directly below this one.
    #[must_use]
    pub fn child(&self, kind: &str, value: &str) -> Self {
        let mut components = vec![Rdn::new(kind, value)];
        components.extend(self.components.iter().cloned());
        Self { components }
    }

    /// Whether this is `container` or lies below it, at any depth.
    pub fn is_under(&self, container: &Self) -> bool {
        self.components.len() >= container.components.len()
            && self
                .components
                .iter()
                .rev()
                .zip(container.components.iter().rev())
                .all(|(a, b)| a.folded == b.folded)
    }

    /// The same object after `from`, one of its ancestors or itself, has become `to`; none if it is not under `from`.
    pub fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        if !self.is_under(from) {
            return None;
        }
        let keep = self.components.len() - from.components.len();
        let mut components: Vec<Rdn> = self.components.iter().take(keep).cloned().collect();
        components.extend(to.components.iter().cloned());
        Some(Self { components })
    }

    /// Number of components.
    pub fn depth(&self) -> usize {
        self.components.len()
    }

    /// Number of trailing `DC=` components.
    fn domain_depth(&self) -> usize {
        self.components.iter().rev().take_while(|rdn| rdn.kind.eq_ignore_ascii_case("DC")).count()
    }

    /// Whether both lie in the same domain. A child domain's names end in its parent's and are in another one.
    pub fn same_domain(&self, other: &Self) -> bool {
        let depth = self.domain_depth();
        let heads = self.components.iter().rev().zip(other.components.iter().rev()).take(depth);
        depth == other.domain_depth() && heads.into_iter().all(|(a, b)| a.folded == b.folded)
    }

    /// The trailing `DC=` components: the domain.
    #[must_use]
    pub fn domain(&self) -> Self {
        let split = self
            .components
            .iter()
            .rposition(|rdn| !rdn.kind.eq_ignore_ascii_case("DC"))
            .map_or(0, |at| at + 1);
        Self { components: self.components.iter().skip(split).cloned().collect() }
    }

    /// The domain as DNS spells it: `contoso.com`.
    pub fn dns_domain(&self) -> String {
        let labels: Vec<&str> = self.domain_labels().collect();
        labels.join(".")
    }

    fn domain_labels(&self) -> impl Iterator<Item = &str> {
        self.components.iter().filter(|rdn| rdn.kind.eq_ignore_ascii_case("DC")).map(|rdn| rdn.value.as_str())
    }

    /// The domain name of a DNS domain: `DC=contoso,DC=com`.
    pub fn of_domain(dns: &str) -> Self {
        Self {
            components: dns.split('.').filter(|l| !l.is_empty()).map(|label| Rdn::new("DC", label)).collect(),
        }
    }
}

impl FromStr for DistinguishedName {
    type Err = DnError;

    fn from_str(text: &str) -> Result<Self, DnError> {
        let error = |reason| DnError { text: text.to_owned(), reason };
        let mut components = Vec::new();
        for part in split(text) {
            let (kind, value) = part.split_once('=').ok_or_else(|| error("a component has no '='"))?;
            let kind = kind.trim();
            if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') {
                return Err(error("a component has no valid type"));
            }
            let value = unescape(value.trim()).map_err(error)?;
            if value.is_empty() {
                return Err(error("a component has no value"));
            }
            components.push(Rdn::new(kind, &value));
        }
        if components.is_empty() {
            return Err(error("it is empty"));
        }
        Ok(Self { components })
    }
}

/// Splits at commas that are not escaped.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// Resolves `\,` and `\2C` (RFC 4514 §2.4).
fn unescape(value: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let first = rest.next().ok_or("it ends inside an escape")?;
        match (char::from(first).to_digit(16), first) {
            (Some(high), _) => {
                let low =
                    rest.next().and_then(|b| char::from(b).to_digit(16)).ok_or("an escape has one digit")?;
                bytes.push(u8::try_from(high * 16 + low).map_err(|_| "an escape is out of range")?);
            }
            (None, literal) => bytes.push(literal),
        }
    }
    String::from_utf8(bytes).map_err(|_| "an escape is not UTF-8")
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rdn) in self.components.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            write!(f, "{}=", rdn.kind)?;
            let last = rdn.value.chars().count().saturating_sub(1);
            for (i, c) in rdn.value.chars().enumerate() {
                let edge = (c == ' ' && (i == 0 || i == last)) || (c == '#' && i == 0);
                match c {
                    ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => write!(f, "\\{c}")?,
                    _ if edge => write!(f, "\\{c}")?,
                    _ => write!(f, "{c}")?,
                }
            }
        }
        Ok(())
    }
}
impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl TryFrom<String> for DistinguishedName {
    type Error = DnError;
    fn try_from(text: String) -> Result<Self, DnError> {
        text.parse()
    }
}
impl From<DistinguishedName> for String {
    fn from(dn: DistinguishedName) -> Self {
        dn.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dn(text: &str) -> DistinguishedName {
        text.parse().unwrap()
    }

    #[test]
    fn escapes_survive() {
        let name = dn(r"CN=Doe\, Jane,OU=F\C3\BChrung,DC=contoso,DC=com");
        assert_eq!(name.name(), "Doe, Jane");
        assert_eq!(name.to_string(), r"CN=Doe\, Jane,OU=Führung,DC=contoso,DC=com");
        assert_eq!(dn(&name.to_string()), name);
    }

    #[test]
    fn case_does_not_count() {
        assert_eq!(dn("ou=FÜHRUNG,dc=Contoso,dc=COM"), dn("OU=führung,DC=contoso,DC=com"));
    }

    #[test]
    fn under_is_by_component_not_by_text() {
        let sales = dn("OU=Sales,DC=contoso,DC=com");
        assert!(dn("CN=a,OU=Sales,DC=contoso,DC=com").is_under(&sales));
        assert!(sales.is_under(&sales));
        assert!(!dn(r"CN=x\,OU=Sales,DC=contoso,DC=com").is_under(&sales));
        assert!(!dn("OU=Presales,DC=contoso,DC=com").is_under(&sales));
    }

    #[test]
    fn moves_keep_the_inner_part() {
        let moved = dn("CN=a,OU=T,OU=Sales,DC=c").moved(&dn("OU=Sales,DC=c"), &dn("OU=Vertrieb,OU=EU,DC=c"));
        assert_eq!(moved, Some(dn("CN=a,OU=T,OU=Vertrieb,OU=EU,DC=c")));
        assert_eq!(dn("CN=a,DC=c").moved(&dn("OU=Sales,DC=c"), &dn("DC=d")), None);
    }

    #[test]
    fn domains() {
        assert_eq!(dn("CN=a,OU=b,DC=emea,DC=contoso,DC=com").dns_domain(), "emea.contoso.com");
        assert_eq!(dn("CN=a,OU=b,DC=contoso,DC=com").domain(), DistinguishedName::of_domain("contoso.com"));
    }

    #[test]
    fn a_child_domain_is_another_domain() {
        let child = dn("CN=a,DC=emea,DC=contoso,DC=com");
        assert!(child.is_under(&dn("DC=contoso,DC=com")));
        assert!(!child.same_domain(&dn("OU=b,DC=contoso,DC=com")));
        assert!(child.same_domain(&dn("ou=c,dc=EMEA,dc=contoso,dc=com")));
    }

    #[test]
    fn bad_names_are_refused() {
        for bad in ["", "Sales", "OU=", "=x", "OU=a,,DC=b", r"OU=a\"] {
            assert!(bad.parse::<DistinguishedName>().is_err(), "{bad:?} was taken");
        }
    }
}
