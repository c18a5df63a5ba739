//! What can go wrong: every variant is one documented reason and one code.

use kit::db;
use kit::failure::Failure;
use kit::keys;
use sea_orm::DbErr;
use tonic::{Code, Status};

use crate::register::Fault;
use crate::{party, token, unit, wire};

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
    /// `ASSERTION_INVALID`.
    #[error("the assertion is refused: {0}")]
    AssertionInvalid(token::Refusal),
    /// `STORE_UNAVAILABLE`.
    #[error("the store does not answer")]
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
            Error::ImportInvalid(faults) => {
                let violations = faults.iter().map(wire::import::violation).collect();
                Self::invalid("IMPORT_INVALID", violations)
            }
            Error::PartyNotFound(uid) => {
                let vietnamese = format!("Không tìm thấy công dân hoặc tổ chức {uid}");
                Self::new(Code::NotFound, "PARTY_NOT_FOUND", english, vietnamese)
                    .with("party_uid", uid)
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

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
