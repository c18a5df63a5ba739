//! What is personal about a party: one sealed column.

use kit::identity_number::IdentityNumber;
use kit::seal::{DataKey, Place};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::unreadable;
use crate::party::{Kind, Particulars, Party};

/// As it is sealed, in JSON.
#[derive(Serialize, Deserialize)]
struct Personal {
    name: String,
    number_kind: String,
    number: String,
}

/// What is personal about a party, sealed.
pub(super) fn seal(party: &Party) -> Result<Vec<u8>, DbErr> {
    let Particulars { name, number, .. } = &party.particulars;
    let personal = Personal {
        name: name.clone(),
        number_kind: number.kind().as_str().to_owned(),
        number: number.value().to_owned(),
    };
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
    let personal: Personal =
        serde_json::from_slice(&text).map_err(|_| unreadable("party.personal"))?;
    let bad_number = || unreadable("party.personal");
    let number_kind = personal.number_kind.parse().map_err(|()| bad_number())?;
    let number = IdentityNumber::parse(number_kind, &personal.number, "number");
    Ok(Particulars {
        kind,
        name: personal.name,
        number: number.map_err(|_| bad_number())?,
    })
}

fn place(uid: &str) -> Place<'_> {
    Place {
        table: "party",
        column: "personal",
        row: uid,
    }
}
