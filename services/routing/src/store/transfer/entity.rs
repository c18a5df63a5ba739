//! The row of a transfer.
#![expect(clippy::struct_excessive_bools, reason = "each is a column")]

use kit::clock::{self, Moment};
use kit::seal::DataKey;
use sea_orm::entity::prelude::*;
use serde::Serialize;

use super::micros;
use super::personal::{PAPER, REASON, seal};
use crate::link::Link;
use crate::paper::Paper;
use crate::route::Due;
use crate::transfer::{Acceptance, Assignee, DeadLetter, Escalation, Marks, State, Transfer, Work};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub uid: String,
    pub dossier_uid: String,
    pub dossier_code: String,
    pub procedure_code: String,
    pub step_key: String,
    pub step_name: String,
    pub role: String,
    pub consulted: bool,
    pub decides: bool,
    /// The number on the wire.
    pub state: i32,
    pub from_unit: String,
    pub to_unit: String,
    /// JSON.
    pub offered_before: String,
    /// JSON.
    pub given_back: Option<String>,
    pub offer_epoch: i64,
    pub custody_epoch: Option<i64>,
    pub offered_at: i64,
    pub hand_over_due: i64,
    pub accepted_at: Option<i64>,
    pub step_due: i64,
    pub ended_at: Option<i64>,
    /// Sealed under the dossier's data key; none where there is no reason.
    pub reason: Option<Vec<u8>>,
    /// Whether paper was sent that has not come.
    pub paper_travels: bool,
    /// JSON, sealed likewise; none where nothing travels.
    pub paper: Option<Vec<u8>>,
    /// Whether the queue gave the present offer up; stands in an index, as the next.
    pub dead_letter: bool,
    /// Whether it waits for the clock of its dossier.
    pub on_hold: bool,
    pub dead_letter_since: Option<i64>,
    pub dead_letter_deliveries: Option<i32>,
    pub assignee: Option<String>,
    pub assignee_unit: Option<String>,
    /// JSON: what its clocks go by.
    pub clocks: String,
    /// To which unit it has escalated.
    pub escalated_to: Option<String>,
    /// When it is at risk; none while its clocks stand still, as the next two.
    pub warn_at: Option<i64>,
    pub late_at: Option<i64>,
    /// Since when its link is late.
    pub link_late_at: Option<i64>,
    /// When it escalates next, or its link is late.
    pub alarm_at: Option<i64>,
    pub revision: i64,
}

/// What the clocks of a transfer go by, beside its due times.
#[derive(serde::Serialize, serde::Deserialize)]
struct Clocks {
    hand_over: Marks,
    step: Marks,
    escalation: Option<Escalation>,
    link: Option<Link>,
    #[serde(default)]
    waits_for_paper: bool,
}

impl ActiveModelBehavior for ActiveModel {}

pub const OFFERED: i32 = 1;
pub const ACCEPTED: i32 = 2;
pub const DECLINED: i32 = 3;
pub const COMPLETED: i32 = 4;
pub const RECALLED: i32 = 5;
pub const CANCELLED: i32 = 6;
pub const RETURNED: i32 = 7;
pub const UNDONE: i32 = 8;

/// What a change may touch.
pub const MAY_CHANGE: [Column; 28] = [
    Column::OfferedBefore,
    Column::State,
    Column::FromUnit,
    Column::ToUnit,
    Column::GivenBack,
    Column::PaperTravels,
    Column::Paper,
    Column::OfferEpoch,
    Column::CustodyEpoch,
    Column::OfferedAt,
    Column::HandOverDue,
    Column::AcceptedAt,
    Column::StepDue,
    Column::EndedAt,
    Column::Reason,
    Column::DeadLetter,
    Column::OnHold,
    Column::DeadLetterSince,
    Column::DeadLetterDeliveries,
    Column::Assignee,
    Column::AssigneeUnit,
    Column::Clocks,
    Column::EscalatedTo,
    Column::WarnAt,
    Column::LateAt,
    Column::LinkLateAt,
    Column::AlarmAt,
    Column::Revision,
];

