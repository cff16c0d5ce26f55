//! Event log files: what users did in the org, as CSV (Object Reference, "EventLogFile"; REST API Developer Guide, "Using Event
//! Monitoring").

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::client::Cirrus;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::address::{is_version, segment};
use crate::exchange::byte_stream::ByteStream;
use crate::exchange::call::Call;

impl Cirrus {
    /// Event log files.
    #[must_use]
    pub const fn event_monitoring(&self) -> EventMonitoringHandler<'_> {
        EventMonitoringHandler { client: self }
    }
}

/// An `EventLogFile` as a query finds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventLogFileRecord {
    /// Its id.
    #[serde(rename = "Id")]
    pub id: String,
    /// What it tells of, such as `Login` or `API`.
    #[serde(rename = "EventType")]
    pub event_type: String,
    /// Where it is, as a path from the root.
    #[serde(rename = "LogFile")]
    pub log_file: String,
    /// The beginning of the day or hour it tells of.
    #[serde(rename = "LogDate")]
    pub log_date: String,
    /// Its length in bytes.
    #[serde(rename = "LogFileLength", default)]
    pub log_file_length: Option<f64>,
    /// `Daily` or `Hourly`.
    #[serde(rename = "Interval", default)]
    pub interval: Option<String>,
    /// Of an hourly one: its number among those of the hour. 0 for a daily one.
    #[serde(rename = "Sequence", default)]
    pub sequence: Option<i32>,
    /// When it was written.
    #[serde(rename = "CreatedDate", default)]
    pub created_date: Option<String>,
    /// Its columns, with commas between them.
    #[serde(rename = "LogFileFieldNames", default)]
    pub log_file_field_names: Option<String>,
    /// Their types, with commas between them.
    #[serde(rename = "LogFileFieldTypes", default)]
    pub log_file_field_types: Option<String>,
    /// The API's version its columns are of.
    #[serde(rename = "ApiVersion", default)]
    pub api_version: Option<f64>,
}

/// Downloads event log files. They are found by a query: `SELECT Id, EventType, LogFile, LogDate FROM EventLogFile`.
///
/// A file may be gigabytes: [`download_stream`](Self::download_stream) gives it as it comes, the others hold it in memory up to the
/// client's limit.
///
/// # Errors
/// Of all its methods: as those of [`Cirrus::get`], and [`CirrusError::InvalidInput`] for an id or URL that is no log file's; the
/// token goes to no other.
///
/// ```no_run
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// use futures_util::StreamExt;
///
/// let mut file = salesforce.event_monitoring().download_stream("0ATxx0000000001GAA").await?;
/// while let Some(piece) = file.next().await {
///     println!("{} bytes more", piece?.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EventMonitoringHandler<'a> {
    client: &'a Cirrus,
}

impl EventMonitoringHandler<'_> {
    /// The file of that record.
    pub async fn download(&self, log_file_id: &str) -> CirrusResult<Bytes> {
        Ok(self.client.call(Call::get(path_of(log_file_id)?)).await?.body)
    }

    /// The file at the URL of a record's `LogFile`: a path from the root, or a whole URL of the instance.
    pub async fn download_url(&self, log_file_url: &str) -> CirrusResult<Bytes> {
        Ok(self.client.call(Call::get(self.confined(log_file_url)?)).await?.body)
    }

    /// The file of that record as it comes.
    pub async fn download_stream(&self, log_file_id: &str) -> CirrusResult<ByteStream> {
        self.client.download(Call::get(path_of(log_file_id)?)).await
    }

    /// The file at the URL of a record's `LogFile` as it comes.
    pub async fn download_url_stream(&self, log_file_url: &str) -> CirrusResult<ByteStream> {
        self.client.download(Call::get(self.confined(log_file_url)?)).await
    }

    /// The URL, if it is a log file's: it comes out of a record, and a record can be made up.
    fn confined(&self, url: &str) -> CirrusResult<String> {
        let is_written_out = url.starts_with('/') || url.contains("://");
        let url = self.client.exchange.address().resolve(url)?;
        let parts: Vec<&str> = url.path().split('/').collect();
        let is_log_file = matches!(
            parts[..],
            ["", "services", "data", version, "sobjects", "EventLogFile", id, "LogFile"]
                if is_version(version) && !id.is_empty() && id.bytes().all(|sign| sign.is_ascii_alphanumeric())
        );
        if is_written_out && is_log_file && url.query().is_none() {
            return Ok(url.into());
        }
        Err(CirrusError::invalid_input(
            "log_file_url",
            "is no log file's: give the field LogFile of an EventLogFile record",
        ))
    }
}

fn path_of(log_file_id: &str) -> CirrusResult<String> {
    Ok(format!("sobjects/EventLogFile/{}/LogFile", segment("log_file_id", log_file_id)?))
}
