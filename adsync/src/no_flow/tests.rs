//! Tests of the no-flow rules.

use super::*;

const CONNECTOR: Uuid = Uuid::from_u128(0xAD);

fn units() -> Vec<String> {
    vec!["OU=Pilot,DC=contoso,DC=com".to_owned(), "OU=Sales\\, North,DC=contoso,DC=com".to_owned()]
}

fn scope<'a>(name: &'a str, organizational_units: &'a [String]) -> NoFlowScope<'a> {
    NoFlowScope { name, organizational_units }
}

fn build(name: &str, existing: &[Rule]) -> Result<Vec<Rule>, NoFlowError> {
    rules(&scope(name, &units()), &[CONNECTOR], NoFlowObject::ALL, existing)
}

fn stranger(precedence: u32, direction: Direction) -> Rule {
    let mut rule = blank("In from AD - somebody's".to_owned(), direction, ENTRA_CONNECTOR_ID);
    rule.identifier = Uuid::from_u128(u128::from(precedence));
    rule.precedence = precedence;
    rule.source_object_type = "person".to_owned();
    rule.target_object_type = "user".to_owned();
    rule
}

#[test]
fn a_scope_gets_one_rule_for_each_type_and_direction() {
    let rules = build("pilot", &[]).expect("room for all");
    let shape: Vec<_> = rules
        .iter()
        .map(|rule| {
            (
                rule.name.as_str(),
                rule.source_object_type.as_str(),
                rule.target_object_type.as_str(),
                rule.precedence,
            )
        })
        .collect();
    assert_eq!(
        shape,
        [
            ("hybrid-identity: Out to Entra - group to group no flow", "group", "group", 0),
            ("hybrid-identity: Out to Entra - person to contact no flow", "person", "contact", 1),
            ("hybrid-identity: Out to Entra - person to user no flow", "person", "user", 2),
            ("hybrid-identity: In from AD - user no flow - pilot", "user", "person", 99),
            ("hybrid-identity: In from AD - inetOrgPerson no flow - pilot", "inetOrgPerson", "person", 98),
            ("hybrid-identity: In from AD - group no flow - pilot", "group", "group", 97),
            ("hybrid-identity: In from AD - contact no flow - pilot", "contact", "person", 96),
        ]
    );
}

#[test]
fn inbound_rules_set_the_flag_below_any_of_the_units() {
    let rules = build("pilot", &[]).expect("room for all");
    let rule = rules.iter().find(|rule| rule.direction == Direction::Inbound).expect("an inbound rule");
    assert_eq!(rule.link_type, LinkType::Join);
    assert_eq!(rule.connector, CONNECTOR);
    assert_eq!(rule.immutable_tag, "");
    assert!(rule.join_filter.is_empty());
    assert_eq!(
        rule.attribute_flows,
        [AttributeFlow {
            destination: "cloudNoFlow".to_owned(),
            source: FlowSource::Constant { value: "True".to_owned() },
            merge: ValueMerge::Update,
            execute_once: false,
        }]
    );
    // Groups OR, conditions AND: one group for each unit, or no object would match.
    let values: Vec<_> =
        rule.scope_filter.iter().map(|group| (group.len(), group[0].value.as_str())).collect();
    assert_eq!(values, [(1, "OU=Pilot,DC=contoso,DC=com"), (1, "OU=Sales\\, North,DC=contoso,DC=com")]);
    assert!(
        rule.scope_filter
            .iter()
            .flatten()
            .all(|c| c.attribute == "dn" && c.operator == ScopeOperator::EndsWith)
    );
}

#[test]
fn outbound_rules_join_without_flow() {
    let rules = build("pilot", &[]).expect("room for all");
    for rule in rules.iter().filter(|rule| rule.direction == Direction::Outbound) {
        assert_eq!(rule.link_type, LinkType::JoinNoFlow);
        assert_eq!(rule.connector, ENTRA_CONNECTOR_ID);
        assert!(rule.attribute_flows.is_empty());
        assert_eq!(rule.scope_filter, [[condition("cloudNoFlow", ScopeOperator::Equal, "True")]]);
    }
}

