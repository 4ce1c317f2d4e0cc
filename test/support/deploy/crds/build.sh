#!/bin/sh
# build.sh FOLDER: the definitions of the custom resources that the chart may make: KEDA's as published in its Go module,
# those of Prometheus' operator and of Strimzi written from their types by the programs that their makers use.
set -eu
target=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here"
keda=$(go mod download -json github.com/kedacore/keda/v2@v2.18.1 | sed -n 's/.*"Dir": "\(.*\)",*/\1/p')
cp "$keda/config/crd/bases/keda.sh_scaledobjects.yaml" "$target/"

go run -mod=readonly sigs.k8s.io/controller-tools/cmd/controller-gen crd:crdVersions=v1,allowDangerousTypes=true \
  paths=github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1 output:crd:dir="$work/monitoring"
for kind in podmonitors servicemonitors prometheusrules; do cp "$work/monitoring/monitoring.coreos.com_$kind.yaml" "$target/"; done

cp strimzi.xml "$work/pom.xml"
(cd "$work" && mvn -q --batch-mode -f pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/jars")
model=io.strimzi.api.kafka.model
"${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$work/jars/*" io.strimzi.crdgenerator.CrdGenerator --yaml --crd-api-version v1 \
  "$model.topic.KafkaTopic=$target/kafkatopics.yaml" "$model.user.KafkaUser=$target/kafkausers.yaml" 2>"$work/log" || { cat "$work/log"; exit 1; }
