//! A large result of a Bulk query, by a process of its own: how long it takes, and how much memory at its peak.

use std::env;
use std::fs;
use std::process::Command;
use std::time::Instant;

use authsession_salesforce::auth::StaticTokenAuth;
use authsession_salesforce::{BulkOperation, BulkQuerySpec, Cirrus as Ours};
use authsession_testkit::org::Org;
use futures_util::StreamExt as _;
use reqwest::header::AUTHORIZATION;
use std::sync::Arc;
use tokio::runtime::Runtime;

use crate::effort::Effort;
use crate::outbound::sessions;
use crate::salesforce::Failure;
use crate::salesforce::by_hand::{OBJECT, VERSION};
use crate::salesforce::processor;
use crate::stopwatch::{Spread, ratio};

/// The program's first argument in such a process; then whose, where, with which token, which job, and how many rows a page.
pub(crate) const ARGUMENT: &str = "--download";
/// In bytes.
pub(crate) const ROW: usize = 1_000;
/// Rows a page: what the org does by itself, and five times as many.
const PAGES: [u32; 2] = [50_000, 250_000];

const WHOSE: [(&str, &str); 4] = [
    ("floor", "floor: reqwest, chunk by chunk"),
    (STREAM, "authsession, `all_results`: a stream of whole rows"),
    ("ours", "authsession, `results`: a page in memory"),
    ("theirs", "cirrus, `results`: a page in memory"),
];
const STREAM: &str = "stream";

/// What one of them takes for the result.
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    /// Whether it is our stream, of which memory is promised.
    pub(crate) is_our_stream: bool,
    /// Rows a page.
    pub(crate) rows: u32,
    /// What was to be downloaded: the rows, without the headers.
    pub(crate) result: usize,
    /// The fewest bytes that came.
    pub(crate) came: usize,
    pub(crate) nanos: Spread,
    pub(crate) to_floor: f64,
    pub(crate) processor: Spread,
    pub(crate) processor_to_floor: f64,
    /// The most memory that was added to what the process had before, in bytes; of all rounds.
    pub(crate) memory: usize,
}

/// What a process tells.
#[derive(Clone, Copy)]
struct Told {
    nanos: f64,
    processor: f64,
    memory: usize,
    came: usize,
}

/// One process after the other, turn and turn about.
pub(crate) fn measure(org: &Org, effort: Effort, one: &Runtime) -> Result<Vec<Cost>, Failure> {
    let result = effort.download();
    org.bulk_pace(0);
    org.make_up_next_bulk_result(result / ROW, ROW);
    let job = one.block_on(job(org))?;
    let mut costs = Vec::new();
    for rows in PAGES {
        let mut told = vec![Vec::new(); WHOSE.len()];
        for _ in 0..effort.downloads() {
            for ((whose, _), told) in WHOSE.iter().zip(&mut told) {
                told.push(ask(org, whose, &job, rows)?);
            }
        }
        let wall = |told: &[Told]| told.iter().map(|one| one.nanos).collect::<Vec<_>>();
        let worked = |told: &[Told]| told.iter().map(|one| one.processor).collect::<Vec<_>>();
        let (floor_wall, floor_worked) = (wall(&told[0]), worked(&told[0]));
        costs.extend(WHOSE.iter().zip(&told).map(|((whose, name), told)| Cost {
            name,
            is_our_stream: *whose == STREAM,
            rows,
            result: result / ROW * ROW,
            came: told.iter().map(|one| one.came).min().unwrap_or_default(),
            nanos: Spread::of(wall(told)),
            to_floor: ratio(&wall(told), &floor_wall),
            processor: Spread::of(worked(told)),
            processor_to_floor: ratio(&worked(told), &floor_worked),
            memory: told.iter().map(|one| one.memory).max().unwrap_or_default(),
        }));
    }
    Ok(costs)
}

/// A job whose result is there.
async fn job(org: &Org) -> Result<String, Failure> {
    let client = Ours::builder().api_version(VERSION).auth(Arc::new(sessions::ours(org)?)).build()?;
    let spec = BulkQuerySpec::new(format!("SELECT Id, Name FROM {OBJECT}"), BulkOperation::Query);
    let job = client.bulk().query().create(&spec).await?;
    Ok(client.bulk().query().wait(&job.id).await?.completed()?.id)
}

