//! What a refused call looks like.

use std::collections::HashMap;

use kit::failure::DOMAIN;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A refused call, taken apart.
#[derive(Debug)]
pub struct Refusal {
    /// Its code.
    pub code: Code,
    /// Its documented reason.
    pub reason: String,
    /// The variables of the message.
    pub metadata: HashMap<String, String>,
    /// The fields that are wrong, each with what is wrong with it.
    pub violations: Vec<(String, String)>,
    /// Whether it says when to try again.
    pub retry: bool,
    /// What people read.
    pub vietnamese: String,
}

impl Refusal {
    /// Takes a failing status apart, which must tell everything that every failure of the suite tells.
    pub fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let info = info.unwrap_or_else(|| panic!("a failure without ErrorInfo: {status:?}"));
        assert_eq!(info.domain, DOMAIN, "{status:?}");
        assert!(
            !info.reason.is_empty(),
            "a failure without a reason: {status:?}"
        );
        let text = details.localized_message();
        let text = text.unwrap_or_else(|| panic!("nothing for people to read: {status:?}"));
        assert_eq!(text.locale, "vi");
        assert!(
            !text.message.is_empty(),
            "nothing for people to read: {status:?}"
        );
        let violations = details.bad_request().into_iter();
        let violations = violations.flat_map(|bad| &bad.field_violations);
        Self {
            code: status.code(),
            reason: info.reason.clone(),
            metadata: info.metadata.clone(),
            violations: violations
                .map(|violation| (violation.field.clone(), violation.description.clone()))
                .collect(),
            retry: details.retry_info().is_some(),
            vietnamese: text.message.clone(),
        }
    }

    /// The fields that are wrong.
    pub fn fields(&self) -> Vec<&str> {
        self.violations
            .iter()
            .map(|(field, _)| field.as_str())
            .collect()
    }

    /// What is wrong with one field.
    pub fn violation(&self, field: &str) -> &str {
        let found = self.violations.iter().find(|(name, _)| name == field);
        found.map_or("", |(_, what)| what)
    }

    /// One variable of the message.
    pub fn variable(&self, key: &str) -> &str {
        self.metadata.get(key).map_or("", String::as_str)
    }
}
