//! The rpcs: which request goes where, and what comes back.

use prost::Message as _;
use prost::bytes::{Buf as _, BufMut as _};
use prost_types::FileDescriptorSet;
use proto::catalogue::v1 as catalogue;
use proto::identity::v1 as identity;
use proto::intake::v1 as intake;
use proto::routing::v1 as routing;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// A request that knows its rpc.
pub trait Rpc: prost::Message + Clone + Send + Sync + 'static {
    /// What comes back.
    type Reply: prost::Message + Default + Clone + PartialEq + Send + 'static;
    /// `/motcua.intake.v1.DossierService/SubmitDossier`.
    const PATH: &'static str;
}

macro_rules! rpcs {
    ($($package:ident $service:literal { $($name:literal: $request:ident => $reply:ident),* $(,)? })*) => {
        $($(impl Rpc for $package::$request {
            type Reply = $package::$reply;
            const PATH: &'static str = concat!("/motcua.", stringify!($package), ".v1.", $service, "/", $name);
        })*)*
    };
}

rpcs! {
    identity "TokenService" {
        "IssueToken": IssueTokenRequest => IssueTokenResponse,
        "GetCaller": GetCallerRequest => GetCallerResponse,
    }
    identity "ClientService" {
        "RegisterClient": RegisterClientRequest => RegisterClientResponse,
    }
    identity "UnitService" {
        "GetUnit": GetUnitRequest => GetUnitResponse,
        "ListUnits": ListUnitsRequest => ListUnitsResponse,
        "SearchUnits": SearchUnitsRequest => SearchUnitsResponse,
        "GetSuccession": GetSuccessionRequest => GetSuccessionResponse,
        "ImportUnits": ImportUnitsRequest => ImportUnitsResponse,
    }
    identity "OfficerService" {
        "RegisterOfficer": RegisterOfficerRequest => RegisterOfficerResponse,
        "AssignPosition": AssignPositionRequest => AssignPositionResponse,
        "DelegatePosition": DelegatePositionRequest => DelegatePositionResponse,
        "EndPosition": EndPositionRequest => EndPositionResponse,
        "DisableOfficer": DisableOfficerRequest => DisableOfficerResponse,
        "GetOfficer": GetOfficerRequest => GetOfficerResponse,
    }
    identity "PartyService" {
        "RegisterParty": RegisterPartyRequest => RegisterPartyResponse,
        "GetParty": GetPartyRequest => GetPartyResponse,
        "FindParty": FindPartyRequest => FindPartyResponse,
        "UpdateParty": UpdatePartyRequest => UpdatePartyResponse,
        "AddPartyNumber": AddPartyNumberRequest => AddPartyNumberResponse,
        "MergeParties": MergePartiesRequest => MergePartiesResponse,
        "UnmergeParties": UnmergePartiesRequest => UnmergePartiesResponse,
        "GrantProxy": GrantProxyRequest => GrantProxyResponse,
        "RevokeProxy": RevokeProxyRequest => RevokeProxyResponse,
        "ListProxies": ListProxiesRequest => ListProxiesResponse,
    }
    catalogue "ProcedureService" {
        "GetProcedure": GetProcedureRequest => GetProcedureResponse,
        "GetCatalogueSummary": GetCatalogueSummaryRequest => GetCatalogueSummaryResponse,
        "CreateDraft": CreateDraftRequest => CreateDraftResponse,
        "UpdateDraft": UpdateDraftRequest => UpdateDraftResponse,
        "PublishVersion": PublishVersionRequest => PublishVersionResponse,
        "SetOnlineLevel": SetOnlineLevelRequest => SetOnlineLevelResponse,
    }
    catalogue "CalendarService" {
        "GetCalendar": GetCalendarRequest => GetCalendarResponse,
        "ImportCalendar": ImportCalendarRequest => ImportCalendarResponse,
    }
    intake "DossierService" {
        "SubmitDossier": SubmitDossierRequest => SubmitDossierResponse,
        "RegisterDossier": RegisterDossierRequest => RegisterDossierResponse,
        "ReserveCodes": ReserveCodesRequest => ReserveCodesResponse,
        "ReturnCodes": ReturnCodesRequest => ReturnCodesResponse,
        "ReceiveDossier": ReceiveDossierRequest => ReceiveDossierResponse,
        "RefuseDossier": RefuseDossierRequest => RefuseDossierResponse,
        "GuideDossier": GuideDossierRequest => GuideDossierResponse,
        "ForwardDossier": ForwardDossierRequest => ForwardDossierResponse,
        "RequestSupplement": RequestSupplementRequest => RequestSupplementResponse,
        "SupplementDossier": SupplementDossierRequest => SupplementDossierResponse,
        "RequestPayment": RequestPaymentRequest => RequestPaymentResponse,
        "PostponeAppointment": PostponeAppointmentRequest => PostponeAppointmentResponse,
        "CorrectDossier": CorrectDossierRequest => CorrectDossierResponse,
        "StopDossier": StopDossierRequest => StopDossierResponse,
        "WithdrawDossier": WithdrawDossierRequest => WithdrawDossierResponse,
        "RecordDecision": RecordDecisionRequest => RecordDecisionResponse,
        "ReturnResult": ReturnResultRequest => ReturnResultResponse,
        "GetDossier": GetDossierRequest => GetDossierResponse,
        "ListDossiers": ListDossiersRequest => ListDossiersResponse,
        "TrackDossier": TrackDossierRequest => TrackDossierResponse,
        "PreviewDossier": PreviewDossierRequest => PreviewDossierResponse,
        "GetHistory": GetHistoryRequest => GetHistoryResponse,
        "WatchDossiers": WatchDossiersRequest => WatchDossiersResponse,
        "ExplainDeadline": ExplainDeadlineRequest => ExplainDeadlineResponse,
    }
    intake "PaymentService" {
        "ConfirmPayment": ConfirmPaymentRequest => ConfirmPaymentResponse,
    }
    intake "EventService" {
        "ReadEvents": ReadEventsRequest => ReadEventsResponse,
    }
    routing "TransferService" {
        "StreamTransfers": StreamTransfersRequest => StreamTransfersResponse,
        "PullTransfers": PullTransfersRequest => PullTransfersResponse,
        "AcknowledgeTransfers": AcknowledgeTransfersRequest => AcknowledgeTransfersResponse,
        "ModifyLeases": ModifyLeasesRequest => ModifyLeasesResponse,
        "AcceptTransfer": AcceptTransferRequest => AcceptTransferResponse,
        "DeclineTransfer": DeclineTransferRequest => DeclineTransferResponse,
        "ForwardTransfer": ForwardTransferRequest => ForwardTransferResponse,
        "CompleteTransfer": CompleteTransferRequest => CompleteTransferResponse,
        "RecallTransfer": RecallTransferRequest => RecallTransferResponse,
        "ReturnTransfer": ReturnTransferRequest => ReturnTransferResponse,
        "SendBackTransfer": SendBackTransferRequest => SendBackTransferResponse,
        "GetManifest": GetManifestRequest => GetManifestResponse,
        "BatchAcceptTransfers": BatchAcceptTransfersRequest => BatchAcceptTransfersResponse,
        "ReceivePaper": ReceivePaperRequest => ReceivePaperResponse,
        "ClaimTransfer": ClaimTransferRequest => ClaimTransferResponse,
        "AssignTransfer": AssignTransferRequest => AssignTransferResponse,
        "ReleaseTransfer": ReleaseTransferRequest => ReleaseTransferResponse,
        "GetTransfer": GetTransferRequest => GetTransferResponse,
        "ListTransfers": ListTransfersRequest => ListTransfersResponse,
        "GetRoute": GetRouteRequest => GetRouteResponse,
    }
    routing "QueueService" {
        "GetQueueStats": GetQueueStatsRequest => GetQueueStatsResponse,
        "ListDeadLetters": ListDeadLettersRequest => ListDeadLettersResponse,
        "RedriveDeadLetters": RedriveDeadLettersRequest => RedriveDeadLettersResponse,
    }
}

/// An rpc of the contract.
#[derive(Clone, Debug)]
pub struct Method {
    /// `/motcua.intake.v1.DossierService/SubmitDossier`.
    pub path: String,
    /// Whether it answers with a stream.
    pub streams: bool,
}

impl Method {
    /// All rpcs of the contract.
    pub fn all() -> Vec<Self> {
        let files = FileDescriptorSet::decode(proto::DESCRIPTORS);
        let mut methods = Vec::new();
        for file in files.expect("the contract's own descriptors").file {
            for service in &file.service {
                methods.extend(service.method.iter().map(|method| Self {
                    path: format!("/{}.{}/{}", file.package(), service.name(), method.name()),
                    streams: method.server_streaming(),
                }));
            }
        }
        methods
    }

    /// As the table of rules names it: `intake.DossierService/SubmitDossier`.
    pub fn short_name(&self) -> String {
        self.path
            .replacen("/motcua.", "", 1)
            .replacen(".v1.", ".", 1)
    }
}

/// Messages as the bytes that they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, body: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&body);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length).to_vec()))
    }
}
