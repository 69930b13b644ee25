//! Status lists as verifiers load them, and as operators keep them.

use issuerd_tests::certificate::Certificate;
use issuerd_tests::configurations::{changed, diploma};
use issuerd_tests::management::details;
use issuerd_tests::offer::path;
use issuerd_tests::prometheus::event;
use issuerd_tests::status::{STATUS_LISTS, StatusList, reference};
use issuerd_tests::wait::until;
use issuerd_tests::{Answer, Daemon, HolderKey, Request};
use serde_json::json;

const CWT: &str = "application/statuslist+cwt";
const JWT: &str = "application/statuslist+jwt";

fn load(daemon: &Daemon, uri: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(Request::get(&path(uri)), |request, (name, value)| request.header(name, value));
    daemon.wallet().send(&request)
}

fn iaca(daemon: &Daemon) -> Certificate {
    daemon.management().iaca()
}

// TSL-8.2-01, TSL-8.1-01, TSL-8.1-02, SEC-STAT-02
#[test]
fn tsl_8_2_01_accept_chooses_the_form_and_everybody_gets_the_same() {
    let daemon = Daemon::start();
    let (mdoc, _) = daemon.issue(&daemon.revocable("org.example.card"), 1).remove(0);
    let (uri, _) = reference(&mdoc);
    for (accept, expected) in [
        (None, CWT),
        (Some("*/*"), CWT),
        (Some(CWT), CWT),
        (Some(JWT), JWT),
        (Some("application/statuslist+cwt;q=0.1, application/statuslist+jwt"), JWT),
        (Some("application/json"), CWT),
    ] {
        let headers: Vec<_> =
            accept.map(|accept| ("Accept", accept)).into_iter().chain([("Origin", "https://reader.example")]).collect();
        let answer = load(&daemon, &uri, &headers).expect(200);
        assert_eq!(answer.media_type(), expected, "{accept:?}");
        assert!(answer.header("set-cookie").is_none());
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("vary"), Some("Accept, Accept-Encoding"));
        assert!(
            answer.lists("cache-control", "max-age=3600") && answer.lists("cache-control", "public"),
            "{:?}",
            answer.headers
        );
    }
    let [first, second] = [1, 2].map(|_| load(&daemon, &uri, &[]).expect(200));
    assert_eq!((&first.body, first.header("etag")), (&second.body, second.header("etag")));
}

// TSL-8.2-02, TSL-8.2-03, SEC-CACHE-01
#[test]
fn tsl_8_2_02_the_jwt_is_zipped_on_request_and_each_form_has_a_tag_of_its_own() {
    let daemon = Daemon::start();
    let (mdoc, _) = daemon.issue(&daemon.revocable("org.example.card"), 1).remove(0);
    let (uri, _) = reference(&mdoc);
    let plain = load(&daemon, &uri, &[("Accept", JWT)]).expect(200);
    let zipped = load(&daemon, &uri, &[("Accept", JWT), ("Accept-Encoding", "br;q=1, gzip;q=0.5")]).expect(200);
    assert_eq!((plain.header("content-encoding"), zipped.header("content-encoding")), (None, Some("gzip")));
    let mut unzipped = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(zipped.body.as_slice()), &mut unzipped).unwrap();
    assert_eq!(unzipped, plain.text());
    StatusList::from_jwt(&unzipped, &iaca(&daemon));
    for refused in ["identity", "gzip;q=0", ""] {
        let answer = load(&daemon, &uri, &[("Accept", JWT), ("Accept-Encoding", refused)]).expect(200);
        assert_eq!(answer.header("content-encoding"), None, "{refused}");
    }
    let cwt = load(&daemon, &uri, &[("Accept-Encoding", "gzip")]).expect(200);
    assert_eq!(cwt.header("content-encoding"), None);
    let tags: std::collections::BTreeSet<_> =
        [&plain, &zipped, &cwt].map(|answer| answer.header("etag").unwrap()).into();
    assert_eq!(tags.len(), 3);
    let known = load(&daemon, &uri, &[("Accept", JWT), ("If-None-Match", plain.header("etag").unwrap())]).expect(304);
    assert!(known.body.is_empty());
    load(&daemon, &uri, &[("If-None-Match", plain.header("etag").unwrap())]).expect(200);
    let head = daemon.wallet().send(&Request::new("HEAD", &path(&uri))).expect(200);
    assert!(head.body.is_empty());
}

