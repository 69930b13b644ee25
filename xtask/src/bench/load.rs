//! Drives all wallets at once and measures a window of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;
use tokio::time::sleep;

use super::Options;
use super::code::CodeWallet;
use super::daemon::{Daemon, Target};
use super::http::{Connection, Sent};
use super::process;
use super::stats::{Commits, Run, Steps};
use super::wallet::{Claimer, Wallet};
use crate::Result;

/// After so many failures a run says what it has and ends: more of the same tells nothing.
const MOST_ERRORS: usize = 100;

/// What the wallets share.
#[derive(Default)]
struct Shared {
    measuring: Cell<bool>,
    over: Cell<bool>,
    steps: RefCell<Steps>,
    errors: RefCell<Vec<String>>,
}

/// One measurement of wallets that claim offers, with `stored` open ones in the store.
pub(super) async fn run(daemon: &Daemon, target: &Target, options: &Options, stored: usize) -> Result<Run> {
    let mut wallets = Vec::with_capacity(options.wallets);
    for _ in 0..options.wallets {
        wallets.push(Wallet::new(target).await?);
    }
    Ok(Run { stored, ..drive(daemon, target, options, wallets).await? })
}

/// One measurement of wallets that send people to log in.
pub(super) async fn run_logins(daemon: &Daemon, target: &Target, options: &Options) -> Result<Run> {
    let mut wallets = Vec::with_capacity(options.wallets);
    for number in 0..options.wallets {
        wallets.push(CodeWallet::new(target, number).await?);
    }
    drive(daemon, target, options, wallets).await
}

async fn drive<W: Claimer + 'static>(
    daemon: &Daemon,
    target: &Target,
    options: &Options,
    wallets: Vec<W>,
) -> Result<Run> {
    let mut metrics = Connection::open(&target.management).await?;
    let shared = Rc::new(Shared::default());
    let local = LocalSet::new();
    let claiming: Vec<_> =
        wallets.into_iter().map(|wallet| local.spawn_local(claim(wallet, Rc::clone(&shared)))).collect();
    let run = async {
        sleep(Duration::from_secs(options.warm_up)).await;
        let before = (Instant::now(), daemon.cpu_time()?, own_cpu_time()?, commits(&mut metrics).await?);
        shared.measuring.set(true);
        sleep(options.window()).await;
        shared.measuring.set(false);
        let (took, cpu) = (before.0.elapsed(), daemon.cpu_time()?.saturating_sub(before.1));
        let client_cpu = own_cpu_time()?.saturating_sub(before.2);
        let commits = commits(&mut metrics).await?.since(&before.3);
        shared.over.set(true);
        for wallet in claiming {
            wallet.await?;
        }
        Result::Ok((took, cpu, client_cpu, commits))
    };
    let (took, cpu, client_cpu, commits) = local.run_until(run).await?;
    let names = W::STEPS;
    Ok(Run {
        names,
        stored: 0,
        took,
        cpu,
        client_cpu,
        commits,
        steps: shared.steps.take(),
        errors: shared.errors.take(),
    })
}

fn own_cpu_time() -> Result<Duration> {
    process::cpu_time(std::process::id())
}

async fn claim<W: Claimer>(mut wallet: W, shared: Rc<Shared>) {
    while !shared.over.get() {
        let claimed = wallet.claim().await;
        if !shared.measuring.get() && claimed.is_ok() {
            continue;
        }
        match claimed {
            Ok(times) => shared.steps.borrow_mut().add(times),
            Err(error) => shared.errors.borrow_mut().push(error.to_string()),
        }
        if shared.errors.borrow().len() >= MOST_ERRORS {
            break;
        }
    }
}

async fn commits(metrics: &mut Connection) -> Result<Commits> {
    Commits::read(metrics.send(&Sent::get("/metrics")).await?.expect(200)?)
}
