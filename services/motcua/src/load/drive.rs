//! Driving a scenario: when operations begin, and what is measured around them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use kit::clock;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::error::Error;
use super::measure::{Recorder, Window};
use super::outcome::Outcome;
use super::progress;
use super::scenario::Scenario;
use super::usage::{Processes, load_average};

/// What has not ended so long after the end is cut.
const DRAIN: Duration = Duration::from_secs(15);
/// With so many under way an open loop begins no more; those that wait are measured from when they should have begun.
const MOST_IN_FLIGHT: usize = 20_000;

/// How operations begin, and for how long.
#[derive(Args, Clone, Debug)]
pub struct Drive {
    /// Open loop: begin so many operations a second whatever the suite does
    #[arg(long, conflicts_with = "in_flight", value_name = "PER_SECOND")]
    pub rate: Option<f64>,
    /// Closed loop: so many callers, each of which waits for its answer
    #[arg(long, default_value_t = 32, value_name = "N")]
    pub in_flight: usize,
    /// Seconds before anything counts
    #[arg(long, default_value_t = 3, value_name = "SECONDS")]
    pub warm_up: u64,
    /// Seconds that count
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    pub duration: u64,
    /// Connections to each service
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub connections: usize,
}

/// One run under way.
#[derive(Clone)]
struct Driving {
    scenario: Arc<Scenario>,
    recorder: Arc<Recorder>,
    window: Window,
    tasks: TaskTracker,
    turn: Arc<AtomicU64>,
    cut: CancellationToken,
}

impl Drive {
    /// Drives a scenario for the warm-up and the duration.
    ///
    /// # Errors
    /// When a process that should be measured is not there.
    pub async fn run(
        &self,
        scenario: &Arc<Scenario>,
        processes: &Processes,
    ) -> Result<Outcome, Error> {
        let start = clock::monotonic();
        let begin = start + Duration::from_secs(self.warm_up);
        let end = begin + Duration::from_secs(self.duration);
        let window = Window { begin, end };
        let driving = Driving {
            scenario: Arc::clone(scenario),
            recorder: Arc::new(Recorder::new(window, self.rate.is_some())?),
            window,
            tasks: TaskTracker::new(),
            turn: Arc::new(first_turn().into()),
            cut: CancellationToken::new(),
        };
        driving.start(self, start);
        let length = end - start;
        let shown = progress::show(scenario.name(), &driving.recorder, start, length);
        let measured = async {
            tokio::time::sleep_until(begin).await;
            let (before, load_before) = (processes.look()?, load_average());
            tokio::time::sleep_until(end).await;
            let spent = processes.look()?.since(&before);
            driving.drain().await;
            Ok::<_, Error>((spent, [load_before, load_average()]))
        };
        let (spent, loads) = tokio::select! {
            () = shown => return Err(Error::Empty("end")),
            measured = measured => measured?,
        };
        let counted = driving.recorder.all();
        Ok(Outcome::new(self, scenario, &counted, &spent, loads))
    }
}

/// Another run begins elsewhere, so that it does not hand in the same again.
fn first_turn() -> u64 {
    u32::from_le_bytes(clock::random_bytes()).into()
}

impl Driving {
    fn start(&self, drive: &Drive, start: Instant) {
        let Some(rate) = drive.rate else {
            for _ in 0..drive.in_flight {
                let driving = self.clone();
                self.tasks.spawn(async move { driving.in_turn().await });
            }
            return;
        };
        let every = self.scenario.operations_each() / rate;
        let driving = self.clone();
        self.tasks
            .spawn(async move { driving.at_fixed_instants(start, every).await });
    }

    /// One caller of a closed loop.
    async fn in_turn(self) {
        while clock::monotonic() < self.window.end && !self.cut.is_cancelled() {
            self.once(clock::monotonic()).await;
        }
    }

    /// An open loop, every so many seconds. The timer wakes to the millisecond: what is due by then begins, measured from
    /// when it was due.
    async fn at_fixed_instants(self, start: Instant, every: f64) {
        let room = Arc::new(Semaphore::new(MOST_IN_FLIGHT));
        let mut due = start;
        while due < self.window.end {
            tokio::time::sleep_until(due).await;
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let (driving, since) = (self.clone(), due);
            self.tasks.spawn(async move {
                driving.once(since).await;
                drop(place);
            });
            due += Duration::from_secs_f64(every);
        }
    }

    async fn once(&self, since: Instant) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let run = self.scenario.once(turn, since, &self.recorder);
        tokio::select! {
            ran = run => {
                if let Err(error) = ran {
                    self.recorder.refused(&error);
                }
            }
            () = self.cut.cancelled() => self.recorder.unfinished(since),
        }
    }

    async fn drain(&self) {
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait())
            .await
            .is_err()
        {
            self.cut.cancel();
            self.tasks.wait().await;
        }
    }
}
