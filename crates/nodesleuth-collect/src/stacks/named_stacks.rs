//! A capture as a profile: each stack from its root to its leaf, by name.

use super::figures::{StackFigures, Unnamed};
use super::kernel_names::KernelNames;
use super::locations::{InKernel, Locations, Named};
use super::processes::{ImageId, Processes};
use super::root::Rootness;
use nodesleuth_profile::{Label, LabelValue, LocationId, Profile, ProfileBuilder, ValueType};
use nodesleuth_trace::stacks::{StackCapture, StackCount};
use std::collections::BTreeSet;

/// Root of a stack that ends before any function at which stacks begin: what called it is not known.
pub const BROKEN: &str = "[broken stack]";
/// Root of a stack that is deeper than the kernel walks.
pub const TRUNCATED: &str = "[truncated stack]";
/// Root of a kernel stack without the calls of the process that led to it.
pub const NO_USER_STACK: &str = "[no user stack]";
/// Where threads begin, or a process's main function: looked for in so many of the outermost calls,
/// as those before it may be of a library without symbols.
const ROOTS: usize = 3;

/// What the profile is of.
#[derive(Clone, Debug)]
pub struct ProfileWords {
    /// When the capture began, nanoseconds since 1970.
    pub time_unix_ns: u64,
    /// Samples a second and CPU.
    pub hz: u32,
    /// The process that it is about: its binary comes first, as readers of profiles expect.
    pub main: Option<u32>,
    /// Whether there are waits in it.
    pub off_cpu: bool,
    /// Whether each stack begins with the names of its process and of those that started it.
    pub process_frames: bool,
    /// Free text in the file.
    pub comments: Vec<String>,
}

/// A capture with names.
#[derive(Debug)]
pub struct NamedStacks {
    /// The stacks.
    pub profile: Profile,
    /// How good they are.
    pub figures: StackFigures,
    /// Why kernel functions have no names.
    pub kernel_problem: Option<String>,
    /// `MODULE=VERSION` of the Go binaries whose code ran, as far as they do not contradict each other.
    pub versions: Vec<String>,
}

/// A profile that is being made.
pub(super) struct Draft<'a> {
    processes: &'a Processes<'a>,
    words: &'a ProfileWords,
    locations: Locations<'a>,
    builder: ProfileBuilder,
    figures: StackFigures,
}

/// How a stack's root was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beginning {
    Root,
    Broken,
    Truncated,
    NoUserStack,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        processes: &'a Processes<'a>,
        kernel: &'a KernelNames<'a>,
        words: &'a ProfileWords,
        builder: ProfileBuilder,
    ) -> Self {
        Self {
            processes,
            words,
            locations: Locations::new(processes, kernel),
            builder,
            figures: StackFigures::default(),
        }
    }

    /// All samples of a capture.
    pub(super) fn samples(mut self, capture: &StackCapture) -> (Profile, StackFigures) {
        self.begin(capture);
        for stack in &capture.stacks {
            let values = self.values(stack);
            self.sample(stack, None, &values, &labels(stack));
        }
        self.finish()
    }

    /// What comes before all samples.
    pub(super) fn begin(&mut self, capture: &StackCapture) {
        let length = capture.ended_ns.saturating_sub(capture.started_ns);
        self.builder
            .time(signed(self.words.time_unix_ns), signed(length));
        if let Some(pid) = self.words.main {
            self.locations.first(&mut self.builder, (pid, 0));
        }
    }

    pub(super) fn finish(self) -> (Profile, StackFigures) {
        (self.builder.finish(), self.figures)
    }

    /// Adds a stack and what stands below it.
    pub(super) fn sample(
        &mut self,
        stack: &StackCount,
        leaf: Option<&str>,
        values: &[i64],
        labels: &[Label<'_>],
    ) {
        let image = (stack.tgid, stack.exec);
        let user = self.user(stack);
        let user = calls(&user);
        let beginning = self.beginning(stack, user);
        self.count(stack, user, beginning);
        let mut frames = self.process_frames(image);
        frames.extend(beginning.name().map(|name| self.builder.named(name)));
        frames.extend(user.iter().rev().map(|named| named.location));
        let kernel = self.kernel(stack);
        let kernel = without_observer(stack, &kernel);
        frames.extend(kernel.iter().rev().map(|named| named.location));
        frames.extend(leaf.map(|leaf| self.builder.named(leaf)));
        self.builder.sample(frames, values, labels);
    }

    /// The kernel's part, leaf first: all but the leaf are where calls return to, behind the call.
    fn kernel(&mut self, stack: &StackCount) -> Vec<InKernel> {
        let instruction =
            |(index, address): (usize, &u64)| address.saturating_sub(u64::from(index > 0));
        let addresses = stack.kernel.iter().enumerate().map(instruction);
        addresses
            .map(|address| self.locations.kernel(&mut self.builder, address))
            .collect()
    }

    /// The process's own part, leaf first.
    fn user(&mut self, stack: &StackCount) -> Vec<Named> {
        let image = (stack.tgid, stack.exec);
        let mut named = Vec::with_capacity(stack.user.len() + 1);
        let Some((leaf, callers)) = stack.user.split_first() else {
            return named;
        };
        let leaf = self.locations.user(&mut self.builder, image, *leaf);
        let is_small = leaf.returns_to_top && leaf.root == Rootness::Inner && stack.top != 0;
        named.push(leaf);
        if is_small {
            let caller = self.locations.call(&mut self.builder, image, stack.top);
            let is_sure = caller.is_code && caller.unresolved.is_none();
            named.extend(Some(caller).filter(|_| is_sure));
        }
        for caller in callers {
            named.push(self.locations.call(&mut self.builder, image, *caller));
        }
        named
    }

    fn beginning(&self, stack: &StackCount, user: &[Named]) -> Beginning {
        if stack.user.is_empty() {
            let program = self.processes.program((stack.tgid, stack.exec));
            return match program.is_some_and(|program| program.has_code()) {
                true => Beginning::NoUserStack,
                false => Beginning::Root,
            };
        }
        let mut outermost = user.iter().rev().take(ROOTS);
        let is_rooted = outermost.any(|named| named.root > Rootness::Inner);
        let is_cut = stack.truncated && user.len() == stack.user.len();
        match (is_rooted, is_cut) {
            (true, _) => Beginning::Root,
            (false, true) => Beginning::Truncated,
            (false, false) => Beginning::Broken,
        }
    }

    fn count(&mut self, stack: &StackCount, user: &[Named], beginning: Beginning) {
        let figures = &mut self.figures;
        let samples = stack.samples;
        figures.samples += samples;
        figures.on_cpu_ns += stack.on_cpu_ns;
        if !stack.kernel.is_empty() {
            figures.kernel_ns += stack.on_cpu_ns;
        }
        figures.off_cpu_ns += stack.off_cpu_ns;
        figures.off_cpu_count += stack.off_cpu_count;
        *match beginning {
            Beginning::Root => &mut figures.rooted,
            Beginning::Broken => &mut figures.broken,
            Beginning::Truncated => &mut figures.truncated,
            Beginning::NoUserStack => &mut figures.no_user_stack,
        } += samples;
        let modules: BTreeSet<&Unnamed> = user
            .iter()
            .filter_map(|named| named.unresolved.as_ref())
            .collect();
        for module in modules.into_iter().filter(|_| samples > 0) {
            *figures.unresolved.entry(module.clone()).or_default() += samples;
        }
    }

    fn process_frames(&mut self, image: ImageId) -> Vec<LocationId> {
        if !self.words.process_frames {
            return Vec::new();
        }
        let mut line = self.processes.line(image);
        // A fork that has not become another program yet is its parent still.
        line.dedup();
        let named = line.into_iter().filter(|name| !name.is_empty());
        named
            .map(|name| self.builder.named(&format!("[process {name}]")))
            .collect()
    }

    fn values(&self, stack: &StackCount) -> Vec<i64> {
        let mut values = vec![signed(stack.samples)];
        if self.words.off_cpu {
            values.extend([signed(stack.off_cpu_count), signed(stack.off_cpu_ns)]);
        }
        values.push(signed(stack.on_cpu_ns));
        values
    }
}

