//! What acts read.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use kit::copies::{self, UNIT, UnitTable};
use sea_orm::{DatabaseTransaction, DbErr};

use super::{Act, Change, OnProcedure, Verb};
use crate::calendar::PROVINCE;
use crate::check::{self, Surroundings};
use crate::entry::Entry;
use crate::error::Error;
use crate::fault::{Fault, Problem};
use crate::procedure::{Code, Procedure};
use crate::route::{UnitRule, UnitUid};
use crate::store::{calendar, procedure};

/// What was loaded, and what the batch has changed of it so far.
#[derive(Debug, Default)]
pub(crate) struct World {
    entries: HashMap<Code, Entry>,
    pub units: UnitTable,
    pub departments: HashMap<String, UnitUid>,
    /// The procedures that have local codes which acts name.
    local_codes: HashMap<String, String>,
    pub calendar: Option<calendar::Row>,
}

impl World {
    /// Loads what these acts read.
    pub async fn load(tx: &DatabaseTransaction, acts: &[&Act]) -> Result<Self, DbErr> {
        let codes: BTreeSet<&Code> = acts.iter().flat_map(|act| codes(act)).collect();
        let mut world = Self::default();
        let is_of_calendar = |act: &&Act| matches!(act, Act::Files(_) | Act::ImportCalendar(_));
        if acts.iter().any(is_of_calendar) {
            world.calendar = calendar::lock(tx, PROVINCE).await?;
        }
        if codes.is_empty() {
            return Ok(world);
        }
        for entry in procedure::lock(tx, &codes).await? {
            world.entries.insert(entry.code.clone(), entry);
        }
        if acts.iter().any(|act| publishes(act)) {
            for copy in copies::all(tx, UNIT).await? {
                world.units.take(&copy);
            }
            world.load_names(tx, acts).await?;
        }
        Ok(world)
    }

    /// What the versions that are to be published name of others: fields, and codes of the province.
    async fn load_names(&mut self, tx: &DatabaseTransaction, acts: &[&Act]) -> Result<(), DbErr> {
        let drafts = self
            .entries
            .values()
            .filter_map(|entry| entry.draft.as_ref());
        let drafts = drafts.map(|draft| &draft.procedure);
        let told = acts.iter().flat_map(|act| told(act));
        let named: Vec<&Procedure> = drafts.chain(told).collect();
        let fields: BTreeSet<&str> = named.iter().flat_map(|named| fields(named)).collect();
        let local = named.iter().filter_map(|named| named.local_code.as_ref());
        let local: BTreeSet<&str> = local.map(Code::as_str).collect();
        let departments = procedure::departments(tx, &fields).await?;
        let local_codes = procedure::local_codes(tx, &local).await?;
        (self.departments, self.local_codes) = (departments, local_codes);
        Ok(())
    }

    /// The procedure, if anything is known of it.
    pub fn find(&self, code: &Code) -> Option<&Entry> {
        self.entries.get(code)
    }

    /// The procedure.
    ///
    /// # Errors
    /// `PROCEDURE_NOT_FOUND`, also where nothing was published.
    pub fn published(&self, on: &OnProcedure) -> Result<Entry, Error> {
        let entry = self
            .find(&on.code)
            .filter(|entry| !entry.versions.is_empty());
        let entry = entry.ok_or_else(|| Error::ProcedureNotFound(on.code.to_string()))?;
        crate::entry::must_be(on.expected_revision, entry.revision)?;
        Ok(entry.clone())
    }

    /// Everything that keeps a version from being published from a day on.
    pub fn faults(&self, procedure: &Procedure, from: NaiveDate) -> Vec<Fault> {
        let around = Surroundings {
            units: &self.units,
            from,
        };
        let mut faults = check::faults(procedure, &around);
        let local = procedure.local_code.as_ref();
        let owner = local.and_then(|local| self.local_codes.get(local.as_str()));
        let is_taken = owner.is_some_and(|owner| owner != procedure.code.as_str());
        if let Some(local) = local.filter(|_| is_taken) {
            let problem = Problem::CodeTaken(local.to_string());
            faults.push(Fault::new("local_code", problem));
        }
        faults
    }

    /// Lets the acts that follow see a change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Entry(entry) => {
                let last = entry.versions.last();
                let local = last.and_then(|last| last.procedure.local_code.as_ref());
                if let Some(local) = local {
                    self.local_codes
                        .insert(local.to_string(), entry.code.to_string());
                }
                self.entries
                    .insert(entry.code.clone(), entry.as_ref().clone());
            }
            Change::Calendar(row) => self.calendar = Some(row.clone()),
            Change::Copy(copy) => self.units.take(copy),
        }
    }
}

/// The procedures that an act is about.
fn codes(act: &Act) -> Vec<&Code> {
    match act {
        Act::Files(files) => files
            .procedures
            .iter()
            .map(|filed| &filed.procedure.code)
            .collect(),
        Act::On(on) => vec![&on.code],
        Act::Take { .. } => told(act)
            .into_iter()
            .map(|procedure| &procedure.code)
            .collect(),
        Act::ImportCalendar(_) | Act::Copies(_) => Vec::new(),
    }
}

fn publishes(act: &Act) -> bool {
    match act {
        Act::Take { .. } => true,
        Act::On(on) => matches!(on.verb, Verb::Publish { .. }),
        Act::Files(_) | Act::ImportCalendar(_) | Act::Copies(_) => false,
    }
}

/// What an act brings that is to be published.
fn told(act: &Act) -> Vec<&Procedure> {
    let Act::Take { told, .. } = act else {
        return Vec::new();
    };
    let versions = told.iter().flat_map(|at| &at.what.versions);
    versions.map(|version| &version.procedure).collect()
}

/// The fields whose departments a version names.
fn fields(procedure: &Procedure) -> Vec<&str> {
    let routes = procedure
        .cases
        .iter()
        .filter_map(|case| case.route.as_ref());
    let steps = routes.flat_map(|route| &route.steps);
    let named = steps.filter_map(|step| match &step.unit_rule {
        UnitRule::DepartmentOf { field, .. } => Some(field.as_str()),
        UnitRule::Receiving
        | UnitRule::ParentOfReceiving
        | UnitRule::Competent
        | UnitRule::Fixed(_) => None,
    });
    named.collect()
}
