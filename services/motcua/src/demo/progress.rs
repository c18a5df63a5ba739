//! What is shown while the play goes on.

use std::io::{IsTerminal as _, stderr};

use chrono::{NaiveDate, NaiveDateTime};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::counts::Counts;
use super::office::Office;
use super::report::thousands;
use super::time;

const TEMPLATE: &str = "{bar:32.cyan/blue} {percent:>3} %  {msg}";

/// A bar on a terminal, a line a day elsewhere.
pub struct Progress {
    bar: Option<ProgressBar>,
    office: Office,
    shown: Option<(NaiveDate, NaiveDateTime, Counts)>,
}

impl Progress {
    /// The progress from the start of the play to its end.
    #[must_use]
    pub fn new(office: Office, end: NaiveDateTime) -> Self {
        let length = u64::from(office.between(time::start(), end));
        let bar = stderr().is_terminal().then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(12));
            let style = ProgressStyle::with_template(TEMPLATE)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.with_style(style.progress_chars("━╸─"))
        });
        Self {
            bar,
            office,
            shown: None,
        }
    }

    /// How far it is.
    pub fn show(&mut self, now: NaiveDateTime, counts: Counts) {
        if let Some(bar) = &self.bar {
            bar.set_position(u64::from(self.office.between(time::start(), now)));
            bar.set_message(line(now, counts));
            return;
        }
        if let Some((day, before, counted)) = self.shown
            && day != now.date()
        {
            eprintln!("  {}", line(before, counted));
        }
        self.shown = Some((now.date(), now, counts));
    }

    /// Says something between the shows.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{text}")),
            None => println!("{text}"),
        }
    }

    /// It is over.
    pub fn finish(&mut self) {
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => {
                if let Some((_, before, counted)) = self.shown.take() {
                    eprintln!("  {}\n", line(before, counted));
                }
            }
        }
    }
}

fn line(now: NaiveDateTime, counts: Counts) -> String {
    format!(
        "{}  received {}, handed over {}, decided {}, returned {}",
        now.format("%a %d/%m/%Y %H:%M"),
        thousands(counts.received),
        thousands(counts.handed_over),
        thousands(counts.decided),
        thousands(counts.returned)
    )
}
