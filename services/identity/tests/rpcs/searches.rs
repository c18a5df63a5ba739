//! `SearchUnits`: names with accents and without.

use proto::identity::v1::SearchUnitsRequest;
use proto::identity::v1::unit_service_client::UnitServiceClient;
use tonic::Code;

use crate::support::{Suite, refused};
use crate::units::with_all_lists;

/// What a search finds, as name, name of the unit above, and whether the accents agree.
async fn found(suite: &Suite, text: &str, as_of: &str) -> Vec<(String, String, bool)> {
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let mut request = SearchUnitsRequest {
        text: text.to_owned(),
        as_of: as_of.to_owned(),
        page_size: 3,
        ..SearchUnitsRequest::default()
    };
    let mut found = Vec::new();
    loop {
        let page = units
            .search_units(request.clone())
            .await
            .unwrap()
            .into_inner();
        found.extend(page.units.into_iter().map(|found| {
            let name = found.unit.unwrap().name;
            (name, found.parent_name, found.accents_agree)
        }));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return found;
        }
    }
}

fn names(found: &[(String, String, bool)]) -> Vec<&str> {
    found.iter().map(|(name, ..)| name.as_str()).collect()
}

#[tokio::test]
async fn a_search_finds_names_without_accents_and_shows_those_with_them_first() {
    let suite = with_all_lists().await;
    for text in ["dak lak", "ĐẮK LẮK", "Đắc Lắc", "\u{d0}ak lak"] {
        assert_eq!(
            names(&found(&suite, text, "2017-08-28").await)[0],
            "Tỉnh Đắk Lắk",
            "{text}"
        );
    }
    // Two communes that differ in one accent are kept apart.
    for (text, first, second) in [
        ("Ea Drông", "Xã Ea Drông", "Xã Ea Drơng"),
        ("ea drơng", "Xã Ea Drơng", "Xã Ea Drông"),
    ] {
        let found = found(&suite, text, "2017-08-28").await;
        assert_eq!(names(&found), [first, second]);
        assert!(found[0].2 && !found[1].2);
    }
    assert_eq!(
        names(&found(&suite, "krong a na", "2017-08-28").await)[0],
        "Huyện Krông Ana"
    );
}

#[tokio::test]
async fn namesakes_are_found_with_the_units_above_them_and_a_list_is_in_vietnamese_order() {
    let suite = with_all_lists().await;
    let twice = found(&suite, "Thống Nhất", "2017-08-28").await;
    let above: Vec<_> = twice.iter().map(|(_, above, _)| above.as_str()).collect();
    assert_eq!(above, ["Thành phố Buôn Ma Thuột", "Thị xã Buôn Hồ"]);
    let many = found(&suite, "buon", "2017-08-28").await;
    let districts = [
        "Huyện Buôn Đôn",
        "Thị xã Buôn Hồ",
        "Thành phố Buôn Ma Thuột",
    ];
    let sorted: Vec<_> = names(&many)
        .into_iter()
        .filter(|name| districts.contains(name))
        .collect();
    assert_eq!(sorted, districts);
    assert!(found(&suite, "thong nhat", "2025-07-01").await.is_empty());
}

#[tokio::test]
async fn a_search_for_nothing_is_refused() {
    let suite = Suite::start().await;
    for text in ["", "  ", "'"] {
        let mut units = UnitServiceClient::new(suite.channel.clone());
        let request = SearchUnitsRequest {
            text: text.to_owned(),
            ..SearchUnitsRequest::default()
        };
        let reply = units.search_units(request).await;
        refused(reply, Code::InvalidArgument, "INVALID_FIELDS");
    }
}
