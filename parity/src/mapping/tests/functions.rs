//! Each function, with the examples of Microsoft's pages where they have one.

use super::super::value::Value;
use super::{outcome, text};

fn gives(table: &[(&str, Value)]) {
    for (expression, expected) in table {
        assert_eq!(outcome(expression).as_ref(), Ok(expected), "{expression}");
    }
}

fn is_unpredictable(table: &[(&str, &str)]) {
    for (expression, reason) in table {
        match outcome(expression) {
            Err(error) => assert!(error.0.contains(reason), "{expression}: {}", error.0),
            Ok(value) => panic!("{expression} gave {value:?}"),
        }
    }
}

#[test]
fn texts() {
    gives(&[
        ("Append([userPrincipalName], \".test\")", text("John.Doe@contoso.com.test")),
        ("Append(Mid([givenName], 1, 3), Mid([sn], 1, 5))", text("JohDoe")),
        ("\"t-\" & [sn] & \"x\"", text("t-Doex")),
        ("Join(\", \", \"\", [sn], [givenName])", text("Doe, John")),
        (
            "Join(\"-\", [missing], [proxyAddresses])",
            text(" SMTP:a@contoso.com-smtp:b@contoso.com-smtp:b@contoso.com"),
        ),
        ("Left(\"John Doe\", 3)", text("Joh")),
        ("Left(\"John Doe\", 0)", text("")),
        ("Left(\"John Doe\", -1)", text("John Doe")),
        ("Left(\"John Doe\", 99)", text("John Doe")),
        ("Left([missing], 3)", text("")),
        ("Mid(\"abcdef\", 2, 3)", text("bcd")),
        ("Mid(\"abc\", 2, 99)", text("bc")),
        ("Mid(\"abc\", 9, 1)", text("")),
        ("Mid([missing], 1, 1)", Value::Null),
        ("InStr(\"The quick brown fox\", \"quick\")", text("5")),
        ("InStr(\"repEated\", \"e\", 3, vbBinaryCompare)", text("7")),
        ("InStr(\"repEated\", \"e\", 3, vbTextCompare)", text("4")),
        ("InStr(\"abc\", \"x\")", text("0")),
        ("StripSpaces(\" a b \")", text("ab")),
        ("StripSpaces([missing])", Value::Null),
        ("Trim([padded])", text("Test")),
        ("Trim([missing])", Value::Null),
        (
            "Trim([proxyAddresses])",
            Value::Many(vec![
                "SMTP:a@contoso.com".to_owned(),
                "smtp:b@contoso.com".to_owned(),
                "smtp:b@contoso.com".to_owned(),
            ]),
        ),
        ("Word(\"The quick brown fox\", 3, \" \")", text("brown")),
        ("Word(\"This,string!has&many separators\", 3, \",!&#\")", text("has")),
        ("Word(\"a b\", 3, \" \")", text("")),
        ("Word(\"a b\", 0, \" \")", text("")),
        ("Word([missing], 1, \" \")", text("")),
        ("PCase(\"PABLO GONSALVES (SECOND)\")", text("Pablo Gonsalves (Second)")),
        ("PCase(\"PINTO-DE'SILVA\", \" '-\")", text("Pinto-De'Silva")),
    ]);
    is_unpredictable(&[
        ("Append([missing], \"x\")", "no value in argument 1"),
        ("Append([proxyAddresses], \"x\")", "several values"),
        ("Append(\"x\")", "has 1 arguments"),
        ("Left(\"\u{1f600}\", 1)", "basic plane"),
        ("Mid(\"abc\", 0, 1)", "start below 1"),
        ("Mid(\"abc\", 1, -1)", "negative length"),
        ("InStr(\"abc\", \"b\", 1, 0)", "unknown way"),
        ("Word(\"a  b\", 2, \" \")", "two delimiters"),
        ("PCase(\"DE'SILVA\")", "begins a word"),
        ("ToLower([proxyAddresses])", "several values"),
    ]);
}

#[test]
fn letters() {
    gives(&[
        ("ToLower(\"ÄBC\")", text("äbc")),
        ("ToUpper(\"straße\", \"de-DE\")", text("STRAßE")),
        ("ToLower([missing])", Value::Null),
        ("NormalizeDiacritics(\"Zoë\")", text("Zoe")),
        ("NormalizeDiacritics(\"Łukasz Müller-Ñandú œ ß 5€\")", text("Lukasz Muller-Nandu oe ss 5€")),
        ("NormalizeDiacritics(\"e\u{301}\")", text("e")),
        (
            "ToLower(Join(\"@\", NormalizeDiacritics(StripSpaces(Join(\".\", [givenName], [sn]))), \"contoso.com\"))",
            text("john.doe@contoso.com"),
        ),
    ]);
    is_unpredictable(&[
        ("ToLower(\"I\", \"tr-TR\")", "culture"),
        ("NormalizeDiacritics(\"Ελένη\")", "table"),
    ]);
}

