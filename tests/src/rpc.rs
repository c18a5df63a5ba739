//! The rpcs: which request goes where, and what comes back.

use proto::catalogue::v1 as catalogue;
use proto::identity::v1 as identity;
use proto::intake::v1 as intake;
use proto::routing::v1 as routing;

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
    identity "UnitService" {
        "GetUnit": GetUnitRequest => GetUnitResponse,
        "ListUnits": ListUnitsRequest => ListUnitsResponse,
        "SearchUnits": SearchUnitsRequest => SearchUnitsResponse,
        "GetSuccession": GetSuccessionRequest => GetSuccessionResponse,
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
    }
    catalogue "CalendarService" {
        "GetCalendar": GetCalendarRequest => GetCalendarResponse,
        "ImportCalendar": ImportCalendarRequest => ImportCalendarResponse,
    }
    intake "DossierService" {
        "SubmitDossier": SubmitDossierRequest => SubmitDossierResponse,
        "RegisterDossier": RegisterDossierRequest => RegisterDossierResponse,
        "ReceiveDossier": ReceiveDossierRequest => ReceiveDossierResponse,
        "RefuseDossier": RefuseDossierRequest => RefuseDossierResponse,
        "WithdrawDossier": WithdrawDossierRequest => WithdrawDossierResponse,
        "RecordDecision": RecordDecisionRequest => RecordDecisionResponse,
        "ReturnResult": ReturnResultRequest => ReturnResultResponse,
        "GetDossier": GetDossierRequest => GetDossierResponse,
        "ListDossiers": ListDossiersRequest => ListDossiersResponse,
        "TrackDossier": TrackDossierRequest => TrackDossierResponse,
        "ExplainDeadline": ExplainDeadlineRequest => ExplainDeadlineResponse,
    }
    intake "EventService" {
        "ReadEvents": ReadEventsRequest => ReadEventsResponse,
    }
    routing "TransferService" {
        "PullTransfers": PullTransfersRequest => PullTransfersResponse,
        "AcceptTransfer": AcceptTransferRequest => AcceptTransferResponse,
        "DeclineTransfer": DeclineTransferRequest => DeclineTransferResponse,
        "ForwardTransfer": ForwardTransferRequest => ForwardTransferResponse,
        "CompleteTransfer": CompleteTransferRequest => CompleteTransferResponse,
        "GetTransfer": GetTransferRequest => GetTransferResponse,
        "ListTransfers": ListTransfersRequest => ListTransfersResponse,
        "GetRoute": GetRouteRequest => GetRouteResponse,
    }
}
