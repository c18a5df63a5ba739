//! What is done again and again.

use std::sync::Arc;

use kit::clock;
use proto::catalogue::v1::GetProcedureRequest;
use proto::identity::v1::SignInRequest;
use proto::intake::v1::get_dossier_request::Key;
use proto::intake::v1::{
    GetDossierRequest, ListDossiersRequest, ListDossiersResponse, SubmitDossierRequest,
};
use tokio::time::Instant;
use tonic::Code;

use super::backlog::{Accepting, Brought};
use super::desks::Desks;
use super::echo::Echo;
use super::error::Error;
use super::journey::{self, Journeys};
use super::lane::{Lane, OFFER_BYTES};
use super::line::Line;
use super::measure::Recorder;
use super::plans::{self, Plans};
use crate::cast::{CallerId, Role};

/// Dossiers that are handed in before they are read, when there are fewer.
const LEAST_DOSSIERS: u64 = 500;
/// Dossiers of a unit that are read.
const OF_A_UNIT: i32 = 50;
/// The queue's name on the command line.
pub const QUEUE: &str = "queue";
/// As who nobody signs in.
const NOBODIES: u64 = 1_000;

/// A scenario against the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reading procedures, as anybody may.
    GetProcedure,
    /// Signing in.
    SignIn,
    /// Handing in.
    Submit,
    /// Reading dossiers.
    GetDossier,
    /// Listing what came last to a desk.
    ListDossiers,
    /// From handing in to the returned result.
    Lifecycle,
    /// From offer to acceptance.
    Transfer,
    /// Accepting what waits.
    Accept,
    /// Acknowledging what a stream brings.
    Stream,
    /// Nothing.
    Idle,
}

impl Kind {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GetProcedure => "get-procedure",
            Self::SignIn => "sign-in",
            Self::Submit => "submit",
            Self::GetDossier => "get-dossier",
            Self::ListDossiers => "list-dossiers",
            Self::Lifecycle => "lifecycle",
            Self::Transfer => "transfer",
            Self::Accept => "accept",
            Self::Stream => "stream",
            Self::Idle => "idle",
        }
    }
}

/// A scenario, prepared.
pub enum Scenario {
    /// Calling the bare server.
    Echo(Box<Echo>),
    /// Offers through the queue alone.
    Queue(Lane),
    /// Reading the catalogue.
    GetProcedure {
        /// The way.
        line: Arc<Line>,
        /// What is read.
        codes: Vec<String>,
    },
    /// Signing in.
    SignIn {
        /// The way.
        line: Arc<Line>,
    },
    /// Handing in.
    Submit {
        /// The way.
        line: Arc<Line>,
        /// What is handed in.
        plans: Plans,
    },
    /// Reading dossiers.
    GetDossier {
        /// The way.
        line: Arc<Line>,
        /// Who reads which.
        known: Vec<(CallerId, String)>,
    },
    /// Listing dossiers: first pages.
    ListDossiers {
        /// The way.
        line: Arc<Line>,
        /// Who lists, and what.
        desks: Vec<(CallerId, ListDossiersRequest)>,
    },
    /// Whole lifecycles.
    Lifecycle(Journeys),
    /// Hand-overs.
    Transfer(Journeys),
    /// What waits is accepted.
    Accept(Accepting),
    /// What waits is brought and acknowledged.
    Stream(Brought),
    /// Waiting.
    Idle(Journeys),
}

