//! A route: the steps of a case as a directed graph without cycles.

mod graph;

use std::num::NonZeroU16;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::fault::Problem;
use crate::procedure::is_false;

/// The unit that a file names. Units belong to identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnitUid(String);

impl UnitUid {
    /// Any text may be a uid; whether such a unit exists is checked where units are known.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it stands on the wire and in files.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How the unit of a step is found; in files `receiving`, `parent_of_receiving`, `competent`, `unit:<uid>`, `department` or
/// `department:<field>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitRule {
    /// The unit whose desk received the dossier.
    Receiving,
    /// The unit above the receiving one.
    ParentOfReceiving,
    /// The unit that is competent to decide, by territory.
    Competent,
    /// This unit, always.
    Fixed(UnitUid),
    /// The department that leads a field.
    DepartmentOf {
        /// The field; empty means that of the procedure.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        field: String,
        /// The department, once it is published.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitUid>,
    },
}

impl UnitRule {
    fn department_of(field: &str) -> Self {
        Self::DepartmentOf {
            field: field.to_owned(),
            unit: None,
        }
    }
}

impl FromStr for UnitRule {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("receiving", "") => Ok(Self::Receiving),
            ("parent_of_receiving", "") => Ok(Self::ParentOfReceiving),
            ("competent", "") => Ok(Self::Competent),
            ("unit", uid) if !uid.is_empty() => Ok(Self::Fixed(UnitUid::new(uid))),
            ("department", field) => Ok(Self::department_of(field)),
            _ => Err(()),
        }
    }
}

/// Who in a unit does a step; in files `examiner`, `head_of_office`, `leader`, `clerk` or `cashier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Examines.
    Examiner,
    /// Signs.
    Leader,
    /// It reviews what examiners prepared.
    HeadOfOffice,
    /// It stamps and files.
    Clerk,
    /// It takes fees.
    Cashier,
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "examiner" => Ok(Self::Examiner),
            "leader" => Ok(Self::Leader),
            "head_of_office" => Ok(Self::HeadOfOffice),
            "clerk" => Ok(Self::Clerk),
            "cashier" => Ok(Self::Cashier),
            _ => Err(()),
        }
    }
}

/// The part of a step among parallel ones (R4); in files `sole`, `lead` or `consulted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// No step runs beside it.
    Sole,
    /// It leads the consultation.
    Lead,
    /// It is asked for an opinion.
    Consulted,
}

impl FromStr for Part {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "sole" => Ok(Self::Sole),
            "lead" => Ok(Self::Lead),
            "consulted" => Ok(Self::Consulted),
            _ => Err(()),
        }
    }
}

/// The time that a step has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slice {
    /// A share of the limit, in percent.
    Percent(Share),
    /// Outside the limit (tax, public posting), so many working days of its own.
    OutsideDays(NonZeroU16),
}

impl Slice {
    /// Its share of the limit, in percent.
    #[must_use]
    pub fn percent(self) -> u16 {
        match self {
            Self::Percent(share) => share.0,
            Self::OutsideDays(_) => 0,
        }
    }

    /// The working days that it has outside the limit.
    #[must_use]
    pub fn outside_days(self) -> u16 {
        match self {
            Self::Percent(_) => 0,
            Self::OutsideDays(days) => days.get(),
        }
    }
}

impl FromStr for Slice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.strip_prefix("outside:") {
            Some(days) => days.parse().map(Self::OutsideDays).map_err(|_| ()),
            None => text.parse().map(Self::Percent),
        }
    }
}

/// A share of the limit, 1 to 100 percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Share(u16);

impl TryFrom<u16> for Share {
    type Error = &'static str;

    fn try_from(percent: u16) -> Result<Self, &'static str> {
        if (1..=100).contains(&percent) {
            return Ok(Self(percent));
        }
        Err("a share is 1 to 100 percent")
    }
}

impl From<Share> for u16 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl FromStr for Share {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let percent: Option<u16> = text.parse().ok();
        percent
            .and_then(|percent| Self::try_from(percent).ok())
            .ok_or(())
    }
}

/// The work of one role at one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique in the route.
    pub key: String,
    /// What is done, in Vietnamese.
    pub name: String,
    /// The steps that must be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Where it is done.
    pub unit_rule: UnitRule,
    /// Who does it.
    pub role: Role,
    /// How long it may take.
    pub slice: Slice,
    /// Its part among parallel steps.
    pub part: Part,
    /// Its holder records the decision.
    #[serde(default, skip_serializing_if = "is_false")]
    pub decides: bool,
    /// Its time begins with the receipt of the paper that travels with it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub waits_for_paper: bool,
}

/// The steps of a case, which may not be a route yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Route {
    /// Everything by which these steps are no route, each with the index of the step at which it shows.
    #[must_use]
    pub fn faults(&self) -> Vec<(usize, Problem)> {
        graph::faults(&self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_shares_are_read_as_files_write_them() {
        let fixed = UnitRule::Fixed(UnitUid::new("daklak-0001"));
        assert_eq!("unit:daklak-0001".parse(), Ok(fixed));
        assert_eq!(
            "department:Đất đai".parse(),
            Ok(UnitRule::department_of("Đất đai"))
        );
        for text in ["unit:", "competent:x", ""] {
            assert!(text.parse::<UnitRule>().is_err(), "{text}");
        }
        for text in ["0", "101", "outside:0", "outside:"] {
            assert!(text.parse::<Slice>().is_err(), "{text}");
        }
        assert_eq!("100".parse::<Slice>().unwrap().percent(), 100);
        assert_eq!("outside:15".parse::<Slice>().unwrap().outside_days(), 15);
    }
}
