//! Counting what comes back, in the window between warm-up and end.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use kit::clock;
use serde::Serialize;
use tokio::time::Instant;

use super::error::Error;

/// Digits to which latencies are kept.
const DIGITS: u8 = 3;
/// The longest latency that is told apart, in microseconds: ten minutes.
const LONGEST: u64 = 600_000_000;

/// The time that counts.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// When the warm-up ends.
    pub begin: Instant,
    /// When no new operation begins.
    pub end: Instant,
}

impl Window {
    fn holds(self, instant: Instant) -> bool {
        self.begin <= instant && instant < self.end
    }
}

/// Counts the operations of one run.
pub struct Recorder {
    window: Window,
    open: bool,
    counted: Mutex<Counted>,
}

/// What was counted.
#[derive(Clone)]
pub struct Counted {
    /// Operations that ended in the window.
    pub completed: u64,
    /// How long operations took, in microseconds.
    pub latencies: Histogram<u64>,
    /// How long offers took to a waiting subscriber, in microseconds.
    pub deliveries: Histogram<u64>,
    /// What was refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Operations that had not ended when the run was cut; their age then is among the latencies.
    pub unfinished: u64,
}

/// A distribution in milliseconds.
#[expect(clippy::struct_field_names, reason = "in JSON a name tells its unit")]
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Percentiles {
    /// Half are faster.
    pub p50_ms: f64,
    /// One in a hundred is slower.
    pub p99_ms: f64,
    /// One in a thousand is slower.
    pub p999_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

impl Recorder {
    /// For a window; an `open` loop is measured by when operations should have begun, a closed one by when they end.
    ///
    /// # Errors
    /// Never with the digits that are set here.
    pub fn new(window: Window, open: bool) -> Result<Self, Error> {
        Ok(Self {
            window,
            open,
            counted: Mutex::new(Counted {
                completed: 0,
                latencies: Histogram::new_with_max(LONGEST, DIGITS)?,
                deliveries: Histogram::new_with_max(LONGEST, DIGITS)?,
                refused: BTreeMap::new(),
                unfinished: 0,
            }),
        })
    }

    /// An operation that was to begin at `since` has ended well.
    pub fn done(&self, since: Instant) {
        self.ended(since, clock::monotonic());
    }

    fn ended(&self, since: Instant, now: Instant) {
        let mut counted = self.counted();
        if self.window.holds(now) {
            counted.completed += 1;
        }
        if self.window.holds(if self.open { since } else { now }) {
            record(&mut counted.latencies, now.saturating_duration_since(since));
        }
    }

    /// An offer has come to a waiting subscriber.
    pub fn delivered(&self, took: Duration) {
        if self.window.holds(clock::monotonic()) {
            record(&mut self.counted().deliveries, took);
        }
    }

    /// An operation was refused or failed; also during the warm-up.
    pub fn refused(&self, error: &Error) {
        *self.counted().refused.entry(error.word()).or_default() += 1;
    }

    /// An operation has not ended when the run is cut.
    pub fn unfinished(&self, since: Instant) {
        self.cut(since, clock::monotonic());
    }

    fn cut(&self, since: Instant, now: Instant) {
        if !self.window.holds(since) {
            return;
        }
        let mut counted = self.counted();
        counted.unfinished += 1;
        record(&mut counted.latencies, now.saturating_duration_since(since));
    }

    /// Waits until the window closes.
    pub async fn until_the_end(&self) {
        tokio::time::sleep_until(self.window.end).await;
    }

    /// How many operations have ended in the window.
    #[must_use]
    pub fn completed(&self) -> u64 {
        self.counted().completed
    }

    /// All that was counted.
    #[must_use]
    pub fn all(&self) -> Counted {
        self.counted().clone()
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn record(histogram: &mut Histogram<u64>, took: Duration) {
    histogram.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
}

impl From<&Histogram<u64>> for Percentiles {
    fn from(histogram: &Histogram<u64>) -> Self {
        let ms = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1_000.0;
        let at = |quantile| ms(histogram.value_at_quantile(quantile));
        Self {
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: ms(histogram.max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder(open: bool) -> (Recorder, Instant) {
        let begin = clock::monotonic();
        let window = Window {
            begin,
            end: begin + Duration::from_secs(10),
        };
        (Recorder::new(window, open).unwrap(), begin)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_open_loop_measures_from_when_an_operation_should_have_begun() {
        let (recorder, begin) = recorder(true);
        recorder.ended(begin, begin + seconds(1));
        recorder.ended(begin + seconds(9), begin + seconds(11));
        let counted = recorder.all();
        assert_eq!(counted.completed, 1);
        let latencies = Percentiles::from(&counted.latencies);
        assert!((latencies.p50_ms - 1_000.0).abs() < 2.0, "{latencies:?}");
        assert!((latencies.max_ms - 2_000.0).abs() < 2.0, "{latencies:?}");
    }

    #[test]
    fn a_closed_loop_counts_what_ends_in_the_window() {
        let (recorder, begin) = recorder(false);
        recorder.ended(begin, begin + seconds(1));
        recorder.ended(begin + seconds(9), begin + seconds(11));
        let counted = recorder.all();
        assert_eq!((counted.completed, counted.latencies.len()), (1, 1));
    }

    #[test]
    fn what_did_not_end_is_in_the_latencies_with_its_age() {
        let (recorder, begin) = recorder(true);
        recorder.cut(begin + seconds(5), begin + seconds(20));
        let counted = recorder.all();
        assert_eq!((counted.completed, counted.unfinished), (0, 1));
        let latencies = Percentiles::from(&counted.latencies);
        assert!((latencies.p50_ms - 15_000.0).abs() < 10.0, "{latencies:?}");
    }
}
