//! Clients, documents and keys.

use super::super::StoreError;
use super::super::client::Client;
use super::super::tables::TRUST;
use super::*;

fn client(id: &str) -> Client {
    Client { id: id.into(), name: "console".into(), role: "admin".into(), secret: [9; 32], created_at: start().now() }
}

#[tokio::test]
async fn clients_are_added_listed_and_removed_once() {
    let bench = on_memory();
    for id in ["b", "a"] {
        bench.store.client_put(&client(id)).await.unwrap();
    }
    let all = bench.store.client_list().await.unwrap();
    assert_eq!(
        all.iter().map(|client| (client.id.as_str(), client.secret)).collect::<Vec<_>>(),
        [("a", [9; 32]), ("b", [9; 32])]
    );
    assert!(bench.store.client_remove("a").await.unwrap());
    assert!(!bench.store.client_remove("a").await.unwrap());
    assert_eq!(bench.store.client_list().await.unwrap().len(), 1);
    assert!(!format!("{:?}", client("a")).contains('9'), "no secret in a debug print");
}

#[tokio::test]
async fn a_document_is_replaced_only_by_who_read_it_last() {
    let bench = on_memory();
    let id = uuid();
    assert!(bench.store.document_put(TRUST, id, &json!({ "n": 1 }), None).await.unwrap());
    assert!(!bench.store.document_put(TRUST, id, &json!({ "n": 2 }), None).await.unwrap());
    let (_, version) = bench.store.document_find::<Value>(TRUST, id).await.unwrap().unwrap();
    assert!(bench.store.document_put(TRUST, id, &json!({ "n": 3 }), Some(version)).await.unwrap());
    assert!(!bench.store.document_put(TRUST, id, &json!({ "n": 4 }), Some(version)).await.unwrap());
    let all = bench.store.document_list::<Value>(TRUST).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0].0.0, all[0].1.as_slice()), (&json!({ "n": 3 }), id.as_bytes().as_slice()));
    assert!(bench.store.document_delete(TRUST, id).await.unwrap());
    assert!(!bench.store.document_delete(TRUST, id).await.unwrap());
}

#[tokio::test]
async fn more_documents_than_a_page_are_all_listed() {
    let bench = on_memory();
    for number in 0..1_203_u128 {
        assert!(bench.store.document_put(TRUST, Uuid::from_u128(number), &number.to_string(), None).await.unwrap());
    }
    let all = bench.store.document_list::<String>(TRUST).await.unwrap();
    let numbers: Vec<_> = all.iter().map(|((text, _), _)| text.parse::<u128>().unwrap()).collect();
    assert_eq!(numbers, (0..1_203).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_daemon_key_is_made_once_and_bound_to_its_name() {
    let bench = on_memory();
    let ensure = async |name, byte| {
        bench.store.key_ensure(name, || Ok::<_, StoreError>(Secret::new(vec![byte; 4]))).await.unwrap()
    };
    assert_eq!(ensure("access", 1).await.expose(), [1; 4]);
    assert_eq!(ensure("access", 2).await.expose(), [1; 4]);
    assert_eq!(ensure("nonce", 3).await.expose(), [3; 4]);
    let sealed = bench.store.seal_key("here", &Secret::new(vec![1])).unwrap();
    assert_eq!(bench.store.open_key("here", &sealed).unwrap().expose(), [1]);
    assert!(bench.store.open_key("there", &sealed).is_err());
    assert_ne!(bench.store.derive_key("a"), bench.store.derive_key("b"));
}

#[test]
fn secrets_do_not_print() {
    let secrets = on_memory().draft(&[], Some("000123")).secrets;
    assert_eq!(format!("{secrets:?}"), "OfferSecrets(…)");
}
