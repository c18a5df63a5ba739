//! Everybody's tokens, and what refusals say of them.

use std::sync::PoisonError;
use std::time::Duration;

use kit::failure::reason_of;
use proto::identity::v1::IssueTokenRequest;
use tonic::{Code, Request, Status};

use super::{Line, PATIENCE, insert};

/// What somebody calls with. It says what held then.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token {
    text: String,
    /// Since the run began.
    asked_for: Duration,
}

impl Line {
    /// A token that is no good any more is not used again.
    pub fn heed(&self, caller: &str, status: &Status) {
        if status.code() == Code::Unauthenticated {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.remove(caller);
        }
    }

    /// What a refusal says: nothing, where it may follow from the token alone since a unit has ended. Then another is got.
    pub(super) fn heard(&self, caller: &str, token: &Token, status: Status) -> Status {
        self.heed(caller, &status);
        let reason = reason_of(&status);
        if !self.ends.may_explain(&reason, token.asked_for) {
            return status;
        }
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.get(caller) == Some(token) {
            tokens.remove(caller);
        }
        Status::unavailable("signed in before a unit ended")
    }

    pub(super) async fn token(&self, caller: &str) -> Result<Token, Status> {
        if let Some(known) = self.known_token(caller) {
            return Ok(known);
        }
        // A herd of new callers is let in a few at a time: a token costs identity two signatures, and a citizen its registration.
        let _turn = self.issuing.acquire().await;
        // Another call of the same may have got one meanwhile.
        if let Some(known) = self.known_token(caller) {
            return Ok(known);
        }
        let asked_for = self.now();
        let request = Request::new(IssueTokenRequest {
            proof: Some(self.cast.proof(caller)),
        });
        let text = self.send(request, PATIENCE).await?.message.token;
        let token = Token { text, asked_for };
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(caller.to_owned(), token.clone());
        Ok(token)
    }

    fn known_token(&self, caller: &str) -> Option<Token> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(caller).cloned()
    }
}

pub(super) fn signed<T>(token: &Token, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {}", token.text);
    insert(request.metadata_mut(), "authorization", &bearer);
    request
}
