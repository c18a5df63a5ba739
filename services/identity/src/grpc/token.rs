//! `TokenService`.

use std::sync::Arc;

use kit::authority::{Context, Rules};
use kit::clock;
use kit::failure::Failure;
use kit::fields::{Fields, required};
use kit::serve::PeerCertificate;
use proto::identity::v1::issue_token_request::Proof;
use proto::identity::v1::token_service_server::TokenService;
use proto::identity::v1::{
    GetCallerRequest, GetCallerResponse, GetKeySetRequest, GetKeySetResponse, IssueTokenRequest,
    IssueTokenResponse, RevokeTokenRequest, RevokeTokenResponse, SignInRequest, SignInResponse,
};
use tonic::{Request, Response, Status};

use super::SignIns;
use crate::issuing::{Asked, Issuing};
use crate::revoking::Revoking;
use crate::wire;

const ISSUE: &str = "motcua.identity.v1.TokenService/IssueToken";
const LONGEST_TOKEN: usize = 16 * 1024;

/// Gives tokens, takes them back, and tells the keys that verify them.
pub(crate) struct Tokens {
    pub issuing: Arc<Issuing>,
    pub revoking: Arc<Revoking>,
    pub sign_ins: SignIns,
}

#[tonic::async_trait]
impl TokenService for Tokens {
    async fn issue_token(
        &self,
        request: Request<IssueTokenRequest>,
    ) -> Result<Response<IssueTokenResponse>, Status> {
        let context = Context::of(&request)?;
        let asked = Asked {
            civil: context.at,
            traceparent: context.traceparent,
            by: ISSUE,
            certificate: request.extensions().get::<PeerCertificate>().cloned(),
        };
        let issued = match request.into_inner().proof {
            None => return Err(Failure::invalid_fields(vec![required("proof")]).into()),
            Some(Proof::Assertion(jwt)) => self.issuing.by_assertion(&jwt, &asked).await?,
            Some(Proof::IdToken(jwt)) => self.issuing.by_id_token(&jwt, &asked).await?,
        };
        let ends = clock::from_micros(issued.ends * 1_000_000);
        Ok(Response::new(IssueTokenResponse {
            token: issued.token,
            expires_at: Some(clock::to_timestamp(ends)),
        }))
    }

    async fn sign_in(
        &self,
        request: Request<SignInRequest>,
    ) -> Result<Response<SignInResponse>, Status> {
        let context = Context::of(&request)?;
        let reply = self.sign_ins.sign_in(&context, request.get_ref()).await?;
        Ok(Response::new(reply))
    }

    async fn revoke_token(
        &self,
        request: Request<RevokeTokenRequest>,
    ) -> Result<Response<RevokeTokenResponse>, Status> {
        let context = Context::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let request_id = fields.request_id(&message.request_id);
        fields.text("token", &message.token, LONGEST_TOKEN);
        fields.finish()?;
        let revoked = self.revoking.revoke_for(&context, request_id, &message);
        revoked.await?;
        Ok(Response::new(RevokeTokenResponse {}))
    }

    async fn get_key_set(
        &self,
        _: Request<GetKeySetRequest>,
    ) -> Result<Response<GetKeySetResponse>, Status> {
        let set = self.revoking.key_set().await?;
        Ok(Response::new(wire::caller::key_set(set)))
    }

    async fn get_caller(
        &self,
        request: Request<GetCallerRequest>,
    ) -> Result<Response<GetCallerResponse>, Status> {
        let context = Context::of(&request)?;
        let caller = context.caller();
        let rules = Rules::of_the_suite().map_err(|error| Status::internal(error.to_string()))?;
        let admitted = rules.all().filter(|rule| rule.admit(caller).is_ok());
        let mut rpcs: Vec<String> = admitted.map(|rule| rule.rpc().to_owned()).collect();
        rpcs.sort_unstable();
        let class = caller.client.as_ref().map(|terms| terms.rate_class);
        let rate_class = class.map(wire::caller::rate_class).unwrap_or_default();
        Ok(Response::new(GetCallerResponse {
            caller: Some(wire::caller::caller(caller)),
            rpcs,
            rate_class: rate_class.into(),
        }))
    }
}
