//! The rpcs that the demo and the load generator call: which request goes where and what comes back.
//!
//! Messages travel as the bytes that they are. So a mutation that was acknowledged can be sent again to the bit, and two
//! replies are the same when their bytes are.

use http::uri::PathAndQuery;
use prost::Message;
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use proto::catalogue::v1 as catalogue;
use proto::identity::v1 as identity;
use proto::intake::v1 as intake;
use proto::routing::v1 as routing;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// The metadata key of the position that a mutation reached.
const POSITION: &str = "motcua-position";

/// A request that knows its rpc.
pub trait Rpc: Message {
    /// What comes back.
    type Reply: Message + Default;
    /// `/motcua.intake.v1.DossierService/SubmitDossier`.
    const PATH: &'static str;
}

macro_rules! rpcs {
    ($($package:ident $service:literal { $($name:literal: $request:ident => $reply:ident),* $(,)? })*) => {
        $($(impl Rpc for $package::$request {
            type Reply = $package::$reply;
            const PATH: &'static str = concat!("/motcua.", stringify!($package), ".v1.", $service, "/", $name);
        })*)*

        /// Every rpc with the names of its messages.
        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[
            $($((
                <$package::$request as Rpc>::PATH,
                concat!(".motcua.", stringify!($package), ".v1.", stringify!($request)),
                concat!(".motcua.", stringify!($package), ".v1.", stringify!($reply)),
            )),*),*
        ];
    };
}

rpcs! {
    identity "TokenService" {
        "IssueToken": IssueTokenRequest => IssueTokenResponse,
        "SignIn": SignInRequest => SignInResponse,
    }
    identity "UnitService" {
        "ListUnits": ListUnitsRequest => ListUnitsResponse,
    }
    catalogue "ProcedureService" {
        "GetProcedure": GetProcedureRequest => GetProcedureResponse,
        "ListProcedures": ListProceduresRequest => ListProceduresResponse,
        "GetCatalogueSummary": GetCatalogueSummaryRequest => GetCatalogueSummaryResponse,
    }
    catalogue "CalendarService" {
        "GetCalendar": GetCalendarRequest => GetCalendarResponse,
    }
    intake "DossierService" {
        "SubmitDossier": SubmitDossierRequest => SubmitDossierResponse,
        "RegisterDossier": RegisterDossierRequest => RegisterDossierResponse,
        "ReceiveDossier": ReceiveDossierRequest => ReceiveDossierResponse,
        "GuideDossier": GuideDossierRequest => GuideDossierResponse,
        "RefuseDossier": RefuseDossierRequest => RefuseDossierResponse,
        "RequestSupplement": RequestSupplementRequest => RequestSupplementResponse,
        "SupplementDossier": SupplementDossierRequest => SupplementDossierResponse,
        "RequestPayment": RequestPaymentRequest => RequestPaymentResponse,
        "PostponeAppointment": PostponeAppointmentRequest => PostponeAppointmentResponse,
        "WithdrawDossier": WithdrawDossierRequest => WithdrawDossierResponse,
        "RecordDecision": RecordDecisionRequest => RecordDecisionResponse,
        "ReturnResult": ReturnResultRequest => ReturnResultResponse,
        "GetDossier": GetDossierRequest => GetDossierResponse,
        "ListDossiers": ListDossiersRequest => ListDossiersResponse,
        "ExplainDeadline": ExplainDeadlineRequest => ExplainDeadlineResponse,
    }
    intake "PaymentService" {
        "ConfirmPayment": ConfirmPaymentRequest => ConfirmPaymentResponse,
    }
    routing "TransferService" {
        "PullTransfers": PullTransfersRequest => PullTransfersResponse,
        "AcceptTransfer": AcceptTransferRequest => AcceptTransferResponse,
        "DeclineTransfer": DeclineTransferRequest => DeclineTransferResponse,
        "ForwardTransfer": ForwardTransferRequest => ForwardTransferResponse,
        "CompleteTransfer": CompleteTransferRequest => CompleteTransferResponse,
        "ListTransfers": ListTransfersRequest => ListTransfersResponse,
        "GetRoute": GetRouteRequest => GetRouteResponse,
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The rpc.
    pub path: &'static str,
    /// The reply, to the bit.
    pub body: Bytes,
    /// The position that a mutation reached.
    pub position: Option<String>,
}

/// An answer does not hold what the contract says.
#[derive(Debug, thiserror::Error)]
#[error("{rpc} answered something else than the contract says: {what}")]
pub struct OutOfContract {
    /// The rpc.
    pub rpc: &'static str,
    /// What is wrong.
    pub what: String,
}

impl Answer {
    /// The reply as a message.
    ///
    /// # Errors
    /// When it is none of this kind.
    pub fn read<M: Message + Default>(&self) -> Result<M, OutOfContract> {
        M::decode(self.body.clone()).map_err(|error| self.lacks(error.to_string()))
    }

    /// It does not hold what the contract says.
    #[must_use]
    pub fn lacks(&self, what: impl Into<String>) -> OutOfContract {
        OutOfContract {
            rpc: self.path,
            what: what.into(),
        }
    }
}

/// One call on a connection.
///
/// # Errors
/// What comes back instead of an answer.
pub async fn unary(
    channel: &Channel,
    path: &'static str,
    request: Request<Bytes>,
) -> Result<Answer, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let reply = grpc
        .unary(request, PathAndQuery::from_static(path), Raw)
        .await?;
    let position = reply
        .metadata()
        .get(POSITION)
        .and_then(|value| value.to_str().ok());
    Ok(Answer {
        path,
        position: position.map(str::to_owned),
        body: reply.into_inner(),
    })
}

/// Carries messages as the bytes that they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

#[cfg(test)]
mod tests {
    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn every_rpc_is_in_the_contract_with_these_messages() {
        let contract = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
        let mut known = Vec::new();
        for file in &contract.file {
            for service in &file.service {
                for method in &service.method {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                    known.push((
                        path,
                        method.input_type().to_owned(),
                        method.output_type().to_owned(),
                    ));
                }
            }
        }
        for (path, request, reply) in ALL {
            let wanted = (
                (*path).to_owned(),
                (*request).to_owned(),
                (*reply).to_owned(),
            );
            assert!(known.contains(&wanted), "{path} is not in the contract");
        }
    }
}
