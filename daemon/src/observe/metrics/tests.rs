use super::*;
use crate::domain::event::start;
use crate::plugin::{CallFigures, PluginObserver as _};

fn all_seen() -> Arc<Metrics> {
    let metrics = Metrics::new().unwrap();
    metrics.route("public", "/v1/oauth/token", "POST").observe(200, 0.002);
    let _open = metrics.connections("public").opened();
    metrics.set_signer_expiries(&[
        ("iaca", 100),
        ("document_signer", 50),
        ("status_list_signer", 70),
        ("sd_jwt_signer", 60),
    ]);
    metrics.set_status_levels(crate::domain::status::Levels::default());
    metrics.called("hr", "fetch", "ready", &CallFigures::default());
    metrics.requested("hr", "https://register.example", "2xx", 0.01);
    metrics.loaded("hr", "1.0.0", true, 0.002);
    metrics
}

/// Labels whose values are a contract too.
const LISTED: [&str; 4] = ["event", "format", "kind", "state"];

/// Family, type, help, label names and known values of each metric: what dashboards and alerts rely on.
fn contract(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines() {
        let labels = line.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).map_or("", |(labels, _)| labels);
        let pairs: Vec<_> = labels.split(',').filter_map(|pair| pair.split_once('=')).collect();
        let first = out.last().is_some_and(|last| last.starts_with('#'));
        if line.starts_with('#') {
            out.push(line.to_owned());
        } else if first {
            let names: Vec<_> = pairs.iter().map(|(name, _)| *name).filter(|name| *name != "le").collect();
            out.push(format!("labels: {}", if names.is_empty() { "none".into() } else { names.join(", ") }));
        }
        out.extend(
            pairs.iter().filter(|(name, _)| LISTED.contains(name)).map(|(name, value)| format!("  {name}={value}")),
        );
    }
    out.join("\n") + "\n"
}

#[test]
fn names_types_helps_and_labels_are_those_of_the_golden_file() {
    let metrics = all_seen();
    assert_eq!(contract(&metrics.render()), include_str!("golden.txt"), "a change here breaks dashboards");
}

#[test]
fn every_event_is_exported_at_zero_from_the_start() {
    let text = Metrics::new().unwrap().render();
    for operation in Operation::ALL {
        for phase in Phase::ALL {
            let line = format!("issuerd_analytics_events_total{{event=\"{}\"}} 0\n", operation.event(phase));
            assert!(text.contains(&line), "{line}");
        }
    }
}

#[test]
fn events_offers_and_credentials_are_counted() {
    let metrics = Metrics::new().unwrap();
    start(metrics.clone(), Operation::OpenidToken).succeed();
    metrics.offer(OfferChange::Locked);
    metrics.offers(OfferChange::Deleted, 3);
    metrics.credential_issued(CredentialFormat::MsoMdoc, 5);
    metrics.tx_code_failed();
    metrics.committed(8, 0.002);
    metrics.failed();
    metrics.set_ready(true);
    let text = metrics.render();
    for line in [
        "issuerd_analytics_events_total{event=\"OPENID_TOKEN_START\"} 1",
        "issuerd_analytics_events_total{event=\"OPENID_TOKEN_SUCCESS\"} 1",
        "issuerd_analytics_events_total{event=\"OPENID_TOKEN_FAIL\"} 0",
        "issuerd_offers_total{state=\"locked\"} 1",
        "issuerd_offers_total{state=\"deleted\"} 3",
        "issuerd_offers_total{state=\"created\"} 0",
        "issuerd_credentials_issued_total{format=\"mso_mdoc\"} 5",
        "issuerd_tx_code_failures_total 1",
        "issuerd_store_commits_total 1",
        "issuerd_store_commit_batches_bucket{le=\"8\"} 1",
        "issuerd_store_commit_batches_bucket{le=\"4\"} 0",
        "issuerd_store_failures_total 1",
        "issuerd_ready 1",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line} in\n{text}");
    }
}

#[test]
fn label_tables_follow_their_enums() {
    for (place, (change, _)) in OfferChange::ALL.iter().enumerate() {
        assert_eq!(*change as usize, place);
    }
    for (place, format) in CredentialFormat::ALL.iter().enumerate() {
        assert_eq!(*format as usize, place);
    }
    for (place, phase) in Phase::ALL.iter().enumerate() {
        assert_eq!(*phase as usize, place);
    }
}

#[test]
fn an_unknown_status_is_other_and_connections_are_counted_down() {
    let metrics = Metrics::new().unwrap();
    let meters = metrics.route("public", "/x", "GET");
    meters.observe(418, 0.1);
    meters.observe(404, 0.1);
    let connections = metrics.connections("public");
    let open = connections.opened();
    drop(connections.opened());
    connections.refused();
    let text = metrics.render();
    for line in [
        "issuerd_http_requests_total{listener=\"public\",method=\"GET\",route=\"/x\",status=\"other\"} 1",
        "issuerd_http_requests_total{listener=\"public\",method=\"GET\",route=\"/x\",status=\"404\"} 1",
        "issuerd_http_request_duration_seconds_count{listener=\"public\",route=\"/x\"} 2",
        "issuerd_connections{listener=\"public\"} 1",
        "issuerd_connections_accepted_total{listener=\"public\"} 2",
        "issuerd_connections_refused_total{listener=\"public\"} 1",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line} in\n{text}");
    }
    drop(open);
}

#[test]
fn a_signer_that_is_gone_is_not_exported() {
    let metrics = Metrics::new().unwrap();
    metrics.set_signer_expiries(&[("iaca", 100)]);
    metrics.set_signer_expiries(&[("document_signer", -5)]);
    let text = metrics.render();
    assert!(!text.contains("kind=\"iaca\""));
    assert!(text.contains("issuerd_signer_expiry_seconds{kind=\"document_signer\"} -5\n"));
}
