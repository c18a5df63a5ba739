//! Tokens for officers, by the positions that they hold.

use kit::caller::{Granted, Role};
use kit::clock;

use super::{Asked, Issued, Issuing};
use crate::error::Error;
use crate::store;
use crate::subject::Subject;

impl Issuing {
    /// A token that grants the positions of the day: for each the unit that does the work now and all whose work that one took
    /// over.
    pub async fn for_positions(&self, subject: &Subject, asked: &Asked) -> Result<Issued, Error> {
        let today = clock::local(asked.civil).date();
        let held = store::position::grants(self.db.read(), subject, today).await?;
        let register = self.units.now().await?;
        let granted = held.into_iter().map(|(role, unit, _)| {
            let everywhere = role == Role::ProvinceAdministrator;
            let at = register.estate(&unit, today).into_iter();
            let at = at.filter(|_| !everywhere).map(|unit| unit.to_string());
            Granted {
                role,
                at: at.collect(),
                everywhere,
            }
        });
        let claims = self.claims(subject.as_str(), granted.collect(), clock::real());
        self.sign(&claims, asked)
    }
}