#[test]
fn replacements() {
    gives(&[
        ("Replace([mail], \"@contoso.com\", , , \"\", , )", text("john.doe")),
        ("Replace([mail], \"@CONTOSO.com\", , , \"\", , )", text("john.doe@contoso.com")),
        (
            "Replace([givenName], \"<username>\", , , , , \"<username>@contoso.com\")",
            text("John@contoso.com"),
        ),
        ("Replace([mailNickname], , \"[a-zA-Z_]*\", , \"\", , )", text("72")),
        ("Replace([mobile], , \"[()\\\\s-]+\", , \"\", , )", text("+19998887777")),
        (
            "Replace([telephoneNumber], , \"\\\\+(?<isdCode>\\\\d* )(?<phoneNumber>\\\\d{10})\", , \"${phoneNumber}\", , )",
            text("9998887777"),
        ),
        ("Replace(\"ab\", , \"(a)(b)\", , \"$2$1$$$&$9\", , )", text("ba$ab$9")),
        (
            "Replace([street], , \"(?<streetNumber>^\\\\d*)\", \"streetNumber\", \"888\", , )",
            text("888 Tremont Street"),
        ),
        ("Replace([userPrincipalName], , \"(?<Suffix>@(.)*)\", \"Suffix\", \"\", , )", text("John.Doe")),
        ("Replace([missing], \"a\", , , \"b\", , )", Value::Null),
        ("Replace([mail], , \"^\\\\d+(?<x>.)\", \"x\", , [mobile], )", text("john.doe@contoso.com")),
        ("Replace([missing], , \"(?<x>\\\\d{30})\", \"x\", , [mobile], )", Value::Null),
    ]);
    is_unpredictable(&[
        ("Replace([mail], , \"(?=x)\", , \"\", , )", ".NET"),
        ("Replace([mail], , \"[a-z-[aeiou]]\", , \"\", , )", ".NET"),
        ("Replace([mail], , \"a\", , \"$'\", , )", ".NET"),
        ("Replace([mail], \"\", , , \"x\", , )", "empty text"),
        ("Replace([mail], \"a\", \"b\", , \"c\", , )", "no documented form"),
        ("Replace([missing], , \"(?<x>\\\\d)\", \"x\", , [mobile], )", "opposite"),
        ("Replace([mail], , \"(?<x>d)\", \"x\", , [mobile], )", "opposite"),
    ]);
}

#[test]
fn conditions_and_choices() {
    gives(&[
        ("IIF([employeeType]=\"Intern\", \"t-\" & [sn], [sn])", text("t-Doe")),
        ("IIF([employeeType]<>\"Intern\", Error(\"no\"), [sn])", text("Doe")),
        ("IIF(IsPresent([missing]), [missing], [sn])", text("Doe")),
        ("IIF(IsNullOrEmpty([sn]), \"Other\", [sn])", text("Doe")),
        ("IIF([flag], \"a\", \"b\")", text("a")),
        ("IIF(BitAnd([number], 2)=2, \"False\", \"True\")", text("False")),
        ("[number] > 99", Value::Bool(true)),
        ("[number] <= 99", Value::Bool(false)),
        ("CBool([state] = \"QLD\")", Value::Bool(true)),
        ("CBool(\"0\")", Value::Bool(false)),
        ("CBool(\"7\")", Value::Bool(true)),
        ("BitAnd(&HF, &HF7)", text("7")),
        ("BitAnd(-2147483646, 2147483648)", text("2147483648")),
        ("Not(\"True\")", Value::Bool(false)),
        ("Not(\"anything\")", Value::Bool(true)),
        ("Not([missing])", Value::Bool(true)),
        ("Not(BitAnd([number], 1))", Value::Bool(true)),
        ("IsNull([missing])", Value::Bool(true)),
        ("IsNull(\"\")", Value::Bool(false)),
        ("IsNullOrEmpty(\"\")", Value::Bool(true)),
        ("IsPresent(\"\")", Value::Bool(false)),
        ("IsString([sn])", Value::Bool(true)),
        ("IsString([missing])", Value::Bool(false)),
        ("Coalesce([missing], [mail], [userPrincipalName])", text("john.doe@contoso.com")),
        ("Coalesce([missing], \"\")", text("")),
        ("Coalesce([missing], [department])", Value::Null),
        (
            "Switch([state], \"Australia/Sydney\", \"NSW\", \"Australia/Sydney\", \"QLD\", \"Australia/Brisbane\")",
            text("Australia/Brisbane"),
        ),
        ("Switch([state], \"default\", \"qld\", \"x\")", text("default")),
        ("Switch([missing], \"default\", \"\", \"empty\")", text("empty")),
        ("Switch([state], , \"x\", \"y\")", Value::Null),
        ("IgnoreFlowIfNullOrEmpty([missing])", Value::Ignored),
        ("IgnoreFlowIfNullOrEmpty([sn])", text("Doe")),
        ("Redact([sn])", text("Doe")),
    ]);
    is_unpredictable(&[
        ("IIF([missing]=\"\", \"Other\", [sn])", "without a value"),
        ("IIF([sn]=\"\", \"Other\", [sn])", "empty text"),
        ("IIF([sn]=\"DOE\", \"a\", \"b\")", "how they are written"),
        ("\"007\" = \"7\"", "how they are written"),
        ("[sn] < \"E\"", "culture"),
        ("IIF([number], \"a\", \"b\")", "neither True nor False"),
        ("Not(BitAnd([number], 2))", "applied to a number"),
        ("BitAnd([sn], 2)", "number was expected"),
        ("Switch(IsPresent([sn]), [sn], IsPresent([mail]), [mail])", "test for presence"),
        ("Switch([state], \"d\", \"a\")", "pairs"),
        ("Append(IgnoreFlowIfNullOrEmpty([missing]), \"x\")", "nested"),
        ("IIF(IsPresent([sn]), Error(\"x\"), [sn])", "raises an error"),
    ]);
}

