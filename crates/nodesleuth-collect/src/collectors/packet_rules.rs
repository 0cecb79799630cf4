//! Packet filter rules of our network namespace: `/proc/net/ip_tables_names` and the kernel's count.

use super::shape::{Once, malformed};
use crate::{Ctx, Node};
use nodesleuth_model::evidence::PacketRules;
use nodesleuth_model::{Missing, MissingKind};
use nodesleuth_parse::proc::modules;
use nodesleuth_trace::{InternetProtocol, packet_table_entries};
use std::collections::BTreeMap;

/// Where each protocol lists its tables, and what we call it.
const LISTS: [(&str, &str, InternetProtocol); 2] = [
    ("/proc/net/ip_tables_names", "ip", InternetProtocol::V4),
    ("/proc/net/ip6_tables_names", "ip6", InternetProtocol::V6),
];
const MODULES: &str = "/proc/modules";

/// How many rules there are, and by which back-end.
pub(super) static COLLECTOR: Once<PacketRules> = Once {
    name: "packet_rules",
    read: |ctx| Ok(read(ctx)),
    field: |evidence| &mut evidence.packet_rules,
};

fn read(ctx: &Ctx<'_>) -> PacketRules {
    let tables = tables(ctx.node);
    PacketRules {
        legacy_entries: tables
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|tables| entries(ctx.node, tables))
            .into(),
        legacy_tables: tables
            .map(|tables| tables.iter().map(name).collect())
            .into(),
        nf_tables_loaded: loaded(ctx.node, "nf_tables").into(),
    }
}

type Table = (&'static str, InternetProtocol, String);

fn name((family, _, table): &Table) -> String {
    format!("{family} {table}")
}

/// Only tables that exist: asking the kernel about another one would make it.
fn tables(node: &Node) -> Result<Vec<Table>, Missing> {
    let mut found = Vec::new();
    let mut read = 0;
    let mut refused = None;
    for (path, family, protocol) in LISTS {
        match node.text(path) {
            Ok(text) => {
                read += 1;
                let names = text.split_whitespace();
                found.extend(names.map(|table| (family, protocol, table.to_owned())));
            }
            Err(error) => refused = refused.or(Some(Missing::from(error))),
        }
    }
    match refused {
        // A kernel without ip_tables has no list; with one family only, the other has none.
        Some(missing) if read == 0 => Err(missing),
        _ => Ok(found),
    }
}

fn entries(node: &Node, tables: &[Table]) -> Result<BTreeMap<String, u64>, Missing> {
    if !node.is_live() && !tables.is_empty() {
        let reason = "rules are counted by a socket of the running kernel only";
        return Err(Missing::new(MissingKind::Unsupported, reason));
    }
    let mut found = BTreeMap::new();
    for table in tables {
        let count = packet_table_entries(table.1, &table.2).map_err(|error| {
            let reason = format!("rules of table {}: {error}", name(table));
            match error.kind() {
                std::io::ErrorKind::PermissionDenied => {
                    Missing::new(MissingKind::Permission, reason).needs("CAP_NET_ADMIN")
                }
                _ => Missing::new(MissingKind::Failed, reason),
            }
        })?;
        found.insert(name(table), u64::from(count));
    }
    Ok(found)
}

fn loaded(node: &Node, module: &str) -> Result<bool, Missing> {
    let modules = modules::parse(&node.text(MODULES)?).map_err(malformed)?;
    Ok(modules.iter().any(|loaded| loaded.name == module))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;
    use crate::fake_node::{FakeClock, FakeNode};

    fn rules(fake: &FakeNode) -> PacketRules {
        let (clock, cancel) = (FakeClock::new(), Cancel::default());
        read(&fake.ctx(&clock, &cancel))
    }

    #[test]
    fn tables_of_both_families_are_listed_and_not_counted_on_a_recording() {
        let rules = rules(
            &FakeNode::new()
                .file("/proc/net/ip_tables_names", "nat\nfilter\n")
                .file("/proc/net/ip6_tables_names", "filter\n")
                .file(
                    "/proc/modules",
                    "nf_tables 303104 123 nft_compat, Live 0x0000000000000000\n",
                ),
        );
        let tables = rules.legacy_tables.value().unwrap();
        assert_eq!(tables, &["ip nat", "ip filter", "ip6 filter"]);
        assert_eq!(rules.nf_tables_loaded.value(), Some(&true));
        let why = rules.legacy_entries.missing().unwrap();
        assert_eq!(why.kind, MissingKind::Unsupported);
    }

    #[test]
    fn no_table_is_no_rule_and_no_list_is_not_known() {
        let none = rules(&FakeNode::new().file("/proc/net/ip_tables_names", ""));
        assert_eq!(none.legacy_entries.value(), Some(&BTreeMap::new()));
        let absent = rules(&FakeNode::new());
        assert_eq!(
            absent.legacy_entries.missing().unwrap().kind,
            MissingKind::Absent
        );
        assert_eq!(
            absent.nf_tables_loaded.missing().unwrap().kind,
            MissingKind::Absent
        );
    }
}
