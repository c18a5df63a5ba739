//! An administrative procedure of the province (thủ tục hành chính), as one of its versions says it is.

mod case;
mod fee;

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::route::UnitUid;

pub use case::{
    Case, Component, CountFrom, Cutoffs, Extra, FileType, Limit, Register, Time, TimeOfDay,
};
pub use fee::{Channel, Dong, Fee, PaidWhen};

/// The first day of the suite: what is known from the beginning is in force from here.
pub const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(2017, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// National code, `1.001193`, or a local one, `1.001193.000.00.00.H15` (domain.md, 3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

impl Code {
    /// As it stands on the wire and in files.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let digits = |part: Option<&str>, length| {
            part.is_some_and(|part| {
                part.len() == length && part.chars().all(|c| c.is_ascii_digit())
            })
        };
        let national = digits(parts.next(), 1) && digits(parts.next(), 6);
        let local =
            parts.all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
        if national && local {
            Ok(Self(text.to_owned()))
        } else {
            Err(())
        }
    }
}

impl TryFrom<String> for Code {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        text.parse().map_err(|()| "is no code such as 1.001193")
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The level of government that decides; as text `department`, `district`, `commune`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The province, by a department.
    Department,
    /// A district.
    District,
    /// A commune.
    Commune,
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "department" => Ok(Self::Department),
            "district" => Ok(Self::District),
            "commune" => Ok(Self::Commune),
            _ => Err(()),
        }
    }
}

/// Who may apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantKind {
    /// Citizens.
    Citizen,
    /// Businesses and cooperatives.
    Business,
    /// Other organisations.
    Organisation,
    /// Agencies of the state.
    Agency,
}

impl ApplicantKind {
    /// Everybody.
    pub const ALL: [Self; 4] = [
        Self::Citizen,
        Self::Business,
        Self::Organisation,
        Self::Agency,
    ];
}

/// What a version says, whole or, in a draft, perhaps not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Its code, which it keeps through all versions.
    pub code: Code,
    /// The code that the province gives it beside the national one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_code: Option<Code>,
    /// Name in Vietnamese.
    pub name: String,
    /// Name in English; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name_en: String,
    /// Field (lĩnh vực): `Hộ tịch`.
    pub field: String,
    /// The norms that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legal_bases: Vec<String>,
    /// Who decides.
    pub level: Level,
    /// The department that leads the field.
    pub lead_unit: UnitUid,
    /// An agency beside the units (police, army, tax …) does it: it can be looked up but not handed in here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub vertical_agency: bool,
    /// What the applicant gets; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub result: String,
    /// Who may apply; empty means everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applicants: Vec<ApplicantKind>,
    /// The cases (trường hợp).
    pub cases: Vec<Case>,
}

/// For fields that files leave out when they are false.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A procedure that uses everything that there is.
    pub(crate) fn full(code: &str) -> Procedure {
        let text = r#"{
            "code": "1.000001", "local_code": "1.000001.000.00.00.H15", "name": "Đăng ký khai sinh",
            "name_en": "Registration of birth", "field": "Hộ tịch", "legal_bases": ["Luật Hộ tịch 2014"],
            "level": "commune", "lead_unit": "u", "result": "Giấy khai sinh", "applicants": ["citizen"],
            "cases": [
                {
                    "key": "standard", "name": "Trường hợp chung",
                    "limit": {"time": {"unit": "working_day", "count": 5}, "assumed": true,
                        "extras": [{"units": ["x"], "count": 10}],
                        "cutoffs": [
                            {"channel": "online", "handover": "17:00", "same_day": "16:30"},
                            {"count_from": "next_opening"}
                        ]},
                    "route": {"name": "commune", "steps": [
                        {"key": "examine", "name": "Thẩm tra", "unit_rule": "receiving", "role": "examiner",
                            "slice": {"percent": 60}, "part": "sole"},
                        {"key": "tax", "name": "Thuế", "after": ["examine"], "role": "clerk", "part": "consulted",
                            "unit_rule": {"department_of": {"field": "Thuế", "unit": "t"}},
                            "slice": {"outside_days": 5}, "waits_for_paper": true},
                        {"key": "sign", "name": "Ký", "after": ["tax"], "unit_rule": {"fixed": "u"},
                            "role": "leader", "slice": {"percent": 40}, "part": "sole", "decides": true}
                    ]},
                    "components": [
                        {"key": "form", "name": "Tờ khai", "originals": 1, "copies": 0, "file_types": ["pdf", "jpg"]},
                        {"key": "residence", "name": "Nơi cư trú", "originals": 0, "copies": 1,
                            "register": "population"}
                    ],
                    "fees": [
                        {"key": "certificate", "name": "Phí", "amount": 8000, "channel": "online",
                            "units": ["x"], "from": "2020-01-01", "to": "2020-12-31", "paid": "before",
                            "payable_online": true},
                        {"key": "copy", "name": "Bản sao", "amount": 3000, "paid": "during"}
                    ],
                    "form": {"type": "object", "properties": {"name": {"type": "string", "title": "Họ tên"}}}
                },
                {"key": "verify", "name": "Phải xác minh", "limit": {"time": {"unit": "same_day"}}}
            ]
        }"#;
        let procedure: Procedure = serde_json::from_str(text).unwrap();
        Procedure {
            code: code.parse().unwrap(),
            ..procedure
        }
    }

    #[test]
    fn national_and_local_codes_are_codes_and_nothing_else_is() {
        for code in ["1.001193", "1.001193.000.00.00.H15", "1.012753.H19"] {
            assert_eq!(code.parse::<Code>().unwrap().as_str(), code);
        }
        for text in [
            "",
            "1001193",
            "1.01193",
            "a.001193",
            "1.001193.",
            "1.001193.H 15",
        ] {
            assert!(text.parse::<Code>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_suite_begins_in_2017() {
        assert_eq!(FIRST_DAY.to_string(), "2017-01-01");
    }
}
