//! The smallest exported configuration that reads: one connector, one rule, a metaverse with one attribute.

use adsync::configuration::ConfigurationFiles;

pub(crate) fn files(defective: bool) -> ConfigurationFiles {
    let rule = if defective { "<synchronizationRule><id>" } else { RULE };
    let file = |path: &str, content: &str| (path.to_owned(), content.as_bytes().to_vec());
    ConfigurationFiles::new([
        file("SynchronizationRules/SynchronizationRule_{11111111-0000-0000-0000-000000000001}.xml", rule),
        file("Connectors/Connector_{22222222-0000-0000-0000-000000000001}.xml", CONNECTOR),
        file("GlobalSettings/MV.xml", METAVERSE),
    ])
}

const RULE: &str = "<synchronizationRule>
  <id>{11111111-0000-0000-0000-000000000001}</id>
  <internal-id>{11111111-0000-0000-0000-00000000000a}</internal-id>
  <version>1</version><name>In from AD</name><description /><immutable-tag />
  <direction>Inbound</direction><disabled>False</disabled>
  <connector>{22222222-0000-0000-0000-000000000001}</connector>
  <sourceObjectType>user</sourceObjectType><targetObjectType>person</targetObjectType>
  <linkType>Provision</linkType><precedence>50</precedence>
  <precedence-after>{00000000-0000-0000-0000-000000000000}</precedence-after>
  <precedence-before>{00000000-0000-0000-0000-000000000000}</precedence-before>
  <softDeleteExpiryInterval>00:00:00</softDeleteExpiryInterval>
  <EnablePasswordSync>False</EnablePasswordSync>
  <attribute-mappings /><relationshipCriteria /><synchronizationCriteria />
</synchronizationRule>";

const CONNECTOR: &str = r##"<ma-data>
  <id>{22222222-0000-0000-0000-000000000001}</id><name>example.com</name><category>AD</category><subtype />
  <schema><dsml xmlns="http://www.dsml.org/DSML"><directory-schema>
    <attribute-type id="A1" single-value="true"><name>cn</name><syntax>1.3.6.1.4.1.1466.115.121.1.15</syntax></attribute-type>
    <class id="C1" superior="#C1" type="abstract"><name>top</name><attribute ref="#A1" required="true" /></class>
    <class id="C2" superior="#C1" type="structural"><name>user</name></class>
  </directory-schema></dsml></schema>
  <private-configuration><adma-configuration><forest-name>example.com</forest-name></adma-configuration></private-configuration>
  <attribute-inclusion><attribute>cn</attribute></attribute-inclusion>
  <ma-partition-data><partition>
    <id>{33333333-0000-0000-0000-000000000001}</id><name>DC=example,DC=com</name><selected>1</selected>
    <filter><object-classes><object-class>user</object-class></object-classes>
      <containers><exclusions /><inclusions><inclusion>OU=A,DC=example,DC=com</inclusion></inclusions></containers></filter>
    <custom-data><adma-partition-data><is-domain>1</is-domain></adma-partition-data></custom-data>
  </partition></ma-partition-data>
</ma-data>"##;

const METAVERSE: &str = r##"<saved-mv-configuration server='SYNC01' export-date='2026-01-31 12:00:00.000'><mv-data><schema>
  <dsml:dsml xmlns:dsml="http://www.dsml.org/DSML"><dsml:directory-schema>
    <dsml:class id="person" type="structural"><dsml:name>person</dsml:name><dsml:attribute ref="#displayName" required="false" /></dsml:class>
    <dsml:attribute-type id="displayName" single-value="true"><dsml:name>displayName</dsml:name>
      <dsml:syntax>1.3.6.1.4.1.1466.115.121.1.15</dsml:syntax></dsml:attribute-type>
  </dsml:directory-schema></dsml:dsml></schema><parameter-values /></mv-data></saved-mv-configuration>"##;
