//! The play: window after window of simulated time, everybody does what is due, and every offer that follows is waited for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDateTime;
use futures::StreamExt as _;
use futures::stream;
use proto::routing::v1::Transfer;

use super::act::{Act, Scene};
use super::agenda::Entry;
use super::call::Call;
use super::crash::{Crash, CrashPlan};
use super::desk::Desks;
use super::error::Error;
use super::ledger::{AT_ONCE, Ledger};
use super::line::{Line, PATIENCE};
use super::progress::Progress;
use super::stage::Stage;
use super::suite::Suite;
use crate::cast::Dice;
use crate::rpc::Answer;

/// The reason by which a procedure of level 2 is refused online.
const NOT_ONLINE: &str = "NOT_ONLINE";

/// The play and everything it needs.
pub struct Play<'a> {
    /// The way to the suite.
    pub line: Arc<Line>,
    /// The suite.
    pub suite: &'a mut Suite,
    /// What is going on.
    pub stage: Stage,
    /// The offers that come through the queue.
    pub desks: Desks,
    /// What was acknowledged.
    pub ledger: Ledger,
    /// When the suite is killed.
    pub crash_plan: CrashPlan,
    /// What is shown meanwhile.
    pub progress: Progress,
    /// When the play ends.
    pub end: NaiveDateTime,
    /// Chance.
    pub dice: Dice,
}

/// What is left when the play is over.
pub struct Played {
    /// How far everything is.
    pub stage: Stage,
    /// How many mutations were acknowledged.
    pub acknowledged: usize,
    /// What the killing showed; `None` when nothing happened after half of the time.
    pub crash: Option<Crash>,
    /// The text of a refusal of a procedure that is not online.
    pub not_online: String,
    /// Real time of the whole play.
    pub took: Duration,
}

/// The acts of one dossier in a window, with their calls.
type Acts = Vec<(Entry<Act>, Call)>;

/// An act that was done, and what came back.
struct Done {
    entry: Entry<Act>,
    came: Came,
}

enum Came {
    Answer(Answer),
    NotOnline(String),
}

