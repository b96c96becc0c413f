//! A thin typed client for the parts of Microsoft Graph that Cloud Sync needs
