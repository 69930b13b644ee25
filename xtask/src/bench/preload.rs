//! Stores open offers before a measurement.

use std::time::Instant;

use tokio::task::JoinSet;

use super::daemon::Target;
use super::http::{Connection, Sent};
use crate::Result;

/// Connections that store at the same time: large commit groups make this quick.
const CONNECTIONS: usize = 256;

/// Stores `count` open offers.
pub(super) async fn store(target: &Target, count: usize) -> Result {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for at in 0..CONNECTIONS {
        let share = count / CONNECTIONS + usize::from(at < count % CONNECTIONS);
        let target = target.clone();
        tasks.spawn(async move { store_share(&target, share).await.map_err(|error| error.to_string()) });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    eprintln!("stored {count} offers in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}

async fn store_share(target: &Target, share: usize) -> Result {
    let mut connection = Connection::open(&target.management).await?;
    for _ in 0..share {
        let request = Sent::json("/v1/openid/offers/pre-authorized", &target.offer).bearer(&target.token);
        connection.send(&request).await?.expect(200)?;
    }
    Ok(())
}
