//! What the journeys are: which procedure, at which desk, and what becomes of the dossier. One obvious place to add a kind.

use proto::intake::v1::{
    Applicant, ApplicantNumberKind, Channel, HandedIn, RegisterDossierRequest, SubmitDossierRequest,
};
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::dice::{Dice, pick};
use super::province::{Procedure, Province, Unit};
use crate::new_request_id;

/// How many citizens hand in online.
pub const CITIZENS: usize = 100;

/// One in so many of the first journeys waits until all others are over …
const WAITING_ONE_IN: usize = 10;
/// … and so many in all.
pub const WAITING: usize = 8;
/// With one in so many journeys a day off is announced.
const ANNOUNCED_ONE_IN: usize = 40;

/// Every other one of the first journeys has the next of all fates, whatever the dice say, so that each is played in a run of a
/// minute …
const IN_TURN: [Fate; Fate::Waiting as usize] = [
    Fate::Ordinary,
    Fate::Refused,
    Fate::Withdrawn,
    Fate::Declined,
    Fate::Stopped,
    Fate::Guided,
    Fate::Supplemented,
    Fate::Paying,
    Fate::Postponed,
    Fate::Offline,
    Fate::Forwarded,
    Fate::Recalled,
    Fate::Returned,
    Fate::SentBack,
    Fate::Shared,
    Fate::SentOn,
    Fate::Corrected,
    Fate::Scanned,
    Fate::OnPaper,
];
/// … so often.
const TIMES: usize = 2;

/// Two of five dossiers are handed in at one desk, as in a province one town has the longest queue …
const BUSY: (u32, u32) = (2, 5);
/// … which is of this kind.
const BUSY_LEVEL: &str = "commune";

/// One journey.
pub struct Plan<'a> {
    /// Its number; everything about it follows from that and the seed.
    pub number: usize,
    /// What is asked for.
    pub procedure: &'a Procedure,
    /// Where it is handed in.
    pub desk: &'a str,
    /// The citizen who hands it in online; nobody where it comes to the counter.
    pub citizen: Option<usize>,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes its way to the end.
    Ordinary,
    /// The desk refuses it (online only).
    Refused,
    /// It is withdrawn while the first unit works on it.
    Withdrawn,
    /// The first unit declines it, and takes it when it is offered again.
    Declined,
    /// The desk stops it while the first unit works on it.
    Stopped,
    /// The desk tells the applicant what is missing before it receives it (online only).
    Guided,
    /// The first unit, or whoever decides, asks for a supplement (where the first works alone).
    Supplemented,
    /// The first unit, or whoever decides, asks for a payment (where the first works alone).
    Paying,
    /// The desk apologises and promises another time.
    Postponed,
    /// The counter was offline when it took it in.
    Offline,
    /// The first unit passes the offer on to itself under a new epoch before it accepts.
    Forwarded,
    /// The desk calls its offers back, and makes them again.
    Recalled,
    /// The units give the steps back that the desk sent them, and take them when they are offered again.
    Returned,
    /// The leader who is to decide sends it back, so many steps as chance will have it.
    SentBack,
    /// Officers take what the desk sends, are given it by their leader, and let go of it.
    Shared,
    /// The desk sends it on to another unit that is competent, which receives it (online only).
    SentOn,
    /// The desk mends what its clerk wrote down wrongly: a component, and who returns the result.
    Corrected,
    /// Its paper travels with it, and the post rooms of the units take both in by scanned codes.
    Scanned,
    /// Its paper travels with it and is received by itself.
    OnPaper,
    /// It lies until all others are over, while days off are announced, and is withdrawn then (at the counter only).
    Waiting,
}

impl Fate {
    /// What the dice say.
    fn drawn(dice: &mut StdRng) -> Self {
        match dice.random_range(0..100) {
            0..4 => Self::Refused,
            4..9 => Self::Withdrawn,
            9..13 => Self::Declined,
            13..17 => Self::Forwarded,
            17..20 => Self::Stopped,
            20..24 => Self::Guided,
            24..32 => Self::Supplemented,
            32..40 => Self::Paying,
            40..43 => Self::Postponed,
            43..48 => Self::Offline,
            48..52 => Self::Recalled,
            52..56 => Self::Returned,
            56..62 => Self::SentBack,
            62..67 => Self::Shared,
            67..71 => Self::SentOn,
            71..76 => Self::Corrected,
            76..80 => Self::Scanned,
            80..84 => Self::OnPaper,
            _ => Self::Ordinary,
        }
    }

    /// Whether it may befall a dossier that is handed in like this.
    fn may_befall(self, filing: &Filing<'_>, province: &Province) -> bool {
        let is_online = filing.is_online;
        match self {
            Self::Refused | Self::Guided => is_online,
            Self::SentOn => is_online && filing.desks.len() > 1,
            Self::Offline => !is_online,
            Self::Waiting => !is_online && filing.procedure.takes_weeks(),
            Self::Supplemented | Self::Paying => province.begins_alone(filing.procedure),
            Self::Ordinary
            | Self::Withdrawn
            | Self::Declined
            | Self::Stopped
            | Self::Postponed
            | Self::Forwarded
            | Self::Recalled
            | Self::Returned
            | Self::SentBack
            | Self::Shared
            | Self::Corrected
            | Self::Scanned
            | Self::OnPaper => true,
        }
    }
}

