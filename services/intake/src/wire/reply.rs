//! Replies.

use kit::clock::{self, Moment};
use kit::identity_number::Kind;
use prost::Message as _;
use proto::intake::v1 as pb;

use super::codes;
use super::course::course;
use crate::act::Verb;
use crate::custody::{Place, Standing};
use crate::dossier::{
    Channel, Decision, Dossier, FeeDue, FiledBy, Filing, HandedIn, Method, Origin, Outcome, State,
};

/// The dossier on the wire.
#[must_use]
pub fn dossier(dossier: &Dossier) -> pb::Dossier {
    let time = |moment: Moment| Some(clock::to_timestamp(moment));
    let receipt = dossier.state.receipt();
    let mut message = pb::Dossier {
        uid: dossier.uid.clone(),
        code: dossier.code.to_string(),
        state: state(&dossier.state).into(),
        procedure_code: dossier.filing.procedure_code.clone(),
        procedure_version: dossier.filing.procedure_version,
        case_key: dossier.filing.case_key.clone(),
        channel: channel(dossier.filing.channel).into(),
        applicant: applicant(&dossier.filing),
        components: dossier.filing.components.iter().map(handed_in).collect(),
        receiving_unit_uid: dossier.units.receiving.clone(),
        competent_unit_uid: dossier.units.competent.clone(),
        returning_unit_uid: dossier.units.returning.clone(),
        submitted_at: time(dossier.submitted_at),
        received_at: receipt.and_then(|receipt| time(receipt.received_at)),
        appointment: receipt.and_then(|receipt| time(receipt.appointment)),
        due: due(dossier).and_then(time),
        revision: dossier.revision,
        erased: dossier.key.is_none(),
        form_data: dossier.filing.form.clone(),
        fees: dossier.filing.fees.iter().map(fee).collect(),
        limit_extra: i32::try_from(dossier.filing.limit_extra).unwrap_or(i32::MAX),
        filed_by: filed_by(dossier.filing.filed_by).into(),
        origin: dossier.filing.origin.as_ref().map(origin),
        answer_by: dossier.answer_by.and_then(time),
        ..course(&dossier.course)
    };
    if let Some(closing) = dossier.state.closing() {
        message.closing_reason.clone_from(&closing.reason);
    }
    message.decision = dossier.state.decision().map(decision);
    if let State::Returned(_, _, how) = &dossier.state {
        message.returned_at = time(how.at);
        message.return_method = method(how.method).into();
    }
    message
}

/// When the result is due, or was while it was worked on; nothing while the clock stands still.
fn due(dossier: &Dossier) -> Option<Moment> {
    let receipt = dossier.state.receipt();
    let receipt = receipt.filter(|_| !dossier.stands_still())?;
    Some(receipt.due.at)
}

/// The state on the wire, by the national portal's number.
#[must_use]
pub fn state(state: &State) -> pb::DossierState {
    match state {
        State::Submitted => pb::DossierState::Submitted,
        State::Received(_) => pb::DossierState::Received,
        State::Refused(_) => pb::DossierState::Refused,
        State::Processing(_) => pb::DossierState::Processing,
        State::SupplementRequested(_) => pb::DossierState::SupplementRequested,
        State::PaymentRequested(_) => pb::DossierState::PaymentRequested,
        State::Withdrawn(..) => pb::DossierState::Withdrawn,
        State::Stopped(..) => pb::DossierState::Stopped,
        State::ResultReady(..) => pb::DossierState::ResultReady,
        State::Returned(..) => pb::DossierState::Returned,
    }
}

/// How far a dossier is, as anyone may know (R7).
fn completion(state: &State) -> pb::Completion {
    match state {
        State::Submitted => pb::Completion::Waiting,
        State::Received(_) | State::Processing(_) => pb::Completion::InProgress,
        State::SupplementRequested(_) | State::PaymentRequested(_) => {
            pb::Completion::WaitsForApplicant
        }
        State::ResultReady(..) | State::Returned(..) => pb::Completion::Finished,
        State::Refused(_) | State::Withdrawn(..) | State::Stopped(..) => pb::Completion::Closed,
    }
}

/// The reply of `TrackDossier`; `places` are for those who may know them.
#[must_use]
pub fn tracked(dossier: &Dossier, places: &[Place]) -> pb::TrackDossierResponse {
    pb::TrackDossierResponse {
        code: dossier.code.to_string(),
        completion: completion(&dossier.state).into(),
        places: places.iter().map(place).collect(),
    }
}

fn place(place: &Place) -> pb::TrackedPlace {
    let standing = match place.standing {
        Standing::Holds => pb::PlaceStanding::Holds,
        Standing::Offered => pb::PlaceStanding::Offered,
        Standing::Held | Standing::Left => pb::PlaceStanding::Unspecified,
    };
    pb::TrackedPlace {
        unit_uid: place.unit.clone(),
        unit_name: place.name.clone(),
        standing: standing.into(),
        since: Some(clock::to_timestamp(place.since)),
    }
}

/// The channel on the wire.
#[must_use]
pub fn channel(channel: Channel) -> pb::Channel {
    match channel {
        Channel::Online => pb::Channel::Online,
        Channel::Counter => pb::Channel::Counter,
        Channel::Post => pb::Channel::Post,
    }
}

