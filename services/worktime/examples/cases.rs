//! Random cases in whole days of the province's calendar with our answers, for another implementation to check:
//! `what,from,to,days`, where `to` is the n-th working day after `from`, or `days` the working days from `from` up to `to`.
//!
//! Usage: `cases HOLIDAYS.CSV SEED COUNT`.

use std::error::Error;

use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use worktime::{
    Calendar, DayKind, Limit, OfficeHours, RuleSet, SpecialDay, WorkingTime, appointment,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [holidays, seed, count] = arguments.as_slice() else {
        return Err("usage: cases HOLIDAYS.CSV SEED COUNT".into());
    };
    let calendar = Calendar::weekly(OfficeHours::standard(), special_days(holidays)?);
    let mut dice = StdRng::seed_from_u64(seed.parse()?);
    println!("what,from,to,days");
    for case in 0..count.parse::<u32>()? {
        let day = dice.random_range(0..3_650);
        let from = NaiveDate::from_ymd_opt(2017, 1, 1).ok_or("no such day")? + Days::new(day);
        let days = dice.random_range(1..60);
        if case % 2 == 0 {
            println!("due,{from},{},{days}", due(&calendar, from, days)?);
        } else {
            let to = from + Days::new(days.into());
            println!("worked,{from},{to},{}", worked(&calendar, from, to)?);
        }
    }
    Ok(())
}

fn due(calendar: &Calendar, from: NaiveDate, days: u32) -> Result<NaiveDate, Box<dyn Error>> {
    let received = from.and_hms_opt(10, 0, 0).ok_or("no such time")?;
    let rules = RuleSet::in_force_on(from);
    let due = appointment(calendar, &rules, received, Limit::WorkingDays(days))?;
    Ok(due.date())
}

fn worked(calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> Result<u32, Box<dyn Error>> {
    let midnight = |date: NaiveDate| date.and_hms_opt(0, 0, 0).ok_or("no such time");
    let open = calendar.between(midnight(from)?, midnight(to)?).minutes();
    Ok(open / WorkingTime::from_days(1).minutes())
}

fn special_days(file: &str) -> Result<Vec<SpecialDay>, Box<dyn Error>> {
    let mut days = Vec::new();
    for row in csv::Reader::from_path(file)?.records() {
        let row = row?;
        let kind = match &row[2] {
            "swapped_working_day" => DayKind::WorkingDay,
            _ => DayKind::PublicHoliday,
        };
        days.push(SpecialDay {
            date: row[0].parse()?,
            name: row[1].to_owned(),
            kind,
        });
    }
    Ok(days)
}
