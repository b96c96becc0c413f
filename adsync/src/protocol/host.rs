//! What a host says of the server: product, settings, features, service. No IO.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is installed on the host, and how it is configured (registry, file versions, CIM).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostInformation {
    /// The protocol version this host speaks.
    pub protocol_version: u32,
    /// Name of the server, without domain.
    pub host_name: String,
    /// The engine found, if any (`ADSync` service or an older product).
    pub engine: Option<EngineInformation>,
    /// Operating system caption, such as `Windows Server 2022 Standard`.
    pub operating_system: String,
    /// Operating system build, such as `10.0.20348`.
    pub operating_system_build: String,
    /// Whether it is a Server Core installation.
    pub server_core: bool,
    /// Whether it is joined to a domain.
    pub domain_joined: bool,
    /// .NET Framework version, such as `4.8`.
    pub dot_net_version: String,
    /// Windows PowerShell version, such as `5.1.20348.2849`.
    pub power_shell_version: String,
    /// TLS 1.2 registry values as found; absent ones are listed with no data.
    pub tls_registry: Vec<RegistryValue>,
    /// Where the engine keeps its database; absent when it cannot be read.
    pub sql: Option<SqlInformation>,
    /// Physical memory in MiB.
    pub memory_mib: u64,
    /// Version of Microsoft's provisioning agent on this host, if installed.
    pub provisioning_agent_version: Option<String>,
    /// When the host last started (`Win32_OperatingSystem.LastBootUpTime`), to the second; absent where it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_time: Option<Timestamp>,
    /// The host's clock when it answered.
    pub local_time: Timestamp,
}

/// The synchronization product found on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineInformation {
    /// Which product.
    pub product: EngineProduct,
    /// File version, such as `2.6.92.0`.
    pub version: String,
    /// `Express`, `Custom` or as the registry has it; empty when unknown.
    pub installation_type: String,
}

/// Products that can sit behind the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EngineProduct {
    /// Windows Azure Active Directory Sync tool.
    DirSync,
    /// Azure AD Sync.
    AzureADSync,
    /// Azure AD Connect or Microsoft Entra Connect Sync, any version.
    EntraConnect,
    /// Forefront or Microsoft Identity Manager with the Azure AD connector.
    MicrosoftIdentityManager,
}

/// One registry value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryValue {
    /// Key path, from `HKLM` on.
    pub path: String,
    /// Value name.
    pub name: String,
    /// `DWORD` data; absent = not found.
    pub data: Option<u32>,
}

/// The engine's database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlInformation {
    /// Whether it is the LocalDB that the product brings.
    pub local_db: bool,
    /// Product version, such as `15.0.4382.1`.
    pub version: String,
    /// Server and instance; empty for LocalDB.
    pub instance: String,
    /// Size of the database in MiB.
    pub size_mib: u64,
}

/// `Get-ADSyncGlobalSettings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GlobalSettings {
    /// `Parameters`, such as `Microsoft.SynchronizationOption.AnchorAttribute`.
    pub parameters: Vec<NamedValue>,
    /// Attributes of the metaverse schema, by name.
    pub metaverse_attributes: Vec<String>,
}

/// A name with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedValue {
    /// The name.
    pub name: String,
    /// The value as text; empty when unset.
    pub value: String,
}

/// `Get-ADSyncAutoUpgrade`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoUpgrade {
    /// State.
    pub state: AutoUpgradeState,
    /// Why suspended; empty otherwise.
    #[serde(default)]
    pub suspension_reason: String,
}

/// States of automatic upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AutoUpgradeState {
    /// On.
    Enabled,
    /// Put on hold by the system.
    Suspended,
    /// Off.
    Disabled,
}

/// Tenant features as the sync server sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are the cmdlets' own fields")]
pub struct Features {
    /// Password hash synchronization.
    pub password_hash_sync: bool,
    /// Password writeback.
    pub password_writeback: bool,
    /// User writeback.
    pub user_writeback: bool,
    /// Device writeback.
    pub device_writeback: bool,
    /// Device write-up: synchronizes computers for hybrid join.
    pub device_write_up: bool,
    /// Group writeback.
    pub group_writeback: bool,
    /// Exchange hybrid writeback.
    pub exchange_hybrid: bool,
    /// Directory extensions.
    pub directory_extensions: bool,
    /// Group filtering (pilot).
    pub group_filtering: bool,
    /// `SignOnMethod`: `PasswordHashSync`, `PassThroughAuthentication`, `Federation`, ...
    pub sign_on_method: String,
    /// Seamless single sign-on.
    pub desktop_sso: bool,
    /// Deletion threshold of exports; absent when a person would have to sign in to read it, 0 = off.
    pub export_deletion_threshold: Option<u32>,
    /// When the last password hash cycle of each AD connector succeeded.
    pub password_hash_last_success: Vec<PasswordHashCycle>,
}

/// `Get-ADSyncPartitionPasswordSyncState`, the part that matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordHashCycle {
    /// AD connector.
    pub connector: Uuid,
    /// End of the last successful cycle; absent = never.
    pub last_success: Option<Timestamp>,
}

/// The service `ADSync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceState {
    /// The product is installed.
    pub installed: bool,
    /// The service runs.
    pub running: bool,
    /// How it starts.
    pub start_type: ServiceStartType,
    /// When it last came up, as the system's event log has it (Service Control Manager, event 7036); absent where that is not known.
    /// A service that was started and stopped again between two looks shows here and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_started_at: Option<Timestamp>,
}

/// Start type of a Windows service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are Windows' own")]
pub enum ServiceStartType {
    Automatic,
    Manual,
    Disabled,
}
