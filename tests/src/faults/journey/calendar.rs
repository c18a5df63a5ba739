//! Days off that are announced while dossiers are under way, and dossiers that wait to see when they are due by that.

use std::collections::HashSet;
use std::time::Duration;

use kit::clock;
use proto::catalogue::v1::{ImportCalendarRequest, SpecialDay, SpecialDayKind};
use proto::intake::v1::{ExplainDeadlineRequest, ExplainDeadlineResponse};
use proto::routing::v1::Delivery;
use rand::RngExt as _;

use super::queue::{Taking, offer_of};
use super::{OfferKey, Refused, Scene, Work};
use crate::cast::{ADMINISTRATOR, subject};
use crate::faults::line::monday_morning;
use crate::faults::promise::{Promise, counted_off};
use crate::new_request_id;

const WEEK: usize = 7;
const WORKING_DAYS: usize = 5;
/// How many weeks ahead a day off is announced at most.
const AHEAD: usize = 3;
/// How long it may take until all that is under way is reckoned by a calendar: a service that missed it looks twice in a minute.
const RECKONED_WITHIN: Duration = Duration::from_secs(45);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The administrator of the province announces a day off.
pub(super) async fn announce(scene: &Scene, number: usize) -> Result<(), Refused> {
    let request_id = new_request_id();
    let day = SpecialDay {
        date: day_off(scene, number),
        name: format!("Ngày hội văn hóa {number}"),
        kind: SpecialDayKind::PublicHoliday.into(),
        ..SpecialDay::default()
    };
    let request = ImportCalendarRequest {
        // By this a version says which announcement made it.
        basis: request_id.clone(),
        request_id,
        announced_on: clock::local(monday_morning()).date().to_string(),
        days: vec![day],
        ..ImportCalendarRequest::default()
    };
    let line = &scene.line;
    line.act(number, ADMINISTRATOR, None, request).await?;
    Ok(())
}

/// A day to come of this week or one of the next: of each week always the same, so that the others are worked.
fn day_off(scene: &Scene, number: usize) -> String {
    let monday = clock::local(monday_morning()).date();
    let today = clock::local(scene.line.civil()).date() - monday;
    let today = usize::try_from(today.num_days()).unwrap_or_default();
    let of_week = |week: usize| {
        let mut dice = scene.dice.on("day off", week);
        week * WEEK + dice.random_range(0..WORKING_DAYS)
    };
    let mut dice = scene.dice.on("week", number);
    let week = today / WEEK + dice.random_range(0..AHEAD);
    let day = Some(of_week(week)).filter(|day| *day > today);
    let day = day.unwrap_or_else(|| of_week(week + 1));
    let date = monday.iter_days().nth(day);
    date.unwrap_or(monday).to_string()
}

impl Work {
    /// It waits until the others are over: its offer is given back whenever it comes, or is accepted and no more is done. Then it is
    /// seen when it is due, and it is withdrawn.
    pub(super) async fn wait(&self) -> Result<(), Refused> {
        let at_first = self.explain().await?;
        let mail = self.scene.mail.of(&self.dossier);
        let mut mail = mail.ok_or_else(|| format!("{} was given out twice", self.dossier))?;
        let mut seen = HashSet::new();
        loop {
            tokio::select! {
                () = self.others_are_over() => break,
                Some(delivery) = mail.recv() => self.let_lie(delivery, &mut seen).await?,
            }
        }
        let at_last = self.explain_when_reckoned().await?;
        self.scene.promises.note(Promise {
            dossier: self.dossier.clone(),
            at_first,
            at_last,
        });
        self.withdraw().await?;
        Ok(())
    }

    async fn others_are_over(&self) {
        let mut over = self.scene.over.subscribe();
        // The scene is there as long as its journeys.
        let _ = over.wait_for(|over| *over).await;
    }

    async fn let_lie(
        &self,
        delivery: Delivery,
        seen: &mut HashSet<OfferKey>,
    ) -> Result<(), Refused> {
        let (key, attempt) = (offer_of(&delivery), delivery.attempt);
        let offer = delivery.transfer.unwrap_or_default();
        let is_given_back = self.number % 4 < 2;
        if is_given_back {
            self.give_back_delivery(&offer, attempt).await;
        } else if seen.insert(key) {
            let (unit, ends) = (&offer.to_unit_uid, &self.scene.line.ends);
            match self.accept(&offer, Taking::ByItself).await {
                Err(reason) if !ends.may_have_moved(unit, &reason) => return Err(reason),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    async fn explain(&self) -> Result<ExplainDeadlineResponse, Refused> {
        let request = ExplainDeadlineRequest {
            dossier_uid: self.dossier.clone(),
        };
        let desk = subject(&self.desk, "receptionist");
        self.scene.line.read(&desk, request).await
    }

    /// The explanation by a calendar that has all days off that were announced; after a while that of now, whatever it says.
    async fn explain_when_reckoned(&self) -> Result<ExplainDeadlineResponse, Refused> {
        let days_off = self.scene.line.book.days_off();
        let began = clock::monotonic();
        loop {
            let explained = self.explain().await?;
            let is_reckoned = counted_off(&explained, &days_off).next().is_none();
            if is_reckoned || began.elapsed() > RECKONED_WITHIN {
                return Ok(explained);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