impl Beginning {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Root => None,
            Self::Broken => Some(BROKEN),
            Self::Truncated => Some(TRUNCATED),
            Self::NoUserStack => Some(NO_USER_STACK),
        }
    }
}

/// For samples.
pub(super) fn builder(words: &ProfileWords) -> ProfileBuilder {
    let mut types = vec![ValueType::new("samples", "count")];
    if words.off_cpu {
        types.push(ValueType::new("offcpu_waits", "count"));
        types.push(ValueType::new("offcpu", "nanoseconds"));
    }
    // The last one is what readers show that do not understand which is the default, as speedscope.
    types.push(ValueType::CPU);
    let mut builder = ProfileBuilder::new(&types);
    builder.period(1_000_000_000 / i64::from(words.hz.max(1)), ValueType::CPU);
    builder.default_sample_type("cpu");
    for comment in &words.comments {
        builder.comment(comment);
    }
    builder
}

/// The calls of a stack, leaf first, as far as they can be calls: up to the one with which a thread
/// begins, or before the first address that holds no code.
fn calls(stack: &[Named]) -> &[Named] {
    let begins = stack
        .iter()
        .position(|named| named.root == Rootness::Begins);
    let astray = stack.iter().position(|named| !named.is_code);
    let end = begins.map_or(stack.len(), |begins| begins + 1);
    &stack[..end.min(astray.unwrap_or(stack.len()))]
}

/// The kernel's part of a wait, leaf first, without what runs there to take its stack: that is called
/// by what gives the CPU away.
fn without_observer<'k>(stack: &StackCount, kernel: &'k [InKernel]) -> &'k [InKernel] {
    let schedule = kernel.iter().position(|named| named.is_schedule);
    let is_wait = stack.samples == 0;
    &kernel[schedule.filter(|_| is_wait).unwrap_or(0)..]
}

pub(super) fn labels(stack: &StackCount) -> Vec<Label<'_>> {
    let number = |key, number: u32| Label {
        key,
        value: LabelValue::Number {
            number: number.into(),
            unit: "",
        },
    };
    let comm = Label {
        key: "comm",
        value: LabelValue::Text(&stack.comm),
    };
    let mut labels = vec![number("process", stack.tgid), comm];
    if stack.tid != StackCount::NO_TID {
        labels.push(number("thread", stack.tid));
    }
    labels
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
