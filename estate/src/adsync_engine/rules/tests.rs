//! Scope operators, joins and plans, each by itself.

use std::collections::BTreeMap;

use adsync::configuration::{AttributeDefinition, AttributeSyntax, MetaverseSchema, ObjectTypeDefinition};
use adsync::rule::{Direction, JoinCondition, ScopeCondition, ScopeOperator};
use jiff::Timestamp;
use uuid::Uuid;

use super::scope::{Condition, holds};
use super::*;
use crate::adsync_engine::record::Record;
use crate::adsync_engine::symbol::{Symbol, Symbols};
use crate::value::Value;

/// An object made of a record.
struct Object {
    record: Record,
    groups: Vec<&'static str>,
}

impl Subject for Object {
    fn values(&self, attribute: Symbol) -> &[Value] {
        self.record.all(attribute)
    }
    fn imported(&self, attribute: Symbol) -> &[Value] {
        self.record.all(attribute)
    }
    fn parameter(&self, name: &str) -> Option<String> {
        (name == "Connector.ID").then(|| "{ad}".to_owned())
    }
    fn is_member_of(&self, group: &str) -> bool {
        self.groups.contains(&group)
    }
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

fn object(symbols: &mut Symbols, attributes: &[(&str, Vec<Value>)]) -> Object {
    let record = attributes.iter().map(|(name, values)| (symbols.intern(name), values.clone())).collect();
    Object { record, groups: vec!["CN=staff,DC=x"] }
}

fn schema(symbols: &mut Symbols) -> Schema {
    let attribute = |name: &str, syntax, multi_valued| AttributeDefinition {
        name: name.to_owned(),
        syntax,
        multi_valued,
    };
    let metaverse = MetaverseSchema {
        attributes: vec![
            attribute("cloudMastered", AttributeSyntax::Boolean, false),
            attribute("memberCount", AttributeSyntax::Integer, false),
            attribute("member", AttributeSyntax::Reference, true),
            attribute("mail", AttributeSyntax::String, false),
        ],
        object_types: Vec::<ObjectTypeDefinition>::new(),
    };
    Schema::new(&metaverse, &[], symbols)
}

#[test]
fn every_scope_operator() {
    use ScopeOperator as Is;
    let mut symbols = Symbols::default();
    let schema = schema(&mut symbols);
    let object = object(
        &mut symbols,
        &[
            ("dn", vec![Value::text("CN=Ä,OU=Führung,DC=x")]),
            ("department", vec![Value::text("Sales")]),
            ("proxyAddresses", vec![Value::text("SMTP:a@x"), Value::text("smtp:b@x")]),
            ("memberCount", vec![Value::Integer(9)]),
            ("userAccountControl", vec![Value::Integer(514)]),
            ("connector", vec![Value::text("{AD}")]),
            ("flag", vec![Value::Boolean(true)]),
        ],
    );
    let mut check = |attribute: &str, operator: ScopeOperator, value: &str, expected: bool| {
        let condition = ScopeCondition { attribute: attribute.to_owned(), operator, value: value.to_owned() };
        let compiled = Condition::new(&condition, |symbol| schema.metaverse(symbol), &mut symbols);
        assert_eq!(holds(&[vec![compiled]], &object), expected, "{attribute} {operator:?} {value}");
    };
    let pairs: [(&str, Is, Is, &str, bool); 17] = [
        ("department", Is::Equal, Is::NotEqual, "SALES", true),
        ("department", Is::Equal, Is::NotEqual, "Sale", false),
        ("absent", Is::Equal, Is::NotEqual, "x", false),
        ("flag", Is::Equal, Is::NotEqual, "true", true),
        ("connector", Is::Equal, Is::NotEqual, "%Connector.ID%", true),
        // A Boolean of the schema that is absent counts as false.
        ("cloudMastered", Is::Equal, Is::NotEqual, "False", true),
        ("cloudMastered", Is::Equal, Is::NotEqual, "True", false),
        ("department", Is::Contains, Is::NotContains, "ale", true),
        ("absent", Is::Contains, Is::NotContains, "ale", false),
        ("department", Is::StartsWith, Is::NotStartsWith, "sa", true),
        ("absent", Is::StartsWith, Is::NotStartsWith, "sa", false),
        ("dn", Is::EndsWith, Is::NotEndsWith, "ou=FÜHRUNG,dc=X", true),
        ("dn", Is::EndsWith, Is::NotEndsWith, "OU=Other,DC=x", false),
        ("absent", Is::IsNull, Is::IsNotNull, "", true),
        ("proxyAddresses", Is::IsIn, Is::IsNotIn, "smtp:B@x", true),
        ("userAccountControl", Is::IsBitSet, Is::IsBitNotSet, "2", true),
        ("absent", Is::IsBitSet, Is::IsBitNotSet, "2", false),
    ];
    for (attribute, operator, opposite, value, expected) in pairs {
        check(attribute, operator, value, expected);
        check(attribute, opposite, value, !expected);
    }
    // Numbers compare as numbers: as texts, 9 would be greater than 50000.
    check("memberCount", Is::LessThan, "50000", true);
    check("memberCount", Is::LessThan, "9", false);
    check("memberCount", Is::LessThanOrEqual, "9", true);
    check("memberCount", Is::GreaterThan, "8", true);
    check("memberCount", Is::GreaterThanOrEqual, "10", false);
    check("department", Is::GreaterThan, "Rales", true);
    check("absent", Is::LessThan, "1", false);
    check("", Is::IsMemberOf, "CN=staff,DC=x", true);
    check("", Is::IsNotMemberOf, "CN=other,DC=x", true);
}

#[test]
fn conditions_and_inside_groups_or_between_them() {
    let mut symbols = Symbols::default();
    let object = object(&mut symbols, &[("a", vec![Value::text("1")])]);
    let mut condition = |attribute: &str, value: &str| {
        let condition = ScopeCondition {
            attribute: attribute.to_owned(),
            operator: ScopeOperator::Equal,
            value: value.to_owned(),
        };
        Condition::new(&condition, |_| None, &mut symbols)
    };
    let (yes, no) = (condition("a", "1"), condition("a", "2"));
    assert!(holds(&[], &object), "no group means everything");
    assert!(!holds(&[vec![yes.clone(), no.clone()]], &object));
    assert!(holds(&[vec![yes.clone(), no.clone()], vec![yes]], &object));
    assert!(!holds(&[vec![no]], &object));
}

#[test]
fn a_join_wants_all_conditions_of_a_group() {
    let mut symbols = Symbols::default();
    let mut index = JoinIndex::default();
    let pair = |space: &str, metaverse: &str, case_sensitive, symbols: &mut Symbols| {
        let condition = JoinCondition {
            cs_attribute: space.to_owned(),
            mv_attribute: metaverse.to_owned(),
            case_sensitive,
        };
        super::join::JoinPair::new(&condition, symbols)
    };
    let by_mail = pair("mail", "mail", false, &mut symbols);
    let strictly = pair("mail", "mail", true, &mut symbols);
    let by_city = pair("l", "city", false, &mut symbols);
    assert!(index.watch([by_mail.metaverse, by_city.metaverse]));
    let mut records = BTreeMap::new();
    for (id, mail, city) in [(1, "A@x", "Bonn"), (2, "a@x", "Köln"), (3, "c@x", "Bonn")] {
        let record: Record =
            [(by_mail.metaverse, vec![Value::text(mail)]), (by_city.metaverse, vec![Value::text(city)])]
                .into_iter()
                .collect();
        index.insert(Uuid::from_u128(id), &record);
        records.insert(Uuid::from_u128(id), record);
    }
    let subject =
        object(&mut symbols, &[("mail", vec![Value::text("a@X")]), ("l", vec![Value::text("bonn")])]);
    let find = |index: &JoinIndex, group: &[super::join::JoinPair]| -> Vec<u128> {
        let found = index.candidates(group, &subject, Sides::Inbound, |id| records.get(&id));
        found.into_iter().map(|id| id.as_u128()).collect()
    };
    assert_eq!(find(&index, std::slice::from_ref(&by_mail)), [1, 2]);
    assert_eq!(find(&index, &[by_mail.clone(), by_city.clone()]), [1]);
    assert_eq!(find(&index, &[strictly]), Vec::<u128>::new());
    index.remove(Uuid::from_u128(1), records.get(&Uuid::from_u128(1)).expect("the record"));
    assert_eq!(find(&index, &[by_mail, by_city]), Vec::<u128>::new());
}

/// Evaluates the flows to `mail` of rules given as (precedence, expression).
fn flowed(flows: &[(u32, &str)], is_new: bool) -> (Flowed, Vec<FlowError>) {
    struct AlwaysThis<'a>(&'a Object, bool);
    impl FlowSides for AlwaysThis<'_> {
        fn subject(&self, _rule: &CompiledRule) -> Option<&dyn Subject> {
            Some(self.0)
        }
        fn reference(&self, _rule: &CompiledRule, reference: Uuid) -> Option<Uuid> {
            (reference != Uuid::nil()).then_some(reference)
        }
        fn target_is_new(&self) -> bool {
            self.1
        }
    }
    let mut symbols = Symbols::default();
    let schema = schema(&mut symbols);
    let connector = Uuid::from_u128(1);
    let rules: Vec<adsync::rule::Rule> = flows
        .iter()
        .map(|(precedence, text)| {
            let mut rule = crate::adsync_engine::tests::rule(
                "r",
                *precedence,
                Direction::Inbound,
                connector,
                ("user", "person"),
            );
            let once = text.starts_with("once ");
            rule.attribute_flows = vec![adsync::rule::AttributeFlow {
                execute_once: once,
                ..crate::adsync_engine::tests::expression("mail", text.trim_start_matches("once "))
            }];
            rule
        })
        .collect();
    let set = RuleSet::new(&rules, &schema, &mut symbols);
    let object = object(&mut symbols, &[("x", vec![Value::text("value")])]);
    let plan = set.plan(&(0..rules.len()).collect::<Vec<_>>());
    let mut errors = Vec::new();
    let sides = AlwaysThis(&object, is_new);
    let flowed =
        plan.entries.first().expect("one attribute").evaluate(set.rules(), &symbols, &sides, &mut errors);
    (flowed, errors)
}

