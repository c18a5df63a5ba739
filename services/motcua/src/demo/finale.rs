//! The end of a demo: what a person wants to see, the sums, and, if asked, a suite that serves on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDateTime;
use comfy_table::Table;
use proto::intake::v1::Dossier;
use tokio::time::Instant;

use super::Options;
use super::crash::Crash;
use super::error::Error;
use super::folder::Folder;
use super::interruption::interrupted;
use super::line::Line;
use super::play::Played;
use super::report::{self, Journey, thousands};
use super::store::{self, Comparison, Steps};
use super::suite::{Serving, Suite};
use crate::cast::{CallerId, Role};

/// Half of a token's life.
const TOKEN_EVERY: Duration = Duration::from_mins(5);

/// The end of a demo.
pub struct Finale {
    line: Arc<Line>,
    played: Played,
    end: NaiveDateTime,
    serving: Serving,
    began: Instant,
    example: Option<(CallerId, String)>,
    well: bool,
}

impl Finale {
    /// Nothing has been found wrong yet.
    #[must_use]
    pub fn new(
        line: Arc<Line>,
        played: Played,
        end: NaiveDateTime,
        serving: Serving,
        began: Instant,
    ) -> Self {
        Self {
            line,
            played,
            end,
            serving,
            began,
            example: None,
            well: true,
        }
    }

    /// Reports and checks.
    ///
    /// # Errors
    /// What the suite refuses.
    pub async fn show(mut self, suite: &Suite) -> Result<Self, Error> {
        let checked = suite.check().await?;
        let dossiers = store::dossiers(&self.line, &self.played.stage.province).await?;
        self.show_tables(&dossiers);
        self.show_journey(&dossiers).await?;
        self.show_scope(&dossiers).await?;
        heading("The sums of the suite (motcua check, while serving)");
        print_indented(checked.output.trim_end());
        self.well &= checked.well;
        self.show_comparison(&dossiers).await?;
        self.show_figures(suite);
        Ok(self)
    }

    fn show_tables(&self, dossiers: &[Dossier]) {
        let stage = &self.played.stage;
        heading("By online level and channel");
        print_table(&report::by_level_and_channel(
            &stage.province,
            dossiers,
            self.end,
        ));
        println!(
            "\n  {} tried online although at level 2, each refused with NOT_ONLINE: {}",
            stage.counts.in_vain, self.played.not_online
        );
        heading("What applicants were asked for, and what was promised anew");
        print_table(&report::asked_and_promised(&stage.counts, dossiers));
        println!();
        print_indented(&report::examples(dossiers).join("\n"));
        heading("By kind of unit");
        print_table(&report::by_kind_of_unit(
            &stage.province,
            dossiers,
            self.end,
        ));
        heading("The ten slowest units");
        print_table(&report::slowest_units(&stage.province, &stage.steps));
    }

    async fn show_journey(&mut self, dossiers: &[Dossier]) -> Result<(), Error> {
        let Some(journey) = Journey::ask(&self.line, &self.played.stage.province, dossiers).await?
        else {
            return Ok(());
        };
        heading(&format!("The journey of {}", journey.title()));
        print_table(&journey.hand_overs());
        println!();
        print_table(&journey.custody());
        heading("Why its appointment is that day");
        println!("  {}\n", journey.appointment());
        print_table(&journey.days());
        let desk = self
            .line
            .cast()
            .officer(&journey.dossier.receiving_unit_uid, Role::Receptionist);
        self.example = desk.map(|desk| (desk, journey.dossier.code.clone()));
        Ok(())
    }

    async fn show_scope(&self, dossiers: &[Dossier]) -> Result<(), Error> {
        let seen = report::strangers_see_nothing(&self.line, &self.played.stage.province, dossiers)
            .await?;
        if let Some(seen) = seen {
            heading("Who may know of a dossier");
            print_indented(&seen);
        }
        Ok(())
    }

