//! The smallest export that reads: one AD connector, one rule, three metaverse attributes.

use super::super::ConfigurationFiles;

pub(super) const RULE: &str =
    "SynchronizationRules/SynchronizationRule_{11111111-0000-0000-0000-000000000001}.xml";
pub(super) const CONNECTOR: &str = "Connectors/Connector_{22222222-0000-0000-0000-000000000001}.xml";
pub(super) const METAVERSE: &str = "GlobalSettings/MV.xml";

pub(super) const RULE_XML: &str = r#"<synchronizationRule>
  <id>{11111111-0000-0000-0000-000000000001}</id>
  <internal-id>{11111111-0000-0000-0000-00000000000a}</internal-id>
  <version>3</version>
  <name>Users &amp; more</name>
  <description />
  <immutable-tag />
  <direction>Inbound</direction>
  <disabled>False</disabled>
  <connector>{22222222-0000-0000-0000-000000000001}</connector>
  <sourceObjectType>user</sourceObjectType>
  <targetObjectType>person</targetObjectType>
  <linkType>Provision</linkType>
  <precedence>50</precedence>
  <precedence-after>{00000000-0000-0000-0000-000000000000}</precedence-after>
  <precedence-before>{00000000-0000-0000-0000-000000000000}</precedence-before>
  <softDeleteExpiryInterval>00:00:00</softDeleteExpiryInterval>
  <EnablePasswordSync>true</EnablePasswordSync>
  <attribute-mappings>
    <mapping>
      <dest>displayName</dest>
      <src>
        <attr>cn</attr>
      </src>
      <valueMergeType>Update</valueMergeType>
    </mapping>
    <mapping execute-once="true">
      <dest>cloudFiltered</dest>
      <src>True</src>
      <valueMergeType>Update</valueMergeType>
    </mapping>
    <mapping>
      <dest>mail</dest>
      <src>
        <attr>mail</attr>
        <attr>cn</attr>
      </src>
      <expression>IIF(IsPresent([mail]) &amp;&amp; 1 &lt; 2, [mail], [cn] &amp; "@example.com")</expression>
      <valueMergeType>MergeCaseInsensitive</valueMergeType>
    </mapping>
    <mapping>
      <dest>domainFQDN</dest>
      <expression>%Domain.FQDN%</expression>
      <valueMergeType>Update</valueMergeType>
    </mapping>
  </attribute-mappings>
  <relationshipCriteria>
    <conditions>
      <condition>
        <caseSensitive>True</caseSensitive>
        <csAttribute>objectSid</csAttribute>
        <ilmAttribute>objectSid</ilmAttribute>
      </condition>
    </conditions>
  </relationshipCriteria>
  <synchronizationCriteria>
    <conditions>
      <scope>
        <csAttribute>userAccountControl</csAttribute>
        <csOperator>ISBITNOTSET</csOperator>
        <csValue>2</csValue>
      </scope>
    </conditions>
    <conditions>
      <scope>
        <csAttribute>mail</csAttribute>
        <csOperator>ISNOTNULL</csOperator>
        <csValue />
      </scope>
    </conditions>
  </synchronizationCriteria>
</synchronizationRule>"#;

