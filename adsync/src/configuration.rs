//! The configuration folder that `Get-ADSyncServerConfiguration -Path` writes.
