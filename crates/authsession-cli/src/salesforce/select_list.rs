//! What a query asks for, by the names its answer has.

/// What ends the list of what a query is from.
const CLAUSES: [&str; 12] = [
    "where", "using", "with", "group", "having", "order", "limit", "offset", "for", "update", "all", "typeof",
];

/// The fields between SELECT and its FROM, in their order: an alias where there is one, the argument where a function has none,
/// a parent's as `Owner.Name` without what the query calls its object. Children are none of them.
pub(crate) fn select_list(soql: &str) -> Vec<String> {
    let mut words = words(soql).into_iter().skip(1);
    let (mut names, mut last, mut parent) = (Vec::new(), None, None);
    while let Some(word) = words.next() {
        match word.to_lowercase().as_str() {
            "from" => break,
            "," => names.extend(last.take()),
            "typeof" => parent = words.next(),
            "when" if parent.is_some() => {
                names.extend(last.take());
                words.next();
            }
            "then" | "else" if parent.is_some() => names.extend(last.take()),
            "end" if parent.is_some() => parent = None,
            _ => last = Some(parent.iter().chain([&word]).map(String::as_str).collect::<Vec<_>>().join(".")),
        }
    }
    names.extend(last);
    let from = sources(words);
    names.iter().map(|name| without_source(name, &from)).filter(|name| !name.is_empty()).collect()
}

/// Words and commas; a function's argument is a word in place of the function, what stands in other parentheses is left out.
fn words(soql: &str) -> Vec<String> {
    let (mut words, mut word, mut depth) = (Vec::new(), String::new(), 0_u32);
    let mut is_call = false;
    for sign in soql.chars() {
        match sign {
            '(' => {
                depth += 1;
                if depth == 1 {
                    is_call = !std::mem::take(&mut word).is_empty();
                }
            }
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 1 || (depth == 1 && !is_call) => {}
            // Of several arguments, the first.
            ',' if depth == 1 => is_call = false,
            ',' => {
                words.push(std::mem::take(&mut word));
                words.push(",".to_owned());
            }
            _ if sign.is_whitespace() => words.push(std::mem::take(&mut word)),
            _ => word.push(sign),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// What each name stands for by which the query calls its object, or a parent of it: the object itself is empty.
fn sources(words: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let mut sources: Vec<(String, String)> = Vec::new();
    let mut path: Option<String> = None;
    for word in words.take_while(|word| !CLAUSES.contains(&word.to_lowercase().as_str())) {
        match &path {
            _ if word == "," => path = None,
            _ if word.eq_ignore_ascii_case("as") => {}
            None if sources.is_empty() => {
                sources.push((word, String::new()));
                path = Some(String::new());
            }
            None => path = Some(without_source(&word, &sources)),
            Some(path) => sources.push((word, path.clone())),
        }
    }
    sources
}

fn without_source(name: &str, sources: &[(String, String)]) -> String {
    let Some((first, rest)) = name.split_once('.') else { return name.to_owned() };
    match sources.iter().find(|(source, _)| source.eq_ignore_ascii_case(first)) {
        None => name.to_owned(),
        Some((_, path)) if path.is_empty() => rest.to_owned(),
        Some((_, path)) => format!("{path}.{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::select_list;

    #[test]
    fn names_aliases_functions_and_children_are_told_apart() {
        let soql =
            "select Id , Owner.Name,\n  COUNT(Id) n, (SELECT Id, Name FROM Contacts), Phone FROM Account";
        assert_eq!(select_list(soql), ["Id", "Owner.Name", "n", "Phone"]);
        let soql =
            "SELECT toLabel(Owner.Title), FORMAT(MIN(Amount)) least, DISTANCE(Place__c, X, 'mi') FROM Lead";
        assert_eq!(select_list(soql), ["Owner.Title", "least", "Place__c"]);
        assert!(select_list("").is_empty());
    }

    #[test]
    fn parents_have_the_names_the_answer_gives_them() {
        let soql =
            "SELECT c.LastName, Contact.Account.Name, c.Owner.Name FROM Contact AS c WHERE c.Email = null";
        assert_eq!(select_list(soql), ["LastName", "Account.Name", "Owner.Name"]);
        assert_eq!(select_list("SELECT a.Name, Id FROM Contact c, c.Account a"), ["Account.Name", "Id"]);
        let soql = "SELECT TYPEOF What WHEN Account THEN Phone, Owner.Name WHEN Case THEN Subject ELSE Name END, Id FROM Event";
        assert_eq!(select_list(soql), ["What.Phone", "What.Owner.Name", "What.Subject", "What.Name", "Id"]);
    }
}
