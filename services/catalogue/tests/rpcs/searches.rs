//! `SearchProcedures`.

use proto::catalogue::v1::{CompetentLevel, SearchProceduresRequest};
use tonic::Code;

use crate::support::{Store, Suite, refused};

async fn all(suite: &Suite, mut request: SearchProceduresRequest) -> Vec<String> {
    let mut codes = Vec::new();
    loop {
        let page = suite.procedures().search_procedures(request.clone()).await;
        let page = page.unwrap().into_inner();
        codes.extend(page.procedures.into_iter().map(|found| found.code));
        if page.next_page_token.is_empty() {
            return codes;
        }
        request.page_token = page.next_page_token;
    }
}

fn words(text: &str) -> SearchProceduresRequest {
    SearchProceduresRequest {
        text: text.to_owned(),
        page_size: 7,
        ..SearchProceduresRequest::default()
    }
}

#[tokio::test]
async fn words_are_found_with_and_without_accents_and_the_best_come_first() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let (with, without) = ("đăng ký khai sinh", "dang ky khai sinh");
    let (with, without) = (
        all(&suite, words(with)).await,
        all(&suite, words(without)).await,
    );
    assert!(with.len() > 7, "{with:?}");
    assert_eq!(with[0], "1.000110");
    let (mut one, mut other) = (with.clone(), without);
    one.sort();
    other.sort();
    assert_eq!(one, other);
    one.dedup();
    assert_eq!(one.len(), with.len());
    assert_eq!(all(&suite, words("1.001193")).await, ["1.001193"]);
    assert!(
        all(&suite, words("không có thủ tục nào tên thế này"))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_search_is_narrowed_by_field_unit_level_and_online_level() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let all_of = async |change: fn(&mut SearchProceduresRequest)| {
        let mut request = SearchProceduresRequest {
            page_size: 100,
            ..words("")
        };
        change(&mut request);
        all(&suite, request).await.len()
    };
    assert_eq!(all_of(|_| {}).await, 1_565);
    assert_eq!(all_of(|request| request.online_level = 4).await, 32);
    let by_field = all_of(|request| request.field = "ho tich".to_owned()).await;
    let by_unit = all_of(|request| request.lead_unit_uid = "daklak-0003".to_owned()).await;
    let by_level = all_of(|request| request.level = CompetentLevel::Commune.into()).await;
    assert!(0 < by_field && by_field < by_unit && by_unit < 1_565);
    assert!(0 < by_level && by_level < 1_565);
}

#[tokio::test]
async fn a_token_of_another_list_is_refused() {
    let suite = Suite::serve(Store::new().await).await;
    let request = SearchProceduresRequest {
        page_token: kit::page::token(&["9", "1.000001"]),
        ..words("khai sinh")
    };
    let reply = suite.procedures().search_procedures(request).await;
    let text = refused(reply, Code::InvalidArgument, "INVALID_FIELDS");
    assert!(text.contains("page_token"));
}
