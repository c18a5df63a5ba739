//! Every metric of the suite: its name, its unit, what it is told by. Nothing is told by dossier, person or unit.

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};
use opentelemetry::{KeyValue, global};
use tonic::Code;

use super::rpc::name_of;

/// Seconds: from a cached read to a call that waits for an offer.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];
/// Jobs of one batch; [`crate::writer::BATCH`] is the most.
const JOBS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 48.0, 64.0];

static INSTRUMENTS: LazyLock<Instruments> =
    LazyLock::new(|| Instruments::new(&global::meter("motcua")));

/// One call was answered: `rpc.server.call.duration`, s, by `rpc.method` and `rpc.response.status_code`, as the semantic
/// conventions of OpenTelemetry have it.
pub fn served(method: &'static str, code: Code, took: Duration) {
    let code = name_of(code);
    let told = [
        KeyValue::new("rpc.system.name", "grpc"),
        KeyValue::new("rpc.method", method),
        KeyValue::new("rpc.response.status_code", code),
        KeyValue::new("error.type", code),
    ];
    let told = if code == name_of(Code::Ok) {
        &told[..3]
    } else {
        &told[..]
    };
    INSTRUMENTS.served.record(took.as_secs_f64(), told);
}

/// A batch of a service's writer came to its end: `motcua.writer.batch.size`, jobs, and `motcua.writer.batch.duration`, s, from
/// the beginning of its transaction to the end; by `motcua.service` and `motcua.outcome` (`committed` or `failed`).
pub fn batch(service: &'static str, jobs: usize, committed: bool, took: Duration) {
    let outcome = if committed { "committed" } else { "failed" };
    let told = [
        KeyValue::new("motcua.service", service),
        KeyValue::new("motcua.outcome", outcome),
    ];
    INSTRUMENTS.batch_size.record(jobs as u64, &told);
    INSTRUMENTS.batch_duration.record(took.as_secs_f64(), &told);
}

