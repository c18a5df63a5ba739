//! How long people take: desks, officers and applicants, each with dice of their own.

use chrono::{NaiveDateTime, TimeDelta};
use proto::routing::v1::Transfer;
use rand::RngExt as _;

use super::agenda::WINDOW_MINUTES;
use super::office::Office;
use super::plan::{Fate, minutes};
use super::time;
use crate::cast::Dice;

/// What a step takes whose due time has passed or is not known.
const USUAL_MINUTES: u32 = 60;

/// How long people take. Nothing takes less than a window of the agenda.
#[derive(Clone, Debug)]
pub struct Pace {
    /// When offices work.
    pub office: Office,
    /// Chance.
    pub dice: Dice,
}

impl Pace {
    /// When a desk answers an online submission.
    #[must_use]
    pub fn answered(&self, dossier: usize, at: NaiveDateTime) -> NaiveDateTime {
        self.office
            .after(at, self.between("answer", dossier, 0, 150))
    }

    /// When an officer finds out what is missing or owed, after it took a step on.
    #[must_use]
    pub fn asked(&self, dossier: usize, at: NaiveDateTime) -> NaiveDateTime {
        self.office.after(at, self.between("ask", dossier, 0, 45))
    }

    /// When the applicant has handed in what was asked for, or has paid: within a day or two.
    #[must_use]
    pub fn answered_by_applicant(&self, dossier: usize, at: NaiveDateTime) -> NaiveDateTime {
        self.office
            .after(at, self.between("comply", dossier, 60, 900))
    }

    /// When a desk sees that an appointment cannot be kept: more than a day ahead, where there is so much time.
    #[must_use]
    pub fn apologised(
        &self,
        dossier: usize,
        at: NaiveDateTime,
        appointment: NaiveDateTime,
    ) -> NaiveDateTime {
        let ahead = appointment - TimeDelta::days(1);
        let left = self.office.between(at, ahead);
        let share = self.dice.on("apologise", dossier).random_range(0.3..0.9);
        let wait = minutes(f64::from(left) * share).max(WINDOW_MINUTES);
        self.office.after(at, wait)
    }

    /// When a unit accepts an offer, or declines it.
    #[must_use]
    pub fn accepted(&self, dossier: usize, offer: &Transfer, at: NaiveDateTime) -> NaiveDateTime {
        let question = format!("accept {} {}", offer.step_key, offer.offer_epoch);
        self.office
            .after(at, self.between(&question, dossier, 0, 40))
    }

    /// When the sender offers again what was declined.
    #[must_use]
    pub fn forwarded(&self, dossier: usize, at: NaiveDateTime) -> NaiveDateTime {
        self.office
            .after(at, self.between("forward", dossier, 0, 90))
    }

    /// When a step is done: mostly within its time, after it in dossiers that are fated to be late.
    #[must_use]
    pub fn done(&self, dossier: usize, fate: Fate, step: &Transfer, unit: usize) -> NaiveDateTime {
        let accepted = time::of(step.accepted_at.as_ref());
        let left = self.office.between(accepted, time::of(step.due.as_ref()));
        let left = if left == 0 { USUAL_MINUTES } else { left };
        let mut dice = self.dice.on(&format!("work {}", step.step_key), dossier);
        let share = if matches!(fate, Fate::Late | Fate::Apologised) {
            dice.random_range(1.2..2.6)
        } else {
            (dice.random_range(0.08..0.85) * self.habit(unit)).min(0.97)
        };
        self.office.after(
            accepted,
            minutes(f64::from(left) * share).max(WINDOW_MINUTES),
        )
    }

    /// When the applicant comes for the result: within hours, or one of the next days.
    #[must_use]
    pub fn collected(&self, dossier: usize, at: NaiveDateTime) -> NaiveDateTime {
        let soon = self.dice.on("soon", dossier).random_bool(0.65);
        let most = if soon { 180 } else { 1_200 };
        self.office
            .after(at, self.between("collect", dossier, 10, most))
    }

    /// Units differ: some are quick, some are slow.
    fn habit(&self, unit: usize) -> f64 {
        self.dice.on("habit", unit).random_range(0.65..1.35)
    }

    fn between(&self, question: &str, dossier: usize, least: u32, most: u32) -> u32 {
        WINDOW_MINUTES + self.dice.on(question, dossier).random_range(least..=most)
    }
}
