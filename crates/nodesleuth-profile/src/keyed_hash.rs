//! A fast hash with a random key.
//!
//! Merging and interning hash every byte of every stack and name; SipHash, which maps use otherwise,
//! was a fifth of their time. The key is new in every process, so that no file can be made whose
//! entries all collide.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Makes hashers with one random key.
#[derive(Debug, Clone)]
pub(crate) struct KeyedHash {
    start: u64,
    factor: u64,
}

impl Default for KeyedHash {
    fn default() -> Self {
        let random = RandomState::new();
        Self {
            start: random.hash_one(0),
            // Odd, so that no bit of the state is lost to it.
            factor: random.hash_one(1) | 1,
        }
    }
}

impl BuildHasher for KeyedHash {
    type Hasher = KeyedHasher;

    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher {
            state: self.start,
            factor: self.factor,
        }
    }
}

/// Multiplies each word into a state and folds the product's upper half into its lower one.
#[derive(Debug)]
pub(crate) struct KeyedHasher {
    state: u64,
    factor: u64,
}

impl Hasher for KeyedHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        // The length keeps zeros at the end apart.
        self.write_u64(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.factor);
        self.state = (product as u64 ^ (product >> 64) as u64).wrapping_add(self.factor);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn what_differs_hashes_differently_and_keys_differ() {
        let hash = KeyedHash::default();
        let mut seen = HashSet::new();
        for length in 0..20 {
            for byte in [0u8, 1, 255] {
                let bytes = vec![byte; length];
                assert_eq!(hash.hash_one(&bytes), hash.hash_one(&bytes));
                seen.insert(hash.hash_one(&bytes));
            }
        }
        assert_eq!(seen.len(), 19 * 3 + 1);
        assert_ne!(hash.hash_one(7), KeyedHash::default().hash_one(7));
    }
}
