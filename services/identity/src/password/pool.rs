//! Where hashes are made: on a few threads of their own at the lowest priority, so that a flood of sign-ins takes only the time
//! that nothing else wants.

use std::io;
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use thread_priority::ThreadPriority;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{Hash, Memory, Password, Unique};

/// How many sign-ins wait for a thread before another is refused: about a second's work of one core.
const WAITING: usize = 64;

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// Threads that make hashes, as many as there are cores. They end with the last handle.
///
/// Fewer take more from others: with one on two cores the scheduler crowds everything else onto the core that looks free, and a
/// flood costs readers of the catalogue 19 % of their rate, where two cost 4 % (medians of six rounds in turn).
#[derive(Clone)]
pub struct Pool {
    jobs: Sender<Job>,
    places: Arc<Semaphore>,
}

/// A place among those that wait, held until it is dropped.
pub struct Place {
    jobs: Sender<Job>,
    _place: OwnedSemaphorePermit,
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn start() -> io::Result<Self> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let waiting = Arc::clone(&waiting);
            let named = thread::Builder::new().name("passwords".to_owned());
            named.spawn(move || work(&waiting))?;
        }
        Ok(Self {
            jobs,
            places: Arc::new(Semaphore::new(WAITING)),
        })
    }

    /// A place, or `None` when all are taken.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Place {
            jobs: self.jobs.clone(),
            _place: place,
        })
    }
}

impl Place {
    /// Whether a password is the one that is kept.
    pub async fn verify(&self, password: Password, hash: Hash) -> bool {
        let verified = self.run(move |memory| memory.verify(&password, &hash));
        verified.await.unwrap_or(false)
    }

    /// The hash of a password; `None` when it could not be made.
    pub async fn hash(&self, password: Password, salt: Unique) -> Option<Hash> {
        let hashed = self.run(move |memory| memory.hash(&password, salt));
        hashed.await.flatten()
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Option<T> {
        let (done, answer) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            // Whoever has gone meanwhile costs nothing more.
            if !done.is_closed() {
                let _ = done.send(job(memory));
            }
        });
        self.jobs.send(job).ok()?;
        answer.await.ok()
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    if let Err(error) = thread_priority::set_current_thread_priority(ThreadPriority::Min) {
        tracing::warn!(?error, "passwords are checked at the usual priority");
    }
    let mut memory = Memory::default();
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        // Nobody can ask any more.
        let Ok(job) = next else { return };
        job(&mut memory);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread::ThreadId;

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn no_more_wait_than_there_are_places_and_a_place_that_is_left_is_free() {
        let pool = Pool::start().unwrap();
        let mut places: Vec<Place> = (0..WAITING).map(|_| pool.place().unwrap()).collect();
        assert!(pool.place().is_none());
        places.pop();
        assert!(pool.place().is_some());
    }

    #[tokio::test]
    async fn hashes_are_made_beside_the_runtime() {
        let pool = Pool::start().unwrap();
        let place = pool.place().unwrap();
        let password = Password::random();
        let hash = place
            .hash(password.clone(), Unique::random())
            .await
            .unwrap();
        assert!(place.verify(password, hash.clone()).await);
        assert!(!place.verify(Password::random(), hash).await);
    }

    #[tokio::test]
    async fn no_more_threads_make_hashes_than_there_are_cores() {
        let cores = thread::available_parallelism().unwrap().get();
        let pool = Pool::start().unwrap();
        let many = (4 * cores).min(WAITING);
        let places: Vec<Place> = (0..many).map(|_| pool.place().unwrap()).collect();
        let on_which = |memory: &mut Memory| {
            let hash = memory.hash(&Password::random(), Unique::random());
            hash.map(|_| thread::current().id())
        };
        let made = join_all(places.iter().map(|place| place.run(on_which))).await;
        let made: Vec<ThreadId> = made.into_iter().flatten().flatten().collect();
        assert_eq!(made.len(), many);
        let threads: HashSet<ThreadId> = made.into_iter().collect();
        assert!(threads.len() <= cores, "{threads:?}");
        assert!(!threads.contains(&thread::current().id()));
    }
}
