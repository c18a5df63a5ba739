//! A TCP proxy that fails on demand: it cuts, resets, delays and swallows what it carries.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::{AbortHandle, JoinSet};

use crate::servers::free_port;

const CHUNK: usize = 16 * 1024;

/// One way, from a port of its own to a server.
pub struct Proxy {
    /// What it stands between.
    pub name: String,
    /// Where it listens.
    pub port: u16,
    target: Arc<AtomicU16>,
    delay: watch::Sender<Duration>,
    cut_off: watch::Sender<bool>,
    breaks: broadcast::Sender<Break>,
    listening: AbortHandle,
}

/// How the connections of now end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Closed in order.
    Cut,
    /// With a reset: what was under way is lost.
    Reset,
}

impl Proxy {
    /// Stands before the server at a port.
    pub async fn before(name: String, target: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.expect("a free port can be listened on");
        let (delay, cut_off) = (
            watch::Sender::new(Duration::ZERO),
            watch::Sender::new(false),
        );
        let breaks = broadcast::Sender::new(4);
        let target = Arc::new(AtomicU16::new(target));
        let way = Way {
            target: Arc::clone(&target),
            delay: delay.subscribe(),
            cut_off: cut_off.subscribe(),
            breaks: breaks.clone(),
        };
        let listening = tokio::spawn(way.listen(listener)).abort_handle();
        Self {
            name,
            port,
            target,
            delay,
            cut_off,
            breaks,
            listening,
        }
    }

    /// Ends all connections of now.
    pub fn end_all(&self, how: Break) {
        // Nobody listens where nothing is connected.
        let _ = self.breaks.send(how);
    }

    /// New connections go to another server from now on.
    pub fn lead_to(&self, target: u16) {
        self.target.store(target, Ordering::Release);
    }

    /// Holds every packet back for so long, until it is told otherwise.
    pub fn delay(&self, by: Duration) {
        self.delay.send_replace(by);
    }

    /// Lets nothing through in either direction until it is told otherwise, as a network does that has lost the other side: nobody
    /// is refused, nothing is answered, and what was sent meanwhile comes when the way is whole again.
    pub fn cut_off(&self, is: bool) {
        self.cut_off.send_replace(is);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

#[derive(Clone)]
struct Way {
    target: Arc<AtomicU16>,
    delay: watch::Receiver<Duration>,
    cut_off: watch::Receiver<bool>,
    breaks: broadcast::Sender<Break>,
}

impl Way {
    async fn listen(self, listener: TcpListener) {
        let mut carried = JoinSet::new();
        loop {
            if let Ok((inbound, _)) = listener.accept().await {
                carried.spawn(self.clone().carry(inbound));
            }
            while carried.try_join_next().is_some() {}
        }
    }

    async fn carry(self, mut inbound: TcpStream) {
        let mut breaks = self.breaks.subscribe();
        // A server that is away: the caller's connection is closed, too.
        let target = self.target.load(Ordering::Acquire);
        let Ok(mut outbound) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else {
            return;
        };
        let _ = (inbound.set_nodelay(true), outbound.set_nodelay(true));
        let (from_caller, to_caller) = inbound.split();
        let (from_server, to_server) = outbound.split();
        let both = async {
            tokio::join!(
                self.pump(from_caller, to_server),
                self.pump(from_server, to_caller)
            )
        };
        let how = tokio::select! {
            _ = both => return,
            how = breaks.recv() => how,
        };
        if how == Ok(Break::Reset) {
            let _ = (inbound.set_zero_linger(), outbound.set_zero_linger());
        }
    }

    async fn pump(
        &self,
        mut from: tokio::net::tcp::ReadHalf<'_>,
        mut to: tokio::net::tcp::WriteHalf<'_>,
    ) {
        let mut cut_off = self.cut_off.clone();
        let mut chunk = vec![0; CHUNK];
        while let Ok(read @ 1..) = from.read(&mut chunk).await {
            let by = *self.delay.borrow();
            if !by.is_zero() {
                tokio::time::sleep(by).await;
            }
            // The proxy is gone where nobody says any more whether the way is whole.
            if cut_off.wait_for(|cut| !cut).await.is_err()
                || to.write_all(&chunk[..read]).await.is_err()
            {
                break;
            }
        }
        let _ = to.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(200);

    async fn heard(listener: &mut TcpStream) -> Option<u8> {
        tokio::time::timeout(SOON, listener.read_u8())
            .await
            .ok()?
            .ok()
    }

    #[tokio::test]
    async fn what_is_sent_while_the_way_is_cut_off_comes_when_it_is_whole_again() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let target = server.local_addr().unwrap().port();
        let proxy = Proxy::before("a way".to_owned(), target).await;
        let caller = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port));
        let (mut caller, accepted) = (caller.await.unwrap(), server.accept().await);
        let mut other = accepted.unwrap().0;
        caller.write_u8(1).await.unwrap();
        assert_eq!(heard(&mut other).await, Some(1));
        proxy.cut_off(true);
        caller.write_u8(2).await.unwrap();
        other.write_u8(3).await.unwrap();
        assert_eq!(heard(&mut other).await, None);
        assert_eq!(heard(&mut caller).await, None);
        proxy.cut_off(false);
        assert_eq!(heard(&mut other).await, Some(2));
        assert_eq!(heard(&mut caller).await, Some(3));
    }
}
