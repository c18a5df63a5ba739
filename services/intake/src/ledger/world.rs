//! Everything that a batch of acts reads.

mod codes;
mod procedures;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use kit::authority::{Relation, Scope};
use kit::caller::Role;
use kit::copies::{self, CalendarCache, Calendars, Copy, Name, PROCEDURE, UNIT, Unit, UnitTable};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use super::Intake;
use crate::act::{Act, Handed, OnDossier, Verb};
use crate::change::Change;
use crate::custody::Custody;
use crate::dossier::{Dossier, Filing, Method, Origin};
use crate::error::Error;
use crate::reference::Procedure;
use crate::store::Twin;
use crate::{dossier, store, wire};
use codes::Codes;
pub use procedures::ProcedureCache;

/// How deep units name each other: parents, and chains of successors.
const UNIT_ROUNDS: usize = 8;
/// Who may read a dossier learns that it exists.
pub(super) const READ: &str = "intake.DossierService/GetDossier";

/// What was loaded, and what the batch has changed of it so far.
#[derive(Clone, Default)]
pub struct World {
    dossiers: HashMap<String, Dossier>,
    custodies: HashMap<String, Vec<Custody>>,
    same_content: HashMap<Vec<u8>, Vec<Twin>>,
    origins: HashMap<Origin, String>,
    procedures: HashMap<String, Arc<[Procedure]>>,
    /// The codes of desks.
    pub codes: Codes,
    /// Units by uid.
    pub units: UnitTable,
    calendar: Option<Arc<Calendars>>,
}

impl World {
    /// The dossier.
    pub fn dossier(&self, uid: &str) -> Result<&Dossier, Error> {
        self.dossiers.get(uid).ok_or(Error::DossierNotFound)
    }

    /// What routing told of the dossier's custody.
    pub fn custodies(&self, dossier: &str) -> &[Custody] {
        self.custodies.get(dossier).map_or(&[], Vec::as_slice)
    }

    /// The version of a procedure that is in force on a day.
    pub fn procedure_on(&self, code: &str, on: NaiveDate) -> Result<&Procedure, Error> {
        let versions = self.procedures.get(code).map_or(&[][..], Arc::as_ref);
        versions
            .iter()
            .find(|version| version.is_in_force(on))
            .ok_or_else(|| Error::ProcedureNotFound(code.to_owned()))
    }

    /// The version that a dossier stays on.
    pub fn procedure_of(&self, filing: &Filing) -> Result<&Procedure, Error> {
        let versions = self.procedures.get(&filing.version_key());
        versions
            .and_then(|versions| versions.first())
            .ok_or_else(|| Error::ProcedureNotFound(filing.procedure_code.clone()))
    }

    /// When units work.
    pub fn calendar(&self) -> Result<&Calendars, Error> {
        self.calendar.as_deref().ok_or(Error::CalendarMissing)
    }

