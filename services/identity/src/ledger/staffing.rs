//! Taking in many officers and positions, and what all acts on them read and write.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use kit::authority::Scope;
use kit::db::Sink;
use kit::failure::Violation;
use kit::seal::Keyring;
use kit::writer::Effect;
use sea_orm::{DatabaseTransaction, DbErr};

use super::client::{self, OnClient};
use super::officer::{event_of, give, set_last_day};
use super::{Act, Change, Command, Verb, World};
use crate::error::Error;
use crate::fault::Fault;
use crate::import::Province;
use crate::officer::Officer;
use crate::password::Credential;
use crate::register::Register;
use crate::staff::{Outcome, Staff, Wanted};
use crate::subject::Subject;
use crate::tries::Tries;
use crate::{position, store, wire};

/// One row of an import, or all that is wrong with its form.
pub(crate) type Row = Result<Wanted, Vec<Violation>>;

/// What becomes of a row, or all that is wrong with it.
pub(crate) type Taken = Result<Outcome, Vec<Violation>>;

/// Takes in positions: all or none.
pub(super) fn take_in(
    world: &World,
    command: &Command,
    rows: &[Row],
) -> Result<Effect<Change>, Error> {
    let mut taking = Taking::new(world.staff.clone(), command.today);
    let taken: Vec<Taken> = rows
        .iter()
        .map(|row| taking.row(&world.units, &command.scope, row))
        .collect();
    let mut effect = taking.finish(&taken)?;
    effect.reply = wire::officer::imported(&taken);
    Ok(effect)
}

/// Takes in the officers and positions of a province's files.
pub(super) fn import(
    world: &World,
    units: &Register,
    (province, today): (&Province, NaiveDate),
    effect: &mut Effect<Change>,
) -> Result<(), Error> {
    let mut taking = Taking::new(world.staff.clone(), today);
    for officer in &province.staff.officers {
        taking.officer(officer);
    }
    let taken: Vec<Taken> = province
        .staff
        .positions
        .iter()
        .map(|wanted| taking.row(units, &Scope::Everything, &Ok(wanted.clone())))
        .collect();
    let mut refused = province.staff.named_like(&world.clients);
    refused.extend(province.staff.blame(&taken));
    if !refused.is_empty() {
        return Err(Error::FilesRefused(refused));
    }
    let taken = taking.finish(&taken)?;
    effect.changes.extend(taken.changes);
    effect.events.extend(taken.events);
    Ok(())
}

/// An import under way: each row sees what those before it did.
struct Taking {
    staff: Staff,
    today: NaiveDate,
    touched: BTreeSet<Subject>,
    /// The positions that rows were about; no other row may be about them too.
    seen: BTreeSet<position::Uid>,
    effect: Effect<Change>,
}

impl Taking {
    fn new(staff: Staff, today: NaiveDate) -> Self {
        Self {
            staff,
            today,
            touched: BTreeSet::new(),
            seen: BTreeSet::new(),
            effect: Effect::nothing(),
        }
    }

    fn officer(&mut self, officer: &Officer) {
        match self.staff.officer(&officer.subject) {
            None => {
                self.effect.events.push(event_of(officer));
                self.effect
                    .changes
                    .push(Change::NewOfficer(officer.clone()));
                self.staff.put_officer(officer.clone());
            }
            Some(kept) if kept.name != officer.name => {
                let renamed = Officer {
                    name: officer.name.clone(),
                    ..kept.clone()
                };
                self.effect.events.push(event_of(&renamed));
                self.touched.insert(renamed.subject.clone());
                self.staff.put_officer(renamed);
            }
            Some(_) => {}
        }
    }

    fn row(&mut self, units: &Register, scope: &Scope, row: &Row) -> Taken {
        let wanted = row.as_ref().map_err(Clone::clone)?;
        let taken = self.staff.take_in(units, scope, wanted);
        let taken = taken.and_then(|taken| match taken.position() {
            Some(uid) if !self.seen.insert(uid.clone()) => Err(vec![Fault::Overlaps(uid.clone())]),
            _ => Ok(taken),
        });
        let taken =
            taken.map_err(|faults| faults.iter().map(Violation::from).collect::<Vec<_>>())?;
        match &taken {
            Outcome::Assigned(position) => {
                self.staff.put_position(position.clone());
                self.touched.insert(position.officer.clone());
                give(&mut self.effect, position.clone(), self.today);
            }
            Outcome::Moved(positions) => {
                for position in positions {
                    self.staff.put_position(position.clone());
                    self.touched.insert(position.officer.clone());
                    set_last_day(&mut self.effect, position.clone(), self.today);
                }
            }
            Outcome::Unchanged(_) => {}
        }
        Ok(taken)
    }

    /// What all rows do, if nothing is wrong with any.
    fn finish(mut self, taken: &[Taken]) -> Result<Effect<Change>, Error> {
        if taken.iter().any(Result::is_err) {
            return Err(Error::PositionsRefused(taken.to_vec()));
        }
        for subject in &self.touched {
            let officer = self.staff.officer(subject).cloned();
            let changed = officer.map(Officer::changed).map(Change::Officer);
            self.effect.changes.extend(changed);
        }
        Ok(self.effect)
    }
}

/// What acts on officers read.
pub(super) struct Loaded {
    pub staff: Staff,
    pub passwords: HashMap<Subject, Credential>,
    pub tries: HashMap<String, Tries>,
}

