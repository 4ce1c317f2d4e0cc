{{/* The restricted Pod Security Standard, and nothing to write to. */}}
{{- define "freshet.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "freshet.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Where Kafka and the registry are, and how to log in: the same for workers, trainer and topics job. */}}
{{- define "freshet.placeEnv" -}}
{{- $kafka := .Values.kafka -}}
- name: FRESHET_BROKERS
  value: {{ join "," $kafka.brokers | quote }}
- name: FRESHET_APP
  value: {{ $kafka.app | quote }}
{{- with $kafka.topics }}
- name: FRESHET_TOPICS
  value: {{ include "freshet.topicNames" . | quote }}
{{- end }}
{{- if $kafka.tls.enabled }}
- name: FRESHET_KAFKA_TLS
  value: "true"
{{- if $kafka.tls.caSecret }}
- name: FRESHET_KAFKA_CA_FILE
  value: /etc/freshet/kafka-ca/{{ $kafka.tls.caKey }}
{{- end }}
{{- if $kafka.tls.clientSecret }}
- name: FRESHET_KAFKA_CERT_FILE
  value: /etc/freshet/kafka-client/{{ $kafka.tls.clientCertKey }}
- name: FRESHET_KAFKA_KEY_FILE
  value: /etc/freshet/kafka-client/{{ $kafka.tls.clientKeyKey }}
{{- end }}
{{- end }}
{{- if $kafka.sasl.mechanism }}
- name: FRESHET_KAFKA_SASL
  value: {{ $kafka.sasl.mechanism }}
{{- if eq $kafka.sasl.mechanism "oauthbearer" }}
- name: FRESHET_KAFKA_TOKEN_FILE
  value: /etc/freshet/kafka-sasl/{{ $kafka.sasl.tokenKey }}
{{- else }}
- name: FRESHET_KAFKA_USERNAME
  value: {{ $kafka.sasl.username | quote }}
- name: FRESHET_KAFKA_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $kafka.sasl.secret }}
      key: {{ $kafka.sasl.passwordKey }}
{{- end }}
{{- end }}
{{- with .Values.registry }}
{{- if .url }}
- name: FRESHET_REGISTRY_URL
  value: {{ .url | quote }}
- name: FRESHET_SUBJECT_STRATEGY
  value: {{ .subjectStrategy }}
{{- if .secret }}
- name: FRESHET_REGISTRY_AUTH
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .authKey }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "freshet.topicNames" -}}
{{- $names := list -}}
{{- range $role, $name := . }}{{ $names = append $names (printf "%s=%s" $role $name) }}{{ end -}}
{{- join "," $names }}
{{- end }}

{{- define "freshet.httpEnv" -}}
- name: POD_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: FRESHET_HTTP_HOST
  value: "0.0.0.0"
- name: FRESHET_HTTP_PORT
  value: {{ .Values.http.port | quote }}
{{- if .Values.http.tokenSecret }}
- name: FRESHET_HTTP_TOKEN_FILE
  value: /etc/freshet/http/{{ .Values.http.tokenKey }}
{{- end }}
{{- end }}

{{- define "freshet.secretMounts" -}}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.caSecret }}
- name: kafka-ca
  mountPath: /etc/freshet/kafka-ca
  readOnly: true
{{- end }}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.clientSecret }}
- name: kafka-client
  mountPath: /etc/freshet/kafka-client
  readOnly: true
{{- end }}
{{- if eq .Values.kafka.sasl.mechanism "oauthbearer" }}
- name: kafka-sasl
  mountPath: /etc/freshet/kafka-sasl
  readOnly: true
{{- end }}
{{- end }}

{{- define "freshet.secretVolumes" -}}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.caSecret }}
- name: kafka-ca
  secret:
    secretName: {{ .Values.kafka.tls.caSecret }}
{{- end }}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.clientSecret }}
- name: kafka-client
  secret:
    secretName: {{ .Values.kafka.tls.clientSecret }}
    defaultMode: 0440
{{- end }}
{{- if eq .Values.kafka.sasl.mechanism "oauthbearer" }}
- name: kafka-sasl
  secret:
    secretName: {{ .Values.kafka.sasl.secret }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{/* Both roles answer before anything is restored. Live: the event loop moves. Ready: all that belongs to it is restored and followed. */}}
{{- define "freshet.probes" -}}
startupProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet:
    path: /readyz
    port: http
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}

{{- define "freshet.workerPod" -}}
metadata:
  labels:
    {{- include "freshet.labels" (dict "root" . "component" "worker") | nindent 4 }}
  annotations:
    checksum/config: {{ toJson .Values.worker.settings | sha256sum }}
    {{- with .Values.worker.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "freshet.serviceAccountName" . }}
  automountServiceAccountToken: false
  # Variables that Kubernetes makes up for services would be read as settings.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.worker.terminationGracePeriodSeconds }}
  securityContext:
    {{- include "freshet.podSecurity" . | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.worker.topologySpread }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: {{ $.Values.worker.topologySpread }}
      labelSelector:
        matchLabels:
          {{- include "freshet.selector" (dict "root" $ "component" "worker") | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- include "freshet.placement" .Values.worker | nindent 2 }}
  containers:
    - name: worker
      image: {{ include "freshet.image" (dict "root" . "image" .Values.worker.image) | quote }}
      imagePullPolicy: {{ .Values.worker.image.pullPolicy }}
      args: [run, --role, worker, --config, /etc/freshet/config/worker.json]
      securityContext:
        {{- include "freshet.containerSecurity" . | nindent 8 }}
      env:
        {{- include "freshet.placeEnv" . | nindent 8 }}
        {{- include "freshet.httpEnv" . | nindent 8 }}
        - name: FRESHET_HTTP_ADVERTISE
          value: "$(POD_IP):{{ .Values.http.port }}"
        {{- if .Values.worker.snapshot.enabled }}
        - name: FRESHET_DATA
          value: /var/lib/freshet/snapshot
        {{- end }}
        {{- with .Values.worker.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: http
          containerPort: {{ .Values.http.port }}
      {{- include "freshet.probes" . | nindent 6 }}
      {{- if gt (int .Values.worker.preStopSeconds) 0 }}
      lifecycle:
        preStop:
          sleep:
            seconds: {{ .Values.worker.preStopSeconds }}
      {{- end }}
      resources:
        {{- toYaml .Values.worker.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/freshet/config
          readOnly: true
        {{- include "freshet.secretMounts" . | nindent 8 }}
        {{- include "freshet.tokenMount" . | nindent 8 }}
        {{- if .Values.worker.snapshot.enabled }}
        - name: snapshot
          mountPath: /var/lib/freshet
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "freshet.fullname" . }}-settings
    {{- include "freshet.secretVolumes" . | nindent 4 }}
    {{- include "freshet.tokenVolume" . | nindent 4 }}
{{- end }}

{{- define "freshet.tokenMount" -}}
{{- if .Values.http.tokenSecret }}
- name: http-token
  mountPath: /etc/freshet/http
  readOnly: true
{{- end }}
{{- end }}

{{- define "freshet.tokenVolume" -}}
{{- if .Values.http.tokenSecret }}
- name: http-token
  secret:
    secretName: {{ .Values.http.tokenSecret }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{- define "freshet.placement" -}}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
