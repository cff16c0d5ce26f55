//! A hundred thousand records, one after the other, through all pages of a query.

use std::hint::black_box;
use std::time::{Duration, Instant};

use authsession_testkit::org::Org;
use futures_util::{Stream, StreamExt as _};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::effort::Effort;
use crate::salesforce::Failure;
use crate::salesforce::by_hand::{ByHand, Page, Shipment, soql};
use crate::salesforce::caller::Caller;
use crate::salesforce::processor;
use crate::stopwatch::{Spread, ratio};

pub(crate) const RECORDS: usize = 100_000;
/// What a program that does something with them takes for a record.
pub(crate) const WORK: Duration = Duration::from_micros(10);

/// What becomes of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Read as a struct, and dropped.
    Struct,
    /// Read as `serde_json::Value`, and dropped.
    Json,
    /// Read as a struct, and worked on.
    Work,
}

impl Use {
    pub(crate) const ALL: [Self; 3] = [Self::Struct, Self::Json, Self::Work];
}

/// What one caller takes for all records.
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    pub(crate) used: Use,
    /// The fewest and the most that a stream handed over.
    pub(crate) records: (usize, usize),
    pub(crate) nanos: Spread,
    pub(crate) to_floor: f64,
    /// What the client's threads work for a record, in nanoseconds.
    pub(crate) processor: Spread,
    pub(crate) processor_to_floor: f64,
}

/// A caller, and whether it reads ahead.
#[derive(Clone)]
struct Contestant {
    name: &'static str,
    caller: Caller,
    ahead: bool,
}

#[derive(Clone, Default)]
struct Turns {
    records: Vec<usize>,
    wall: Vec<f64>,
    processor: Vec<f64>,
}

/// Turn and turn about, each in a task of a server's runtime.
pub(crate) async fn measure(org: &Org, effort: Effort) -> Result<Vec<Cost>, Failure> {
    let [floor, ours, theirs] = Caller::all(org).await?;
    let contestant =
        |caller: &Caller| Contestant { name: caller.name(), caller: caller.clone(), ahead: false };
    let reads_ahead = Contestant { name: "authsession, `read_ahead()`", caller: ours.clone(), ahead: true };
    let contestants = [contestant(&floor), contestant(&ours), reads_ahead, contestant(&theirs)];
    let mut costs = Vec::new();
    for used in Use::ALL {
        let mut all = vec![Turns::default(); contestants.len()];
        for _ in 0..effort.streams() {
            for (contestant, turns) in contestants.iter().zip(&mut all) {
                org.journal().clear();
                let (worked, started) = (processor::of_clients()?, Instant::now());
                let records = tokio::spawn(contestant.clone().run(used)).await??;
                turns.wall.push(started.elapsed().as_secs_f64() * 1e9);
                let worked = processor::of_clients()?.saturating_sub(worked);
                #[expect(clippy::cast_precision_loss, reason = "a hundred thousand fits")]
                turns.processor.push(worked.as_secs_f64() * 1e9 / RECORDS as f64);
                turns.records.push(records);
            }
        }
        let floor = all[0].clone();
        costs.extend(contestants.iter().zip(all).map(|(contestant, turns)| Cost {
            name: contestant.name,
            used,
            records: least_and_most(&turns.records),
            to_floor: ratio(&turns.wall, &floor.wall),
            nanos: Spread::of(turns.wall),
            processor_to_floor: ratio(&turns.processor, &floor.processor),
            processor: Spread::of(turns.processor),
        }));
    }
    Ok(costs)
}

impl Contestant {
    async fn run(self, used: Use) -> Result<usize, Failure> {
        match used {
            Use::Struct => self.records::<Shipment>(Duration::ZERO).await,
            Use::Json => self.records::<Value>(Duration::ZERO).await,
            Use::Work => self.records::<Shipment>(WORK).await,
        }
    }

    /// How many there were.
    async fn records<R: DeserializeOwned + Send + Unpin + 'static>(
        self,
        work: Duration,
    ) -> Result<usize, Failure> {
        let soql = soql(RECORDS);
        match self.caller {
            Caller::Floor(floor) => pages::<R>(&floor.by_hand, work).await,
            Caller::Ours(client) if self.ahead => {
                counted(client.query_stream_as::<R>(&soql).read_ahead(), work).await
            }
            Caller::Ours(client) => counted(client.query_stream_as::<R>(&soql), work).await,
            Caller::Theirs(client) => counted(client.query_stream_as::<R>(&soql), work).await,
        }
    }
}

async fn counted<R, E: Into<Failure>>(
    mut stream: impl Stream<Item = Result<R, E>> + Unpin,
    work: Duration,
) -> Result<usize, Failure> {
    let mut count = 0;
    while let Some(record) = stream.next().await {
        deal_with(record.map_err(Into::into)?, work);
        count += 1;
    }
    Ok(count)
}

async fn pages<R: DeserializeOwned>(by_hand: &ByHand, work: Duration) -> Result<usize, Failure> {
    let (mut url, mut count) = (by_hand.query(RECORDS)?, 0);
    loop {
        let page = Page::<R>::read(&by_hand.get(&url).await?)?;
        for record in page.records {
            deal_with(record, work);
            count += 1;
        }
        match page.next_records_url {
            Some(next) => url = by_hand.url(&next)?,
            None => return Ok(count),
        }
    }
}

fn deal_with<R>(record: R, work: Duration) {
    black_box(&record);
    if !work.is_zero() {
        let started = Instant::now();
        while started.elapsed() < work {
            std::hint::spin_loop();
        }
    }
}

fn least_and_most(counts: &[usize]) -> (usize, usize) {
    let (least, most) = (counts.iter().min(), counts.iter().max());
    (least.copied().unwrap_or_default(), most.copied().unwrap_or_default())
}
