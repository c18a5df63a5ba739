//! `motcua load fill`: a store full of dossiers, finished and open, on which the scenarios are then measured.

use std::collections::VecDeque;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use kit::authority::{Context, Rights};
use kit::caller::{Caller, Role};
use kit::clock;
use kit::copies::{self, CALENDAR, CalendarCache, PROCEDURE, UNIT};
use kit::db::Db;
use kit::fill::{analyze, must_be_empty};
use prost::Message;
use proto::catalogue::v1::Procedure;
use proto::event::v1::Event;
use proto::intake::v1::{
    Channel, Decision, Outcome, RecordDecisionRequest, RegisterDossierRequest, ReturnResultRequest,
};
use proto::routing::v1::{
    AcceptTransferRequest, CompleteTransferRequest, Transfer, TransferChange, TransferEvent,
    TransferRole,
};
use rand::RngExt as _;
use rand::rngs::StdRng;
use worktime::{Calendar, WorkingTime};

use super::error::Error;
use super::journey::RESULT;
use super::plans::Plans;
use crate::cast::{Dice, Names};
use crate::stores::StoreOptions;

/// Dossiers are received on the working days from here …
const FIRST_DAY: (i32, u32, u32) = (2017, 1, 3);
/// … to here, so that all are through before the simulated clocks of demos and measurements begin.
const LAST_DAY: (i32, u32, u32) = (2017, 8, 11);
/// Those that stay open are received from here …
const FIRST_OPEN_DAY: (i32, u32, u32) = (2017, 8, 14);
/// … to here.
const LAST_OPEN_DAY: (i32, u32, u32) = (2017, 8, 25);
/// Whole days are written together, since a desk's numbers of a day are; at least so many dossiers, since a COPY costs the
/// same however few rows it has.
const AT_ONCE: usize = 2_000;

const REGISTER: &str = "intake.DossierService/RegisterDossier";
const DECIDE: &str = "intake.DossierService/RecordDecision";
const RETURN: &str = "intake.DossierService/ReturnResult";
const ACCEPT: &str = "routing.TransferService/AcceptTransfer";
const COMPLETE: &str = "routing.TransferService/CompleteTransfer";

/// How many dossiers, and where.
#[derive(Args)]
pub struct Options {
    /// How many finished dossiers to make
    dossiers: usize,
    /// How many more that are open: received in the last two weeks before 28/08/2017, their first steps offered
    #[arg(long, default_value_t = 0, value_name = "N")]
    open: usize,
    /// How many of the open ones are handed in at one desk, where they wait
    #[arg(long, default_value_t = 0, value_name = "N")]
    at_one: usize,
    /// The store: migrated, with a province imported, not served, and without any dossier
    #[command(flatten)]
    stores: StoreOptions,
}

