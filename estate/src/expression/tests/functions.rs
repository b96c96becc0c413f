//! One test for each group of functions.

use super::{Value, check, check_wrong, text, texts};

const YES: Value = Value::Boolean(true);
const NO: Value = Value::Boolean(false);

fn number(number: i64) -> Value {
    Value::Number(number)
}

fn many(values: &[&str]) -> Value {
    Value::Many(texts(values))
}

#[test]
fn bits() {
    check(&[
        ("BitAnd(&HF, &HF7)", number(7)),
        ("BitAnd([number], 2)", number(0)),
        ("BitAnd([absent], 2)", Value::Null),
        ("BitAnd([absent], 2) = 0", NO),
        ("BitOr(1, 6)", number(7)),
        ("IsBitSet(&HF, 4)", YES),
        ("IsBitSet(&HF, 16)", NO),
        ("IsBitSet([absent], 16)", NO),
        ("CBool(BitAnd(-2147483646,-2147483648))", YES),
    ]);
    check_wrong(&["BitAnd([displayName], 2)", "BitOr(1, True)", "IsBitSet([bytes], 1)"]);
}

#[test]
fn conversions() {
    check(&[
        ("CBool(1)", YES),
        ("CBool(0)", NO),
        ("CBool(NULL)", NO),
        ("CBool(\"true\")", YES),
        ("CBool([displayName] = [displayName])", YES),
        ("Not([flag])", NO),
        ("CNum(\"42\")", number(42)),
        ("CNum([absent])", Value::Null),
        ("CNum(Mid([bytes],1,2))", number(0x0201)),
        ("CStr(42)", text("42")),
        ("CStr(True)", text("True")),
        ("CStr(CRef([dn]))", text("CN=Joe,OU=Atlanta,OU=GA,OU=US,DC=contoso,DC=com")),
        ("CStr([absent])", Value::Null),
        ("CRef(\"CN=A\")", Value::Reference("CN=A".into())),
        ("CBin(258,2)", Value::Binary(vec![2, 1])),
        (
            "StringFromGuid(CGuid(\"{00010203-0405-0607-0809-0a0b0c0d0e0f}\"))",
            text("00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ),
        ("StringFromGuid([objectGUID])", text("03020100-0504-0706-0809-0a0b0c0d0e0f")),
        ("StringFromSid([objectSid])", text("S-1-5-32-544")),
        ("StringFromSid([absent])", Value::Null),
        ("ConvertToBase64([objectGUID])", text("AAECAwQFBgcICQoLDA0ODw==")),
        ("ConvertToBase64(\"Hello world!\")", text("SABlAGwAbABvACAAdwBvAHIAbABkACEA")),
        ("ConvertFromBase64(\"SABlAGwAbABvACAAdwBvAHIAbABkACEA\")", text("Hello world!")),
        ("ConvertFromBase64(\"SGVsbG8gd29ybGQh\", UTF8)", text("Hello world!")),
        ("ConvertToUTF8Hex(\"Hello world!\")", text("48656C6C6F20776F726C6421")),
        ("ConvertFromUTF8Hex(\"48656C6C6F20776F726C6421\")", text("Hello world!")),
        ("Len(Thumbprint([bytes]))", number(32)),
    ]);
    check_wrong(&[
        "CBool(\"perhaps\")",
        "CNum(\"four\")",
        "CNum([flag])",
        "CStr([objectGUID])",
        "CRef(1)",
        "CBin(1,9)",
        "CBin(1,0)",
        "CGuid(\"no\")",
        "StringFromGuid([bytes])",
        "StringFromSid([bytes])",
        "StringFromSid(\"S-1\")",
        "ConvertToBase64(1)",
        "ConvertFromBase64(\"%\")",
        "ConvertFromBase64(\"SGVsbG8gd29ybGQh\", CaseSensitive)",
        "ConvertFromUTF8Hex(\"4G\")",
        "ConvertToUTF8Hex(1)",
        "Thumbprint(\"text\")",
    ]);
}

#[test]
fn dates() {
    check(&[
        ("FormatDateTime(CDate(\"12/25/2007\"),\"yyyy-MM-dd\")", text("2007-12-25")),
        ("FormatDateTime(CDate(\"2013-01-10 4:00 PM -8\"),\"yyyy-MM-dd HH:mm\")", text("2013-01-11 00:00")),
        (
            "FormatDateTime(DateFromNum(129699324000000000),\"yyyy-MM-dd HH:mm:ss\")",
            text("2012-01-01 23:00:00"),
        ),
        ("FormatDateTime(DateFromNum(129699324000000000),\"yyyyMMddHHmmss.0Z\")", text("20120101230000.0Z")),
        (
            "FormatDateTime(CDate(\"2012-01-01 23:00:00\"),\"d MMM yy, h:mm tt 'o''clock'\")",
            text("1 Jan 12, 11:00 PM oclock"),
        ),
        ("NumFromDate(CDate(\"2012-01-01 23:00:00\"))", number(129_699_324_000_000_000)),
        ("FormatDateTime(DateAdd(\"m\", 3, CDate(\"2001-01-01\")),\"yyyy-MM-dd\")", text("2001-04-01")),
        ("FormatDateTime(DateAdd(\"q\", -1, CDate(\"2001-01-01\")),\"yyyy-MM-dd\")", text("2000-10-01")),
        ("DateAdd(\"d\", 1, Now()) > Now()", YES),
        ("FormatDateTime(Now(),\"dddd\")", text("Monday")),
        ("IsDate(\"2001-01-01\")", YES),
        ("IsDate(\"yesterday\")", NO),
        ("DateFromNum([absent])", Value::Null),
    ]);
    check_wrong(&[
        "CDate(\"32/32/2001\")",
        "CDate(5)",
        "DateFromNum(\"1\")",
        "DateAdd(\"x\", 1, Now())",
        "DateAdd(\"yyyy\", 99999, Now())",
        "FormatDateTime(\"2001-01-01\",\"yyyy\")",
        "NumFromDate(1)",
    ]);
}

#[test]
fn names() {
    check(&[
        ("DNComponent(CRef([dn]),1)", text("Joe")),
        ("DNComponent(CRef([dn]),3)", text("GA")),
        ("DNComponent(CRef([dn]),9)", Value::Null),
        ("DNComponent([comma],1)", text("Doe\\, Jane\\0ACNF:1")),
        ("InStr(DNComponent([comma],1),\"\\\\0ACNF:\") > 0", YES),
        ("DNComponentRev(CRef([dn]),3)", text("US")),
        ("DNComponentRev(CRef([dn]),1,\"DC\")", text("US")),
        ("EscapeDNComponent(\" Doe, Jane\")", text("\\ Doe\\, Jane")),
    ]);
    check_wrong(&["DNComponent([dn],1)", "DNComponentRev(CRef([dn]),1,\"OU\")"]);
}

#[test]
fn presence() {
    check(&[
        ("IsNull([absent])", YES),
        ("IsNull([empty])", NO),
        ("IsNullOrEmpty([empty])", YES),
        ("IsNullOrEmpty([absent])", YES),
        ("IsNullOrEmpty([proxyAddresses])", NO),
        ("IsPresent([displayName])", YES),
        ("IsPresent([empty])", NO),
        ("IsPresent([objectGUID])", YES),
        ("IsEmpty([empty])", YES),
        ("IsEmpty([absent])", NO),
        ("IsString([displayName])", YES),
        ("IsString([objectGUID])", NO),
        ("IsString([absent])", NO),
        ("IsNumeric(\"12\")", YES),
        ("IsNumeric(\"twelve\")", NO),
        ("IsNumeric([absent])", NO),
        ("IsGuid(\"00010203-0405-0607-0809-0a0b0c0d0e0f\")", YES),
        ("IsGuid(\"x\")", NO),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("Contains([proxyAddresses],\"SMTP:\")", number(2)),
        ("Contains([proxyAddresses],\"SMTP:\",CaseInsensitive)", number(1)),
        ("Contains([proxyAddresses],\"x400:\")", number(0)),
        ("Contains([absent],\"x\")", number(0)),
        ("Contains([member],\"CN=B,DC=x\")", number(2)),
        ("Contains([member],\"CN=B\")", number(0)),
        ("Count([proxyAddresses])", number(3)),
        ("Count([absent])", number(0)),
        ("ValueCount(\"member\")", number(2)),
        ("ValueCount(\"absent\")", number(0)),
        ("Mid(Item([proxyAddresses],Contains([proxyAddresses], \"SMTP:\")),6)", text("john.doe@contoso.com")),
        ("Item([url],1)", text("https://one")),
        ("ItemOrNull([url],2)", Value::Null),
        ("Join([otherPhone],\",\")", text("1-2,3-4")),
        ("Join([otherPhone])", text("1-2 3-4")),
        ("Join([absent])", Value::Null),
        ("Split(\"a,b,c\",\",\")", many(&["a", "b", "c"])),
        ("Split(\"a,b,c\",\",\",2)", many(&["a", "b"])),
        ("RemoveDuplicates(Split(\"a,b,A\",\",\"))", many(&["a", "b"])),
        ("Select($item,[otherPhone],Replace($item,\"-\",\"\"))", many(&["12", "34"])),
        ("Where($item,[otherPhone],InStr($item,\"3\")>0)", text("3-4")),
        ("With($list,[otherPhone],IIF(Count($list)>1,\"many\",\"one\"))", text("many")),
    ]);
    check_wrong(&[
        "Item([url],2)",
        "Item([url],0)",
        "Contains([bytes],\"x\")",
        "Contains([url],\"x\",UTF8)",
        "Join([bytes])",
        "Split(\"a\",\"ab\")",
        "Split(\"a\",\",\",0)",
    ]);
}

#[test]
fn texts_are_cut_searched_and_changed() {
    check(&[
        ("InStr(\"The quick brown fox\",\"quick\")", number(5)),
        ("InStr(\"repEated\",\"e\",3,vbBinaryCompare)", number(7)),
        ("InStr(\"repEated\",\"e\",3,vbTextCompare)", number(4)),
        ("InStr([absent],\"e\")", number(0)),
        ("InStrRev(\"abbcdbbbef\",\"bb\")", number(7)),
        ("InStrRev(\"abbcdbbbef\",\"bb\",6)", number(6)),
        ("Left(\"John Doe\", 3)", text("Joh")),
        ("Left(\"John\", 30)", text("John")),
        ("Left(\"John\", 0)", text("")),
        ("Left(\"John\", -1)", text("John")),
        ("Left([absent], 3)", text("")),
        ("Right(\"John Doe\", 3)", text("Doe")),
        ("Mid(\"John Doe\", 3, 5)", text("hn Do")),
        ("Mid(\"John Doe\", 6, 999)", text("Doe")),
        ("Mid(\"John Doe\", 9, 1)", text("John Doe")),
        ("Mid(\"John Doe\", 0, 1)", text("John Doe")),
        ("Mid([bytes], 2, 2)", Value::Binary(vec![2, 3])),
        ("Len(\"John Doe\")", number(8)),
        ("Len(\"Jörg\")", number(4)),
        ("Len([absent])", number(0)),
        ("Trim([padded])", text("Test")),
        ("Trim([absent])", Value::Null),
        ("LTrim([padded])", text("Test ")),
        ("RTrim([padded])", text(" Test")),
        ("LCase(\"TeSt\")", text("test")),
        ("UCase(\"TeSt\")", text("TEST")),
        ("PCase(\"TEsT me\")", text("Test Me")),
        ("PadLeft(\"User\", 10, \"0\")", text("000000User")),
        ("PadRight(\"User\", 10, \"0\")", text("User000000")),
        ("PadLeft([absent], 10, \"0\")", text("")),
        ("Replace(\"a-b\",\"-\",\"\\n\")", text("a\nb")),
        ("ReplaceChars(\"Räksmörgås\",\"å:a,ä:a, ö:o,x:\")", text("Raksmorgas")),
        ("Word(\"The quick brown fox\",3,\" \")", text("brown")),
        ("Word(\"This,string!has&many separators\",3,\",!&#\")", text("has")),
        ("Word(\"one\",2,\" \")", text("")),
        ("Word([absent],1,\" \")", text("")),
    ]);
    check_wrong(&[
        "Left(5, 1)",
        "Left(\"a\", \"b\")",
        "Trim([number])",
        "InStr(\"a\",\"a\",1,UTF8)",
        "PadLeft(\"a\", 5, \"ab\")",
        "PadLeft(\"a\", 99999999999, \"b\")",
        "Replace(\"a\",\"\",\"b\")",
        "ReplaceChars(\"a\",\"ab:c\")",
        "ReplaceChars(\"a\",\"a\")",
    ]);
}

#[test]
fn program_flow() {
    check(&[
        ("IIF([displayName]=\"John Doe\",\"t-\" & [displayName],[displayName])", text("t-John Doe")),
        ("IIF([absent],1,2)", number(2)),
        // The branch not taken is not looked at.
        ("IIF(True,1,Error(\"never\"))", number(1)),
        ("Switch(False,1,[flag],2,True,Error(\"never\"))", number(2)),
        ("Switch(False,1)", Value::Null),
        // A condition on several values decides for each.
        (
            "IIF(InStr([proxyAddresses],\"SIP:\")=1,NULL,[proxyAddresses])",
            many(&["smtp:jd@contoso.com", "SMTP:john.doe@contoso.com"]),
        ),
        ("Word([otherPhone],1,\"-\") & \"@contoso.com\"", many(&["1@contoso.com", "3@contoso.com"])),
    ]);
    check_wrong(&["IIF([displayName],1,2)", "Trim(IgnoreThisFlow)", "[displayName] & AuthoritativeNull"]);
}
