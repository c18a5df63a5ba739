//! `motcua load compare`: every scenario in turn with its yardsticks, so often that chance and the machine's other work even
//! out: A B A B, and the medians of it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::address::Address;
use super::bullmq::BullMq;
use super::drive::Drive;
use super::echo::Echo;
use super::error::Error;
use super::lane::{Lane, OFFER_BYTES};
use super::line::Line;
use super::outcome::{Outcome, write_json};
use super::pgbench::{Pgbench, Work};
use super::scenario::{self, Kind, Scenario};
use super::usage::Processes;
use crate::cast::Cast;
use crate::table;

/// How the comparison is made.
#[derive(Args)]
pub struct Options {
    /// Where the suite is: one URL for all of it, or `intake=http://host:port`; again for each service and replica
    #[arg(long = "address", value_name = "[SERVICE=]URL", required = true)]
    addresses: Vec<Address>,
    /// The folder that `motcua load cast` made
    #[arg(long)]
    cast: PathBuf,
    /// How often each is run
    #[arg(long, default_value_t = 5, value_name = "N")]
    rounds: usize,
    /// Seconds of each run that count
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    seconds: u64,
    /// Only these scenarios
    #[arg(long = "only", value_name = "SCENARIO")]
    only: Vec<String>,
    /// Write the summary here, and every run beside it
    #[arg(long, value_name = "FILE")]
    summary: PathBuf,
    #[command(flatten)]
    pgbench: Pgbench,
    #[command(flatten)]
    bullmq: BullMq,
    #[command(flatten)]
    processes: Processes,
}

/// Connections to each service.
const CONNECTIONS: usize = 4;
const WARM_UP: u64 = 2;

/// What is compared with what.
struct Pair {
    what: What,
    in_flight: usize,
    yardsticks: &'static [Yardstick],
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Calls to the suite.
    Suite(Kind),
    /// The queue alone.
    Queue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Yardstick {
    Echo,
    Database(Work),
    BullMq,
}

const PAIRS: [Pair; 7] = [
    Pair {
        what: What::Suite(Kind::GetProcedure),
        in_flight: 64,
        yardsticks: &[Yardstick::Echo],
    },
    Pair {
        what: What::Suite(Kind::Submit),
        in_flight: 32,
        yardsticks: &[Yardstick::Database(Work::Write), Yardstick::Echo],
    },
    Pair {
        what: What::Suite(Kind::GetDossier),
        in_flight: 32,
        yardsticks: &[Yardstick::Database(Work::Read)],
    },
    Pair {
        what: What::Suite(Kind::Lifecycle),
        in_flight: 32,
        yardsticks: &[Yardstick::Database(Work::Write)],
    },
    Pair {
        what: What::Suite(Kind::Transfer),
        in_flight: 32,
        yardsticks: &[Yardstick::Database(Work::Write)],
    },
    Pair {
        what: What::Queue,
        in_flight: 32,
        yardsticks: &[Yardstick::BullMq],
    },
    Pair {
        what: What::Suite(Kind::Stream),
        in_flight: 32,
        yardsticks: &[Yardstick::BullMq],
    },
];

/// One row of the summary; medians of all rounds.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_ms_per_op: f64,
    yardstick: String,
    ratio: f64,
    goal: Option<f64>,
    met: Option<bool>,
}

/// One round of a scenario and its yardsticks.
#[derive(Debug, Serialize)]
struct Round {
    outcome: Outcome,
    yardsticks: Vec<f64>,
}

