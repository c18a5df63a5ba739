//! Giving tokens: from a proof of who is asking to what the token says.

mod officers;
mod people;

use kit::access;
use kit::caller::{self, AUDIENCE, Caller, Claims, Confirmation, Grant, Granted, LONGEST_TOKEN};
use kit::clock::{self, Moment};
use kit::db::Db;
use kit::rate::Rate;
use kit::serve::PeerCertificate;
use kit::writer::Writer;

use crate::client::{self, Client};
use crate::error::Error;
use crate::jose::SignerKey;
use crate::ledger::Identity;
use crate::provider::{Person, Providers};
use crate::settings::Settings;
use crate::store;
use crate::store::register::Units;
use crate::subject::Subject;
use crate::token::{self, Accepted, Refusal, Unverified};
use crate::unit;

/// How many tokens one caller is given a second. Each needs one in ten minutes …
pub(crate) const PER_SECOND: u32 = 2;
/// … and so many at once, since all replicas of a system may start together.
pub(crate) const AT_ONCE: u32 = 60;

/// Gives tokens.
pub(crate) struct Issuing {
    pub db: Db,
    pub units: Units,
    pub writer: Writer<Identity>,
    pub settings: Settings,
    pub providers: Providers,
    pub access: access::Log,
    pub rate: Rate,
}

/// A token that was given.
pub(crate) struct Issued {
    /// What is sent with calls.
    pub token: String,
    /// When it ends, seconds since 1970.
    pub ends: i64,
}

/// The circumstances of a request for a token.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Civil time, which units and positions live in.
    pub civil: Moment,
    /// W3C trace context.
    pub traceparent: String,
    /// The rpc or page by which it is asked for.
    pub by: &'static str,
    /// The certificate that was shown.
    pub certificate: Option<PeerCertificate>,
}

impl Issuing {
    /// A token for whoever signed an assertion: a client system, or a service of the suite.
    pub async fn by_assertion(&self, jwt: &str, asked: &Asked) -> Result<Issued, Error> {
        let now = clock::real();
        let assertion = Unverified::read(jwt)?;
        let subject = assertion.subject.as_str();
        let addresses = self.addresses();
        if let Some(key) = self.settings.service_key(subject) {
            let key = SignerKey::parse(&key.to_jwk()).map_err(|_| Refusal::Unknown)?;
            let accepted = assertion.verify(&[key], &addresses, now)?;
            self.count(subject)?;
            self.take_once(subject, &accepted).await?;
            let claims = self.claims(subject, token::of_a_service(), now);
            return self.sign(&claims, asked);
        }
        let name: Subject = subject.parse().map_err(|()| Refusal::Unknown)?;
        let client = store::client::find(self.db.read(), &name).await?;
        let client = client.ok_or(Refusal::Unknown)?;
        let accepted = assertion.verify(&client.keys, &addresses, now)?;
        self.count(subject)?;
        self.take_once(subject, &accepted).await?;
        self.for_client(&client, asked).await
    }

    /// A token for the client system that shows the certificate that it is bound to (RFC 8705).
    pub async fn by_certificate(&self, client_id: &str, asked: &Asked) -> Result<Issued, Error> {
        let name: Subject = client_id.parse().map_err(|()| Refusal::Unknown)?;
        let client = store::client::find(self.db.read(), &name).await?;
        let client = client.ok_or(Refusal::Unknown)?;
        let shown = asked
            .certificate
            .as_ref()
            .map(|shown| shown.subject.as_str());
        let bound = client.registration.certificate_subject.as_deref();
        if bound.is_none() || bound != shown {
            return Err(Refusal::Unknown.into());
        }
        self.count(client_id)?;
        self.for_client(&client, asked).await
    }

    /// A token for somebody who signed in elsewhere.
    pub async fn by_id_token(&self, jwt: &str, asked: &Asked) -> Result<Issued, Error> {
        let now = clock::real();
        match self.providers.person(jwt, now).await? {
            Person::Officer(subject) => self.for_officer(&subject, asked).await,
            Person::Applicant(particulars) => self.for_applicant(particulars, asked).await,
        }
    }

    /// Counts a token of somebody whose proof holds: nobody else can use up what is his.
    fn count(&self, subject: &str) -> Result<(), Error> {
        self.rate.count(subject).map_err(Error::TooManyTokens)
    }

    /// The names under which this suite may be addressed by an assertion.
    fn addresses(&self) -> Vec<String> {
        let issuer = &self.settings.issuer;
        vec![
            AUDIENCE.to_owned(),
            issuer.clone(),
            format!("{}/oauth2/token", issuer.trim_end_matches('/')),
        ]
    }

    async fn take_once(&self, subject: &str, accepted: &Accepted) -> Result<(), Error> {
        let Accepted { jti, ends } = accepted;
        let first = store::revocation::take(self.db.write(), subject, jti, *ends).await?;
        if first {
            Ok(())
        } else {
            Err(Refusal::Replayed.into())
        }
    }

    async fn for_client(&self, client: &Client, asked: &Asked) -> Result<Issued, Error> {
        if client.disabled {
            return Err(Error::ClientDisabled);
        }
        let registration = &client.registration;
        let role = registration.kind.role();
        let granted = match &registration.reach {
            client::Reach::At(units) => granted(role, self.estates(units, asked).await?),
            client::Reach::Everywhere => Granted {
                role,
                at: Vec::new(),
                everywhere: true,
            },
        };
        let certificate = asked.certificate.as_ref();
        let claims = Claims {
            rpcs: Some(registration.rpcs.clone()),
            rate_class: Some(registration.rate_class),
            cnf: certificate.map(|shown| Confirmation::of(&shown.thumbprint)),
            ..self.claims(client.subject.as_str(), vec![granted], clock::real())
        };
        self.sign(&claims, asked)
    }

    /// The units that do the work of these now, each with all whose work it took over.
    async fn estates(&self, units: &[unit::Uid], asked: &Asked) -> Result<Vec<String>, Error> {
        let register = self.units.now().await?;
        let today = clock::local(asked.civil).date();
        let mut estates = Vec::new();
        for unit in units {
            for unit in register.estate(unit, today) {
                if !estates.contains(&unit) {
                    estates.push(unit);
                }
            }
        }
        Ok(estates.iter().map(ToString::to_string).collect())
    }

    fn claims(&self, subject: &str, grants: Vec<Granted>, now: Moment) -> Claims {
        token::claims(&self.settings.issuer, subject, grants, now)
    }

    /// The one place from which tokens go out, which records each.
    fn sign(&self, claims: &Claims, asked: &Asked) -> Result<Issued, Error> {
        let token = caller::sign(claims, &self.settings.signing.key())?;
        if token.len() > LONGEST_TOKEN {
            return Err(Error::TooMuchGranted);
        }
        let grants = claims.grants.iter().cloned();
        let caller = Caller {
            subject: claims.sub.clone(),
            grants: grants.map(Grant::from).collect(),
            client: None,
            certificate: None,
        };
        self.access
            .signed_in(&caller, asked.civil, &asked.traceparent, asked.by)
            .map_err(Error::Refused)?;
        Ok(Issued {
            token,
            ends: claims.exp,
        })
    }
}

fn granted(role: caller::Role, at: Vec<String>) -> Granted {
    Granted {
        role,
        at,
        everywhere: false,
    }
}