    /// The demo's own account of what was acknowledged, against the store.
    async fn show_comparison(&mut self, dossiers: &[Dossier]) -> Result<(), Error> {
        let stage = &self.played.stage;
        let comparison = Comparison::of(&stage.courses, dossiers);
        let counted = Steps {
            done: stage.counts.steps_done,
            open: stage.open_steps(),
        };
        let stored = store::steps(&self.line, &stage.province).await?;
        heading("What was acknowledged, against the store");
        println!(
            "  {comparison}, {} in another state",
            comparison.in_other_state().len()
        );
        println!(
            "  steps done {}, in the store {}; steps open {}, in the store {}",
            thousands(counted.done),
            thousands(stored.done),
            thousands(counted.open),
            thousands(stored.open)
        );
        for code in comparison.in_other_state().iter().take(5) {
            println!("  in another state: {code}");
        }
        self.well &=
            comparison.is_whole() && comparison.in_other_state().is_empty() && counted == stored;
        self.well &= self.played.crash.as_ref().is_none_or(Crash::is_harmless);
        Ok(())
    }

    fn show_figures(&self, suite: &Suite) {
        heading("Figures");
        println!(
            "  start to serving   {} ms, with the province loaded",
            self.serving.took.as_millis()
        );
        if let Some(bytes) = suite.resident_memory() {
            println!(
                "  resident memory    {} MB of the served process",
                bytes / 1_000_000
            );
        }
        println!(
            "  asked to wait      {} calls, by UNAVAILABLE with a retry delay; {} offers delivered again",
            self.line.retried(),
            self.played.stage.counts.delivered_again
        );
        if self.played.crash.is_none() {
            println!("  not killed         too little happens in so small a play");
        }
    }

    /// Says how much it was; serves on if that was asked for. Tells whether everything was well.
    ///
    /// # Errors
    /// When no token can be had or written.
    pub async fn say_goodbye(self, options: &Options, folder: &mut Folder) -> Result<bool, Error> {
        if !options.keep {
            println!("\n  With --keep the suite serves on, and a line for `buf curl` stands here.");
            println!("\n{}", self.throughput());
            return Ok(self.well);
        }
        folder.keep();
        self.write_token(&folder.token()).await?;
        self.invite(&folder.token());
        println!("\n{}", self.throughput());
        self.serve_on(&folder.token()).await?;
        Ok(self.well)
    }

    fn throughput(&self) -> String {
        let seconds = self.played.took.as_secs_f64();
        let mutations = u32::try_from(self.played.acknowledged).map_or(f64::MAX, f64::from);
        let verdict = if self.well {
            "Everything holds"
        } else {
            "NOT everything holds"
        };
        let dossiers = self
            .played
            .stage
            .courses
            .iter()
            .filter(|course| course.exists())
            .count();
        format!(
            "{verdict}: {} dossiers, {} mutations acknowledged at {:.0} a second in {seconds:.1} s; {:.1} s in all",
            thousands(dossiers),
            thousands(self.played.acknowledged),
            mutations / seconds.max(0.001),
            self.began.elapsed().as_secs_f64()
        )
    }

    fn invite(&self, token: &Path) {
        let (Some((_, code)), Some(address)) = (&self.example, self.line.address()) else {
            return;
        };
        heading("Try it");
        println!(
            "  buf curl --protocol grpc --http2-prior-knowledge -H \"authorization: Bearer $(cat {})\" \
             -d '{{\"code\":\"{code}\"}}' http://{address}/motcua.intake.v1.DossierService/GetDossier",
            token.display()
        );
    }

    async fn write_token(&self, path: &Path) -> Result<(), Error> {
        let Some((caller, _)) = &self.example else {
            return Ok(());
        };
        let token = self.line.fresh_token(*caller).await?;
        std::fs::write(path, token).map_err(Error::file("writing the token"))
    }

    async fn serve_on(&self, token: &Path) -> Result<(), Error> {
        println!("Serving until Ctrl-C; the token is renewed every 5 minutes.");
        loop {
            tokio::select! {
                () = tokio::time::sleep(TOKEN_EVERY) => self.write_token(token).await?,
                () = interrupted() => break,
            }
        }
        println!(
            "\nStopped; the data stays in {}.",
            token.parent().unwrap_or(token).display()
        );
        Ok(())
    }
}

fn heading(text: &str) {
    println!("\n{text}\n");
}

fn print_table(table: &Table) {
    for line in table.trim_fmt().lines() {
        println!(" {line}");
    }
}

fn print_indented(text: &str) {
    for line in text.lines() {
        println!("  {line}");
    }
}
