//! `motcua load token`: what a token and its rule cost the suite, beside what a bare tonic call costs. The same rpc is called
//! without a token and with one that was verified before, in turn with a bare server of as many bytes.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::address::Address;
use super::compare::median;
use super::drive::Drive;
use super::echo::Echo;
use super::error::Error;
use super::line::Line;
use super::outcome::Outcome;
use super::scenario::{Kind, Scenario};
use super::usage::Processes;
use crate::cast::Cast;
use crate::table;

const IN_FLIGHT: usize = 64;
const CONNECTIONS: usize = 4;
const WARM_UP: u64 = 2;

/// How it is measured.
#[derive(Args)]
pub struct Options {
    /// Where the suite is: one URL for all of it, or `catalogue=http://host:port`; again for each service and replica
    #[arg(long = "address", value_name = "[SERVICE=]URL", required = true)]
    addresses: Vec<Address>,
    /// The folder that `motcua load cast` made
    #[arg(long)]
    cast: std::path::PathBuf,
    /// How often each is run
    #[arg(long, default_value_t = 7, value_name = "N")]
    rounds: usize,
    /// Seconds of each run that count
    #[arg(long, default_value_t = 5, value_name = "SECONDS")]
    seconds: u64,
    #[command(flatten)]
    processes: Processes,
}

/// Which part of a round.
type Which = fn(&Round) -> &Outcome;

/// One round.
struct Round {
    bare: Outcome,
    open: Outcome,
    with_token: Outcome,
}

impl Round {
    /// What the token adds, of a hundred parts of a bare call.
    fn added_percent(&self) -> f64 {
        let added = self.with_token.cpu_ms_per_op() - self.open.cpu_ms_per_op();
        100.0 * added / self.bare.cpu_ms_per_op()
    }

    fn is_clean(&self) -> bool {
        [&self.bare, &self.open, &self.with_token]
            .into_iter()
            .all(Outcome::is_clean)
    }
}

/// Measures and shows it. The exit code is 0 only if nothing was refused.
///
/// # Errors
/// When the suite cannot be used.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let cast = Cast::load(&options.cast)?;
    let line = Arc::new(Line::new(cast, &options.addresses, CONNECTIONS)?);
    let drive = Drive {
        rate: None,
        in_flight: IN_FLIGHT,
        warm_up: WARM_UP,
        duration: options.seconds,
        connections: CONNECTIONS,
    };
    let open = Scenario::prepare(Kind::GetProcedure, &line).await?;
    let with_token = Scenario::prepare(Kind::GetProcedureWithToken, &line).await?;
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        let open = drive.run(&open, &options.processes).await?;
        let with_token = drive.run(&with_token, &options.processes).await?;
        let bare = bare(&drive, &open).await?;
        let round = Round {
            bare,
            open,
            with_token,
        };
        eprintln!("a token adds {:.1} % of a bare call", round.added_percent());
        rounds.push(round);
    }
    println!("{}", shown(&rounds));
    let added = median(rounds.iter().map(Round::added_percent).collect());
    println!("a token and its rule add {added:.1} % of a bare call's processor time");
    let clean = rounds.iter().all(Round::is_clean);
    Ok(if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The bare server with as many bytes.
async fn bare(drive: &Drive, like: &Outcome) -> Result<Outcome, Error> {
    let bytes = |bytes| usize::try_from(bytes).unwrap_or_default();
    let (request, reply) = like.bytes;
    let echo = Echo::start(bytes(request), bytes(reply), CONNECTIONS).await?;
    let processes = echo.processes();
    let scenario = Arc::new(Scenario::Echo(Box::new(echo)));
    drive.run(&scenario, &processes).await
}

fn shown(rounds: &[Round]) -> comfy_table::Table {
    let mut table = table::with_columns(&["call", "per s", "CPU ms", "load"], 1..4);
    let rows: [(&str, Which); 3] = [
        ("bare tonic", |round| &round.bare),
        ("without a token", |round| &round.open),
        ("with a token", |round| &round.with_token),
    ];
    for (name, of) in rows {
        let middle = |value: &dyn Fn(&Outcome) -> f64| {
            median(rounds.iter().map(|round| value(of(round))).collect())
        };
        table.add_row([
            name.to_owned(),
            format!("{:.0}", middle(&|outcome| outcome.rate)),
            format!("{:.4}", middle(&Outcome::cpu_ms_per_op)),
            format!("{:.1}", middle(&|outcome| outcome.machine_load[1].into())),
        ]);
    }
    table
}
