//! What can go wrong: every variant is one documented reason and one code.

use kit::db;
use kit::failure::Failure;
use sea_orm::DbErr;
use tonic::{Code, Status};

use crate::{calendar, wire};

/// Why the catalogue refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `PROCEDURE_NOT_FOUND`.
    #[error("there is no procedure {0}")]
    ProcedureNotFound(String),
    /// `CALENDAR_NOT_FOUND`.
    #[error("there is no such version of the calendar, or none was imported")]
    CalendarNotFound,
    /// `IMPORT_INVALID`: every fault of every row of a calendar.
    #[error("{} rows cannot be taken in", .0.len())]
    CalendarInvalid(Vec<calendar::Fault>),
    /// `REVISION_CHANGED`.
    #[error("revision {expected} was expected, it is {current}")]
    RevisionChanged {
        /// What the caller had seen.
        expected: i64,
        /// What it is.
        current: i64,
    },
    /// `STORE_UNAVAILABLE`.
    #[error("the store does not answer")]
    Store(#[from] DbErr),
    /// `STORE_UNREADABLE`: a body is not what this version writes.
    #[error("what the store holds cannot be read")]
    Unreadable(#[from] prost::DecodeError),
    /// `STORE_UNREADABLE`: a calendar that would not be taken in.
    #[error("what the store holds is no calendar")]
    CalendarUnreadable,
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
                let vietnamese = "Không có lịch làm việc của tỉnh ở phiên bản hoặc vào ngày này";
                Self::new(Code::NotFound, "CALENDAR_NOT_FOUND", english, vietnamese)
            }
            Error::CalendarInvalid(faults) => {
                let violations = faults.iter().map(wire::calendar::violation).collect();
                Self::invalid("IMPORT_INVALID", violations)
            }
            Error::RevisionChanged { expected, current } => {
                Self::revision_changed(expected, current)
            }
            Error::Store(source) => db::failure(&source),
            Error::Unreadable(source) => {
                tracing::error!(%source, "what the store holds cannot be read");
                unreadable(english)
            }
            Error::CalendarUnreadable => {
                tracing::error!("the calendar that the store holds cannot be read");
                unreadable(english)
            }
        }
    }
}

fn unreadable(english: String) -> Failure {
    Failure::new(
        Code::Internal,
        "STORE_UNREADABLE",
        english,
        "Hệ thống không đọc được dữ liệu đã lưu",
    )
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
