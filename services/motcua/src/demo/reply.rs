//! What replies hold.

use proto::intake::v1 as intake;
use proto::intake::v1::Dossier;
use proto::routing::v1::Transfer;

use super::act::Act;
use super::error::Error;
use crate::rpc::Answer;

/// The transfer in a reply of routing.
///
/// # Errors
/// When there is none.
pub fn transfer_in(transfer: Option<Transfer>, answer: &Answer) -> Result<Box<Transfer>, Error> {
    transfer
        .map(Box::new)
        .ok_or_else(|| answer.lacks("it has no transfer").into())
}

/// The dossier in a reply of intake; `None` for acts on transfers.
///
/// # Errors
/// When there is none where one must be.
pub fn dossier_in(act: &Act, answer: &Answer) -> Result<Option<Dossier>, Error> {
    let dossier = match act {
        Act::Submit => answer.read::<intake::SubmitDossierResponse>()?.dossier,
        Act::Register => answer.read::<intake::RegisterDossierResponse>()?.dossier,
        Act::Receive => answer.read::<intake::ReceiveDossierResponse>()?.dossier,
        Act::Refuse => answer.read::<intake::RefuseDossierResponse>()?.dossier,
        Act::Guide => answer.read::<intake::GuideDossierResponse>()?.dossier,
        Act::AskSupplement(_) => answer.read::<intake::RequestSupplementResponse>()?.dossier,
        Act::Supplement(_) => answer.read::<intake::SupplementDossierResponse>()?.dossier,
        Act::AskPayment(_) => answer.read::<intake::RequestPaymentResponse>()?.dossier,
        Act::Pay(..) => answer.read::<intake::ConfirmPaymentResponse>()?.dossier,
        Act::Apologise(_) => {
            answer
                .read::<intake::PostponeAppointmentResponse>()?
                .dossier
        }
        Act::Withdraw => answer.read::<intake::WithdrawDossierResponse>()?.dossier,
        Act::Decide(_) => answer.read::<intake::RecordDecisionResponse>()?.dossier,
        Act::Return(_) => answer.read::<intake::ReturnResultResponse>()?.dossier,
        Act::SubmitInVain
        | Act::Accept(_)
        | Act::Decline(_)
        | Act::Forward(_)
        | Act::Complete(_) => return Ok(None),
    };
    let told = dossier.filter(|dossier| !dossier.uid.is_empty());
    told.map(Some)
        .ok_or_else(|| answer.lacks("it has no dossier").into())
}
