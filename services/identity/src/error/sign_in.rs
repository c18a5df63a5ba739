//! Why somebody gets no token.

use std::time::Duration;

use kit::failure::Failure;
use tonic::Code;

use super::Error;

pub(super) fn of_sign_in(error: Error, english: String) -> Failure {
    let refused = |reason, vietnamese: &str| {
        Failure::new(Code::Unauthenticated, reason, english.clone(), vietnamese)
    };
    match error {
        Error::ClientDisabled => refused("CLIENT_DISABLED", "Hệ thống này đã bị ngừng truy cập"),
        Error::TooMuchGranted => Failure::new(
            Code::FailedPrecondition,
            "TOO_MUCH_GRANTED",
            english,
            "Tài khoản được cấp cho quá nhiều đơn vị hoặc đối tượng; hãy chia thành nhiều tài khoản",
        ),
        Error::TooManyTokens(wait) => Failure::new(
            Code::ResourceExhausted,
            "RATE_LIMITED",
            english,
            "Xin cấp phiên đăng nhập quá nhiều lần; hãy thử lại sau giây lát",
        )
        .retry_after(wait),
        Error::IdTokenInvalid(_) => refused(
            "ID_TOKEN_INVALID",
            "Phiên đăng nhập từ nhà cung cấp định danh không hợp lệ; hãy đăng nhập lại",
        ),
        Error::NobodyByThisName(_) => refused(
            "NOBODY_BY_THIS_NAME",
            "Tài khoản chưa được cấp vị trí công tác; hãy liên hệ quản trị",
        ),
        Error::ProviderUnavailable(provider) => {
            Failure::unavailable("PROVIDER_UNAVAILABLE", english, Duration::from_secs(5))
                .with("provider", provider)
        }
        _ => refused(
            "ASSERTION_INVALID",
            "Không xác nhận được danh tính; hãy kiểm tra tên, khóa và thời hạn đăng nhập",
        ),
    }
}
