//! Which path and method is answered, and what another one is told.

use axum::http::{StatusCode, header};

use super::super::audience::Audience;
use super::super::{operator, wallet, *};
use super::support::*;

// HTP-9110-01
#[tokio::test]
async fn another_method_is_405_with_the_methods_of_the_path_and_no_event() {
    let bench = bench(Audience::Wallet, "");
    for (method, path, allow) in [
        ("GET", "/echo", "POST, OPTIONS"),
        ("HEAD", "/echo", "POST, OPTIONS"),
        ("POST", "/items/1", "GET, DELETE, HEAD, OPTIONS"),
        ("FROB", "/echo", "POST, OPTIONS"),
    ] {
        let response = bench.send(method, path, "").await;
        assert_eq!(
            (response.status(), &response.headers()[header::ALLOW]),
            (StatusCode::METHOD_NOT_ALLOWED, &allow.parse().unwrap())
        );
        if method != "HEAD" {
            refused(response, Audience::Wallet, 405, "invalid_request").await;
        }
    }
    assert!(bench.event("OPENID_TOKEN_START", 0));
    assert!(
        bench.counts(
            "issuerd_http_requests_total{listener=\"public\",method=\"other\",route=\"/echo\",status=\"405\"} 1"
        )
    );
    let operator = super::support::bench(Audience::Operator, "");
    let response = operator.send("OPTIONS", "/echo", "").await;
    assert_eq!(response.headers()[header::ALLOW], "POST");
    refused(response, Audience::Operator, 405, "MethodNotAllowed").await;
}

#[tokio::test]
async fn an_unknown_path_is_404_and_named_nowhere() {
    for (audience, code) in [(Audience::Wallet, "invalid_request"), (Audience::Operator, "NotFound")] {
        let bench = bench(audience, "");
        refused(bench.send("GET", "/secret-reference", "").await, audience, 404, code).await;
        let text = bench.metrics.render();
        assert!(text.contains("route=\"unmatched\",status=\"404\"} 1") && !text.contains("secret-reference"), "{text}");
    }
}

// VCI-12.2.2-01, VCI-12.2.2-02, VCI-12.2.2-03, VCI-12.2.2-12, VCI-12.2.2-13, VCI-12.2.1-01, ASM-3-01
#[tokio::test]
async fn well_known_documents_go_between_host_and_path_and_nowhere_else() {
    let bench = bench(Audience::Wallet, "/tenant/a");
    for (path, status) in [
        ("/.well-known/x/tenant/a", 200),
        ("/tenant/a/.well-known/x", 200),
        ("/.well-known/x", 404),
        ("/.well-known/x/", 404),
        ("/.well-known/x/nope", 404),
        ("/.well-known/x/tenant/a/", 404),
        ("/.well-known/x/Tenant/a", 404),
        ("/echo", 404),
    ] {
        assert_eq!(bench.send("GET", path, "").await.status(), status, "{path}");
        assert_eq!(bench.send("HEAD", path, "").await.status(), status, "{path}");
    }
    assert_eq!(bench.send("POST", "/tenant/a/echo", "x").await.status(), 200);
}

#[tokio::test]
async fn an_issuer_path_with_the_signs_of_the_router_is_taken_as_it_is() {
    for prefix in ["/{a}", "/:b", "/*c", "/%7Bd%7D"] {
        let bench = bench(Audience::Wallet, prefix);
        assert_eq!(bench.send("POST", &format!("{prefix}/echo"), "x").await.status(), 200, "{prefix}");
        assert_eq!(bench.send("POST", "/other/echo", "x").await.status(), 404, "{prefix}");
    }
}

// HTP-JSON-01
#[tokio::test]
async fn what_an_extractor_refuses_is_refused_in_the_form_of_the_audience() {
    let wallet = bench(Audience::Wallet, "");
    let operator = bench(Audience::Operator, "");
    for path in ["/items/%ff", "/items/1?limit=many"] {
        refused(wallet.send("GET", path, "").await, Audience::Wallet, 400, "invalid_request").await;
        refused(operator.send("GET", path, "").await, Audience::Operator, 400, "BadRequest").await;
    }
    assert_eq!(operator.send("GET", "/items/1?limit=5", "").await.status(), 200);
}

/// Every endpoint with its operation. A row without one (`-`) is a probe.
#[tokio::test]
async fn the_tables_are_those_of_the_golden_file_and_no_two_rows_collide() {
    let edge = edge(&Metrics::new().unwrap());
    let (public, nested) = (wallet::table(edge.clone(), "", 20), wallet::table(edge.clone(), "/acme", 20));
    let (pages, nested_pages) = (browser::table(edge.clone(), ""), browser::table(edge.clone(), "/acme"));
    let management = operator::table(edge);
    let mut rows = vec!["# public".to_owned()];
    rows.extend(public.rows());
    rows.push("# public, of an issuer with the path /acme".to_owned());
    rows.extend(nested.rows());
    rows.push("# public, for browsers".to_owned());
    rows.extend(pages.rows());
    rows.push("# management".to_owned());
    rows.extend(management.rows());
    assert_eq!(rows.join("\n") + "\n", include_str!("../golden.txt"));
    // The router panics on rows that collide.
    let public = public.build().merge(pages.build_rows());
    let nested = nested.build().merge(nested_pages.build_rows());
    drop((public, nested, management.build()));
}
