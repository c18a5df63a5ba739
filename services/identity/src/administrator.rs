//! The first administrator of the province, made by hand before anybody can sign in.

use kit::caller::Role;
use kit::clock::{self, Clock};
use kit::db::Db;
use kit::failure::{Failure, Violation};
use kit::seal::DataKey;
use kit::writer;

use crate::error::Error;
use crate::fault::Fault;
use crate::ledger::{Act, Administrator, Identity};
use crate::officer::{Name, Officer};
use crate::password::{Credential, Password, Pool, Unique};
use crate::position::{self, Period};
use crate::staff::Wanted;
use crate::subject::Subject;
use crate::{by_hand, migrate, store, unit};

/// Who is to be an administrator of the province.
#[derive(Clone, Debug)]
pub struct NewAdministrator {
    /// Its lasting opaque name.
    pub subject: String,
    /// What people call it.
    pub name: String,
    /// Its password; without one, a random one is made that must be changed at the first sign-in.
    pub password: Option<String>,
    /// Also where the province has an administrator already.
    pub force: bool,
}

/// Makes an administrator of the province and returns its one-time password, if one was made. An officer that is there already
/// gets the position and the password.
///
/// # Errors
/// `INVALID_FIELDS`, `PROVINCE_MISSING`, `ADMINISTRATOR_EXISTS`, or a store that does not answer.
pub async fn create_administrator(
    db: Db,
    new: NewAdministrator,
) -> Result<Option<String>, Failure> {
    let invalid = |violation| Failure::invalid_fields(vec![violation]);
    let subject: Subject = new.subject.parse().map_err(|()| invalid(malformed()))?;
    let given = new.password.as_deref();
    let given = given.map(|text| Password::new("password", text, &subject));
    let given = given.transpose().map_err(invalid)?;
    migrate(&db).await.map_err(Error::from)?;
    let today = clock::local(Clock::system().civil()).date();
    let province = province(&db, today).await?;
    let role = Role::ProvinceAdministrator;
    let exists = store::position::is_anywhere(db.read(), role, today).await;
    if exists.map_err(Error::from)? && !new.force {
        return Err(Error::AdministratorExists.into());
    }
    let one_time = given.is_none();
    let password = given.unwrap_or_else(Password::random);
    let (key, name) = (DataKey::generate(), Name::new(new.name));
    let made = Administrator {
        officer: Officer::new(subject.clone(), key, name, Some(province.clone())),
        wanted: Wanted {
            uid: position::Uid::new(clock::new_uid()),
            officer: subject,
            role,
            unit: province,
            period: Period::new(today, None).map_err(|_| Fault::EndsBeforeItBegins(today))?,
            acting_for: None,
        },
        credential: credential(&password, one_time).await?,
        today,
    };
    let act = Act::Administrator(Box::new(made));
    let ledger = Identity(db.ring().clone());
    writer::once(ledger, db, by_hand(act)).await?;
    Ok(one_time.then(|| password.reveal().to_owned()))
}

async fn province(db: &Db, today: chrono::NaiveDate) -> Result<unit::Uid, Error> {
    let register = store::unit::all(db.read()).await?;
    let mut units = register.units();
    let province = units.find(|unit| unit.kind == unit::Kind::Province && unit.exists_on(today));
    province
        .map(|unit| unit.uid.clone())
        .ok_or(Error::ProvinceMissing)
}

async fn credential(password: &Password, one_time: bool) -> Result<Credential, Error> {
    let pool = Pool::start().map_err(Error::Threads)?;
    let place = pool.place().ok_or(Error::Overloaded)?;
    let hash = place.hash(password.clone(), Unique::random()).await;
    Ok(Credential {
        hash: hash.ok_or(Error::Overloaded)?,
        one_time,
    })
}

fn malformed() -> Violation {
    Violation::new(
        "subject",
        "MALFORMED",
        "must be 1 to 64 printable ASCII characters without spaces, and no name of the suite",
        "phải gồm 1 đến 64 ký tự ASCII không dấu, không có khoảng trắng",
    )
}