/// One job that waits for its answer: `motcua.writer.jobs.waiting`, jobs, by `motcua.service`. It waits until this is dropped.
#[derive(Debug)]
pub struct Waiting(&'static str);

impl Waiting {
    /// A job is given to the writer of a service.
    #[must_use]
    pub fn begin(service: &'static str) -> Self {
        let told = [KeyValue::new("motcua.service", service)];
        INSTRUMENTS.waiting.add(1, &told);
        Self(service)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let told = [KeyValue::new("motcua.service", self.0)];
        INSTRUMENTS.waiting.add(-1, &told);
    }
}

/// How old the copy is that a service keeps of an owner's log: `motcua.copy.behind`, events that it is known to lack, and
/// `motcua.copy.age`, s since it was last known to lack none; by `motcua.service` and `motcua.owner`.
pub fn copy(service: &'static str, owner: &'static str, behind: Option<i64>, age: Duration) {
    let told = of_owner(service, owner);
    if let Some(behind) = behind {
        INSTRUMENTS.copy_behind.record(behind, &told);
    }
    INSTRUMENTS.copy_age.record(age.as_secs_f64(), &told);
}

/// Events that a service could not apply and keeps for later: `motcua.events.parked`, events, by `motcua.service` and
/// `motcua.owner`.
pub fn parked(service: &'static str, owner: &'static str, events: usize) {
    let told = of_owner(service, owner);
    INSTRUMENTS.parked.record(events as u64, &told);
}

/// An offer was brought to its unit: `motcua.transfer.deliveries`, deliveries, by `motcua.redelivered` (whether it had been
/// brought before); the first time `motcua.transfer.delivery.duration`, seconds from the commit that made it, where it waited
/// for a puller too.
pub fn delivered(attempt: u32, since_commit: Option<Duration>) {
    let told = [KeyValue::new("motcua.redelivered", attempt > 1)];
    INSTRUMENTS.deliveries.add(1, &told);
    if let Some(since_commit) = since_commit.filter(|_| attempt == 1) {
        INSTRUMENTS.delivery.record(since_commit.as_secs_f64(), &[]);
    }
}

/// A link to another system was late (R12): `motcua.link.late`, offers, by `motcua.link.step` (`delivery` or
/// `acknowledgement`).
pub fn link_late(step: &'static str) {
    INSTRUMENTS
        .link_late
        .add(1, &[KeyValue::new("motcua.link.step", step)]);
}

/// Offers were delivered too often: `motcua.transfer.dead_letters`, offers.
pub fn given_up(offers: usize) {
    INSTRUMENTS.given_up.add(offers as u64, &[]);
}

/// Whether the queue answers: `motcua.queue.up`, 1 or 0.
pub fn queue_up(up: bool) {
    INSTRUMENTS.queue_up.record(u64::from(up), &[]);
}

/// A call to another service was made again: `motcua.client.retries`, calls, by `motcua.peer`.
pub fn retried(peer: &str) {
    INSTRUMENTS.retries.add(1, &of_peer(peer));
}

/// An address of another service was left out for a while because it failed: `motcua.client.ejections`, addresses, by
/// `motcua.peer`.
pub fn ejected(peer: &str) {
    INSTRUMENTS.ejections.add(1, &of_peer(peer));
}

struct Instruments {
    served: Histogram<f64>,
    batch_size: Histogram<u64>,
    batch_duration: Histogram<f64>,
    waiting: UpDownCounter<i64>,
    copy_behind: Gauge<i64>,
    copy_age: Gauge<f64>,
    parked: Gauge<u64>,
    deliveries: Counter<u64>,
    delivery: Histogram<f64>,
    link_late: Counter<u64>,
    given_up: Counter<u64>,
    queue_up: Gauge<u64>,
    retries: Counter<u64>,
    ejections: Counter<u64>,
}

impl Instruments {
    fn new(meter: &Meter) -> Self {
        let seconds = |name, what| {
            let histogram = meter.f64_histogram(name).with_unit("s");
            let histogram = histogram.with_boundaries(SECONDS.to_vec());
            histogram.with_description(what).build()
        };
        let count = |name, unit, what| {
            let counter = meter.u64_counter(name).with_unit(unit);
            counter.with_description(what).build()
        };
        let level = |name, unit, what| {
            let gauge = meter.u64_gauge(name).with_unit(unit);
            gauge.with_description(what).build()
        };
        Self {
            served: seconds("rpc.server.call.duration", "How long calls took"),
            batch_size: batch_size(meter),
            batch_duration: seconds("motcua.writer.batch.duration", "How long batches took"),
            waiting: meter
                .i64_up_down_counter("motcua.writer.jobs.waiting")
                .with_unit("{job}")
                .with_description("Jobs that wait for their answer")
                .build(),
            copy_behind: copy_behind(meter),
            copy_age: copy_age(meter),
            parked: level(
                "motcua.events.parked",
                "{event}",
                "Events that could not be applied",
            ),
            deliveries: count(
                "motcua.transfer.deliveries",
                "{delivery}",
                "Offers brought to their units",
            ),
            delivery: seconds(
                "motcua.transfer.delivery.duration",
                "From the commit of an offer until it was brought to its unit",
            ),
            link_late: count(
                "motcua.link.late",
                "{offer}",
                "Offers that a link brought or answered late",
            ),
            given_up: count(
                "motcua.transfer.dead_letters",
                "{offer}",
                "Offers that were delivered too often",
            ),
            queue_up: level("motcua.queue.up", "1", "Whether the queue answers"),
            retries: count("motcua.client.retries", "{call}", "Calls made again"),
            ejections: count(
                "motcua.client.ejections",
                "{address}",
                "Addresses left out because they failed",
            ),
        }
    }
}

fn batch_size(meter: &Meter) -> Histogram<u64> {
    meter
        .u64_histogram("motcua.writer.batch.size")
        .with_unit("{job}")
        .with_boundaries(JOBS.to_vec())
        .with_description("Jobs that shared a transaction")
        .build()
}

fn copy_behind(meter: &Meter) -> Gauge<i64> {
    meter
        .i64_gauge("motcua.copy.behind")
        .with_unit("{event}")
        .with_description("Events that a copy is known to lack")
        .build()
}

fn copy_age(meter: &Meter) -> Gauge<f64> {
    meter
        .f64_gauge("motcua.copy.age")
        .with_unit("s")
        .with_description("Since a copy was last known to lack nothing")
        .build()
}

fn of_owner(service: &'static str, owner: &'static str) -> [KeyValue; 2] {
    [
        KeyValue::new("motcua.service", service),
        KeyValue::new("motcua.owner", owner),
    ]
}

fn of_peer(peer: &str) -> [KeyValue; 1] {
    [KeyValue::new("motcua.peer", peer.to_owned())]
}