    /// The dossier that its system has handed in under the same code.
    pub fn handed_in_before<'a>(&self, handed: &'a Handed) -> Option<(&'a Origin, &str)> {
        let origin = handed.origin.as_ref()?;
        let dossier = self.origins.get(origin)?;
        Some((origin, dossier))
    }

    /// The code of a dossier with the same content, if the caller may know of it.
    pub fn same_content(&self, digest: &[u8], scope: &Scope) -> Option<&str> {
        let known = |twin: &&Twin| {
            let party = twin.party.as_deref().unwrap_or_default();
            scope.covers(&[
                (Relation::Owner, party),
                (Relation::Receiving, twin.receiving.as_str()),
            ])
        };
        let twins = self.same_content.get(digest)?;
        twins.iter().find(known).map(|twin| twin.code.as_str())
    }

    /// Whether the caller may take this step of this dossier at all, and for which unit. Who held a step may ask for its reply
    /// again.
    pub fn permits(&self, on: &OnDossier) -> Result<String, Error> {
        let dossier = self.dossier(&on.dossier)?;
        let standing = self.standing(dossier);
        let held = standing
            .iter()
            .filter(|(how, _)| *how == Relation::PastHolder);
        let held: Vec<_> = held.map(|(_, unit)| (Relation::Holder, *unit)).collect();
        let acting_for = |standing: &[_]| on.rights.acting_for(standing, None);
        if let Some(unit) = acting_for(&standing).or_else(|| acting_for(&held)) {
            return Ok(unit);
        }
        if !on.rights.under(READ).suffice(&standing) {
            return Err(Error::DossierNotFound);
        }
        match on.verb {
            // The claim says that it is the caller's unit that holds the step.
            Verb::AskSupplement(..)
            | Verb::AskPayment(..)
            | Verb::Decide(..)
            | Verb::Return(..) => Ok(String::new()),
            Verb::Receive
            | Verb::Refuse(_)
            | Verb::Guide(_)
            | Verb::Forward(_)
            | Verb::Supplement(_)
            | Verb::Pay(_)
            | Verb::Postpone(_)
            | Verb::Correct(..)
            | Verb::Stop(_)
            | Verb::Withdraw(_) => Err(Error::UnitNotYours(dossier.units.receiving.clone())),
        }
    }

    /// Refuses whoever has only held a step, for which nothing is left but the replies to what was done then.
    pub fn must_stand(&self, on: &OnDossier) -> Result<(), Error> {
        let dossier = self.dossier(&on.dossier)?;
        if on.rights.suffice(&self.standing(dossier)) {
            return Ok(());
        }
        Err(Error::UnitNotYours(dossier.units.receiving.clone()))
    }

    /// In which role the officer takes this step; nothing where a party or a system does.
    pub fn acting_as(&self, on: &OnDossier) -> Result<Option<Role>, Error> {
        let standing = self.standing(self.dossier(&on.dossier)?);
        Ok(on.rights.acting_as(&standing, None))
    }

    /// Who stands how to a dossier.
    fn standing<'a>(&'a self, dossier: &'a Dossier) -> Vec<(Relation, &'a str)> {
        let units = &dossier.units;
        let mut standing = vec![
            (Relation::Receiving, units.receiving.as_str()),
            (Relation::Competent, units.competent.as_str()),
            (Relation::Returning, units.returning.as_str()),
        ];
        let owner = dossier.filing.party.as_deref();
        standing.extend(owner.map(|party| (Relation::Owner, party)));
        for custody in self.custodies(&dossier.uid) {
            let relation = custody.standing.relation();
            standing.extend(relation.map(|relation| (relation, custody.unit.as_str())));
        }
        standing
    }

    /// Lets the acts that follow see a change.
    pub fn apply(&mut self, change: &Change) {
        self.codes.apply(change);
        match change {
            Change::Dossier(dossier) => {
                if let Some(digest) = dossier.content_digest() {
                    let twin = Twin {
                        code: dossier.code.to_string(),
                        receiving: dossier.units.receiving.clone(),
                        party: dossier.filing.party.clone(),
                    };
                    self.same_content.entry(digest).or_default().push(twin);
                }
                self.dossiers
                    .insert(dossier.uid.clone(), dossier.as_ref().clone());
            }
            Change::Clock(dossier) => {
                self.dossiers
                    .insert(dossier.uid.clone(), dossier.as_ref().clone());
            }
            Change::Custody(custody) => {
                let known = self.custodies.entry(custody.dossier.clone()).or_default();
                known.retain(|before| before.transfer != custody.transfer);
                known.push(custody.clone());
            }
            Change::Named { origin, dossier } => {
                self.origins.insert(origin.clone(), dossier.clone());
            }
            // The dossier itself says so, or its codes.
            Change::Erased(_) | Change::LastNumber(_) | Change::Block(_) | Change::Void(_) => {}
            Change::Copy(copy) => {
                self.take(copy);
            }
        }
    }
}

