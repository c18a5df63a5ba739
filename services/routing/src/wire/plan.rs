//! The routes of procedures as the catalogue publishes them.

use std::collections::HashMap;

use chrono::NaiveDate;
use kit::caller::Role;
use kit::copies::{self, Copy};
use proto::catalogue::v1 as pb;

use crate::error::Error;
use crate::route::{Part, Planned, Slice, Step, UnitRule};

/// The routes of a version of a procedure by case.
#[derive(Clone)]
pub struct Procedure {
    code: String,
    first_day: NaiveDate,
    last_day: Option<NaiveDate>,
    cases: Vec<(String, Vec<Planned>)>,
    /// The name of each component, by case and key.
    components: HashMap<(String, String), String>,
}

impl Procedure {
    /// Whether this version is in force on a day.
    #[must_use]
    pub fn is_in_force(&self, on: NaiveDate) -> bool {
        self.first_day <= on && self.last_day.is_none_or(|last| on <= last)
    }

    /// The steps of a case.
    ///
    /// # Errors
    /// When there is no such case.
    pub fn case(&self, key: &str) -> Result<&[Planned], Error> {
        let case = self.cases.iter().find(|(case, _)| case == key);
        case.map(|(_, steps)| steps.as_slice())
            .ok_or_else(|| Error::PlanMissing(self.code.clone()))
    }

    /// What a component of a case is; its key where that is not known.
    #[must_use]
    pub fn component<'a>(&'a self, case: &str, key: &'a str) -> &'a str {
        let name = self.components.get(&(case.to_owned(), key.to_owned()));
        name.map_or(key, String::as_str)
    }

    /// The units that steps name.
    pub fn fixed_units(&self) -> impl Iterator<Item = &str> {
        let steps = self.cases.iter().flat_map(|(_, steps)| steps);
        steps.filter_map(|planned| match &planned.unit_rule {
            UnitRule::Fixed(uid) => Some(uid.as_str()),
            UnitRule::Receiving | UnitRule::ParentOfReceiving | UnitRule::Competent => None,
        })
    }
}

/// The versions of a procedure in a copy; those that cannot be read are left out.
#[must_use]
pub fn procedures(copy: &Copy) -> Vec<Procedure> {
    let versions = copies::procedures(copy).into_iter();
    versions.filter_map(procedure).collect()
}

fn procedure(message: pb::Procedure) -> Option<Procedure> {
    let version = message.version?;
    let last_day = Some(version.valid_to.as_str()).filter(|day| !day.is_empty());
    let last_day = last_day.map(str::parse::<NaiveDate>).transpose().ok()?;
    let first_day: NaiveDate = version.effective_from.parse().ok()?;
    let cases = version.cases;
    let components = cases.iter().flat_map(|case| {
        let components = case.components.iter();
        components.map(|component| {
            let named = (case.key.clone(), component.key.clone());
            (named, component.name.clone())
        })
    });
    let components = components.collect();
    let cases = cases.into_iter().map(|case| {
        let steps: Option<Vec<_>> = case
            .route
            .unwrap_or_default()
            .steps
            .into_iter()
            .map(planned)
            .collect();
        Some((case.key, steps?))
    });
    Some(Procedure {
        code: message.code,
        first_day,
        last_day,
        cases: cases.collect::<Option<_>>()?,
        components,
    })
}

fn planned(step: pb::Step) -> Option<Planned> {
    let unit_rule = match step.unit_rule() {
        pb::UnitRule::Unspecified => return None,
        pb::UnitRule::Receiving => UnitRule::Receiving,
        pb::UnitRule::ParentOfReceiving => UnitRule::ParentOfReceiving,
        pb::UnitRule::Competent => UnitRule::Competent,
        // The catalogue named the department when it published the version.
        pb::UnitRule::Fixed | pb::UnitRule::DepartmentOfField => {
            UnitRule::Fixed(step.unit_uid.clone())
        }
    };
    let role = match step.role() {
        pb::StepRole::Unspecified => return None,
        pb::StepRole::Examiner => Role::Examiner,
        pb::StepRole::Leader => Role::Leader,
        pb::StepRole::HeadOfOffice => Role::HeadOfOffice,
        pb::StepRole::Clerk => Role::Clerk,
        pb::StepRole::Cashier => Role::Cashier,
    };
    let part = match step.part() {
        pb::StepPart::Unspecified => return None,
        pb::StepPart::Sole => Part::Sole,
        pb::StepPart::Lead => Part::Lead,
        pb::StepPart::Consulted => Part::Consulted,
    };
    let step = Step {
        slice: slice(&step)?,
        key: step.key,
        name: step.name,
        after: step.after,
        unit: String::new(),
        unit_rule: None,
        role,
        part,
        decides: step.decides,
        waits_for_paper: step.waits_for_paper,
    };
    Some(Planned { step, unit_rule })
}

fn slice(step: &pb::Step) -> Option<Slice> {
    match u32::try_from(step.outside_working_days).ok()? {
        0 => Some(Slice::Percent(u32::try_from(step.share_percent).ok()?)),
        days => Some(Slice::OutsideDays(days)),
    }
}
