//! One question to the suite, and how its answer is read.

#[path = "probe/people.rs"]
mod people;

use prost::Message;
use prost_types::Timestamp;
use proto::intake::v1 as intake;
use proto::routing::v1 as routing;
use tests::cast::AN;
use tests::filing::{AT_THE_DESK_ONLY, VERTICAL, applicant};
use tests::rpc::Method;
use tests::subscriber::subscribe;
use tests::{Actor, Held, Refusal, desk, new_request_id};
use tonic::{Code, Status};

use crate::scene::{Place, Scene, World};
pub use people::{Officers, officers};

/// Named where nothing but the right and the state is to stand in the way.
const ANY_REVISION: i64 = 0;
/// Nobody has seen this revision, so that nothing changes.
const NO_REVISION: i64 = 1_000_000;
/// No offer has this epoch, so that nothing changes.
const NO_OFFER: i64 = 1_000_000;

/// How the suite answers as far as authority goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It lets the caller.
    Yes,
    /// The state of the dossier or transfer, or what its step is, forbids it to anybody.
    State,
    /// It names a custody that it does not have.
    Unheld,
    /// It is there, but not this caller's to do this to.
    No,
    /// It does not say that it is there.
    Unknown,
    /// Not in this role at all.
    Denied,
}

impl Outcome {
    /// The mark in the table.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::State => "state",
            Self::Unheld => "unheld",
            Self::No => "no",
            Self::Unknown => "?",
            Self::Denied => "-",
        }
    }

    fn of(refused: &Status) -> Self {
        let refusal = Refusal::of(refused);
        match (refusal.code, refusal.reason.as_str()) {
            (_, "TOKEN_MISSING" | "RPC_NOT_GRANTED") => Self::Denied,
            // Who may pay is told that this is no order of the dossier.
            (_, "ORDER_NOT_FOUND" | "SIGN_IN_REFUSED") => Self::Yes,
            (Code::NotFound, _) => Self::Unknown,
            (_, "STATE_FORBIDS" | "DECISION_REQUIRED") => Self::State,
            (_, "NOT_THE_HOLDER" | "CUSTODY_NOT_KNOWN_YET") => Self::Unheld,
            (Code::PermissionDenied, _) => Self::No,
            (
                Code::InvalidArgument
                | Code::FailedPrecondition
                | Code::Aborted
                | Code::AlreadyExists,
                _,
            ) => Self::Yes,
            _ => panic!("no answer: {refused:?}"),
        }
    }
}

/// What an rpc is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Nothing that somebody stands to.
    Nothing,
    /// A unit's officers.
    Unit,
    /// A party.
    Party,
    /// A dossier or its transfers.
    Dossier,
}

/// One question.
pub struct Probe<'a> {
    pub method: &'a Method,
    pub world: &'a World,
    pub scene: &'a Scene,
    pub officers: &'a Officers,
}

