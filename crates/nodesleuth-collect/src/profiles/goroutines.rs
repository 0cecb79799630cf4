//! Goroutines by stack, from the profile that `/debug/pprof/goroutine` serves.

use super::validate;
use nodesleuth_model::evidence::{GoroutineGroup, GoroutineState as State, Goroutines};
use nodesleuth_model::{Missing, MissingKind};
use nodesleuth_profile::{Profile, Stack, normalize};
use std::collections::BTreeMap;

/// Functions that only wait, or lead to what does, on behalf of those that called them.
const WAITING: &[&str] = &[
    "runtime.",
    "runtime/",
    "internal/",
    "sync.",
    "syscall.",
    "time.Sleep",
    "golang.org/x/sys/unix.",
];
/// What a goroutine waits for, by a function that it is in; the first that fits from the leaf on.
const STATES: &[(&str, State)] = &[
    ("runtime.selectgo", State::Select),
    ("runtime.block", State::Select),
    ("runtime.chanrecv", State::Channel),
    ("runtime.chansend", State::Channel),
    ("runtime.notifyListWait", State::Condition),
    ("sync.runtime_notifyListWait", State::Condition),
    ("sync.(*WaitGroup).Wait", State::Condition),
    ("sync.(*Cond).Wait", State::Condition),
    ("sync.runtime_SemacquireMutex", State::Lock),
    ("sync.runtime_SemacquireRWMutex", State::Lock),
    ("internal/sync.runtime_SemacquireMutex", State::Lock),
    ("sync.(*RWMutex)", State::Lock),
    ("sync.(*Mutex)", State::Lock),
    ("runtime.netpollblock", State::Network),
    ("internal/poll.runtime_pollWait", State::Network),
    ("runtime.timeSleep", State::Timer),
    ("time.Sleep", State::Timer),
    ("syscall.", State::Call),
    ("runtime/internal/syscall.", State::Call),
    ("internal/runtime/syscall", State::Call),
    ("runtime.cgocall", State::Call),
];

/// Counts them.
///
/// # Errors
/// When this is no profile of goroutines.
pub fn goroutines_of(bytes: &[u8]) -> Result<Goroutines, Missing> {
    let profile = validate::profile(bytes)?;
    let value = profile.value_index("goroutine").ok_or_else(|| {
        let reason = "a profile, but not of goroutines";
        Missing::new(MissingKind::Malformed, reason)
    })?;
    let mut groups: BTreeMap<(String, String, State), u64> = BTreeMap::new();
    let mut states: BTreeMap<State, u64> = BTreeMap::new();
    let mut total = 0;
    for (stack, count) in profile.stacks().zip(profile.values(value)) {
        let count = u64::try_from(count).unwrap_or(0);
        let names = Names::of(&profile, stack);
        let state = names.state();
        *states.entry(state).or_default() += count;
        *groups
            .entry((names.began(), names.at(), state))
            .or_default() += count;
        total += count;
    }
    let group = |((began, at, state), count)| GoroutineGroup {
        count,
        began,
        at,
        state,
    };
    let mut groups: Vec<GoroutineGroup> = groups.into_iter().map(group).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    let left_out = groups.iter().skip(Goroutines::MOST_GROUPS);
    let others = left_out.map(|group| group.count).sum();
    groups.truncate(Goroutines::MOST_GROUPS);
    Ok(Goroutines {
        total,
        states,
        groups,
        others,
    })
}

/// Names of a stack's functions in their normal form, from leaf to root.
struct Names(Vec<String>);

impl Names {
    fn of(profile: &Profile, stack: Stack<'_>) -> Self {
        let names = stack.name_ids().rev();
        Self(
            names
                .map(|id| normalize(profile.name(id)).into_owned())
                .collect(),
        )
    }

    fn state(&self) -> State {
        let known = |name: &String| {
            let mut states = STATES.iter();
            states.find(|(prefix, _)| name.starts_with(prefix))
        };
        let waits = |name: &&String| WAITING.iter().any(|prefix| name.starts_with(prefix));
        // Below the first function of the program's own nothing says what is waited for now.
        let mut inner = self.0.iter().take_while(waits);
        match inner.find_map(known) {
            Some((_, state)) => *state,
            None if self.0.first().is_some_and(|leaf| leaf == "runtime.gopark") => State::Condition,
            None => State::Running,
        }
    }

