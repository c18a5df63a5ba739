//! What intake knows of procedures: its copies, as far as it needs them.

use chrono::{NaiveDate, NaiveTime};
use kit::copies::{UnitKind, UnitTable};
use kit::online::OnlineLevels;
use worktime::{CountFrom, Limit, RuleSet};

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
    /// Where it counts otherwise than the rule set says; the first that agrees holds.
    pub cutoffs: Vec<Cutoffs>,
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

/// From when a limit counts for what comes one way (R3). What is not said is as the rule set has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cutoffs {
    /// Only what comes this way.
    pub channel: Option<Channel>,
    /// What is received later counts from the next working day.
    pub handover: Option<NaiveTime>,
    /// A same-day result of what is received later is due the next working day.
    pub same_day: Option<NaiveTime>,
    /// Where a limit in days begins.
    pub count_from: Option<CountFrom>,
}

/// How long the units have for one dossier, and from when that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long.
    pub limit: Limit,
    cutoffs: Cutoffs,
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

impl Terms {
    /// The rule set of the day of receipt, with what the case says otherwise.
    #[must_use]
    pub fn rules(&self, received: NaiveDate) -> RuleSet {
        let (own, mut rules) = (self.cutoffs, RuleSet::in_force_on(received));
        let cutoffs = &mut rules.cutoffs;
        cutoffs.handover = own.handover.unwrap_or(cutoffs.handover);
        cutoffs.same_day = own.same_day.unwrap_or(cutoffs.same_day);
        cutoffs.count_from = own.count_from.unwrap_or(cutoffs.count_from);
        rules
    }
}

impl Case {
    /// The terms of a dossier that came this way, whose limit is longer by so much.
    #[must_use]
    pub fn terms(&self, extra: u32, channel: Channel) -> Terms {
        let mut cutoffs = self.cutoffs.iter();
        let own = cutoffs.find(|own| own.channel.is_none_or(|own| own == channel));
        Terms {
            limit: self.limit_with(extra),
            cutoffs: own.copied().unwrap_or_default(),
        }
    }

    /// What the limit is longer by (R14).
    #[must_use]
    pub fn extra(&self, occasion: &Occasion<'_>) -> u32 {
        let mut extras = self.extras.iter();
        let extra = extras.find(|(area, _)| occasion.is_in(area));
        extra.map_or(0, |(_, count)| *count)
    }

    /// The limit with what it is longer by. What is due on the same day stays so.
    fn limit_with(&self, extra: u32) -> Limit {
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
