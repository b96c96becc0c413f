//! Functions of dates. Pure; does no IO.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, ToSpan};

use super::error::EvaluationError;
use super::function::{Arguments, Function};
use super::value::Value;

/// Steps of 100 nanoseconds from 1601-01-01, where AD begins to count, to 1970-01-01 (Microsoft, `FILETIME`).
const STEPS_TO_1970: i64 = 116_444_736_000_000_000;

/// Applies one of this module's functions.
pub(super) fn apply(function: Function, arguments: &Arguments) -> Result<Value, EvaluationError> {
    match function {
        Function::DateFromNum => {
            let Some(number) = arguments.number(0)? else { return Ok(Value::Null) };
            from_steps(number)
                .map(Value::Instant)
                .ok_or_else(|| arguments.wrong_value("a date as AD counts it", number.to_string()))
        }
        Function::NumFromDate => Ok(match instant(arguments, 0)? {
            None => Value::Null,
            Some(at) => i64::try_from(at.as_nanosecond() / 100)
                .ok()
                .and_then(|steps| steps.checked_add(STEPS_TO_1970))
                .map(Value::Number)
                .ok_or_else(|| arguments.wrong_value("a date that AD can count", at.to_string()))?,
        }),
        Function::CDate => {
            let Some(text) = arguments.text(0)? else { return Ok(Value::Null) };
            parse(text).map(Value::Instant).ok_or_else(|| arguments.wrong_value("a date", text))
        }
        Function::IsDate => Ok(Value::Boolean(match arguments.value(0) {
            Value::Instant(_) => true,
            Value::Text(text) => parse(text).is_some(),
            _ => false,
        })),
        Function::DateAdd => add(arguments),
        _ => {
            let Some(at) = instant(arguments, 0)? else { return Ok(Value::Null) };
            Ok(Value::Text(format(at, arguments.text_or_empty(1)?)))
        }
    }
}

fn instant(arguments: &Arguments, position: usize) -> Result<Option<Timestamp>, EvaluationError> {
    match arguments.value(position) {
        Value::Null => Ok(None),
        Value::Instant(at) => Ok(Some(*at)),
        other => Err(arguments.wrong_type("a date", other)),
    }
}

fn from_steps(number: i64) -> Option<Timestamp> {
    let nanoseconds = i128::from(number.checked_sub(STEPS_TO_1970)?) * 100;
    Timestamp::from_nanosecond(nanoseconds).ok()
}

fn add(arguments: &Arguments) -> Result<Value, EvaluationError> {
    let interval = arguments.text_or_empty(0)?;
    let count = arguments.needed_number(1)?;
    let Some(at) = instant(arguments, 2)? else { return Ok(Value::Null) };
    let too_far = || arguments.wrong_value("a result within the calendar", format!("{count}{interval}"));
    let (unit, count) =
        if interval == "q" { ("m", count.checked_mul(3).ok_or_else(too_far)?) } else { (interval, count) };
    let span: Result<Span, jiff::Error> = match unit {
        "yyyy" => 0.years().try_years(count),
        "m" => 0.months().try_months(count),
        "y" | "d" | "w" => 0.days().try_days(count),
        "ww" => 0.weeks().try_weeks(count),
        "h" => 0.hours().try_hours(count),
        "n" => 0.minutes().try_minutes(count),
        "s" => 0.seconds().try_seconds(count),
        other => return Err(arguments.wrong_value("yyyy, q, m, y, d, w, ww, h, n or s", other)),
    };
    let sum = span.and_then(|span| at.to_zoned(TimeZone::UTC).checked_add(span)).map_err(|_| too_far())?;
    Ok(Value::Instant(sum.timestamp()))
}

/// Reads `2013-01-10`, `12/25/2007`, each with an optional time (`4:00 PM`, `16:00`, `16:00:05`) and zone (`Z`, `-8`, `+05:30`).
fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.trim().parse::<Timestamp>() {
        return Some(at);
    }
    let text = text.trim().replacen('T', " ", 1);
    let mut words = text.split_whitespace().peekable();
    let date = parse_date(words.next()?)?;
    let mut time = Time::midnight();
    let mut offset = Offset::UTC;
    if let Some(word) = words.next() {
        time = parse_time(word, words.next_if(|word| matches!(*word, "AM" | "PM" | "am" | "pm")))?;
    }
    if let Some(word) = words.next() {
        offset = parse_offset(word)?;
    }
    if words.next().is_some() {
        return None;
    }
    offset.to_timestamp(DateTime::from_parts(date, time)).ok()
}

fn parse_date(word: &str) -> Option<Date> {
    let (numbers, american) =
        if word.contains('/') { (word.split('/'), true) } else { (word.split('-'), false) };
    let numbers = numbers.map(|number| number.parse::<i16>().ok()).collect::<Option<Vec<_>>>()?;
    let [first, second, third] = numbers.as_slice() else { return None };
    let (year, month, day) = if american { (third, first, second) } else { (first, second, third) };
    Date::new(*year, i8::try_from(*month).ok()?, i8::try_from(*day).ok()?).ok()
}

fn parse_time(word: &str, half: Option<&str>) -> Option<Time> {
    let numbers = word.split(':').map(|number| number.parse::<i8>().ok()).collect::<Option<Vec<_>>>()?;
    let (hour, minute, second) = match numbers.as_slice() {
        [hour, minute] => (*hour, *minute, 0),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return None,
    };
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => {
            hour % 12 + if half.eq_ignore_ascii_case("pm") { 12 } else { 0 }
        }
        Some(_) => return None,
    };
    Time::new(hour, minute, second, 0).ok()
}

fn parse_offset(word: &str) -> Option<Offset> {
    if word == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let seconds =
        hours.parse::<i32>().ok()?.checked_mul(3600)? + minutes.parse::<i32>().ok()?.checked_mul(60)?;
    Offset::from_seconds(sign * seconds).ok()
}

/// Formats in UTC; runs of `y M d H h m s f t` are fields, quoted and other characters stand for themselves.
fn format(at: Timestamp, pattern: &str) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    let mut text = String::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            '\'' | '"' => text.extend(characters.by_ref().take_while(|inner| *inner != character)),
            'y' | 'M' | 'd' | 'H' | 'h' | 'm' | 's' | 'f' | 't' => {
                let mut width = 1;
                while characters.next_if_eq(&character).is_some() {
                    width += 1;
                }
                text.push_str(&field(&at.datetime(), character, width));
            }
            other => text.push(other),
        }
    }
    text
}

fn field(at: &DateTime, letter: char, width: usize) -> String {
    let hour = match at.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let number = match (letter, width) {
        ('y', 1 | 2) => i32::from(at.year()) % 100,
        ('y', _) => i32::from(at.year()),
        ('M', 1 | 2) => i32::from(at.month()),
        ('M', _) => return name(at, "%B", width),
        ('d', 1 | 2) => i32::from(at.day()),
        ('d', _) => return name(at, "%A", width),
        ('H', _) => i32::from(at.hour()),
        ('h', _) => i32::from(hour),
        ('m', _) => i32::from(at.minute()),
        ('s', _) => i32::from(at.second()),
        ('f', _) => return format!("{:09}", at.subsec_nanosecond()).chars().take(width).collect(),
        _ => return (if at.hour() < 12 { "AM" } else { "PM" }).chars().take(width).collect(),
    };
    format!("{number:0width$}")
}

/// The name of a month or day: three letters, or in full from a width of four.
fn name(at: &DateTime, full: &str, width: usize) -> String {
    let name = at.strftime(full).to_string();
    if width == 3 { name.chars().take(3).collect() } else { name }
}
