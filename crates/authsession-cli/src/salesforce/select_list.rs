//! The order in which a query names what it wants.

/// What stands between SELECT and its FROM: in small letters, the last word of each, which is its alias if it has one.
pub(crate) fn select_list(soql: &str) -> Vec<String> {
    let (mut names, mut depth) = (Vec::new(), 0_u32);
    let mut name = String::new();
    for word in soql.split_whitespace().skip(1) {
        if depth == 0 && word.eq_ignore_ascii_case("from") {
            break;
        }
        // What came before is no alias, unless it ends here: `Name , Phone`.
        if depth == 0 && !word.starts_with(',') {
            name.clear();
        }
        for sign in word.chars() {
            match sign {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => names.push(std::mem::take(&mut name)),
                _ if depth == 0 => name.extend(sign.to_lowercase()),
                _ => {}
            }
        }
    }
    names.push(name);
    names
}

#[cfg(test)]
mod tests {
    use super::select_list;

    #[test]
    fn names_aliases_functions_and_children_are_told_apart() {
        let soql =
            "select Id , Owner.Name,\n  COUNT(Id) n, (SELECT Id, Name FROM Contacts), Phone FROM Account";
        assert_eq!(select_list(soql), ["id", "owner.name", "n", "", "phone"]);
        assert_eq!(select_list(""), [""]);
    }
}
