//! What is told of applicants is recorded first.

use std::collections::BTreeSet;

use kit::access::{Reading, handling_units};
use kit::authority::Context;
use kit::caller::Caller;
use kit::failure::Failure;
use proto::intake::v1 as pb;
use tonic::{Response, Status};

use super::Dossiers;
use crate::custody::Standing;
use crate::dossier::Dossier;
use crate::error::Error;
use crate::store;

/// A reply to a mutation, which may tell of a dossier and its applicant.
pub(super) trait Tells {
    /// The rpc that it is of.
    const RPC: &'static str;

    /// The dossier; `None` where it tells of none.
    fn dossier(&self) -> Option<&pb::Dossier>;
}

impl Dossiers {
    /// Records what the reply to a mutation tells, and only then gives it. Whoever does something to a dossier handles it.
    pub(super) fn telling<R: Tells>(
        &self,
        context: &Context,
        response: Response<R>,
    ) -> Result<Response<R>, Status> {
        let told = response.get_ref().dossier().into_iter();
        let reading = Reading {
            rpc: R::RPC,
            objects: told.map(|dossier| dossier.uid.as_str()).collect(),
            is_handled: true,
        };
        self.access.read(context, &reading)?;
        Ok(response)
    }

    /// Records that the caller of an rpc is told of these dossiers and their applicants.
    pub(super) async fn record(
        &self,
        context: &Context,
        rpc: &'static str,
        dossiers: &[Dossier],
    ) -> Result<(), Failure> {
        let reading = Reading {
            rpc,
            objects: dossiers
                .iter()
                .map(|dossier| dossier.uid.as_str())
                .collect(),
            is_handled: self.are_handled(context.caller(), dossiers).await?,
        };
        self.access.read(context, &reading)
    }

    /// Whether each of them is the business of a unit of the caller: it receives, decides or returns, or holds a step now.
    async fn are_handled(&self, caller: &Caller, dossiers: &[Dossier]) -> Result<bool, Error> {
        let units = handling_units(caller);
        let others = dossiers
            .iter()
            .filter(|dossier| !dossier.units.include_any(&units))
            .map(|dossier| dossier.uid.as_str());
        let others: BTreeSet<&str> = others.collect();
        if others.is_empty() || units.is_empty() {
            return Ok(others.is_empty());
        }
        let custodies = store::custodies(self.db.read(), &others).await?;
        let held: BTreeSet<&str> = custodies
            .iter()
            .filter(|custody| custody.standing == Standing::Holds)
            .filter(|custody| units.contains(custody.unit.as_str()))
            .map(|custody| custody.dossier.as_str())
            .collect();
        Ok(held == others)
    }
}

macro_rules! tells_a_dossier {
    ($($reply:ident of $rpc:literal;)*) => {$(
        impl Tells for pb::$reply {
            const RPC: &'static str = concat!("motcua.intake.v1.", $rpc);

            fn dossier(&self) -> Option<&pb::Dossier> {
                self.dossier.as_ref()
            }
        }
    )*};
}

tells_a_dossier! {
    SubmitDossierResponse of "DossierService/SubmitDossier";
    RegisterDossierResponse of "DossierService/RegisterDossier";
    ReceiveDossierResponse of "DossierService/ReceiveDossier";
    GuideDossierResponse of "DossierService/GuideDossier";
    ForwardDossierResponse of "DossierService/ForwardDossier";
    RefuseDossierResponse of "DossierService/RefuseDossier";
    RequestSupplementResponse of "DossierService/RequestSupplement";
    SupplementDossierResponse of "DossierService/SupplementDossier";
    RequestPaymentResponse of "DossierService/RequestPayment";
    PostponeAppointmentResponse of "DossierService/PostponeAppointment";
    CorrectDossierResponse of "DossierService/CorrectDossier";
    StopDossierResponse of "DossierService/StopDossier";
    WithdrawDossierResponse of "DossierService/WithdrawDossier";
    RecordDecisionResponse of "DossierService/RecordDecision";
    ReturnResultResponse of "DossierService/ReturnResult";
    ConfirmPaymentResponse of "PaymentService/ConfirmPayment";
}

/// Codes that no dossier has are nobody's.
impl Tells for pb::ReserveCodesResponse {
    const RPC: &'static str = "motcua.intake.v1.DossierService/ReserveCodes";

    fn dossier(&self) -> Option<&pb::Dossier> {
        None
    }
}

impl Tells for pb::ReturnCodesResponse {
    const RPC: &'static str = "motcua.intake.v1.DossierService/ReturnCodes";

    fn dossier(&self) -> Option<&pb::Dossier> {
        None
    }
}
