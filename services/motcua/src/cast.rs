//! Who calls in the demo and under load: three officers a unit, and citizens and businesses who hand in online.

mod dice;
mod files;
mod people;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kit::caller::{TOKEN_LIFE, sign_assertion};
use kit::clock;
use kit::keys::PrivateKey;
use proto::identity::v1::IssueTokenRequest;
use proto::identity::v1::issue_token_request::Proof;
use proto::intake::v1::{Applicant, ApplicantNumberKind};
use tokio::time::Instant;
use tonic::metadata::{Ascii, MetadataValue};

pub use dice::Dice;
pub use files::{UNITS, units_with_desks};
pub use people::Names;

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

/// Why there is no cast.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A table of the program's own, or a file of callers, is broken.
    #[error("a table of callers cannot be used: {0}")]
    Table(#[from] csv::Error),
    /// A file.
    #[error("the callers cannot be kept: {0}")]
    Io(#[from] std::io::Error),
    /// A key.
    #[error(transparent)]
    Key(#[from] kit::keys::Error),
    /// The file of callers was not made here.
    #[error("{0} is neither an officer nor an applicant: make the callers with `motcua load cast`")]
    NotOurs(String),
}

/// Everybody who calls, with their keys.
#[derive(Default)]
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
    token: Mutex<Option<(MetadataValue<Ascii>, Instant)>>,
}

enum Part {
    Officer(String, Role),
    Citizen(Applicant),
}

impl Player {
    fn is(&self, number: &str) -> bool {
        matches!(&self.part, Part::Citizen(applicant) if applicant.number == number)
    }
}

impl Cast {
    /// Three officers for each of these units, and so many citizens.
    #[must_use]
    pub fn new(units: &[String], citizens: usize, names: &Names, dice: Dice) -> Self {
        let mut cast = Self::default();
        for unit in units {
            for role in Role::ALL {
                let subject = format!("{unit}-{}", role.as_str());
                let part = Part::Officer(unit.clone(), role);
                cast.join(subject, part, PrivateKey::generate());
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
        let part = Part::Citizen(applicant);
        self.join(format!("citizen-{number:04}"), part, PrivateKey::generate());
    }

    fn join(&mut self, subject: String, part: Part, key: PrivateKey) {
        let caller = CallerId(self.players.len());
        match &part {
            Part::Officer(unit, role) => {
                self.officers.insert((unit.clone(), *role), caller);
            }
            Part::Citizen(applicant) if applicant.number_kind() == ApplicantNumberKind::Mst => {
                self.businesses.push(caller);
            }
            Part::Citizen(_) => self.citizens.push(caller),
        }
        self.players.push(Player {
            subject,
            part,
            key,
            token: Mutex::default(),
        });
    }

    /// The officer of a unit in a role; nobody at a unit without desk.
    #[must_use]
    pub fn officer(&self, unit: &str, role: Role) -> Option<CallerId> {
        self.officers.get(&(unit.to_owned(), role)).copied()
    }

    /// Everybody who calls.
    pub fn everybody(&self) -> impl Iterator<Item = CallerId> + use<> {
        (0..self.players.len()).map(CallerId)
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

    /// The request for a token, signed by a caller.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn ask_for_token(&self, caller: CallerId) -> Result<IssueTokenRequest, Error> {
        let player = &self.players[caller.0];
        let assertion = sign_assertion(&player.subject, &player.key)?;
        Ok(IssueTokenRequest {
            proof: Some(Proof::Assertion(assertion)),
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
