//! The fault run: a whole cluster is worked on by callers and broken at the same time, and then everything must be there, once,
//! in order.
//!
//! Journeys (who does what next) are in [`plan`] and [`journey`], faults in [`fault`], checks in [`check`]: a story, a fault or
//! a check is added in one place.

mod act;
mod check;
mod cluster;
mod crowd;
mod dice;
mod evidence;
mod fault;
mod journey;
mod line;
mod mail;
mod plan;
mod post;
mod promise;
mod province;
mod proxy;
mod record;
mod report;
mod run;
mod sabotage;
mod succession;
mod system;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use self::cluster::Program;
use self::run::{AT_ONCE, Settings, run};
use self::sabotage::Control;
use crate::program;

/// How long each negative control is broken.
const CONTROL: Duration = Duration::from_secs(45);

/// Breaks a cluster of the suite while people work with it, and checks that nothing is lost, doubled or out of order.
#[derive(Parser)]
#[command(name = "faults")]
pub struct Options {
    /// How long faults come.
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// What decides journeys and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many dossiers are under way at once.
    #[arg(long, default_value_t = AT_ONCE)]
    at_once: usize,
    /// Build one thing wrong: the run must turn red.
    #[arg(long, value_parser = sabotages())]
    sabotage: Option<String>,
    /// Build everything wrong that can be, one thing after the other: every run must turn red.
    #[arg(long, conflicts_with = "sabotage")]
    controls: bool,
    /// The program that can be built wrong (feature `sabotage`).
    #[arg(long, env = "MOTCUA_SABOTAGED_BIN")]
    sabotaged: Option<PathBuf>,
}

fn sabotages() -> Vec<&'static str> {
    sabotage::all().map(|control| control.name).collect()
}

/// Runs once, or each negative control. Green is success; for controls red is.
pub async fn main(options: Options) -> ExitCode {
    if options.controls {
        return controls(&options).await;
    }
    let faults_for = Duration::from_secs(options.minutes * 60);
    let settings = options.settings(options.sabotage.as_deref(), faults_for);
    let report = run(&settings).await;
    if report.findings.is_empty() && report.drained.is_some() {
        println!("GREEN");
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}

async fn controls(options: &Options) -> ExitCode {
    let mut lines = Vec::new();
    for control in sabotage::all() {
        println!("\n── {}", control.name);
        let report = run(&options.settings(Some(control.name), CONTROL)).await;
        let seen = control.seen_by(&report.findings);
        let line = seen.map_or_else(|| report.red_line(), ToString::to_string);
        lines.push((control, line, seen.is_some()));
    }
    println!("\nnegative controls, each with its red line:");
    for (control, line, is_seen) in &lines {
        let Control { name, gives } = control;
        if *is_seen {
            println!("  {name}: {line}");
        } else {
            println!("  {name}: NOT SEEN, {gives:?} is not among the findings; the first: {line}");
        }
    }
    if lines.iter().any(|(_, _, is_seen)| !is_seen) {
        println!("of a control the checks do not see what it does");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

impl Options {
    fn settings(&self, sabotage: Option<&str>, faults_for: Duration) -> Settings {
        let built_in = sabotage::BUILT_IN.map(|control| control.name);
        let built_in = built_in.into_iter().find(|name| Some(*name) == sabotage);
        let binary = match built_in {
            None => program::binary().to_owned(),
            Some(_) => self
                .sabotaged
                .clone()
                .expect("--sabotaged names the program that can be built wrong"),
        };
        Settings {
            faults_for,
            seed: self.seed,
            at_once: self.at_once,
            program: Program {
                binary,
                sabotage: built_in,
            },
            delete_a_row: sabotage == Some(sabotage::ROW_DELETED.name),
        }
    }
}
