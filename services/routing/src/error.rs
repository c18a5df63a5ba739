//! Why routing refuses: each variant is one documented reason and one code.

use kit::authority::Untimely;
use kit::db;
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
    /// `STATE_FORBIDS`, by the table of rules.
    #[error(transparent)]
    Untimely(#[from] Untimely),
    /// `OFFER_CHANGED`.
    #[error("offer {seen} was seen but it is offered under {current} by now")]
    OfferChanged {
        /// What the caller had seen.
        seen: i64,
        /// What it is.
        current: i64,
    },
    /// `REVISION_CHANGED`.
    #[error("revision {expected} was seen but it is {current} by now")]
    RevisionChanged {
        /// What the caller had seen.
        expected: i64,
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
    /// `DOSSIER_SUSPENDED`.
    #[error("transfer {transfer} waits for the applicant")]
    DossierSuspended {
        /// The transfer.
        transfer: String,
    },
    /// `OFFER_ON_HOLD`.
    #[error("the offer of transfer {transfer} waits until the clock of the dossier goes on")]
    OfferOnHold {
        /// The transfer.
        transfer: String,
    },
    /// `ALREADY_DECIDED`.
    #[error("the dossier is decided: only its result is on the way")]
    AlreadyDecided,
    /// `STEP_NOT_BEFORE`.
    #[error("step {0} is none that was done before this one")]
    StepNotBefore(String),
    /// `BRANCH_BESIDE`.
    #[error("the branch of step {0} is open beside this one and would be cut off")]
    BranchBeside(String),
    /// `PAPER_WITHOUT_OFFER`.
    #[error("nothing was offered with which paper could travel")]
    PaperWithoutOffer,
    /// `PAPER_NOT_STATED`, with the component.
    #[error("the sender stated no such paper: {0}")]
    PaperNotStated(String),
    /// `PAPER_ALREADY_RECEIVED`.
    #[error("the paper was received before")]
    PaperAlreadyReceived,
    /// `ASSIGNED_ALREADY`.
    #[error("officer {assignee} has it")]
    AssignedAlready {
        /// Who has it.
        assignee: String,
    },
    /// `ASSIGNED_TO_ANOTHER`.
    #[error("officer {assignee} has it, and only a leader takes it back")]
    AssignedToAnother {
        /// Who has it.
        assignee: String,
    },
    /// `NOT_ASSIGNED`.
    #[error("nobody has transfer {transfer}")]
    NotAssigned {
        /// The transfer.
        transfer: String,
    },
    /// `OFFICER_NOT_IN_ROLE`.
    #[error("officer {officer} is no {role} of unit {unit} today")]
    OfficerNotInRole {
        /// The officer.
        officer: String,
        /// The unit.
        unit: String,
        /// The role of the step.
        role: &'static str,
    },
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

impl Error {
    fn code_and_reason(&self) -> (Code, &'static str) {
        match self {
            Self::TransferNotFound => (Code::NotFound, "TRANSFER_NOT_FOUND"),
            Self::RouteNotFound => (Code::NotFound, "ROUTE_NOT_FOUND"),
            Self::UnitNotFound(_) => (Code::NotFound, "UNIT_NOT_FOUND"),
            Self::UnitNotYours(_) => (Code::PermissionDenied, "UNIT_NOT_YOURS"),
            Self::StepRoleRequired(_) => (Code::PermissionDenied, "STEP_ROLE_REQUIRED"),
            Self::StateForbids { .. } | Self::Untimely(_) => {
                (Code::FailedPrecondition, "STATE_FORBIDS")
            }
            Self::NotTheHolder { .. } => (Code::FailedPrecondition, "NOT_THE_HOLDER"),
            Self::DecisionRequired(_) => (Code::FailedPrecondition, "DECISION_REQUIRED"),
            Self::DossierSuspended { .. } => (Code::FailedPrecondition, "DOSSIER_SUSPENDED"),
            Self::OfferOnHold { .. } => (Code::FailedPrecondition, "OFFER_ON_HOLD"),
            Self::AlreadyDecided => (Code::FailedPrecondition, "ALREADY_DECIDED"),
            Self::StepNotBefore(_) => (Code::FailedPrecondition, "STEP_NOT_BEFORE"),
            Self::BranchBeside(_) => (Code::FailedPrecondition, "BRANCH_BESIDE"),
            Self::PaperWithoutOffer => (Code::FailedPrecondition, "PAPER_WITHOUT_OFFER"),
            Self::PaperNotStated(_) => (Code::FailedPrecondition, "PAPER_NOT_STATED"),
            Self::PaperAlreadyReceived => (Code::FailedPrecondition, "PAPER_ALREADY_RECEIVED"),
            Self::AssignedAlready { .. } => (Code::FailedPrecondition, "ASSIGNED_ALREADY"),
            Self::AssignedToAnother { .. } => (Code::PermissionDenied, "ASSIGNED_TO_ANOTHER"),
            Self::NotAssigned { .. } => (Code::FailedPrecondition, "NOT_ASSIGNED"),
            Self::OfficerNotInRole { .. } => (Code::FailedPrecondition, "OFFICER_NOT_IN_ROLE"),
            Self::CalendarMissing => (Code::FailedPrecondition, "CALENDAR_MISSING"),
            Self::OfferChanged { .. } => (Code::Aborted, "OFFER_CHANGED"),
            Self::RevisionChanged { .. } => (Code::Aborted, "REVISION_CHANGED"),
            Self::PlanMissing(_) => (Code::Internal, "PLAN_MISSING"),
            Self::Store(_) => (Code::Unavailable, "STORE_UNAVAILABLE"),
        }
    }

    /// The word for it that programs read.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.code_and_reason().1
    }

    fn vietnamese(&self) -> &'static str {
        match self {
            Self::TransferNotFound => "Không tìm thấy lượt chuyển hồ sơ này",
            Self::RouteNotFound => "Không tìm thấy quá trình xử lý của hồ sơ này",
            Self::UnitNotFound(_) => "Không có đơn vị này; hãy xem lại mã đơn vị",
            Self::UnitNotYours(_) => "Tài khoản không có quyền thay mặt đơn vị này",
            Self::StepRoleRequired(_) => "Bước này thuộc vai trò khác trong đơn vị",
            Self::OfferChanged { .. } => "Hồ sơ đã được chuyển lại; hãy tải lại danh sách việc",
            Self::NotTheHolder { .. } => "Đơn vị không còn giữ hồ sơ ở bước này",
            Self::DecisionRequired(_) => {
                "Bước này chỉ kết thúc khi ghi quyết định hoặc trả kết quả"
            }
            Self::DossierSuspended { .. } => {
                "Hồ sơ đang chờ người nộp bổ sung giấy tờ hoặc thực hiện nghĩa vụ tài chính; \
                 bước này chỉ kết thúc được sau đó"
            }
            Self::OfferOnHold { .. } => {
                "Hồ sơ đang chờ người nộp bổ sung giấy tờ hoặc thực hiện nghĩa vụ tài chính; \
                 bước này chỉ tiếp nhận được sau đó"
            }
            Self::AlreadyDecided => {
                "Hồ sơ đã có quyết định; chỉ còn trả kết quả, không chuyển lại bước trước được"
            }
            Self::StepNotBefore(_) => "Chỉ chuyển lại được cho một bước trước đó đã làm xong",
            Self::BranchBeside(_) => {
                "Còn đơn vị khác đang xử lý song song; chuyển lại bước này sẽ cắt ngang việc của họ"
            }
            Self::PaperWithoutOffer => {
                "Chưa có lượt chuyển nào để gửi kèm giấy tờ; hãy để trống phần giấy tờ"
            }
            Self::PaperNotStated(_) => "Bên gửi không kê giấy tờ này",
            Self::PaperAlreadyReceived => "Giấy tờ của lượt chuyển này đã được ký nhận",
            Self::AssignedAlready { .. } => "Hồ sơ này đã có cán bộ khác nhận xử lý",
            Self::AssignedToAnother { .. } => {
                "Hồ sơ đang do cán bộ khác xử lý; chỉ lãnh đạo được thu hồi"
            }
            Self::NotAssigned { .. } => "Hồ sơ này chưa giao cho cán bộ nào",
            Self::OfficerNotInRole { .. } => {
                "Hôm nay cán bộ này không giữ vai trò của bước tại đơn vị"
            }
            Self::CalendarMissing => "Chưa có lịch làm việc; cán bộ quản trị cần nhập lịch",
            Self::StateForbids { .. }
            | Self::Untimely(_)
            | Self::RevisionChanged { .. }
            | Self::PlanMissing(_)
            | Self::Store(_) => "Hệ thống chưa thực hiện được yêu cầu",
        }
    }

    /// Adds every variable of the message, for programs.
    fn describe(self, failure: Failure) -> Failure {
        match self {
            Self::UnitNotFound(unit) | Self::UnitNotYours(unit) => failure.with("unit_uid", unit),
            Self::StepRoleRequired(role) => failure.with("role", role),
            Self::OfferChanged { seen, current } => {
                failure.with("seen", seen).with("current", current)
            }
            Self::NotTheHolder { transfer }
            | Self::DossierSuspended { transfer }
            | Self::OfferOnHold { transfer }
            | Self::NotAssigned { transfer } => failure.with("transfer_uid", transfer),
            Self::AssignedAlready { assignee } | Self::AssignedToAnother { assignee } => {
                failure.with("assignee", assignee)
            }
            Self::OfficerNotInRole {
                officer,
                unit,
                role,
            } => {
                let failure = failure.with("officer", officer).with("unit_uid", unit);
                failure.with("role", role)
            }
            Self::DecisionRequired(rpc) => failure.with("rpc", rpc),
            Self::StepNotBefore(step) | Self::BranchBeside(step) => failure.with("step_key", step),
            Self::PaperNotStated(component) => failure.with("component", component),
            Self::PlanMissing(procedure) => failure.with("procedure_code", procedure),
            Self::TransferNotFound
            | Self::RouteNotFound
            | Self::StateForbids { .. }
            | Self::Untimely(_)
            | Self::AlreadyDecided
            | Self::PaperWithoutOffer
            | Self::PaperAlreadyReceived
            | Self::RevisionChanged { .. }
            | Self::CalendarMissing
            | Self::Store(_) => failure,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, reason) = error.code_and_reason();
        match error {
            Error::StateForbids {
                act,
                current,
                allowed,
            } => Failure::state_forbids(act, current, allowed),
            Error::Untimely(untimely) => untimely.into(),
            Error::RevisionChanged { expected, current } => {
                Failure::revision_changed(expected, current)
            }
            Error::Store(source) => db::failure(&source),
            error => {
                let failure = Failure::new(code, reason, error.to_string(), error.vietnamese());
                error.describe(failure)
            }
        }
    }
}
