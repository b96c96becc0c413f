//! What is true of a sync server's host, apart from the engine's configuration. Pure data.

use adsync::protocol::{EngineProduct, RegistryValue, SqlInformation};
use serde::{Deserialize, Serialize};

/// Facts about a host that no exported configuration holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostFacts {
    /// Name of the server, without domain.
    pub host_name: String,
    /// Product.
    pub product: EngineProduct,
    /// Build to report; absent = the one that the configuration was exported from.
    pub version: Option<String>,
    /// `Express`, `Custom`, or empty.
    pub installation_type: String,
    /// Operating system caption.
    pub operating_system: String,
    /// Operating system build.
    pub operating_system_build: String,
    /// Server Core.
    pub server_core: bool,
    /// Joined to a domain.
    pub domain_joined: bool,
    /// .NET Framework version.
    pub dot_net_version: String,
    /// Windows PowerShell version.
    pub power_shell_version: String,
    /// TLS 1.2 registry values.
    pub tls_registry: Vec<RegistryValue>,
    /// The engine's database.
    pub sql: Option<SqlInformation>,
    /// Physical memory in MiB.
    pub memory_mib: u64,
    /// Account under which operations of the host protocol run: it shows as the user of runs started by hand.
    pub operator_account: String,
}

/// Where Windows keeps the TLS 1.2 switches, with the values that Microsoft asks for
/// (Microsoft, "TLS 1.2 enforcement for Microsoft Entra Connect").
const TLS_VALUES: [(&str, &str, u32); 8] = [
    (r"HKLM\SOFTWARE\WOW6432Node\Microsoft\.NETFramework\v4.0.30319", "SystemDefaultTlsVersions", 1),
    (r"HKLM\SOFTWARE\WOW6432Node\Microsoft\.NETFramework\v4.0.30319", "SchUseStrongCrypto", 1),
    (r"HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319", "SystemDefaultTlsVersions", 1),
    (r"HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319", "SchUseStrongCrypto", 1),
    (
        r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server",
        "Enabled",
        1,
    ),
    (
        r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server",
        "DisabledByDefault",
        0,
    ),
    (
        r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client",
        "Enabled",
        1,
    ),
    (
        r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client",
        "DisabledByDefault",
        0,
    ),
];

impl HostFacts {
    /// A current, well-kept host of that name.
    pub fn current(host_name: impl Into<String>) -> Self {
        let values = TLS_VALUES.iter().map(|(path, name, data)| RegistryValue {
            path: (*path).to_owned(),
            name: (*name).to_owned(),
            data: Some(*data),
        });
        Self {
            host_name: host_name.into(),
            product: EngineProduct::EntraConnect,
            version: None,
            installation_type: "Custom".to_owned(),
            operating_system: "Windows Server 2022 Standard".to_owned(),
            operating_system_build: "10.0.20348".to_owned(),
            server_core: false,
            domain_joined: true,
            dot_net_version: "4.8".to_owned(),
            power_shell_version: "5.1.20348.2849".to_owned(),
            tls_registry: values.collect(),
            sql: Some(SqlInformation {
                local_db: true,
                version: "16.0.4175.1".to_owned(),
                instance: String::new(),
                size_mib: 512,
            }),
            memory_mib: 16_384,
            operator_account: "CONTOSO\\hybrid-agent$".to_owned(),
        }
    }
}

impl Default for HostFacts {
    fn default() -> Self {
        Self::current("SYNC01")
    }
}
