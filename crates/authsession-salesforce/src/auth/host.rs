//! What a host name says about the org behind it (Salesforce Help, "My Domain URL Formats").

use std::borrow::Cow;

/// Beneath these, hosts serve the API of orgs. Sites (`my.site.com`, `force.com`) are not among them: what answers there is
/// written by customers.
const INSTANCE_SUFFIXES: [&str; 5] =
    [".salesforce.com", ".salesforce.mil", ".sfcrmproducts.cn", ".cloudforce.com", ".database.com"];

/// Hosts of the user interface, and the ones that serve the API of the same org.
const USER_INTERFACES: [(&str, &str); 5] = [
    (".lightning.force.com", ".my.salesforce.com"),
    (".lightning.crmforce.mil", ".my.salesforce.mil"),
    (".lightning.sfcrmapps.cn", ".my.sfcrmproducts.cn"),
    (".my.salesforce-setup.com", ".my.salesforce.com"),
    (".my.salesforce-setup.mil", ".my.salesforce.mil"),
];

const MY_DOMAINS: [&str; 3] = [".my.salesforce.com", ".my.salesforce.mil", ".my.sfcrmproducts.cn"];

/// `name[--sandbox][.partition].my.salesforce.com`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MyDomain<'a> {
    label: &'a str,
    /// `sandbox`, `develop`, `scratch`, …; none for production, and for the old form that names a pod instead.
    partition: Option<&'a str>,
    suffix: &'static str,
}

impl<'a> MyDomain<'a> {
    pub(crate) fn of(host: &'a str) -> Option<Self> {
        let suffix = MY_DOMAINS.into_iter().find(|suffix| host.ends_with(suffix))?;
        let mut labels = host.strip_suffix(suffix)?.split('.');
        let label = labels.next().filter(|label| !label.is_empty())?;
        let partition = labels.next();
        labels.next().is_none().then_some(Self {
            label,
            partition: partition.filter(|partition| !is_pod(partition)),
            suffix,
        })
    }

    /// Whether the org is a sandbox or a scratch org, which log in at test.salesforce.com. A name has two hyphens only to
    /// divide the sandbox's from its org's.
    pub(crate) fn is_sandbox(self) -> bool {
        self.label.contains("--") || matches!(self.partition, Some("sandbox" | "scratch"))
    }

    pub(crate) fn is_commercial(self) -> bool {
        self.suffix == ".my.salesforce.com"
    }

    /// Whether both name the same org. The partition came later than the names: for those that tell it themselves it may
    /// be missing on one side.
    pub(crate) fn is_same_org(self, other: Self) -> bool {
        self.label == other.label && self.suffix == other.suffix && self.class() == other.class()
    }

    fn class(self) -> Option<&'a str> {
        self.partition.filter(|partition| match *partition {
            "sandbox" => !self.label.contains("--"),
            "develop" => !self.label.ends_with("-dev-ed"),
            _ => true,
        })
    }
}

/// `na1`, `cs12`, `usa234`: the name of a machine of Salesforce's.
fn is_pod(label: &str) -> bool {
    let letters = label.trim_end_matches(|last: char| last.is_ascii_digit());
    (2..=4).contains(&letters.len())
        && letters.len() < label.len()
        && letters.bytes().all(|letter| letter.is_ascii_lowercase())
}

/// Whether the API of some org answers there.
pub(crate) fn serves_an_org(host: &str) -> bool {
    INSTANCE_SUFFIXES.iter().any(|suffix| host.ends_with(suffix))
}

/// `cs12.salesforce.com`: where sandboxes were before they had names.
pub(crate) fn is_sandbox_pod(host: &str) -> bool {
    host.strip_suffix(".salesforce.com").is_some_and(|pod| is_pod(pod) && pod.starts_with("cs"))
}

/// The host that serves the API of the org whose user interface is at `host`.
pub(crate) fn of_the_api(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    USER_INTERFACES
        .iter()
        .find_map(|(shown, api)| {
            let name = host.strip_suffix(shown).filter(|name| !name.is_empty())?;
            Some(Cow::Owned(format!("{name}{api}")))
        })
        .unwrap_or(Cow::Borrowed(host))
}
