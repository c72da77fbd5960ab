//! Random numbers that are the same on every machine and with every version of
//! the crates: only the generator (Xoshiro256++) comes from outside. Sampling is
//! done here, with integer arithmetic and the operations IEEE 754 rounds exactly
//! (`+ - * /` and the square root); `exp` and `sin` of the platform's libm differ
//! in the last bit, which would show in the output.

use rand::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A stream of random numbers of its own for each (seed, topic, index).
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// `topic` separates the uses (a service, a purpose), `index` the slices of time.
    pub fn new(seed: u64, topic: u64, index: u64) -> Self {
        let state = mix(mix(mix(seed) ^ topic) ^ index);
        Stream(Xoshiro256PlusPlus::seed_from_u64(state))
    }

    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `0..n`. The multiplication is biased by less than `n / 2^32`.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        scale_down((self.bits() >> 32) as u32, n)
    }

    /// True with the probability of a [`threshold`].
    #[inline]
    pub fn chance(&mut self, threshold: u32) -> bool {
        ((self.bits() >> 32) as u32) < threshold
    }

    /// In `0..n`, the small ones more often: a few busy users, many rare ones.
    #[inline]
    pub fn skewed_below(&mut self, n: u32) -> u32 {
        let bits = self.bits();
        scale_down(bits as u32, scale_down((bits >> 32) as u32, n) + 1)
    }

    /// Uniform in `[0, 1)`, 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Near enough to a standard normal variable: the sum of twelve uniform ones
    /// has variance 1 (Irwin-Hall), and never leaves -6..6.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// A Poisson variable: Knuth's product of uniforms while the mean is small,
    /// the normal approximation where nobody can tell the two apart.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        const SMALL_MEAN_MAX: f64 = 40.0;
        if mean <= 0.0 {
            return 0;
        }
        if mean > SMALL_MEAN_MAX {
            let value = mean + mean.sqrt() * self.normal() + 0.5;
            return value.max(0.0) as u32;
        }
        let limit = exp(-mean);
        let mut product = self.unit();
        let mut count = 0;
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// Log-normal-like with the given median: what durations and sizes look like.
    /// The sum of four random bytes is bell-shaped, the table turns it into a factor.
    #[inline]
    pub fn lognormal(&mut self, median: u32) -> u64 {
        let bits = self.bits();
        let index = (bits & 0xff) + (bits >> 8 & 0xff) + (bits >> 16 & 0xff) + (bits >> 24 & 0xff);
        let factor = u64::from(LOGNORMAL_FACTORS[index as usize]);
        // Random rounding keeps small medians (2 ms, 4 ms) from losing their tail.
        let rounding = bits >> 54;
        ((u64::from(median) * factor + rounding) / FACTOR_UNIT as u64).max(1)
    }
}

/// `0..2^32` to `0..n`, keeping the order.
#[inline]
pub fn scale_down(bits: u32, n: u32) -> u32 {
    ((u64::from(bits) * u64::from(n)) >> 32) as u32
}

/// A probability as a threshold for 32 random bits.
pub fn threshold(probability: f64) -> u32 {
    (probability.clamp(0.0, 1.0) * f64::from(u32::MAX)) as u32
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit changes
/// half of the output bits, so that neighbouring minutes share nothing.
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number for a name (FNV-1a).
pub fn topic(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Fixed point: a factor of 1.0 in `LOGNORMAL_FACTORS`.
const FACTOR_UNIT: u32 = 1024;

/// The sum of four bytes: 0..=1020, mean 510.
const BYTE_SUM_MEAN: usize = 510;
const BYTE_SUM_STD: f64 = 147.8;

/// The spread of the logarithm: 1 in 100 durations is five times the median.
const LOGNORMAL_SIGMA: f64 = 0.7;

const LOGNORMAL_FACTORS: &[u32; 2 * BYTE_SUM_MEAN + 1] = &lognormal_factors();

const fn lognormal_factors() -> [u32; 2 * BYTE_SUM_MEAN + 1] {
    let mut table = [0; 2 * BYTE_SUM_MEAN + 1];
    let mut sum = 0;
    while sum < table.len() {
        let z = (sum as f64 - BYTE_SUM_MEAN as f64) / BYTE_SUM_STD;
        table[sum] = (exp(LOGNORMAL_SIGMA * z) * FACTOR_UNIT as f64) as u32;
        sum += 1;
    }
    table
}

/// e^x for |x| up to about 50: the series for x / 1024, squared ten times.
const fn exp(x: f64) -> f64 {
    let small = x / 1024.0;
    let mut power = 1.0 + small * (1.0 + small / 2.0 * (1.0 + small / 3.0 * (1.0 + small / 4.0)));
    let mut squarings = 0;
    while squarings < 10 {
        power *= power;
        squarings += 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_to_the_real_one() {
        for x in [-40.0, -3.5, -1.0, 0.0, 0.5, 2.4] {
            let (ours, real) = (exp(x), f64::exp(x));
            assert!((ours / real - 1.0).abs() < 1e-5, "exp({x}) = {ours}, not {real}");
        }
    }

    #[test]
    fn poisson_has_its_mean_and_variance_on_both_sides_of_the_switch() {
        for mean in [0.3, 5.0, 39.0, 41.0, 900.0] {
            let mut stream = Stream::new(1, 2, 3);
            let draws: Vec<f64> = (0..20_000).map(|_| f64::from(stream.poisson(mean))).collect();
            let average = draws.iter().sum::<f64>() / draws.len() as f64;
            let variance =
                draws.iter().map(|x| (x - average).powi(2)).sum::<f64>() / draws.len() as f64;
            assert!((average / mean - 1.0).abs() < 0.03, "mean {average}, wanted {mean}");
            assert!((variance / mean - 1.0).abs() < 0.05, "variance {variance}, wanted {mean}");
        }
        assert_eq!(Stream::new(1, 2, 3).poisson(0.0), 0);
    }

    #[test]
    fn lognormal_has_its_median_and_a_long_tail() {
        for median in [4, 80, 2_000] {
            let mut stream = Stream::new(1, 2, 3);
            let mut draws: Vec<u64> = (0..20_000).map(|_| stream.lognormal(median)).collect();
            draws.sort_unstable();
            let (middle, p99) = (draws[10_000] as f64, draws[19_800] as f64);
            assert!((middle / f64::from(median) - 1.0).abs() < 0.05, "{middle} of {median}");
            assert!((4.0..7.0).contains(&(p99 / f64::from(median))), "p99 {p99} of {median}");
        }
    }

    #[test]
    fn streams_differ_by_each_of_their_three_parts() {
        let first = |seed, topic, index| Stream::new(seed, topic, index).bits();
        let base = first(1, 1, 1);
        assert_eq!(base, first(1, 1, 1));
        assert!([first(2, 1, 1), first(1, 2, 1), first(1, 1, 2)].iter().all(|&x| x != base));
    }
}
