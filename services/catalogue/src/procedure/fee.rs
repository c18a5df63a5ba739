//! What an applicant pays.

use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::is_false;
use crate::route::UnitUid;

/// An amount in đồng, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Dong(i64);

impl Dong {
    /// How many.
    #[must_use]
    pub fn amount(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Dong {
    type Error = &'static str;

    fn try_from(amount: i64) -> Result<Self, &'static str> {
        if amount < 0 {
            return Err("an amount is never negative");
        }
        Ok(Self(amount))
    }
}

impl From<Dong> for i64 {
    fn from(dong: Dong) -> Self {
        dong.0
    }
}

impl FromStr for Dong {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let amount: Option<i64> = text.parse().ok();
        amount
            .and_then(|amount| Self::try_from(amount).ok())
            .ok_or(())
    }
}

/// How a dossier comes that a fee is due for, or that cutoffs hold for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Online.
    Online,
    /// At the counter.
    Counter,
    /// By post.
    Post,
}

/// When a fee is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaidWhen {
    /// Before the dossier is received.
    Before,
    /// While it is processed.
    During,
}

/// What is paid where everything that it names agrees. Of several with one key the first that agrees counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// What it is for.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// How much.
    pub amount: Dong,
    /// Only what comes this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Only at the desks of these units and of all below them; empty means everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitUid>,
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// When it is paid.
    pub paid: PaidWhen,
    /// Whether it can be paid online.
    #[serde(default, skip_serializing_if = "is_false")]
    pub payable_online: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_negative_fee() {
        assert!("-1".parse::<Dong>().is_err());
        assert_eq!("30000".parse::<Dong>().unwrap().amount(), 30_000);
    }
}
