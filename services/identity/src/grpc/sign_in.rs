//! `TokenService.SignIn`: a password for a token.
//!
//! Nobody can tell from outside why a sign-in is refused. Whoever asks, the same is done: one look at the store, one attempt
//! counted in it, one hash made.

use std::sync::Arc;

use kit::authority::Context;
use kit::clock;
use kit::failure::{Failure, Violation};
use kit::fields::Fields;
use kit::writer::Step;
use prost::Message as _;
use proto::identity::v1 as pb;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::issuing::{self, Issuing};
use crate::ledger::{Act, Attempt, SignedIn};
use crate::password::{Credential, Hash, LONGEST, Password, Place, Pool, Unique};
use crate::store;
use crate::subject::Subject;

const SIGN_IN: &str = "motcua.identity.v1.TokenService/SignIn";
/// No subject has a space.
const NOBODY: &str = "nobody at all";

/// Signs officers in.
pub(crate) struct SignIns {
    pub issuing: Arc<Issuing>,
    pub pool: Pool,
}

/// Who wants in.
struct Asked {
    /// `None` when it can be nobody.
    subject: Option<Subject>,
    text: String,
    password: Password,
    new_password: Option<Password>,
}

impl TryFrom<&pb::SignInRequest> for Asked {
    type Error = Failure;

    fn try_from(message: &pb::SignInRequest) -> Result<Self, Failure> {
        let mut fields = Fields::new();
        let subject: Option<Subject> = message.subject.parse().ok();
        if message.password.chars().count() > LONGEST {
            fields.reject(Violation::new(
                "password",
                "TOO_LONG",
                format!("at most {LONGEST} characters are allowed"),
                format!("nhiều nhất là {LONGEST} ký tự"),
            ));
        }
        let wanted = message.new_password.as_str();
        let new_password = subject.as_ref().filter(|_| !wanted.is_empty());
        let new_password = new_password
            .and_then(|subject| fields.take(Password::new("new_password", wanted, subject)));
        fields.finish()?;
        Ok(Self {
            subject,
            text: message.subject.clone(),
            password: Password::given(&message.password),
            new_password,
        })
    }
}

impl SignIns {
    /// A token for a password.
    pub async fn sign_in(
        &self,
        context: &Context,
        message: &pb::SignInRequest,
    ) -> Result<pb::SignInResponse, Failure> {
        let asked = Asked::try_from(message)?;
        let place = self.pool.place().ok_or(Error::Overloaded)?;
        let (subject, kept) = self.verify(context, &place, &asked).await?;
        self.must_hold_one(context, &subject).await?;
        let must_change = kept.one_time && asked.new_password.is_none();
        let changed = match asked.new_password {
            Some(password) => {
                let hash = place.hash(password, Unique::random()).await;
                Some((kept.hash, hash.ok_or(Error::Overloaded)?))
            }
            None => None,
        };
        let signed_in = SignedIn {
            subject: subject.clone(),
            changed,
        };
        self.own(context, Act::SignedIn(signed_in)).await?;
        if must_change {
            return Err(Error::PasswordChangeRequired.into());
        }
        let asked = issuing::Asked {
            civil: context.at,
            traceparent: context.traceparent.clone(),
            by: SIGN_IN,
            certificate: None,
        };
        let issued = self.issuing.for_positions(&subject, &asked).await?;
        let ends = clock::from_micros(issued.ends * 1_000_000);
        Ok(pb::SignInResponse {
            token: issued.token,
            expires_at: Some(clock::to_timestamp(ends)),
        })
    }

    /// The officer whose password it is, and what is kept of that.
    async fn verify(
        &self,
        context: &Context,
        place: &Place,
        asked: &Asked,
    ) -> Result<(Subject, Credential), Failure> {
        // Somebody is looked for also where it can be nobody.
        let sought = asked.subject.as_ref().map_or(NOBODY, Subject::as_str);
        let kept = store::password::find(self.issuing.db.read(), sought).await;
        let kept = kept.map_err(Error::from)?;
        let attempt = Attempt {
            subject: asked.subject.clone(),
            decoy: decoy(&asked.text),
        };
        let counts = self.own(context, Act::Attempt(attempt)).await?;
        let counts = bool::decode(counts.as_slice()).unwrap_or(false);
        let hash = kept
            .as_ref()
            .map_or_else(Hash::decoy, |kept| kept.hash.clone());
        let matches = place.verify(asked.password.clone(), hash).await;
        let signed_in = asked.subject.clone().zip(kept);
        let signed_in = signed_in.filter(|_| counts && matches);
        Ok(signed_in.ok_or(Error::SignInRefused)?)
    }

    /// Refuses who signs in at a provider here. Whoever knows the password may know that, and it is no failed attempt.
    async fn must_hold_one(&self, context: &Context, subject: &Subject) -> Result<(), Failure> {
        if self.issuing.takes_password(subject, context.at).await? {
            return Ok(());
        }
        let signed_in = SignedIn {
            subject: subject.clone(),
            changed: None,
        };
        self.own(context, Act::SignedIn(signed_in)).await?;
        Err(Error::ProviderRequired(subject.clone()).into())
    }

    async fn own(&self, context: &Context, act: Act) -> Result<Vec<u8>, Failure> {
        let cause = context.cause();
        Ok(self.issuing.writer.own(Step { act, cause }).await?.body)
    }
}

/// Where attempts of nobody are counted: always in the same place for the same name, as those of an officer are.
fn decoy(text: &str) -> String {
    format!("{NOBODY} {}", Sha256::digest(text)[0])
}
