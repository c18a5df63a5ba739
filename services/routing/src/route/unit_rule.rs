//! How steps find their units, and go on to others when a rule has changed.

use chrono::NaiveDate;
use kit::copies::UnitTable;

use super::{Route, Step};
use crate::error::Error;

/// How the unit of a step is found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitRule {
    /// The unit whose desk received the dossier.
    Receiving,
    /// The unit above that.
    ParentOfReceiving,
    /// The unit that decides.
    Competent,
    /// This unit.
    Fixed(String),
}

/// What of a dossier unit rules are applied to, as it was when its route was planned.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Filed {
    /// The case of the procedure.
    pub case_key: String,
    /// The unit whose desk received it.
    pub receiving: String,
    /// The unit that decides.
    pub competent: String,
}

/// A step whose unit is still a rule.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The step, without its unit.
    pub step: Step,
    /// How its unit is found.
    pub unit_rule: UnitRule,
}

impl UnitRule {
    /// The uid that the rule names for a dossier on a day.
    ///
    /// # Errors
    /// When the unit, or the one above it, is not known.
    pub fn unit(
        &self,
        filed: &Filed,
        (units, on): (&UnitTable, NaiveDate),
    ) -> Result<String, Error> {
        let known = |uid: &str| {
            units
                .resolve(uid, on)
                .ok_or_else(|| Error::UnitNotFound(uid.to_owned()))
        };
        let unit = match self {
            Self::Receiving => known(&filed.receiving)?.uid,
            Self::ParentOfReceiving => known(known(&filed.receiving)?.parent)?.uid,
            Self::Competent => known(&filed.competent)?.uid,
            Self::Fixed(uid) => known(uid)?.uid,
        };
        Ok(unit.to_owned())
    }
}

impl Planned {
    /// The step at the unit that its rule names.
    ///
    /// # Errors
    /// When that is not known.
    pub fn at_unit(&self, filed: &Filed, known: (&UnitTable, NaiveDate)) -> Result<Step, Error> {
        Ok(Step {
            unit: self.unit_rule.unit(filed, known)?,
            unit_rule: Some(self.unit_rule.clone()),
            ..self.step.clone()
        })
    }
}

impl Route {
    /// Those of its steps that may, and that have another unit rule among these, go to the unit which that names on a day. All
    /// else of them stays as it was planned; where that unit is not known, the unit does too.
    pub fn follow(
        &mut self,
        rules: &[Planned],
        may_follow: impl Fn(&Step) -> bool,
        known: (&UnitTable, NaiveDate),
    ) {
        let Some(filed) = &self.filed else { return };
        for step in self.steps.iter_mut().filter(|step| may_follow(step)) {
            let of_step = rules.iter().find(|planned| planned.step.key == step.key);
            let rule = of_step.map(|planned| &planned.unit_rule);
            let Some(rule) = rule.filter(|rule| step.unit_rule.as_ref() != Some(*rule)) else {
                continue;
            };
            if let Ok(unit) = rule.unit(filed, known) {
                step.unit = unit;
                step.unit_rule = Some(rule.clone());
            }
        }
    }
}
