//! How much of the org's API calls is used up, as every answer tells (header `Sforce-Limit-Info`; REST API Developer Guide,
//! "Limit Info Header").

/// What one `Sforce-Limit-Info` header says.
///
/// ```
/// use authsession_salesforce::LimitInfo;
///
/// let info = LimitInfo::parse("api-usage=18/15000; api-bursts=1/750").unwrap();
/// assert_eq!(info.remaining(), 14_982);
/// assert_eq!(info.bursts, Some((1, 750)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LimitInfo {
    /// Calls the org has made in the last 24 hours.
    pub used: u32,
    /// Calls it may make in 24 hours.
    pub allowed: u32,
    /// The same two of `api-bursts`, which Salesforce shows and does not explain.
    pub bursts: Option<(u32, u32)>,
}

impl LimitInfo {
    /// Reads the header's value; `None` when it has no `api-usage`. What else it says is passed over.
    #[must_use]
    pub fn parse(header_value: &str) -> Option<Self> {
        let told = |wanted: &str| {
            header_value.split([';', ',']).find_map(|part| {
                let (name, value) = part.split_once('=')?;
                let (used, allowed) = value.split_once('/')?;
                let number = |text: &str| text.trim().parse::<u32>().ok();
                (name.trim() == wanted).then(|| number(used).zip(number(allowed)))?
            })
        };
        let (used, allowed) = told("api-usage")?;
        Some(Self { used, allowed, bursts: told("api-bursts") })
    }

    /// Calls that are left; none when the org is beyond its limit, which Salesforce lets happen.
    #[must_use]
    pub const fn remaining(&self) -> u32 {
        self.allowed.saturating_sub(self.used)
    }
}
