//! Which of the bundle's profiles count: the program's own, and one of the machine's stacks.

use super::{
    CpuValue, LoadedProfile, ProfileView, SeesKernel, Whose, has_kernel_frames, of_another_program,
};
use crate::catalog::Catalog;
use nodesleuth_model::Evidence;

/// Where more of the machine's CPU time than this has no user function's name, the program's own
/// profile tells better who made the calls.
const MOST_UNNAMED: f64 = 0.5;

/// The profiles that count.
#[derive(Default)]
pub(crate) struct Profiles<'a> {
    /// What the program says of itself: no frames of the kernel.
    own: Option<ProfileView<'a>>,
    /// What was sampled from outside, frames of the kernel included where that was permitted.
    machine: Option<ProfileView<'a>>,
}

impl<'a> Profiles<'a> {
    /// Of several that tell the same, one that covers the window if there is one. Others are named
    /// in the warnings.
    pub(crate) fn choose(
        profiles: &[LoadedProfile<'a>],
        evidence: &Evidence,
        catalog: &Catalog,
    ) -> (Self, Vec<String>) {
        let mut chosen = Self::default();
        let mut warnings = Vec::new();
        for loaded in profiles {
            let source = &loaded.record.source;
            match usable(*loaded, evidence, catalog) {
                Ok(view) => warnings.extend(chosen.take(view)),
                Err(why) => warnings.push(format!("{source}: {why}, not used")),
            }
        }
        (chosen, warnings)
    }

    /// Returns what to say of a profile that is one too many.
    fn take(&mut self, view: ProfileView<'a>) -> Option<String> {
        let slot = match view.machine {
            Some(_) => &mut self.machine,
            None => &mut self.own,
        };
        match slot {
            Some(first) if first.covers_window || !view.covers_window => {
                Some(format!("{}: a second CPU profile, not used", view.source))
            }
            Some(first) => {
                let said = format!("{}: a second CPU profile, not used", first.source);
                *slot = Some(view);
                Some(said)
            }
            None => {
                *slot = Some(view);
                None
            }
        }
    }

    /// The one that tells who burns: the machine's, whose time is whole, unless it knows too few
    /// names and the program's own is there.
    pub(crate) fn owner(&self) -> Option<&ProfileView<'a>> {
        let named = |view: &&ProfileView<'_>| {
            let machine = view.machine.as_ref();
            machine.is_some_and(|machine| machine.unnamed_share <= MOST_UNNAMED)
        };
        let machine = self.machine.as_ref();
        machine.filter(named).or(self.own.as_ref()).or(machine)
    }

    /// The one that tells what the kernel did.
    pub(crate) fn machine(&self) -> Option<&ProfileView<'a>> {
        self.machine.as_ref().filter(|view| view.sees_kernel())
    }

    /// What the program says of itself, or else what was sampled from outside.
    pub(crate) fn own_first(&self) -> Option<&ProfileView<'a>> {
        self.own.as_ref().or(self.machine.as_ref())
    }

    /// The program's own profile where it tells who burns, and the machine's what the kernel did.
    pub(crate) fn beside_stacks(&self) -> Option<&ProfileView<'a>> {
        self.owner().filter(|owner| owner.machine.is_none())
    }

    /// The program's own profile where the machine's tells who burns.
    pub(crate) fn beside_owner(&self) -> Option<&ProfileView<'a>> {
        let owner = self.owner()?;
        self.own.as_ref().filter(|_| owner.machine.is_some())
    }
}

fn usable<'a>(
    loaded: LoadedProfile<'a>,
    evidence: &Evidence,
    catalog: &Catalog,
) -> Result<ProfileView<'a>, String> {
    let value = CpuValue::of(loaded.profile).ok_or("not a CPU profile")?;
    let recording = evidence.stacks.value();
    let is_sampled = recording.is_some_and(|sampled| sampled.file == loaded.record.file);
    let sees_kernel = has_kernel_frames(loaded.profile);
    let machine = (is_sampled || sees_kernel).then_some(SeesKernel(sees_kernel));
    let whose = Whose::of(loaded.profile, evidence);
    let unfit = match machine.is_some() {
        true => (whose == Whose::Nobodys).then(|| "it holds no stack of the target".to_owned()),
        false => of_another_program(loaded.profile, evidence),
    };
    match unfit {
        Some(why) => Err(why),
        None => Ok(ProfileView::of(
            loaded, value, whose, machine, evidence, catalog,
        )),
    }
}