// TSL-8.4-01, TSL-11-01, SEC-NUM-01, SEC-TENANT-01
#[test]
fn tsl_8_4_01_what_is_not_there_is_said() {
    let daemon = Daemon::start();
    let (mdoc, _) = daemon.issue(&daemon.revocable("org.example.card"), 1).remove(0);
    let (uri, _) = reference(&mdoc);
    for time in ["1", "1795392000", "99999999999999999999999", "-1", "x", ""] {
        load(&daemon, &format!("{uri}?time={time}"), &[]).expect(501);
    }
    load(&daemon, &format!("{uri}?other=1"), &[]).expect(200);
    for id in ["11111111-2222-3333-4444-555555555555", "x", "..", "%2e%2e", "configurations"] {
        let answer = daemon.wallet().get(&format!("{STATUS_LISTS}/{id}/token"));
        assert_eq!(answer.status, 404, "{id}: {}", answer.text());
    }
    daemon.wallet().send(&Request::post(&path(&uri))).expect(405);
    daemon.wallet().get(STATUS_LISTS).expect(404);
}

// TSL-9.3-01, TSL-4.2-02
#[test]
fn tsl_9_3_01_the_distribution_names_every_list_and_each_loads() {
    let daemon = Daemon::start();
    let none = daemon.wallet().get(&format!("{STATUS_LISTS}/distribution")).expect(200);
    assert_eq!((none.json(), none.media_type().as_str()), (json!({ "status_lists": [] }), "application/json"));
    let mut uris: Vec<_> = ["org.example.card", "org.example.club"]
        .map(|doc_type| reference(&daemon.issue(&daemon.revocable(doc_type), 1)[0].0).0)
        .into();
    uris.sort();
    let answer = daemon.wallet().get(&format!("{STATUS_LISTS}/distribution")).expect(200).json();
    let mut named: Vec<_> =
        answer["status_lists"].as_array().unwrap().iter().map(|uri| uri.as_str().unwrap()).collect();
    named.sort_unstable();
    assert_eq!(named, uris);
    for uri in &uris {
        let list = daemon.status_list(uri);
        assert_eq!(path(&list.aggregation_uri), format!("{STATUS_LISTS}/distribution"));
        assert_eq!(list, daemon.status_list_jwt(uri));
    }
    let metrics = daemon.management().metrics();
    assert_eq!(event(&metrics, "MOBILE_CREDENTIAL_STATUS_LIST_DISTRIBUTION_SUCCESS"), 2);
    assert!(event(&metrics, "MOBILE_CREDENTIAL_STATUS_LIST_TOKEN_RETRIEVE_SUCCESS") >= 4);
}

// TSL-12.5-02: a list that is full is followed by the next, opened before.
#[test]
fn the_next_list_is_opened_in_time_and_the_full_one_stays() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let small = json!({ "docType": "org.example.card", "timeToLiveDuration": {"seconds": 30}, "expiryDuration": {"hours": 1}, "listSize": 100 });
    let made = management.post(&format!("{STATUS_LISTS}/configurations"), &small).expect(201).json();
    let configuration = daemon.revocable("org.example.card");
    let mut issued = Vec::new();
    for _ in 0..4 {
        issued.extend(daemon.issue(&configuration, 20));
    }
    assert_eq!(management.list(STATUS_LISTS).len(), 1);
    issued.extend(daemon.issue(&configuration, 14));
    let lists = until("the next list", || Some(management.list(STATUS_LISTS)).filter(|lists| lists.len() == 2));
    issued.extend(daemon.issue(&configuration, 20));
    assert_eq!(management.list(STATUS_LISTS).len(), 2);
    for list in &lists {
        assert_eq!((&list["listSize"], &list["statusListConfigurationId"]), (&json!(100), &made["id"]));
        let one = management.get(&format!("{STATUS_LISTS}/{}", list["id"].as_str().unwrap())).expect(200).json();
        assert_eq!(one["uri"], list["uri"]);
    }
    let places: std::collections::BTreeSet<_> = issued.iter().map(|(mdoc, _)| reference(mdoc)).collect();
    assert_eq!(
        (places.len(), places.iter().map(|(uri, _)| uri).collect::<std::collections::BTreeSet<_>>().len()),
        (114, 2)
    );
    for (mdoc, id) in [&issued[0], &issued[113]] {
        daemon.set_status(id, "invalid").expect(201);
        daemon.until_published(mdoc, 1);
    }
    let refused = management
        .delete(&format!("{STATUS_LISTS}/configurations/{}", made["id"].as_str().unwrap()))
        .expect(400)
        .json();
    assert_eq!(refused["message"], "Status list configuration is in use by at least one status list");
}

