//! What goes wrong with officers, their positions and passwords.

use std::time::Duration;

use kit::failure::{Failure, Violation};
use kit::sheet::BadRow;
use tonic::Code;

use super::Error;
use crate::staff::Outcome;

/// How many faults of an import a refusal names: its details travel in a header.
const NAMED: usize = 20;

pub(super) fn of_officers(error: Error, english: String) -> Failure {
    match error {
        Error::SubjectTaken(subject) => {
            let vietnamese = format!("Đã có cán bộ hoặc hệ thống mang tên {subject}");
            Failure::new(Code::AlreadyExists, "SUBJECT_TAKEN", english, vietnamese)
                .with("subject", subject)
        }
        Error::OfficerNotYours(subject) => {
            let vietnamese = format!("Chỉ quản trị cấp tỉnh được thay đổi cán bộ {subject}");
            let code = Code::PermissionDenied;
            Failure::new(code, "OFFICER_NOT_YOURS", english, vietnamese).with("subject", subject)
        }
        Error::PositionNotFound(uid) => {
            let vietnamese = format!("Không tìm thấy vị trí {uid}");
            Failure::new(Code::NotFound, "POSITION_NOT_FOUND", english, vietnamese)
                .with("position_uid", uid)
        }
        Error::PositionsRefused(taken) => refused_rows(&taken),
        Error::FilesRefused(rows) => Failure::new(
            Code::InvalidArgument,
            "POSITIONS_REFUSED",
            english,
            "Danh sách cán bộ hoặc vị trí có lỗi; chưa có gì được lưu",
        )
        .with("faults", rows.len()),
        Error::AdministratorExists => Failure::new(
            Code::AlreadyExists,
            "ADMINISTRATOR_EXISTS",
            english,
            "Tỉnh đã có quản trị viên",
        ),
        _ => Failure::new(
            Code::FailedPrecondition,
            "PROVINCE_MISSING",
            english,
            "Chưa có đơn vị cấp tỉnh; hãy nhập danh sách đơn vị trước",
        ),
    }
}

fn refused_rows(taken: &[Result<Outcome, Vec<Violation>>]) -> Failure {
    let faults = taken.iter().enumerate().flat_map(|(index, taken)| {
        let faults = taken.as_ref().err().into_iter().flatten();
        faults.map(move |fault| Violation {
            field: format!("rows[{index}].{}", fault.field),
            ..fault.clone()
        })
    });
    let mut faults: Vec<Violation> = faults.collect();
    let count = faults.len();
    faults.truncate(NAMED);
    Failure::invalid("POSITIONS_REFUSED", faults).with("faults", count)
}

pub(super) fn of_passwords(error: &Error, english: String) -> Failure {
    match error {
        Error::PasswordChangeRequired => Failure::new(
            Code::FailedPrecondition,
            "PASSWORD_CHANGE_REQUIRED",
            english,
            "Phải đổi mật khẩu dùng một lần trước khi đăng nhập",
        ),
        Error::ProviderRequired(subject) => Failure::new(
            Code::FailedPrecondition,
            "PROVIDER_REQUIRED",
            english,
            "Cán bộ đăng nhập qua hệ thống định danh; chỉ quản trị cấp tỉnh được dùng mật khẩu riêng",
        )
        .with("subject", subject),
        Error::Overloaded => Failure::new(
            Code::ResourceExhausted,
            "OVERLOADED",
            english,
            "Quá nhiều người đang đăng nhập; hãy thử lại sau giây lát",
        )
        .retry_after(Duration::from_secs(2)),
        Error::Threads(_) => Failure::new(
            Code::Internal,
            "NO_THREADS",
            english,
            "Hệ thống chưa kiểm tra được mật khẩu",
        ),
        _ => Failure::new(
            Code::Unauthenticated,
            "SIGN_IN_REFUSED",
            english,
            "Tên đăng nhập hoặc mật khẩu không đúng, hoặc đang tạm khóa; hãy thử lại sau",
        ),
    }
}

pub(super) fn list(rows: &[BadRow]) -> String {
    let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
    rows.join("\n")
}
