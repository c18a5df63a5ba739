//! Deciding what becomes of officers and their positions.

use chrono::NaiveDate;
use kit::authority::Scope;
use kit::caller::Role;
use kit::clock::{self, Moment};
use kit::log::{NewEvent, Shard};
use kit::writer::Effect;
use proto::identity::v1 as pb;

use super::{Change, Row, World, password, staffing};
use crate::error::Error;
use crate::fault::Fault;
use crate::officer::{Officer, Standing};
use crate::password::{Credential, Holders};
use crate::position::{self, Period, Position};
use crate::staff::{Wanted, is_own, must_be_own};
use crate::subject::Subject;
use crate::token::Revocation;
use crate::{unit, wire};

/// What a caller asks for.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// What it may know and change.
    pub scope: Scope,
    /// The local day of the call.
    pub today: NaiveDate,
    /// The revision of the officer that it has seen; 0 does not check.
    pub expected_revision: i64,
    /// What is to be done.
    pub verb: Verb,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) enum Verb {
    /// `RegisterOfficer`.
    Register(Officer),
    /// `AssignPosition`.
    Assign(Wanted),
    /// `DelegatePosition`.
    Delegate {
        of: position::Uid,
        uid: position::Uid,
        to: Subject,
        first: NaiveDate,
        last: Option<NaiveDate>,
    },
    /// `EndPosition`, `EndDelegation`.
    End {
        position: position::Uid,
        last_day: NaiveDate,
        what: Ending,
    },
    /// `DisableOfficer`, at this second.
    Disable(Subject, i64),
    /// `EnableOfficer`.
    Enable(Subject),
    /// `ImportPositions`.
    Import(Vec<Row>),
    /// `SetPassword`, where these officers have passwords.
    SetPassword(Subject, Credential, Holders),
    /// `UnlockOfficer`.
    Unlock(Subject),
}

/// What is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A position that an officer holds by itself.
    Position,
    /// One that it acts in.
    Delegation,
}

impl Command {
    /// Whether it reads units. A delegation is at the unit of what it is of, which is known to exist.
    pub fn reads_units(&self) -> bool {
        match &self.verb {
            Verb::Register(_) | Verb::Assign(_) | Verb::Import(_) => true,
            Verb::Delegate { .. }
            | Verb::End { .. }
            | Verb::Disable(..)
            | Verb::Enable(_)
            | Verb::SetPassword(..)
            | Verb::Unlock(_) => false,
        }
    }

    /// Whether the caller may do it at all.
    pub fn must_be_permitted(&self, world: &World) -> Result<(), Error> {
        match &self.verb {
            Verb::Register(officer) => self.must_own(officer.unit.as_ref()),
            Verb::Assign(wanted) => first(must_be_own(wanted.role, &wanted.unit, &self.scope)),
            Verb::Delegate { of, .. } => self.held(world, of).map(drop),
            Verb::End { position, .. } => self.held(world, position).map(drop),
            Verb::Disable(subject, _)
            | Verb::Enable(subject)
            | Verb::SetPassword(subject, ..)
            | Verb::Unlock(subject) => self.looked_after(world, subject).map(drop),
            // Each row is looked at by itself.
            Verb::Import(_) => Ok(()),
        }
    }

    fn must_own(&self, unit: Option<&unit::Uid>) -> Result<(), Error> {
        let own = unit.is_some_and(|unit| is_own(&self.scope, unit));
        if own || self.scope == Scope::Everything {
            return Ok(());
        }
        let unit = unit.cloned().unwrap_or_else(|| unit::Uid::new(""));
        Err(Fault::UnitNotYours(unit).into())
    }

    /// A position that the caller may change.
    fn held<'a>(&self, world: &'a World, uid: &position::Uid) -> Result<&'a Position, Error> {
        let may_know = |position: &&Position| {
            self.scope == Scope::Everything || is_own(&self.scope, &position.unit)
        };
        let position = world.staff.position(uid).filter(may_know);
        let position = position.ok_or_else(|| Error::PositionNotFound(uid.clone()))?;
        first(must_be_own(position.role, &position.unit, &self.scope))?;
        Ok(position)
    }

    /// An officer whom the caller looks after.
    fn looked_after<'a>(&self, world: &'a World, subject: &Subject) -> Result<&'a Officer, Error> {
        let officer = world.staff.known(&self.scope, subject)?;
        if world
            .staff
            .is_looked_after(&self.scope, officer, self.today)
        {
            return Ok(officer);
        }
        Err(Error::OfficerNotYours(subject.clone()))
    }

    /// An officer as it stands after one more change, if it stands as the caller has seen it.
    fn changing(&self, world: &World, subject: &Subject) -> Result<Officer, Error> {
        let officer = world.staff.known(&self.scope, subject)?;
        let (expected, current) = (self.expected_revision, officer.revision);
        if expected != 0 && expected != current {
            return Err(Error::RevisionChanged { expected, current });
        }
        Ok(officer.clone().changed())
    }
}

