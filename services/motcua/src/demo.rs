//! `motcua demo`: the province of Đắk Lắk at work, played through gRPC against the suite in a process of its own.
//!
//! Citizens hand dossiers in, 218 desks take them from their queues, examine, decide and hand results over, on a simulated
//! clock from Monday 28/08/2017. In the middle the suite is killed with SIGKILL and started again. At the end everything
//! that was acknowledged is looked for in the store.

mod act;
mod agenda;
mod call;
mod counts;
mod course;
mod crash;
mod demand;
mod desk;
mod error;
mod finale;
mod folder;
mod interruption;
mod ledger;
mod line;
mod link;
mod office;
mod pace;
mod plan;
mod play;
mod progress;
mod prologue;
mod province;
mod reply;
mod report;
mod stage;
mod store;
mod suite;
mod time;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use kit::clock;

use crate::cast::{self, Cast, Dice, Names};
use crash::CrashPlan;
use demand::Demand;
use desk::Desks;
pub use error::Error;
use finale::Finale;
use folder::Folder;
use ledger::Ledger;
use line::Line;
use office::midnight;
use pace::Pace;
use plan::{Filing, Planner};
use play::{Play, Played};
use progress::Progress;
use province::Province;
use stage::Stage;
use suite::Suite;

/// How many citizens and businesses hand in online.
const CITIZENS: usize = 400;

/// What is played, and where.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// How many dossiers are handed in
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub dossiers: u32,
    /// Over how many working days, from Monday 28/08/2017
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub days: u32,
    /// Another seed, another play
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The folder for the suite's data: empty, or of an earlier demo [default: a new one, removed at the end]
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Serve on at the end, to try things out, until Ctrl-C
    #[arg(long)]
    pub keep: bool,
}

/// Plays the province. The exit code is 0 only if the sums of the suite hold and nothing was lost or doubled.
///
/// # Errors
/// When the suite refuses what it should do, an offer does not come, or the folder is not the demo's.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let mut folder = Folder::open(options.data_dir.as_deref())?;
    let mut suite = Suite::new(&folder)?;
    let shown = tokio::select! {
        biased;
        () = interruption::interrupted() => Err(Error::Interrupted),
        shown = show(&options, &folder, &mut suite) => shown,
    };
    let shown = match shown {
        Ok(finale) => finale.say_goodbye(&options, &mut folder).await,
        Err(error) => Err(error),
    };
    let stopped = suite.stop().await;
    if !matches!(shown, Ok(_) | Err(Error::Interrupted)) && folder.is_temporary() {
        folder.keep();
        eprintln!(
            "the suite's log and data are left in {}",
            folder.path().display()
        );
    }
    let well = shown?;
    stopped?;
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Loads the province, plays, and reports.
async fn show(options: &Options, folder: &Folder, suite: &mut Suite) -> Result<Finale, Error> {
    let began = clock::monotonic();
    let dice = Dice::new(options.seed);
    let names = Names::load()?;
    let cast = Cast::new(&cast::units_with_desks()?, CITIZENS, &names, dice);
    cast.write(&folder.cast())?;
    let importing = clock::monotonic();
    suite.import(&[folder.province(), folder.cast()]).await?;
    let imported = importing.elapsed();
    let serving = suite.start(time::start()).await?;
    let line = Line::new(cast);
    line.open(serving.address)?;
    let province = Province::ask(&line).await?;
    prologue::introduce(options, &line, &province);
    prologue::tell_times(imported, serving);
    let (filings, end) = plan(options, &line, &province, &names)?;
    let played = play(Arc::clone(&line), suite, province, filings, end, dice).await?;
    Finale::new(line, played, end, serving, began)
        .show(suite)
        .await
}

/// Who hands in what, and when it all ends: at closing time of the last day.
fn plan(
    options: &Options,
    line: &Line,
    province: &Province,
    names: &Names,
) -> Result<(Vec<Filing>, NaiveDateTime), Error> {
    let days = province
        .office
        .working_days(time::FIRST_DAY, options.days as usize);
    let dice = Dice::new(options.seed);
    let planner = Planner {
        province,
        cast: line.cast(),
        names,
        demand: &Demand::new(province, dice)?,
        days: &days,
        dice,
    };
    let filings = planner.filings(options.dossiers as usize)?;
    let last = days.last().copied().unwrap_or(time::FIRST_DAY);
    Ok((filings, province.office.closing(last)))
}

async fn play(
    line: Arc<Line>,
    suite: &mut Suite,
    province: Province,
    filings: Vec<Filing>,
    end: NaiveDateTime,
    dice: Dice,
) -> Result<Played, Error> {
    let office = province.office.clone();
    let play = Play {
        desks: Desks::open(&line, province.units.iter().map(|unit| unit.uid.clone())),
        ledger: Ledger::default(),
        crash_plan: crash_plan(&province, end),
        progress: Progress::new(office.clone(), end),
        stage: Stage::new(province, filings, Pace { office, dice }),
        line,
        suite,
        end,
        dice,
    };
    play.run().await
}

fn crash_plan(province: &Province, end: NaiveDateTime) -> CrashPlan {
    let first = midnight(NaiveDate::from(time::start()));
    let minutes = province.office.between(first, end);
    let at = |minutes| province.office.after(first, minutes);
    CrashPlan::new(at(minutes / 2), at(minutes / 4 * 3))
}
