{{/* Name of what the chart makes; at most 40 characters, so that suffixes fit. */}}
{{- define "operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "operator.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name must be set where serviceAccount.create is false: name the account to use" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods; never changes within a release. */}}
{{- define "operator.selector" -}}
app.kubernetes.io/name: hybrid-identity-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "operator.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{- printf "%s:%s@%s" .Values.image.repository $tag .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end -}}

{{/* What the operator does in the namespaces that it works in, and nothing beyond. */}}
{{- define "operator.rules" -}}
- apiGroups: [hybrididentity.dev]
  resources: [entratenants, syncservers]
  verbs: [get, list, watch]
# Its finalizer: a topology is not gone before what it began is finished. A policy keeps the rest of the object from it.
- apiGroups: [hybrididentity.dev]
  resources: [synctopologies]
  verbs: [get, list, watch, patch]
- apiGroups: [hybrididentity.dev]
  resources:
  - configurationsnapshots/status
  - entratenants/status
  - migrationdecisions/status
  - migrations/status
  - syncservers/status
  - synctopologies/status
  verbs: [update]
- apiGroups: [hybrididentity.dev]
  resources: [syncagents]
  verbs: [get, list, watch, update]
- apiGroups: [hybrididentity.dev]
  resources: [syncagentreports]
  verbs: [get, list, watch, create]
- apiGroups: [hybrididentity.dev]
  resources: [migrations]
  verbs: [list, watch, create]
- apiGroups: [hybrididentity.dev]
  resources: [migrationdecisions]
  verbs: [list, watch]
- apiGroups: [hybrididentity.dev]
  resources: [configurationsnapshots]
  verbs: [get, list, create]
# Credentials of tenants, chunks from agents, snapshots and listings. Names are not known beforehand.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, update]
# Heartbeats of agents: made empty, read afterwards.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