fn first(faults: Vec<Fault>) -> Result<(), Error> {
    faults
        .into_iter()
        .next()
        .map_or(Ok(()), |fault| Err(fault.into()))
}

/// What a command does.
pub(super) fn decide(world: &World, command: &Command) -> Result<Effect<Change>, Error> {
    match &command.verb {
        Verb::Register(officer) => register(world, officer),
        Verb::Assign(wanted) => assign(world, command, wanted),
        Verb::Delegate { .. } => delegate(world, command),
        Verb::End {
            position,
            last_day,
            what,
        } => end(world, command, position, (*last_day, *what)),
        Verb::Enable(subject) => stand(world, command, subject, Standing::Active),
        Verb::Disable(subject, now) => {
            let mut effect = stand(world, command, subject, Standing::Disabled)?;
            if !effect.changes.is_empty() {
                let revocation = Revocation::of_disabled(subject, *now);
                effect.changes.push(Change::Revocation(revocation));
            }
            Ok(effect)
        }
        Verb::Import(rows) => staffing::take_in(world, command, rows),
        Verb::SetPassword(subject, credential, holders) => {
            must_hold_one(world, command, subject, *holders)?;
            let reply = wire::officer::password_set();
            Ok(password::set(subject, credential, reply))
        }
        Verb::Unlock(subject) => Ok(password::unlock(subject)),
    }
}

/// Whoever signs in at a provider is given no password.
fn must_hold_one(
    world: &World,
    command: &Command,
    subject: &Subject,
    holders: Holders,
) -> Result<(), Error> {
    let role = Role::ProvinceAdministrator;
    let staff = &world.staff;
    if holders == Holders::Everybody || staff.holds_or_will(subject, role, command.today) {
        return Ok(());
    }
    Err(Error::ProviderRequired(subject.clone()))
}

fn register(world: &World, officer: &Officer) -> Result<Effect<Change>, Error> {
    if world.staff.officer(&officer.subject).is_some() {
        return Err(Error::SubjectTaken(officer.subject.clone()));
    }
    must_be_no_client(world, &officer.subject)?;
    let unit = officer.unit.as_ref();
    if let Some(unit) = unit.filter(|unit| world.units.get(unit).is_none()) {
        return Err(Error::UnitNotFound(unit.clone()));
    }
    Ok(Effect {
        events: vec![event_of(officer)],
        changes: vec![Change::NewOfficer(officer.clone())],
        reply: wire::officer::registered(officer),
        ..Effect::nothing()
    })
}

/// Nobody can tell two callers of one name apart, nor can what is kept of them.
pub(super) fn must_be_no_client(world: &World, subject: &Subject) -> Result<(), Error> {
    if world.clients.contains_key(subject) {
        return Err(Error::SubjectTaken(subject.clone()));
    }
    Ok(())
}

fn assign(world: &World, command: &Command, wanted: &Wanted) -> Result<Effect<Change>, Error> {
    let officer = command.changing(world, &wanted.officer)?;
    let assigned = world.staff.assign(&world.units, &command.scope, wanted);
    let position = assigned.map_err(first_of)?;
    let mut effect = Effect::nothing();
    let position = give(&mut effect, position, command.today);
    effect.reply = wire::officer::assigned(&position, officer.revision);
    effect.changes.push(Change::Officer(officer));
    Ok(effect)
}

pub(super) fn first_of(faults: Vec<Fault>) -> Error {
    match first(faults) {
        Err(error) => error,
        // There is one, or nothing would have been refused.
        Ok(()) => Error::PositionsRefused(Vec::new()),
    }
}

fn delegate(world: &World, command: &Command) -> Result<Effect<Change>, Error> {
    let Verb::Delegate {
        of,
        uid,
        to,
        first,
        last,
    } = &command.verb
    else {
        return Ok(Effect::nothing());
    };
    let held = command.held(world, of)?;
    let nothing = || Fault::NothingToActFor(held.officer.clone());
    let officer = command.changing(world, to)?;
    let period = Period::new(*first, last.or(held.period.last())).map_err(|_| nothing())?;
    let wanted = Wanted {
        uid: uid.clone(),
        officer: to.clone(),
        role: held.role,
        unit: held.unit.clone(),
        period,
        acting_for: Some(held.officer.clone()),
    };
    let assigned = world.staff.delegate(&wanted);
    let position = assigned.map_err(first_of)?;
    if !position.is_delegated_by(of) {
        return Err(nothing().into());
    }
    let mut effect = Effect::nothing();
    let position = give(&mut effect, position, command.today);
    effect.reply = wire::officer::delegated(&position, officer.revision);
    effect.changes.push(Change::Officer(officer));
    Ok(effect)
}