impl Loaded {
    /// Loads and locks: officers, then passwords, then attempts. Whoever changes a position has locked its officer and the one
    /// for whom it is held.
    pub async fn of(
        (tx, ring): (&DatabaseTransaction, &Keyring),
        acts: &[&Act],
    ) -> Result<Self, DbErr> {
        let keys = Keys::of(acts);
        let mut around = keys.staff;
        if !keys.positions.is_empty() {
            around.extend(store::position::concerned(tx, &keys.positions).await?);
        }
        let locked: BTreeSet<&Subject> = around.iter().chain(&keys.signing).collect();
        let (mut officers, mut positions) = (Vec::new(), Vec::new());
        let (mut passwords, mut tries) = (Vec::new(), Vec::new());
        if !locked.is_empty() {
            officers = store::officer::lock((tx, ring), locked.iter().copied()).await?;
        }
        if !around.is_empty() {
            positions = store::position::around(tx, &around).await?;
        }
        if !keys.tries.is_empty() {
            passwords = store::password::lock(tx, &keys.signing).await?;
            let keys = keys.tries.iter().map(String::as_str);
            tries = store::password::lock_tries(tx, keys).await?;
        }
        Ok(Self {
            staff: Staff::new(officers, positions),
            passwords: passwords.into_iter().collect(),
            tries: tries.into_iter().collect(),
        })
    }
}

/// The keys of what acts on officers read.
#[derive(Default)]
struct Keys {
    /// Officers with all their positions.
    staff: BTreeSet<Subject>,
    /// Positions whose officers are not known yet.
    positions: BTreeSet<position::Uid>,
    /// Officers with their passwords.
    signing: BTreeSet<Subject>,
    tries: BTreeSet<String>,
}

impl Keys {
    fn of(acts: &[&Act]) -> Self {
        let mut keys = Self::default();
        for act in acts {
            match act {
                Act::Import(province) => {
                    let officers = province.staff.officers.iter();
                    keys.staff
                        .extend(officers.map(|officer| officer.subject.clone()));
                    keys.wanted(&province.staff.positions);
                }
                Act::Command(command) => keys.command(&command.verb),
                Act::TellEnded(uids) => keys.positions.extend(uids.iter().cloned()),
                Act::Attempt(attempt) => {
                    keys.tries.insert(attempt.decoy.clone());
                    keys.signing(attempt.subject.as_ref());
                }
                Act::SignedIn(signed_in) => keys.signing(Some(&signed_in.subject)),
                Act::Client(on) => keys.client(on),
                Act::ImportUnits { .. } | Act::Party(_) | Act::Revoke(_) => {}
                Act::Administrator(made) => {
                    keys.staff.insert(made.officer.subject.clone());
                }
            }
        }
        keys
    }

    fn command(&mut self, verb: &Verb) {
        match verb {
            Verb::Register(officer) => {
                self.staff.insert(officer.subject.clone());
            }
            Verb::Assign(wanted) => self.wanted([wanted]),
            Verb::Delegate { of, to, .. } => {
                self.positions.insert(of.clone());
                self.staff.insert(to.clone());
            }
            Verb::End { position, .. } => {
                self.positions.insert(position.clone());
            }
            Verb::Disable(subject, _)
            | Verb::Enable(subject)
            | Verb::SetPassword(subject, ..)
            | Verb::Unlock(subject) => {
                self.staff.insert(subject.clone());
            }
            Verb::Import(rows) => self.wanted(rows.iter().flatten()),
        }
    }

    /// A client gets no name that an officer has.
    fn client(&mut self, on: &OnClient) {
        if let client::Verb::Register(..) = on.verb {
            self.staff.insert(on.subject.clone());
        }
    }

    fn wanted<'a>(&mut self, wanted: impl IntoIterator<Item = &'a Wanted>) {
        for wanted in wanted {
            self.staff.insert(wanted.officer.clone());
            self.staff.extend(wanted.acting_for.clone());
        }
    }

    fn signing(&mut self, subject: Option<&Subject>) {
        self.tries.extend(subject.map(ToString::to_string));
        self.signing.extend(subject.cloned());
    }
}

/// Writes what changed of officers; of one row only the last change counts.
pub(super) async fn save(sink: &impl Sink, changes: &[Change]) -> Result<(), DbErr> {
    let (mut new, mut officers) = (BTreeMap::new(), BTreeMap::new());
    let (mut positions, mut passwords) = (BTreeMap::new(), BTreeMap::new());
    let mut tries = BTreeMap::new();
    for change in changes {
        match change {
            Change::NewOfficer(officer) => {
                new.insert(&officer.subject, officer);
            }
            // One that is new in this batch is written once, as it stands in the end.
            Change::Officer(officer) => match new.get_mut(&officer.subject) {
                Some(written) => *written = officer,
                None => {
                    officers.insert(&officer.subject, officer);
                }
            },
            Change::Position(position) => {
                positions.insert(&position.uid, position);
            }
            Change::Password(subject, credential) => {
                passwords.insert(subject, credential);
            }
            Change::Tries(key, counted) => {
                tries.insert(key, counted);
            }
            Change::Unit(_) | Change::Party(_) | Change::Client(_) | Change::Revocation(_) => {}
        }
    }
    let new: Vec<_> = new.into_values().collect();
    let officers: Vec<_> = officers.into_values().collect();
    let positions: Vec<_> = positions.into_values().collect();
    store::officer::insert(sink, &new).await?;
    store::officer::save(sink, &officers).await?;
    store::position::save(sink, positions).await?;
    store::password::save(sink, passwords).await?;
    store::password::save_tries(sink, tries).await
}
