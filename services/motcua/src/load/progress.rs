//! What is shown on a terminal while a measurement runs.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::measure::Recorder;

const TEMPLATE: &str = "{bar:32.cyan/blue} {percent:>3} %  {msg}";
const SHOW_EVERY: Duration = Duration::from_millis(250);

/// Shows how far it is until it is dropped. Where there is no terminal nothing is drawn.
pub async fn show(name: &'static str, recorder: &Recorder, begin: Instant, length: Duration) {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let bar =
        ProgressBar::with_draw_target(Some(millis(length)), ProgressDrawTarget::stderr_with_hz(4));
    let style = ProgressStyle::with_template(TEMPLATE);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let _cleared = Cleared(&bar);
    loop {
        let gone = kit::clock::monotonic().saturating_duration_since(begin);
        bar.set_position(millis(gone));
        bar.set_message(format!("{name}: {} done", recorder.completed()));
        tokio::time::sleep(SHOW_EVERY).await;
    }
}

struct Cleared<'a>(&'a ProgressBar);

impl Drop for Cleared<'_> {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
