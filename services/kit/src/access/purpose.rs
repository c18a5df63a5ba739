//! What personal data is read for.

use http::HeaderMap;

use crate::caller::{Caller, Role};

/// The metadata key by which a caller says what it reads personal data for.
pub const PURPOSE: &str = "motcua-purpose";

/// What personal data is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To handle the dossier.
    Handling,
    /// To verify what an applicant says or shows.
    Verification,
    /// To answer a complaint.
    Complaint,
    /// To inspect the work of units.
    Audit,
    /// One's own.
    Own,
    /// Nobody said.
    Unstated,
}

/// Metadata names no purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

/// What may be stated.
const STATED: [Purpose; 4] = [
    Purpose::Handling,
    Purpose::Verification,
    Purpose::Complaint,
    Purpose::Audit,
];

impl Purpose {
    /// Its code in metadata and in the log.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Handling => "handling",
            Self::Verification => "verification",
            Self::Complaint => "complaint",
            Self::Audit => "audit",
            Self::Own => "own",
            Self::Unstated => "unstated",
        }
    }

    /// What metadata states; `None` when it says nothing.
    pub(crate) fn stated(headers: &HeaderMap) -> Result<Option<Self>, Unknown> {
        let Some(value) = headers.get(PURPOSE) else {
            return Ok(None);
        };
        let stated = STATED
            .into_iter()
            .find(|purpose| purpose.code().as_bytes() == value.as_bytes());
        stated.map(Some).ok_or(Unknown)
    }

    /// What goes without saying: applicants read their own and what is of those they act for, auditors inspect, and other
    /// officers read what their unit handles just now.
    pub(crate) fn unless_stated(caller: &Caller, is_handled: bool) -> Self {
        let are_all = |roles: &[Role]| {
            let mut grants = caller.grants.iter();
            !caller.grants.is_empty() && grants.all(|grant| roles.contains(&grant.role))
        };
        if are_all(&[Role::Applicant, Role::Proxy]) {
            Self::Own
        } else if are_all(&[Role::Auditor]) {
            Self::Audit
        } else if is_handled {
            Self::Handling
        } else {
            Self::Unstated
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_codes_can_be_stated() {
        let stated = |code: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(PURPOSE, code.parse().unwrap());
            Purpose::stated(&headers)
        };
        for purpose in STATED {
            assert_eq!(stated(purpose.code()), Ok(Some(purpose)));
        }
        for code in ["own", "unstated", "Handling", "curiosity", ""] {
            assert_eq!(stated(code), Err(Unknown), "{code}");
        }
        assert_eq!(Purpose::stated(&HeaderMap::new()), Ok(None));
    }
}
