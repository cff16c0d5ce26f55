//! Graphs of subrequests, each all or none (REST API Developer Guide, "Composite Graph").

use serde::{Deserialize, Serialize};

use crate::composite::subrequests::CompositeSubrequest;
use crate::composite::subresponse::CompositeResponse;
use crate::nullable;

/// Up to 75 graphs, of up to 500 subrequests together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CompositeGraphRequest {
    /// They are no matter of each other.
    pub graphs: Vec<CompositeGraph>,
}

/// Subrequests that are done all or none, and may refer to each other. They go to `sobjects/…` only.
/// [`into_graph`](crate::composite::CompositeBuilder::into_graph) makes one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompositeGraph {
    /// Its name.
    #[serde(rename = "graphId")]
    pub graph_id: String,
    /// What is done.
    #[serde(rename = "compositeRequest")]
    pub composite_request: Vec<CompositeSubrequest>,
}

/// What became of the graphs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompositeGraphResponse {
    /// One a graph.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub graphs: Vec<CompositeGraphResult>,
}

impl CompositeGraphResponse {
    /// What became of the graph of that name.
    #[must_use]
    pub fn get(&self, graph_id: &str) -> Option<&CompositeGraphResult> {
        self.graphs.iter().find(|graph| graph.graph_id == graph_id)
    }
}

/// What became of one graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompositeGraphResult {
    /// Its name.
    #[serde(rename = "graphId")]
    pub graph_id: String,
    /// The answers; of a graph that failed, [`root_cause`](CompositeResponse::root_cause) is why.
    #[serde(rename = "graphResponse", default)]
    pub graph_response: CompositeResponse,
    /// Whether all was done; else nothing was.
    #[serde(rename = "isSuccessful")]
    pub is_successful: bool,
}
