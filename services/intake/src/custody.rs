//! To whom a dossier's steps are offered and who holds them: intake's copy of what routing says.

use kit::authority::{Relation, Rights};

use crate::error::Error;

/// One step at a unit, as routing told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// The transfer.
    pub transfer: String,
    /// The dossier.
    pub dossier: String,
    /// The unit.
    pub unit: String,
    /// Raised by every acceptance in the dossier; 0 before.
    pub epoch: i64,
    /// What the holder may do.
    pub purpose: Purpose,
    /// How the unit stands to it.
    pub standing: Standing,
}

/// How a unit stands to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is offered to the unit.
    Offered,
    /// The unit holds it.
    Holds,
    /// The unit has held it.
    Held,
    /// The offer has left the unit.
    Left,
}

impl Standing {
    /// What the rules call it.
    #[must_use]
    pub fn relation(self) -> Option<Relation> {
        match self {
            Self::Offered => Some(Relation::Offered),
            Self::Holds => Some(Relation::Holder),
            Self::Held => Some(Relation::PastHolder),
            Self::Left => None,
        }
    }
}

/// What holding a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To work on it, as the only or the leading unit.
    Work,
    /// To give an opinion beside the leading unit (R4).
    Advise,
    /// To decide.
    Decide,
    /// To hand the result over.
    Return,
}

/// What a caller says that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The transfer.
    pub transfer: String,
    /// The epoch that its acceptance returned.
    pub epoch: i64,
}

impl Claim {
    /// Refuses a claim that is newer than everything that routing told of the dossier.
    ///
    /// # Errors
    /// `CustodyNotKnownYet`.
    pub fn must_be_known(&self, known: &[Custody]) -> Result<(), Error> {
        let newest = known
            .iter()
            .map(|custody| custody.epoch)
            .max()
            .unwrap_or_default();
        if self.epoch > newest {
            return Err(Error::CustodyNotKnownYet);
        }
        Ok(())
    }

    /// The custody that is claimed.
    ///
    /// # Errors
    /// `NotTheHolder` when it has ended, is another unit's, or is for none of these purposes.
    pub fn check<'a>(
        &self,
        known: &'a [Custody],
        purposes: &[Purpose],
        rights: &Rights,
    ) -> Result<&'a Custody, Error> {
        known
            .iter()
            .find(|custody| custody.transfer == self.transfer && custody.epoch == self.epoch)
            .filter(|custody| custody.standing == Standing::Holds)
            .filter(|custody| purposes.contains(&custody.purpose))
            .filter(|custody| rights.stands(Relation::Holder, &custody.unit))
            .ok_or_else(|| Error::NotTheHolder {
                transfer: self.transfer.clone(),
            })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kit::caller::{Caller, Role};

    use super::*;

    fn custody(epoch: i64, standing: Standing) -> Custody {
        Custody {
            transfer: format!("t{epoch}"),
            dossier: "d".to_owned(),
            unit: "u".to_owned(),
            epoch,
            purpose: Purpose::Decide,
            standing,
        }
    }

    fn check(transfer: &str, epoch: i64, known: &[Custody], unit: &str) -> Result<i64, Error> {
        let claim = Claim {
            transfer: transfer.to_owned(),
            epoch,
        };
        claim.must_be_known(known)?;
        let leader = Caller::new("leader", Role::Leader, vec![unit.to_owned()]);
        let rights = Rights::of(Arc::new(leader), "intake.DossierService/RecordDecision");
        claim
            .check(known, &[Purpose::Decide], &rights)
            .map(|custody| custody.epoch)
    }

    #[test]
    fn only_the_present_holder_passes() {
        let known = [custody(1, Standing::Held), custody(2, Standing::Holds)];
        assert_eq!(check("t2", 2, &known, "u").unwrap(), 2);
        for (transfer, epoch, unit) in [("t1", 1, "u"), ("t2", 2, "other"), ("t2", 1, "u")] {
            let checked = check(transfer, epoch, &known, unit);
            assert!(matches!(checked, Err(Error::NotTheHolder { .. })));
        }
    }

    #[test]
    fn who_is_offered_a_step_does_not_hold_it() {
        let known = [custody(2, Standing::Offered)];
        let checked = check("t2", 2, &known, "u");
        assert!(matches!(checked, Err(Error::NotTheHolder { .. })));
    }

    #[test]
    fn an_acceptance_that_is_newer_than_what_is_known_is_waited_for() {
        let known = [custody(1, Standing::Holds)];
        assert!(matches!(
            check("t2", 2, &known, "u"),
            Err(Error::CustodyNotKnownYet)
        ));
    }
}
