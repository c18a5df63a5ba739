//! What is personal about a party: one sealed column.

use kit::identity_number::IdentityNumber;
use kit::seal::{DataKey, Place};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::unreadable;
use crate::party::{BirthDate, Contact, Details, Kind, Particulars, Party, Sex};

/// As it is sealed, in JSON.
#[derive(Serialize, Deserialize)]
struct Personal {
    name: String,
    /// Register and digits.
    numbers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    phones: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    birth: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    female: Option<bool>,
}

/// What is personal about a party, sealed.
pub(super) fn seal(party: &Party) -> Result<Vec<u8>, DbErr> {
    let personal = Personal::of(&party.particulars);
    let text = serde_json::to_vec(&personal).map_err(|error| DbErr::Type(error.to_string()))?;
    Ok(party.key.seal(place(party.uid.as_str()), &text))
}

/// What was sealed.
pub(super) fn open(
    uid: &str,
    kind: Kind,
    sealed: &[u8],
    key: &DataKey,
) -> Result<Particulars, DbErr> {
    let text = key.open(place(uid), sealed)?;
    let personal: Result<Personal, _> = serde_json::from_slice(&text);
    let particulars = personal
        .ok()
        .and_then(|personal| personal.into_domain(kind));
    particulars.ok_or_else(|| unreadable("party.personal"))
}

fn place(uid: &str) -> Place<'_> {
    Place {
        table: "party",
        column: "personal",
        row: uid,
    }
}

impl Personal {
    fn of(particulars: &Particulars) -> Self {
        let numbers = particulars.numbers.iter().map(|number| {
            let kind = number.kind().as_str().to_owned();
            (kind, number.value().to_owned())
        });
        let details = &particulars.details;
        Self {
            name: details.name.clone(),
            numbers: numbers.collect(),
            phones: details.contact.phones.clone(),
            addresses: details.contact.addresses.clone(),
            email: details.contact.email.clone(),
            birth: details.birth.map(|birth| birth.to_string()),
            female: details.sex.map(|sex| sex == Sex::Female),
        }
    }

    fn into_domain(self, kind: Kind) -> Option<Particulars> {
        let number = |(kind, value): &(String, String)| {
            let kind = kind.parse().ok()?;
            IdentityNumber::parse(kind, value, "number").ok()
        };
        let numbers: Option<Vec<IdentityNumber>> = self.numbers.iter().map(number).collect();
        let sex = |female| if female { Sex::Female } else { Sex::Male };
        Some(Particulars {
            kind,
            numbers: numbers?,
            details: Details {
                name: self.name,
                contact: Contact {
                    phones: self.phones,
                    addresses: self.addresses,
                    email: self.email,
                },
                birth: self.birth.as_deref().and_then(BirthDate::parse),
                sex: self.female.map(sex),
            },
        })
    }
}