impl Scenario {
    /// Signs everybody in and finds out what there is to work with.
    ///
    /// # Errors
    /// What the suite refuses, or an empty suite.
    pub async fn prepare(kind: Kind, line: &Arc<Line>) -> Result<Arc<Self>, Error> {
        line.sign_everybody_in().await?;
        let traffic = &line.traffic;
        let line = Arc::clone(line);
        let scenario = match kind {
            Kind::GetProcedure => Self::GetProcedure {
                codes: codes(&line).await?,
                line,
            },
            Kind::SignIn => Self::SignIn { line },
            Kind::Submit => Self::Submit {
                plans: Plans::online(&line).await?,
                line,
            },
            Kind::GetDossier => Self::GetDossier {
                known: known(&line).await?,
                line,
            },
            Kind::ListDossiers => Self::ListDossiers {
                desks: desks(&line, &Plans::online(&line).await?)?,
                line,
            },
            Kind::Lifecycle => Self::Lifecycle(journeys(line).await?),
            Kind::Transfer => Self::Transfer(journeys(line).await?),
            Kind::Accept => Self::Accept(Accepting::prepare(line).await?),
            Kind::Stream => Self::Stream(Brought::subscribe(line).await?),
            Kind::Idle => Self::Idle(journeys(line).await?),
        };
        traffic.forget();
        Ok(Arc::new(scenario))
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Echo(_) => "echo",
            Self::Queue(_) => QUEUE,
            Self::GetProcedure { .. } => Kind::GetProcedure.name(),
            Self::SignIn { .. } => Kind::SignIn.name(),
            Self::Submit { .. } => Kind::Submit.name(),
            Self::GetDossier { .. } => Kind::GetDossier.name(),
            Self::ListDossiers { .. } => Kind::ListDossiers.name(),
            Self::Lifecycle(_) => Kind::Lifecycle.name(),
            Self::Transfer(_) => Kind::Transfer.name(),
            Self::Accept(_) => Kind::Accept.name(),
            Self::Stream(_) => Kind::Stream.name(),
            Self::Idle(_) => Kind::Idle.name(),
        }
    }

    /// How many operations one turn counts.
    #[must_use]
    pub fn operations_each(&self) -> f64 {
        match self {
            Self::Transfer(_) => journey::TRANSFERS,
            _ => 1.0,
        }
    }

    /// Mean bytes of requests and replies, and how many calls were repeated.
    #[must_use]
    pub fn traffic(&self) -> ((u64, u64), u64) {
        let line = match self {
            Self::Echo(echo) => return (echo.bytes(), 0),
            Self::Queue(_) => return ((OFFER_BYTES as u64, 0), 0),
            Self::GetProcedure { line, .. }
            | Self::SignIn { line }
            | Self::Submit { line, .. }
            | Self::GetDossier { line, .. }
            | Self::ListDossiers { line, .. } => line,
            Self::Lifecycle(journeys) | Self::Transfer(journeys) | Self::Idle(journeys) => {
                journeys.line()
            }
            Self::Accept(accepting) => accepting.line(),
            Self::Stream(brought) => brought.line(),
        };
        (line.traffic.mean_bytes(), line.traffic.repeated())
    }

    /// One turn, which was to begin at `since`.
    ///
    /// # Errors
    /// What is refused.
    pub async fn once(&self, turn: u64, since: Instant, recorder: &Recorder) -> Result<(), Error> {
        match self {
            Self::Echo(echo) => {
                echo.call(turn).await?;
            }
            Self::Queue(lane) => lane.pass_one().await?,
            Self::GetProcedure { line, codes } => {
                let code = in_turn(codes, turn).clone();
                let request = GetProcedureRequest {
                    code,
                    ..GetProcedureRequest::default()
                };
                line.call(None, &request, None).await?;
            }
            Self::SignIn { line } => attempt(line, turn).await?,
            Self::Submit { line, plans } => {
                let (citizen, request) = submission(line, plans, turn);
                line.call(Some(citizen), &request, None).await?;
            }
            Self::GetDossier { line, known } => {
                let (reader, uid) = in_turn(known, turn);
                let key = Some(Key::Uid(uid.clone()));
                line.call(Some(*reader), &GetDossierRequest { key }, None)
                    .await?;
            }
            Self::ListDossiers { line, desks } => {
                let (receptionist, request) = in_turn(desks, turn);
                line.call(Some(*receptionist), request, None).await?;
            }
            Self::Lifecycle(journeys) => journeys.whole(turn).await?,
            Self::Transfer(journeys) => return journeys.hand_overs(turn, recorder).await,
            Self::Accept(accepting) => accepting.accept_one().await?,
            Self::Stream(brought) => brought.take_one().await?,
            Self::Idle(_) => {
                recorder.until_the_end().await;
                return Ok(());
            }
        }
        recorder.done(since);
        Ok(())
    }
}