#[test]
fn the_lowest_number_that_contributes_wins() {
    let values = |text: &str| Flowed::Values(vec![Value::text(text)]);
    let of = |flows: &[(u32, &str)]| flowed(flows, false).0;
    assert_eq!(of(&[(20, "\"low\""), (10, "\"high\"")]), values("high"));
    assert_eq!(of(&[(10, "NULL"), (20, "\"low\"")]), values("low"));
    assert_eq!(of(&[(10, "IgnoreThisFlow"), (20, "\"low\"")]), values("low"));
    assert_eq!(of(&[(10, "AuthoritativeNull"), (20, "\"low\"")]), Flowed::Values(vec![]));
    assert_eq!(of(&[(10, "NULL")]), Flowed::Values(vec![]), "nothing removes what is there");
    assert_eq!(of(&[(10, "IgnoreThisFlow")]), Flowed::Untouched, "and to be ignored does not");
    assert_eq!(of(&[(10, "[absent]"), (20, "[x]")]), values("value"));
    assert_eq!(of(&[(10, "\"\"")]), Flowed::Values(vec![]), "an empty text is none");
}

#[test]
fn a_failed_flow_is_listed_and_the_next_one_decides() {
    let (value, errors) = flowed(&[(10, "Frobnicate([x])"), (20, "[x]")], false);
    assert_eq!(value, Flowed::Values(vec![Value::text("value")]));
    assert_eq!((errors.len(), errors[0].raised), (1, false));
    let (value, errors) = flowed(&[(10, "Split(\"a,b\",\",\")")], false);
    assert_eq!(value, Flowed::Untouched, "mail takes one value");
    assert!(errors[0].message.contains("found 2"), "{}", errors[0].message);
    let (_, errors) = flowed(&[(10, "Error(\"no\")")], false);
    assert!(errors[0].raised);
}

#[test]
fn a_flow_once_is_for_new_objects() {
    assert_eq!(flowed(&[(10, "once [x]")], true).0, Flowed::Values(vec![Value::text("value")]));
    assert_eq!(flowed(&[(10, "once [x]")], false).0, Flowed::Untouched);
}
