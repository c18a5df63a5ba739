//! `ProcedureService`.

use proto::catalogue::v1::procedure_service_client::ProcedureServiceClient;
use proto::catalogue::v1::{
    CompetentLevel, GetCatalogueSummaryRequest, GetProcedureRequest, LimitUnit,
    ListProceduresRequest, Procedure, StepRole, UnitRule,
};
use tonic::Code;

use crate::support::{Store, Suite, refused};

pub async fn get(suite: &Suite, code: &str) -> Procedure {
    let mut procedures = ProcedureServiceClient::new(suite.channel.clone());
    let request = GetProcedureRequest {
        code: code.to_owned(),
        ..GetProcedureRequest::default()
    };
    procedures
        .get_procedure(request)
        .await
        .unwrap()
        .into_inner()
        .procedure
        .unwrap()
}

async fn all_codes(suite: &Suite, level: CompetentLevel, online_level: i32) -> Vec<String> {
    let mut procedures = ProcedureServiceClient::new(suite.channel.clone());
    let (mut codes, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListProceduresRequest {
            level: level.into(),
            online_level,
            page_size: 400,
            page_token,
            as_of: String::new(),
        };
        let page = procedures
            .list_procedures(request)
            .await
            .unwrap()
            .into_inner();
        assert!(page.procedures.len() <= 400);
        codes.extend(page.procedures.into_iter().map(|procedure| procedure.code));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return codes;
        }
    }
}

#[tokio::test]
async fn a_procedure_is_read_with_its_version_case_and_route() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let birth = get(&suite, "1.001193").await;
    assert_eq!(
        (birth.field.as_str(), birth.level(), birth.revision),
        ("Hộ tịch", CompetentLevel::Commune, 1)
    );
    let version = birth.version.unwrap();
    assert_eq!(
        (version.number, version.effective_from.as_str()),
        (1, "2017-01-01")
    );
    let [case] = version.cases.as_slice() else {
        panic!("there is one case")
    };
    assert_eq!(
        (case.key.as_str(), case.name.as_str()),
        ("standard", "Trường hợp chung")
    );
    assert_eq!(case.limit.as_ref().unwrap().unit(), LimitUnit::SameDay);
    let route = case.route.as_ref().unwrap();
    let [examine, sign] = route.steps.as_slice() else {
        panic!("there are two steps")
    };
    assert_eq!(
        (examine.unit_rule(), examine.role(), examine.decides),
        (UnitRule::Receiving, StepRole::Examiner, false)
    );
    assert_eq!(
        (sign.after.as_slice(), sign.share_percent, sign.decides),
        (&["examine".to_owned()][..], 30, true)
    );
}

#[tokio::test]
async fn a_procedure_that_does_not_exist_is_not_found() {
    let suite = Suite::serve(Store::new().await).await;
    let mut procedures = ProcedureServiceClient::new(suite.channel.clone());
    let request = GetProcedureRequest {
        code: "9.999999".to_owned(),
        ..GetProcedureRequest::default()
    };
    let reply = procedures.get_procedure(request).await;
    assert_eq!(
        refused(reply, Code::NotFound, "PROCEDURE_NOT_FOUND"),
        "Không tìm thấy thủ tục 9.999999"
    );
}

#[tokio::test]
async fn the_pages_of_a_level_bring_every_procedure_once_in_order() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let all = all_codes(&suite, CompetentLevel::Unspecified, 0).await;
    assert_eq!(all.len(), 1_565);
    assert!(all.is_sorted_by(|one, next| one < next));
    assert_eq!(
        all_codes(&suite, CompetentLevel::Unspecified, 3)
            .await
            .len(),
        434
    );
    let mut by_level = 0;
    for level in [
        CompetentLevel::Department,
        CompetentLevel::District,
        CompetentLevel::Commune,
    ] {
        by_level += all_codes(&suite, level, 0).await.len();
    }
    assert_eq!(by_level, 1_565);
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused_with_all_that_is_wrong() {
    let suite = Suite::serve(Store::new().await).await;
    let mut procedures = ProcedureServiceClient::new(suite.channel.clone());
    let request = ListProceduresRequest {
        level: 0,
        online_level: 5,
        page_size: -1,
        page_token: "!".to_owned(),
        as_of: "28/8/2017".to_owned(),
    };
    let text = refused(
        procedures.list_procedures(request).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    for field in ["online_level", "page_size", "page_token", "as_of"] {
        assert!(text.contains(field), "{field} is missing in: {text}");
    }
}

#[tokio::test]
async fn the_summary_has_the_published_totals_of_2017() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let mut procedures = ProcedureServiceClient::new(suite.channel.clone());
    let summary = procedures
        .get_catalogue_summary(GetCatalogueSummaryRequest::default())
        .await
        .unwrap()
        .into_inner();
    let levels: Vec<_> = summary
        .levels
        .iter()
        .map(|level| (level.online_level, level.procedures))
        .collect();
    assert_eq!(summary.procedures, 1_565);
    assert_eq!(levels, [(2, 1_099), (3, 434), (4, 32)]);
}
