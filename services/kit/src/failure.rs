//! What a failing call looks like: one code, one documented reason, every variable, text for people.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The `domain` of every `google.rpc.ErrorInfo` of the suite.
pub const DOMAIN: &str = "motcua";

/// A refusal or fault on its way to the caller. It is boxed, since nearly everything returns one and hardly ever does.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {}", .0.reason, .0.english)]
pub struct Failure(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    code: Code,
    reason: &'static str,
    english: String,
    vietnamese: String,
    metadata: BTreeMap<&'static str, String>,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field: `applicant.number`.
    pub field: String,
    /// Machine-readable: `REQUIRED`, `CHECK_DIGIT_WRONG` …
    pub reason: &'static str,
    /// What is wrong and how to mend it.
    pub english: String,
    /// The same in Vietnamese.
    pub vietnamese: String,
}

impl Failure {
    /// A failure with its documented reason and its text in both languages.
    pub fn new(
        code: Code,
        reason: &'static str,
        english: impl Into<String>,
        vietnamese: impl Into<String>,
    ) -> Self {
        Self(Box::new(Inner {
            code,
            reason,
            english: english.into(),
            vietnamese: vietnamese.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: None,
        }))
    }

    /// `INVALID_ARGUMENT` with everything that is wrong at once.
    #[must_use]
    pub fn invalid_fields(violations: Vec<Violation>) -> Self {
        Self::invalid("INVALID_FIELDS", violations)
    }

    /// `INVALID_ARGUMENT` under a reason of its own.
    #[must_use]
    pub fn invalid(reason: &'static str, violations: Vec<Violation>) -> Self {
        let join = |text: fn(&Violation) -> &String| {
            let parts: Vec<_> = violations
                .iter()
                .map(|violation| format!("{}: {}", violation.field, text(violation)))
                .collect();
            parts.join("; ")
        };
        let (english, vietnamese) = (
            join(|violation| &violation.english),
            join(|violation| &violation.vietnamese),
        );
        let mut failure = Self::new(Code::InvalidArgument, reason, english, vietnamese);
        failure.0.violations = violations;
        failure
    }

    /// `FAILED_PRECONDITION`, `STATE_FORBIDS`: the step is out of turn.
    #[must_use]
    pub fn state_forbids(act: &'static str, current: &str, allowed: &[&str]) -> Self {
        let allowed = allowed.join(",");
        Self::new(
            Code::FailedPrecondition,
            "STATE_FORBIDS",
            format!("{act} is not possible in state {current}; it is in: {allowed}"),
            format!("Không thực hiện được bước này khi hồ sơ ở trạng thái {current}; chỉ được khi ở: {allowed}"),
        )
        .with("act", act)
        .with("current", current)
        .with("allowed", allowed)
    }

    /// `ABORTED`, `REVISION_CHANGED`: somebody else was first.
    #[must_use]
    pub fn revision_changed(expected: i64, current: i64) -> Self {
        Self::new(
            Code::Aborted,
            "REVISION_CHANGED",
            format!("revision {expected} was expected but it is {current} by now; read it again and retry"),
            "Dữ liệu đã được người khác thay đổi; hãy tải lại rồi thử lại",
        )
        .with("expected", expected)
        .with("current", current)
    }

    /// `UNAVAILABLE`: nothing is known to have happened; the same call may be made again.
    #[must_use]
    pub fn unavailable(reason: &'static str, english: impl Into<String>, retry: Duration) -> Self {
        let mut failure = Self::new(
            Code::Unavailable,
            reason,
            english,
            "Hệ thống tạm thời chưa đáp ứng được; hãy thử lại sau giây lát",
        );
        failure.0.retry_after = Some(retry);
        failure
    }

    /// Adds one variable of the message for programs.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Display) -> Self {
        self.0.metadata.insert(key, value.to_string());
        self
    }

    /// Tells when a retry makes sense.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// When it may be tried again, where that is known.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What people read, in Vietnamese.
    #[must_use]
    pub fn vietnamese(&self) -> &str {
        &self.0.vietnamese
    }

    /// The variables of the message, for programs.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<&'static str, String> {
        &self.0.metadata
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The documented reason.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.0.reason
    }
}

impl Violation {
    /// Something wrong with one field.
    pub fn new(
        field: impl Into<String>,
        reason: &'static str,
        english: impl Into<String>,
        vietnamese: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            reason,
            english: english.into(),
            vietnamese: vietnamese.into(),
        }
    }
}

impl From<Failure> for Status {
    fn from(Failure(failure): Failure) -> Self {
        let metadata = failure
            .metadata
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect::<std::collections::HashMap<_, _>>();
        let mut details = ErrorDetails::with_error_info(failure.reason, DOMAIN, metadata);
        details.set_localized_message("vi", &failure.vietnamese);
        for violation in &failure.violations {
            let description = format!("{}: {}", violation.reason, violation.english);
            details.add_bad_request_violation(&violation.field, description);
        }
        if failure.retry_after.is_some() {
            details.set_retry_info(failure.retry_after);
        }
        Status::with_error_details(failure.code, failure.english, details)
    }
}

/// The documented reason of a failing status; empty when it did not come from the suite.
#[must_use]
pub fn reason_of(status: &Status) -> String {
    status
        .get_error_details()
        .error_info()
        .map(|info| info.reason.clone())
        .unwrap_or_default()
}
