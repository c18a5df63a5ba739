//! By what a call was let in, for streams that outlast it.

use tonic::Request;

use super::Verifier;
use crate::failure::Failure;

/// The token of a call, which may end before the call does.
#[derive(Clone)]
pub struct Pass(Option<(Verifier, Vec<u8>)>);

impl Pass {
    /// That of a request; one without a token never ends.
    #[must_use]
    pub fn of<T>(request: &Request<T>) -> Self {
        let verifier = request.extensions().get::<Verifier>().cloned();
        let value = request.metadata().get("authorization");
        let token = value.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        Self(verifier.zip(token.map(<[u8]>::to_vec)))
    }

    /// Ends when the token holds no longer, with the reason.
    pub async fn outlived(&self) -> Failure {
        match &self.0 {
            Some((verifier, token)) => verifier.outlived(token).await,
            None => std::future::pending().await,
        }
    }
}
