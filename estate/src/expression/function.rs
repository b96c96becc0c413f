//! The functions of the language: names, numbers of arguments, and which module evaluates each. Pure; does no IO.

use super::error::EvaluationError;
use super::value::Value;
use super::{collection, conversion, date, text};

/// Declares the functions once: variant (named as in the language), fewest and most arguments.
macro_rules! functions {
    ($($name:ident $least:literal $most:literal),+ $(,)?) => {
        /// A function of the language.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(clippy::upper_case_acronyms, reason = "variants are named as the language names its functions")]
        pub(super) enum Function { $($name),+ }

        impl Function {
            /// The function of that name; names are case-sensitive.
            pub(super) fn from_name(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)+ _ => None }
            }

            /// Its name.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }

            /// Fewest and most arguments; 0 as the most means any number.
            fn arity(self) -> (usize, usize) {
                match self { $(Self::$name => ($least, $most)),+ }
            }
        }
    };
}

functions! {
    BitAnd 2 2, BitOr 2 2, CBin 2 2, CBool 1 1, CDate 1 1, CGuid 1 1, CNum 1 1, CRef 1 1, CStr 1 1, Contains 2 3,
    ConvertFromBase64 1 2, ConvertFromUTF8Hex 1 1, ConvertToBase64 1 1, ConvertToUTF8Hex 1 1, Count 1 1,
    DNComponent 2 2, DNComponentRev 2 3, DateAdd 3 3, DateFromNum 1 1, Error 1 1, EscapeDNComponent 1 1,
    FormatDateTime 2 2, IIF 3 3, ImportedValue 1 1, InStr 2 4, InStrRev 2 4, IsBitSet 2 2, IsDate 1 1, IsEmpty 1 1,
    IsGuid 1 1, IsNull 1 1, IsNullOrEmpty 1 1, IsNumeric 1 1, IsPresent 1 1, IsString 1 1, Item 2 2, ItemOrNull 2 2,
    Join 1 2, LCase 1 1, LTrim 1 1, Left 2 2, Len 1 1, Mid 2 3, Not 1 1, Now 0 0, NumFromDate 1 1, PCase 1 1,
    PadLeft 3 3, PadRight 3 3, RTrim 1 1, RemoveDuplicates 1 1, Replace 3 3, ReplaceChars 2 2, Right 2 2, Select 3 3,
    Split 2 3, StringFromGuid 1 1, StringFromSid 1 1, Switch 2 0, Thumbprint 1 1, Trim 1 1, UCase 1 1, ValueCount 1 1,
    Where 3 3, With 3 3, Word 3 3,
}

impl Function {
    /// Whether it can be called with that many arguments.
    pub(super) fn takes(self, count: usize) -> bool {
        let (least, most) = self.arity();
        count >= least && (most == 0 && least > 0 || count <= most)
    }

