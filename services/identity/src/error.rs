//! What can go wrong: every variant is one documented reason and one code.

use kit::db;
use kit::failure::Failure;
use kit::keys;
use sea_orm::DbErr;
use tonic::{Code, Status};

use crate::{party, token, unit};

/// Why identity refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `UNIT_NOT_FOUND`.
    #[error("there is no unit {0}")]
    UnitNotFound(unit::Uid),
    /// `PARTY_NOT_FOUND`: it does not exist, or the caller may not know that it does.
    #[error("there is no party {0}")]
    PartyNotFound(party::Uid),
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
    /// `ASSERTION_INVALID`.
    #[error("the assertion is refused: {0}")]
    AssertionInvalid(token::Refusal),
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

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let english = error.to_string();
        match error {
            Error::UnitNotFound(uid) => {
                let vietnamese = format!("Không tìm thấy đơn vị {uid}");
                Self::new(Code::NotFound, "UNIT_NOT_FOUND", english, vietnamese)
                    .with("unit_uid", uid)
            }
            Error::PartyNotFound(uid) => {
                let vietnamese = format!("Không tìm thấy công dân hoặc tổ chức {uid}");
                Self::new(Code::NotFound, "PARTY_NOT_FOUND", english, vietnamese)
                    .with("party_uid", uid)
            }
            Error::NumberUnknown
            | Error::NumberTaken(_)
            | Error::NumberUnfit(_)
            | Error::PartyMerged { .. }
            | Error::PartyNotMerged(_)
            | Error::SameParty(_)
            | Error::ProxyNotFound(_) => of_parties(error, english),
            Error::RevisionChanged { expected, current } => {
                Self::revision_changed(expected, current)
            }
            Error::AssertionInvalid(_) => {
                let vietnamese =
                    "Không xác nhận được danh tính; hãy kiểm tra tên, khóa và thời hạn đăng nhập";
                Self::new(
                    Code::Unauthenticated,
                    "ASSERTION_INVALID",
                    english,
                    vietnamese,
                )
            }
            Error::Store(source) => db::failure(&source),
            Error::Signing(source) => {
                tracing::error!(%source, "a token cannot be signed");
                Self::new(
                    Code::Internal,
                    "SIGNING_FAILED",
                    english,
                    "Hệ thống chưa cấp được phiên đăng nhập",
                )
            }
        }
    }
}

/// What goes wrong with parties and proxies. No number is ever repeated.
fn of_parties(error: Error, english: String) -> Failure {
    let failure = |code, reason, vietnamese: &str| Failure::new(code, reason, english, vietnamese);
    let forbidden = Code::FailedPrecondition;
    match error {
        Error::NumberTaken(holder) => failure(
            Code::AlreadyExists,
            "NUMBER_TAKEN",
            "Số này là của đối tượng khác; nếu là cùng một người, hãy hợp nhất hai đối tượng",
        )
        .with("party_uid", holder),
        Error::NumberUnfit(kind) => failure(
            forbidden,
            "NUMBER_UNFIT",
            "Loại đối tượng này không dùng loại số này; hãy xem lại loại giấy tờ",
        )
        .with("kind", kind.as_str()),
        Error::PartyMerged { party, survivor } => failure(
            forbidden,
            "PARTY_MERGED",
            "Đối tượng này đã hợp nhất vào đối tượng khác; hãy dùng đối tượng đó",
        )
        .with("party_uid", party)
        .with("survivor_uid", survivor),
        Error::PartyNotMerged(party) => failure(
            forbidden,
            "PARTY_NOT_MERGED",
            "Đối tượng này chưa hợp nhất vào đối tượng nào",
        )
        .with("party_uid", party),
        Error::SameParty(party) => {
            failure(forbidden, "SAME_PARTY", "Hai đối tượng là một; hãy xem lại")
                .with("party_uid", party)
        }
        Error::ProxyNotFound(uid) => {
            failure(Code::NotFound, "PROXY_NOT_FOUND", "Không tìm thấy ủy quyền")
                .with("proxy_uid", uid)
        }
        _ => failure(
            Code::NotFound,
            "PARTY_NOT_FOUND",
            "Không tìm thấy công dân hoặc tổ chức có số này",
        ),
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
