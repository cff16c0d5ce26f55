//! Instants as Salesforce reads them: ISO 8601, in UTC (SOQL and SOSL Reference, "Date Formats and Date Literals").

use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{CirrusError, CirrusResult};
use crate::http_date::http_date;

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// An instant as SOQL writes a date with its time, to the millisecond.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use authsession_salesforce::soql;
///
/// let since = soql::datetime(UNIX_EPOCH + Duration::from_secs(1_767_323_045))?;
/// let soql = format!("SELECT Id FROM Account WHERE LastModifiedDate >= {since}");
/// assert_eq!(soql, "SELECT Id FROM Account WHERE LastModifiedDate >= 2026-01-02T03:04:05Z");
/// # Ok::<_, authsession_salesforce::CirrusError>(())
/// ```
///
/// # Errors
/// An instant before 1970 or after 9999.
pub fn datetime(instant: SystemTime) -> CirrusResult<String> {
    // "Fri, 02 Jan 2026 03:04:05 GMT": the calendar is HTTP's.
    let (Some(date), Ok(since)) = (http_date(instant), instant.duration_since(UNIX_EPOCH)) else {
        return Err(CirrusError::invalid_input("instant", "is before 1970 or after 9999: write it yourself"));
    };
    let month = MONTHS.find(&date[8..11]).unwrap_or_default() / 3 + 1;
    let (year, day, time) = (&date[12..16], &date[5..7], &date[17..25]);
    let fraction = match since.subsec_millis() {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    Ok(format!("{year}-{month:02}-{day}T{time}{fraction}Z"))
}
