//! Sessions for calling Salesforce, and the client that calls with them: an [`AuthSession`] always has a valid access token, a
//! [`Cirrus`] asks what there is to ask with it, and when something cannot be had, the [`CirrusError`] says what to do next.
//!
//! Everything that can hand out a token is an [`AuthSession`], a trait of three methods; whatever calls Salesforce holds a
//! [`SharedAuth`] and does not care which one it is.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use authsession_salesforce::auth::JwtAuth;
//! use authsession_salesforce::{Cirrus, SharedAuth};
//! use futures_util::TryStreamExt;
//!
//! # async fn example() -> authsession_salesforce::CirrusResult<()> {
//! let auth: SharedAuth = Arc::new(
//!     JwtAuth::builder()
//!         .consumer_key("3MVG9...")
//!         .username("integration@acme.example")
//!         .private_key_pem_file("server.key")?
//!         .login_url("https://acme.my.salesforce.com")
//!         .build()?,
//! );
//! let salesforce = Cirrus::builder().auth(auth).build()?;
//! let mut accounts = salesforce.query_stream("SELECT Id, Name FROM Account");
//! while let Some(account) = accounts.try_next().await? {
//!     println!("{}", account["Name"]);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Read it in this order: [`auth::session`] is the trait, [`auth::recovery`] what a caller does about an error,
//! [`auth::refusal`] what the token endpoint says no with, [`error::api_error`] what an API says no with; then [`client`], which all
//! surfaces are methods of: [`query`], [`search`], [`sobjects`], [`composite`], [`bulk`], [`tooling`] and the others.

pub mod actions;
pub mod apex;
pub mod auth;
pub mod bulk;
pub mod client;
pub mod composite;
pub mod csv;
pub mod error;
pub mod event_monitoring;
mod exchange;
pub mod graphql;
pub mod handlers;
mod http_date;
pub mod limits;
pub mod metadata;
mod nullable;
mod poll;
pub mod query;
pub mod search;
pub mod sobjects;
pub mod soql;
pub mod sosl;
pub mod tooling;
pub mod ui_api;
pub mod versions;

pub use async_trait::async_trait;
pub use bytes::Bytes;

pub use actions::{ActionDescription, ActionParameter, ActionResult, ActionSummary};
pub use auth::{
    AuthError, AuthResult, AuthSession, AuthorizeOptions, ClientCredentialsAuth,
    ClientCredentialsAuthBuilder, CompletedSession, DEFAULT_TOKEN_CONNECT_TIMEOUT,
    DEFAULT_TOKEN_REQUEST_TIMEOUT, JwtAuth, JwtAuthBuilder, PendingExchange, RefreshTokenAuth,
    RefreshTokenAuthBuilder, RotationHandler, SharedAuth, StaticTokenAuth, SubjectTokenType,
    TokenExchangeFlow, TokenExchangeFlowBuilder, TokenExchangeGrantType, TokenExchangeSession, WebServerFlow,
    WebServerFlowBuilder, client_credentials, jwt, refresh, reqwest, revoke_token, static_token,
    token_client_builder, token_exchange, transport, web_server,
};
pub use authsession_core::{clock, secret, signer, token_store};
pub use bulk::ingest::BulkIngestHandler;
pub use bulk::job::{BulkIngestJob, BulkJob, BulkJobStateChange, BulkQueryJob};
pub use bulk::list::{BulkJobList, BulkJobListOptions, BulkJobSummary, BulkJobType};
pub use bulk::load::{BulkLoad, BulkLoaded};
pub use bulk::operation::BulkOperation;
pub use bulk::outcome::BulkOutcome;
pub use bulk::position::BulkPosition;
pub use bulk::progress::BulkProgress;
pub use bulk::query::{BulkQueryHandler, BulkQueryResults};
pub use bulk::result_pages::{BulkResultPage, BulkResultPages};
pub use bulk::results::BulkResults;
pub use bulk::row::{BulkFailure, BulkSuccess};
pub use bulk::source::BulkSource;
pub use bulk::spec::{BulkIngestSpec, BulkQuerySpec};
pub use bulk::state::BulkJobState;
pub use bulk::wait::BulkWait;
pub use bulk::{BulkHandler, MAX_BULK_JOB_BYTES, MAX_MULTIPART_JOB_DATA_CHARS};
pub use client::Cirrus;
pub use client::builder::{
    CirrusBuilder, DEFAULT_API_VERSION, DEFAULT_CONNECT_TIMEOUT, DEFAULT_MAX_RESPONSE_SIZE,
    DEFAULT_READ_TIMEOUT, MIN_API_VERSION,
};
pub use client::raw::{RawBody, RawResponse};
pub use composite::{
    BATCH_MAX_SUBREQUESTS, BatchBuilder, BatchRequest, BatchResponse, BatchSubrequest, BatchSubresult,
    COLLECTION_MAX_RECORDS, COLLECTION_MAX_RETRIEVED, COMPOSITE_MAX_SUBREQUESTS, CollectionOutcome,
    CollectionRecord, CompositeBuilder, CompositeError, CompositeGraph, CompositeGraphRequest,
    CompositeGraphResponse, CompositeGraphResult, CompositeRequest, CompositeResponse, CompositeSubrequest,
    CompositeSubresponse, CompositeTreeRecord, CompositeTreeRequest, CompositeTreeResponse,
    CompositeTreeResult, CompositeValue, GRAPH_MAX_NODES, RecordAttributes, Reference, SObjectCollection,
    SObjectCollectionResult, TREE_MAX_RECORDS, reference,
};
pub use csv::format::{BulkColumnDelimiter, BulkLineEnding, CsvFormat};
pub use csv::rows::CsvRows;
pub use csv::writer::CsvWriter;
pub use error::api_error::ApiVerdict;
pub use error::bulk_fault::{BulkEnded, BulkFault};
pub use error::csv_fault::{CsvFault, CsvFaultKind};
pub use error::json_fault::JsonFault;
pub use error::salesforce_error::SalesforceError;
pub use error::{CirrusError, CirrusResult};
pub use event_monitoring::EventLogFileRecord;
pub use exchange::address::encode_path_segment;
pub use exchange::byte_stream::ByteStream;
pub use exchange::governor::Governor;
pub use exchange::limit_info::LimitInfo;
pub use exchange::retry::{Replay, RetryPolicy};
pub use exchange::{byte_stream, governor, limit_info, retry};
pub use limits::{Limit, OrgLimits};
pub use metadata::{
    DeployDetails, DeployMessage, DeployOptions, DeployRequest, DeployResult, DeployResultDetails,
    DeployResultInnerDetails, DeployStatus, DeployWait, MetadataHandler, RunTestResults, RunTestsResult,
    TestLevel,
};
pub use query::pagination::Records;
pub use query::{QueryOptions, QueryResult, pagination};
pub use search::SearchResult;
pub use sobjects::blob::BlobUploadSpec;
pub use sobjects::describe::{DescribeGlobal, SObjectMetadata};
pub use sobjects::external_id::UpsertOptions;
pub use sobjects::record::SObjectCreateResult;
pub use sobjects::{SObjectHandler, SObjectsHandler};
pub use tooling::ExecuteAnonymousResult;
pub use versions::ApiVersion;
