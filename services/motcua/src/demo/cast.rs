//! Who plays: three officers a unit, and citizens and businesses who hand in online.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kit::caller::{TOKEN_LIFE, sign_assertion};
use kit::clock;
use kit::keys::PrivateKey;
use proto::identity::v1::IssueTokenRequest;
use proto::intake::v1::{Applicant, ApplicantNumberKind};
use tokio::time::Instant;
use tonic::metadata::{Ascii, MetadataValue};

use super::dice::Dice;
use super::error::Error;
use super::people::Names;

/// The columns of a file of callers.
const COLUMNS: [&str; 7] = [
    "subject",
    "role",
    "unit",
    "public_key",
    "name",
    "number_kind",
    "number",
];
/// A token is renewed when less than this is left of it.
const RENEW_BEFORE: Duration = Duration::from_mins(2);
/// Of so many who hand in online one is a business.
const BUSINESS_ONE_IN: usize = 10;

/// A member of the cast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerId(usize);

/// In which role an officer plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Receives dossiers and returns results.
    Receptionist,
    /// Examines dossiers.
    Examiner,
    /// Signs decisions.
    Leader,
}

impl Role {
    const ALL: [Self; 3] = [Self::Receptionist, Self::Examiner, Self::Leader];

    fn as_str(self) -> &'static str {
        match self {
            Self::Receptionist => "receptionist",
            Self::Examiner => "examiner",
            Self::Leader => "leader",
        }
    }
}

/// Everybody who calls, with keys that never leave this process.
pub struct Cast {
    players: Vec<Player>,
    officers: HashMap<(String, Role), CallerId>,
    citizens: Vec<CallerId>,
    businesses: Vec<CallerId>,
}

struct Player {
    subject: String,
    part: Part,
    key: PrivateKey,
    public_key: String,
    token: Mutex<Option<(MetadataValue<Ascii>, Instant)>>,
}

enum Part {
    Officer(String, Role),
    Citizen(Applicant),
}

impl Player {
    fn row(&self) -> [&str; 7] {
        let (subject, key) = (self.subject.as_str(), self.public_key.as_str());
        match &self.part {
            Part::Officer(unit, role) => [subject, role.as_str(), unit, key, "", "", ""],
            Part::Citizen(citizen) => {
                let kind = number_kind(citizen);
                [
                    subject,
                    "citizen",
                    "",
                    key,
                    &citizen.name,
                    kind,
                    &citizen.number,
                ]
            }
        }
    }

    fn is(&self, number: &str) -> bool {
        matches!(&self.part, Part::Citizen(applicant) if applicant.number == number)
    }
}

impl Cast {
    /// Three officers for each of these units, and so many citizens.
    #[must_use]
    pub fn new(units: &[String], citizens: usize, names: &Names, dice: Dice) -> Self {
        let mut cast = Self {
            players: Vec::new(),
            officers: HashMap::new(),
            citizens: Vec::new(),
            businesses: Vec::new(),
        };
        for unit in units {
            for role in Role::ALL {
                let subject = format!("{unit}-{}", role.as_str());
                let caller = cast.join(subject, Part::Officer(unit.clone(), role));
                cast.officers.insert((unit.clone(), role), caller);
            }
        }
        for number in 0..citizens {
            cast.join_applicant(number, names, dice);
        }
        cast
    }

    /// One in ten of those who hand in online is a business.
    fn join_applicant(&mut self, number: usize, names: &Names, dice: Dice) {
        let mut dice = dice.on("citizen", number);
        let business = number.is_multiple_of(BUSINESS_ONE_IN);
        let mut make_up = || {
            if business {
                names.business(&mut dice)
            } else {
                names.citizen(&mut dice)
            }
        };
        let mut applicant = make_up();
        while self
            .players
            .iter()
            .any(|player| player.is(&applicant.number))
        {
            applicant = make_up();
        }
        let caller = self.join(format!("citizen-{number:04}"), Part::Citizen(applicant));
        if business {
            self.businesses.push(caller);
        } else {
            self.citizens.push(caller);
        }
    }

    fn join(&mut self, subject: String, part: Part) -> CallerId {
        let key = PrivateKey::generate();
        self.players.push(Player {
            subject,
            part,
            public_key: key.public().to_base64(),
            key,
            token: Mutex::default(),
        });
        CallerId(self.players.len() - 1)
    }

    /// The officer of a unit in a role; nobody at a unit without desk.
    #[must_use]
    pub fn officer(&self, unit: &str, role: Role) -> Option<CallerId> {
        self.officers.get(&(unit.to_owned(), role)).copied()
    }

    /// How many officers there are.
    #[must_use]
    pub fn officers(&self) -> usize {
        self.officers.len()
    }

    /// How many can hand in online.
    #[must_use]
    pub fn applicants(&self) -> usize {
        self.citizens.len() + self.businesses.len()
    }

    /// The businesses that can hand in online, or the people.
    #[must_use]
    pub fn citizens(&self, businesses: bool) -> &[CallerId] {
        if businesses {
            &self.businesses
        } else {
            &self.citizens
        }
    }

    /// A citizen's particulars; `None` for officers.
    #[must_use]
    pub fn particulars(&self, caller: CallerId) -> Option<&Applicant> {
        match &self.players[caller.0].part {
            Part::Citizen(applicant) => Some(applicant),
            Part::Officer(..) => None,
        }
    }

    /// Writes what `motcua import` reads: who may call, and with which public key.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut file = csv::Writer::from_path(path)?;
        file.write_record(COLUMNS)?;
        for player in &self.players {
            file.write_record(player.row())?;
        }
        file.flush().map_err(Error::file("writing the callers"))
    }

    /// The request for a token, signed by a caller.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn ask_for_token(&self, caller: CallerId) -> Result<IssueTokenRequest, Error> {
        let player = &self.players[caller.0];
        Ok(IssueTokenRequest {
            assertion: sign_assertion(&player.subject, &player.key)?,
        })
    }

    /// The `authorization` of a caller, while it lasts.
    #[must_use]
    pub fn token(&self, caller: CallerId) -> Option<MetadataValue<Ascii>> {
        let token = self.players[caller.0]
            .token
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let valid = token
            .as_ref()
            .filter(|(_, renew_at)| clock::monotonic() < *renew_at);
        valid.map(|(value, _)| value.clone())
    }

    /// Keeps a fresh token, or forgets one that was refused.
    pub fn keep_token(&self, caller: CallerId, token: Option<MetadataValue<Ascii>>) {
        let renew_at = clock::monotonic() + TOKEN_LIFE.saturating_sub(RENEW_BEFORE);
        let mut kept = self.players[caller.0]
            .token
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *kept = token.map(|value| (value, renew_at));
    }
}

fn number_kind(applicant: &Applicant) -> &'static str {
    match applicant.number_kind() {
        ApplicantNumberKind::Mst => "mst",
        ApplicantNumberKind::Cmnd => "cmnd",
        ApplicantNumberKind::Cccd | ApplicantNumberKind::Unspecified => "cccd",
    }
}
