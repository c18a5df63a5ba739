//! What can go wrong: every variant is one documented reason and one code.

use kit::db;
use kit::failure::Failure;
use sea_orm::DbErr;
use tonic::{Code, Status};

/// Why the catalogue refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `PROCEDURE_NOT_FOUND`.
    #[error("there is no procedure {0}")]
    ProcedureNotFound(String),
    /// `CALENDAR_NOT_FOUND`.
    #[error("no calendar was imported")]
    CalendarNotFound,
    /// `STORE_UNAVAILABLE`.
    #[error("the store does not answer")]
    Store(#[from] DbErr),
    /// `STORE_UNREADABLE`: a body is not what this version writes.
    #[error("what the store holds cannot be read")]
    Unreadable(#[from] prost::DecodeError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let english = error.to_string();
        match error {
            Error::ProcedureNotFound(code) => {
                let vietnamese = format!("Không tìm thấy thủ tục {code}");
                Self::new(Code::NotFound, "PROCEDURE_NOT_FOUND", english, vietnamese)
                    .with("code", code)
            }
            Error::CalendarNotFound => {
                let vietnamese = "Chưa có lịch làm việc của tỉnh";
                Self::new(Code::NotFound, "CALENDAR_NOT_FOUND", english, vietnamese)
            }
            Error::Store(source) => db::failure(&source),
            Error::Unreadable(source) => {
                tracing::error!(%source, "what the store holds cannot be read");
                Self::new(
                    Code::Internal,
                    "STORE_UNREADABLE",
                    english,
                    "Hệ thống không đọc được dữ liệu đã lưu",
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
