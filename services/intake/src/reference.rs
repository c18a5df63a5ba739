//! What intake knows of procedures: its copies, as far as it needs them.

use chrono::NaiveDate;
use kit::copies::{UnitKind, UnitTable};
use kit::online::OnlineLevels;
use worktime::Limit;

use crate::dossier::{Channel, FeeDue};
use crate::error::Error;

/// A version of a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// National code.
    pub code: String,
    /// The kind of unit that decides.
    pub level: UnitKind,
    /// The department that leads the field.
    pub lead_unit: String,
    /// Done by an agency beside the province's units.
    pub vertical_agency: bool,
    /// How far it is online.
    pub online: OnlineLevels,
    /// Number of the version.
    pub version: i32,
    /// First day in force.
    pub from: NaiveDate,
    /// Last day in force, where one is known.
    pub to: Option<NaiveDate>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// A document that must be handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Unique in the case.
    pub key: String,
    /// What it is.
    pub name: String,
    /// How many originals at least.
    pub originals: i32,
    /// How many copies at least.
    pub copies: i32,
    /// It is taken from a register, and need not be handed in.
    pub from_register: bool,
}

/// A case with all that depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Unique in the version.
    pub key: String,
    /// How long the units have.
    pub limit: Limit,
    /// How much longer in areas, in the unit of the limit.
    pub extras: Vec<(Vec<String>, u32)>,
    /// Whether the unit above the receiving one decides.
    pub decided_above: bool,
    /// Whether the province's units have a route for it.
    pub routed: bool,
    /// What must be handed in.
    pub components: Vec<Component>,
    /// What may have to be paid.
    pub fees: Vec<Fee>,
    /// The form, a JSON Schema; empty where there is none.
    pub form_schema: String,
}

/// What is paid where everything that it names agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// What is paid then.
    pub due: FeeDue,
    /// Only what comes this way.
    pub channel: Option<Channel>,
    /// Only at the desks of these units and of all below them; empty means everywhere.
    pub units: Vec<String>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

/// Where, when and how a dossier is handed in.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The unit whose desk gets it.
    pub receiving: &'a str,
    /// The units.
    pub units: &'a UnitTable,
    /// The day.
    pub on: NaiveDate,
    /// How it comes.
    pub channel: Channel,
}

impl Occasion<'_> {
    fn is_in(&self, area: &[String]) -> bool {
        let area = area.iter().map(String::as_str);
        self.units.lies_in(self.receiving, area, self.on)
    }
}

impl Procedure {
    /// Whether this version is in force on a day.
    #[must_use]
    pub fn is_in_force(&self, on: NaiveDate) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }

    /// The case that a dossier names; `standard` when it names none.
    ///
    /// # Errors
    /// When there is no such case.
    pub fn case(&self, key: &str) -> Result<&Case, Error> {
        let key = if key.is_empty() { "standard" } else { key };
        self.cases
            .iter()
            .find(|case| case.key == key)
            .ok_or_else(|| Error::CaseNotFound {
                procedure: self.code.clone(),
                case: key.to_owned(),
            })
    }
}

impl Case {
    /// What the limit is longer by (R14).
    #[must_use]
    pub fn extra(&self, occasion: &Occasion<'_>) -> u32 {
        let mut extras = self.extras.iter();
        let extra = extras.find(|(area, _)| occasion.is_in(area));
        extra.map_or(0, |(_, count)| *count)
    }

    /// The limit with what it is longer by. What is due on the same day stays so.
    #[must_use]
    pub fn limit_with(&self, extra: u32) -> Limit {
        match self.limit {
            Limit::SameDay => Limit::SameDay,
            Limit::WorkingHours(count) => Limit::WorkingHours(count + extra),
            Limit::WorkingDays(count) => Limit::WorkingDays(count + extra),
            Limit::CalendarDays(count) => Limit::CalendarDays(count + extra),
            Limit::Months(count) => Limit::Months(count + extra),
        }
    }

    /// What is to be paid: of each kind the first fee that agrees.
    #[must_use]
    pub fn fees_due(&self, occasion: &Occasion<'_>) -> Vec<FeeDue> {
        let mut due: Vec<FeeDue> = Vec::new();
        for fee in self.fees.iter().filter(|fee| fee.agrees(occasion)) {
            if due.iter().all(|known| known.key != fee.due.key) {
                due.push(fee.due.clone());
            }
        }
        due.retain(|due| due.amount_vnd > 0);
        due
    }
}

impl Fee {
    fn agrees(&self, occasion: &Occasion<'_>) -> bool {
        self.channel
            .is_none_or(|channel| channel == occasion.channel)
            && self.from.is_none_or(|from| from <= occasion.on)
            && self.to.is_none_or(|to| occasion.on <= to)
            && (self.units.is_empty() || occasion.is_in(&self.units))
    }
}
