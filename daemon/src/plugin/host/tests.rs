use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::base::random::NoEntropy;
use crate::base::secret::hmac;
use crate::observe::log::Format;
use crate::observe::log::capture::Capture;
use crate::plugin::contract::claim_source::issuer::plugin::cache::{CacheError, Host as Cache};
use crate::plugin::contract::claim_source::issuer::plugin::clock::Host as Clock;
use crate::plugin::contract::claim_source::issuer::plugin::config::Host as Config;
use crate::plugin::contract::claim_source::issuer::plugin::http::{Host as Http, HttpError, Request, Response};
use crate::plugin::contract::claim_source::issuer::plugin::log::{Host as Log, Level};
use crate::plugin::contract::claim_source::issuer::plugin::random::Host as Random;
use crate::plugin::contract::claim_source::issuer::plugin::secrets::{Host as Secrets, SecretError};
use crate::plugin::grants::Granted;
use crate::plugin::grants::support::{House, Told, call};
use crate::plugin::room::{Outgoing, Outside, Room, Stage, Transcript};
use crate::plugin::secrets::Secrets as Kept;
use crate::plugin::settings::SecretUse;

fn house() -> House {
    House::new()
        .secret("seen", &[SecretUse::Reveal, SecretUse::Hmac], &[])
        .secret("hidden", &[SecretUse::Header], &[])
        .cache()
}

#[tokio::test]
async fn configuration_is_given_as_text() {
    let mut room = house().room();
    assert_eq!(
        Config::get(&mut room, "people_url".to_owned()).await.unwrap().unwrap(),
        "https://register.example/v1/people"
    );
    assert_eq!(Config::get(&mut room, "level".to_owned()).await.unwrap().unwrap(), "2");
    assert_eq!(Config::get(&mut room, "other".to_owned()).await.unwrap(), None);
    let all: serde_json::Value = serde_json::from_str(&Config::all(&mut room).await.unwrap()).unwrap();
    assert_eq!(all["level"], 2);
}

#[tokio::test]
async fn secrets_are_revealed_and_used_as_granted() {
    let mut room = house().room();
    assert_eq!(room.reveal("seen".to_owned()).await.unwrap(), Ok("value-of-seen".to_owned()));
    assert_eq!(room.reveal("hidden".to_owned()).await.unwrap(), Err(SecretError::NotRevealable));
    assert_eq!(room.reveal("other".to_owned()).await.unwrap(), Err(SecretError::NotGranted));
    let made = room.hmac_sha256("seen".to_owned(), b"data".to_vec()).await.unwrap().unwrap();
    assert_eq!(made, hmac(b"value-of-seen", &[b"data"]));
    assert_eq!(room.hmac_sha256("hidden".to_owned(), vec![]).await.unwrap(), Err(SecretError::NotGranted));
}

#[tokio::test]
async fn fishing_for_secrets_ends_after_a_while() {
    let mut room = house().room();
    for number in 0..32 {
        assert_eq!(room.reveal(format!("guess-{number}")).await.unwrap(), Err(SecretError::NotGranted));
    }
    assert_eq!(room.reveal("seen".to_owned()).await.unwrap(), Err(SecretError::Unavailable));
}

#[tokio::test]
async fn a_plugin_that_describes_itself_has_neither_secrets_nor_cache_nor_http() {
    let house = house().http("https://register.example", &["GET"], None, true);
    let granted = house.granted();
    let mut room = Room::new(granted.clone(), granted.outside(), Stage::Describe);
    assert_eq!(room.reveal("seen".to_owned()).await.unwrap(), Err(SecretError::NotGranted));
    assert_eq!(room.hmac_sha256("seen".to_owned(), vec![]).await.unwrap(), Err(SecretError::NotGranted));
    assert_eq!(room.set("key".to_owned(), vec![1], 60).await.unwrap(), Err(CacheError::NotGranted));
    assert_eq!(room.increment("key".to_owned(), 1, 60).await.unwrap(), Err(CacheError::NotGranted));
    assert_eq!(Cache::get(&mut room, "key".to_owned()).await.unwrap(), None);
    let request = Request {
        method: "GET".to_owned(),
        url: "https://register.example/".to_owned(),
        headers: vec![],
        body: None,
        timeout_ms: None,
    };
    assert!(matches!(room.send(request).await.unwrap(), Err(HttpError::Denied(_))));
    assert!(Config::get(&mut room, "level".to_owned()).await.unwrap().is_some());
}

#[tokio::test]
async fn what_one_call_keeps_another_finds() {
    let house = house();
    let granted = house.granted();
    let mut first = call(&granted, Duration::from_secs(5));
    first.set("key".to_owned(), b"value".to_vec(), 60).await.unwrap().unwrap();
    assert_eq!(first.increment("count".to_owned(), 2, 60).await.unwrap(), Ok(2));
    let mut second = call(&granted, Duration::from_secs(5));
    assert_eq!(Cache::get(&mut second, "key".to_owned()).await.unwrap().unwrap(), b"value");
    assert_eq!(second.increment("count".to_owned(), 1, 60).await.unwrap(), Ok(3));
    house.clock.advance(Duration::from_mins(1));
    assert_eq!(Cache::get(&mut second, "key".to_owned()).await.unwrap(), None);
    second.delete("count".to_owned()).await.unwrap();
    assert_eq!(second.increment("count".to_owned(), 1, 60).await.unwrap(), Ok(1));
    let mut without = House::new().room();
    assert_eq!(without.set("key".to_owned(), vec![], 60).await.unwrap(), Err(CacheError::NotGranted));
}