impl Play<'_> {
    /// Plays to the end.
    ///
    /// # Errors
    /// When the suite refuses what it should do, or an offer does not come.
    pub async fn run(mut self) -> Result<Played, Error> {
        let began = kit::clock::monotonic();
        let (mut crash, mut not_online) = (None, String::new());
        loop {
            let window = self.stage.agenda.take_window(self.end);
            let Some(now) = window.first().map(|entry| entry.at) else {
                break;
            };
            let crashed = self.perform(window, now, &mut not_online).await?;
            self.gather().await?;
            if let Some(crashed) = crashed {
                let crashed = crashed.prove(&self.line, &self.ledger, &self.stage).await?;
                self.progress.say(&crashed.to_string());
                crash = Some(crashed);
            }
            self.progress.show(now, self.stage.counts);
        }
        self.progress.finish();
        Ok(Played {
            acknowledged: self.ledger.len(),
            stage: self.stage,
            crash,
            not_online,
            took: began.elapsed(),
        })
    }

    /// Does everything that is due in a window, and kills the suite in the midst of it if it is time for that.
    async fn perform(
        &mut self,
        window: Vec<Entry<Act>>,
        now: NaiveDateTime,
        not_online: &mut String,
    ) -> Result<Option<Crash>, Error> {
        let kill_after = self
            .crash_plan
            .begin(now, window.len(), self.stage.open_offers());
        let acts = self.calls(window)?.into_values();
        let line = Arc::clone(&self.line);
        let acts = acts.map(|acts| tokio::spawn(in_order(Arc::clone(&line), acts)));
        let mut under_way = stream::iter(acts).buffer_unordered(AT_ONCE);
        let (mut all, mut crash) = (Vec::new(), None);
        while let Some(done) = under_way.next().await {
            for (call, done) in done.map_err(Error::Task)?? {
                if let Came::Answer(answer) = &done.came {
                    self.ledger.note(call, answer);
                }
                all.push(done);
            }
            if crash.is_none() && kill_after.is_some_and(|count| all.len() >= count) {
                let (open_offers, acknowledged) = (self.stage.open_offers(), self.ledger.len());
                crash = Some(
                    Crash::cause(self.suite, &self.line, now, open_offers, acknowledged).await?,
                );
            }
        }
        self.take_in(all, not_online)?;
        Ok(crash)
    }

    /// Takes in what came back, in the order of the agenda.
    fn take_in(&mut self, mut all: Vec<Done>, not_online: &mut String) -> Result<(), Error> {
        all.sort_by_key(|done| done.entry.number);
        for done in all {
            match done.came {
                Came::Answer(answer) => self.stage.take_in(done.entry, &answer)?,
                Came::NotOnline(text) => {
                    self.stage.counts.in_vain += 1;
                    *not_online = text;
                }
            }
        }
        Ok(())
    }

    /// The calls of a window, those of one dossier in order. What a closed dossier would still have needed is left out.
    fn calls(&self, window: Vec<Entry<Act>>) -> Result<BTreeMap<usize, Acts>, Error> {
        let mut calls = BTreeMap::<usize, Acts>::new();
        for entry in window {
            let acts = calls.entry(entry.dossier).or_default();
            let withdrawn = acts
                .iter()
                .any(|(before, _)| matches!(before.act, Act::Withdraw));
            let course = &self.stage.courses[entry.dossier];
            if withdrawn || course.is_over() {
                continue;
            }
            let scene = Scene {
                province: &self.stage.province,
                cast: self.line.cast(),
                filing: &self.stage.filings[entry.dossier],
                course,
                dice: self.dice,
            };
            let call = scene.call(&entry)?;
            acts.push((entry, call));
        }
        Ok(calls)
    }

    /// Waits until every offer that must follow has come through the queue, and notes what units will do with it.
    async fn gather(&mut self) -> Result<(), Error> {
        let mut fresh = Vec::new();
        while let Ok(offer) = self.desks.offers.try_recv() {
            self.deliver(offer?, &mut fresh);
        }
        while self.stage.is_waiting() {
            let offer = tokio::time::timeout(PATIENCE, self.desks.offers.recv()).await;
            let offer = offer.ok().flatten().ok_or_else(|| self.missing())??;
            self.deliver(offer, &mut fresh);
        }
        fresh.sort_by(|one: &(usize, Transfer), other| {
            (one.0, &one.1.step_key).cmp(&(other.0, &other.1.step_key))
        });
        for (dossier, offer) in fresh {
            self.stage.answer_offer(dossier, offer);
        }
        Ok(())
    }

    fn deliver(&mut self, offer: Transfer, fresh: &mut Vec<(usize, Transfer)>) {
        if let Some(dossier) = self.stage.deliver(&offer) {
            fresh.push((dossier, offer));
        }
    }

    fn missing(&self) -> Error {
        let mut missing = self.stage.missing();
        let more = missing.len().saturating_sub(10);
        missing.truncate(10);
        if more > 0 {
            missing.push(format!("and {more} more"));
        }
        Error::Missing {
            seconds: PATIENCE.as_secs(),
            what: missing.join(", "),
        }
    }
}

/// Does the acts of one dossier, one after the other.
async fn in_order(line: Arc<Line>, acts: Acts) -> Result<Vec<(Call, Done)>, Error> {
    let mut all = Vec::new();
    for (entry, call) in acts {
        let in_vain = matches!(entry.act, Act::SubmitInVain);
        let came = match line.send(&call).await {
            Ok(answer) if !in_vain => Came::Answer(answer),
            Err(Error::Refused { status, .. })
                if in_vain && kit::failure::reason_of(&status) == NOT_ONLINE =>
            {
                Came::NotOnline(status.message().to_owned())
            }
            Err(error) => return Err(error),
            Ok(answer) => {
                return Err(answer.lacks("it took a procedure of level 2 online").into());
            }
        };
        all.push((call, Done { entry, came }));
    }
    Ok(all)
}