impl Intake {
    /// Loads what these acts read, in a handful of queries whatever their number.
    pub(super) async fn load_world(
        &self,
        tx: &DatabaseTransaction,
        acts: &[&Act],
    ) -> Result<World, DbErr> {
        let dossiers: BTreeSet<&str> = acts.iter().flat_map(|act| dossiers_of(act)).collect();
        let handed: Vec<&Handed> = acts.iter().filter_map(|act| handed_of(act)).collect();
        let mut world = World::default();
        if !dossiers.is_empty() {
            let rows = store::dossiers(tx, &self.ring, &dossiers).await?;
            world.dossiers = rows.into_iter().map(|row| (row.uid.clone(), row)).collect();
            let held: BTreeSet<&str> = acts.iter().flat_map(|act| held_in(act)).collect();
            for custody in store::custodies(tx, &held).await? {
                let known = world.custodies.entry(custody.dossier.clone()).or_default();
                known.push(custody);
            }
        }
        let mut names = named(acts, &handed);
        if acts.iter().any(|act| reckons(act) || world.is_outside(act)) {
            names.insert(copies::calendar_name());
            let is_acted_on = acts.iter().any(|act| matches!(act, Act::On(_)));
            for dossier in world.dossiers.values() {
                let key = dossier.filing.version_key();
                // Time alone needs no units, and of a version only its terms.
                let terms = self.procedures.version(&key).filter(|_| !is_acted_on);
                if let Some(version) = terms {
                    world.procedures.insert(key, version);
                    continue;
                }
                names.insert((PROCEDURE, key));
                names.insert((UNIT, dossier.units.receiving.clone()));
            }
        }
        let asking = acts.iter().filter_map(|act| asks_procedure(act));
        for dossier in asking.filter_map(|uid| world.dossiers.get(uid)) {
            names.insert((PROCEDURE, dossier.filing.version_key()));
        }
        self.load_reference(tx, &mut world, names).await?;
        self.load_codes(tx, &mut world, (acts, &handed)).await?;
        if !handed.is_empty() {
            let digests = handed
                .iter()
                .filter_map(|handed| {
                    let desk = world.desk(handed)?;
                    Some(handed.content_digest(desk.uid))
                })
                .collect();
            world.same_content = store::same_content(tx, &self.ring, digests).await?;
            let origins = handed.iter().filter_map(|handed| handed.origin.as_ref());
            world.origins = store::origins(tx, origins.collect()).await?;
        }
        Ok(world)
    }

    /// Loads the copies of these names, and of the units that they name in turn.
    pub(super) async fn load_reference(
        &self,
        db: &impl ConnectionTrait,
        world: &mut World,
        mut names: BTreeSet<Name>,
    ) -> Result<(), DbErr> {
        for _ in 0..UNIT_ROUNDS {
            if names.is_empty() {
                return Ok(());
            }
            let copies = copies::load(db, &names).await?;
            let leads = world.learn(&copies, (&self.calendar, &self.procedures));
            let asked = std::mem::take(&mut names);
            let missing = world.units.missing().map(str::to_owned).chain(leads);
            names = missing
                .map(|uid| (UNIT, uid))
                .filter(|name| !asked.contains(name))
                .collect();
        }
        Ok(())
    }
}

impl World {
    /// Whether an act may move the clock of a dossier that has, or had, a step outside the limit.
    fn is_outside(&self, act: &Act) -> bool {
        let has_one = |dossier: &str| {
            let mut custodies = self.custodies(dossier).iter();
            custodies.any(|custody| custody.outside.is_some())
        };
        match act {
            Act::Custody(change) => change.outside.is_some() || has_one(&change.dossier),
            Act::On(on) => matches!(on.verb, Verb::Decide(..)) && has_one(&on.dossier),
            _ => false,
        }
    }

    /// The unit whose desk takes what is handed in, on the day of it.
    fn desk(&self, handed: &Handed) -> Option<Unit<'_>> {
        self.units.resolve(&handed.receiving_unit, handed.date)
    }

    /// Takes in what was loaded of the other services; gives back the lead departments that procedures name.
    pub fn learn(
        &mut self,
        copies: &[Copy],
        (calendars, known): (&CalendarCache, &ProcedureCache),
    ) -> Vec<String> {
        self.calendar = self.calendar.take().or_else(|| calendars.find(copies));
        let mut leads = Vec::new();
        for copy in copies {
            self.units.take(copy);
            if copy.kind == PROCEDURE {
                let procedures = known.read(copy);
                leads.extend(procedures.iter().map(|of| of.lead_unit.clone()));
                self.procedures.insert(copy.key.clone(), procedures);
            }
        }
        leads.retain(|uid| !uid.is_empty() && !self.units.has(uid));
        leads
    }

    /// Takes a copy in that the batch itself brings.
    fn take(&mut self, copy: &Copy) {
        self.units.take(copy);
        if copy.kind == PROCEDURE {
            let procedures = wire::reference::procedures(copy);
            self.procedures.insert(copy.key.clone(), procedures.into());
        }
    }
}

