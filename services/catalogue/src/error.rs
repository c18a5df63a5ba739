//! What can go wrong: every variant is one documented reason and one code.

use kit::db;
use kit::failure::{Failure, Violation};
use sea_orm::DbErr;
use tonic::{Code, Status};

use crate::exchange::AtLine;
use crate::fault::Fault;
use crate::{calendar, wire};

/// Why the catalogue refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `PROCEDURE_NOT_FOUND`.
    #[error("there is no procedure {0}")]
    ProcedureNotFound(String),
    /// `VERSION_NOT_FOUND`.
    #[error("procedure {code} has no version {number}")]
    VersionNotFound {
        /// The procedure.
        code: String,
        /// The number that was asked for.
        number: i32,
    },
    /// `DRAFT_NOT_FOUND`.
    #[error("procedure {0} has no draft")]
    DraftNotFound(String),
    /// `DRAFT_EXISTS`.
    #[error("procedure {0} has a draft already; go on with that one")]
    DraftExists(String),
    /// `REVISION_CHANGED`.
    #[error("revision {expected} was expected but it is {current}")]
    RevisionChanged {
        /// What the caller has seen.
        expected: i64,
        /// What is.
        current: i64,
    },
    /// `PUBLICATION_REFUSED`: everything that is wrong.
    #[error("the version cannot be published")]
    PublicationRefused(Vec<Fault>),
    /// `RETIREMENT_REFUSED`.
    #[error("procedure {0} can be retired once, after its last version begins, today or later")]
    RetirementRefused(String),
    /// `IMPORT_INVALID`: everything that is wrong, by line.
    #[error("the file cannot be taken in")]
    ImportInvalid(Vec<AtLine<Fault>>),
    /// `IMPORT_TOO_LARGE`.
    #[error("the file has more than {0} bytes; divide it")]
    ImportTooLarge(usize),
    /// `CALENDAR_NOT_FOUND`.
    #[error("there is no such version of the calendar, or none was imported")]
    CalendarNotFound,
    /// `IMPORT_INVALID`: every fault of every row of a calendar.
    #[error("{} rows cannot be taken in", .0.len())]
    CalendarInvalid(Vec<calendar::Fault>),
    /// `STORE_UNAVAILABLE`.
    #[error("the store does not answer")]
    Store(#[from] DbErr),
    /// `STORE_UNREADABLE`: a body is not what this version writes.
    #[error("what the store holds cannot be read")]
    Unreadable(#[from] prost::DecodeError),
    /// `STORE_UNREADABLE`: what a version says cannot be written or read.
    #[error("what the store holds cannot be read")]
    Json(#[from] serde_json::Error),
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
            Error::VersionNotFound { code, number } => {
                let vietnamese = format!("Thủ tục {code} không có phiên bản {number}");
                Self::new(Code::NotFound, "VERSION_NOT_FOUND", english, vietnamese)
                    .with("code", code)
                    .with("number", number)
            }
            Error::CalendarInvalid(faults) => {
                let violations = faults.iter().map(wire::calendar::violation).collect();
                Self::invalid("IMPORT_INVALID", violations)
            }
            Error::DraftNotFound(_)
            | Error::DraftExists(_)
            | Error::RevisionChanged { .. }
            | Error::PublicationRefused(_)
            | Error::RetirementRefused(_)
            | Error::ImportInvalid(_)
            | Error::ImportTooLarge(_) => of_work(error, english),
            Error::Store(source) => db::failure(&source),
            Error::Unreadable(source) => unreadable(&source, english),
            Error::Json(source) => unreadable(&source, english),
            Error::CalendarUnreadable => unreadable(&"the calendar has faults", english),
        }
    }
}

/// What work on the catalogue meets.
fn of_work(error: Error, english: String) -> Failure {
    match error {
        Error::DraftNotFound(code) => {
            let vietnamese = format!("Thủ tục {code} không có bản thảo");
            Failure::new(Code::NotFound, "DRAFT_NOT_FOUND", english, vietnamese).with("code", code)
        }
        Error::DraftExists(code) => {
            let vietnamese = format!("Thủ tục {code} đã có bản thảo");
            Failure::new(
                Code::FailedPrecondition,
                "DRAFT_EXISTS",
                english,
                vietnamese,
            )
            .with("code", code)
        }
        Error::RevisionChanged { expected, current } => {
            Failure::revision_changed(expected, current)
        }
        Error::PublicationRefused(faults) => {
            let violations = faults.iter().map(|fault| violation(&fault.place, fault));
            Failure::invalid("PUBLICATION_REFUSED", violations.collect())
        }
        Error::ImportInvalid(faults) => {
            let violations = faults.iter().map(|AtLine { line, what }| {
                let dot = if what.place.is_empty() { "" } else { "." };
                violation(&format!("lines[{line}]{dot}{}", what.place), what)
            });
            Failure::invalid("IMPORT_INVALID", violations.collect())
        }
        Error::ImportTooLarge(most) => {
            let vietnamese = format!("Tệp vượt quá {most} byte; hãy chia nhỏ");
            Failure::new(
                Code::ResourceExhausted,
                "IMPORT_TOO_LARGE",
                english,
                vietnamese,
            )
            .with("most", most)
        }
        Error::RetirementRefused(code) => {
            let vietnamese = format!("Không bãi bỏ được thủ tục {code} từ ngày này");
            let reason = "RETIREMENT_REFUSED";
            Failure::new(Code::FailedPrecondition, reason, english, vietnamese).with("code", code)
        }
        other => other.into(),
    }
}

fn violation(field: &str, fault: &Fault) -> Violation {
    let Fault { problem, .. } = fault;
    Violation::new(
        field,
        problem.reason(),
        problem.to_string(),
        problem.vietnamese(),
    )
}

fn unreadable(source: &impl std::fmt::Display, english: String) -> Failure {
    tracing::error!(%source, "what the store holds cannot be read");
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
