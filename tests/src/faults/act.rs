//! The requests that change something: under which kind they are noted, and what their replies tell.

use proto::catalogue::v1 as catalogue;
use proto::identity::v1 as identity;
use proto::intake::v1 as intake;
use proto::routing::v1 as routing;

use super::record::{Kind, Succession, Told};
use crate::rpc::Rpc;

/// A request that changes something.
pub trait Acting: Rpc {
    /// What it asks for.
    const KIND: Kind;
    /// Its id.
    fn request_id(&self) -> &str;
    /// What its reply tells.
    fn told(&self, reply: &Self::Reply) -> Told;
}

macro_rules! on_dossiers {
    ($($request:ident => $kind:ident $(, $transfer:ident)?;)*) => {
        $(impl Acting for intake::$request {
            const KIND: Kind = Kind::$kind;

            fn request_id(&self) -> &str {
                &self.request_id
            }

            fn told(&self, reply: &Self::Reply) -> Told {
                let dossier = reply.dossier.clone().unwrap_or_default();
                Told {
                    dossier: dossier.uid,
                    code: dossier.code,
                    $(transfer: self.$transfer.clone(),)?
                    ..Told::default()
                }
            }
        })*
    };
}

macro_rules! on_transfers {
    ($($request:ident => $kind:ident, $epoch:ident $(, offer $seen:literal)? $(, anew $anew:ident)?;)*) => {
        $(impl Acting for routing::$request {
            const KIND: Kind = Kind::$kind;

            fn request_id(&self) -> &str {
                &self.request_id
            }

            fn told(&self, reply: &Self::Reply) -> Told {
                let transfer = reply.transfer.clone().unwrap_or_default();
                Told {
                    epoch: transfer.$epoch,
                    dossier: transfer.dossier_uid,
                    code: transfer.dossier_code,
                    transfer: transfer.uid,
                    $(offer: self.offer_epoch + $seen,)?
                    $(anew: reply.$anew.clone().unwrap_or_default().uid,)?
                    ..Told::default()
                }
            }
        })*
    };
}

macro_rules! on_codes {
    ($($request:ident => $kind:ident;)*) => {
        $(impl Acting for intake::$request {
            const KIND: Kind = Kind::$kind;

            fn request_id(&self) -> &str {
                &self.request_id
            }

            fn told(&self, _: &Self::Reply) -> Told {
                Told::default()
            }
        })*
    };
}

impl Acting for intake::SubmitDossierRequest {
    const KIND: Kind = Kind::Submit;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn told(&self, reply: &Self::Reply) -> Told {
        let dossier = reply.dossier.clone().unwrap_or_default();
        Told {
            dossier: dossier.uid,
            code: dossier.code,
            origin: self.external_id.clone(),
            ..Told::default()
        }
    }
}

impl Acting for routing::BatchAcceptTransfersRequest {
    const KIND: Kind = Kind::TakeIn;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn told(&self, reply: &Self::Reply) -> Told {
        let taken = reply.scanned.iter().flat_map(|scanned| &scanned.transfers);
        let each = taken.map(|transfer| Told {
            dossier: transfer.dossier_uid.clone(),
            code: transfer.dossier_code.clone(),
            transfer: transfer.uid.clone(),
            epoch: transfer.custody_epoch,
            ..Told::default()
        });
        each.collect()
    }
}

impl Acting for routing::RedriveDeadLettersRequest {
    const KIND: Kind = Kind::Redrive;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn told(&self, reply: &Self::Reply) -> Told {
        let each = reply.transfer_uids.iter().map(|uid| Told {
            transfer: uid.clone(),
            ..Told::default()
        });
        each.collect()
    }
}

impl Acting for catalogue::ImportCalendarRequest {
    const KIND: Kind = Kind::Announce;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn told(&self, reply: &Self::Reply) -> Told {
        let day = self.days.first();
        Told {
            epoch: reply.revision,
            day_off: day.map(|day| day.date.clone()).unwrap_or_default(),
            ..Told::default()
        }
    }
}

impl Acting for identity::ImportUnitsRequest {
    const KIND: Kind = Kind::EndUnit;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn told(&self, _: &Self::Reply) -> Told {
        let succession = self.successions.first().map(|of| Succession {
            unit: of.from_uid.clone(),
            heir: of.to_uid.clone(),
        });
        Told {
            succession: succession.map(Box::new),
            ..Told::default()
        }
    }
}

on_codes! {
    ReserveCodesRequest => Reserve;
    ReturnCodesRequest => GiveBack;
}

on_dossiers! {
    RegisterDossierRequest => Register;
    ReceiveDossierRequest => Receive;
    RefuseDossierRequest => Refuse;
    GuideDossierRequest => Guide;
    ForwardDossierRequest => SendOn;
    CorrectDossierRequest => Correct;
    RequestSupplementRequest => AskSupplement;
    SupplementDossierRequest => Supplement;
    RequestPaymentRequest => AskPayment;
    ConfirmPaymentRequest => Pay;
    PostponeAppointmentRequest => Postpone;
    StopDossierRequest => Stop;
    WithdrawDossierRequest => Withdraw;
    RecordDecisionRequest => Decide, transfer_uid;
    ReturnResultRequest => Return, transfer_uid;
}

on_transfers! {
    AcceptTransferRequest => Accept, custody_epoch, offer 0;
    DeclineTransferRequest => Decline, offer_epoch, offer 0;
    RecallTransferRequest => Recall, offer_epoch, offer 0;
    ForwardTransferRequest => Forward, offer_epoch, offer 1;
    CompleteTransferRequest => Complete, custody_epoch;
    ReturnTransferRequest => ReturnStep, custody_epoch;
    SendBackTransferRequest => SendBack, custody_epoch, anew offered;
    ClaimTransferRequest => Claim, revision;
    AssignTransferRequest => Assign, revision;
    ReleaseTransferRequest => Release, revision;
    ReceivePaperRequest => ReceivePaper, revision;
}
