//! Why intake refuses: each variant is one documented reason and one code.

use std::time::Duration;

use kit::failure::{Failure, Violation};
use tonic::Code;

use crate::dossier::InvalidTransition;

/// Why intake refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `PROCEDURE_NOT_FOUND`.
    #[error("there is no procedure {0}")]
    ProcedureNotFound(String),
    /// `CASE_NOT_FOUND`.
    #[error("procedure {procedure} has no case {case}")]
    CaseNotFound {
        /// The procedure.
        procedure: String,
        /// The case that was asked for.
        case: String,
    },
    /// `UNIT_NOT_FOUND`.
    #[error("there is no unit {0}")]
    UnitNotFound(String),
    /// `NOT_ONLINE`.
    #[error("procedure {procedure} is at online level {level}: hand it in at the desk of {desk}")]
    NotOnline {
        /// The procedure.
        procedure: String,
        /// Its online level.
        level: i32,
        /// The name of the unit whose desk takes it.
        desk: String,
        /// That unit.
        desk_uid: String,
    },
    /// `NOT_HANDLED_HERE`.
    #[error("procedure {procedure} is handled by an agency beside the province's units")]
    NotHandledHere {
        /// The procedure.
        procedure: String,
    },
    /// `UNIT_NOT_COMPETENT`.
    #[error("the desk of this unit does not take procedure {procedure}: {takes} does")]
    UnitNotCompetent {
        /// The procedure.
        procedure: String,
        /// Who takes it, in Vietnamese.
        takes: String,
    },
    /// `COMPONENTS_MISSING`.
    #[error("components are missing")]
    ComponentsMissing(Vec<Violation>),
    /// `DOSSIER_NOT_FOUND`.
    #[error("there is no such dossier")]
    DossierNotFound,
    /// `UNIT_NOT_YOURS`.
    #[error("the token does not act for unit {0}")]
    UnitNotYours(String),
    /// `STATE_FORBIDS`.
    #[error("{} is not possible in state {}", .0.act, .0.current)]
    StateForbids(InvalidTransition),
    /// `REVISION_CHANGED`.
    #[error("revision {expected} was expected, it is {current}")]
    RevisionChanged {
        /// What the caller had seen.
        expected: i64,
        /// What it is.
        current: i64,
    },
    /// `NOT_THE_HOLDER`.
    #[error("transfer {transfer} is not held by the caller")]
    NotTheHolder {
        /// The transfer.
        transfer: String,
    },
    /// `CUSTODY_NOT_KNOWN_YET`.
    #[error("the acceptance is newer than what intake has heard")]
    CustodyNotKnownYet,
    /// `CALENDAR_MISSING`.
    #[error("no calendar was imported, or it has no working time ahead")]
    CalendarMissing,
    /// `STORE_UNAVAILABLE`.
    #[error("the store does not answer: {0}")]
    Store(#[from] sea_orm::DbErr),
    /// The event told of a dossier that is not here; parked until it is.
    #[error("the dossier of a transfer is not known")]
    DossierOfTransferMissing,
}

impl From<InvalidTransition> for Error {
    fn from(transition: InvalidTransition) -> Self {
        Self::StateForbids(transition)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let english = error.to_string();
        match error {
            Error::ProcedureNotFound(code) => Failure::new(
                Code::NotFound,
                "PROCEDURE_NOT_FOUND",
                english,
                format!("Không có thủ tục {code}; hãy xem lại mã thủ tục"),
            )
            .with("procedure_code", code),
            Error::CaseNotFound { procedure, case } => Failure::new(
                Code::NotFound,
                "CASE_NOT_FOUND",
                english,
                format!("Thủ tục {procedure} không có trường hợp {case}"),
            )
            .with("procedure_code", procedure)
            .with("case_key", case),
            Error::UnitNotFound(unit) => Failure::new(
                Code::NotFound,
                "UNIT_NOT_FOUND",
                english,
                "Không có đơn vị này; hãy xem lại mã đơn vị",
            )
            .with("unit_uid", unit),
            Error::NotOnline {
                procedure,
                level,
                desk,
                desk_uid,
            } => {
                let vietnamese = format!(
                    "Thủ tục {procedure} ở mức độ {level}, chưa nộp trực tuyến được; mời nộp tại bộ phận một cửa của {desk}"
                );
                Failure::new(Code::FailedPrecondition, "NOT_ONLINE", english, vietnamese)
                    .with("procedure_code", procedure)
                    .with("online_level", level)
                    .with("desk_unit_uid", desk_uid)
            }
            Error::NotHandledHere { procedure } => Failure::new(
                Code::FailedPrecondition,
                "NOT_HANDLED_HERE",
                english,
                format!(
                    "Thủ tục {procedure} do cơ quan ngành dọc giải quyết; mời nộp tại cơ quan đó"
                ),
            )
            .with("procedure_code", procedure),
            Error::UnitNotCompetent { procedure, takes } => Failure::new(
                Code::FailedPrecondition,
                "UNIT_NOT_COMPETENT",
                english,
                format!("Đơn vị này không tiếp nhận thủ tục {procedure}; nơi tiếp nhận: {takes}"),
            )
            .with("procedure_code", procedure)
            .with("takes", takes),
            Error::ComponentsMissing(violations) => {
                Failure::invalid("COMPONENTS_MISSING", violations)
            }
            Error::DossierNotFound => Failure::new(
                Code::NotFound,
                "DOSSIER_NOT_FOUND",
                english,
                "Không tìm thấy hồ sơ; hãy xem lại mã hồ sơ",
            ),
            Error::UnitNotYours(unit) => Failure::new(
                Code::PermissionDenied,
                "UNIT_NOT_YOURS",
                english,
                "Tài khoản không có quyền thay mặt đơn vị này",
            )
            .with("unit_uid", unit),
            Error::StateForbids(transition) => {
                Failure::state_forbids(transition.act, transition.current, transition.allowed)
            }
            Error::RevisionChanged { expected, current } => {
                Failure::revision_changed(expected, current)
            }
            Error::NotTheHolder { transfer } => Failure::new(
                Code::FailedPrecondition,
                "NOT_THE_HOLDER",
                english,
                "Đơn vị không còn giữ hồ sơ ở bước này; hãy tải lại danh sách việc",
            )
            .with("transfer_uid", transfer),
            Error::CustodyNotKnownYet => {
                Failure::unavailable("CUSTODY_NOT_KNOWN_YET", english, Duration::from_millis(500))
            }
            Error::CalendarMissing => Failure::new(
                Code::FailedPrecondition,
                "CALENDAR_MISSING",
                english,
                "Chưa có lịch làm việc; cán bộ quản trị cần nhập lịch",
            ),
            Error::Store(source) => {
                tracing::error!(error = %source, "a query failed");
                Failure::unavailable(
                    "STORE_UNAVAILABLE",
                    "the store does not answer",
                    Duration::from_secs(1),
                )
            }
            Error::DossierOfTransferMissing => {
                Failure::new(Code::Internal, "DOSSIER_MISSING", english, "Lỗi nội bộ")
            }
        }
    }
}
