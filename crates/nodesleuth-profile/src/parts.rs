//! A profile whose samples are read a few at a time.

use crate::error::ReadError;
use crate::profile::Profile;
use crate::sample_reader::SampleReader;
use crate::samples::Samples;

/// Samples of a part: few enough to stay in the processor's cache until they have been used.
const PART: usize = 128;

/// A profile that comes in parts, each with the same tables and the next few samples. Who needs
/// every sample only once, as [`StackRowsBuilder`](crate::StackRowsBuilder) does, needs no memory
/// for all of them.
///
/// ```
/// use nodesleuth_profile::{Limits, Profile, ValueType, encode, open_in_parts};
///
/// let bytes = encode(&Profile::from_stacks(ValueType::CPU, [(vec!["a"], 1), (vec!["b"], 2)]));
/// let mut parts = open_in_parts(&bytes, &Limits::default())?.profile;
/// assert_eq!((parts.stack_count(), parts.tables().stack_count()), (2, 0));
/// let mut total = 0;
/// while let Some(part) = parts.next_part()? {
///     total += part.total(0);
/// }
/// assert_eq!(total, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Parts<'b> {
    /// With the samples of the part that was read last.
    profile: Profile,
    rest: Rest<'b>,
    stacks: usize,
}

#[derive(Debug)]
enum Rest<'b> {
    /// To be read.
    File(Box<SampleReader<'b>>),
    /// All of them, until they are given as the only part.
    Memory(Option<Samples>),
}

impl<'b> Parts<'b> {
    pub(crate) fn new(profile: Profile, samples: SampleReader<'b>) -> Self {
        Self {
            profile,
            stacks: samples.count(),
            rest: Rest::File(Box::new(samples)),
        }
    }

    /// What all parts have in common; with the samples of the part that was read last, and
    /// without any before the first.
    pub fn tables(&self) -> &Profile {
        &self.profile
    }

    /// Number of samples in all parts.
    pub fn stack_count(&self) -> usize {
        self.stacks
    }

    /// Reads the next samples in place of those before; `None` after the last, and after an error.
    /// Ids of frames and names are the same in all parts.
    ///
    /// # Errors
    /// If a sample is not valid, or there is more in all so far than the limits allow.
    pub fn next_part(&mut self) -> Result<Option<&Profile>, ReadError> {
        match &mut self.rest {
            Rest::File(samples) => {
                self.profile.samples.clear();
                if samples.left() == 0 {
                    return Ok(None);
                }
                samples.read(&mut self.profile, PART)?;
            }
            Rest::Memory(samples) => match samples.take() {
                Some(samples) => self.profile.samples = samples,
                None => {
                    self.profile.samples.clear();
                    return Ok(None);
                }
            },
        }
        Ok(Some(&self.profile))
    }

    /// All samples that were not read, as one profile.
    ///
    /// # Errors
    /// As [`next_part`](Self::next_part).
    pub fn whole(mut self) -> Result<Profile, ReadError> {
        self.profile.samples.clear();
        match self.rest {
            Rest::File(mut samples) => samples.read_all(&mut self.profile)?,
            Rest::Memory(samples) => self.profile.samples = samples.unwrap_or_default(),
        }
        Ok(self.profile)
    }

    /// About how many frames all stacks have; what is reserved and not used costs nothing.
    pub(crate) fn usual_frames(&self) -> usize {
        match &self.rest {
            Rest::File(samples) => samples.usual_frames(),
            Rest::Memory(Some(samples)) => samples.locations.len(),
            Rest::Memory(None) => 0,
        }
    }
}

/// One part, which is all of it.
impl From<Profile> for Parts<'_> {
    fn from(mut profile: Profile) -> Self {
        let samples = std::mem::take(&mut profile.samples);
        Self {
            stacks: samples.location_ends.len(),
            rest: Rest::Memory(Some(samples)),
            profile,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::ValueType;
    use crate::limits::Limits;
    use crate::open::open_in_parts;
    use crate::write::encode;

    /// Samples with the values 0, 1, 2, …
    fn bytes(samples: usize) -> Vec<u8> {
        let stacks = (0..).zip([["a", "b"], ["b", "a"]].iter().cycle());
        let stacks = stacks.map(|(value, stack)| (stack.iter().copied(), value));
        encode(&Profile::from_stacks(ValueType::CPU, stacks.take(samples)))
    }

    fn parts(bytes: &[u8]) -> Parts<'_> {
        open_in_parts(bytes, &Limits::default()).unwrap().profile
    }

    #[test]
    fn every_sample_is_in_one_part() {
        for samples in [0, 1, PART, PART + 1, 3 * PART - 1] {
            let bytes = bytes(samples);
            let mut parts = parts(&bytes);
            assert_eq!(parts.stack_count(), samples);
            let mut values = Vec::new();
            while let Some(part) = parts.next_part().unwrap() {
                assert!((1..=PART).contains(&part.stack_count()));
                values.extend(part.values(0));
            }
            assert!(values.into_iter().eq(0..i64::try_from(samples).unwrap()));
            assert_eq!(parts.tables().stack_count(), 0);
            assert_eq!(parts.next_part(), Ok(None));
        }
    }

    #[test]
    fn the_whole_is_what_is_left() {
        let bytes = bytes(2 * PART);
        let mut from_file = parts(&bytes);
        let first = from_file.next_part().unwrap().unwrap().clone();
        assert_eq!(first.stack_count(), PART);
        let rest = from_file.whole().unwrap();
        assert_eq!(rest.values(0).next(), Some(i64::try_from(PART).unwrap()));
        let whole = parts(&bytes).whole().unwrap();
        assert_eq!(first.total(0) + rest.total(0), whole.total(0));
        let mut from_memory = Parts::from(whole.clone());
        assert_eq!(from_memory.tables().stack_count(), 0);
        assert_eq!(from_memory.next_part(), Ok(Some(&whole)));
        assert_eq!(from_memory.next_part(), Ok(None));
        assert_eq!(Parts::from(whole.clone()).whole(), Ok(whole));
    }

    #[test]
    fn limits_hold_for_all_parts_together() {
        let bytes = bytes(2 * PART);
        let limits = Limits {
            max_values: 2 * PART - 1,
            ..Limits::default()
        };
        let mut parts = open_in_parts(&bytes, &limits).unwrap().profile;
        assert!(parts.next_part().is_ok());
        let error = parts.next_part().unwrap_err();
        let what = "sample values";
        let limit = limits.max_values;
        assert_eq!(error, ReadError::OverLimit { what, limit });
        assert_eq!(parts.next_part(), Ok(None));
    }
}
