#!/bin/sh
# build-base.sh CACHE TAG: a stand-in for node:22-bookworm-slim where no image can be pulled. Debian from its own mirror, Node
# and npm from the npm registry, the user `node`, and the certificate authorities of this machine. Not the official image.
# Needs root, debootstrap, npm, and docker with a daemon. CACHE keeps the root file system between runs.
set -eu
cache=$1
tag=$2
node_version=22.23.3
npm_version=10.9.4
archive=$cache/node-$node_version-bookworm.tar
if [ ! -f "$archive" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  root=$work/root
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
  npm install --silent --no-fund --no-audit --prefix "$work/npm" "node@$node_version" "npm@$npm_version"
  mkdir -p "$root/usr/local/bin" "$root/usr/local/lib/node_modules"
  cp -L "$work/npm/node_modules/node/bin/node" "$root/usr/local/bin/node"
  cp -R "$work/npm/node_modules/npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  # Node links against these, and minbase leaves one of them out.
  chroot "$root" apt-get install -y -qq --no-install-recommends libstdc++6 libatomic1 >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
  chroot "$root" groupadd --gid 1000 node
  chroot "$root" useradd --uid 1000 --gid node --shell /bin/sh --create-home node
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale
  cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$root/etc/ssl/certs/ca-certificates.crt"
  tar -C "$root" --exclude=./dev --exclude=./proc --exclude=./sys -cf "$work/base.tar" .
  mv "$work/base.tar" "$archive"
fi
docker import --change 'CMD ["node"]' --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt' \
  "$archive" "$tag" >/dev/null
