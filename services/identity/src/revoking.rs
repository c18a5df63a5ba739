//! Taking tokens back, and telling the services which were.

use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation, decode};
use kit::authority::Context;
use kit::caller::{AUDIENCE, Claims, KeySet};
use kit::clock;
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::writer::{Step, Writer};
use proto::identity::v1::RevokeTokenRequest;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::ledger::{Act, Identity};
use crate::settings::Settings;
use crate::store;
use crate::token::Revocation;

/// How often what time has made void is forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(10);

/// Takes tokens back.
pub(crate) struct Revoking {
    pub db: Db,
    pub writer: Writer<Identity>,
    pub settings: Settings,
}

impl Revoking {
    /// What tokens are verified by now.
    pub async fn key_set(&self) -> Result<KeySet, Error> {
        let now = clock::real().timestamp();
        Ok(KeySet {
            issuer: self.settings.issuer.clone(),
            keys: self.settings.signing.public(),
            revoked: store::revocation::in_force(self.db.read(), now).await?,
        })
    }

    /// Takes a token back; one that is not ours changes nothing.
    pub async fn revoke(&self, token: &str, cause: Cause) -> Result<(), Failure> {
        let Some(act) = self.act(token) else {
            return Ok(());
        };
        self.writer.own(Step { act, cause }).await?;
        Ok(())
    }

    /// The same at a caller's request, which may be repeated.
    pub async fn revoke_for(
        &self,
        context: &Context,
        request_id: String,
        request: &RevokeTokenRequest,
    ) -> Result<(), Failure> {
        let Some(act) = self.act(&request.token) else {
            return Ok(());
        };
        self.writer.call(context, request_id, request, act).await?;
        Ok(())
    }

    fn act(&self, token: &str) -> Option<Act> {
        let claims = self.read(token)?;
        Some(Act::Revoke(Revocation::of_token(claims.jti, claims.exp)))
    }

    /// What a token of ours says, whether or not it has ended.
    fn read(&self, token: &str) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.validate_exp = false;
        let keys = self.settings.signing.public();
        keys.iter().find_map(|key| {
            let decoded = decode::<Claims>(token, &key.decoding().ok()?, &validation);
            decoded.ok().map(|decoded| decoded.claims)
        })
    }
}

/// Forgets from time to time what time has made void, until stopped.
pub(crate) async fn forget(db: Db, stop: CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(FORGET_EVERY))
        .await
        .is_some()
    {
        let now = clock::real().timestamp();
        if let Err(error) = store::revocation::forget(db.write(), now).await {
            tracing::warn!(%error, "what was taken back is not forgotten yet");
        }
    }
}
