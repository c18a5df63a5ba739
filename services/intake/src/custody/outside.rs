//! Steps outside the limit (domain.md 6: tax, public posting), and when the clock of a dossier stands still for them.

use super::{Custody, Purpose, Standing};

/// The steps for which the clock of a dossier stands still, of all that routing told of it, the first before the others: those
/// outside the limit that are offered or held. None while somebody has to do anything else, which the limit counts; what its sender
/// has back is such a thing, and an opinion that is merely asked for is none (R4).
#[must_use]
pub fn stopping<'a>(known: impl Iterator<Item = &'a Custody>) -> Vec<&'a Custody> {
    let to_do = known.filter(|custody| custody.custodian.is_some());
    let (mut outside, counted): (Vec<_>, Vec<_>) = to_do.partition(|custody| custody.is_outside());
    let is_opinion = |custody: &&Custody| custody.purpose == Purpose::Advise;
    if !counted.iter().all(is_opinion) {
        return Vec::new();
    }
    outside.sort_by_key(|custody| custody.since);
    outside
}

impl Custody {
    fn is_outside(&self) -> bool {
        let is_with_unit = matches!(self.standing, Standing::Offered | Standing::Holds);
        self.outside.is_some() && is_with_unit
    }
}

#[cfg(test)]
mod tests {
    use super::super::Custodian;
    use super::Standing::{Held, Holds, Left, Offered};
    use super::*;
    use crate::dossier::tests::given::moment;

    /// A step that its unit has a share of the limit for.
    fn step(transfer: &str, standing: Standing) -> Custody {
        // Done steps are nobody's; what was declined is its sender's.
        let custodian = (standing != Held).then(|| Custodian {
            unit: "unit".to_owned(),
            since: moment(1),
        });
        Custody {
            transfer: transfer.to_owned(),
            dossier: "dossier".to_owned(),
            unit: "unit".to_owned(),
            epoch: 1,
            purpose: Purpose::Work,
            outside: None,
            standing,
            since: moment(1),
            custodian,
        }
    }

    fn tax(standing: Standing) -> Custody {
        Custody {
            outside: Some("Thuế".to_owned()),
            ..step("tax", standing)
        }
    }

    fn opinion(standing: Standing) -> Custody {
        Custody {
            purpose: Purpose::Advise,
            ..step("opinion", standing)
        }
    }

    /// The transfers for which the clock stands still.
    fn stops(known: &[Custody]) -> Vec<&str> {
        let stopping = stopping(known.iter()).into_iter();
        stopping.map(|custody| custody.transfer.as_str()).collect()
    }

    #[test]
    fn the_clock_stands_still_from_the_offer_of_a_step_outside_the_limit_until_that_is_done() {
        let cases: [(Standing, &[&str]); 4] = [
            (Offered, &["tax"]),
            (Holds, &["tax"]),
            (Held, &[]),
            // Its sender has it back, and answers for the time.
            (Left, &[]),
        ];
        for (standing, expected) in cases {
            let known = [step("examine", Held), tax(standing)];
            assert_eq!(stops(&known), expected, "{standing:?}");
        }
        assert!(stops(&[step("examine", Holds)]).is_empty());
        assert!(stops(&[]).is_empty());
    }

    #[test]
    fn what_the_limit_counts_on_another_branch_keeps_the_clock_going() {
        for standing in [Offered, Holds, Left] {
            let known = [tax(Holds), step("survey", standing)];
            assert!(stops(&known).is_empty(), "{standing:?}");
        }
        assert_eq!(stops(&[tax(Holds), step("survey", Held)]), ["tax"]);
    }

    #[test]
    fn r04_an_opinion_that_is_merely_asked_for_does_not_keep_it_going() {
        for standing in [Offered, Holds, Left, Held] {
            let known = [opinion(standing), tax(Offered)];
            assert_eq!(stops(&known), ["tax"], "{standing:?}");
        }
        let posting = Custody {
            outside: Some("Niêm yết công khai".to_owned()),
            ..opinion(Holds)
        };
        assert_eq!(stops(&[posting]), ["opinion"]);
    }

    #[test]
    fn of_several_outside_the_limit_the_one_that_began_first_comes_first() {
        let posting = Custody {
            since: moment(2),
            ..tax(Holds)
        };
        let known = [
            Custody {
                transfer: "posting".to_owned(),
                ..posting
            },
            tax(Holds),
        ];
        assert_eq!(stops(&known), ["tax", "posting"]);
    }
}
