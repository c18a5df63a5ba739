//! What the journeys are: which procedure, at which desk, and what becomes of the dossier. One obvious place to add a kind.

use proto::intake::v1::{
    Applicant, ApplicantNumberKind, Channel, HandedIn, RegisterDossierRequest, SubmitDossierRequest,
};
use rand::RngExt as _;

use super::dice::{Dice, pick};
use super::province::{Procedure, Province};
use crate::new_request_id;

/// How many citizens hand in online.
pub const CITIZENS: usize = 100;

/// One in so many of the first journeys waits until all others are over …
const WAITING_ONE_IN: usize = 10;
/// … and so many in all.
pub const WAITING: usize = 8;
/// With one in so many journeys a day off is announced.
const ANNOUNCED_ONE_IN: usize = 40;

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
    /// The first unit asks for a supplement (where it works alone).
    Supplemented,
    /// The first unit asks for a payment (where it works alone).
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
    /// It lies until all others are over, while days off are announced, and is withdrawn then.
    Waiting,
}

/// Whether a journey waits until those are over that do not.
pub fn waits(number: usize) -> bool {
    number < WAITING * WAITING_ONE_IN && number % WAITING_ONE_IN == WAITING_ONE_IN - 1
}

/// Whether a day off is announced as a journey begins.
pub fn announces(number: usize) -> bool {
    number % ANNOUNCED_ONE_IN == ANNOUNCED_ONE_IN / 2
}

impl<'a> Plan<'a> {
    /// The journey of a number.
    pub fn of(number: usize, province: &'a Province, dice: Dice) -> Self {
        let mut dice = dice.on("journey", number);
        let (busy, waits) = (dice.random_ratio(BUSY.0, BUSY.1), waits(number));
        let (procedure, desks) = loop {
            let procedure = pick(&mut dice, &province.procedures);
            let desks = province.desks(procedure);
            let is_wanted = !waits || procedure.takes_weeks();
            if !desks.is_empty() && is_wanted && (!busy || procedure.level == BUSY_LEVEL) {
                break (procedure, desks);
            }
        };
        let desk = if busy {
            desks[0]
        } else {
            pick(&mut dice, &desks)
        };
        let desk = &desk.uid;
        let online = procedure.is_online() && dice.random_bool(0.7) && !waits;
        let fate = match dice.random_range(0..100) {
            _ if waits => Fate::Waiting,
            0..4 if online => Fate::Refused,
            4..9 => Fate::Withdrawn,
            9..13 => Fate::Declined,
            13..17 => Fate::Forwarded,
            17..20 => Fate::Stopped,
            20..24 if online => Fate::Guided,
            24..32 if province.begins_alone(procedure) => Fate::Supplemented,
            32..40 if province.begins_alone(procedure) => Fate::Paying,
            40..43 => Fate::Postponed,
            43..48 if !online => Fate::Offline,
            48..52 => Fate::Recalled,
            52..56 => Fate::Returned,
            56..62 => Fate::SentBack,
            62..67 => Fate::Shared,
            67..71 if online && desks.len() > 1 => Fate::SentOn,
            71..76 => Fate::Corrected,
            76..80 => Fate::Scanned,
            80..84 => Fate::OnPaper,
            _ => Fate::Ordinary,
        };
        Self {
            number,
            procedure,
            desk,
            citizen: online.then(|| dice.random_range(0..CITIZENS)),
            fate,
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
}
