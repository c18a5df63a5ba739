//! Who holds a dossier's steps: intake's copy of what routing says.

use crate::error::Error;

/// One acceptance of a step, as routing told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// The transfer.
    pub transfer: String,
    /// The dossier.
    pub dossier: String,
    /// The unit that accepted.
    pub unit: String,
    /// Raised by every acceptance in the dossier.
    pub epoch: i64,
    /// What the holder may do.
    pub purpose: Purpose,
    /// Whether it is still held.
    pub held: bool,
}

/// What holding a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To work on it.
    Work,
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
    /// `NotTheHolder` when it has ended, is another unit's, or is for another purpose.
    pub fn check<'a>(
        &self,
        known: &'a [Custody],
        purpose: Purpose,
        units: &[String],
    ) -> Result<&'a Custody, Error> {
        known
            .iter()
            .find(|custody| custody.transfer == self.transfer && custody.epoch == self.epoch)
            .filter(|custody| custody.held && custody.purpose == purpose)
            .filter(|custody| units.contains(&custody.unit))
            .ok_or_else(|| Error::NotTheHolder {
                transfer: self.transfer.clone(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custody(epoch: i64, held: bool) -> Custody {
        Custody {
            transfer: format!("t{epoch}"),
            dossier: "d".to_owned(),
            unit: "u".to_owned(),
            epoch,
            purpose: Purpose::Decide,
            held,
        }
    }

    fn check(transfer: &str, epoch: i64, known: &[Custody], unit: &str) -> Result<i64, Error> {
        let claim = Claim {
            transfer: transfer.to_owned(),
            epoch,
        };
        claim.must_be_known(known)?;
        claim
            .check(known, Purpose::Decide, &[unit.to_owned()])
            .map(|custody| custody.epoch)
    }

    #[test]
    fn only_the_present_holder_passes() {
        let known = [custody(1, false), custody(2, true)];
        assert_eq!(check("t2", 2, &known, "u").unwrap(), 2);
        assert!(matches!(
            check("t1", 1, &known, "u"),
            Err(Error::NotTheHolder { .. })
        ));
        assert!(matches!(
            check("t2", 2, &known, "other"),
            Err(Error::NotTheHolder { .. })
        ));
        assert!(matches!(
            check("t2", 1, &known, "u"),
            Err(Error::NotTheHolder { .. })
        ));
    }

    #[test]
    fn an_acceptance_that_is_newer_than_what_is_known_is_waited_for() {
        let known = [custody(1, true)];
        assert!(matches!(
            check("t2", 2, &known, "u"),
            Err(Error::CustodyNotKnownYet)
        ));
    }
}