impl Model {
    /// The row of a transfer of a dossier whose clock stands still since then.
    pub fn from_domain(transfer: &Transfer, stopped: Option<Moment>) -> Result<Self, DbErr> {
        let acceptance = transfer.state.acceptance();
        let (assignee, assignee_unit) = assignee(transfer).unzip();
        let escalated = transfer.escalation.as_ref();
        let escalated_to = escalated.map(|escalated| escalated.to.clone());
        Ok(Self {
            uid: transfer.uid.clone(),
            dossier_uid: transfer.dossier.clone(),
            dossier_code: transfer.dossier_code.clone(),
            procedure_code: transfer.procedure.clone(),
            step_key: transfer.work.key.clone(),
            step_name: transfer.work.name.clone(),
            role: transfer.work.role.as_str().to_owned(),
            consulted: transfer.work.consulted,
            decides: transfer.work.decides,
            state: number_of(transfer.state),
            from_unit: transfer.from.clone(),
            to_unit: transfer.to.clone(),
            offered_before: serde_json::Value::from(transfer.offered_before.clone()).to_string(),
            given_back: transfer.given_back.as_ref().map(json),
            offer_epoch: transfer.offer_epoch,
            custody_epoch: transfer.state.custody_epoch(),
            offered_at: micros(transfer.offered_at),
            hand_over_due: micros(transfer.due.hand_over),
            accepted_at: acceptance.map(|acceptance| micros(acceptance.at)),
            step_due: micros(transfer.due.step),
            ended_at: transfer.state.ended_at().map(micros),
            reason: seal(transfer, REASON, transfer.reason.as_bytes()),
            paper_travels: transfer.paper.travels(),
            paper: seal(transfer, PAPER, paper(&transfer.paper).as_bytes()),
            dead_letter: transfer.dead_letter.is_some(),
            on_hold: transfer.on_hold,
            dead_letter_since: transfer.dead_letter.map(|letter| micros(letter.since)),
            dead_letter_deliveries: transfer
                .dead_letter
                .map(|letter| i32::try_from(letter.deliveries).unwrap_or(i32::MAX)),
            assignee,
            assignee_unit,
            clocks: Clocks::of(transfer)?,
            escalated_to,
            warn_at: transfer.warn_at(stopped).map(micros),
            late_at: transfer.late_at(stopped).map(micros),
            link_late_at: transfer.link_late_since().map(micros),
            alarm_at: transfer.next_alarm(stopped).map(micros),
            revision: transfer.revision,
        })
    }

    /// The transfer of a row and the data key of its dossier.
    pub fn into_domain(self, key: Option<DataKey>) -> Result<Transfer, DbErr> {
        let clocks: Clocks = serde_json::from_str(&self.clocks).map_err(|_| bad_row("clocks"))?;
        let assignee = self.assignee.clone().zip(self.assignee_unit.clone());
        Ok(Transfer {
            reason: self.opened(REASON, key.as_ref())?.unwrap_or_default(),
            paper: match self.opened(PAPER, key.as_ref())? {
                Some(paper) => serde_json::from_str(&paper).map_err(|_| bad_row("paper"))?,
                None => Paper::default(),
            },
            given_back: match &self.given_back {
                Some(given) => {
                    Some(serde_json::from_str(given).map_err(|_| bad_row("given_back"))?)
                }
                None => None,
            },
            assignee: assignee.map(|(subject, unit)| Assignee { subject, unit }),
            escalation: clocks.escalation,
            link: clocks.link,
            state: self.state()?,
            dead_letter: self.dead_letter(),
            on_hold: self.on_hold,
            work: Work {
                key: self.step_key,
                name: self.step_name,
                role: self.role.parse().map_err(|()| bad_row("role"))?,
                consulted: self.consulted,
                decides: self.decides,
                waits_for_paper: clocks.waits_for_paper,
            },
            uid: self.uid,
            dossier: self.dossier_uid,
            dossier_code: self.dossier_code,
            procedure: self.procedure_code,
            from: self.from_unit,
            to: self.to_unit,
            offered_before: serde_json::from_str(&self.offered_before)
                .map_err(|_| bad_row("offered_before"))?,
            offer_epoch: self.offer_epoch,
            offered_at: clock::from_micros(self.offered_at),
            due: Due {
                hand_over: clock::from_micros(self.hand_over_due),
                hand_over_marks: clocks.hand_over,
                step: clock::from_micros(self.step_due),
                step_marks: clocks.step,
            },
            revision: self.revision,
            key,
        })
    }

