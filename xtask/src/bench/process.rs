//! What `/proc` tells of another process.

use std::fs;
use std::time::Duration;

use crate::Result;

/// Clock ticks a second in `/proc/PID/stat`; Linux fixes it at 100 for user space.
const TICKS: f64 = 100.0;

/// CPU time the process has used, in user and system mode, all threads.
pub(super) fn cpu_time(pid: u32) -> Result<Duration> {
    parse_cpu_time(&fs::read_to_string(format!("/proc/{pid}/stat"))?)
}

fn parse_cpu_time(stat: &str) -> Result<Duration> {
    // The name in brackets may hold spaces; utime and stime are the 12th and 13th fields after it.
    let (_, fields) = stat.rsplit_once(')').ok_or("no process name in /proc/PID/stat")?;
    let ticks: Vec<u32> = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    match ticks[..] {
        [user, system] => Ok(Duration::from_secs_f64(f64::from(user + system) / TICKS)),
        _ => Err("no CPU times in /proc/PID/stat".into()),
    }
}

/// Resident memory of the process, in KiB.
pub(super) fn resident(pid: u32) -> Result<u64> {
    parse_resident(&fs::read_to_string(format!("/proc/{pid}/status"))?)
}

fn parse_resident(status: &str) -> Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/PID/status")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_the_sum_of_user_and_system_time() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 4 0 100 1 1";
        assert_eq!(parse_cpu_time(stat).unwrap(), Duration::from_secs(2));
        assert!(parse_cpu_time("7 (x) S 1").is_err());
        assert!(cpu_time(std::process::id()).is_ok());
    }

    #[test]
    fn resident_memory_is_read_in_kib() {
        assert_eq!(parse_resident("Name:\tx\nVmRSS:\t   51200 kB\n").unwrap(), 51_200);
        assert!(resident(std::process::id()).unwrap() > 0);
    }
}
