//! `[plugin.NAME.limits]` and `cache`: how much a plugin may use. Defaults are those of the host.

use std::time::Duration;

use crate::config::table::Reader;
use crate::plugin::settings::{CacheGrant, Limits};

const MIB: u64 = 1 << 20;

pub(super) fn read(mut reader: Reader<'_>) -> Limits {
    let default = Limits::default();
    let mut limits = times(&mut reader, default);
    limits.memory = size(reader.number("memory_mib", default.memory as u64 / MIB, 1..=256)) << 20;
    limits.concurrency = size(reader.number("concurrency", default.concurrency as u64, 1..=128));
    limits.queue = size(reader.number("queue", default.queue as u64, 0..=4096));
    limits.http_requests = count(reader.number("http_requests", default.http_requests.into(), 0..=32));
    limits.http_response = size(reader.number("http_response_bytes", default.http_response as u64, 1..=8 * MIB));
    limits.http_request = size(reader.number("http_request_bytes", default.http_request as u64, 0..=8 * MIB));
    limits.output = size(reader.number("output_bytes", default.output as u64, 1..=8 * MIB));
    limits.log_lines = count(reader.number("log_lines", default.log_lines.into(), 0..=1000));
    if limits.cpu > limits.wall {
        reader.mistake("cpu_ms", "must be at most `wall_ms`: a call cannot compute for longer than it takes");
    }
    reader.finish();
    limits
}

fn times(reader: &mut Reader<'_>, default: Limits) -> Limits {
    let mut millis = |key, default: Duration, least, most| {
        let default = u64::try_from(default.as_millis()).unwrap_or(most);
        Duration::from_millis(reader.number(key, default, least..=most))
    };
    Limits {
        cpu: millis("cpu_ms", default.cpu, 1, 5_000),
        wall: millis("wall_ms", default.wall, 1, 20_000),
        queue_wait: millis("queue_wait_ms", default.queue_wait, 0, 10_000),
        http_timeout: millis("http_timeout_ms", default.http_timeout, 1, 20_000),
        ..default
    }
}

pub(super) fn cache(mut reader: Reader<'_>) -> CacheGrant {
    let grant = CacheGrant {
        bytes: size(reader.number("bytes", MIB, 1_024..=64 * MIB)),
        entries: size(reader.number("entries", 1_024, 1..=1_000_000)),
    };
    reader.finish();
    grant
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
