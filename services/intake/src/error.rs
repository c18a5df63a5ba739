//! Why intake refuses: each variant is one documented reason and one code.

use std::time::Duration;

use kit::authority::Untimely;
use kit::clock::{self, Moment};
use kit::db;
use kit::failure::{Failure, Violation};
use kit::form::Malformed;
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
    /// `RETURN_NOT_ONLINE`.
    #[error(
        "the result of procedure {0} is not handed over online: hand it over at the desk or by post"
    )]
    ReturnNotOnline(String),
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
    /// `INVALID_FIELDS`: what is well formed, and wrong for the time at which it is done first or for the dossier.
    #[error("the fields are out of reach")]
    OutOfReach(Vec<Violation>),
    /// `COMPONENTS_MISSING`.
    #[error("components are missing")]
    ComponentsMissing(Vec<Violation>),
    /// `DOSSIER_NOT_FOUND`.
    #[error("there is no such dossier")]
    DossierNotFound,
    /// `FORM_INVALID`: a violation for each field.
    #[error("the form is not filled in as it asks")]
    FormInvalid(Vec<Violation>),
    /// The catalogue published a form that is none.
    #[error("the form of the procedure cannot be used: {0}")]
    FormUnusable(#[from] Malformed),
    /// `UNIT_NOT_YOURS`.
    #[error("the token does not act for unit {0}")]
    UnitNotYours(String),
    /// `PARTY_NOT_YOURS`.
    #[error("the token does not act for party {0}")]
    PartyNotYours(String),
    /// `STATE_FORBIDS`.
    #[error("{} is not possible in state {}", .0.act, .0.current)]
    StateForbids(InvalidTransition),
    /// `STATE_FORBIDS`, by the table of rules.
    #[error(transparent)]
    Untimely(#[from] Untimely),
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
    /// `ORIGIN_TAKEN`.
    #[error("the system has handed in another dossier as {code}")]
    OriginTaken {
        /// The system's own code.
        code: String,
        /// The dossier.
        dossier: String,
    },
    /// `CODE_NOT_RESERVED`.
    #[error("code {0} is in no block of this unit")]
    CodeNotReserved(String),
    /// `CODE_TAKEN`.
    #[error("another dossier is registered as {code}")]
    CodeTaken {
        /// The code.
        code: String,
        /// The dossier.
        dossier: String,
    },
    /// `BLOCK_NOT_FOUND`.
    #[error("there is no such block of codes")]
    BlockNotFound,
    /// `BLOCK_RETURNED`.
    #[error("the block of codes was given back")]
    BlockReturned,
    /// `NOTHING_ASKED`.
    #[error("nobody has asked the applicant for anything")]
    NothingAsked,
    /// `SUPPLEMENT_ASKED_BEFORE`.
    #[error("a supplement was asked for before, and is asked for once")]
    SupplementAskedBefore,
    /// `SUPPLEMENT_TOO_LATE`.
    #[error("a supplement had to be asked for by {by}")]
    SupplementTooLate {
        /// Until when.
        by: Moment,
    },
    /// `ORDER_NOT_FOUND`.
    #[error("the dossier has no order {0}")]
    OrderNotFound(String),
    /// `AMOUNT_WRONG`.
    #[error("{asked} đồng were asked for")]
    AmountWrong {
        /// In đồng.
        asked: i64,
    },
    /// `PAID_BEFORE`.
    #[error("the order was paid before")]
    PaidBefore,
    /// `POSTPONED_BEFORE`.
    #[error("the appointment was postponed before, and is postponed once")]
    PostponedBefore,
    /// `APPOINTMENT_TOO_EARLY`.
    #[error("the new appointment must be after {after}")]
    AppointmentTooEarly {
        /// The old one, or now.
        after: Moment,
    },
    /// `NOT_WORKING_TIME`.
    #[error("the desk is closed then; it opens at {next}")]
    NotWorkingTime {
        /// The next opening.
        next: Moment,
    },
    /// `NOTHING_CORRECTED`.
    #[error("the dossier says so already")]
    NothingCorrected,
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

impl Error {
    fn code_and_reason(&self) -> (Code, &'static str) {
        match self {
            Self::ProcedureNotFound(_) => (Code::NotFound, "PROCEDURE_NOT_FOUND"),
            Self::CaseNotFound { .. } => (Code::NotFound, "CASE_NOT_FOUND"),
            Self::UnitNotFound(_) => (Code::NotFound, "UNIT_NOT_FOUND"),
            Self::DossierNotFound => (Code::NotFound, "DOSSIER_NOT_FOUND"),
            Self::NotOnline { .. } => (Code::FailedPrecondition, "NOT_ONLINE"),
            Self::ReturnNotOnline(_) => (Code::FailedPrecondition, "RETURN_NOT_ONLINE"),
            Self::NotHandledHere { .. } => (Code::FailedPrecondition, "NOT_HANDLED_HERE"),
            Self::UnitNotCompetent { .. } => (Code::FailedPrecondition, "UNIT_NOT_COMPETENT"),
            Self::StateForbids(_) | Self::Untimely(_) => {
                (Code::FailedPrecondition, "STATE_FORBIDS")
            }
            Self::NotTheHolder { .. } => (Code::FailedPrecondition, "NOT_THE_HOLDER"),
            Self::CalendarMissing => (Code::FailedPrecondition, "CALENDAR_MISSING"),
            Self::NothingAsked => (Code::FailedPrecondition, "NOTHING_ASKED"),
            Self::SupplementAskedBefore => (Code::FailedPrecondition, "SUPPLEMENT_ASKED_BEFORE"),
            Self::SupplementTooLate { .. } => (Code::FailedPrecondition, "SUPPLEMENT_TOO_LATE"),
            Self::AmountWrong { .. } => (Code::FailedPrecondition, "AMOUNT_WRONG"),
            Self::PaidBefore => (Code::FailedPrecondition, "PAID_BEFORE"),
            Self::PostponedBefore => (Code::FailedPrecondition, "POSTPONED_BEFORE"),
            Self::NothingCorrected => (Code::FailedPrecondition, "NOTHING_CORRECTED"),
            Self::OrderNotFound(_) => (Code::NotFound, "ORDER_NOT_FOUND"),
            Self::OriginTaken { .. } => (Code::AlreadyExists, "ORIGIN_TAKEN"),
            Self::CodeNotReserved(_) => (Code::FailedPrecondition, "CODE_NOT_RESERVED"),
            Self::CodeTaken { .. } => (Code::AlreadyExists, "CODE_TAKEN"),
            Self::BlockNotFound => (Code::NotFound, "BLOCK_NOT_FOUND"),
            Self::BlockReturned => (Code::FailedPrecondition, "BLOCK_RETURNED"),
            Self::AppointmentTooEarly { .. } => (Code::InvalidArgument, "APPOINTMENT_TOO_EARLY"),
            Self::NotWorkingTime { .. } => (Code::InvalidArgument, "NOT_WORKING_TIME"),
            Self::OutOfReach(_) => (Code::InvalidArgument, "INVALID_FIELDS"),
            Self::ComponentsMissing(_) => (Code::InvalidArgument, "COMPONENTS_MISSING"),
            Self::FormInvalid(_) => (Code::InvalidArgument, "FORM_INVALID"),
            Self::FormUnusable(_) => (Code::Internal, "FORM_UNUSABLE"),
            Self::UnitNotYours(_) => (Code::PermissionDenied, "UNIT_NOT_YOURS"),
            Self::PartyNotYours(_) => (Code::PermissionDenied, "PARTY_NOT_YOURS"),
            Self::RevisionChanged { .. } => (Code::Aborted, "REVISION_CHANGED"),
            Self::CustodyNotKnownYet => (Code::Unavailable, "CUSTODY_NOT_KNOWN_YET"),
            Self::Store(_) => (Code::Unavailable, "STORE_UNAVAILABLE"),
            Self::DossierOfTransferMissing => (Code::Internal, "DOSSIER_MISSING"),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one text for each reason")]
    fn vietnamese(&self) -> String {
        match self {
            Self::ProcedureNotFound(code) => {
                format!("Không có thủ tục {code}; hãy xem lại mã thủ tục")
            }
            Self::CaseNotFound { procedure, case } => {
                format!("Thủ tục {procedure} không có trường hợp {case}")
            }
            Self::UnitNotFound(_) => "Không có đơn vị này; hãy xem lại mã đơn vị".to_owned(),
            Self::NotOnline {
                procedure,
                level,
                desk,
                ..
            } => format!(
                "Thủ tục {procedure} ở mức độ {level}, chưa nộp trực tuyến được; \
                 mời nộp tại bộ phận một cửa của {desk}"
            ),
            Self::ReturnNotOnline(procedure) => format!(
                "Thủ tục {procedure} chưa trả kết quả trực tuyến; \
                 hãy trả tại bộ phận một cửa hoặc qua bưu chính"
            ),
            Self::NotHandledHere { procedure } => format!(
                "Thủ tục {procedure} do cơ quan ngành dọc giải quyết; mời nộp tại cơ quan đó"
            ),
            Self::UnitNotCompetent { procedure, takes } => {
                format!("Đơn vị này không tiếp nhận thủ tục {procedure}; nơi tiếp nhận: {takes}")
            }
            Self::DossierNotFound => "Không tìm thấy hồ sơ; hãy xem lại mã hồ sơ".to_owned(),
            Self::UnitNotYours(_) => "Tài khoản không có quyền thay mặt đơn vị này".to_owned(),
            Self::PartyNotYours(_) => {
                "Tài khoản không có quyền nộp hồ sơ thay cho người hoặc tổ chức này".to_owned()
            }
            Self::NotTheHolder { .. } => {
                "Đơn vị không còn giữ hồ sơ ở bước này; hãy tải lại danh sách việc".to_owned()
            }
            Self::OriginTaken { .. } => {
                "Mã hồ sơ này của hệ thống gửi đã được dùng cho một hồ sơ khác".to_owned()
            }
            Self::CodeNotReserved(code) => {
                format!(
                    "Mã {code} không nằm trong dải mã đã cấp cho đơn vị để tiếp nhận ngoại tuyến"
                )
            }
            Self::CodeTaken { code, .. } => {
                format!("Mã {code} đã được dùng cho một hồ sơ khác; hãy xem lại giấy tiếp nhận")
            }
            Self::BlockNotFound => "Không có dải mã này; hãy xem lại".to_owned(),
            Self::BlockReturned => "Dải mã này đã được trả lại, không dùng được nữa".to_owned(),
            Self::NothingAsked => {
                "Bộ phận một cửa chưa yêu cầu bổ sung gì cho hồ sơ này".to_owned()
            }
            Self::SupplementAskedBefore => {
                "Hồ sơ đã được yêu cầu bổ sung một lần, không yêu cầu thêm được".to_owned()
            }
            Self::SupplementTooLate { by } => {
                format!("Đã quá thời hạn yêu cầu bổ sung ({})", people(*by))
            }
            Self::OrderNotFound(_) => "Hồ sơ không có khoản phải nộp này".to_owned(),
            Self::AmountWrong { asked } => {
                format!("Số tiền không khớp: khoản phải nộp là {asked} đồng")
            }
            Self::PaidBefore => "Khoản này đã được xác nhận nộp".to_owned(),
            Self::PostponedBefore => "Hồ sơ đã được hẹn lại một lần, không hẹn lại nữa".to_owned(),
            Self::AppointmentTooEarly { after } => {
                format!("Ngày hẹn mới phải sau {}", people(*after))
            }
            Self::NotWorkingTime { next } => format!(
                "Bộ phận một cửa không làm việc lúc đó; giờ làm việc tiếp theo là {}",
                people(*next)
            ),
            Self::NothingCorrected => "Hồ sơ đã ghi như vậy, không có gì để sửa".to_owned(),
            Self::CalendarMissing => {
                "Chưa có lịch làm việc; cán bộ quản trị cần nhập lịch".to_owned()
            }
            Self::OutOfReach(_)
            | Self::ComponentsMissing(_)
            | Self::FormInvalid(_)
            | Self::FormUnusable(_)
            | Self::StateForbids(_)
            | Self::Untimely(_)
            | Self::RevisionChanged { .. }
            | Self::CustodyNotKnownYet
            | Self::Store(_)
            | Self::DossierOfTransferMissing => "Hệ thống chưa thực hiện được yêu cầu".to_owned(),
        }
    }

    /// Adds every variable of the message, for programs.
    fn describe(self, failure: Failure) -> Failure {
        match self {
            Self::ProcedureNotFound(procedure)
            | Self::ReturnNotOnline(procedure)
            | Self::NotHandledHere { procedure } => failure.with("procedure_code", procedure),
            Self::CaseNotFound { procedure, case } => failure
                .with("procedure_code", procedure)
                .with("case_key", case),
            Self::NotOnline {
                procedure,
                level,
                desk_uid,
                ..
            } => failure
                .with("procedure_code", procedure)
                .with("online_level", level)
                .with("desk_unit_uid", desk_uid),
            Self::UnitNotCompetent { procedure, takes } => failure
                .with("procedure_code", procedure)
                .with("takes", takes),
            Self::UnitNotFound(unit) | Self::UnitNotYours(unit) => failure.with("unit_uid", unit),
            Self::PartyNotYours(party) => failure.with("party_uid", party),
            Self::NotTheHolder { transfer } => failure.with("transfer_uid", transfer),
            Self::OriginTaken { code, dossier } => failure
                .with("external_id", code)
                .with("dossier_uid", dossier),
            Self::CodeNotReserved(code) => failure.with("code", code),
            Self::CodeTaken { code, dossier } => {
                failure.with("code", code).with("dossier_uid", dossier)
            }
            Self::OrderNotFound(order) => failure.with("order_uid", order),
            Self::AmountWrong { asked } => failure.with("amount_vnd", asked),
            Self::SupplementTooLate { by } => failure.with("ask_by", by.to_rfc3339()),
            Self::AppointmentTooEarly { after } => failure.with("after", after.to_rfc3339()),
            Self::NotWorkingTime { next } => failure.with("next_opening", next.to_rfc3339()),
            Self::OutOfReach(_)
            | Self::ComponentsMissing(_)
            | Self::FormInvalid(_)
            | Self::FormUnusable(_)
            | Self::DossierNotFound
            | Self::StateForbids(_)
            | Self::Untimely(_)
            | Self::RevisionChanged { .. }
            | Self::CustodyNotKnownYet
            | Self::CalendarMissing
            | Self::BlockNotFound
            | Self::BlockReturned
            | Self::NothingAsked
            | Self::SupplementAskedBefore
            | Self::PaidBefore
            | Self::PostponedBefore
            | Self::NothingCorrected
            | Self::Store(_)
            | Self::DossierOfTransferMissing => failure,
        }
    }
}

/// A time as people read it.
fn people(at: Moment) -> String {
    clock::local(at).format("%H:%M %d/%m/%Y").to_string()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, reason) = error.code_and_reason();
        match error {
            Error::OutOfReach(violations)
            | Error::ComponentsMissing(violations)
            | Error::FormInvalid(violations) => Failure::invalid(reason, violations),
            Error::StateForbids(InvalidTransition {
                act,
                current,
                allowed,
            }) => Failure::state_forbids(act, current, allowed),
            Error::Untimely(untimely) => untimely.into(),
            Error::RevisionChanged { expected, current } => {
                Failure::revision_changed(expected, current)
            }
            Error::CustodyNotKnownYet => {
                Failure::unavailable(reason, error.to_string(), Duration::from_millis(500))
            }
            Error::Store(source) => db::failure(&source),
            error => {
                let failure = Failure::new(code, reason, error.to_string(), error.vietnamese());
                error.describe(failure)
            }
        }
    }
}