    fn at(&self) -> String {
        let mut names = self.0.iter();
        let own = names.find(|name| !WAITING.iter().any(|prefix| name.starts_with(prefix)));
        own.or(self.0.last()).cloned().unwrap_or_default()
    }

    /// Newer compilers begin a goroutine with a function of their own that calls it.
    fn began(&self) -> String {
        let mut names = self.0.iter().rev();
        let own = names.find(|name| !name.contains(".gowrap") && *name != "runtime.goexit");
        own.cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_profile::{ValueType, encode};

    /// A kubelet 1.20 with 10,000 leaked cgroups; `?debug=1` beside it said 10,146, of which
    /// 10,019 are in the select of cAdvisor's housekeeping.
    const LEAKED: &[u8] = include_bytes!("samples/goroutine-leaked-10000.pb.gz");
    const HOUSEKEEPING: &str = "github.com/google/cadvisor/manager.(*containerData).housekeeping";

    fn of(stack: &[&str]) -> GoroutineGroup {
        let kind = ValueType {
            kind: "goroutine",
            unit: "count",
        };
        let profile = Profile::from_stacks(kind, [(stack.to_vec(), 3)]);
        goroutines_of(&encode(&profile)).unwrap().groups.remove(0)
    }

    #[test]
    fn a_real_kubelets_housekeepers_are_counted() {
        let goroutines = goroutines_of(LEAKED).unwrap();
        assert!(
            (10_100..10_200).contains(&goroutines.total),
            "{}",
            goroutines.total
        );
        let first = &goroutines.groups[0];
        assert_eq!(first.began, HOUSEKEEPING);
        assert_eq!(first.at, format!("{HOUSEKEEPING}Tick"));
        assert_eq!(first.state, State::Select);
        assert!(first.count >= 10_000, "{}", first.count);
        let counted: u64 = goroutines.states.values().sum();
        assert_eq!(counted, goroutines.total);
        let shown: u64 = goroutines.groups.iter().map(|group| group.count).sum();
        assert_eq!(shown + goroutines.others, goroutines.total);
    }

    #[test]
    fn what_is_waited_for_stands_nearest_to_the_leaf() {
        let lock = of(&[
            "main.run.gowrap1",
            "main.run",
            "x/vendor/a.io/b.(*T).Poll",
            "sync.(*Mutex).lockSlow",
            "sync.runtime_SemacquireMutex",
            "runtime.semacquire1",
            "runtime.gopark",
        ]);
        assert_eq!(lock.state, State::Lock);
        assert_eq!(
            (lock.began.as_str(), lock.at.as_str()),
            ("main.run", "a.io/b.(*T).Poll")
        );
        assert_eq!(lock.count, 3);
        let network = of(&[
            "net/http.(*conn).serve",
            "net.(*conn).Read",
            "internal/poll.(*FD).Read",
            "internal/poll.runtime_pollWait",
            "runtime.netpollblock",
            "runtime.gopark",
        ]);
        assert_eq!(
            (network.state, network.at.as_str()),
            (State::Network, "net.(*conn).Read")
        );
        let call = of(&[
            "main.walk",
            "os.Lstat",
            "syscall.fstatat",
            "syscall.Syscall6",
        ]);
        assert_eq!((call.state, call.at.as_str()), (State::Call, "os.Lstat"));
        assert_eq!(of(&["main.busy", "main.inner"]).state, State::Running);
        let forever = of(&["main.main", "runtime.block", "runtime.gopark"]);
        assert_eq!(forever.state, State::Select);
    }

    #[test]
    fn other_profiles_are_refused() {
        let cpu = Profile::from_stacks(ValueType::CPU, [(vec!["a"], 1)]);
        assert!(goroutines_of(&encode(&cpu)).is_err());
        assert!(goroutines_of(b"404 page not found").is_err());
    }
}
