//! What is wrong with an act on a client system.

use kit::failure::Failure;
use tonic::Code;

use super::Error;

pub(super) fn of_clients(error: Error, english: String) -> Failure {
    match error {
        Error::ClientNotFound(subject) => {
            let vietnamese = format!("Không có hệ thống {subject}");
            Failure::new(Code::NotFound, "CLIENT_NOT_FOUND", english, vietnamese)
                .with("client_id", subject)
        }
        Error::ClientExists(subject) => {
            let vietnamese = format!("Đã có hệ thống khác mang tên {subject}");
            Failure::new(Code::AlreadyExists, "CLIENT_EXISTS", english, vietnamese)
                .with("client_id", subject)
        }
        Error::CertificateTaken => Failure::new(
            Code::AlreadyExists,
            "CERTIFICATE_TAKEN",
            english,
            "Chứng thư này đã gắn với hệ thống khác",
        ),
        Error::KeyNotFound => Failure::new(
            Code::NotFound,
            "KEY_NOT_FOUND",
            english,
            "Hệ thống không có khóa này",
        ),
        Error::RevisionChanged { expected, current } => {
            Failure::revision_changed(expected, current)
        }
        _ => Failure::new(
            Code::FailedPrecondition,
            "KEYS_FULL",
            english,
            "Hệ thống đã có đủ hai khóa; hãy bỏ bớt một khóa",
        ),
    }
}
