//! Whether an answer is to all that was asked for: one that is not would look like a success.

use crate::composite::batch::BatchResponse;
use crate::composite::collection::SObjectCollectionResult;
use crate::composite::graph::CompositeGraphResponse;
use crate::composite::subresponse::CompositeResponse;
use crate::composite::tree::CompositeTreeResponse;
use crate::error::{CirrusError, CirrusResult};

/// An answer with several in it.
pub(crate) trait Answers {
    /// Whether there are as many as were asked for: so many in each graph, or in the one request.
    fn are_to_all(&self, asked: &[usize]) -> bool;
}

/// The answer, if it is to all that was asked for.
pub(crate) fn to_all<A: Answers>(answer: A, asked: &[usize]) -> CirrusResult<A> {
    if answer.are_to_all(asked) {
        return Ok(answer);
    }
    Err(CirrusError::InvalidResponse(
        "the answer has not one result for each that was sent: see what was done".to_owned(),
    ))
}

impl Answers for CompositeResponse {
    fn are_to_all(&self, asked: &[usize]) -> bool {
        [self.composite_response.len()] == asked
    }
}

impl Answers for BatchResponse {
    fn are_to_all(&self, asked: &[usize]) -> bool {
        [self.results.len()] == asked
    }
}

impl Answers for CompositeTreeResponse {
    fn are_to_all(&self, asked: &[usize]) -> bool {
        [self.results.len()] == asked
    }
}

impl Answers for Vec<SObjectCollectionResult> {
    fn are_to_all(&self, asked: &[usize]) -> bool {
        [self.len()] == asked
    }
}

/// Of a graph that failed nothing was done, however little is told of it.
impl Answers for CompositeGraphResponse {
    fn are_to_all(&self, asked: &[usize]) -> bool {
        let told = self.graphs.iter().map(|graph| graph.graph_response.composite_response.len());
        let all_done = self.graphs.iter().all(|graph| graph.is_successful);
        self.graphs.len() == asked.len() && (!all_done || told.sum::<usize>() == asked.iter().sum::<usize>())
    }
}