#[test]
fn configurations_follow_the_rules_of_the_reference() {
    let daemon = Daemon::start();
    let management = daemon.management();
    let all = format!("{STATUS_LISTS}/configurations");
    let body =
        json!({ "docType": "org.example.card", "timeToLiveDuration": {"hours": 1}, "expiryDuration": {"days": 2} });
    let made = management.post(&all, &body).expect(201).json();
    assert_eq!((&made["docType"], &made["bits"], &made["listSize"]), (&body["docType"], &json!(1), &json!(1_000_000)));
    let one = format!("{all}/{}", made["id"].as_str().unwrap());
    assert_eq!(management.get(&one).expect(200).json(), made);
    assert_eq!(management.list(&all), std::slice::from_ref(&made));
    assert_eq!(details(&management.post(&all, &body))[0].0, "docType");
    let over = json!({ "timeToLiveDuration": {"days": 3}, "expiryDuration": {"days": 2} });
    assert_eq!(details(&management.put(&one, &over))[0].0, "timeToLiveDuration");
    let changed = management
        .put(&one, &json!({ "timeToLiveDuration": {"seconds": 5}, "expiryDuration": {"minutes": 10} }))
        .expect(200)
        .json();
    assert_eq!(changed["timeToLiveDuration"], json!({"seconds": 5}));
    let (mdoc, _) = daemon.issue(&daemon.revocable("org.example.card"), 1).remove(0);
    let list = daemon.status_list(&reference(&mdoc).0);
    assert_eq!((list.times[2], list.times[1] - list.times[0]), (5, 600));
    // TSL-5-01: signed anew although nothing has changed.
    until("a new signature", || Some(daemon.status_list(&list.uri)).filter(|now| now.times[0] > list.times[0]));
    management.get(&format!("{all}/11111111-2222-3333-4444-555555555555")).expect(404);
    management.delete(&format!("{all}/11111111-2222-3333-4444-555555555555")).expect(404);
    let spare = management
        .post(&all, &json!({ "docType": "x", "timeToLiveDuration": {"hours": 1}, "expiryDuration": {"days": 2} }))
        .expect(201)
        .json();
    management.delete(&format!("{all}/{}", spare["id"].as_str().unwrap())).expect(204);
    // An mDL of the standard's docType has lists, too.
    daemon.wallet().metadata();
}

#[test]
fn lists_of_sd_jwt_vcs_are_kept_in_the_same_way() {
    const LISTS: &str = "/v2/credentials/sd-jwt/status-lists";
    let daemon = Daemon::start();
    let management = daemon.management();
    let all = format!("{LISTS}/configurations");
    let body = json!({
        "vct": "urn:example:diploma", "timeToLiveDuration": {"hours": 1}, "expiryDuration": {"days": 2}, "bits": 2, "listSize": 500,
    });
    assert_eq!(details(&management.post(&all, &json!({ "docType": "x" })))[0].0, "vct");
    let made = management.post(&all, &body).expect(201).json();
    let one = format!("{all}/{}", made["id"].as_str().unwrap());
    assert_eq!((management.get(&one).expect(200).json(), &made["vct"]), (made.clone(), &body["vct"]));
    // Each format knows its own.
    management.get(&format!("{STATUS_LISTS}/configurations/{}", made["id"].as_str().unwrap())).expect(404);
    assert!(management.list(&format!("{STATUS_LISTS}/configurations")).is_empty());
    let configuration = management.create_sd_jwt(&changed(diploma("urn:example:diploma"), "/includeStatus", true));
    let offer = management.offer_of(&configuration, &json!({ "name": "Mika Sommer" }));
    let credential = daemon.wallet().claim_sd_jwt(&offer, &[HolderKey::es256()]).remove(0);
    let reference = &credential.payload["status"]["status_list"];
    let [list] = management.list(LISTS).try_into().unwrap();
    assert_eq!((&list["uri"], &list["listSize"], &list["bits"]), (&reference["uri"], &json!(500), &json!(2)));
    assert_eq!(list["statusListConfigurationId"], made["id"]);
    let id = management.list("/v2/credentials/sd-jwt")[0]["id"].as_str().unwrap().to_owned();
    let status = format!("/v2/credentials/sd-jwt/{id}/status");
    management.post(&status, &json!({ "status": "suspended" })).expect(201);
    let path_of_list = format!("{LISTS}/{}", list["id"].as_str().unwrap());
    let index = u32::try_from(reference["idx"].as_u64().unwrap()).unwrap();
    until("the suspension is published", || {
        let shown = management.get(&path_of_list).expect(200).json();
        let list = StatusList::from_jwt(shown["list"].as_str()?, &iaca(&daemon));
        (list.at(index) == 2).then_some(())
    });
    management.delete(&one).expect(400);
}
