//! Who calls in the demo and under load: four officers a unit, and citizens and businesses who hand in online.

mod dice;
mod files;
mod people;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kit::caller::TOKEN_LIFE;
use kit::clock;
use kit::identity_number::Kind;
use kit::keys::PrivateKey;
use kit::stand_in::Providers;
use proto::identity::v1::IssueTokenRequest;
use proto::identity::v1::issue_token_request::Proof;
use proto::intake::v1::{Applicant, ApplicantNumberKind};
use tokio::time::Instant;
use tonic::metadata::{Ascii, MetadataValue};

pub use dice::Dice;
pub use files::{PROVIDERS, UNITS, units_with_desks};
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
    /// Takes payments.
    Cashier,
}

impl Role {
    const ALL: [Self; 4] = [
        Self::Receptionist,
        Self::Examiner,
        Self::Leader,
        Self::Cashier,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Receptionist => "receptionist",
            Self::Examiner => "examiner",
            Self::Leader => "leader",
            Self::Cashier => "cashier",
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
    /// The files of callers were not made here.
    #[error("{0} has no role or number that the callers have: make them with `motcua load cast`")]
    NotOurs(String),
}

/// Everybody who calls, and the providers at which they sign in.
pub struct Cast {
    providers: Providers,
    players: Vec<Player>,
    officers: HashMap<(String, Role), CallerId>,
    citizens: Vec<CallerId>,
    businesses: Vec<CallerId>,
}

struct Player {
    subject: String,
    part: Part,
    token: Mutex<Option<(MetadataValue<Ascii>, Instant)>>,
}

enum Part {
    Officer(Officer),
    Citizen(Applicant),
}

struct Officer {
    unit: String,
    role: Role,
    name: String,
}

impl Player {
    fn is(&self, number: &str) -> bool {
        matches!(&self.part, Part::Citizen(applicant) if applicant.number == number)
    }
}

impl Cast {
    /// Four officers for each of these units, and so many citizens, who sign in with a key that is new.
    #[must_use]
    pub fn new(units: &[String], citizens: usize, names: &Names, dice: Dice) -> Self {
        let mut cast = Self::at(Providers::new(PrivateKey::generate()));
        for unit in units {
            for role in Role::ALL {
                let mut dice = dice.on("officer", cast.players.len());
                let subject = format!("{unit}-{}", role.as_str());
                let officer = Officer {
                    unit: unit.clone(),
                    role,
                    name: names.citizen(&mut dice).name,
                };
                cast.join(subject, Part::Officer(officer));
            }
        }
        for number in 0..citizens {
            cast.join_applicant(number, names, dice);
        }
        cast
    }

    /// Nobody yet, at these providers.
    fn at(providers: Providers) -> Self {
        Self {
            providers,
            players: Vec::new(),
            officers: HashMap::new(),
            citizens: Vec::new(),
            businesses: Vec::new(),
        }
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
        self.join(format!("citizen-{number:04}"), part);
    }

    fn join(&mut self, subject: String, part: Part) {
        let caller = CallerId(self.players.len());
        match &part {
            Part::Officer(officer) => {
                let at = (officer.unit.clone(), officer.role);
                self.officers.insert(at, caller);
            }
            Part::Citizen(applicant) if applicant.number_kind() == ApplicantNumberKind::Mst => {
                self.businesses.push(caller);
            }
            Part::Citizen(_) => self.citizens.push(caller),
        }
        self.players.push(Player {
            subject,
            part,
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
            Part::Officer(_) => None,
        }
    }

    /// The request for a token, with what a caller shows of its provider.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn ask_for_token(&self, caller: CallerId) -> Result<IssueTokenRequest, Error> {
        let player = &self.players[caller.0];
        let id_token = match &player.part {
            Part::Officer(_) => self.providers.officer(&player.subject)?,
            Part::Citizen(applicant) => {
                let kind = number_kind(applicant);
                let (name, number) = (&applicant.name, &applicant.number);
                self.providers.applicant(name, kind, number)?
            }
        };
        Ok(IssueTokenRequest {
            proof: Some(Proof::IdToken(id_token)),
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

fn number_kind(applicant: &Applicant) -> Kind {
    match applicant.number_kind() {
        ApplicantNumberKind::Mst => Kind::Mst,
        ApplicantNumberKind::Passport => Kind::Passport,
        ApplicantNumberKind::Cmnd => Kind::Cmnd,
        ApplicantNumberKind::Cccd | ApplicantNumberKind::Unspecified => Kind::Cccd,
    }
}