/// Makes them.
///
/// # Errors
/// When the store has dossiers, lacks a province, or refuses.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let began = clock::monotonic();
    let stores = options.stores.place().take()?;
    let ring = options.stores.keys().ring()?;
    let open = async |service| stores.open(service, &ring).await;
    let (identity, catalogue) = (open("identity").await?, open("catalogue").await?);
    let (intake, routing) = (open("intake").await?, open("routing").await?);
    must_be_empty("intake", &intake).await?;
    must_be_empty("routing", &routing).await?;
    let mut office = Box::pin(Office::open(&intake, &routing, (&identity, &catalogue))).await?;
    let bar = ProgressBar::new(u64::try_from(options.dossiers + options.open).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{bar:32.cyan/blue} {percent:>3} %  {pos} dossiers");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let finished = (FIRST_DAY, LAST_DAY);
    office
        .fill(finished, options.dossiers, Fate::Finished, &bar)
        .await?;
    let open = (FIRST_OPEN_DAY, LAST_OPEN_DAY);
    let at_one = options.at_one.min(options.open);
    let fate = Fate::Open { at_one };
    office.fill(open, options.open, fate, &bar).await?;
    bar.finish_and_clear();
    office.close().await?;
    analyze(&intake).await?;
    analyze(&routing).await?;
    println!(
        "made {} finished dossiers and {} open ones in {} in {:.0} s",
        options.dossiers,
        options.open,
        options.stores.name(),
        began.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

/// What becomes of dossiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Each comes to its end.
    Finished,
    /// The first steps are offered, and nobody accepts them.
    Open {
        /// How many of them wait at one desk.
        at_one: usize,
    },
}

/// A date.
type Day = (i32, u32, u32);

/// Who hands in what, and when.
type Registration = (Context, RegisterDossierRequest);

/// All desks of the province, without anybody who waits.
struct Office {
    intake: intake::fill::Fill,
    routing: routing::fill::Fill,
    plans: Plans,
    calendar: Calendar,
    names: Names,
    dice: Dice,
    /// How many dossiers are through.
    carried: usize,
}

impl Office {
    async fn open(
        intake: &Db,
        routing: &Db,
        (identity, catalogue): (&Db, &Db),
    ) -> Result<Self, Error> {
        let filled = intake::fill::Fill::begin(intake.clone(), identity, catalogue).await?;
        let calendars = copies::all(intake.read(), CALENDAR).await?;
        let calendar = CalendarCache::default().find(&calendars);
        let calendar = calendar.ok_or(Error::Empty("calendar"))?;
        let units = decoded(&copies::all(intake.read(), UNIT).await?);
        let procedures = copies::all(intake.read(), PROCEDURE).await?;
        let procedures: Vec<Procedure> = procedures.iter().flat_map(copies::procedures).collect();
        Ok(Self {
            intake: filled,
            routing: routing::fill::Fill::begin(routing.clone(), identity, catalogue).await?,
            plans: Plans::at_desks(&procedures, units)?,
            calendar: calendar.of_the_province().clone(),
            names: Names::load()?,
            dice: Dice::new(1),
            carried: 0,
        })
    }

    /// Takes so many dossiers in, spread over the working days of a time.
    async fn fill(
        &mut self,
        (first, last): (Day, Day),
        count: usize,
        fate: Fate,
        bar: &ProgressBar,
    ) -> Result<(), Error> {
        let days = self.working_days(first, last)?;
        let mut waiting = Vec::new();
        for (number, day) in days.iter().enumerate() {
            let before = count * number / days.len();
            let after = count * (number + 1) / days.len();
            let registrations = self.registrations(*day, before..after, (fate, count))?;
            bar.inc(u64::try_from(registrations.len()).unwrap_or_default());
            waiting.extend(registrations);
            if waiting.len() >= AT_ONCE || after == count {
                self.work(std::mem::take(&mut waiting), fate).await?;
            }
        }
        Ok(())
    }

    fn working_days(&self, first: Day, last: Day) -> Result<Vec<NaiveDate>, Error> {
        let day = |(year, month, day)| NaiveDate::from_ymd_opt(year, month, day);
        let (first, last) = day(first).zip(day(last)).ok_or(Error::Empty("day"))?;
        let days = first.iter_days().take_while(|day| *day <= last);
        Ok(days
            .filter(|day| self.calendar.is_working_day(*day))
            .collect())
    }

    /// What comes to the desks on one day.
    fn registrations(
        &self,
        day: NaiveDate,
        numbers: Range<usize>,
        (fate, all): (Fate, usize),
    ) -> Result<Vec<Registration>, Error> {
        let (first, count) = (numbers.start, numbers.len());
        let midnight = day.and_time(NaiveTime::MIN);
        let open = self.calendar.between(midnight, midnight + Days::new(1));
        let open = usize::try_from(open.minutes()).unwrap_or_default();
        let mut registrations = Vec::with_capacity(count);
        for number in numbers {
            let minutes = (number - first) * open / count;
            let minutes = u32::try_from(minutes).unwrap_or_default();
            let received = self.later(midnight, minutes)?;
            let is_crowded = match fate {
                Fate::Finished => false,
                Fate::Open { at_one } => number * at_one / all != (number + 1) * at_one / all,
            };
            registrations.push(self.registration(number, received, is_crowded));
        }
        Ok(registrations)
    }

    /// Takes dossiers in, each as far as its fate is.
    async fn work(&mut self, registrations: Vec<Registration>, fate: Fate) -> Result<(), Error> {
        if registrations.is_empty() {
            return Ok(());
        }
        let told = self.intake.register(&registrations).await?;
        self.routing.prepare(told.iter().flatten()).await?;
        for ((context, _), told) in registrations.iter().zip(told) {
            let mut dice = self.dice.on("carry", self.carried);
            self.carried += 1;
            let offers = self.spread(told)?;
            if fate == Fate::Finished {
                self.carry_through(offers, clock::local(context.at), &mut dice)?;
            }
        }
        self.intake.write().await?;
        Ok(self.routing.write().await?)
    }

    fn registration(
        &self,
        number: usize,
        received: NaiveDateTime,
        is_crowded: bool,
    ) -> Registration {
        let mut dice = self.dice.on("applicant", number);
        let (unit, plan) = if is_crowded {
            self.plans.crowded()
        } else {
            self.plans.turn(u64::try_from(number).unwrap_or_default())
        };
        let request = RegisterDossierRequest {
            request_id: clock::new_uid(),
            procedure_code: plan.code.clone(),
            receiving_unit_uid: unit.to_owned(),
            applicant: Some(self.names.citizen(&mut dice)),
            components: plan.components.clone(),
            channel: Channel::Counter.into(),
            ..Default::default()
        };
        (
            officer((unit, Role::Receptionist), REGISTER, received),
            request,
        )
    }

    /// One thing after the other until the result is handed over.
    fn carry_through(
        &mut self,
        offers: Vec<Transfer>,
        received: NaiveDateTime,
        dice: &mut StdRng,
    ) -> Result<(), Error> {
        let mut at = received;
        let mut offers = VecDeque::from(offers);
        while let Some(offer) = offers.pop_front() {
            at = self.later(at, dice.random_range(5..120))?;
            let held = self.accept(&offer, at)?;
            at = self.later(at, dice.random_range(20..600))?;
            let told = self.finish(&held, at)?;
            offers.extend(self.spread(told)?);
        }
        Ok(())
    }

    fn accept(&mut self, offer: &Transfer, at: NaiveDateTime) -> Result<Transfer, Error> {
        let request = AcceptTransferRequest {
            request_id: clock::new_uid(),
            transfer_uid: offer.uid.clone(),
            offer_epoch: offer.offer_epoch,
        };
        let told = self
            .routing
            .accept(&officer_of(offer, ACCEPT, at), &request)?;
        let accepted = told.first().and_then(moved);
        self.spread(told)?;
        accepted
            .and_then(|change| change.transfer)
            .ok_or(Error::Empty("acceptance"))
    }

    fn finish(&mut self, held: &Transfer, at: NaiveDateTime) -> Result<Vec<Event>, Error> {
        if held.step_key == RESULT {
            let context = officer_of(held, RETURN, at);
            let request = ReturnResultRequest {
                request_id: clock::new_uid(),
                dossier_uid: held.dossier_uid.clone(),
                expected_revision: 0,
                transfer_uid: held.uid.clone(),
                custody_epoch: held.custody_epoch,
                ..Default::default()
            };
            return Ok(self.intake.give_back(&context, &request)?);
        }
        if held.decides {
            let context = officer_of(held, DECIDE, at);
            let decision = Decision {
                outcome: Outcome::Granted.into(),
                number: format!("{}/QĐ", held.dossier_code),
                date: at.date().to_string(),
                signer: "Lãnh đạo đơn vị".to_owned(),
                ..Default::default()
            };
            let request = RecordDecisionRequest {
                request_id: clock::new_uid(),
                dossier_uid: held.dossier_uid.clone(),
                expected_revision: 0,
                transfer_uid: held.uid.clone(),
                custody_epoch: held.custody_epoch,
                decision: Some(decision),
                paper: Vec::new(),
            };
            return Ok(self.intake.decide(&context, &request)?);
        }
        let request = CompleteTransferRequest {
            request_id: clock::new_uid(),
            transfer_uid: held.uid.clone(),
            custody_epoch: held.custody_epoch,
            paper: Vec::new(),
        };
        let context = officer_of(held, COMPLETE, at);
        Ok(self.routing.complete(&context, &request)?)
    }

    /// Lets the other service hear of what one told, until neither tells more; gives the offers that were made.
    fn spread(&mut self, told: Vec<Event>) -> Result<Vec<Transfer>, Error> {
        let mut told = VecDeque::from(told);
        let mut offers = Vec::new();
        while let Some(event) = told.pop_front() {
            if event.owner == "intake" {
                told.extend(self.routing.hear(&event)?);
                continue;
            }
            told.extend(self.intake.hear(&event)?);
            let change = moved(&event).unwrap_or_default();
            if change.event() == TransferEvent::Offered {
                offers.extend(change.transfer);
            }
        }
        Ok(offers)
    }

    fn later(&self, at: NaiveDateTime, minutes: u32) -> Result<NaiveDateTime, Error> {
        let later = self.calendar.add(at, WorkingTime::from_minutes(minutes));
        later.map_err(|_| Error::Empty("working time"))
    }

    /// Commits both stores, one after the other: whoever is killed in between begins anew with an empty store.
    async fn close(self) -> Result<(), Error> {
        let (intake, routing) = (self.intake.reach(), self.routing.reach());
        self.intake.finish(&routing).await?;
        Ok(self.routing.finish(&intake).await?)
    }
}

fn decoded<M: Message + Default>(copies: &[copies::Copy]) -> Vec<M> {
    let messages = copies.iter();
    messages
        .filter_map(|copy| M::decode(copy.body.as_slice()).ok())
        .collect()
}

fn moved(event: &Event) -> Option<TransferChange> {
    TransferChange::decode(copies::change_of(event)).ok()
}

fn officer_of(transfer: &Transfer, rpc: &str, at: NaiveDateTime) -> Context {
    let role = match transfer.role() {
        TransferRole::Receptionist => Role::Receptionist,
        TransferRole::Leader => Role::Leader,
        TransferRole::HeadOfOffice => Role::HeadOfOffice,
        TransferRole::Clerk => Role::Clerk,
        TransferRole::Cashier => Role::Cashier,
        TransferRole::Examiner | TransferRole::Unspecified => Role::Examiner,
    };
    officer((&transfer.to_unit_uid, role), rpc, at)
}

fn officer((unit, role): (&str, Role), rpc: &str, at: NaiveDateTime) -> Context {
    let officer = Caller::new(format!("{unit}-{role}"), role, vec![unit.to_owned()]);
    Context {
        purpose: None,
        rights: Rights::of(Arc::new(officer), rpc),
        at: clock::from_local(at),
        traceparent: String::new(),
    }
}
