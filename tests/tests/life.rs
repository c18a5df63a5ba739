//! The life of a dossier, from the applicant's hands to the result, along each of the province's routes.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "life/along_routes.rs"]
mod along_routes;
#[path = "life/asked.rs"]
mod asked;
#[path = "life/back.rs"]
mod back;
#[path = "life/by_the_catalogue.rs"]
mod by_the_catalogue;
#[path = "life/codes.rs"]
mod codes;
#[path = "life/deadlines.rs"]
mod deadlines;
#[path = "life/desk.rs"]
mod desk;
#[path = "life/endings.rs"]
mod endings;
#[path = "life/handed_in.rs"]
mod handed_in;
#[path = "life/history.rs"]
mod history;
#[path = "life/known_failures.rs"]
mod known_failures;
#[path = "life/links.rs"]
mod links;
#[path = "life/looked_up.rs"]
mod looked_up;
#[path = "life/main_line.rs"]
mod main_line;
#[path = "life/moved.rs"]
mod moved;
#[path = "life/on_hold.rs"]
mod on_hold;
#[path = "life/one_winner.rs"]
mod one_winner;
#[path = "life/outside.rs"]
mod outside;
#[path = "life/paper.rs"]
mod paper;
#[path = "life/probes.rs"]
mod probes;
#[path = "life/promises.rs"]
mod promises;
#[path = "life/reorganised.rs"]
mod reorganised;
#[path = "life/watched.rs"]
mod watched;