pub(super) const CONNECTOR_XML: &str = r##"<ma-data>
  <id>{22222222-0000-0000-0000-000000000001}</id>
  <name>example.com</name>
  <category>AD</category>
  <subtype />
  <schema><dsml xmlns="http://www.dsml.org/DSML"><directory-schema>
    <attribute-type id="A1" single-value="true"><name>cn</name><syntax>1.3.6.1.4.1.1466.115.121.1.15</syntax></attribute-type>
    <attribute-type id="A2"><name>member</name><syntax>1.3.6.1.4.1.1466.115.121.1.12</syntax></attribute-type>
    <attribute-type id="A3" single-value="true"><name>mail</name><syntax>1.3.6.1.4.1.1466.115.121.1.15</syntax></attribute-type>
    <class id="C1" superior="#C1" type="abstract"><name>top</name><attribute ref="#A1" required="true" /></class>
    <class id="C2" superior="#C1" type="structural"><name>user</name></class>
    <class id="C3" superior="#C1" type="structural"><name>group</name><attribute ref="#A2" required="false" /></class>
    <class id="C4" type="auxiliary"><name>mailRecipient</name><attribute ref="#A3" required="false" /></class>
    <dit-content-rule id="C2"><aux-class ref="#C4" /></dit-content-rule>
  </directory-schema></dsml></schema>
  <private-configuration><adma-configuration>
    <forest-name>example.com</forest-name>
    <password-hash-sync-config><enabled>1</enabled></password-hash-sync-config>
    <parameter-values>
      <parameter name="Forest.FQDN" type="string">example.com</parameter>
      <parameter name="password" type="encrypted-string" encrypted="1">hidden</parameter>
    </parameter-values>
  </adma-configuration></private-configuration>
  <attribute-inclusion><attribute>cn</attribute><attribute>mail</attribute></attribute-inclusion>
  <ma-partition-data><partition>
    <id>{33333333-0000-0000-0000-000000000001}</id>
    <name>DC=example,DC=com</name>
    <selected>1</selected>
    <filter>
      <object-classes><object-class>user</object-class><object-class>group</object-class></object-classes>
      <containers>
        <exclusions />
        <inclusions><inclusion>OU=A,DC=example,DC=com</inclusion></inclusions>
      </containers>
    </filter>
    <custom-data><adma-partition-data><is-domain>1</is-domain></adma-partition-data></custom-data>
    <parameter-values><parameter name="Domain.FQDN" type="string">example.com</parameter></parameter-values>
  </partition></ma-partition-data>
</ma-data>"##;

pub(super) const METAVERSE_XML: &str = r##"<saved-mv-configuration server='SYNC01' export-date='2026-01-31 12:00:00.000'>
<mv-data>
 <schema>
  <dsml:dsml xmlns:dsml="http://www.dsml.org/DSML">
      <dsml:directory-schema>
        <dsml:class id="person" type="structural">
          <dsml:name>person</dsml:name>
          <dsml:attribute ref="#displayName" required="false" />
        </dsml:class>
        <dsml:class id="group" type="structural"><dsml:name>group</dsml:name></dsml:class>
        <dsml:attribute-type id="displayName" single-value="true">
          <dsml:name>displayName</dsml:name>
          <dsml:syntax>1.3.6.1.4.1.1466.115.121.1.15</dsml:syntax>
        </dsml:attribute-type>
        <dsml:attribute-type id="member" single-value="false">
          <dsml:name>member</dsml:name>
          <dsml:syntax>1.3.6.1.4.1.1466.115.121.1.12</dsml:syntax>
        </dsml:attribute-type>
      </dsml:directory-schema>
    </dsml:dsml>
 </schema>
 <parameter-values>
    <parameter name="Microsoft.Synchronize.ServerConfigurationVersion" type="string" dataType="String">2.6.92.0</parameter>
    <parameter name="Microsoft.SynchronizationOption.CustomAttribute" type="string" dataType="String" />
    <parameter name="Secret" type="encrypted-string" encrypted="1">hidden</parameter>
  </parameter-values>
</mv-data>
</saved-mv-configuration>"##;

/// The three files.
pub(super) fn files() -> ConfigurationFiles {
    ConfigurationFiles::new([
        (RULE.to_owned(), RULE_XML.as_bytes().to_vec()),
        (CONNECTOR.to_owned(), CONNECTOR_XML.as_bytes().to_vec()),
        (METAVERSE.to_owned(), METAVERSE_XML.as_bytes().to_vec()),
    ])
}

/// The three files with a text of one of them replaced.
pub(super) fn files_with(path: &str, from: &str, to: &str) -> ConfigurationFiles {
    let mut files = files();
    let text = String::from_utf8(files.get(path).expect("a file of this export").to_vec()).expect("text");
    assert!(text.contains(from), "{path} does not contain {from}");
    files.insert(path, text.replacen(from, to, 1).into_bytes());
    files
}