fn ask(org: &Org, whose: &str, job: &str, rows: u32) -> Result<Told, Failure> {
    org.journal().clear();
    let token = org.open_session(&org.username())?;
    let arguments = [ARGUMENT, whose, org.instance_url(), &token, job, &rows.to_string()];
    let output = Command::new(env::current_exe()?).args(arguments).output()?;
    let text = String::from_utf8(output.stdout)?;
    let words: Vec<_> = text.split_whitespace().collect();
    let [nanos, processor, memory, came] = words[..] else {
        return Err(format!("{whose}: {}", String::from_utf8_lossy(&output.stderr)).into());
    };
    Ok(Told {
        nanos: nanos.parse()?,
        processor: processor.parse()?,
        memory: memory.parse()?,
        came: came.parse()?,
    })
}

/// In such a process: downloads, and prints what it took.
pub(crate) fn print(arguments: [&str; 5], one: &Runtime) -> Result<(), Failure> {
    let [whose, instance, token, job, rows] = arguments;
    let rows = rows.parse()?;
    let (before, worked, started) = (peak()?, processor::of_process()?, Instant::now());
    let came = one.block_on(async {
        match whose {
            "floor" => by_hand(instance, token, job, rows).await,
            "theirs" => theirs(instance, token, job, rows).await,
            _ => ours(instance, token, job, rows, whose == STREAM).await,
        }
    })?;
    let (elapsed, worked) = (started.elapsed(), processor::of_process()?.saturating_sub(worked));
    let memory = peak()?.saturating_sub(before);
    println!("{} {} {memory} {came}", elapsed.as_nanos(), worked.as_nanos());
    Ok(())
}

async fn by_hand(instance: &str, token: &str, job: &str, rows: u32) -> Result<usize, Failure> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let folder = format!("{instance}/services/data/{VERSION}/jobs/query/{job}/results?maxRecords={rows}");
    let (mut url, mut came) = (folder.clone(), 0);
    loop {
        let request = client.get(&url).header(AUTHORIZATION, format!("Bearer {token}"));
        let mut answer = request.send().await?.error_for_status()?;
        let locator = answer.headers().get("sforce-locator").and_then(|value| value.to_str().ok());
        let next = locator.filter(|text| *text != "null").map(|text| format!("{folder}&locator={text}"));
        while let Some(chunk) = answer.chunk().await? {
            came += chunk.len();
        }
        match next {
            Some(next) => url = next,
            None => return Ok(came),
        }
    }
}

async fn ours(instance: &str, token: &str, job: &str, rows: u32, stream: bool) -> Result<usize, Failure> {
    let auth = Arc::new(StaticTokenAuth::new(token, instance));
    let client = Ours::builder().api_version(VERSION).auth(auth).build()?;
    let queries = client.bulk().query();
    let (mut locator, mut came) = (None, 0);
    if stream {
        let mut pieces = queries.all_results(job)?.max_records(rows);
        while let Some(piece) = pieces.next().await {
            came += piece?.len();
        }
        return Ok(came);
    }
    loop {
        let page = queries.results(job, locator.as_deref(), Some(rows)).await?;
        came += page.csv.len();
        match page.locator {
            Some(next) => locator = Some(next),
            None => return Ok(came),
        }
    }
}

async fn theirs(instance: &str, token: &str, job: &str, rows: u32) -> Result<usize, Failure> {
    let auth = Arc::new(cirrus_auth::StaticTokenAuth::new(token, instance));
    let client = cirrus::Cirrus::builder().api_version(VERSION).auth(auth).build()?;
    let (mut locator, mut came) = (None, 0);
    loop {
        let page = client.bulk().query().results(job, locator.as_deref(), Some(rows)).await?;
        came += page.csv.len();
        match page.locator {
            Some(next) => locator = Some(next),
            None => return Ok(came),
        }
    }
}

/// The most of this process that ever was in memory.
fn peak() -> Result<usize, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? * 1024)
}
