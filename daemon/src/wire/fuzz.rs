//! A bounded mutator for tests of parsers: the same inputs in every run.

/// Feeds `rounds` mutations of each seed to `run`.
pub(crate) fn mutate(seeds: &[&[u8]], rounds: usize, mut run: impl FnMut(&[u8])) {
    let mut state = Dice(0x9e37_79b9_7f4a_7c15);
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
