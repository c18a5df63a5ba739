//! `motcua load`: how fast the suite is, measured from outside, and what that costs.
//!
//! *Open loop* (`--rate`) begins operations at fixed instants whatever the suite does, and measures each from the instant at
//! which it should have begun: a stall is counted for everybody who would have come meanwhile. *Closed loop*
//! (`--in-flight`) finds the greatest rate; there each of the callers waits for its answer before it goes on, so its
//! latencies are plain and a stall counts once.

mod address;
mod backlog;
mod bullmq;
mod compare;
mod desks;
mod drive;
mod echo;
mod error;
mod fill;
mod journey;
mod lane;
mod line;
mod measure;
mod outcome;
mod pgbench;
mod plans;
mod progress;
mod scenario;
mod usage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::cast::{self, Cast, Dice, Names};
use address::Address;
use drive::Drive;
use echo::Echo;
pub use error::Error;
use lane::Lane;
use line::Line;
use outcome::Outcome;
use scenario::{Kind, Scenario};
use usage::Processes;

/// How many citizens and businesses hand in online.
const CITIZENS: usize = 400;

/// What is measured.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make who calls: the officers of 218 units for `motcua import`, where they and 400 citizens sign in for
    /// `motcua serve --providers FOLDER/providers.json`, and all of them for `--cast`
    Cast {
        /// A folder; it holds a private key afterwards
        folder: PathBuf,
    },
    /// Call a bare gRPC server without anything of the suite: what the protocol alone costs
    Echo {
        /// Bytes of a request
        #[arg(long, default_value_t = 100)]
        request_bytes: usize,
        /// Bytes of a reply
        #[arg(long, default_value_t = 1_000)]
        reply_bytes: usize,
        #[command(flatten)]
        drive: Drive,
        /// Write the result here
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Read procedures from the catalogue
    GetProcedure(Run),
    /// Sign in with passwords that are wrong; beside `get-procedure` it shows what a flood of sign-ins takes from others
    SignIn(Run),
    /// Hand dossiers in online
    Submit(Run),
    /// Read dossiers at the desks that received them
    GetDossier(Run),
    /// List the first page of what was handed in at a desk
    ListDossiers(Run),
    /// Submit, receive, three hand-overs, decision, result returned; only those that are through count
    Lifecycle(Run),
    /// Hand-overs, from the offer to its acceptance by a unit that waits at its queue
    Transfer(Run),
    /// Accept what waits, in a store that `fill --open N --at-one N` filled: every other offer at the unit where most wait
    Accept(Run),
    /// Have what waits there brought over `StreamTransfers`, 32 at once, and acknowledge it
    Stream(Run),
    /// Offers through the queue alone: put into one unit's lane, taken on lease, settled
    Queue {
        /// A Redis database of its own
        #[arg(long = "redis", value_name = "URL")]
        queue: String,
        #[command(flatten)]
        drive: Drive,
        #[command(flatten)]
        processes: Processes,
        /// Write the result here
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Subscribers of all units wait and nothing happens
    Idle(Run),
    /// Make many dossiers, finished and open, by COPY, in a `PostgreSQL` store that has none
    Fill(fill::Options),
    /// Run every scenario in turn with its yardstick, and write a summary of the medians
    Compare(compare::Options),
    /// Serve the bare server
    #[command(hide = true)]
    EchoServer {
        #[arg(long)]
        reply_bytes: usize,
    },
}

/// How a scenario is run.
#[derive(Args)]
struct Run {
    /// Where the suite is: one URL for all of it, or `intake=http://host:port`; again for each service and replica
    #[arg(long = "address", value_name = "[SERVICE=]URL", required = true)]
    addresses: Vec<Address>,
    /// The folder that `motcua load cast` made
    #[arg(long)]
    cast: PathBuf,
    #[command(flatten)]
    drive: Drive,
    #[command(flatten)]
    processes: Processes,
    /// Write the result here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures, and shows what came of it. The exit code is 0 only if nothing was refused.
///
/// # Errors
/// When the suite cannot be reached, or the callers are not known to it.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let (outcome, json) = match options.what {
        What::Cast { folder } => return make_cast(&folder),
        What::Fill(options) => return Box::pin(fill::run(options)).await,
        What::Compare(options) => return compare::run(options).await,
        What::EchoServer { reply_bytes } => return echo::serve(reply_bytes).await,
        What::Echo {
            request_bytes,
            reply_bytes,
            drive,
            json,
        } => {
            let echo = Echo::start(request_bytes, reply_bytes, drive.connections).await?;
            let processes = echo.processes();
            let scenario = Arc::new(Scenario::Echo(Box::new(echo)));
            (drive.run(&scenario, &processes).await?, json)
        }
        What::Queue {
            queue,
            drive,
            processes,
            json,
        } => {
            let scenario = Arc::new(Scenario::Queue(Lane::open(&queue)?));
            (drive.run(&scenario, &processes).await?, json)
        }
        What::GetProcedure(run) => run.measure(Kind::GetProcedure).await?,
        What::SignIn(run) => run.measure(Kind::SignIn).await?,
        What::Submit(run) => run.measure(Kind::Submit).await?,
        What::GetDossier(run) => run.measure(Kind::GetDossier).await?,
        What::ListDossiers(run) => run.measure(Kind::ListDossiers).await?,
        What::Lifecycle(run) => run.measure(Kind::Lifecycle).await?,
        What::Transfer(run) => run.measure(Kind::Transfer).await?,
        What::Accept(run) => run.measure(Kind::Accept).await?,
        What::Stream(run) => run.measure(Kind::Stream).await?,
        What::Idle(run) => run.measure(Kind::Idle).await?,
    };
    println!("{}", outcome.table());
    if let Some(json) = json {
        outcome.write(&json)?;
    }
    Ok(if outcome.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Run {
    async fn measure(self, kind: Kind) -> Result<(Outcome, Option<PathBuf>), Error> {
        let cast = Cast::load(&self.cast)?;
        let line = Arc::new(Line::new(cast, &self.addresses, self.drive.connections)?);
        let scenario = Scenario::prepare(kind, &line).await?;
        Ok((self.drive.run(&scenario, &self.processes).await?, self.json))
    }
}

fn make_cast(folder: &Path) -> Result<ExitCode, Error> {
    let units = cast::units_with_desks()?;
    let cast = Cast::new(&units, CITIZENS, &Names::load()?, Dice::new(1));
    cast.save(folder)?;
    println!(
        "made {} officers and {} applicants in {}",
        cast.officers(),
        cast.applicants(),
        folder.display()
    );
    Ok(ExitCode::SUCCESS)
}
