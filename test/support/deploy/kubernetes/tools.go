//go:build tools

// Package tools pins the programs of a Kubernetes API server and of Helm, so that one module builds both.
package tools

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
