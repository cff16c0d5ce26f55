//! How much one call takes, and how much a body has: counted before it is sent (REST API Developer Guide, "Composite Resources").

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{CirrusError, CirrusResult};

/// The most subrequests a composite request has.
pub const COMPOSITE_MAX_SUBREQUESTS: usize = 25;
/// The most subrequests a batch has.
pub const BATCH_MAX_SUBREQUESTS: usize = 25;
/// The most records a collection has that is created, updated, upserted or deleted.
pub const COLLECTION_MAX_RECORDS: usize = 200;
/// The most records that are retrieved by ids in a body; in the URL it is 800.
pub const COLLECTION_MAX_RETRIEVED: usize = 2_000;
/// The most records a tree has, children included.
pub const TREE_MAX_RECORDS: usize = 200;
/// The most subrequests all graphs of a request have together.
pub const GRAPH_MAX_NODES: usize = 500;

pub(super) const RETRIEVED_BY_URL: usize = 800;
const MAX_GRAPHS: usize = 75;

pub(super) const fn at_most(most: usize, of: &'static str, count: usize) -> CirrusResult<()> {
    if count > most { Err(CirrusError::TooMany { of, count, most }) } else { Ok(()) }
}

/// How many answers there are to be: of each graph, or of the one request. `None` where the body is of another shape: Salesforce
/// will say so.
pub(crate) type Asked = Option<Vec<usize>>;

pub(crate) fn subrequests(body: &[u8]) -> CirrusResult<Asked> {
    counted(COMPOSITE_MAX_SUBREQUESTS, "subrequests", read(body).map(|Composite { nodes }| nodes.len()))
}

pub(super) fn batch(body: &[u8]) -> CirrusResult<Asked> {
    let count = read(body).map(|Batch { subrequests }| subrequests.len());
    counted(BATCH_MAX_SUBREQUESTS, "subrequests", count)
}

pub(super) fn collection(body: &[u8]) -> CirrusResult<Asked> {
    counted(COLLECTION_MAX_RECORDS, "records", read(body).map(|Collection { records }| records.len()))
}

pub(super) fn tree(body: &[u8]) -> CirrusResult<Asked> {
    counted(TREE_MAX_RECORDS, "records", read(body).map(|Records(count)| count))
}

pub(super) fn graphs(body: &[u8]) -> CirrusResult<Asked> {
    let Some(Graphs { graphs }) = read(body) else { return Ok(None) };
    at_most(MAX_GRAPHS, "graphs", graphs.len())?;
    let nodes: Vec<_> = graphs.iter().map(|graph| graph.nodes.len()).collect();
    at_most(GRAPH_MAX_NODES, "nodes", nodes.iter().sum())?;
    Ok(Some(nodes))
}

fn counted(most: usize, of: &'static str, count: Option<usize>) -> CirrusResult<Asked> {
    at_most(most, of, count.unwrap_or(0))?;
    Ok(count.map(|count| vec![count]))
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

#[derive(Deserialize)]
struct Composite {
    #[serde(rename = "compositeRequest")]
    nodes: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Graphs {
    graphs: Vec<Composite>,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "batchRequests")]
    subrequests: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Collection {
    records: Vec<IgnoredAny>,
}

/// How many records are in lists named `records`, however deep.
struct Records(usize);

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counting;

        impl<'de> Visitor<'de> for Counting {
            type Value = Records;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("JSON")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Records, A::Error> {
                let mut count = 0;
                while let Some(name) = members.next_key::<String>()? {
                    if name == "records" {
                        let records: Vec<Records> = members.next_value()?;
                        count += records.iter().map(|Records(below)| 1 + below).sum::<usize>();
                    } else {
                        count += members.next_value::<Records>()?.0;
                    }
                }
                Ok(Records(count))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Records, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Records(0))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Records, E> {
                Ok(Records(0))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Records, E> {
                Ok(Records(0))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Records, E> {
                Ok(Records(0))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Records, E> {
                Ok(Records(0))
            }

            fn visit_str<E>(self, _: &str) -> Result<Records, E> {
                Ok(Records(0))
            }

            fn visit_unit<E>(self) -> Result<Records, E> {
                Ok(Records(0))
            }
        }

        deserializer.deserialize_any(Counting)
    }
}