fn end(
    world: &World,
    command: &Command,
    uid: &position::Uid,
    (last_day, what): (NaiveDate, Ending),
) -> Result<Effect<Change>, Error> {
    let position = command.held(world, uid)?;
    if position.acting_for.is_some() != (what == Ending::Delegation) {
        return Err(Error::PositionNotFound(uid.clone()));
    }
    let mut officer = world.staff.officer(&position.officer).cloned();
    if command.expected_revision != 0 {
        officer = Some(command.changing(world, &position.officer)?);
    } else {
        officer = officer.map(Officer::changed);
    }
    let changed = world.staff.end(position, last_day)?;
    let mut effect = Effect::nothing();
    for position in &changed {
        set_last_day(&mut effect, position.clone(), command.today);
    }
    for acting in &changed[1..] {
        let acting = world.staff.officer(&acting.officer).cloned();
        let acting = acting.map(Officer::changed).map(Change::Officer);
        effect.changes.extend(acting);
    }
    let revision = officer.as_ref().map_or(0, |officer| officer.revision);
    effect.changes.extend(officer.map(Change::Officer));
    effect.reply = match what {
        Ending::Position => wire::officer::ended(&changed[0], revision),
        Ending::Delegation => wire::officer::delegation_ended(&changed[0], revision),
    };
    Ok(effect)
}

fn stand(
    world: &World,
    command: &Command,
    subject: &Subject,
    standing: Standing,
) -> Result<Effect<Change>, Error> {
    let changed = command.changing(world, subject)?;
    let before = world.staff.known(&command.scope, subject)?;
    let mut effect = Effect::nothing();
    if before.standing == standing {
        effect.reply = wire::officer::stands(before);
        return Ok(effect);
    }
    let changed = Officer {
        standing,
        ..changed
    };
    effect.events.push(event_of(&changed));
    effect.reply = wire::officer::stands(&changed);
    effect.changes.push(Change::Officer(changed));
    Ok(effect)
}

/// A new position. Of one that had ended before it was given nothing more is to be told.
pub(super) fn give(effect: &mut Effect<Change>, position: Position, today: NaiveDate) -> Position {
    let ended = position.period.day_after().is_some_and(|day| day <= today);
    let position = Position {
        end_told: ended,
        ..position
    };
    let told = wire::officer::told_assigned(&position);
    effect.events.push(event(&position.officer, &told));
    effect.changes.push(Change::Position(position.clone()));
    position
}

/// A last day that is set or moved; where it has passed, the end is told at once.
pub(super) fn set_last_day(effect: &mut Effect<Change>, mut position: Position, today: NaiveDate) {
    let told = wire::officer::told_last_day(&position);
    effect.events.push(event(&position.officer, &told));
    tell_end(effect, &mut position, today);
    effect.changes.push(Change::Position(position));
}

fn tell_end(effect: &mut Effect<Change>, position: &mut Position, today: NaiveDate) {
    let ended = position.period.day_after().filter(|day| *day <= today);
    if let Some(day) = ended.filter(|_| !position.end_told) {
        let told = wire::officer::told_ended(position, day);
        effect.events.push(event(&position.officer, &told));
        position.end_told = true;
    }
}

/// Tells of those of these positions that have ended and of whose end nothing was told yet.
pub(super) fn tell_ended(world: &World, uids: &[position::Uid], at: Moment) -> Effect<Change> {
    let today = clock::local(at).date();
    let mut effect = Effect::nothing();
    for position in uids.iter().filter_map(|uid| world.staff.position(uid)) {
        let mut told = position.clone();
        tell_end(&mut effect, &mut told, today);
        if told != *position {
            effect.changes.push(Change::Position(told));
        }
    }
    effect
}

/// How an officer stands. Its name is told in the part that is sealed, and the first that is told of it brings its key.
pub(super) fn event_of(officer: &Officer) -> NewEvent {
    event(&officer.subject, &wire::officer::told(officer))
        .under(Some(&officer.key))
        .with_personal(officer.name.as_str().as_bytes().to_vec())
}

/// What the log tells of an officer stands in the shard of the officer, in order.
pub(super) fn event(subject: &Subject, told: &pb::IdentityChange) -> NewEvent {
    NewEvent::new(subject.as_str(), Shard::of(subject.as_str()), told)
}