/// Compares, shows the table and writes the summary. The exit code is 0 only if nothing was refused.
///
/// # Errors
/// When the suite or a yardstick cannot be used.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let cast = Cast::load(&options.cast)?;
    let line = Arc::new(Line::new(cast, &options.addresses, CONNECTIONS)?);
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for pair in PAIRS.iter().filter(|pair| options.wants(pair.what)) {
        let rounds = options.rounds(pair, &line).await?;
        for (place, yardstick) in pair.yardsticks.iter().enumerate() {
            rows.push(row(pair, *yardstick, place, &rounds));
        }
        all.push(rounds);
    }
    println!("{}", shown(&rows));
    println!("{}", details(&all));
    write_json(&options.summary, &rows)?;
    write_json(&options.summary.with_file_name("rounds.json"), &all)?;
    let clean = all.iter().flatten().all(|round| round.outcome.is_clean());
    Ok(if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Options {
    fn wants(&self, what: What) -> bool {
        let can = what != What::Queue || self.bullmq.redis().is_some();
        let is_named = self.only.iter().any(|only| only == what.name());
        // A stream brings what waits, which is in a store that was filled for that.
        let by_default = self.only.is_empty() && what != What::Suite(Kind::Stream);
        can && (by_default || is_named)
    }

    async fn scenario(&self, what: What, line: &Arc<Line>) -> Result<Arc<Scenario>, Error> {
        match what {
            What::Suite(kind) => Scenario::prepare(kind, line).await,
            What::Queue => {
                let redis = self.bullmq.redis().unwrap_or_default();
                Ok(Arc::new(Scenario::Queue(Lane::open(redis)?)))
            }
        }
    }

    async fn rounds(&self, pair: &Pair, line: &Arc<Line>) -> Result<Vec<Round>, Error> {
        let drive = Drive {
            rate: None,
            in_flight: pair.in_flight,
            warm_up: WARM_UP,
            duration: self.seconds,
            connections: CONNECTIONS,
        };
        let scenario = self.scenario(pair.what, line).await?;
        let mut rounds = Vec::new();
        for _ in 0..self.rounds {
            let outcome = drive.run(&scenario, &self.processes).await?;
            let mut yardsticks = Vec::new();
            for yardstick in pair.yardsticks {
                yardsticks.push(self.yardstick(*yardstick, &drive, &outcome).await?);
            }
            eprintln!(
                "{}: {:.0} per s; its yardsticks {yardsticks:.0?}",
                pair.what.name(),
                outcome.rate
            );
            rounds.push(Round {
                outcome,
                yardsticks,
            });
        }
        Ok(rounds)
    }

    /// How much the yardstick does in a second, with as many in flight.
    async fn yardstick(
        &self,
        yardstick: Yardstick,
        drive: &Drive,
        outcome: &Outcome,
    ) -> Result<f64, Error> {
        match yardstick {
            Yardstick::Database(work) => {
                let clients = drive.in_flight;
                self.pgbench.rate(work, clients, self.seconds).await
            }
            Yardstick::BullMq => self.bullmq.rate(drive.in_flight, self.seconds).await,
            Yardstick::Echo => {
                let (request, reply) = outcome.bytes;
                let bytes = |bytes| usize::try_from(bytes).unwrap_or_default();
                let echo = Echo::start(bytes(request), bytes(reply), CONNECTIONS).await?;
                let scenario = Arc::new(Scenario::Echo(Box::new(echo)));
                let outcome = drive.run(&scenario, &Processes::default()).await?;
                Ok(outcome.rate)
            }
        }
    }
}

fn row(pair: &Pair, yardstick: Yardstick, place: usize, rounds: &[Round]) -> Row {
    let of = |value: &dyn Fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    let bytes = rounds.first().map_or((0, 0), |round| round.outcome.bytes);
    let rate = of(&|round| round.yardsticks[place]);
    Row {
        name: pair.what.name(),
        rate: of(&|round| round.outcome.rate),
        p50_ms: of(&|round| round.outcome.latency.p50_ms),
        p99_ms: of(&|round| round.outcome.latency.p99_ms),
        cpu_ms_per_op: of(&|round| round.outcome.cpu_ms_per_op()),
        yardstick: format!("{}: {rate:.0} per s", yardstick.name(pair.in_flight, bytes)),
        ratio: of(&|round| round.outcome.rate / round.yardsticks[place]),
        goal: None,
        met: None,
    }
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Suite(kind) => kind.name(),
            Self::Queue => scenario::QUEUE,
        }
    }
}

impl Yardstick {
    fn name(self, in_flight: usize, (request, reply): (u64, u64)) -> String {
        match self {
            Self::Echo => {
                format!("bare tonic echo of {request} and {reply} bytes, {in_flight} in flight")
            }
            Self::Database(Work::Write) => {
                format!("pgbench, the same rows in one statement, {in_flight} clients")
            }
            Self::Database(Work::Read) => format!("pgbench -S, {in_flight} clients"),
            Self::BullMq => format!("BullMQ, {OFFER_BYTES} bytes, {in_flight} in flight"),
        }
    }
}

/// The middle one; of an even number the mean of both in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

fn shown(rows: &[Row]) -> comfy_table::Table {
    let columns = [
        "scenario",
        "per s",
        "p50 ms",
        "p99 ms",
        "CPU ms",
        "ratio",
        "yardstick",
    ];
    let mut table = table::with_columns(&columns, 1..6);
    for row in rows {
        table.add_row([
            row.name.to_owned(),
            format!("{:.0}", row.rate),
            format!("{:.2}", row.p50_ms),
            format!("{:.2}", row.p99_ms),
            format!("{:.3}", row.cpu_ms_per_op),
            format!("{:.3}", row.ratio),
            row.yardstick.clone(),
        ]);
    }
    table
}

/// What each part used for one operation in the last round, and the machine's load.
fn details(all: &[Vec<Round>]) -> comfy_table::Table {
    let columns = [
        "scenario", "p99.9 ms", "part", "CPU ms", "cores", "MiB", "load",
    ];
    let mut table = table::with_columns(&columns, 3..7);
    for outcome in all.iter().filter_map(|rounds| rounds.last()) {
        let outcome = &outcome.outcome;
        for used in &outcome.used {
            table.add_row([
                outcome.scenario.to_owned(),
                format!("{:.2}", outcome.latency.p999_ms),
                used.part.to_owned(),
                format!("{:.3}", used.cpu_ms_per_op),
                format!("{:.2}", used.cores),
                format!("{:.0}", used.resident_mib),
                format!("{:.1}", outcome.machine_load[0]),
            ]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median(vec![3.0, 1.0, 100.0]) - 3.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 2.0, 100.0]) - 3.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