/// The applicant on the wire; nothing once it was erased. Personal.
#[must_use]
pub fn applicant(filing: &Filing) -> Option<pb::Applicant> {
    let applicant = filing.applicant.as_ref()?;
    let kind = match applicant.number.kind() {
        Kind::Cccd => pb::ApplicantNumberKind::Cccd,
        Kind::Cmnd => pb::ApplicantNumberKind::Cmnd,
        Kind::Mst => pb::ApplicantNumberKind::Mst,
        Kind::Passport => pb::ApplicantNumberKind::Passport,
    };
    Some(pb::Applicant {
        name: applicant.name.clone(),
        number_kind: kind.into(),
        number: applicant.number.value().to_owned(),
        party_uid: filing.party.clone().unwrap_or_default(),
        phone: applicant.phone.clone(),
    })
}

/// The outcome on the wire.
#[must_use]
pub fn outcome(outcome: Outcome) -> pb::Outcome {
    match outcome {
        Outcome::Granted => pb::Outcome::Granted,
        Outcome::Refused => pb::Outcome::Refused,
    }
}

/// How a result is handed over, on the wire.
#[must_use]
pub fn method(method: Method) -> pb::ReturnMethod {
    match method {
        Method::Desk => pb::ReturnMethod::Desk,
        Method::Online => pb::ReturnMethod::Online,
        Method::Post => pb::ReturnMethod::Post,
    }
}

fn filed_by(filed_by: FiledBy) -> pb::FiledBy {
    match filed_by {
        FiledBy::Itself => pb::FiledBy::Self_,
        FiledBy::Proxy => pb::FiledBy::Proxy,
        FiledBy::Officer => pb::FiledBy::Officer,
        FiledBy::System => pb::FiledBy::System,
    }
}

fn origin(origin: &Origin) -> pb::Origin {
    pb::Origin {
        system: origin.system.clone(),
        code: origin.code.clone(),
    }
}

/// What is to be paid, on the wire.
#[must_use]
pub fn fee(fee: &FeeDue) -> pb::FeeDue {
    pb::FeeDue {
        key: fee.key.clone(),
        name: fee.name.clone(),
        amount_vnd: fee.amount_vnd,
        before_reception: fee.before_reception,
    }
}

/// One component as it was handed in, on the wire.
#[must_use]
pub fn handed_in(handed: &HandedIn) -> pb::HandedIn {
    pb::HandedIn {
        component_key: handed.key.clone(),
        originals: handed.originals,
        copies: handed.copies,
    }
}

fn decision(decision: &Decision) -> pb::Decision {
    pb::Decision {
        outcome: outcome(decision.outcome).into(),
        number: decision.number.clone(),
        date: decision.date.to_string(),
        signer: decision.signer.clone(),
        unit_uid: decision.unit.clone(),
        recorded_at: Some(clock::to_timestamp(decision.recorded_at)),
        evidence: decision.evidence.clone(),
    }
}

/// The reply of `SubmitDossier`; `twin` is the code of a dossier with the same content.
#[must_use]
pub fn submitted(new: &Dossier, twin: Option<&str>) -> Vec<u8> {
    pb::SubmitDossierResponse {
        dossier: Some(dossier(new)),
        warnings: warnings(new, twin),
    }
    .encode_to_vec()
}

/// The reply of `RegisterDossier`.
#[must_use]
pub fn registered(new: &Dossier, twin: Option<&str>) -> Vec<u8> {
    pb::RegisterDossierResponse {
        dossier: Some(dossier(new)),
        warnings: warnings(new, twin),
    }
    .encode_to_vec()
}

fn warnings(new: &Dossier, twin: Option<&str>) -> Vec<pb::Warning> {
    let warning = |code: &str| pb::Warning {
        reason: "POSSIBLE_DUPLICATE".to_owned(),
        message: format!("Có thể trùng với hồ sơ {code} đã nộp"),
    };
    let twin = twin.map(warning);
    twin.into_iter().chain(codes::grown(&new.code)).collect()
}

/// The reply of a step.
#[must_use]
pub fn stepped(verb: &Verb, after: &Dossier) -> Vec<u8> {
    let dossier = Some(dossier(after));
    match verb {
        Verb::Receive => pb::ReceiveDossierResponse { dossier }.encode_to_vec(),
        Verb::Refuse(_) => pb::RefuseDossierResponse { dossier }.encode_to_vec(),
        Verb::Withdraw(_) => pb::WithdrawDossierResponse { dossier }.encode_to_vec(),
        Verb::Decide(..) => pb::RecordDecisionResponse { dossier }.encode_to_vec(),
        Verb::Return(..) => pb::ReturnResultResponse { dossier }.encode_to_vec(),
        Verb::Guide(_) => pb::GuideDossierResponse { dossier }.encode_to_vec(),
        Verb::Forward(_) => pb::ForwardDossierResponse { dossier }.encode_to_vec(),
        Verb::AskSupplement(..) => pb::RequestSupplementResponse { dossier }.encode_to_vec(),
        Verb::Supplement(_) => pb::SupplementDossierResponse { dossier }.encode_to_vec(),
        Verb::AskPayment(..) => pb::RequestPaymentResponse { dossier }.encode_to_vec(),
        Verb::Pay(_) => pb::ConfirmPaymentResponse { dossier }.encode_to_vec(),
        Verb::Postpone(_) => pb::PostponeAppointmentResponse { dossier }.encode_to_vec(),
        Verb::Correct(..) => pb::CorrectDossierResponse { dossier }.encode_to_vec(),
        Verb::Stop(_) => pb::StopDossierResponse { dossier }.encode_to_vec(),
    }
}