    fn state(&self) -> Result<State, DbErr> {
        let ended = || {
            let at = self.ended_at.ok_or_else(|| bad_row("ended_at"))?;
            Ok::<_, DbErr>(clock::from_micros(at))
        };
        Ok(match self.state {
            OFFERED => State::Offered,
            ACCEPTED => State::Accepted(self.acceptance()?),
            DECLINED => State::Declined,
            COMPLETED => State::Completed(self.acceptance()?, ended()?),
            RECALLED if self.ended_at.is_none() => State::CalledBack,
            RECALLED => State::Recalled(ended()?),
            CANCELLED => State::Cancelled(self.acceptance()?, ended()?),
            RETURNED if self.ended_at.is_none() => State::GivenBack(self.epoch()?),
            RETURNED => State::SentBack(self.acceptance()?, ended()?),
            UNDONE => State::Undone(self.acceptance()?, ended()?),
            _ => return Err(bad_row("state")),
        })
    }

    fn dead_letter(&self) -> Option<DeadLetter> {
        let letter = self.dead_letter_since.zip(self.dead_letter_deliveries);
        letter.map(|(since, deliveries)| DeadLetter {
            since: clock::from_micros(since),
            deliveries: deliveries.unsigned_abs(),
        })
    }

    fn acceptance(&self) -> Result<Acceptance, DbErr> {
        Ok(Acceptance {
            at: clock::from_micros(self.accepted_at.ok_or_else(|| bad_row("accepted_at"))?),
            epoch: self.epoch()?,
        })
    }

    fn epoch(&self) -> Result<i64, DbErr> {
        self.custody_epoch.ok_or_else(|| bad_row("custody_epoch"))
    }
}

fn number_of(state: State) -> i32 {
    match state {
        State::Offered => OFFERED,
        State::Accepted(_) => ACCEPTED,
        State::Declined => DECLINED,
        State::Completed(..) => COMPLETED,
        State::CalledBack | State::Recalled(_) => RECALLED,
        State::Cancelled(..) => CANCELLED,
        State::GivenBack(_) | State::SentBack(..) => RETURNED,
        State::Undone(..) => UNDONE,
    }
}

/// Nothing where nothing travels.
fn paper(paper: &Paper) -> String {
    if paper.pieces.is_empty() {
        return String::new();
    }
    json(paper)
}

/// Strings and numbers of our own always have a JSON form.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn assignee(transfer: &Transfer) -> Option<(String, String)> {
    let assignee = transfer.assignee.clone()?;
    Some((assignee.subject, assignee.unit))
}

impl Clocks {
    fn of(transfer: &Transfer) -> Result<String, DbErr> {
        let clocks = Self {
            hand_over: transfer.due.hand_over_marks,
            step: transfer.due.step_marks,
            escalation: transfer.escalation.clone(),
            link: transfer.link.clone(),
            waits_for_paper: transfer.work.waits_for_paper,
        };
        serde_json::to_string(&clocks).map_err(|error| DbErr::Type(error.to_string()))
    }
}

fn bad_row(what: &str) -> DbErr {
    DbErr::Type(format!("a transfer's row cannot be read: {what}"))
}
