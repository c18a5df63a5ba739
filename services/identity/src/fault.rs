//! What can be wrong with a position that is to be given, moved or ended.

use chrono::NaiveDate;
use kit::caller::Role;
use kit::failure::{Failure, Violation};
use tonic::Code;

use crate::position;
use crate::subject::Subject;
use crate::unit;

/// Something that is wrong with a position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// `OFFICER_NOT_FOUND`: there is none, or the caller may not know that there is.
    #[error("there is no officer {0}")]
    OfficerNotFound(Subject),
    /// `UNIT_NOT_FOUND`.
    #[error("there is no unit {0}")]
    UnitNotFound(unit::Uid),
    /// `UNIT_NOT_THERE`.
    #[error("unit {0} does not exist on {1}")]
    UnitNotThere(unit::Uid, NaiveDate),
    /// `UNIT_NOT_YOURS`.
    #[error("the token does not act for unit {0}")]
    UnitNotYours(unit::Uid),
    /// `ROLE_NOT_YOURS`.
    #[error("the role {0} is given and taken by an administrator of the province only")]
    RoleNotYours(Role),
    /// `ROLE_NOT_AT_UNIT`.
    #[error("{0} is a role at the province itself, not at unit {1}")]
    RoleNotAtUnit(Role, unit::Uid),
    /// `ENDS_BEFORE_IT_BEGINS`.
    #[error("it would end before it begins on {0}")]
    EndsBeforeItBegins(NaiveDate),
    /// `POSITION_ENDS_EARLIER`.
    #[error("its last day is {0}; give another position for the days after it")]
    EndsEarlier(NaiveDate),
    /// `POSITION_OVERLAPS`.
    #[error("the officer has this role at the unit already on some of the days: position {0}")]
    Overlaps(position::Uid),
    /// `NOTHING_TO_ACT_FOR`.
    #[error("{0} does not hold a position of this role at the unit on all of the days")]
    NothingToActFor(Subject),
}

impl Fault {
    fn coded(&self) -> (Code, &'static str) {
        match self {
            Self::OfficerNotFound(_) => (Code::NotFound, "OFFICER_NOT_FOUND"),
            Self::UnitNotFound(_) => (Code::NotFound, "UNIT_NOT_FOUND"),
            Self::UnitNotThere(..) => (Code::FailedPrecondition, "UNIT_NOT_THERE"),
            Self::UnitNotYours(_) => (Code::PermissionDenied, "UNIT_NOT_YOURS"),
            Self::RoleNotYours(_) => (Code::PermissionDenied, "ROLE_NOT_YOURS"),
            Self::RoleNotAtUnit(..) => (Code::FailedPrecondition, "ROLE_NOT_AT_UNIT"),
            Self::EndsBeforeItBegins(_) => (Code::FailedPrecondition, "ENDS_BEFORE_IT_BEGINS"),
            Self::EndsEarlier(_) => (Code::FailedPrecondition, "POSITION_ENDS_EARLIER"),
            Self::Overlaps(_) => (Code::FailedPrecondition, "POSITION_OVERLAPS"),
            Self::NothingToActFor(_) => (Code::FailedPrecondition, "NOTHING_TO_ACT_FOR"),
        }
    }

    fn vietnamese(&self) -> String {
        match self {
            Self::OfficerNotFound(subject) => format!("Không tìm thấy cán bộ {subject}"),
            Self::UnitNotFound(unit) => format!("Không tìm thấy đơn vị {unit}"),
            Self::UnitNotThere(unit, day) => {
                format!("Đơn vị {unit} không tồn tại vào ngày {day}")
            }
            Self::UnitNotYours(_) => "Tài khoản không có quyền thay mặt đơn vị này".to_owned(),
            Self::RoleNotYours(role) => {
                format!("Chỉ quản trị cấp tỉnh được giao hoặc thu hồi vai trò {role}")
            }
            Self::RoleNotAtUnit(role, unit) => {
                format!("Vai trò {role} chỉ có ở cấp tỉnh, không có ở đơn vị {unit}")
            }
            Self::EndsBeforeItBegins(first) => {
                format!("Ngày kết thúc trước ngày bắt đầu {first}")
            }
            Self::EndsEarlier(last) => {
                format!("Vị trí đã kết thúc ngày {last}; hãy giao vị trí mới cho thời gian sau đó")
            }
            Self::Overlaps(_) => {
                "Cán bộ đã giữ vai trò này tại đơn vị trong khoảng thời gian bị trùng".to_owned()
            }
            Self::NothingToActFor(subject) => format!(
                "{subject} không giữ vai trò này tại đơn vị trong suốt thời gian được giao quyền"
            ),
        }
    }

    /// The field of a row that it is about.
    fn field(&self) -> &'static str {
        match self {
            Self::OfficerNotFound(_) => "subject",
            Self::UnitNotFound(_) | Self::UnitNotYours(_) => "unit_uid",
            Self::RoleNotYours(_) | Self::RoleNotAtUnit(..) => "role",
            Self::UnitNotThere(..) | Self::Overlaps(_) => "first_day",
            Self::EndsBeforeItBegins(_) | Self::EndsEarlier(_) => "last_day",
            Self::NothingToActFor(_) => "acting_for",
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let (code, reason) = fault.coded();
        let failure = Self::new(code, reason, fault.to_string(), fault.vietnamese());
        match &fault {
            Fault::OfficerNotFound(subject) | Fault::NothingToActFor(subject) => {
                failure.with("subject", subject)
            }
            Fault::UnitNotFound(unit) | Fault::UnitNotYours(unit) => failure.with("unit_uid", unit),
            Fault::UnitNotThere(unit, day) => failure.with("unit_uid", unit).with("day", day),
            Fault::RoleNotYours(role) => failure.with("role", role),
            Fault::RoleNotAtUnit(role, unit) => failure.with("role", role).with("unit_uid", unit),
            Fault::EndsBeforeItBegins(first) => failure.with("first_day", first),
            Fault::EndsEarlier(last) => failure.with("last_day", last),
            Fault::Overlaps(position) => failure.with("position_uid", position),
        }
    }
}

impl From<&Fault> for Violation {
    fn from(fault: &Fault) -> Self {
        let (_, reason) = fault.coded();
        Self::new(fault.field(), reason, fault.to_string(), fault.vietnamese())
    }
}
