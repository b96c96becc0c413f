//! The functions of mapping expressions, by name. Pure.
//!
//! Source of every rule: Microsoft, "Writing expressions for attribute mappings in Microsoft Entra ID" (cloud sync)
//! and "Reference for writing expressions for attribute mappings" (application provisioning), which is the longer one.
//! Names are matched without regard to case: the two pages write `CStr` and `Cstr`, `IsNullOrEmpty` and
//! `IsNullorEmpty`.

mod conversion;
mod letters;
mod logic;
mod replace;
mod text;
mod values;

use super::evaluate::evaluate_source;
use super::model::Source;
use super::value::{Outcome, Unpredictable, Value, number};
use crate::object::DirectoryObject;

pub(super) fn call(name: &str, arguments: &[Option<Source>], object: &DirectoryObject) -> Outcome {
    let call = Call { name, arguments, object };
    match name.to_ascii_lowercase().as_str() {
        "=" | "<>" | "<" | "<=" | ">" | ">=" => logic::comparison(&call),
        "bitand" => logic::bit_and(&call),
        "cbool" => logic::c_bool(&call),
        "coalesce" => logic::coalesce(&call),
        "ignoreflowifnullorempty" => logic::ignore_if_empty(&call),
        "iif" => logic::iif(&call),
        "isnull" => call.arity(1).and_then(|()| Ok(Value::Bool(call.value(0)? == Value::Null))),
        "isnullorempty" => call.arity(1).and_then(|()| Ok(Value::Bool(call.value(0)?.is_empty()))),
        "ispresent" => call.arity(1).and_then(|()| Ok(Value::Bool(!call.value(0)?.is_empty()))),
        "isstring" => logic::is_string(&call),
        "not" => logic::not(&call),
        "switch" => logic::switch(&call),
        "&" => text::concatenate(&call),
        "append" => text::append(&call),
        "instr" => text::in_str(&call),
        "join" => text::join(&call),
        "left" => text::left(&call),
        "mid" => text::mid(&call),
        "pcase" => text::proper_case(&call),
        "stripspaces" => text::strip_spaces(&call),
        "tolower" => letters::change_case(&call, letters::Case::Lower),
        "toupper" => letters::change_case(&call, letters::Case::Upper),
        "normalizediacritics" => letters::normalize_diacritics(&call),
        "trim" => text::trim(&call),
        "word" => text::word(&call),
        "replace" => replace::replace(&call),
        "count" => values::count(&call),
        "item" => values::item(&call),
        "removeduplicates" => values::remove_duplicates(&call),
        "split" => values::split(&call),
        "convertfrombase64" => conversion::from_base64(&call),
        "converttobase64" => conversion::to_base64(&call),
        "converttoutf8hex" => conversion::to_utf8_hex(&call),
        "cref" | "redact" => call.arity(1).and_then(|()| call.value(0)),
        "cstr" => conversion::c_str(&call),
        "dncomponent" => conversion::dn_component(&call),
        "stringfromsid" => conversion::string_from_sid(&call),
        "error" => Err(Unpredictable::new("the expression raises an error for this object")),
        "guid" | "randomstring" | "now" => {
            Err(Unpredictable::new(format!("{name} gives another value each time")))
        }
        "selectuniquevalue" | "singleapproleassignment" | "approleassignmentscomplex" | "defaultdomain" => {
            Err(Unpredictable::new(format!("{name} depends on other objects or on the tenant")))
        }
        "cdate" | "dateadd" | "datediff" | "datefromnum" | "formatdatetime" | "numfromdate" => Err(
            Unpredictable::new(format!("{name} formats dates by .NET rules, which are not evaluated here")),
        ),
        _ => Err(Unpredictable::new(format!("unknown function {name}"))),
    }
}

/// One call: arguments are evaluated when a function asks for them, so that a branch not taken cannot fail.
struct Call<'a> {
    name: &'a str,
    arguments: &'a [Option<Source>],
    object: &'a DirectoryObject,
}

impl Call<'_> {
    fn arity(&self, expected: usize) -> Result<(), Unpredictable> {
        self.arity_between(expected, expected)
    }

    fn arity_between(&self, least: usize, most: usize) -> Result<(), Unpredictable> {
        if (least..=most).contains(&self.arguments.len()) {
            return Ok(());
        }
        Err(Unpredictable::new(format!(
            "{} has {} arguments, expected {least} to {most}",
            self.name,
            self.arguments.len()
        )))
    }

    /// Whether an argument was given.
    fn has(&self, at: usize) -> bool {
        self.source(at).is_some()
    }

    fn source(&self, at: usize) -> Option<&Source> {
        self.arguments.get(at).and_then(Option::as_ref)
    }

    /// The value of an argument; one that was left out has none.
    fn value(&self, at: usize) -> Outcome {
        self.source(at).map_or(Ok(Value::Null), |source| evaluate_source(source, self.object))
    }

    /// One text, or nothing.
    fn single(&self, at: usize) -> Result<Option<String>, Unpredictable> {
        self.value(at)?.single()
    }

    /// One text that must be there.
    fn required(&self, at: usize) -> Result<String, Unpredictable> {
        self.single(at)?.ok_or_else(|| self.unpredictable(&format!("has no value in argument {}", at + 1)))
    }

    /// A whole number that must be there.
    fn number(&self, at: usize) -> Result<i64, Unpredictable> {
        number(&self.required(at)?)
    }

    fn unpredictable(&self, what: &str) -> Unpredictable {
        Unpredictable::new(format!("{} {what}", self.name))
    }
}
