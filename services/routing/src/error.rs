//! Why routing refuses: each variant is one documented reason and one code.

use std::time::Duration;

use kit::failure::Failure;
use tonic::Code;
use worktime::NoWorkingTime;

/// Why routing refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `TRANSFER_NOT_FOUND`.
    #[error("there is no such transfer")]
    TransferNotFound,
    /// `ROUTE_NOT_FOUND`.
    #[error("there is no such route")]
    RouteNotFound,
    /// `UNIT_NOT_FOUND`.
    #[error("there is no unit {0}")]
    UnitNotFound(String),
    /// `UNIT_NOT_YOURS`.
    #[error("the token does not act for unit {0}")]
    UnitNotYours(String),
    /// `STEP_ROLE_REQUIRED`.
    #[error("this step is the work of a {0}")]
    StepRoleRequired(&'static str),
    /// `STATE_FORBIDS`.
    #[error("{act} is not possible in state {current}")]
    StateForbids {
        /// The step that was tried.
        act: &'static str,
        /// The state that it was tried in.
        current: &'static str,
        /// The states that it is possible in.
        allowed: &'static [&'static str],
    },
    /// `OFFER_CHANGED`.
    #[error("offer {seen} was seen but it is offered under {current} by now")]
    OfferChanged {
        /// What the caller had seen.
        seen: i64,
        /// What it is.
        current: i64,
    },
    /// `NOT_THE_HOLDER`.
    #[error("transfer {transfer} is not held under that epoch")]
    NotTheHolder {
        /// The transfer.
        transfer: String,
    },
    /// `DECISION_REQUIRED`.
    #[error("this step ends with {0} of intake")]
    DecisionRequired(&'static str),
    /// `CALENDAR_MISSING`.
    #[error("no calendar was imported, or it has no working time ahead")]
    CalendarMissing,
    /// The procedure of a received dossier is not known; parked until it is.
    #[error("the route of procedure {0} is not known")]
    PlanMissing(String),
    /// `STORE_UNAVAILABLE`.
    #[error("the store does not answer: {0}")]
    Store(#[from] sea_orm::DbErr),
}

impl From<NoWorkingTime> for Error {
    fn from(_: NoWorkingTime) -> Self {
        Self::CalendarMissing
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let english = error.to_string();
        match error {
            Error::TransferNotFound => Failure::new(
                Code::NotFound,
                "TRANSFER_NOT_FOUND",
                english,
                "Không tìm thấy lượt chuyển hồ sơ này",
            ),
            Error::RouteNotFound => Failure::new(
                Code::NotFound,
                "ROUTE_NOT_FOUND",
                english,
                "Không tìm thấy quá trình xử lý của hồ sơ này",
            ),
            Error::UnitNotFound(unit) => Failure::new(
                Code::NotFound,
                "UNIT_NOT_FOUND",
                english,
                "Không có đơn vị này; hãy xem lại mã đơn vị",
            )
            .with("unit_uid", unit),
            Error::UnitNotYours(unit) => Failure::new(
                Code::PermissionDenied,
                "UNIT_NOT_YOURS",
                english,
                "Tài khoản không có quyền thay mặt đơn vị này",
            )
            .with("unit_uid", unit),
            Error::StepRoleRequired(role) => Failure::new(
                Code::PermissionDenied,
                "STEP_ROLE_REQUIRED",
                english,
                "Bước này thuộc vai trò khác trong đơn vị",
            )
            .with("role", role),
            Error::StateForbids {
                act,
                current,
                allowed,
            } => Failure::state_forbids(act, current, allowed),
            Error::OfferChanged { seen, current } => Failure::new(
                Code::Aborted,
                "OFFER_CHANGED",
                english,
                "Hồ sơ đã được chuyển lại; hãy tải lại danh sách việc",
            )
            .with("seen", seen)
            .with("current", current),
            Error::NotTheHolder { transfer } => Failure::new(
                Code::FailedPrecondition,
                "NOT_THE_HOLDER",
                english,
                "Đơn vị không còn giữ hồ sơ ở bước này",
            )
            .with("transfer_uid", transfer),
            Error::DecisionRequired(rpc) => Failure::new(
                Code::FailedPrecondition,
                "DECISION_REQUIRED",
                english,
                "Bước này chỉ kết thúc khi ghi quyết định hoặc trả kết quả",
            )
            .with("rpc", rpc),
            Error::CalendarMissing => Failure::new(
                Code::FailedPrecondition,
                "CALENDAR_MISSING",
                english,
                "Chưa có lịch làm việc; cán bộ quản trị cần nhập lịch",
            ),
            Error::PlanMissing(procedure) => {
                Failure::new(Code::Internal, "PLAN_MISSING", english, "Lỗi nội bộ")
                    .with("procedure_code", procedure)
            }
            Error::Store(source) => {
                tracing::error!(error = %source, "a query failed");
                Failure::unavailable(
                    "STORE_UNAVAILABLE",
                    "the store does not answer",
                    Duration::from_secs(1),
                )
            }
        }
    }
}
