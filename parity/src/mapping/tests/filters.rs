//! Scope filters.

use super::super::filter::{Verdict, evaluate};
use super::super::model::{FilterClause, FilterGroup};
use super::person;

fn clause(attribute: &str, operator: &str, value: &str) -> FilterClause {
    let values = if value.is_empty() { Vec::new() } else { vec![value.to_owned()] };
    FilterClause { attribute: attribute.to_owned(), operator: operator.to_owned(), values }
}

fn verdict(groups: &[&[&FilterClause]]) -> Verdict {
    let groups: Vec<FilterGroup> = groups
        .iter()
        .map(|clauses| FilterGroup { clauses: clauses.iter().copied().cloned().collect() })
        .collect();
    evaluate(&groups, &person())
}

#[test]
fn each_operator() {
    let table = [
        ("state", "EQUALS", "QLD", true),
        ("state", "EQUALS", "qld", false),
        ("state", "NOT EQUALS", "NSW", true),
        ("state", "NOT EQUALS", "QLD", false),
        ("missing", "NOT EQUALS", "NSW", false),
        ("missing", "IS NULL", "", true),
        ("state", "IS NULL", "", false),
        ("state", "IS NOT NULL", "", true),
        ("proxyAddresses", "IS NOT NULL", "", true),
        ("flag", "IS TRUE", "", true),
        ("flag", "IS FALSE", "", false),
        ("missing", "IS FALSE", "", false),
        ("mail", "ENDS_WITH", "@contoso.com", true),
        ("mail", "Includes", "DOE", false),
        ("number", "Greater_Than", "513", true),
        ("number", "Greater_Than_OR_EQUALS", "515", false),
        ("userPrincipalName", "REGEX MATCH", ".*\\@contoso.com", true),
        ("userPrincipalName", "NOT REGEX MATCH", ".*\\@contoso.com", false),
        ("missing", "NOT REGEX MATCH", "x", false),
    ];
    for (attribute, operator, value, expected) in table {
        let expected = if expected { Verdict::In } else { Verdict::Out };
        assert_eq!(
            verdict(&[&[&clause(attribute, operator, value)]]),
            expected,
            "{attribute} {operator} {value}"
        );
    }
}

#[test]
fn what_the_pages_do_not_settle_is_unknown() {
    let table = [
        ("state", "&", "QLD"),
        ("proxyAddresses", "EQUALS", "x"),
        ("objectGUID", "EQUALS", "x"),
        ("notRead", "IS NULL", ""),
        ("state", "EQUALS", ""),
        ("state", "Greater_Than", "1"),
        ("state", "REGEX MATCH", "(?!x)"),
    ];
    for (attribute, operator, value) in table {
        let found = verdict(&[&[&clause(attribute, operator, value)]]);
        assert!(matches!(found, Verdict::Unknown(_)), "{attribute} {operator}: {found:?}");
    }
}

#[test]
fn clauses_are_joined_by_and_groups_by_or() {
    let (yes, no, unknown) =
        (clause("state", "IS NOT NULL", ""), clause("state", "IS NULL", ""), clause("state", "?", ""));
    assert_eq!(verdict(&[]), Verdict::In);
    assert_eq!(verdict(&[&[]]), Verdict::In);
    assert_eq!(verdict(&[&[&yes, &no]]), Verdict::Out);
    assert_eq!(verdict(&[&[&no], &[&yes]]), Verdict::In);
    // What is unknown counts only where nothing else decides.
    assert_eq!(verdict(&[&[&unknown, &no]]), Verdict::Out);
    assert_eq!(verdict(&[&[&unknown], &[&yes]]), Verdict::In);
    assert!(matches!(verdict(&[&[&unknown, &yes]]), Verdict::Unknown(_)));
    assert!(matches!(verdict(&[&[&unknown], &[&no]]), Verdict::Unknown(_)));
}
