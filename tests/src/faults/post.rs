//! The post rooms of units: what comes from the same unit about the same time is scanned together, by whoever came first, against the
//! manifest of what that sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::clock;
use proto::routing::v1::{
    BatchAcceptTransfersRequest, GetManifestRequest, ScannedDossier, Transfer,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::line::Line;
use super::mail::Mail;
use crate::{Reply, cast, new_request_id};

/// For how long post is gathered.
const GATHERED: Duration = Duration::from_millis(500);
/// Nobody's code, which is scanned with all post and leaves the others alone.
const NOBODYS: &str = "no such code";
/// How a code is refused of whose dossier nothing is offered: something else of it came first, and took in all there was.
const NOTHING_OFFERED: &str = "TRANSFER_NOT_FOUND";

/// From which unit, and to which.
type Way = (String, String);

/// What has come and was not scanned.
pub struct Post {
    rooms: Mutex<HashMap<Way, Vec<Letter>>>,
    mail: Arc<Mail>,
}

/// What was taken in of one dossier.
#[derive(Default)]
pub struct Taken {
    /// Its transfers that were accepted.
    pub transfers: Vec<Transfer>,
    /// Where that stands in routing's log.
    pub position: Option<String>,
}

struct Letter {
    came: Instant,
    code: String,
    has_paper: bool,
    taken: oneshot::Sender<Result<Taken, String>>,
}

impl Post {
    /// Nothing has come. What makes no sense is noted with the mail.
    pub fn new(mail: Arc<Mail>) -> Self {
        Self {
            rooms: Mutex::default(),
            mail,
        }
    }

    /// Has a dossier taken in at the unit that it is offered to; nothing of it where that was done with something else of it.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub async fn take_in(
        &self,
        line: &Line,
        journey: usize,
        offer: &Transfer,
    ) -> Result<Taken, String> {
        let way = (offer.from_unit_uid.clone(), offer.to_unit_uid.clone());
        let (taken, told) = oneshot::channel();
        let letter = Letter {
            came: clock::monotonic(),
            code: offer.dossier_code.clone(),
            has_paper: !offer.paper.is_empty(),
            taken,
        };
        if self.is_first(&way, letter) {
            tokio::time::sleep(GATHERED).await;
            self.scan(line, journey, &way).await;
        }
        told.await
            .unwrap_or_else(|_| Err("nobody scanned it".to_owned()))
    }

    /// Puts a letter to the others of its way; whether there is none, or whoever brought the first has given up.
    fn is_first(&self, way: &Way, letter: Letter) -> bool {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.entry(way.clone()).or_default();
        let is_first = room
            .first()
            .is_none_or(|first| first.came.elapsed() > 2 * GATHERED);
        room.push(letter);
        is_first
    }

    fn gathered(&self, way: &Way) -> Vec<Letter> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.remove(way).unwrap_or_default()
    }

    async fn scan(&self, line: &Line, journey: usize, way: &Way) {
        let letters = self.gathered(way);
        if letters.is_empty() {
            return;
        }
        let codes = letters.iter().map(|letter| letter.code.clone());
        let codes = codes.chain([NOBODYS.to_owned()]).collect();
        let taken = self.take_in_all(line, journey, way, codes).await;
        match taken {
            Ok((mut scanned, position)) => {
                for letter in letters {
                    let taken = self.taken(&letter, &mut scanned, position.as_deref());
                    // Whoever brought it may have given up.
                    let _ = letter.taken.send(taken);
                }
            }
            Err(reason) => {
                for letter in letters {
                    let _ = letter.taken.send(Err(reason.clone()));
                }
            }
        }
    }

    async fn take_in_all(
        &self,
        line: &Line,
        journey: usize,
        (from, to): &Way,
        codes: Vec<String>,
    ) -> Result<(Vec<ScannedDossier>, Option<String>), String> {
        let desk = cast::subject(to, "receptionist");
        let manifest = GetManifestRequest {
            from_unit_uid: from.clone(),
            to_unit_uid: to.clone(),
            ..GetManifestRequest::default()
        };
        let manifest = line.read(&desk, manifest).await?;
        let scan = BatchAcceptTransfersRequest {
            request_id: new_request_id(),
            unit_uid: to.clone(),
            from_unit_uid: from.clone(),
            manifest_made_at: manifest.made_at,
            dossier_codes: codes,
        };
        let taken = line.act(journey, &desk, None, scan).await?;
        let Reply {
            message, position, ..
        } = taken;
        let nobodys = message.scanned.iter();
        let mut nobodys = nobodys.filter(|scanned| scanned.dossier_code == NOBODYS);
        if nobodys.any(|scanned| scanned.refused != NOTHING_OFFERED) {
            self.mail.note(format!("{to} took in what is nobody's"));
        }
        Ok((message.scanned, position))
    }

    /// What was taken in of a letter, whose paper must stand on the manifest. Of several of one dossier the first has it all.
    fn taken(
        &self,
        letter: &Letter,
        scanned: &mut Vec<ScannedDossier>,
        position: Option<&str>,
    ) -> Result<Taken, String> {
        let mut all = scanned.iter();
        let Some(place) = all.position(|scanned| scanned.dossier_code == letter.code) else {
            return Ok(Taken::default());
        };
        let scanned = scanned.swap_remove(place);
        if !scanned.refused.is_empty() && scanned.refused != NOTHING_OFFERED {
            return Err(scanned.refused);
        }
        let is_missing = letter.has_paper && !scanned.on_manifest;
        if is_missing && !scanned.transfers.is_empty() {
            let odd = format!("{} has paper and is on no manifest", letter.code);
            self.mail.note(odd);
        }
        Ok(Taken {
            transfers: scanned.transfers,
            position: position.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::crowd::Crowd;
    use super::super::dice::Dice;
    use super::super::province::Province;
    use super::*;

    fn post() -> Post {
        let crowd = Crowd::of(&Province::read(), Dice::new(1));
        Post::new(Arc::new(Mail::new(Arc::new(crowd))))
    }

    fn way() -> Way {
        ("sender".to_owned(), "receiver".to_owned())
    }

    /// A letter that came so long ago, and whoever brought it.
    fn letter(code: &str, ago: Duration) -> (Letter, oneshot::Receiver<Result<Taken, String>>) {
        let (taken, told) = oneshot::channel();
        let came = clock::monotonic().checked_sub(ago);
        let letter = Letter {
            came: came.expect("the machine runs longer"),
            code: code.to_owned(),
            has_paper: false,
            taken,
        };
        (letter, told)
    }

    #[test]
    fn whoever_comes_first_scans_what_comes_meanwhile() {
        let post = post();
        let (first, _first) = letter("first", Duration::ZERO);
        let (second, _second) = letter("second", Duration::ZERO);
        assert!(post.is_first(&way(), first));
        assert!(!post.is_first(&way(), second));
        assert_eq!(post.gathered(&way()).len(), 2);
    }

    #[test]
    fn a_later_letter_scans_when_whoever_brought_the_first_has_given_up() {
        let post = post();
        let (first, first_told) = letter("first", 3 * GATHERED);
        let (second, _second) = letter("second", 2 * GATHERED);
        assert!(post.is_first(&way(), first));
        assert!(post.is_first(&way(), second), "the first was not scanned");
        drop(first_told);
        let gathered = post.gathered(&way());
        let codes: Vec<&str> = gathered.iter().map(|of| of.code.as_str()).collect();
        assert_eq!(codes, ["first", "second"], "nothing is left lying");
        // Nobody hears of the first any more, which keeps nobody else waiting.
        let heard = gathered
            .into_iter()
            .map(|of| of.taken.send(Ok(Taken::default())));
        let heard: Vec<bool> = heard.map(|sent| sent.is_ok()).collect();
        assert_eq!(heard, [false, true]);
    }
}