    /// The number of arguments for messages.
    pub(super) fn arity_text(self) -> String {
        match self.arity() {
            (least, 0) if least > 0 => format!("{least} or more"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        }
    }

    /// Works on single values and is applied to each value of an attribute that has several.
    ///
    /// Source: Microsoft, declarative provisioning expressions, "Multi-valued attributes".
    fn maps(self) -> bool {
        !matches!(
            self,
            Self::Contains
                | Self::Count
                | Self::IsEmpty
                | Self::IsNull
                | Self::IsNullOrEmpty
                | Self::IsPresent
                | Self::IsString
                | Self::Item
                | Self::ItemOrNull
                | Self::Join
                | Self::RemoveDuplicates
        )
    }

    /// Applies an ordinary function to its evaluated arguments.
    pub(super) fn apply(self, arguments: Vec<Value>) -> Result<Value, EvaluationError> {
        for argument in &arguments {
            if matches!(argument, Value::Ignore | Value::AuthoritativeNull) {
                return Err(EvaluationError::wrong_type(self.name(), "a value", argument));
            }
        }
        let Some(Value::Many(values)) = arguments.first().filter(|_| self.maps()) else {
            return self.apply_once(&Arguments { function: self.name(), values: arguments });
        };
        let mut results = Vec::with_capacity(values.len());
        for value in values {
            let mut once = arguments.clone();
            if let Some(first) = once.first_mut() {
                *first = value.clone();
            }
            results.extend(self.apply_once(&Arguments { function: self.name(), values: once })?.into_list());
        }
        Ok(Value::from_values(results))
    }

    fn apply_once(self, arguments: &Arguments) -> Result<Value, EvaluationError> {
        match self {
            Self::BitAnd | Self::BitOr | Self::IsBitSet => conversion::bits(self, arguments),
            Self::CBin
            | Self::CBool
            | Self::CGuid
            | Self::CNum
            | Self::CRef
            | Self::CStr
            | Self::ConvertFromBase64
            | Self::ConvertFromUTF8Hex
            | Self::ConvertToBase64
            | Self::ConvertToUTF8Hex
            | Self::IsGuid
            | Self::IsNumeric
            | Self::IsString
            | Self::Not
            | Self::StringFromGuid
            | Self::StringFromSid
            | Self::Thumbprint => conversion::apply(self, arguments),
            Self::CDate
            | Self::DateAdd
            | Self::DateFromNum
            | Self::FormatDateTime
            | Self::IsDate
            | Self::NumFromDate => date::apply(self, arguments),
            Self::Contains
            | Self::Count
            | Self::IsEmpty
            | Self::IsNull
            | Self::IsNullOrEmpty
            | Self::IsPresent
            | Self::Item
            | Self::ItemOrNull
            | Self::Join
            | Self::RemoveDuplicates
            | Self::Split => collection::apply(self, arguments),
            Self::DNComponent
            | Self::DNComponentRev
            | Self::EscapeDNComponent
            | Self::InStr
            | Self::InStrRev
            | Self::LCase
            | Self::LTrim
            | Self::Left
            | Self::Len
            | Self::Mid
            | Self::PCase
            | Self::PadLeft
            | Self::PadRight
            | Self::RTrim
            | Self::Replace
            | Self::ReplaceChars
            | Self::Right
            | Self::Trim
            | Self::UCase
            | Self::Word => text::apply(self, arguments),
            // Evaluated where their arguments are still unevaluated; they never arrive here.
            Self::Error
            | Self::IIF
            | Self::ImportedValue
            | Self::Now
            | Self::Select
            | Self::Switch
            | Self::ValueCount
            | Self::Where
            | Self::With => Err(EvaluationError::wrong_value(self.name(), "its own form", self.name())),
        }
    }
}

/// Evaluated arguments of one call, with checked access.
pub(super) struct Arguments {
    function: &'static str,
    values: Vec<Value>,
}

impl Arguments {
    /// An argument; `NULL` where an optional one was left out.
    pub(super) fn value(&self, position: usize) -> &Value {
        self.values.get(position).unwrap_or(&Value::Null)
    }

    /// A text, or `None` for `NULL`.
    pub(super) fn text(&self, position: usize) -> Result<Option<&str>, EvaluationError> {
        match self.value(position) {
            Value::Null => Ok(None),
            Value::Text(text) | Value::Reference(text) => Ok(Some(text)),
            other => Err(self.wrong_type("a text", other)),
        }
    }

    /// A text; `NULL` is an empty one.
    pub(super) fn text_or_empty(&self, position: usize) -> Result<&str, EvaluationError> {
        Ok(self.text(position)?.unwrap_or(""))
    }

    /// A number, or `None` for `NULL`.
    pub(super) fn number(&self, position: usize) -> Result<Option<i64>, EvaluationError> {
        match self.value(position) {
            Value::Null => Ok(None),
            Value::Number(number) => Ok(Some(*number)),
            other => Err(self.wrong_type("a number", other)),
        }
    }

    /// A number that must be there.
    pub(super) fn needed_number(&self, position: usize) -> Result<i64, EvaluationError> {
        self.number(position)?.ok_or_else(|| self.wrong_type("a number", &Value::Null))
    }

    /// Bytes, or `None` for `NULL`.
    pub(super) fn binary(&self, position: usize) -> Result<Option<&[u8]>, EvaluationError> {
        match self.value(position) {
            Value::Null => Ok(None),
            Value::Binary(bytes) => Ok(Some(bytes)),
            other => Err(self.wrong_type("a binary", other)),
        }
    }

    /// The error for an argument of the wrong type.
    pub(super) fn wrong_type(&self, expected: &'static str, found: &Value) -> EvaluationError {
        EvaluationError::wrong_type(self.function, expected, found)
    }

    /// The error for an argument of the right type with an unusable value.
    pub(super) fn wrong_value(&self, expected: &'static str, found: impl Into<String>) -> EvaluationError {
        EvaluationError::wrong_value(self.function, expected, found)
    }
}
