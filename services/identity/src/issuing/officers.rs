//! Tokens for officers, by the positions that they hold.

use chrono::NaiveDate;
use kit::caller::{Granted, Role};
use kit::clock::{self, Moment};

use super::{Asked, Issued, Issuing};
use crate::error::Error;
use crate::password::Holders;
use crate::register::Register;
use crate::subject::Subject;
use crate::{store, unit};

impl Issuing {
    /// A token that grants the positions of the day: for each the unit that does the work now and all whose work that one took
    /// over; for an auditor also all that stand below it. A province's administrator and its auditor reach everything.
    pub async fn for_positions(&self, subject: &Subject, asked: &Asked) -> Result<Issued, Error> {
        self.count(subject.as_str())?;
        let today = clock::local(asked.civil).date();
        let held = store::position::grants(self.db.read(), subject, today).await?;
        let register = self.units.now().await?;
        let granted = held
            .into_iter()
            .map(|(role, unit, _)| reach(&register, role, &unit, today));
        let claims = self.claims(subject.as_str(), granted.collect(), clock::real());
        self.sign(&claims, asked)
    }

    /// Whether an officer may use a local password at this time.
    pub async fn takes_password(&self, subject: &Subject, civil: Moment) -> Result<bool, Error> {
        if self.providers.password_holders() == Holders::Everybody {
            return Ok(true);
        }
        let today = clock::local(civil).date();
        let held = store::position::grants(self.db.read(), subject, today).await?;
        let mut held = held.into_iter();
        Ok(held.any(|(role, ..)| role == Role::ProvinceAdministrator))
    }
}

fn reach(register: &Register, role: Role, unit: &unit::Uid, today: NaiveDate) -> Granted {
    let heir = register.get(register.heir(unit, today));
    let is_of_the_province = heir.is_some_and(|unit| unit.on(today).parent.is_none());
    let everywhere = match role {
        Role::ProvinceAdministrator => true,
        Role::Auditor => is_of_the_province,
        _ => false,
    };
    let units = match role {
        _ if everywhere => Vec::new(),
        Role::Auditor => register.oversight(unit, today),
        _ => register.estate(unit, today),
    };
    Granted {
        role,
        at: units.iter().map(ToString::to_string).collect(),
        everywhere,
    }
}
