//! What a person should know before the play.

use std::time::Duration;

use super::Options;
use super::line::Line;
use super::province::Province;
use super::report::thousands;
use super::suite::Serving;

/// Says what is going to be played.
pub fn introduce(options: &Options, line: &Line, province: &Province) {
    println!(
        "Một Cửa: the province of Đắk Lắk from Monday 28/08/2017, {} dossiers in {} working days, seed {}\n",
        thousands(options.dossiers as usize),
        options.days,
        options.seed
    );
    let levels = province.summary.levels.iter();
    let levels = levels.map(|of| format!("{} at level {}", count(of.procedures), of.online_level));
    println!(
        "  province   {} units, {} procedures ({})",
        province.units.len(),
        count(province.summary.procedures),
        levels.collect::<Vec<_>>().join(", ")
    );
    println!(
        "  callers    {} officers, {} citizens and businesses, who sign in at two OpenID providers of the demo",
        line.cast().officers(),
        line.cast().applicants()
    );
}

/// Says how long it took to get so far.
pub fn tell_times(imported: Duration, serving: Serving) {
    println!(
        "  suite      imported in {} ms, serving on {} after {} ms\n",
        imported.as_millis(),
        serving.address,
        serving.took.as_millis()
    );
}

fn count(number: i32) -> String {
    thousands(usize::try_from(number).unwrap_or_default())
}
