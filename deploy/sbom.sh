#!/bin/sh
# sbom.sh IMAGE [FILE]: what an image consists of, as CycloneDX JSON. Needs syft (https://github.com/anchore/syft) on the path.
set -eu
exec env SYFT_CHECK_FOR_APP_UPDATE=false syft scan --quiet --output "cyclonedx-json=${2:-/dev/stdout}" "docker:$1"
