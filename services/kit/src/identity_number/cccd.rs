//! What a CCCD tells of whom it was given to.

use super::{IdentityNumber, Kind};

/// The first three digits, by province of registration at birth; those of provinces that were merged stay valid.
const PLACES: [&str; 63] = [
    "001", "002", "004", "006", "008", "010", "011", "012", "014", "015", "017", "019", "020",
    "022", "024", "025", "026", "027", "030", "031", "033", "034", "035", "036", "037", "038",
    "040", "042", "044", "045", "046", "048", "049", "051", "052", "054", "056", "058", "060",
    "062", "064", "066", "067", "068", "070", "072", "074", "075", "077", "079", "080", "082",
    "083", "084", "086", "087", "089", "091", "092", "093", "094", "095", "096",
];

/// What a CCCD tells. There is no check digit, and registers have mistakes: what differs is worth a warning, not a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tells {
    /// Whether a province has its first three digits.
    pub place_is_known: bool,
    /// The sex in the register.
    pub female: bool,
    /// The year of birth.
    pub birth_year: i32,
}

impl IdentityNumber {
    /// What the number tells; nothing where it is no CCCD.
    #[must_use]
    pub fn tells(&self) -> Option<Tells> {
        if self.kind() != Kind::Cccd {
            return None;
        }
        let (place, rest) = self.value().split_at_checked(3)?;
        let (century, rest) = rest.split_at_checked(1)?;
        let (century, year): (i32, i32) = (century.parse().ok()?, rest.get(..2)?.parse().ok()?);
        Some(Tells {
            place_is_known: PLACES.contains(&place),
            female: century % 2 == 1,
            birth_year: 1900 + century / 2 * 100 + year,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tells(kind: Kind, value: &str) -> Option<Tells> {
        IdentityNumber::parse(kind, value, "number")
            .unwrap()
            .tells()
    }

    #[test]
    fn a_cccd_tells_place_century_sex_and_year() {
        let told = |place_is_known, female, birth_year| {
            Some(Tells {
                place_is_known,
                female,
                birth_year,
            })
        };
        assert_eq!(tells(Kind::Cccd, "066085000123"), told(true, false, 1985));
        assert_eq!(tells(Kind::Cccd, "054190000123"), told(true, true, 1990));
        assert_eq!(tells(Kind::Cccd, "001301000123"), told(true, true, 2001));
        assert_eq!(tells(Kind::Cccd, "003201000123"), told(false, false, 2001));
        assert_eq!(tells(Kind::Mst, "066085000123"), told(true, false, 1985));
        assert_eq!(tells(Kind::Cmnd, "241234567"), None);
    }
}