/// How a dossier is handed in.
struct Filing<'a> {
    procedure: &'a Procedure,
    /// Where that may be.
    desks: Vec<&'a Unit>,
    is_online: bool,
}

impl<'a> Filing<'a> {
    fn drawn(dice: &mut StdRng, province: &'a Province) -> Self {
        let procedure = pick(dice, &province.procedures);
        Self {
            procedure,
            desks: province.desks(procedure),
            is_online: procedure.is_online() && dice.random_bool(0.7),
        }
    }
}

/// Whether a journey waits until those are over that do not.
pub fn waits(number: usize) -> bool {
    number < WAITING * WAITING_ONE_IN && number % WAITING_ONE_IN == WAITING_ONE_IN - 1
}

/// The fate that a journey has whatever the dice say.
fn certain(number: usize) -> Option<Fate> {
    if waits(number) {
        return Some(Fate::Waiting);
    }
    let turn = number / 2;
    let has_turn = number.is_multiple_of(2) && turn < TIMES * IN_TURN.len();
    has_turn.then(|| IN_TURN[turn % IN_TURN.len()])
}

/// Whether a day off is announced as a journey begins.
pub fn announces(number: usize) -> bool {
    number % ANNOUNCED_ONE_IN == ANNOUNCED_ONE_IN / 2
}

impl<'a> Plan<'a> {
    /// The journey of a number.
    pub fn of(number: usize, province: &'a Province, dice: Dice) -> Self {
        let mut dice = dice.on("journey", number);
        let (busy, certain) = (dice.random_ratio(BUSY.0, BUSY.1), certain(number));
        let filing = loop {
            let filing = Filing::drawn(&mut dice, province);
            let is_wanted = certain.is_none_or(|fate| fate.may_befall(&filing, province));
            let is_there = !busy || filing.procedure.level == BUSY_LEVEL;
            if !filing.desks.is_empty() && is_wanted && is_there {
                break filing;
            }
        };
        let desk = if busy {
            filing.desks[0]
        } else {
            pick(&mut dice, &filing.desks)
        };
        let drawn = Some(Fate::drawn(&mut dice));
        let drawn = drawn.filter(|fate| fate.may_befall(&filing, province));
        let citizen = filing.is_online.then(|| dice.random_range(0..CITIZENS));
        Self {
            number,
            procedure: filing.procedure,
            desk: &desk.uid,
            citizen,
            fate: certain.or(drawn).unwrap_or(Fate::Ordinary),
        }
    }

    /// The request that hands it in online.
    pub fn submit(&self) -> SubmitDossierRequest {
        SubmitDossierRequest {
            request_id: new_request_id(),
            procedure_code: self.procedure.code.clone(),
            case_key: String::new(),
            receiving_unit_uid: self.desk.to_owned(),
            applicant: Some(self.applicant()),
            components: self.components(),
            form_data: String::new(),
            ..Default::default()
        }
    }

    /// The request that hands it in at the counter.
    pub fn register(&self) -> RegisterDossierRequest {
        RegisterDossierRequest {
            request_id: new_request_id(),
            procedure_code: self.procedure.code.clone(),
            case_key: String::new(),
            receiving_unit_uid: self.desk.to_owned(),
            applicant: Some(self.applicant()),
            components: self.components(),
            channel: Channel::Counter.into(),
            form_data: String::new(),
            ..Default::default()
        }
    }

    fn applicant(&self) -> Applicant {
        let citizen = self.citizen.unwrap_or(self.number % CITIZENS);
        Applicant {
            name: citizen_name(citizen),
            number_kind: ApplicantNumberKind::Cccd.into(),
            number: citizen_number(citizen),
            party_uid: String::new(),
            phone: "0905123456".to_owned(),
        }
    }

    /// What is handed in.
    pub fn components(&self) -> Vec<HandedIn> {
        let handed_in = |key: &str| HandedIn {
            component_key: key.to_owned(),
            originals: 1,
            copies: 1,
        };
        self.procedure.components().map(handed_in).collect()
    }
}

/// What a citizen is called here.
pub fn citizen(number: usize) -> String {
    format!("citizen-{number:04}")
}

/// The name of a citizen.
pub fn citizen_name(number: usize) -> String {
    format!("Người dân {number}")
}

/// The CCCD of a citizen.
pub fn citizen_number(number: usize) -> String {
    format!("066088{number:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_journeys_wait_as_have_room_beside_the_others() {
        let waiting = (0..10_000).filter(|number| waits(*number));
        assert_eq!(waiting.count(), WAITING);
    }

    #[test]
    fn the_first_journeys_have_every_fate() {
        let province = Province::read();
        for seed in 0..5 {
            let first = (0..100).map(|number| Plan::of(number, &province, Dice::new(seed)));
            let fates: Vec<Fate> = first.map(|plan| plan.fate).collect();
            let times = |wanted: Fate| fates.iter().filter(|fate| **fate == wanted).count();
            for fate in IN_TURN {
                assert!(times(fate) >= TIMES, "{fate:?} with seed {seed}");
            }
            assert_eq!(times(Fate::Waiting), WAITING);
        }
    }
}
