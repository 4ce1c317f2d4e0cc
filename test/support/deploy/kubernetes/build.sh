#!/bin/sh
# Builds the API server and Helm that the chart is tested on into a folder, with the versions of go.mod and go.sum beside this file.
# Some ten minutes the first time; the compiler's own cache makes a change of versions cheaper.
set -eu
target=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
version() { go list -mod=readonly -m -f '{{.Version}}' "$1"; }
kubernetes=$(version k8s.io/kubernetes)
minor=$(echo "$kubernetes" | cut -d. -f2)
component=k8s.io/component-base/version
CGO_ENABLED=0 go build -mod=readonly -trimpath -buildvcs=false -o "$target/" -ldflags "-s -w \
  -X $component.gitVersion=$kubernetes -X $component.gitMajor=1 -X $component.gitMinor=$minor -X $component.gitTreeState=clean \
  -X helm.sh/helm/v3/internal/version.version=$(version helm.sh/helm/v3) \
  -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=$minor \
  -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=$minor" \
  k8s.io/kubernetes/cmd/kube-apiserver helm.sh/helm/v3/cmd/helm
