//! A profile whose samples are read a few at a time.

use crate::error::ReadError;
use crate::profile::Profile;
use crate::sample_reader::SampleReader;
use crate::samples::Samples;

/// Samples of a part: few enough to stay in the processor's cache until they have been used.
const PART: usize = 512;

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

    /// Reads the next samples in place of those before; `None` after the last. Ids of frames and
    /// names are the same in all parts.
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
