//! Whether the contract can be asked for over the port.

use tonic::Code;
use tonic::transport::Endpoint;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::probe::{Probe, Setting};

/// The services that reflection tells of.
async fn services(probe: &Probe) -> Result<Vec<String>, Code> {
    let endpoint = Endpoint::from_shared(format!("http://{}", probe.address)).unwrap();
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

#[tokio::test]
async fn reflection_is_off_unless_it_is_wanted() {
    let probe = Probe::serve().await;
    assert_eq!(services(&probe).await, Err(Code::Unimplemented));
    let probe = Probe::serve_with(Setting {
        reflection: true,
        ..Setting::default()
    })
    .await;
    let told = services(&probe).await.unwrap();
    let dossiers = "motcua.intake.v1.DossierService".to_owned();
    assert!(told.contains(&dossiers), "{told:?}");
}