#[tokio::test]
async fn time_and_randomness_are_the_hosts_and_are_recorded() {
    let mut room = house().room().recording();
    assert_eq!(room.now().await.unwrap(), 1_700_000_000_000);
    let bytes = Random::bytes(&mut room, 4096).await.unwrap();
    assert!(bytes.len() == 4096 && bytes.iter().any(|byte| *byte != 0));
    assert!(Random::bytes(&mut room, 4097).await.is_err());
    let transcript = room.ending().transcript.unwrap();
    assert_eq!(transcript.now, [1_700_000_000_000]);
    assert_eq!(transcript.random, [bytes]);
}

fn logged(work: impl AsyncFnOnce(&mut Room), room: &mut Room) -> String {
    let capture = Capture::start("trace", Format::Json);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(work(room));
    capture.finish()
}

#[test]
fn a_log_line_names_the_plugin_and_hides_secrets() {
    let mut room = house().room();
    let lines = logged(
        async |room| {
            let fields =
                vec![("token".to_owned(), "value-of-hidden".to_owned()), ("n".to_owned(), "a\"b\n".to_owned())];
            room.write(Level::Warn, "sent value-of-seen\n{\"level\":\"forged\"}".to_owned(), fields).await.unwrap();
        },
        &mut room,
    );
    let line: serde_json::Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!((&line["level"], &line["plugin"], &line["version"]), (&"WARN".into(), &"hr".into(), &"1.0.0".into()));
    assert_eq!(line["said"], "sent ***\n{\"level\":\"forged\"}");
    assert_eq!(line["fields"], r#"token="***" n="a\"b\n""#);
    let ending = room.ending();
    assert_eq!(ending.last_log_lines.len(), 1);
    assert!(!ending.last_log_lines[0].contains("value-of"));
}

#[test]
fn a_flood_of_log_lines_is_dropped_counted_and_then_ended() {
    let house = house();
    let mut room = house.room();
    let lines = logged(
        async |room| {
            for _ in 0..1_064 {
                room.write(Level::Info, "x".repeat(10_000), vec![("y".repeat(5_000), "z".repeat(5_000))])
                    .await
                    .unwrap();
            }
            assert!(room.write(Level::Info, "once more".to_owned(), vec![]).await.is_err());
        },
        &mut room,
    );
    assert_eq!(lines.lines().count(), 64);
    assert!(lines.lines().all(|line| line.len() < 5_000));
    let ending = room.ending();
    assert_eq!((ending.kept, ending.dropped, ending.last_log_lines.len()), (64, 1_001, 8));
    assert_eq!(*house.told.lines.lock().unwrap(), [(64, 1_001)]);
}

/// Says again what a transcript holds.
struct Again(Mutex<Transcript>);

impl Outside for Again {
    fn now(&self) -> u64 {
        self.0.lock().unwrap().now.remove(0)
    }

    fn random(&self, _: usize) -> Result<Vec<u8>, NoEntropy> {
        Ok(self.0.lock().unwrap().random.remove(0))
    }

    fn http(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<Response, HttpError>> {
        let (asked, answer) = self.0.lock().unwrap().http.remove(0);
        assert_eq!(outgoing.asked, asked);
        Box::pin(async move { answer })
    }
}

#[tokio::test]
async fn a_recorded_call_is_heard_again_without_the_world() {
    let request = |url: &str| Request {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: vec![],
        body: None,
        timeout_ms: None,
    };
    let allowed = request("https://register.example/v1/people/7");
    let answer = Response { status: 200, headers: vec![], body: b"{}".to_vec() };
    let recorded = Transcript {
        now: vec![1, 2],
        random: vec![vec![7; 4]],
        http: vec![(allowed.clone(), Ok(answer.clone()))],
        ..Transcript::default()
    };
    let house = house().http("https://register.example", &["GET"], Some("/v1/people"), false);
    let secrets = Kept::made_up(&house.secrets, |_| "made up".to_owned());
    let world = Arc::new(Again(Mutex::new(recorded.clone())));
    let granted = Granted::in_world(&house.settings, &secrets, Arc::new(Told::default()), world).unwrap();
    let mut room = call(&Arc::new(granted), Duration::from_secs(5)).recording();
    assert_eq!(room.reveal("seen".to_owned()).await.unwrap(), Ok("made up".to_owned()));
    assert_eq!((room.now().await.unwrap(), room.now().await.unwrap()), (1, 2));
    assert_eq!(Random::bytes(&mut room, 4).await.unwrap(), [7; 4]);
    assert!(matches!(room.send(request("https://evil.example/")).await.unwrap(), Err(HttpError::Denied(_))));
    assert_eq!(room.send(allowed).await.unwrap(), Ok(answer));
    let transcript = room.ending().transcript.unwrap();
    assert_eq!((transcript.now, transcript.random), (recorded.now, recorded.random));
    assert_eq!((transcript.http.len(), transcript.secrets.len()), (2, 1));
}

#[tokio::test]
async fn a_store_can_be_filled_before_a_call() {
    let granted = house().granted();
    assert!(granted.keep("key", b"value".to_vec()) && !granted.keep("key", vec![0; 2_000]));
    let mut room = call(&granted, Duration::from_secs(5));
    assert_eq!(Cache::get(&mut room, "key".to_owned()).await.unwrap().unwrap(), b"value");
}

#[test]
fn a_room_is_all_that_both_worlds_import() {
    use wasmtime::component::{HasSelf, Linker};

    use crate::plugin::contract::{auth_hook::AuthHook, claim_source::ClaimSource};

    let engine = wasmtime::Engine::default();
    let mut linker = Linker::<Room>::new(&engine);
    ClaimSource::add_to_linker::<_, HasSelf<Room>>(&mut linker, |room| room).unwrap();
    let mut linker = Linker::<Room>::new(&engine);
    AuthHook::add_to_linker::<_, HasSelf<Room>>(&mut linker, |room| room).unwrap();
}
