//! A component of a deployment, as its file's name tells it.

use serde_json::Value;
use serde_json::json;

const FOLDERS: [(&str, &str); 12] = [
    ("classes", "ApexClass"),
    ("triggers", "ApexTrigger"),
    ("pages", "ApexPage"),
    ("components", "ApexComponent"),
    ("objects", "CustomObject"),
    ("layouts", "Layout"),
    ("flows", "Flow"),
    ("profiles", "Profile"),
    ("permissionsets", "PermissionSet"),
    ("labels", "CustomLabels"),
    ("staticresources", "StaticResource"),
    ("lwc", "LightningComponentBundle"),
];

#[derive(Clone)]
pub(crate) struct Component {
    kind: &'static str,
    name: String,
    file: String,
}

impl Component {
    /// `package.xml`, which a deployment cannot be without.
    pub(crate) fn manifest() -> Self {
        Self { kind: "", name: "package.xml".to_owned(), file: "package.xml".to_owned() }
    }

    /// The components of these files; none without a manifest.
    pub(crate) fn of(files: &[String]) -> Vec<Self> {
        let has_manifest = files.iter().any(|file| file.rsplit('/').next() == Some("package.xml"));
        if has_manifest { files.iter().filter_map(|file| Self::named(file)).collect() } else { Vec::new() }
    }

    fn named(file: &str) -> Option<Self> {
        let mut parts = file.rsplit('/');
        let last = parts.next().filter(|last| !last.is_empty() && !last.ends_with("-meta.xml"))?;
        if last == "package.xml" {
            return Some(Self { file: file.to_owned(), ..Self::manifest() });
        }
        let folder = parts.next()?;
        let kind = FOLDERS.iter().find(|(known, _)| *known == folder).map(|(_, kind)| *kind)?;
        let name = last.split('.').next().unwrap_or(last).to_owned();
        Some(Self { kind, name, file: file.to_owned() })
    }

    pub(crate) fn told(&self, at: &str, problem: Option<&str>) -> Value {
        let good = problem.is_none();
        json!({
            "id": null,
            "componentType": self.kind,
            "fullName": self.name,
            "fileName": self.file,
            "success": good,
            "changed": good,
            "created": good && !self.kind.is_empty(),
            "deleted": false,
            "createdDate": at,
            "problem": problem,
            "problemType": problem.map(|_| "Error"),
            "lineNumber": problem.map(|_| 1),
            "columnNumber": problem.map(|_| 1),
        })
    }
}
