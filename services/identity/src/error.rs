//! What can go wrong: every variant is one documented reason and one code.

mod clients;
mod parties;
mod sign_in;
mod staffing;

use std::time::Duration;

use kit::db;
use kit::failure::{Failure, Violation};
use kit::keys;
use kit::sheet::BadRow;
use sea_orm::DbErr;
use tonic::{Code, Status};

use crate::issuing::{AT_ONCE, PER_SECOND};
use crate::register::Fault;
use crate::staff::Outcome;
use crate::subject::Subject;
use crate::{fault, party, position, provider, token, unit, wire};

/// Why identity refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `UNIT_NOT_FOUND`.
    #[error("there is no unit {0}")]
    UnitNotFound(unit::Uid),
    /// `IMPORT_INVALID`: every fault of every row.
    #[error("{} rows cannot be taken in", .0.len())]
    ImportInvalid(Vec<Fault>),
    /// `PARTY_NOT_FOUND`: it does not exist, or the caller may not know that it does.
    #[error("there is no party {0}")]
    PartyNotFound(party::Uid),
    /// `CLIENT_NOT_FOUND`.
    #[error("there is no client system {0}")]
    ClientNotFound(Subject),
    /// `CLIENT_EXISTS`.
    #[error("another registration has the name {0}")]
    ClientExists(Subject),
    /// `CERTIFICATE_TAKEN`.
    #[error("another client system is bound to this certificate subject")]
    CertificateTaken,
    /// `KEYS_FULL`.
    #[error("the client system has two keys: remove one first")]
    KeysFull,
    /// `KEY_NOT_FOUND`.
    #[error("the client system has no such key")]
    KeyNotFound,
    /// `PARTY_NOT_FOUND`: nobody has the number that was asked for.
    #[error("no party has this number")]
    NumberUnknown,
    /// `NUMBER_TAKEN`.
    #[error("another party has this number: {0}")]
    NumberTaken(party::Uid),
    /// `NUMBER_UNFIT`.
    #[error("a party of this kind has no number of that register")]
    NumberUnfit(party::Kind),
    /// `PARTY_MERGED`.
    #[error("party {party} was merged into {survivor}")]
    PartyMerged {
        /// The party that was named.
        party: party::Uid,
        /// The one that stands for it.
        survivor: party::Uid,
    },
    /// `PARTY_NOT_MERGED`.
    #[error("party {0} was merged into no other")]
    PartyNotMerged(party::Uid),
    /// `SAME_PARTY`.
    #[error("both are party {0}")]
    SameParty(party::Uid),
    /// `PROXY_NOT_FOUND`.
    #[error("there is no proxy {0}")]
    ProxyNotFound(String),
    /// `REVISION_CHANGED`.
    #[error("revision {expected} was expected, it is {current}")]
    RevisionChanged {
        /// What the caller had seen.
        expected: i64,
        /// What it is.
        current: i64,
    },
    /// `SUBJECT_TAKEN`.
    #[error("an officer or a client system has the name {0} already")]
    SubjectTaken(Subject),
    /// `OFFICER_NOT_YOURS`: it holds a role of administrators or auditors, or a position elsewhere.
    #[error("officer {0} is looked after by an administrator of the province only")]
    OfficerNotYours(Subject),
    /// `POSITION_NOT_FOUND`: it does not exist, or the caller may not know that it does.
    #[error("there is no position {0}")]
    PositionNotFound(position::Uid),
    /// A position cannot be so.
    #[error(transparent)]
    Position(#[from] fault::Fault),
    /// `POSITIONS_REFUSED`: rows are wrong. What becomes of each.
    #[error("positions are wrong; nothing of the import is kept")]
    PositionsRefused(Vec<Result<Outcome, Vec<Violation>>>),
    /// `POSITIONS_REFUSED`: lines of a province's files are wrong.
    #[error("nothing of the import is kept:\n{}", staffing::list(.0))]
    FilesRefused(Vec<BadRow>),
    /// `SIGN_IN_REFUSED`. Why is not told.
    #[error("nobody signs in with this subject and password now")]
    SignInRefused,
    /// `PASSWORD_CHANGE_REQUIRED`.
    #[error("the one-time password is right and must be changed; call again with `new_password`")]
    PasswordChangeRequired,
    /// `PROVIDER_REQUIRED`.
    #[error(
        "officer {0} signs in at the OpenID provider of officers; only administrators of the province have a local password"
    )]
    ProviderRequired(Subject),
    /// `OVERLOADED`.
    #[error("too many sign-ins are waiting; try again later")]
    Overloaded,
    /// `PROVINCE_MISSING`: there is no unit for a province administrator.
    #[error("there is no province among the units; import its units first")]
    ProvinceMissing,
    /// `ADMINISTRATOR_EXISTS`.
    #[error("the province has an administrator already; `--force` makes another")]
    AdministratorExists,
    /// The system gives no threads to check passwords on.
    #[error("no threads for passwords: {0}")]
    Threads(std::io::Error),
    /// `TOO_MUCH_GRANTED`.
    #[error("a token cannot name so many units or parties")]
    TooMuchGranted,
    /// `RATE_LIMITED`.
    #[error(
        "one caller is given {PER_SECOND} tokens a second and {AT_ONCE} at once: keep each until it ends"
    )]
    TooManyTokens(Duration),
    /// `CLIENT_DISABLED`.
    #[error("the client system is disabled")]
    ClientDisabled,
    /// `ID_TOKEN_INVALID`.
    #[error("the ID token is refused: {0}")]
    IdTokenInvalid(provider::Refusal),
    /// `PROVIDER_UNAVAILABLE`.
    #[error("the keys of the provider {0} cannot be fetched")]
    ProviderUnavailable(String),
    /// `NOBODY_BY_THIS_NAME`.
    #[error("the provider vouches for {0}, but no officer has this name")]
    NobodyByThisName(Subject),
    /// What the writer refused.
    #[error("{0}")]
    Refused(Failure),
    /// `ASSERTION_INVALID`.
    #[error("the assertion is refused: {0}")]
    AssertionInvalid(token::Refusal),
    /// The settings of a provider are of no use.
    #[error("the settings of the providers cannot be used: {0}")]
    Provider(String),
    /// `STORE_UNAVAILABLE`.
    #[error("the store does not answer: {0}")]
    Store(#[from] DbErr),
    /// `SIGNING_FAILED`: the signing key is of no use.
    #[error("a token cannot be signed")]
    Signing(#[from] keys::Error),
}

impl From<token::Refusal> for Error {
    fn from(refusal: token::Refusal) -> Self {
        Self::AssertionInvalid(refusal)
    }
}

impl From<provider::Error> for Error {
    fn from(error: provider::Error) -> Self {
        match error {
            provider::Error::Refused(refusal) => Self::IdTokenInvalid(refusal),
            provider::Error::Away { ref provider, .. } => {
                tracing::warn!(%error, "people cannot sign in by it");
                Self::ProviderUnavailable(provider.clone())
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let english = error.to_string();
        match error {
            Error::ClientNotFound(_)
            | Error::ClientExists(_)
            | Error::CertificateTaken
            | Error::KeysFull
            | Error::KeyNotFound
            | Error::RevisionChanged { .. } => clients::of_clients(error, english),
            Error::TooMuchGranted
            | Error::TooManyTokens(_)
            | Error::ClientDisabled
            | Error::IdTokenInvalid(_)
            | Error::ProviderUnavailable(_)
            | Error::NobodyByThisName(_)
            | Error::AssertionInvalid(_) => sign_in::of_sign_in(error, english),
            Error::SubjectTaken(_)
            | Error::OfficerNotYours(_)
            | Error::PositionNotFound(_)
            | Error::PositionsRefused(_)
            | Error::FilesRefused(_)
            | Error::ProvinceMissing
            | Error::AdministratorExists => staffing::of_officers(error, english),
            Error::Position(fault) => fault.into(),
            Error::SignInRefused
            | Error::PasswordChangeRequired
            | Error::ProviderRequired(_)
            | Error::Overloaded
            | Error::Threads(_) => staffing::of_passwords(&error, english),
            Error::Refused(failure) => failure,
            Error::UnitNotFound(uid) => unit_not_found(&uid, english),
            Error::ImportInvalid(faults) => {
                let violations = faults.iter().map(wire::import::violation).collect();
                Self::invalid("IMPORT_INVALID", violations)
            }
            Error::Provider(_) => signing_failed(english),
            Error::PartyNotFound(_)
            | Error::NumberUnknown
            | Error::NumberTaken(_)
            | Error::NumberUnfit(_)
            | Error::PartyMerged { .. }
            | Error::PartyNotMerged(_)
            | Error::SameParty(_)
            | Error::ProxyNotFound(_) => parties::of_parties(error, english),
            Error::Store(source) => db::failure(&source),
            Error::Signing(source) => {
                tracing::error!(%source, "a token cannot be signed");
                signing_failed(english)
            }
        }
    }
}

fn unit_not_found(uid: &unit::Uid, english: String) -> Failure {
    let vietnamese = format!("Không tìm thấy đơn vị {uid}");
    Failure::new(Code::NotFound, "UNIT_NOT_FOUND", english, vietnamese).with("unit_uid", uid)
}

fn signing_failed(english: String) -> Failure {
    Failure::new(
        Code::Internal,
        "SIGNING_FAILED",
        english,
        "Hệ thống chưa cấp được phiên đăng nhập",
    )
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
