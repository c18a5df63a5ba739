//! A case of a procedure: how long it takes, what is handed in, what is paid, which way it goes.

use std::fmt;
use std::num::NonZeroU16;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::{Channel, Fee, is_false};
use crate::route::{Route, UnitUid};

/// A case (trường hợp) with all that depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique in the version; `standard` is the one that a dossier takes if it names none.
    pub key: String,
    /// What it is, in Vietnamese.
    pub name: String,
    /// How long the units have.
    pub limit: Limit,
    /// The way of a dossier; none where no unit of the province handles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// What must be handed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// What may have to be paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<Fee>,
    /// The form, a JSON Schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<serde_json::Value>,
}

impl Case {
    /// The key of the case that a dossier takes if it names none.
    pub const STANDARD: &'static str = "standard";
}

/// The legal time of processing (thời hạn giải quyết).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "unit", content = "count")]
pub enum Time {
    /// The same day; after the cut-off of the rule set, or its own, the next working day.
    SameDay,
    /// Working hours.
    #[serde(rename = "working_hour")]
    WorkingHours(NonZeroU16),
    /// Working days of 8 working hours.
    #[serde(rename = "working_day")]
    WorkingDays(NonZeroU16),
    /// Calendar days.
    #[serde(rename = "calendar_day")]
    CalendarDays(NonZeroU16),
    /// Months.
    #[serde(rename = "month")]
    Months(NonZeroU16),
}

/// A legal time, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How long the suite's units have.
    pub time: Time,
    /// The source gives none and this one is assumed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub assumed: bool,
    /// What it is longer by in remote areas (R14).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
    /// Where it counts otherwise than the rule set of the day of receipt says (R3); the first whose channel agrees holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cutoffs: Vec<Cutoffs>,
}

/// What a limit is longer by in an area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    /// The units whose desks have it, each with all units below it.
    pub units: Vec<UnitUid>,
    /// How many more, in the unit of the limit.
    pub count: NonZeroU16,
}

/// From when a limit counts for what comes one way. What is not said is as the rule set has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cutoffs {
    /// Only what comes this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What is received later counts from the next working day, by a limit in working hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<TimeOfDay>,
    /// A same-day result of what is received later is due the next working day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_day: Option<TimeOfDay>,
    /// Where a limit in days begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count_from: Option<CountFrom>,
}

/// Where a limit in days begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountFrom {
    /// At receipt.
    Instant,
    /// At receipt, or when the office opens next.
    NextOpening,
    /// On the next day: that of receipt is not counted.
    NextWorkingDay,
}

/// A time of day to the minute: `17:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(NaiveTime);

impl TryFrom<String> for TimeOfDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let time = NaiveTime::parse_from_str(&text, "%H:%M");
        time.map(Self).map_err(|_| "must be HH:MM")
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

/// A document that must be handed in (thành phần hồ sơ).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Unique in the case.
    pub key: String,
    /// What it is, in Vietnamese.
    pub name: String,
    /// How many originals.
    #[serde(default)]
    pub originals: u8,
    /// How many copies.
    #[serde(default)]
    pub copies: u8,
    /// The register that it is taken from; it need not be handed in then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<Register>,
    /// What may be uploaded; empty means anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file_types: Vec<FileType>,
}

/// The registers of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Register {
    /// The national database on population.
    Population,
    /// Civil status.
    CivilStatus,
    /// Business registration.
    Business,
    /// Land.
    Land,
    /// Social insurance.
    Insurance,
}

/// The ending of a file's name: `pdf`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileType(String);

impl FileType {
    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FileType {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        const LONGEST: usize = 8;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(allowed) {
            return Err("is no ending of a file such as pdf");
        }
        Ok(Self(text))
    }
}

impl From<FileType> for String {
    fn from(ending: FileType) -> Self {
        ending.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_written_with_its_unit_and_count() {
        let days = Limit {
            time: Time::WorkingDays(NonZeroU16::new(5).unwrap()),
            assumed: false,
            extras: Vec::new(),
            cutoffs: Vec::new(),
        };
        let text = r#"{"time":{"unit":"working_day","count":5}}"#;
        assert_eq!(serde_json::to_string(&days).unwrap(), text);
        assert_eq!(serde_json::from_str::<Limit>(text).unwrap(), days);
        let same_day = r#"{"time":{"unit":"same_day"}}"#;
        assert_eq!(
            serde_json::from_str::<Limit>(same_day).unwrap().time,
            Time::SameDay
        );
        assert!(serde_json::from_str::<Limit>(r#"{"time":{"unit":"month","count":0}}"#).is_err());
    }

    #[test]
    fn r03_cutoffs_of_a_channel_are_written_to_the_minute() {
        let online = Cutoffs {
            channel: Some(Channel::Online),
            handover: Some("17:00".to_owned().try_into().unwrap()),
            same_day: None,
            count_from: Some(CountFrom::NextOpening),
        };
        let text = r#"{"channel":"online","handover":"17:00","count_from":"next_opening"}"#;
        assert_eq!(serde_json::to_string(&online).unwrap(), text);
        assert_eq!(serde_json::from_str::<Cutoffs>(text).unwrap(), online);
        for text in [r#"{"handover":"17:00:30"}"#, r#"{"handover":"24:00"}"#] {
            assert!(serde_json::from_str::<Cutoffs>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_type_is_an_ending_in_small_letters() {
        assert!(FileType::try_from("pdf".to_owned()).is_ok());
        for text in ["", ".pdf", "PDF", "application"] {
            assert!(FileType::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
