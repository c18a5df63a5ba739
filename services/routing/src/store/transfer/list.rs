//! The work list of a unit: pages by key, never counted.
//!
//! Each state is looked for by itself, and each way in which a transfer is the unit's, since an index gives the rows of one of them
//! in the order of the list.

use kit::authority::Scope;
use kit::caller::Role;
use kit::seal::Keyring;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::entity::{Column, DECLINED, RECALLED, RETURNED};
use super::{domain, micros, scoped};
use crate::transfer::{Transfer, Urgency};

/// Declined, recalled or returned: in the words of the index over those.
const SENDERS_AGAIN: &str = "state IN (3, 5, 7)";

/// Which transfers of a unit to list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The unit that they are offered to, are held by or, where its sender is to forward them, were sent by.
    pub unit: String,
    /// Only those in these states, by their numbers.
    pub states: Vec<i32>,
    /// Only those that have not ended.
    pub open: bool,
    /// Only those whose step is due before this time, microseconds.
    pub due_before: Option<i64>,
    /// Only those under this procedure.
    pub procedure: Option<String>,
    /// Only steps of this role.
    pub role: Option<Role>,
    /// Only those that somebody has, or nobody.
    pub assigned: Option<Assigned>,
    /// Only those that press at this time, microseconds.
    pub pressing: Option<(Urgency, i64)>,
    /// Only those that have escalated.
    pub escalated: Option<Escalated>,
    /// Only those whose link is late.
    pub link_late: bool,
    /// Only those after this row of the list.
    pub after: Option<After>,
    /// At most so many.
    pub limit: u64,
}

/// Who has a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// This officer.
    To(String),
    /// The whole unit.
    ToNobody,
}

/// Which have escalated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escalated {
    /// Those of the unit.
    OfUnit,
    /// Those of units below, to the unit.
    FromBelow,
}

/// A row of the list, the earliest due first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// When its step is due, microseconds.
    pub due: i64,
    /// Its uid.
    pub uid: String,
}

/// The work list of a unit in scope, the earliest due first.
///
/// # Errors
/// When the store does not answer.
pub async fn list(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    filter: &Filter,
) -> Result<Vec<Transfer>, DbErr> {
    let mut found = Vec::new();
    let states = filter.states.iter();
    for condition in states.flat_map(|state| filter.conditions(*state)) {
        let select = scoped(scope)
            .filter(condition)
            .order_by_asc(Column::StepDue)
            .order_by_asc(Column::Uid)
            .limit(filter.limit);
        found.extend(domain(select, db, ring).await?);
    }
    let key = |transfer: &Transfer| (micros(transfer.due.step), transfer.uid.clone());
    found.sort_by_cached_key(key);
    // One that went on to another state between two of the queries.
    found.dedup_by(|next, known| next.uid == known.uid);
    found.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    Ok(found)
}

impl Filter {
    /// What in a state is listed, one way after the other.
    fn conditions(&self, state: i32) -> impl Iterator<Item = Condition> {
        let ways = self.of_unit(state).into_iter();
        ways.map(move |of_unit| self.condition(state, of_unit))
    }

    fn condition(&self, state: i32, of_unit: Condition) -> Condition {
        let procedure = self.procedure.as_ref();
        Condition::all()
            // Before the words of an index over several states, so that it is the one that is looked for.
            .add(Column::State.eq(state))
            .add(of_unit)
            .add_option(self.due_before.map(|before| Column::StepDue.lt(before)))
            .add_option(procedure.map(|procedure| Column::ProcedureCode.eq(procedure)))
            .add_option(self.role.map(|role| Column::Role.eq(role.as_str())))
            .add_option(self.assigned.as_ref().map(Assigned::condition))
            .add_option(self.pressing.map(pressing))
            .add_option(self.link_late.then(|| Column::LinkLateAt.is_not_null()))
            .add_option(self.after.as_ref().map(After::condition))
    }

    /// How a transfer in a state is the unit's: in one of these ways.
    fn of_unit(&self, state: i32) -> Vec<Condition> {
        let unit = &self.unit;
        if self.escalated == Some(Escalated::FromBelow) {
            let from_below = Condition::all().add(Column::EscalatedTo.eq(unit));
            return vec![from_below.add(Column::ToUnit.ne(unit))];
        }
        let to = Condition::all().add(Column::ToUnit.eq(unit));
        let sent = Condition::all().add(Column::FromUnit.eq(unit));
        let sent = sent.add(Expr::cust(SENDERS_AGAIN));
        // What is its sender's to forward has not ended.
        let again = sent.clone().add(Column::EndedAt.is_null());
        let ways = match state {
            DECLINED => vec![sent],
            RECALLED | RETURNED if self.open => vec![again],
            RECALLED | RETURNED => vec![again, to.add(Column::EndedAt.is_not_null())],
            _ => vec![to],
        };
        let escalated = self.escalated.map(|_| Column::EscalatedTo.is_not_null());
        let ways = ways.into_iter();
        ways.map(|way| way.add_option(escalated.clone())).collect()
    }
}

impl Assigned {
    fn condition(&self) -> Expr {
        match self {
            Self::To(subject) => Column::Assignee.eq(subject),
            Self::ToNobody => Column::Assignee.is_null(),
        }
    }
}

/// What is late was at risk before, so that one index serves both.
fn pressing((urgency, now): (Urgency, i64)) -> Condition {
    let at_risk = Condition::all().add(Column::WarnAt.lt(now));
    match urgency {
        Urgency::AtRisk => at_risk,
        Urgency::Late => at_risk.add(Column::LateAt.lt(now)),
    }
}

impl After {
    fn condition(&self) -> Expr {
        let row = Expr::tuple([Expr::column(Column::StepDue), Expr::column(Column::Uid)]);
        let last = Expr::tuple([Expr::val(self.due), Expr::val(self.uid.as_str())]);
        row.gt(last)
    }
}
