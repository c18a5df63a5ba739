//! Keyset pages: a token names the last row that was seen, so that no page is ever skipped or counted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::failure::Violation;

/// Makes the token for the page after the row with these keys.
#[must_use]
pub fn token(keys: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(keys.join("\u{1f}"))
}

/// Reads a token back into its `N` keys; `None` for the first page.
///
/// # Errors
/// A violation of `page_token` when this list did not hand it out.
pub fn keys<const N: usize>(token: &str) -> Result<Option<[String; N]>, Violation> {
    if token.is_empty() {
        return Ok(None);
    }
    let decoded = URL_SAFE_NO_PAD.decode(token).map_err(|_| foreign_token())?;
    let text = String::from_utf8(decoded).map_err(|_| foreign_token())?;
    let keys: Vec<String> = text.split('\u{1f}').map(str::to_owned).collect();
    if keys.iter().any(|key| key.chars().any(char::is_control)) {
        return Err(foreign_token());
    }
    keys.try_into().map(Some).map_err(|_| foreign_token())
}

/// The violation of a token that a list did not hand out.
#[must_use]
pub fn foreign_token() -> Violation {
    Violation::new(
        "page_token",
        "MALFORMED",
        "was not handed out by this list; begin with an empty token",
        "không phải do danh sách này cấp; hãy bắt đầu lại từ trang đầu",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_back_its_keys() {
        let token = token(&["2017", "a-b"]);
        assert_eq!(
            keys::<2>(&token),
            Ok(Some(["2017".to_owned(), "a-b".to_owned()]))
        );
        assert!(keys::<3>(&token).is_err());
        assert!(keys::<2>("not base64!").is_err());
        assert!(keys::<2>(&super::token(&["2017", "a\0"])).is_err());
    }
}
