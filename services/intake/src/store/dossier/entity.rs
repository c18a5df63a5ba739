//! The row of a dossier.

use kit::clock;
use kit::identity_number::{IdentityNumber, Kind};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{bad_row, micros};
use crate::code::DossierCode;
use crate::dossier::{
    Applicant, Channel, Closing, Decision, Dossier, Filing, Outcome, Receipt, State, Units,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dossier")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub uid: String,
    pub code: String,
    /// The national portal's number.
    pub state: i32,
    pub procedure_code: String,
    pub procedure_version: i32,
    pub case_key: String,
    pub channel: i32,
    /// JSON; personal.
    pub applicant: String,
    pub party_uid: Option<String>,
    pub content_digest: Vec<u8>,
    /// JSON.
    pub components: String,
    pub receiving_unit: String,
    pub competent_unit: String,
    pub returning_unit: String,
    pub submitted_at: i64,
    pub received_at: Option<i64>,
    pub appointment: Option<i64>,
    pub closing_reason: Option<String>,
    pub closed_at: Option<i64>,
    /// JSON.
    pub decision: Option<String>,
    pub returned_at: Option<i64>,
    pub revision: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a change may touch; all else stays as it was handed in (R13).
pub const MAY_CHANGE: [Column; 9] = [
    Column::State,
    Column::CompetentUnit,
    Column::ReceivedAt,
    Column::Appointment,
    Column::ClosingReason,
    Column::ClosedAt,
    Column::Decision,
    Column::ReturnedAt,
    Column::Revision,
];

#[derive(Serialize, Deserialize)]
struct StoredApplicant {
    name: String,
    kind: String,
    number: String,
    phone: String,
}

#[derive(Serialize, Deserialize)]
struct StoredDecision {
    granted: bool,
    number: String,
    date: chrono::NaiveDate,
    signer: String,
    unit: String,
    recorded_at: i64,
}

impl Model {
    /// The row of a dossier.
    pub fn from_domain(dossier: &Dossier) -> Result<Self, DbErr> {
        let receipt = dossier.state.receipt();
        let closing = match &dossier.state {
            State::Refused(closing) | State::Withdrawn(_, closing) => Some(closing),
            State::Submitted
            | State::Received(_)
            | State::Processing(_)
            | State::ResultReady(..)
            | State::Returned(..) => None,
        };
        let (decision, returned_at) = match &dossier.state {
            State::ResultReady(_, decision) => (Some(decision), None),
            State::Returned(_, decision, at) => (Some(decision), Some(micros(*at))),
            State::Submitted
            | State::Received(_)
            | State::Refused(_)
            | State::Processing(_)
            | State::Withdrawn(..) => (None, None),
        };
        let filing = &dossier.filing;
        Ok(Self {
            uid: dossier.uid.clone(),
            code: dossier.code.to_string(),
            state: number_of(&dossier.state),
            procedure_code: filing.procedure_code.clone(),
            procedure_version: filing.procedure_version,
            case_key: filing.case_key.clone(),
            channel: channel_number(filing.channel),
            applicant: json(&stored_applicant(&filing.applicant))?,
            party_uid: filing.applicant.party.clone(),
            content_digest: dossier.content_digest(),
            components: json(&filing.components)?,
            receiving_unit: dossier.units.receiving.clone(),
            competent_unit: dossier.units.competent.clone(),
            returning_unit: dossier.units.returning.clone(),
            submitted_at: micros(dossier.submitted_at),
            received_at: receipt.map(|receipt| micros(receipt.received_at)),
            appointment: receipt.map(|receipt| micros(receipt.appointment)),
            closing_reason: closing.map(|closing| closing.reason.clone()),
            closed_at: closing.map(|closing| micros(closing.at)),
            decision: decision
                .map(|decision| json(&stored_decision(decision)))
                .transpose()?,
            returned_at,
            revision: dossier.revision,
        })
    }

    /// The dossier of a row.
    pub fn into_domain(self) -> Result<Dossier, DbErr> {
        let state = self.state()?;
        let applicant: StoredApplicant = parse(&self.applicant)?;
        let number =
            IdentityNumber::parse(number_kind(&applicant.kind)?, &applicant.number, "number")
                .map_err(|_| bad_row("the applicant's number"))?;
        Ok(Dossier {
            state,
            filing: Filing {
                procedure_code: self.procedure_code,
                procedure_version: self.procedure_version,
                case_key: self.case_key,
                channel: channel(self.channel)?,
                applicant: Applicant {
                    name: applicant.name,
                    number,
                    phone: applicant.phone,
                    party: self.party_uid,
                },
                components: parse(&self.components)?,
            },
            uid: self.uid,
            code: DossierCode::stored(self.code),
            units: Units {
                receiving: self.receiving_unit,
                competent: self.competent_unit,
                returning: self.returning_unit,
            },
            submitted_at: clock::from_micros(self.submitted_at),
            revision: self.revision,
        })
    }

    fn state(&self) -> Result<State, DbErr> {
        Ok(match self.state {
            1 => State::Submitted,
            2 => State::Received(self.receipt()?),
            3 => State::Refused(self.closing()?),
            4 => State::Processing(self.receipt()?),
            7 => State::Withdrawn(self.receipt().ok(), self.closing()?),
            9 => State::ResultReady(self.receipt()?, self.decision()?),
            10 => {
                let returned_at = self.returned_at.ok_or_else(|| bad_row("returned_at"))?;
                State::Returned(
                    self.receipt()?,
                    self.decision()?,
                    clock::from_micros(returned_at),
                )
            }
            _ => return Err(bad_row("state")),
        })
    }

    fn receipt(&self) -> Result<Receipt, DbErr> {
        Ok(Receipt {
            received_at: clock::from_micros(
                self.received_at.ok_or_else(|| bad_row("received_at"))?,
            ),
            appointment: clock::from_micros(
                self.appointment.ok_or_else(|| bad_row("appointment"))?,
            ),
        })
    }

    fn closing(&self) -> Result<Closing, DbErr> {
        Ok(Closing {
            reason: self
                .closing_reason
                .clone()
                .ok_or_else(|| bad_row("closing_reason"))?,
            at: clock::from_micros(self.closed_at.ok_or_else(|| bad_row("closed_at"))?),
        })
    }

    fn decision(&self) -> Result<Decision, DbErr> {
        let text = self
            .decision
            .as_deref()
            .ok_or_else(|| bad_row("decision"))?;
        let stored: StoredDecision = parse(text)?;
        Ok(Decision {
            outcome: if stored.granted {
                Outcome::Granted
            } else {
                Outcome::Refused
            },
            number: stored.number,
            date: stored.date,
            signer: stored.signer,
            unit: stored.unit,
            recorded_at: clock::from_micros(stored.recorded_at),
        })
    }
}

fn stored_applicant(applicant: &Applicant) -> StoredApplicant {
    let kind = match applicant.number.kind() {
        Kind::Cccd => "cccd",
        Kind::Cmnd => "cmnd",
        Kind::Mst => "mst",
    };
    StoredApplicant {
        name: applicant.name.clone(),
        kind: kind.to_owned(),
        number: applicant.number.value().to_owned(),
        phone: applicant.phone.clone(),
    }
}

fn stored_decision(decision: &Decision) -> StoredDecision {
    StoredDecision {
        granted: decision.outcome == Outcome::Granted,
        number: decision.number.clone(),
        date: decision.date,
        signer: decision.signer.clone(),
        unit: decision.unit.clone(),
        recorded_at: micros(decision.recorded_at),
    }
}

fn number_kind(name: &str) -> Result<Kind, DbErr> {
    match name {
        "cccd" => Ok(Kind::Cccd),
        "cmnd" => Ok(Kind::Cmnd),
        "mst" => Ok(Kind::Mst),
        _ => Err(bad_row("the kind of the applicant's number")),
    }
}

fn number_of(state: &State) -> i32 {
    match state {
        State::Submitted => 1,
        State::Received(_) => 2,
        State::Refused(_) => 3,
        State::Processing(_) => 4,
        State::Withdrawn(..) => 7,
        State::ResultReady(..) => 9,
        State::Returned(..) => 10,
    }
}

fn channel_number(channel: Channel) -> i32 {
    match channel {
        Channel::Online => 1,
        Channel::Counter => 2,
        Channel::Post => 3,
    }
}

fn channel(number: i32) -> Result<Channel, DbErr> {
    match number {
        1 => Ok(Channel::Online),
        2 => Ok(Channel::Counter),
        3 => Ok(Channel::Post),
        _ => Err(bad_row("channel")),
    }
}

fn json(value: &impl Serialize) -> Result<String, DbErr> {
    serde_json::to_string(value).map_err(|error| DbErr::Type(error.to_string()))
}

fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| bad_row(&error.to_string()))
}