/// A request, and how a reply to it is to be read.
struct Question {
    body: Vec<u8>,
    read: fn(&[u8], &Probe<'_>) -> Outcome,
}

fn plain(request: &impl Message) -> Question {
    Question {
        body: request.encode_to_vec(),
        read: |_, _| Outcome::Yes,
    }
}

fn read(request: &impl Message, read: fn(&[u8], &Probe<'_>) -> Outcome) -> Question {
    Question {
        body: request.encode_to_vec(),
        read,
    }
}

fn known_if(shown: bool) -> Outcome {
    if shown {
        Outcome::Yes
    } else {
        Outcome::Unknown
    }
}

/// What the rpc of this name is about.
pub fn subject_of(rpc: &str) -> Subject {
    let (service, verb) = rpc.split_once('/').unwrap();
    match (service, verb) {
        ("identity.OfficerService", _) => Subject::Unit,
        ("identity.PartyService", "GetParty" | "GrantProxy" | "RevokeProxy" | "ListProxies") => {
            Subject::Party
        }
        ("intake.DossierService", "TrackDossier" | "PreviewDossier" | "WatchDossiers") => {
            Subject::Nothing
        }
        (
            "intake.DossierService"
            | "intake.PaymentService"
            | "routing.TransferService"
            | "routing.QueueService",
            _,
        ) => Subject::Dossier,
        _ => Subject::Nothing,
    }
}

impl Probe<'_> {
    /// Asks, and says how it was answered and what was replied.
    pub async fn ask(&self, actor: &Actor) -> (Outcome, Result<Vec<u8>, Status>) {
        let question = self.question();
        let answer = actor.send(self.method, question.body).await;
        let outcome = match &answer {
            Err(refused) => Outcome::of(refused),
            Ok(reply) => (question.read)(reply, self),
        };
        (outcome, answer)
    }

    /// That of the transfer; before acceptance there is none, and one must be named all the same.
    fn custody_epoch(&self) -> i64 {
        self.scene.transfer.custody_epoch.max(1)
    }

    fn question(&self) -> Question {
        let rpc = self.method.short_name();
        let (service, verb) = rpc.split_once('/').unwrap();
        match subject_of(&rpc) {
            Subject::Nothing => plain(&()),
            Subject::Unit => self.of_officers(verb),
            Subject::Party => self.of_parties(verb),
            Subject::Dossier if service == "routing.TransferService" => self.of_transfers(verb),
            Subject::Dossier if service == "routing.QueueService" => self.of_queues(verb),
            Subject::Dossier => self.of_dossiers(verb),
        }
    }

    fn of_dossiers(&self, verb: &str) -> Question {
        let dossier_uid = self.scene.dossier.uid.clone();
        let request_id = new_request_id();
        let expected_revision = ANY_REVISION;
        let reason = "thử".to_owned();
        let held = Held {
            transfer: routing::Transfer {
                dossier_uid: dossier_uid.clone(),
                custody_epoch: self.custody_epoch(),
                ..self.scene.transfer.clone()
            },
            position: None,
        };
        let mut owner = applicant(AN);
        self.scene.owner().clone_into(&mut owner.party_uid);
        match verb {
            "GetDossier" => plain(&desk::by_uid(&dossier_uid)),
            "ListDossiers" => {
                let page_size = 500;
                let request = intake::ListDossiersRequest {
                    page_size,
                    ..Default::default()
                };
                read(&request, lists_the_dossier)
            }
            "GetHistory" => plain(&intake::GetHistoryRequest { dossier_uid }),
            "ExplainDeadline" => plain(&intake::ExplainDeadlineRequest { dossier_uid }),
            "ReceiveDossier" => plain(&intake::ReceiveDossierRequest {
                request_id,
                dossier_uid,
                expected_revision,
            }),
            "RefuseDossier" => plain(&intake::RefuseDossierRequest {
                request_id,
                dossier_uid,
                expected_revision,
                reason,
            }),
            "WithdrawDossier" => plain(&intake::WithdrawDossierRequest {
                request_id,
                dossier_uid,
                expected_revision,
                reason,
            }),
            "RecordDecision" => plain(&desk::decide(&held)),
            "ReturnResult" => plain(&desk::give_back(&held)),
            // Both are refused after who may: this one is not to be handed in online, that one not to us.
            "SubmitDossier" => plain(&intake::SubmitDossierRequest {
                applicant: Some(owner),
                ..AT_THE_DESK_ONLY.online(self.scene.unit)
            }),
            "RegisterDossier" => plain(&VERTICAL.at_counter(self.scene.unit)),
            "RequestSupplement" => plain(&desk::ask_supplement(&held, "")),
            "RequestPayment" => plain(&desk::ask_payment(&held, &[1_000])),
            _ => self.of_courses(verb),
        }
    }

    /// What happens to a dossier on its way.
    fn of_courses(&self, verb: &str) -> Question {
        let dossier_uid = self.scene.dossier.uid.clone();
        let request_id = new_request_id();
        let expected_revision = ANY_REVISION;
        let reason = "thử".to_owned();
        match verb {
            "GuideDossier" => plain(&intake::GuideDossierRequest {
                request_id,
                dossier_uid,
                expected_revision,
                items: vec![desk::item("")],
            }),
            "ReserveCodes" => plain(&desk::reserve(self.scene.unit, "2017-08-28", 1)),
            "ReturnCodes" => plain(&desk::return_codes(&self.scene.block)),
            // The unit above is not competent, so that nothing changes.
            "ForwardDossier" => plain(&intake::ForwardDossierRequest {
                request_id,
                dossier_uid,
                expected_revision,
                competent_unit_uid: self.world.name(self.scene, Place::Parent).to_owned(),
            }),
            // Nothing was asked for.
            "SupplementDossier" => plain(&intake::SupplementDossierRequest {
                request_id,
                dossier_uid,
                expected_revision,
                components: Vec::new(),
                form_data: "{}".to_owned(),
            }),
            // That was long ago.
            "PostponeAppointment" => plain(&intake::PostponeAppointmentRequest {
                request_id,
                dossier_uid,
                expected_revision,
                new_appointment: Some(Timestamp::default()),
                reason,
                legal_basis: String::new(),
            }),
            // It says so already.
            "CorrectDossier" => plain(&intake::CorrectDossierRequest {
                request_id,
                dossier_uid,
                expected_revision,
                reason,
                returning_unit_uid: self.scene.unit.to_owned(),
                ..Default::default()
            }),
            "StopDossier" => plain(&desk::stop(&self.scene.dossier)),
            "ConfirmPayment" => plain(&desk::confirm(
                &self.scene.dossier,
                &intake::Payment {
                    order_uid: "none".to_owned(),
                    amount_vnd: 1,
                    ..Default::default()
                },
            )),
            _ => panic!("the matrix does not know {verb}: say how it is asked"),
        }
    }

    fn of_transfers(&self, verb: &str) -> Question {
        let request_id = new_request_id();
        let transfer_uid = self.scene.transfer.uid.clone();
        let unit_uid = self.scene.unit.to_owned();
        let offer_epoch = NO_OFFER;
        let reason = "thử".to_owned();
        match verb {
            "GetTransfer" => plain(&routing::GetTransferRequest { uid: transfer_uid }),
            "GetRoute" => plain(&routing::GetRouteRequest {
                dossier_uid: self.scene.dossier.uid.clone(),
            }),
            "ListTransfers" => plain(&routing::ListTransfersRequest {
                unit_uid,
                ..Default::default()
            }),
            "PullTransfers" => plain(&routing::PullTransfersRequest {
                unit_uid,
                max_transfers: 1,
                ..Default::default()
            }),
            "AcceptTransfer" => plain(&routing::AcceptTransferRequest {
                request_id,
                transfer_uid,
                offer_epoch,
            }),
            "DeclineTransfer" => plain(&routing::DeclineTransferRequest {
                request_id,
                transfer_uid,
                offer_epoch,
                reason,
            }),
            "ForwardTransfer" => plain(&routing::ForwardTransferRequest {
                request_id,
                transfer_uid,
                offer_epoch,
                to_unit_uid: self.scene.unit.to_owned(),
                reason,
                paper: Vec::new(),
            }),
            "CompleteTransfer" => plain(&routing::CompleteTransferRequest {
                request_id,
                transfer_uid,
                custody_epoch: self.custody_epoch(),
                paper: Vec::new(),
            }),
            _ => self.of_the_way_back(verb),
        }
    }

    /// What goes back, and paper.
    fn of_the_way_back(&self, verb: &str) -> Question {
        let request_id = new_request_id();
        let transfer_uid = self.scene.transfer.uid.clone();
        let unit_uid = self.scene.unit.to_owned();
        let custody_epoch = self.custody_epoch();
        let reason = "thử".to_owned();
        match verb {
            "RecallTransfer" => plain(&routing::RecallTransferRequest {
                request_id,
                transfer_uid,
                offer_epoch: NO_OFFER,
                reason,
            }),
            "ReturnTransfer" => plain(&routing::ReturnTransferRequest {
                request_id,
                transfer_uid,
                custody_epoch,
                reason,
            }),
            // No step of the route has this key, so that nothing changes.
            "SendBackTransfer" => plain(&routing::SendBackTransferRequest {
                request_id,
                transfer_uid,
                custody_epoch,
                to_step_key: "nowhere".to_owned(),
                reason,
                paper: Vec::new(),
            }),
            // No paper travels, so that nothing is received.
            "ReceivePaper" => plain(&routing::ReceivePaperRequest {
                request_id,
                transfer_uid,
                missing: Vec::new(),
            }),
            "GetManifest" => plain(&routing::GetManifestRequest {
                from_unit_uid: unit_uid.clone(),
                to_unit_uid: unit_uid,
                ..Default::default()
            }),
            // No dossier has this code, so that nothing changes.
            "BatchAcceptTransfers" => plain(&routing::BatchAcceptTransfersRequest {
                request_id,
                from_unit_uid: unit_uid.clone(),
                unit_uid,
                manifest_made_at: None,
                dossier_codes: vec!["none".to_owned()],
            }),
            _ => self.of_deliveries(verb),
        }
    }

    /// What is done with deliveries. None is known under this epoch.
    fn of_deliveries(&self, verb: &str) -> Question {
        let unit_uid = self.scene.unit.to_owned();
        let deliveries = vec![routing::DeliveryKey {
            transfer_uid: self.scene.transfer.uid.clone(),
            offer_epoch: NO_OFFER,
            attempt: 1,
        }];
        match verb {
            "StreamTransfers" => plain(&subscribe(&unit_uid)),
            "AcknowledgeTransfers" => plain(&routing::AcknowledgeTransfersRequest {
                unit_uid,
                deliveries,
            }),
            "ModifyLeases" => plain(&routing::ModifyLeasesRequest {
                unit_uid,
                deliveries,
                change: Some(routing::modify_leases_request::Change::GiveBack(
                    prost_types::Duration::default(),
                )),
            }),
            _ => self.of_desks(verb),
        }
    }

    fn of_queues(&self, verb: &str) -> Question {
        let unit_uid = self.scene.unit.to_owned();
        match verb {
            "GetQueueStats" => plain(&routing::GetQueueStatsRequest { unit_uid }),
            "ListDeadLetters" => plain(&routing::ListDeadLettersRequest {
                unit_uid,
                ..Default::default()
            }),
            "RedriveDeadLetters" => plain(&routing::RedriveDeadLettersRequest {
                request_id: new_request_id(),
                unit_uid,
                transfer_uids: Vec::new(),
            }),
            _ => self.of_desks(verb),
        }
    }

    /// Who in a unit works on a transfer.
    fn of_desks(&self, verb: &str) -> Question {
        let request_id = new_request_id();
        let transfer_uid = self.scene.transfer.uid.clone();
        let expected_revision = NO_REVISION;
        match verb {
            "AssignTransfer" => plain(&routing::AssignTransferRequest {
                request_id,
                transfer_uid,
                expected_revision,
                assignee: "nobody".to_owned(),
            }),
            "ReleaseTransfer" => plain(&routing::ReleaseTransferRequest {
                request_id,
                transfer_uid,
                expected_revision,
            }),
            "ClaimTransfer" => plain(&routing::ClaimTransferRequest {
                request_id,
                transfer_uid,
                expected_revision,
            }),
            _ => panic!("the matrix does not know {verb}: say how it is asked"),
        }
    }
}

fn lists_the_dossier(reply: &[u8], probe: &Probe<'_>) -> Outcome {
    let listed = intake::ListDossiersResponse::decode(reply).unwrap();
    let mut dossiers = listed.dossiers.iter();
    known_if(dossiers.any(|dossier| dossier.uid == probe.scene.dossier.uid))
}
