async fn names(auth: SharedAuth) -> CirrusResult<Vec<String>> {
    let salesforce = Cirrus::builder().auth(auth).build()?; // one for the whole program
    let accounts = salesforce.query_stream_as::<Account>("SELECT Name FROM Account"); // page by page, as they are needed
    accounts.map_ok(|account| account.name).try_collect().await
}
