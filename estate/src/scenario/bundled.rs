//! The small export of this crate, inside the program: a served estate needs no source folder. Pure data.

/// One file by its path inside the export.
macro_rules! bundled {
    ($path:literal) => {
        ($path, include_bytes!(concat!("../../exports/small/", $path)))
    };
}

/// Path inside the export, content.
pub(super) const FILES: &[(&str, &[u8])] = &[
    bundled!("Connectors/Connector_{8f36c487-4e75-4da9-a5bc-d7916f1acda0}.xml"),
    bundled!("Connectors/Connector_{b891884f-051e-4a83-95af-2544101c9083}.xml"),
    bundled!("GlobalSettings/MV.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{0c13699e-8d8f-421e-b88e-32fa682182a9}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{12859553-6ffe-4f09-a3a6-fa6686adaa3e}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{16cbc14b-aacd-4d29-9e45-f9fd54517aee}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{16dc8dad-2af2-45bb-ae80-aba6a21254a5}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{1f687b03-8e16-4a95-a58a-21584a739e1f}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{2651b17e-fcd4-47f9-8f6e-97619d30cfbe}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{39b55c2a-c162-4144-91af-fdebbf315bc7}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{3d5dd20e-7cd5-4c52-b84f-b702f3b13042}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{40134c07-7374-4754-b6e1-483417825aab}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{5632af2b-4151-4ff7-8482-fa6a8173e9e9}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{5b0b1554-cde3-4537-98e4-bddb74a1f572}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{681a8a81-1b6a-4c6f-be86-4694ee824f39}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{7e110194-46e4-40a3-95d6-c046b37d7ab4}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{8e9879b3-56e3-4630-aab1-7eb568e158a9}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{8f08fa7f-188f-4178-a4eb-237ec68d6f5b}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{9a60db7e-fd7e-4547-a6dd-db2cb9699fe5}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{9c8a0f3b-4845-4efe-ac33-8dd76a91886d}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{9ce52322-2d69-41ed-aa93-d5c7950f018a}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{a2ef72d7-353e-4ae7-90c9-b1377807694a}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{cfc35cfc-5604-4b98-b315-5033de7378c4}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{d958c3c8-eefc-453f-912f-ca395ed385c9}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{e61441ce-66cb-44f1-abb8-9f4f961cd701}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{edec1e56-d479-4a59-bac8-fb3a37a18075}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{efcab1f6-a56c-4c3a-b09b-8bc4e9231e15}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{f4c1d7ca-a10c-4365-8fa3-9b1a5cc9af5d}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{f7a5d63a-6eea-48f7-a130-15514e295972}.xml"),
    bundled!("SynchronizationRules/SynchronizationRule_{f87b69e2-a4ef-44ef-8c14-a93d506d1a33}.xml"),
];
