//! A proxy (ủy quyền): a party acts for another, within days, for all its dossiers, for some procedures or for one dossier. Pure.

use std::fmt;

use chrono::NaiveDate;
use kit::clock::Moment;
use kit::seal::DataKey;

use crate::party;

/// The longest note on the evidence, in characters.
pub const LONGEST_EVIDENCE: usize = 1_000;

/// One grant of proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Ours.
    pub uid: String,
    /// For whom somebody acts.
    pub grantor: party::Uid,
    /// Who acts.
    pub acting: party::Uid,
    /// The first day on which it does.
    pub first_day: NaiveDate,
    /// The last one.
    pub last_day: NaiveDate,
    /// What for.
    pub reach: Reach,
    /// The subject of the token of whoever recorded it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Moment,
    /// What was shown for it: a notary's number, say. Personal; sealed under the key of the grantor.
    pub evidence: String,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
    /// The key of the grantor; none once that was erased.
    pub key: Option<DataKey>,
}

/// What a proxy acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    All,
    /// Dossiers under these procedures, by their national codes.
    Procedures(Vec<String>),
    /// This dossier.
    Dossier(String),
}

impl Proxy {
    /// The same, revoked; what was revoked before stays so.
    #[must_use]
    pub fn revoke(self, at: Moment) -> Self {
        Self {
            revoked_at: self.revoked_at.or(Some(at)),
            ..self
        }
    }
}

/// Without the evidence.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}, {:?}", self.acting, self.grantor, self.reach)
    }
}

#[cfg(test)]
mod tests {
    use kit::clock;

    use super::*;

    #[test]
    fn what_was_revoked_stays_as_it_was_revoked_first() {
        let day = NaiveDate::from_ymd_opt(2017, 8, 28).unwrap();
        let proxy = Proxy {
            uid: "p".to_owned(),
            grantor: party::Uid::new("a"),
            acting: party::Uid::new("b"),
            first_day: day,
            last_day: day,
            reach: Reach::All,
            recorded_by: "desk".to_owned(),
            recorded_at: clock::from_micros(0),
            evidence: "Y Moan".to_owned(),
            revoked_at: None,
            key: None,
        };
        assert!(!format!("{proxy:?}").contains("Moan"));
        let revoked = proxy.revoke(clock::from_micros(5));
        assert_eq!(revoked.revoked_at, Some(clock::from_micros(5)));
        assert_eq!(revoked.clone().revoke(clock::from_micros(9)), revoked);
    }
}
