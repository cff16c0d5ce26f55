//! Instants as Salesforce reads them: ISO 8601, in UTC (SOQL and SOSL Reference, "Date Formats and Date Literals").

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::{CirrusError, CirrusResult};

const YEAR_9999: Duration = Duration::from_secs(253_402_300_799);
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
    let since = instant.duration_since(UNIX_EPOCH).ok().filter(|since| *since <= YEAR_9999);
    let Some(since) = since else {
        return Err(CirrusError::InvalidInput {
            field: "instant",
            message: "is before 1970 or after 9999: write it yourself".to_owned(),
        });
    };
    // "Fri, 02 Jan 2026 03:04:05 GMT": the calendar is httpdate's.
    let date = httpdate::fmt_http_date(instant);
    let month = MONTHS.find(&date[8..11]).unwrap_or_default() / 3 + 1;
    let (year, day, time) = (&date[12..16], &date[5..7], &date[17..25]);
    let fraction = match since.subsec_millis() {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    Ok(format!("{year}-{month:02}-{day}T{time}{fraction}Z"))
}
