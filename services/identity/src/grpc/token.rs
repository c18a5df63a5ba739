//! `TokenService`.

use kit::authority::Context;
use kit::caller::{self, Claims};
use kit::clock::{self, Moment};
use kit::db::Db;
use proto::identity::v1::token_service_server::TokenService;
use proto::identity::v1::{
    GetCallerRequest, GetCallerResponse, GetKeySetRequest, GetKeySetResponse, IssueTokenRequest,
    IssueTokenResponse,
};
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::principal::Principal;
use crate::settings::Settings;
use crate::store::register::Units;
use crate::token::{self, Refusal, Unverified};
use crate::{store, wire};

/// Gives tokens, and the keys that verify them.
pub(crate) struct Tokens {
    pub db: Db,
    pub units: Units,
    pub settings: Settings,
}

impl Tokens {
    /// What the token says that an assertion earns. Tokens live in real time, units in civil time.
    async fn claims(&self, assertion: &str, civil: Moment) -> Result<Claims, Error> {
        let now = clock::real();
        let (assertion, subject) = Unverified::read(assertion)?;
        if let Some(key) = self.settings.service_key(&subject) {
            assertion.verify(&subject, key, now)?;
            return Ok(token::of_service(&subject, now));
        }
        let principal = self.principal(&subject).await?;
        assertion.verify(&subject, &principal.public_key, now)?;
        let today = clock::local(civil).date();
        let units = self.units.now().await?;
        Ok(token::of_principal(&principal, &units, today, now))
    }

    async fn principal(&self, subject: &str) -> Result<Principal, Error> {
        let subject = subject.parse().map_err(|()| Refusal::Unknown)?;
        let principal = store::principal::find(self.db.read(), &subject).await?;
        Ok(principal.ok_or(Refusal::Unknown)?)
    }
}

#[tonic::async_trait]
impl TokenService for Tokens {
    async fn issue_token(
        &self,
        request: Request<IssueTokenRequest>,
    ) -> Result<Response<IssueTokenResponse>, Status> {
        let civil = Context::of(&request)?.at;
        let claims = self.claims(&request.get_ref().assertion, civil).await?;
        let token = caller::sign(&claims, &self.settings.signing_key).map_err(Error::from)?;
        Ok(Response::new(IssueTokenResponse {
            token,
            expires_at: Some(clock::to_timestamp(clock::from_micros(
                claims.exp * 1_000_000,
            ))),
        }))
    }

    async fn get_key_set(
        &self,
        _: Request<GetKeySetRequest>,
    ) -> Result<Response<GetKeySetResponse>, Status> {
        let key = self.settings.signing_key.public();
        Ok(Response::new(GetKeySetResponse {
            keys: vec![wire::caller::verifying_key(&key)],
        }))
    }

    async fn get_caller(
        &self,
        request: Request<GetCallerRequest>,
    ) -> Result<Response<GetCallerResponse>, Status> {
        let context = Context::of(&request)?;
        Ok(Response::new(GetCallerResponse {
            caller: Some(wire::caller::caller(context.caller())),
        }))
    }
}
