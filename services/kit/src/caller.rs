//! Who is calling: in which roles, for which units and parties.

mod contract;
mod pass;
mod token;
mod verifier;

use std::fmt;

use tonic::Code;

use crate::failure::Failure;

pub use pass::Pass;
pub(crate) use token::sign_id_token;
pub use token::{AUDIENCE, Claims, Confirmation, Granted, TOKEN_LIFE, sign, sign_assertion};
pub use verifier::{KeySet, KeySource, LONGEST_TOKEN, Revoked, Verifier};

/// The subject of a caller without a token.
const ANONYMOUS: &str = "anonymous";

/// In which role somebody acts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Receives dossiers and returns results at a desk (tiếp nhận).
    Receptionist,
    /// Examines dossiers (thụ lý).
    Examiner,
    /// Reviews what examiners prepare (trưởng phòng).
    HeadOfOffice,
    /// Signs decisions (lãnh đạo).
    Leader,
    /// Stamps and files (văn thư).
    Clerk,
    /// Takes fees (thu phí).
    Cashier,
    /// Manages the officers of a unit (quản trị đơn vị).
    UnitAdministrator,
    /// Manages units, officers and client systems of the province (quản trị tỉnh).
    ProvinceAdministrator,
    /// Reads what was done, and changes nothing (giám sát).
    Auditor,
    /// A party that applies, signed in.
    Applicant,
    /// A party that acts for another by its authority (ủy quyền).
    Proxy,
    /// Another system, acting for its units.
    Client,
    /// A system beside the province's units that works on steps, such as that of the tax office (R12).
    LinkedSystem,
    /// A system that confirms payments.
    PaymentProvider,
    /// A service of this suite.
    Service,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Receptionist,
        Self::Examiner,
        Self::HeadOfOffice,
        Self::Leader,
        Self::Clerk,
        Self::Cashier,
        Self::UnitAdministrator,
        Self::ProvinceAdministrator,
        Self::Auditor,
        Self::Applicant,
        Self::Proxy,
        Self::Client,
        Self::LinkedSystem,
        Self::PaymentProvider,
        Self::Service,
    ];

    /// The word for it in tokens, files and stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receptionist => "receptionist",
            Self::Examiner => "examiner",
            Self::HeadOfOffice => "head_of_office",
            Self::Leader => "leader",
            Self::Clerk => "clerk",
            Self::Cashier => "cashier",
            Self::UnitAdministrator => "unit_administrator",
            Self::ProvinceAdministrator => "province_administrator",
            Self::Auditor => "auditor",
            Self::Applicant => "applicant",
            Self::Proxy => "proxy",
            Self::Client => "client",
            Self::LinkedSystem => "linked_system",
            Self::PaymentProvider => "payment_provider",
            Self::Service => "service",
        }
    }

    /// Whether an officer has it by a position at a unit.
    #[must_use]
    pub fn is_of_an_officer(self) -> bool {
        match self {
            Self::Receptionist
            | Self::Examiner
            | Self::HeadOfOffice
            | Self::Leader
            | Self::Clerk
            | Self::Cashier
            | Self::UnitAdministrator
            | Self::ProvinceAdministrator
            | Self::Auditor => true,
            Self::Applicant
            | Self::Proxy
            | Self::Client
            | Self::LinkedSystem
            | Self::PaymentProvider
            | Self::Service => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let role = Self::ALL.into_iter().find(|role| role.as_str() == word);
        role.ok_or(())
    }
}

/// For whom a role is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// For these units, or for these parties where the role is one of parties.
    At(Vec<String>),
    /// For the whole province.
    Everywhere,
}

impl Reach {
    /// Whether it includes this unit or party.
    #[must_use]
    pub fn includes(&self, name: &str) -> bool {
        match self {
            Self::At(names) => names.iter().any(|own| own == name),
            Self::Everywhere => true,
        }
    }
}

/// One role, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// For whom. A unit stands first, then those whose work it took over; a party likewise, before those merged into it.
    pub reach: Reach,
}

impl Grant {
    /// The unit that is acted for where `name` is acted on: an officer's own, or the one that a system is allowed; empty where
    /// it is a party's role.
    #[must_use]
    pub fn unit<'a>(&'a self, name: &'a str) -> &'a str {
        match &self.reach {
            _ if matches!(self.role, Role::Applicant | Role::Proxy) => "",
            Reach::At(names) if self.role.is_of_an_officer() => {
                names.first().map_or(name, String::as_str)
            }
            Reach::At(_) => name,
            Reach::Everywhere => "",
        }
    }
}

/// How much a client system may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateClass {
    /// 10 calls a second.
    Low,
    /// 100 calls a second.
    Standard,
    /// 1,000 calls a second.
    High,
}

impl RateClass {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Low, Self::Standard, Self::High];

    /// The word for it in files and stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Standard => "standard",
            Self::High => "high",
        }
    }

    /// How many calls a second it allows at one replica; twice as many at once.
    #[must_use]
    pub fn per_second(self) -> u32 {
        match self {
            Self::Low => 10,
            Self::Standard => 100,
            Self::High => 1_000,
        }
    }
}

impl std::str::FromStr for RateClass {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let class = Self::ALL.into_iter().find(|class| class.as_str() == word);
        class.ok_or(())
    }
}

/// What holds for client systems beside their role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTerms {
    /// The rpcs that it is registered for: `intake.DossierService/SubmitDossier`.
    pub rpcs: Vec<String>,
    /// How much it may call.
    pub rate_class: RateClass,
}

/// Somebody who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Opaque name of the caller; `anonymous` without a token.
    pub subject: String,
    /// What the token grants; an officer may have several roles.
    pub grants: Vec<Grant>,
    /// What holds for it as a client system; `None` for people and services.
    pub client: Option<ClientTerms>,
    /// The SHA-256 of the certificate that its token is bound to (RFC 8705), if it is.
    pub certificate: Option<[u8; 32]>,
}

impl Caller {
    /// A caller without a token.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            subject: ANONYMOUS.to_owned(),
            grants: Vec::new(),
            client: None,
            certificate: None,
        }
    }

    /// Somebody in one role at these units, or for these parties.
    #[must_use]
    pub fn new(subject: impl Into<String>, role: Role, at: Vec<String>) -> Self {
        Self {
            subject: subject.into(),
            grants: vec![Grant {
                role,
                reach: Reach::At(at),
            }],
            client: None,
            certificate: None,
        }
    }

    /// Whether it came without a token.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.subject == ANONYMOUS
    }

    /// For whom it has this role.
    pub fn reaches(&self, role: Role) -> impl Iterator<Item = &Reach> {
        let grants = self.grants.iter().filter(move |grant| grant.role == role);
        grants.map(|grant| &grant.reach)
    }

    /// The party that an applicant is.
    #[must_use]
    pub fn party(&self) -> Option<&str> {
        self.reaches(Role::Applicant).find_map(|reach| match reach {
            Reach::At(parties) => parties.first().map(String::as_str),
            Reach::Everywhere => None,
        })
    }
}

/// `UNAUTHENTICATED` with its reason.
#[must_use]
pub fn unauthenticated(reason: &'static str, english: &str) -> Failure {
    Failure::new(
        Code::Unauthenticated,
        reason,
        english,
        "Chưa đăng nhập hoặc phiên làm việc không hợp lệ; hãy đăng nhập lại",
    )
}
