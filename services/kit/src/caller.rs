//! Who is calling, in which role, for which units; and which rpcs that role may call.

mod token;

use tonic::{Code, Request, Status};

use crate::clock::Moment;
use crate::failure::Failure;
use crate::log::Cause;

pub use token::{AUDIENCE, Claims, ISSUER, KeySource, TOKEN_LIFE, Verifier, sign, sign_assertion};

/// In which role somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Receives dossiers and returns results at a desk.
    Receptionist,
    /// Examines dossiers.
    Examiner,
    /// Signs decisions.
    Leader,
    /// An applicant, signed in.
    Citizen,
    /// Another system, acting for its unit.
    Client,
    /// A service of this suite.
    Service,
}

/// Somebody who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Opaque name of the caller; `anonymous` without a token.
    pub subject: String,
    /// The role; `None` without a token.
    pub role: Option<Role>,
    /// The unit it acts for, then the units whose work that one took over.
    pub units: Vec<String>,
    /// The party that a citizen is.
    pub party: Option<String>,
}

/// What a caller may know of dossiers and transfers. Every query over them starts from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A service of the suite.
    Everything,
    /// An applicant: its own.
    Party(String),
    /// A unit: what it receives, decides, returns, sends, holds or has held.
    Units(Vec<String>),
    /// Nothing at all.
    Nothing,
}

impl Caller {
    /// A caller without a token.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            subject: "anonymous".to_owned(),
            role: None,
            units: Vec::new(),
            party: None,
        }
    }

    /// What it may know.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match (self.role, &self.party) {
            (Some(Role::Service), _) => Scope::Everything,
            (Some(Role::Citizen), Some(party)) => Scope::Party(party.clone()),
            (Some(Role::Receptionist | Role::Examiner | Role::Leader | Role::Client), _) => {
                Scope::Units(self.units.clone())
            }
            (Some(Role::Citizen), None) | (None, _) => Scope::Nothing,
        }
    }

    /// Whether it acts for this unit.
    #[must_use]
    pub fn acts_for(&self, unit: &str) -> bool {
        self.units.iter().any(|own| own == unit)
    }

    /// Refuses a unit that the caller does not act for.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, `UNIT_NOT_YOURS`.
    pub fn must_act_for(&self, unit: &str) -> Result<(), Failure> {
        if self.acts_for(unit) {
            return Ok(());
        }
        Err(Failure::new(
            Code::PermissionDenied,
            "UNIT_NOT_YOURS",
            format!("the token does not act for unit {unit}"),
            "Tài khoản không có quyền thay mặt đơn vị này",
        )
        .with("unit_uid", unit))
    }
}

/// One call: who, when, under which trace.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who is calling.
    pub caller: Caller,
    /// The civil time of the call.
    pub at: Moment,
    /// W3C trace context of the rpc's span.
    pub traceparent: String,
}

impl Context {
    /// The context that the port put into a request.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when the port put none there.
    pub fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .ok_or_else(|| unauthenticated("TOKEN_MISSING", "no caller is known").into())
    }

    /// The cause of what this call does.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause {
            actor: self.caller.subject.clone(),
            at: self.at,
            traceparent: self.traceparent.clone(),
        }
    }
}

/// Who may call an rpc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anyone, with or without a token.
    Anyone,
    /// Anyone with a token.
    SignedIn,
    /// These roles.
    Roles(&'static [Role]),
}

/// Who may call one rpc. An rpc without a rule does not start.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// `motcua.intake.v1.DossierService/SubmitDossier`.
    pub rpc: &'static str,
    /// Who may.
    pub who: Who,
}

impl Who {
    /// Whether this caller may.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a token, `PERMISSION_DENIED`, `RPC_NOT_GRANTED` in another role.
    pub fn admit(self, caller: &Caller) -> Result<(), Failure> {
        match (self, caller.role) {
            (Self::Anyone, _) | (Self::SignedIn, Some(_)) => Ok(()),
            (Self::Roles(roles), Some(role)) if roles.contains(&role) => Ok(()),
            (Self::Roles(_), Some(_)) => Err(Failure::new(
                Code::PermissionDenied,
                "RPC_NOT_GRANTED",
                "the role in the token may not call this rpc",
                "Vai trò của tài khoản không được phép thực hiện thao tác này",
            )),
            (Self::SignedIn | Self::Roles(_), None) => Err(unauthenticated(
                "TOKEN_MISSING",
                "send `authorization: Bearer <token>`; TokenService.IssueToken gives one",
            )),
        }
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