impl Handed {
    /// What makes it look like another at this desk.
    pub(super) fn content_digest(&self, receiving: &str) -> Vec<u8> {
        dossier::content_digest(
            &self.procedure_code,
            &self.applicant,
            (&self.components, &self.form),
            receiving,
        )
    }
}

fn dossiers_of(act: &Act) -> Vec<&str> {
    match act {
        Act::On(on) => vec![&on.dossier],
        Act::Custody(change) => vec![&change.dossier],
        Act::Erase(erasure) => vec![&erasure.dossier],
        Act::Reckon(uids) | Act::Ring(uids) => uids.iter().map(String::as_str).collect(),
        Act::Hand(_) | Act::Reserve(_) | Act::GiveBack(_) | Act::Copies(_) => Vec::new(),
    }
}

/// The dossiers of an act that looks who holds them.
fn held_in(act: &Act) -> Vec<&str> {
    match act {
        Act::Reckon(_) | Act::Ring(_) => Vec::new(),
        other => dossiers_of(other),
    }
}

fn handed_of(act: &Act) -> Option<&Handed> {
    match act {
        Act::Hand(handed) => Some(handed),
        _ => None,
    }
}

/// The procedures and units that acts name.
fn named(acts: &[&Act], handed: &[&Handed]) -> BTreeSet<Name> {
    let procedures = handed
        .iter()
        .map(|handed| (PROCEDURE, handed.procedure_code.clone()));
    let units = acts.iter().flat_map(|act| units_of(act));
    let units = units.map(|uid| (UNIT, uid.to_owned()));
    procedures.chain(units).collect()
}

/// The units that an act names.
fn units_of(act: &Act) -> Vec<&str> {
    match act {
        Act::Hand(handed) => {
            let others = handed.competent_unit.iter().chain(&handed.returning_unit);
            let others = others.map(String::as_str);
            others.chain([handed.receiving_unit.as_str()]).collect()
        }
        Act::Reserve(reservation) => vec![&reservation.unit],
        Act::On(on) => match &on.verb {
            Verb::Forward(to) => vec![to],
            Verb::Correct(correction, _) => {
                correction.returning.iter().map(String::as_str).collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The dossier whose procedure says whether its result may be handed over online, or be sent with such paper.
fn asks_procedure(act: &Act) -> Option<&str> {
    let Act::On(on) = act else { return None };
    let asks = match &on.verb {
        Verb::Return(_, method) => *method == Method::Online,
        Verb::Decide(_, _, paper) => !paper.is_empty(),
        _ => false,
    };
    asks.then_some(on.dossier.as_str())
}

/// Whether an act reckons with time, or with what the procedure asks for.
fn reckons(act: &Act) -> bool {
    match act {
        Act::Hand(_) | Act::Reckon(_) => true,
        Act::On(on) => match on.verb {
            Verb::Receive
            | Verb::Guide(_)
            | Verb::Forward(_)
            | Verb::AskSupplement(..)
            | Verb::Supplement(_)
            | Verb::Pay(_)
            | Verb::Postpone(_)
            | Verb::Correct(..) => true,
            Verb::Refuse(_)
            | Verb::AskPayment(..)
            | Verb::Stop(_)
            | Verb::Withdraw(_)
            | Verb::Decide(..)
            | Verb::Return(..) => false,
        },
        Act::Reserve(_)
        | Act::GiveBack(_)
        | Act::Custody(_)
        | Act::Erase(_)
        | Act::Ring(_)
        | Act::Copies(_) => false,
    }
}
