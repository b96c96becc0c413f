//! Every expression of the exported sample configuration parses, and evaluates on a plausible user.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Contribution, Expression, MapSource, Value, text, texts};

/// The expressions of the sample, or `None` where it is not on this machine.
fn expressions() -> Option<BTreeSet<String>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/samples/contoso-export/SynchronizationRules");
    if !folder.is_dir() {
        println!("skipped: ../shared is not here");
        return None;
    }
    let mut expressions = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let document = std::fs::read_to_string(entry.expect("an entry").path()).expect("a rule can be read");
        for part in document.split("<expression>").skip(1) {
            let (expression, _) = part.split_once("</expression>").expect("a closing element");
            let expression = expression
                .replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&apos;", "'")
                .replace("&amp;", "&");
            expressions.insert(expression);
        }
    }
    Some(expressions)
}

/// A user as an AD connector imports it, with the metaverse's names beside AD's.
fn user() -> BTreeMap<String, Vec<Value>> {
    [
        ("dn", texts(&["CN=Jane Doe,OU=CORP,DC=contoso,DC=com"])),
        ("cn", texts(&["Jane Doe"])),
        ("samaccountname", texts(&["jane"])),
        ("userprincipalname", texts(&["jane@contoso.com"])),
        ("mailnickname", texts(&["jane"])),
        ("displayname", texts(&[" Jane Doe "])),
        ("mail", texts(&["jane@contoso.com "])),
        ("url", texts(&[" https://contoso.com ", "https://b"])),
        ("proxyaddresses", texts(&["SMTP:jane@contoso.com", "smtp:j@contoso.com ", "smtp:j@contoso.com"])),
        ("useraccountcontrol", vec![Value::Number(512)]),
        ("grouptype", vec![Value::Number(-2_147_483_646)]),
        ("pwdlastset", vec![Value::Number(129_699_324_000_000_000)]),
        ("msexchrecipienttypedetails", vec![Value::Number(1)]),
        ("objectguid", vec![Value::Binary((0..16).collect())]),
        ("objectsid", vec![Value::Binary(vec![1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0])]),
        ("sourceanchor", texts(&["AAECAwQFBgcICQoLDA0ODw=="])),
        ("member", vec![Value::Reference("CN=A".into()), Value::Reference("CN=B".into())]),
        ("membercount", vec![Value::Number(2)]),
        ("sourceobjecttype", texts(&["User"])),
        ("cloudanchor", texts(&["User_1234"])),
        ("cloudsourceanchor", texts(&["AAECAwQFBgcICQoLDA0ODw=="])),
        ("cloudmsexchrecipientdisplaytype", vec![Value::Number(0x100)]),
        ("cloudlegacyexchangedn", texts(&["/o=x"])),
        // A key credential: version 2, then an entry of 3 bytes.
        ("searchabledevicekey", vec![Value::Binary(vec![0, 2, 0, 0, 3, 0, 1, 9, 9, 9, 4, 5])]),
    ]
    .map(|(name, values)| (name.to_owned(), values))
    .into()
}

#[test]
fn every_expression_parses_and_evaluates() {
    let Some(expressions) = expressions() else { return };
    assert_eq!(expressions.len(), 86, "the sample has 86 different expressions");
    let empty = BTreeMap::new();
    let user = user();
    for expression in &expressions {
        let parsed = Expression::parse(expression).unwrap_or_else(|error| panic!("{expression}\n{error}"));
        let full = MapSource { expression: &parsed, attributes: &user };
        parsed.evaluate(&full).unwrap_or_else(|error| panic!("{expression}\n{error}"));
        // On an object without attributes only the shipped checks object.
        let bare = MapSource { expression: &parsed, attributes: &empty };
        if let Err(error) = parsed.evaluate(&bare) {
            assert!(expression.contains("Error("), "{expression}\n{error}");
        }
    }
}

#[test]
fn values_of_a_user_are_right() {
    let Some(expressions) = expressions() else { return };
    let user = user();
    let one = |start: &str| -> Contribution {
        let expression = expressions.iter().find(|known| known.starts_with(start)).expect(start);
        let parsed = Expression::parse(expression).expect("parses");
        parsed.evaluate(&MapSource { expression: &parsed, attributes: &user }).expect("evaluates")
    };
    let single = |value: Value| Contribution::Values(vec![value]);
    assert_eq!(one("IIF(IsPresent([userPrincipalName])"), single(text("jane@contoso.com")));
    assert_eq!(one("IIF(BitAnd([userAccountControl],2)=0"), single(Value::Boolean(true)));
    assert_eq!(
        one("\"CN={\" & ConvertToUTF8Hex"),
        single(text("CN={41414543417751464267634943516F4C4441304F44773D3D}"))
    );
    assert_eq!(
        one("IIF(IsPresent([msExchRecipientTypeDetails]),IIF("),
        single(text("AAECAwQFBgcICQoLDA0ODw=="))
    );
    assert_eq!(
        one("RemoveDuplicates("),
        Contribution::Values(texts(&["SMTP:jane@contoso.com", "smtp:j@contoso.com"]))
    );
    assert_eq!(
        one("IIF(IsPresent([isCriticalSystemObject]) || IsPresent([sAMAccountName]) = False"),
        Contribution::Nothing
    );
    assert_eq!(one("IIF(([memberCount]> 50000)"), Contribution::Ignore);
    assert_eq!(one("CBool(BitAnd([groupType]"), single(Value::Boolean(true)));
    assert_eq!(one("IIF(IsPresent([pwdLastSet])"), single(text("20120101230000.0Z")));
    assert_eq!(
        one("CBool(IIF(IsNullOrEmpty([cloudMSExchRecipientDisplayType])"),
        single(Value::Boolean(true))
    );
    let Contribution::Values(key) = one("IIF(IsNull([searchableDeviceKey])") else { panic!("no key") };
    // The original, with a hash entry of 2 + 1 + 32 bytes put in.
    assert!(matches!(key.as_slice(), [Value::Binary(bytes)] if bytes.len() == 12 + 35), "{key:?}");
}
