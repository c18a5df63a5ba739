//! What goes wrong with parties and proxies. No number is ever repeated.

use kit::failure::Failure;
use tonic::Code;

use super::Error;

pub(super) fn of_parties(error: Error, english: String) -> Failure {
    let failure = |code, reason, vietnamese: &str| Failure::new(code, reason, english, vietnamese);
    let forbidden = Code::FailedPrecondition;
    match error {
        Error::PartyNotFound(uid) => failure(
            Code::NotFound,
            "PARTY_NOT_FOUND",
            "Không tìm thấy công dân hoặc tổ chức này",
        )
        .with("party_uid", uid),
        Error::NumberTaken(holder) => failure(
            Code::AlreadyExists,
            "NUMBER_TAKEN",
            "Số này là của đối tượng khác; nếu là cùng một người, hãy hợp nhất hai đối tượng",
        )
        .with("party_uid", holder),
        Error::NumberUnfit(kind) => failure(
            forbidden,
            "NUMBER_UNFIT",
            "Loại đối tượng này không dùng loại số này; hãy xem lại loại giấy tờ",
        )
        .with("kind", kind.as_str()),
        Error::PartyMerged { party, survivor } => failure(
            forbidden,
            "PARTY_MERGED",
            "Đối tượng này đã hợp nhất vào đối tượng khác; hãy dùng đối tượng đó",
        )
        .with("party_uid", party)
        .with("survivor_uid", survivor),
        Error::PartyNotMerged(party) => failure(
            forbidden,
            "PARTY_NOT_MERGED",
            "Đối tượng này chưa hợp nhất vào đối tượng nào",
        )
        .with("party_uid", party),
        Error::SameParty(party) => {
            failure(forbidden, "SAME_PARTY", "Hai đối tượng là một; hãy xem lại")
                .with("party_uid", party)
        }
        Error::ProxyNotFound(uid) => {
            failure(Code::NotFound, "PROXY_NOT_FOUND", "Không tìm thấy ủy quyền")
                .with("proxy_uid", uid)
        }
        _ => failure(
            Code::NotFound,
            "PARTY_NOT_FOUND",
            "Không tìm thấy công dân hoặc tổ chức có số này",
        ),
    }
}