/// Nobody signs in: that costs what a sign-in costs, and is refused.
async fn attempt(line: &Line, turn: u64) -> Result<(), Error> {
    let request = SignInRequest {
        subject: format!("nobody-{}", turn % NOBODIES),
        ..Default::default()
    };
    match line.call(None, &request, None).await {
        Err(Error::Refused { status, .. }) if status.code() == Code::Unauthenticated => Ok(()),
        answered => answered.map(drop),
    }
}

async fn codes(line: &Line) -> Result<Vec<String>, Error> {
    let procedures = plans::procedures(line).await?;
    if procedures.is_empty() {
        return Err(Error::Empty("procedures"));
    }
    let codes = procedures.into_iter().map(|procedure| procedure.code);
    Ok(codes.collect())
}

async fn journeys(line: Arc<Line>) -> Result<Journeys, Error> {
    let plans = Plans::of_three_steps(&line).await?;
    let desks = Desks::open(&line)?;
    Ok(Journeys::new(line, plans, desks))
}

/// Dossiers of all units with somebody who may read them; some are handed in when there are few.
async fn known(line: &Arc<Line>) -> Result<Vec<(CallerId, String)>, Error> {
    let plans = Plans::online(line).await?;
    let mut known = listed(line, &plans).await?;
    for turn in 0..LEAST_DOSSIERS.saturating_sub(count(&known)) {
        let (citizen, request) = submission(line, &plans, turn);
        line.call(Some(citizen), &request, None).await?;
    }
    if count(&known) < LEAST_DOSSIERS {
        known = listed(line, &plans).await?;
    }
    Ok(known)
}

async fn listed(line: &Line, plans: &Plans) -> Result<Vec<(CallerId, String)>, Error> {
    let mut known = Vec::new();
    for (receptionist, request) in desks(line, plans)? {
        let answer = line.call(Some(receptionist), &request, None).await?;
        let reply: ListDossiersResponse = answer.read()?;
        let dossiers = reply.dossiers.into_iter();
        known.extend(dossiers.map(|dossier| (receptionist, dossier.uid)));
    }
    Ok(known)
}

/// The receptionists of units, with the request for the first page of what was handed in there.
fn desks(line: &Line, plans: &Plans) -> Result<Vec<(CallerId, ListDossiersRequest)>, Error> {
    let desk = |unit: &str| {
        let request = ListDossiersRequest {
            receiving_unit_uid: unit.to_owned(),
            page_size: OF_A_UNIT,
            ..Default::default()
        };
        Ok((officer(line, unit, Role::Receptionist)?, request))
    };
    plans.units().map(desk).collect()
}

/// What a citizen hands in when it is this turn, and who.
pub fn submission(line: &Line, plans: &Plans, turn: u64) -> (CallerId, SubmitDossierRequest) {
    let (unit, plan) = plans.turn(turn);
    let citizen = *in_turn(line.cast().citizens(false), turn);
    let request = SubmitDossierRequest {
        request_id: clock::new_uid(),
        procedure_code: plan.code.clone(),
        case_key: String::new(),
        receiving_unit_uid: unit.to_owned(),
        applicant: line.cast().particulars(citizen).cloned(),
        components: plan.components.clone(),
        form_data: String::new(),
        ..Default::default()
    };
    (citizen, request)
}

/// The officer of a unit.
///
/// # Errors
/// When the cast has none.
pub fn officer(line: &Line, unit: &str, role: Role) -> Result<CallerId, Error> {
    let officer = line.cast().officer(unit, role);
    officer.ok_or(Error::Empty("officer of a unit among the callers"))
}

fn in_turn<T>(among: &[T], turn: u64) -> &T {
    let turn = usize::try_from(turn).unwrap_or_default();
    &among[turn % among.len()]
}

fn count<T>(of: &[T]) -> u64 {
    u64::try_from(of.len()).unwrap_or(u64::MAX)
}
