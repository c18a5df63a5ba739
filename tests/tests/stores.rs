//! Data folders that are in use, read-only, full, empty or damaged.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use proto::catalogue::v1::{GetCalendarRequest, GetCatalogueSummaryRequest};
use proto::intake::v1::{Dossier, ListDossiersRequest, SubmitDossierRequest};
use tempfile::TempDir;
use tests::cast::{AN, COMMUNE};
use tests::filing::BIRTH;
use tests::pair::Pair;
use tests::program::{self, Ran};
use tests::{Refusal, Suite};
use tonic::Code;

/// A small file system of its own, gone when it is dropped; only root may make one.
struct FileSystem(PathBuf);

impl FileSystem {
    fn mount(path: &Path, options: &str) -> Option<Self> {
        fs::create_dir_all(path).unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(path);
        let mounted = mount.output().is_ok_and(|ran| ran.status.success());
        if !mounted {
            println!("skipped: a file system cannot be mounted here");
        }
        mounted.then(|| Self(path.to_owned()))
    }
}

impl Drop for FileSystem {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The province and the callers in this data folder, whatever pair the other tests run on.
async fn load_into(folder: TempDir, data_dir: PathBuf) -> Suite {
    Suite::load_onto(folder, Pair::embedded(data_dir)).await
}

async fn load() -> (Suite, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    (load_into(folder, data_dir.clone()).await, data_dir)
}

async fn start() -> (Suite, PathBuf) {
    let (mut suite, data_dir) = load().await;
    suite.restart().await;
    (suite, data_dir)
}

async fn serve(data_dir: &Path) -> Ran {
    let serve = ["serve", "all", "--listen", "127.0.0.1:0", "--data-dir"];
    program::run(
        serve
            .iter()
            .map(AsRef::as_ref)
            .chain([data_dir.as_os_str()]),
    )
    .await
}

#[tokio::test]
async fn a_data_folder_that_is_in_use_is_left_to_the_process_that_has_it() {
    let (suite, data_dir) = start().await;
    let second = serve(&data_dir).await;
    assert_eq!(second.code, Some(1));
    assert!(
        second.complaint.contains("is in use by another process"),
        "{}",
        second.complaint
    );
    suite.register(BIRTH, COMMUNE).await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_written_to_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "no folder").unwrap();
    let refused = serve(&file).await;
    assert_eq!(refused.code, Some(1));
    let named = format!("the data folder {} cannot be written to", file.display());
    assert!(refused.complaint.contains(&named), "{}", refused.complaint);
    let read_only = folder.path().join("read-only");
    let Some(_file_system) = FileSystem::mount(&read_only, "ro") else {
        return;
    };
    let refused = serve(&read_only).await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused
            .complaint
            .contains("cannot be written to: Read-only file system"),
        "{}",
        refused.complaint
    );
}

/// Fills a file system to the last byte.
fn fill(path: &Path) {
    let mut ballast = fs::File::create(path).unwrap();
    let mut size = 1 << 20;
    while size > 0 {
        while ballast.write_all(&vec![0; size]).is_ok() {}
        size /= 16;
    }
}

/// Submits until the store is full: what was acknowledged, what was not, and why not.
async fn submit_until_full(suite: &Suite) -> (Vec<Dossier>, SubmitDossierRequest, Refusal) {
    let mut acknowledged = Vec::new();
    for _ in 0..2_000 {
        let request = BIRTH.online(COMMUNE);
        match suite.actor(AN).call(request.clone()).await {
            Ok(reply) => acknowledged.push(reply.message.dossier.unwrap()),
            Err(status) => return (acknowledged, request, Refusal::of(&status)),
        }
    }
    panic!("the store takes more than its file system has room for")
}

#[tokio::test]
async fn a_full_disk_refuses_changes_keeps_what_it_has_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    let Some(_file_system) = FileSystem::mount(&disk, "size=24m") else {
        return;
    };
    let mut suite = load_into(folder, disk.join("data")).await;
    suite.restart().await;
    let (receptionist, an) = (suite.receptionist(COMMUNE), suite.actor(AN));
    receptionist.token().await;
    an.token().await;
    fill(&disk.join("ballast"));
    let (acknowledged, unanswered, refusal) = submit_until_full(&suite).await;
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (Code::Unavailable, "STORE_UNAVAILABLE")
    );
    assert!(refusal.retry, "{refusal:?}");
    let listed = receptionist
        .ok(ListDossiersRequest {
            page_size: 500,
            ..Default::default()
        })
        .await;
    assert_eq!(
        listed.dossiers.len(),
        acknowledged.len(),
        "reading goes on, and nothing is half there"
    );
    fs::remove_file(disk.join("ballast")).unwrap();
    let kept = an.ok(unanswered).await.message.dossier.unwrap();
    assert!(
        kept.code
            .ends_with(&format!("-{:04}", acknowledged.len() + 1)),
        "no number is lost: {}",
        kept.code
    );
    for dossier in &acknowledged {
        assert_eq!(&suite.dossier(&dossier.uid, COMMUNE).await, dossier);
    }
    suite.register(BIRTH, COMMUNE).await;
    suite.must_add_up().await;
    suite.kill().await;
}

#[tokio::test]
async fn a_suite_without_data_serves_and_says_that_there_is_none() {
    let mut suite = Suite::empty();
    suite.restart().await;
    let anyone = suite.anonymous();
    assert_eq!(
        anyone
            .ok(GetCatalogueSummaryRequest::default())
            .await
            .procedures,
        0
    );
    anyone
        .refused(
            GetCalendarRequest::default(),
            Code::NotFound,
            "CALENDAR_NOT_FOUND",
        )
        .await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_store_of_garbage_is_named_and_not_touched() {
    let (_suite, data_dir) = load().await;
    let store = data_dir.join("intake.sqlite");
    let garbage = "this is no database ".repeat(1_000);
    fs::write(&store, &garbage).unwrap();
    let refused = serve(&data_dir).await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused
            .complaint
            .contains("the store of intake cannot be opened"),
        "{}",
        refused.complaint
    );
    assert!(
        refused.complaint.contains("not a database"),
        "{}",
        refused.complaint
    );
    assert_eq!(fs::read_to_string(&store).unwrap(), garbage);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let (_suite, data_dir) = load().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let arguments = ["serve", "all", "--listen", &address, "--data-dir"];
    let refused = program::run(
        arguments
            .iter()
            .map(AsRef::as_ref)
            .chain([data_dir.as_os_str()]),
    )
    .await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused
            .complaint
            .contains(&format!("cannot listen on {address}")),
        "{}",
        refused.complaint
    );
}

#[tokio::test]
async fn nothing_is_imported_while_the_suite_serves() {
    let (suite, _) = start().await;
    let refused = suite.import(&[&program::province()]).await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.complaint.contains("is in use by another process"),
        "{}",
        refused.complaint
    );
    suite.register(BIRTH, COMMUNE).await;
}

#[tokio::test]
async fn a_check_without_stores_says_what_is_missing() {
    let suite = Suite::empty();
    let checked = suite.check().await;
    assert_eq!(checked.code, Some(1));
    assert!(
        checked.complaint.contains("`motcua import` makes one"),
        "{}",
        checked.complaint
    );
}
