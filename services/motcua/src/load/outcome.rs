//! What one run came to: as a table and as JSON.

use std::collections::BTreeMap;
use std::path::Path;

use comfy_table::Table;
use serde::Serialize;

use super::drive::Drive;
use super::error::Error;
use super::measure::{Counted, Percentiles};
use super::scenario::{Kind, Scenario};
use super::usage::Used;

/// What one run came to.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The scenario.
    pub scenario: &'static str,
    /// Whether operations began at fixed instants (open loop).
    pub open_loop: bool,
    /// Callers of a closed loop.
    pub in_flight: usize,
    /// Connections to each service.
    pub connections: usize,
    /// Seconds that counted.
    pub seconds: u64,
    /// Operations that ended well in them.
    pub completed: u64,
    /// Those in a second.
    pub rate: f64,
    /// How long they took.
    pub latency: Percentiles,
    /// From an offer's commit to its arrival at a waiting subscriber.
    pub delivery: Option<Percentiles>,
    /// What was refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// What had not ended 15 s after the end.
    pub unfinished: u64,
    /// Calls made again because the suite asked for it.
    pub repeated: u64,
    /// Mean bytes of a request and of a reply.
    pub bytes: (u64, u64),
    /// Processor time in milliseconds for one operation, and memory in MiB, of each part.
    pub used: Vec<Use>,
    /// The machine's load over the last minute, before and after.
    pub machine_load: [f32; 2],
}

/// What a part used.
#[derive(Clone, Debug, Serialize)]
pub struct Use {
    /// Suite, database, redis or generator.
    pub part: &'static str,
    /// Processor time for one operation.
    pub cpu_ms_per_op: f64,
    /// Cores that it kept busy in the mean.
    pub cores: f64,
    /// Resident memory.
    pub resident_mib: f64,
}

impl Outcome {
    /// Puts together what was measured.
    #[must_use]
    pub fn new(
        drive: &Drive,
        scenario: &Scenario,
        counted: &Counted,
        used: &Used,
        machine_load: [f32; 2],
    ) -> Self {
        let (seconds, completed) = (as_float(drive.duration), as_float(counted.completed));
        let parts = used.parts().into_iter();
        let parts = parts.filter(|(_, part)| part.resident_mib > 0.0);
        let (bytes, repeated) = scenario.traffic();
        Self {
            scenario: scenario.name(),
            open_loop: drive.rate.is_some(),
            in_flight: drive.in_flight,
            connections: drive.connections,
            seconds: drive.duration,
            completed: counted.completed,
            rate: completed / seconds,
            latency: Percentiles::from(&counted.latencies),
            delivery: (!counted.deliveries.is_empty())
                .then(|| Percentiles::from(&counted.deliveries)),
            refused: counted.refused.clone(),
            unfinished: counted.unfinished,
            repeated,
            bytes,
            used: parts
                .map(|(name, part)| Use {
                    part: name,
                    cpu_ms_per_op: each(part.cpu_ms, completed),
                    cores: part.cpu_ms / 1_000.0 / seconds,
                    resident_mib: part.resident_mib,
                })
                .collect(),
            machine_load,
        }
    }

    /// Whether everything was done that was asked for.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let idle = self.scenario == Kind::Idle.name();
        self.refused.is_empty() && self.unfinished == 0 && (self.completed > 0 || idle)
    }

    /// Processor time of suite, database and Redis together for one operation.
    #[must_use]
    pub fn cpu_ms_per_op(&self) -> f64 {
        let served = self.used.iter().filter(|used| used.part != "generator");
        served.map(|used| used.cpu_ms_per_op).sum()
    }

    /// For people.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = crate::table::with_columns(&["what", "value"], 1..2);
        let mut row = |what: &str, value: String| {
            table.add_row([what.to_owned(), value]);
        };
        row("scenario", self.scenario.to_owned());
        row("loop", self.kind_of_loop());
        row(
            "completed",
            format!("{} in {} s", self.completed, self.seconds),
        );
        row("rate", format!("{:.1} per s", self.rate));
        row("latency", self.latency.to_string());
        if let Some(delivery) = &self.delivery {
            row("delivery", delivery.to_string());
        }
        for used in &self.used {
            row(used.part, used.to_string());
        }
        for (reason, count) in &self.refused {
            row(&format!("refused: {reason}"), count.to_string());
        }
        row(
            "repeated, unfinished",
            format!("{}, {}", self.repeated, self.unfinished),
        );
        row(
            "bytes asked, answered",
            format!("{}, {}", self.bytes.0, self.bytes.1),
        );
        row(
            "machine's load",
            format!(
                "{:.2} before, {:.2} after",
                self.machine_load[0], self.machine_load[1]
            ),
        );
        table
    }

    fn kind_of_loop(&self) -> String {
        if self.open_loop {
            return format!("open, {} connections", self.connections);
        }
        format!(
            "closed, {} in flight on {} connections",
            self.in_flight, self.connections
        )
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write_json(path, self)
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "p50 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2} ms",
            self.p50_ms, self.p99_ms, self.p999_ms, self.max_ms
        )
    }
}

impl std::fmt::Display for Use {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{:.3} ms CPU each, {:.2} cores, {:.0} MiB",
            self.cpu_ms_per_op, self.cores, self.resident_mib
        )
    }
}

/// Nothing where there was no operation.
fn each(total: f64, operations: f64) -> f64 {
    if operations > 0.0 {
        total / operations
    } else {
        0.0
    }
}

/// Writes a value as JSON that people can read too.
///
/// # Errors
/// When the file cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let failed = || Error::io(format!("writing {}", path.display()));
    let text = serde_json::to_string_pretty(value).map_err(|error| failed()(error.into()))?;
    std::fs::write(path, text + "\n").map_err(failed())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of one run are far below 2^52"
)]
fn as_float(count: u64) -> f64 {
    count as f64
}
