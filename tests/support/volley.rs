use std::net::SocketAddr;

use crate::{Answer, Connection, Request};

/// Open connections over which requests arrive as nearly at once as a client can make them: all but the last byte of every request
/// is sent first, then the last bytes one after the other.
#[derive(Debug)]
pub struct Volley {
    connections: Vec<Connection>,
    address: SocketAddr,
}

impl Volley {
    /// Opens `size` connections.
    #[track_caller]
    pub fn open(address: SocketAddr, size: usize) -> Self {
        Self { connections: (0..size).map(|_| Connection::open(address)).collect(), address }
    }

    /// Sends one request over each connection, and returns the answers in the order of the requests. `between` runs when half of the
    /// last bytes are sent.
    #[track_caller]
    pub fn fire_around<T>(&mut self, requests: &[Request], between: impl FnOnce() -> T) -> (Vec<Answer>, T) {
        assert!(requests.len() <= self.connections.len());
        let bytes: Vec<_> = requests.iter().map(|request| request.bytes(self.address)).collect();
        for (connection, bytes) in self.connections.iter_mut().zip(&bytes) {
            connection.write(&bytes[..bytes.len() - 1]).unwrap();
        }
        let half = bytes.len() / 2;
        let mut finish = |from: usize, to: usize| {
            for (connection, bytes) in self.connections[from..to].iter_mut().zip(&bytes[from..to]) {
                connection.write(&bytes[bytes.len() - 1..]).unwrap();
            }
        };
        finish(0, half);
        let done = between();
        finish(half, bytes.len());
        let answers =
            self.connections.iter_mut().take(bytes.len()).map(|connection| connection.read(false).unwrap()).collect();
        (answers, done)
    }

    /// Sends one request over each connection, and returns the answers in the order of the requests.
    #[track_caller]
    pub fn fire(&mut self, requests: &[Request]) -> Vec<Answer> {
        self.fire_around(requests, || ()).0
    }
}
