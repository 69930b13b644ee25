//! A bounded mutator for tests of parsers: the same inputs in every run, and as many as are asked for in a long one.
//!
//! Its tests have `mutated` in their names. `cargo xtask fuzz` runs them with a million executions each; what it finds becomes a test of its
//! own beside the parser.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How many executions each test is to have, in place of its own number.
const EXECUTIONS: &str = "FUZZ_EXECUTIONS";
/// Which sequence of inputs, a number; the same in every run unless this says otherwise.
const SEED: &str = "FUZZ_SEED";

/// Feeds `rounds` mutations of each seed to `run`. An input that makes it panic is printed before the test fails.
pub(crate) fn mutate(seeds: &[&[u8]], rounds: usize, mut run: impl FnMut(&[u8])) {
    let rounds = number(EXECUTIONS).map_or(rounds, |wanted| wanted.div_ceil(seeds.len().max(1)));
    let mut state = Dice(0x9e37_79b9_7f4a_7c15 ^ number(SEED).unwrap_or(0) as u64);
    let mut run = |input: &[u8]| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(input))) {
            eprintln!("the input was b\"{}\"", input.escape_ascii());
            resume_unwind(panic);
        }
    };
    for seed in seeds {
        run(seed);
        for _ in 0..rounds {
            let mut input = seed.to_vec();
            for _ in 0..=state.below(3) {
                change(&mut input, &mut state, seeds);
            }
            run(&input);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a long run is asked for by the environment of the test")]
fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

fn change(input: &mut Vec<u8>, dice: &mut Dice, seeds: &[&[u8]]) {
    const INTERESTING: &[u8] = b"{}[]\",:\\.-_=0aAzZ#\x00\x7f\x80\xff";
    let at = dice.below(input.len() + 1);
    match dice.below(6) {
        0 if at < input.len() => input[at] ^= 1 << dice.below(8),
        1 if at < input.len() => drop(input.remove(at)),
        2 => input.insert(at, INTERESTING[dice.below(INTERESTING.len())]),
        3 => input.truncate(at),
        4 => {
            let end = at + dice.below(input.len() - at + 1);
            let copy = input[at..end].to_vec();
            input.splice(at..at, copy);
        }
        _ => {
            let other = seeds[dice.below(seeds.len())];
            let from = dice.below(other.len() + 1);
            input.splice(at.., other[from..].iter().copied());
        }
    }
}

/// xorshift64*: fixed, so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap() % bound.max(1)
    }
}
