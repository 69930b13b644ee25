use super::*;

/// A claim source whose functions all trap.
fn dummy() -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir("../sdk/wit/issuer-plugin-1.0.0").unwrap();
    let world = resolve.select_world(&[package], Some("claim-source")).unwrap();
    let mut module = wit_component::dummy_module(&resolve, world, wit_parser::ManglingAndAbi::Standard32);
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding, false).unwrap();
    let mut encoder = wit_component::ComponentEncoder::default();
    encoder.module(&module).unwrap();
    encoder.encode().unwrap()
}

fn case(text: &str) -> Case {
    Case::parse(text).unwrap()
}

#[tokio::test]
async fn a_trap_is_an_outcome_with_a_report() {
    let replay = Replay::new(&dummy()).unwrap();
    let replayed = replay.replay(&case(r#"{"export": "fetch"}"#)).await.unwrap();
    assert_eq!(replayed.said["outcome"], "trap");
    assert!(replayed.report[0].contains("unreachable"), "{:?}", replayed.report);
    assert!(replayed.unrecorded.is_empty() && replayed.figures.seconds > 0.0);
    assert!(replay.describe().await.unwrap_err().contains("describe ended with trap"));
}

#[tokio::test]
async fn a_function_of_the_other_world_is_told() {
    let replay = Replay::new(&dummy()).unwrap();
    let replayed = replay.replay(&case(r#"{"export": "admit", "phase": "token-request"}"#)).await.unwrap();
    assert!(replayed.report[0].contains("not an auth hook"), "{:?}", replayed.report);
}

#[test]
fn what_is_no_plugin_is_told() {
    assert!(Replay::new(b"\0asm").is_err());
}