#[test]
fn asking_again_gives_the_same_rules() {
    let first = build("pilot", &[]).expect("room for all");
    assert_eq!(build("pilot", &first).expect("the same"), first);
}

#[test]
fn a_second_scope_shares_the_outbound_rules() {
    let first = build("pilot", &[]).expect("room for all");
    let second = build("sales", &first).expect("room for all");
    assert_eq!(second[..3], first[..3]);
    let mut numbers: Vec<u32> = first.iter().chain(&second[3..]).map(|rule| rule.precedence).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 11, "every number once");
}

#[test]
fn every_connector_gets_its_own_inbound_rules() {
    let other = Uuid::from_u128(0xEE);
    let all =
        rules(&scope("pilot", &units()), &[CONNECTOR, other], &[NoFlowObject::User], &[]).expect("room");
    let identifiers: BTreeSet<Uuid> = all.iter().map(|rule| rule.identifier).collect();
    assert_eq!((all.len(), identifiers.len()), (3, 3));
}

#[test]
fn identifiers_never_change() {
    // A server keeps these over upgrades of the operator: changing how they are made orphans the rules.
    let rules = build("pilot", &[]).expect("room for all");
    assert_eq!(rules[3].identifier.to_string(), "7e3d350f-009c-8604-ba62-4cf909553ac8");
    assert_eq!(rules[0].identifier.to_string(), "329af749-0be1-83fa-926a-68cc184b0076");
}

#[test]
fn ours_are_told_from_copies() {
    let rules = build("pilot", &[]).expect("room for all");
    assert!(rules.iter().all(is_ours));
    assert_eq!(scope_name(&rules[3]), Some("pilot"));
    assert_eq!(scope_name(&rules[0]), None, "outbound rules belong to all scopes");
    let mut copy = rules[3].clone();
    copy.identifier = Uuid::from_u128(5);
    assert!(!is_ours(&copy));
    assert!(!is_ours(&stranger(1, Direction::Inbound)));
}

#[test]
fn numbers_run_out() {
    let taken: Vec<Rule> =
        (0..100).filter(|n| ![3, 40, 50].contains(n)).map(|n| stranger(n, Direction::Inbound)).collect();
    assert_eq!(
        build("pilot", &taken),
        Err(NoFlowError::PrecedencesExhausted { scope: "pilot".to_owned(), needed: 7, free: 3 })
    );
    let one =
        rules(&scope("pilot", &units()), &[CONNECTOR], &[NoFlowObject::Group], &taken).expect("two numbers");
    assert_eq!(one.iter().map(|rule| rule.precedence).collect::<Vec<_>>(), [3, 50]);
}

#[test]
fn an_outbound_rule_that_would_win_is_refused() {
    let mut rival = stranger(0, Direction::Outbound);
    let error = build("pilot", std::slice::from_ref(&rival)).expect_err("JoinNoFlow would lose");
    assert_eq!(error, NoFlowError::Outranked { rule: rival.name.clone(), precedence: 0 });
    rival.disabled = true;
    assert!(build("pilot", &[rival]).is_ok());
    assert!(build("pilot", &[stranger(50, Direction::Outbound)]).is_ok());
}

#[test]
fn a_scope_that_selects_nothing_is_refused() {
    let none = rules(&scope("pilot", &[]), &[CONNECTOR], NoFlowObject::ALL, &[]);
    assert!(matches!(none, Err(NoFlowError::NoOrganizationalUnit { found: "none", .. })));
    let empty = rules(&scope("pilot", &[" ".to_owned()]), &[CONNECTOR], NoFlowObject::ALL, &[]);
    assert!(matches!(empty, Err(NoFlowError::NoOrganizationalUnit { found: "an empty name", .. })));
    let nowhere = rules(&scope("pilot", &units()), &[], NoFlowObject::ALL, &[]);
    assert!(matches!(nowhere, Err(NoFlowError::NoConnector { .. })));
}
