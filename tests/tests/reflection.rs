//! Whether the program that is shipped tells its contract over the port.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tests::program;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// A demo loads the whole province before it serves.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running program.
struct Running {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = program::command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, output }
    }

    /// Reads on until it says where it serves, after these words.
    async fn address(&mut self, words: &str) -> SocketAddr {
        let told = async {
            loop {
                let line = self.output.next_line().await.unwrap();
                let line = line.expect("it goes on");
                let told = line.split_once(words).map(|(_, told)| told);
                let told = told.and_then(|told| told.split_whitespace().next());
                if let Some(address) = told {
                    return address.parse().unwrap();
                }
            }
        };
        let told = tokio::time::timeout(PATIENCE, told).await;
        told.expect("it serves in time")
    }

    /// Asks it to end, so that it takes along what it started, and waits until it has.
    async fn end(mut self) {
        let process = self.child.id().expect("it runs").to_string();
        let mut kill = Command::new("kill");
        let sent = kill.args(["-TERM", &process]).status().await;
        assert!(sent.unwrap().success());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.expect("it ends in time").unwrap();
    }
}

/// The services that reflection tells of.
async fn services(address: SocketAddr) -> Result<Vec<String>, Code> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut client = ServerReflectionClient::new(endpoint.connect_lazy());
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let requests = futures::stream::iter([request]);
    let answered = client.server_reflection_info(requests).await;
    let mut answers = answered.map_err(|status| status.code())?.into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("no list of services")
    };
    Ok(list.service.into_iter().map(|one| one.name).collect())
}

/// What a suite answers that is served on an empty store with these options beside the usual ones.
async fn served(options: &[&str]) -> Result<Vec<String>, Code> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let usual = ["serve", "all", "--listen", "127.0.0.1:0"];
    let all = [&usual[..], &["--data-dir", &data], options].concat();
    let mut suite = Running::start(&all);
    let address = suite.address("listening on ").await;
    let told = services(address).await;
    suite.end().await;
    told
}

fn must_tell_the_contract(told: Result<Vec<String>, Code>) {
    let told = told.unwrap();
    for service in ["identity.v1.UnitService", "intake.v1.DossierService"] {
        let service = format!("motcua.{service}");
        assert!(told.contains(&service), "{service}: {told:?}");
    }
}

#[tokio::test]
async fn reflection_is_off_unless_the_operator_wants_it() {
    assert_eq!(served(&[]).await, Err(Code::Unimplemented));
    must_tell_the_contract(served(&["--reflection"]).await);
}

#[tokio::test]
async fn a_demo_tells_its_contract() {
    let mut demo = Running::start(&["demo", "--dossiers", "1", "--days", "1"]);
    let address = demo.address("serving on ").await;
    let told = services(address).await;
    demo.end().await;
    must_tell_the_contract(told);
}
