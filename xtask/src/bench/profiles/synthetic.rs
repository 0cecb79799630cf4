//! Synthetic CPU profiles as a Go program writes them: a call graph of some thousand functions
//! with the names of a kubelet's packages, and random walks through it. The same arguments give
//! the same bytes.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nodesleuth_profile::{
    Function, FunctionId, Line, Location, LocationId, Mapping, MappingId, Profile, ProfileBuilder,
    ValueType, write,
};

use crate::failure::{Result, While};

const FUNCTIONS: u64 = 6000;
const CALLS_PER_FUNCTION: u64 = 6;
/// One call in this many has an inlined function in between.
const INLINED_EVERY: u64 = 7;
const PERIOD_NANOS: i64 = 10_000_000;
const TEXT_START: u64 = 0x40_0000;
const BYTES_PER_FUNCTION: u64 = 0x400;
const BYTES_PER_CALL: u64 = 0x20;

const PACKAGES: [&str; 12] = [
    "runtime",
    "syscall",
    "encoding/json",
    "google.golang.org/protobuf/proto",
    "k8s.io/kubernetes/pkg/kubelet",
    "k8s.io/kubernetes/pkg/kubelet/pleg",
    "k8s.io/kubernetes/pkg/kubelet/cm",
    "github.com/google/cadvisor/manager",
    "github.com/google/cadvisor/container/libcontainer",
    "github.com/opencontainers/runc/libcontainer/cgroups/fs",
    "github.com/prometheus/client_golang/prometheus",
    "k8s.io/client-go/tools/cache",
];
const TYPES: [&str; 6] = [
    "",
    "(*Manager).",
    "(*containerData).",
    "(*GenericPLEG).",
    "Handler.",
    "(*Set[go.shape.string]).",
];
const VERBS: [&str; 8] = [
    "Get", "update", "List", "marshal", "read", "Walk", "flush", "sync",
];
const NOUNS: [&str; 9] = [
    "Stats", "Pod", "Cgroup", "Files", "Loop", "Metrics", "Volumes", "Events", "State",
];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    shape: Shape,
    /// Where the profile goes (.pb.gz).
    out: PathBuf,
}

/// How large a profile is.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Shape {
    /// Samples, nearly all with a stack of their own.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) samples: usize,
    /// Frames of a stack, give or take a sixth.
    #[arg(long, default_value_t = 30)]
    pub(crate) depth: u64,
    /// Profiles with other seeds are other walks through the same program.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    save(args.shape, &args.out)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a profile to `path`.
pub(crate) fn save(shape: Shape, path: &Path) -> Result<()> {
    let doing = || format!("writing {}", path.display());
    let file = File::create(path).doing(doing)?;
    write(&profile(shape), BufWriter::new(file)).doing(doing)
}

fn profile(shape: Shape) -> Profile {
    let mut program = Program::new();
    let mut random = Random(shape.seed);
    for _ in 0..shape.samples {
        let stack = program.walk(shape.depth, &mut random);
        let count = 1 + i64::try_from(random.below(3)).unwrap_or(0);
        program
            .builder
            .sample(stack, &[count, count * PERIOD_NANOS], &[]);
    }
    program.builder.finish()
}

struct Program {
    builder: ProfileBuilder,
    text: MappingId,
    functions: Vec<FunctionId>,
}

impl Program {
    fn new() -> Self {
        let mut builder =
            ProfileBuilder::new(&[ValueType::new("samples", "count"), ValueType::CPU]);
        builder
            .time(1_700_000_000_000_000_000, 60_000_000_000)
            .period(PERIOD_NANOS, ValueType::CPU);
        let text = builder.mapping(Mapping {
            start: TEXT_START,
            limit: TEXT_START + FUNCTIONS * BYTES_PER_FUNCTION,
            file: "/usr/bin/kubelet",
            has_functions: true,
            ..Mapping::default()
        });
        let functions = (0..FUNCTIONS).map(|n| function(&mut builder, n)).collect();
        Self {
            builder,
            text,
            functions,
        }
    }

    fn walk(&mut self, depth: u64, random: &mut Random) -> Vec<LocationId> {
        let depth = depth - depth / 6 + random.below(depth / 3 + 1);
        let mut at = random.below(3);
        (0..depth)
            .map(|_| {
                // The smaller of two draws: some ways are much hotter than others.
                let call = random
                    .below(CALLS_PER_FUNCTION)
                    .min(random.below(CALLS_PER_FUNCTION));
                let site = at * CALLS_PER_FUNCTION + call;
                let location = self.call(at, call, site);
                at = mixed(site) % FUNCTIONS;
                location
            })
            .collect()
    }

    fn call(&mut self, function: u64, call: u64, site: u64) -> LocationId {
        let line = |function: u64, line: u64| Line {
            function: self.functions[function as usize],
            line: (10 + line).cast_signed(),
            column: 0,
        };
        let mut lines = vec![line(function, 3 * call)];
        if mixed(site).is_multiple_of(INLINED_EVERY) {
            lines.push(line(mixed(!site) % FUNCTIONS, call));
        }
        self.builder.location(Location {
            mapping: Some(self.text),
            address: TEXT_START + function * BYTES_PER_FUNCTION + call * BYTES_PER_CALL + 5,
            lines,
        })
    }
}

fn function(builder: &mut ProfileBuilder, number: u64) -> FunctionId {
    let mut rest = mixed(number);
    let mut pick = |from: &[&'static str]| {
        let count = from.len() as u64;
        let picked = from[(rest % count) as usize];
        rest /= count;
        picked
    };
    let (package, receiver) = (pick(&PACKAGES), pick(&TYPES));
    let (verb, noun) = (pick(&VERBS), pick(&NOUNS));
    let name = format!("{package}.{receiver}{verb}{noun}{number}");
    let file = format!("/go/src/{package}/{}.go", noun.to_lowercase());
    builder.function(Function {
        name: &name,
        system_name: &name,
        file: &file,
        start_line: 10,
    })
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0) % end
    }
}

fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_stacks_and_most_differ() {
        let shape = Shape {
            samples: 300,
            depth: 30,
            seed: 7,
        };
        let made = profile(shape);
        assert_eq!(made, profile(shape));
        let stacks: std::collections::BTreeSet<Vec<_>> =
            made.stacks().map(|s| s.name_ids().collect()).collect();
        assert!(stacks.len() > 290, "{}", stacks.len());
        assert!(stacks.iter().all(|stack| (25..80).contains(&stack.len())));
        assert_ne!(made, profile(Shape { seed: 8, ..shape }));
    }
}
