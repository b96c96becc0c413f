//! Operators, literals, and what is refused.

use proptest::prelude::*;

use super::super::ParseError;
use super::{Contribution, EvaluationError, Expression, Value, check, check_wrong, contribution, text};

#[test]
fn operators_bind_in_three_groups_and_go_left_to_right() {
    let number = Value::Number;
    check(&[
        ("2*(5+3)", number(16)),
        // No priority among calculations: (2+5)*3.
        ("2+5*3", number(21)),
        ("10-3-2", number(5)),
        ("7/2", number(3)),
        ("-3 + 5", number(2)),
        ("1 = 1 && 2 = 2", Value::Boolean(true)),
        ("1 = 2 && 2 = 2 || True", Value::Boolean(true)),
        ("True || 1 = 2 && False", Value::Boolean(false)),
        ("1 = 1 AND 2 <> 2", Value::Boolean(false)),
        ("1 = 2 or 3 >= 3", Value::Boolean(true)),
        ("\"a\" & \"b\" = \"ab\"", Value::Boolean(true)),
        ("\"a\" & NULL & 1", text("a1")),
        ("&HFF", number(255)),
        ("\"say \\\"hi\\\" \\\\ \"\"x\"\" \\n\"", text("say \"hi\" \\ \"x\" \\n")),
        ("\"\"", text("")),
        ("%Domain.FQDN%", text("contoso.com")),
        ("\"a\" & CRLF", text("a\r\n")),
    ]);
}

#[test]
fn comparisons() {
    let yes = Value::Boolean(true);
    let no = Value::Boolean(false);
    check(&[
        ("[absent] = NULL", yes.clone()),
        ("[absent] = \"x\"", no.clone()),
        ("[absent] <> \"x\"", yes.clone()),
        ("[absent] > 1", no.clone()),
        ("[flag] = True", yes.clone()),
        ("[flag] = \"TRUE\"", yes.clone()),
        ("[number] = \"512\"", yes.clone()),
        ("[number] > 511", yes.clone()),
        ("[number] <= 511", no.clone()),
        ("\"a\" = \"A\"", no.clone()),
        ("CRef(\"CN=a\") = \"cn=A\"", yes.clone()),
        ("[objectGUID] = [objectGUID]", yes),
        ("[objectGUID] <> [objectGUID]", no),
    ]);
    check_wrong(&[
        "[objectGUID] = \"x\"",
        "1 = True",
        "[displayName] > 1",
        "1 + \"1\"",
        "1/0",
        "9223372036854775807 + 1",
        "[bytes] & \"x\"",
    ]);
}

#[test]
fn a_decided_condition_does_not_look_further() {
    check(&[
        ("True || Error(\"never\")", Value::Boolean(true)),
        ("False && Error(\"never\")", Value::Boolean(false)),
    ]);
}

#[test]
fn literals_that_steer_the_flow() {
    assert_eq!(contribution("NULL"), Ok(Contribution::Nothing));
    assert_eq!(contribution("[absent]"), Ok(Contribution::Nothing));
    assert_eq!(contribution("IIF(True,IgnoreThisFlow,1)"), Ok(Contribution::Ignore));
    assert_eq!(contribution("IIF(True,AuthoritativeNull,1)"), Ok(Contribution::AuthoritativeNull));
}

#[test]
fn errors_are_told_apart() {
    assert_eq!(
        contribution("Error(\"SourceAnchor \" & \"changed\")"),
        Err(EvaluationError::Raised { message: "SourceAnchor changed".into() })
    );
    assert_eq!(contribution("%Nowhere%"), Err(EvaluationError::UnknownParameter { name: "Nowhere".into() }));
    assert_eq!(contribution("$x & \"\""), Err(EvaluationError::UnknownVariable { name: "x".into() }));
}

#[test]
fn what_is_no_expression_is_refused() {
    let kind = |text: &str| Expression::parse(text).expect_err(text);
    assert_eq!(kind("Frobnicate([a])"), ParseError::UnknownFunction { name: "Frobnicate".into() });
    // Names are case-sensitive.
    assert_eq!(kind("trim([a])"), ParseError::UnknownFunction { name: "trim".into() });
    assert_eq!(kind("Guid()"), ParseError::UnknownFunction { name: "Guid".into() });
    assert_eq!(kind("Hello"), ParseError::UnknownWord { word: "Hello".into() });
    assert!(matches!(kind("Trim()"), ParseError::WrongArguments { function: "Trim", found: 0, .. }));
    assert!(matches!(kind("IIF(1,2)"), ParseError::WrongArguments { function: "IIF", found: 2, .. }));
    assert!(matches!(
        kind("Switch(True,1,False)"),
        ParseError::WrongArguments { function: "Switch", found: 3, .. }
    ));
    assert!(matches!(kind("Select(1,[a],2)"), ParseError::WrongArguments { function: "Select", .. }));
    assert!(matches!(
        kind("ImportedValue([mail])"),
        ParseError::WrongArguments { function: "ImportedValue", .. }
    ));
    assert!(matches!(kind("\"open"), ParseError::NotClosed { what: "quote", position: 1 }));
    assert!(matches!(kind("Trim([open"), ParseError::NotClosed { what: "bracket", position: 6 }));
    assert!(matches!(kind("%open"), ParseError::NotClosed { what: "percent sign", .. }));
    assert!(matches!(kind("1 ? 2"), ParseError::UnexpectedCharacter { character: '?', position: 3 }));
    assert!(matches!(kind("99999999999999999999"), ParseError::BadNumber { .. }));
    assert!(matches!(kind("&HXY"), ParseError::BadNumber { .. }));
    assert!(matches!(kind(""), ParseError::Unexpected { .. }));
    assert!(matches!(kind("1 1"), ParseError::Unexpected { .. }));
    assert!(matches!(kind("(1"), ParseError::Unexpected { .. }));
    assert!(matches!(kind("Trim([a]"), ParseError::Unexpected { .. }));
    assert!(matches!(kind(&"(".repeat(500)), ParseError::TooDeep { .. }));
}

#[test]
fn names_are_listed_once() {
    let parsed = Expression::parse(
        "IIF(IsPresent([mail]),[Mail] & ValueCount(\"member\"),ImportedValue(\"proxyAddresses\"))",
    )
    .expect("parses");
    assert_eq!(parsed.attributes(), ["mail", "member"]);
    assert_eq!(parsed.imported(), ["proxyAddresses"]);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[-A-Za-z0-9()\\[\\]%$&|<>=+*/,\"\\\\ ]{0,60}") {
        if let Ok(parsed) = Expression::parse(&text) {
            let object = super::object();
            let _ = parsed.evaluate(&super::MapSource { expression: &parsed, attributes: &object });
        }
    }
}