#[test]
fn several_values() {
    gives(&[
        ("Count([proxyAddresses])", text("3")),
        ("Count([missing])", text("0")),
        ("Count([objectGUID])", text("1")),
        ("Item([sn], 1)", text("Doe")),
        (
            "RemoveDuplicates([proxyAddresses])",
            Value::Many(vec![" SMTP:a@contoso.com".to_owned(), "smtp:b@contoso.com".to_owned()]),
        ),
        (
            "Split(\"PermissionSetOne, PermissionSetTwo\", \",\")",
            Value::Many(vec!["PermissionSetOne".to_owned(), "PermissionSetTwo".to_owned()]),
        ),
        ("Split([missing], \",\")", Value::Null),
    ]);
    is_unpredictable(&[
        ("Item([proxyAddresses], 2)", "order"),
        ("Item([sn], 2)", "out of bounds"),
        ("Item([sn], 0)", "out of bounds"),
        ("RemoveDuplicates(Split(\"a,A\", \",\"))", "case only"),
        ("Split(\"a\", \", \")", "one character"),
    ]);
}

#[test]
fn conversions() {
    gives(&[
        ("ConvertToBase64(\"Hello world!\")", text("SABlAGwAbABvACAAdwBvAHIAbABkACEA")),
        ("ConvertToBase64([objectGUID])", text("AAAAAAAAAAAAAAAAAAAAAA==")),
        ("ConvertFromBase64(\"SABlAGwAbABvACAAdwBvAHIAbABkACEA\")", text("Hello world!")),
        ("ConvertFromBase64(\"SGVsbG8gd29ybGQh\", UTF8)", text("Hello world!")),
        ("ConvertToUTF8Hex(\"Hello world!\")", text("48656C6C6F20776F726C6421")),
        ("CStr([dn])", text("CN=Doe\\, John,OU=Sales,DC=contoso,DC=com")),
        ("CStr(Not(\"x\"))", text("True")),
        ("DNComponent(CRef([dn]), 1)", text("Doe, John")),
        ("DNComponent([dn], 2)", text("Sales")),
        ("StringFromSid([objectSid])", text("S-1-5-32-544")),
    ]);
    is_unpredictable(&[
        ("ConvertFromBase64(\"!\")", "not Base64"),
        ("ConvertFromBase64(\"SGVsbG8gd29ybGQ=\")", "not Base64"),
        ("DNComponent([dn], 9)", "out of bounds"),
        ("DNComponent(\"x\", 1)", "not distinguished"),
        ("StringFromSid([objectGUID])", "security identifier"),
        ("Append([objectGUID], \"x\")", "octet string"),
    ]);
}

#[test]
fn what_cannot_be_known_is_said() {
    is_unpredictable(&[
        ("Guid()", "another value each time"),
        ("Now()", "another value each time"),
        ("RandomString(6,3,0,0,3)", "another value each time"),
        ("SelectUniqueValue([mail], [sn])", "other objects"),
        ("SingleAppRoleAssignment([appRoleAssignments])", "other objects"),
        ("FormatDateTime([x], , \"yyyy\", \"MM\")", "dates"),
        ("Contains([proxyAddresses], \"x\")", "unknown function"),
        ("[notRead]", "was not read"),
    ]);
}

#[test]
fn names_of_functions_ignore_case() {
    gives(&[("TOLOWER(\"A\")", text("a")), ("IsNullorEmpty([missing])", Value::Bool(true))]);
}
