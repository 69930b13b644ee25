use std::collections::{BTreeMap, BTreeSet};

/// Samples by name and labels, as written.
pub fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("not a sample: {line}"));
            (series.to_owned(), value.parse().unwrap_or_else(|_| panic!("not a number: {line}")))
        })
        .collect()
}

/// The count of an analytics event.
#[track_caller]
pub fn event(text: &str, name: &str) -> u64 {
    let series = format!("issuerd_analytics_events_total{{event=\"{name}\"}} ");
    let found = text.lines().find_map(|line| line.strip_prefix(&series));
    found.unwrap_or_else(|| panic!("{name} is not exported")).parse().unwrap()
}

/// Labels of a series in order. Values hold no escaped quotes: they are bounded words of ours.
pub fn labels(series: &str) -> Vec<(&str, &str)> {
    let Some((_, inside)) = series.split_once('{') else { return Vec::new() };
    let pairs = inside.trim_end_matches('}').split("\",").map(|pair| pair.trim_end_matches('"'));
    pairs.filter_map(|pair| pair.split_once("=\"")).collect()
}

/// What other programs rely on: kinds of metrics, their label names, and the names of events.
pub fn contract(text: &str) -> String {
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).map(|kind| format!("# TYPE {kind}"));
    let mut lines: BTreeSet<_> = kinds.collect();
    for series in samples(text).keys() {
        let name = series.split('{').next().unwrap_or_default();
        if name == "issuerd_analytics_events_total" {
            lines.insert(series.clone());
        } else {
            let names: Vec<_> = labels(series).into_iter().map(|(name, _)| name).collect();
            lines.insert(format!("{name}{{{}}}", names.join(",")));
        }
    }
    lines.into_iter().fold(String::new(), |all, line| all + &line + "\n")
}
