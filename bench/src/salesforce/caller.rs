//! Who calls: by hand, with our client, with the peer's; each with its own HTTP client, session and defaults.

use std::sync::Arc;

use authsession_salesforce::Cirrus as Ours;
use authsession_testkit::org::Org;
use cirrus::Cirrus as Theirs;
use reqwest::Url;

use crate::outbound::sessions;
use crate::salesforce::Failure;
use crate::salesforce::by_hand::{ByHand, Page, Shipment, VERSION};

pub(crate) const FLOOR: &str = "floor: reqwest and serde_json, by hand";
pub(crate) const OURS: &str = "authsession";
pub(crate) const THEIRS: &str = "cirrus";

/// A client by hand, and where its small query is.
pub(crate) struct Floor {
    name: &'static str,
    pub(crate) by_hand: ByHand,
    one: Url,
}

/// Connections belong to the runtime they were opened on: so does a caller.
#[derive(Clone)]
pub(crate) enum Caller {
    Floor(Arc<Floor>),
    Ours(Ours),
    Theirs(Theirs),
}

impl Caller {
    /// One of each, the floor first.
    pub(crate) async fn all(org: &Org) -> Result<[Self; 3], Failure> {
        let ours = Ours::builder().api_version(VERSION).auth(Arc::new(sessions::ours(org)?)).build()?;
        let theirs = sessions::cirrus(org, None)?;
        let theirs = Theirs::builder().api_version(VERSION).auth(Arc::new(theirs)).build()?;
        Ok([Self::floor(org, FLOOR, false).await?, Self::Ours(ours), Self::Theirs(theirs)])
    }

    /// By hand, with the timeouts that the clients have by themselves.
    pub(crate) async fn by_hand_with_timeouts(org: &Org) -> Result<Self, Failure> {
        Self::floor(org, "the same, with a connect and a read timeout", true).await
    }

    async fn floor(org: &Org, name: &'static str, timeouts: bool) -> Result<Self, Failure> {
        let by_hand = ByHand::new(org, timeouts).await?;
        let one = by_hand.query(1)?;
        Ok(Self::Floor(Arc::new(Floor { name, by_hand, one })))
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Floor(floor) => floor.name,
            Self::Ours(_) => OURS,
            Self::Theirs(_) => THEIRS,
        }
    }

    /// Asks for one record, as a value of a type; by hand the question is a URL already. Without a box around it: what is allocated is theirs.
    pub(crate) async fn small_query(&self, soql: &str) -> Result<(), Failure> {
        let records = match self {
            Self::Floor(floor) => {
                let answer = floor.by_hand.get(&floor.one).await?;
                Page::<Shipment>::read(&answer)?.records.len()
            }
            Self::Ours(client) => client.query_as::<Shipment>(soql).await?.records.len(),
            Self::Theirs(client) => client.query_as::<Shipment>(soql).await?.records.len(),
        };
        if records == 1 { Ok(()) } else { Err(format!("{records} records, not one").into()) }
    }
}
