//! Lists of dossiers: pages by key, never counted.

use kit::authority::Scope;
use kit::seal::Keyring;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    Select,
};

use super::clock;
use super::entity::{Column, Entity};
use super::{domain, scoped, words};
use crate::dossier::Dossier;

/// Which dossiers to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those at the desk of this unit.
    pub receiving_unit: Option<String>,
    /// Only those that this unit decides.
    pub competent_unit: Option<String>,
    /// Only those under this procedure.
    pub procedure: Option<String>,
    /// Only those of this party.
    pub party: Option<String>,
    /// Only those in this state, by its number.
    pub state: Option<i32>,
    /// Only those whose clock runs and that are due before this time, microseconds.
    pub due_before: Option<i64>,
    /// Only those that press.
    pub pressing: Option<Pressing>,
    /// Only those that this text finds.
    pub text: Option<Text>,
    /// Only those after this row of the list.
    pub after: Option<After>,
    /// At most so many.
    pub limit: u64,
}

/// Those that are late, or will be soon, at this time, microseconds: whose clock runs, and submissions that nobody has answered. They
/// come by the time from when on they are late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressing {
    /// Due within a working day, or overdue; what has no more than a working day in all when it is overdue.
    AtRisk(i64),
    /// Overdue.
    Overdue(i64),
}

/// What finds a dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// The beginning of its code.
    Code(String),
    /// Words of the applicant's name, folded.
    Words(Vec<String>),
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// When it was handed in, or from when on it is late, microseconds.
    pub at: i64,
    /// Its uid.
    pub uid: String,
}

/// The dossiers in scope that pass a filter: newest first, or the longest overdue.
///
/// # Errors
/// When the store does not answer.
pub async fn list(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    filter: &Filter,
) -> Result<Vec<Dossier>, DbErr> {
    let select = in_order(scoped(scope), filter);
    let select = select.filter(filter.condition(ring)).limit(filter.limit);
    domain(select, db, ring).await
}

fn in_order(select: Select<Entity>, filter: &Filter) -> Select<Entity> {
    let last = |after: &After| Expr::tuple([Expr::val(after.at), Expr::val(after.uid.as_str())]);
    let after = filter.after.as_ref();
    if filter.pressing.is_some() {
        let (late_at, uid) = (clock::Column::LateAt, clock::Column::DossierUid);
        let select = select.order_by_asc(late_at).order_by_asc(uid);
        let row = Expr::tuple([late_at.into_expr(), uid.into_expr()]);
        return match after {
            Some(after) => select.filter(row.gt(last(after))),
            None => select,
        };
    }
    let row = Expr::tuple([Column::SubmittedAt.into_expr(), Column::Uid.into_expr()]);
    let select = select
        .order_by_desc(Column::SubmittedAt)
        .order_by_desc(Column::Uid);
    match after {
        Some(after) => select.filter(row.lt(last(after))),
        None => select,
    }
}

impl Filter {
    fn condition(&self, ring: &Keyring) -> Condition {
        let equal = [
            (Column::ReceivingUnit, &self.receiving_unit),
            (Column::CompetentUnit, &self.competent_unit),
            (Column::ProcedureCode, &self.procedure),
            (Column::PartyUid, &self.party),
        ];
        let mut all = Condition::all();
        for (column, value) in equal {
            all = all.add_option(value.as_ref().map(|value| column.eq(value)));
        }
        all = all.add_option(self.state.map(|state| Column::State.eq(state)));
        if let Some(before) = self.due_before {
            all = all
                .add(clock::running())
                .add(clock::Column::LateAt.lt(before));
        }
        all.add_option(self.pressing.map(Pressing::condition))
            .add_option(self.text.as_ref().map(|text| text.condition(ring)))
    }
}

impl Pressing {
    fn condition(self) -> Condition {
        let overdue = |now: i64| clock::Column::LateAt.lt(now);
        let pressing = match self {
            Self::Overdue(now) => Condition::all().add(overdue(now)),
            Self::AtRisk(now) => Condition::any()
                .add(overdue(now))
                .add(clock::Column::WarnAt.lte(now)),
        };
        Condition::all().add(clock::may_be_late()).add(pressing)
    }
}

impl Text {
    fn condition(&self, ring: &Keyring) -> Condition {
        match self {
            Self::Code(code) => Condition::all().add(Column::Code.starts_with(code)),
            Self::Words(all) => {
                let has = |word: &String| {
                    let mut any = Condition::any();
                    for pattern in words::patterns(ring, word) {
                        any = any.add(Column::Words.like(pattern));
                    }
                    any
                };
                all.iter().map(has).fold(Condition::all(), Condition::add)
            }
        }
    }
}
