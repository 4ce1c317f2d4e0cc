#!/bin/sh
# build-image.sh JARS TAG: a Kafka image from nothing that has to be pulled, for the tests of the Docker provider.
# A runtime cut down by jlink, busybox, the shared libraries that these need, and the broker's jars in the folder JARS
# (the cache's kafka-<version>). Needs docker with a daemon, a JDK 17 or newer with jmods, and busybox-static.
set -eu
jars=$1
tag=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/etc" "$root/opt/kafka" "$root/proc" "$root/dev" "$root/sys" "$root/tmp"
chmod 1777 "$root/tmp"

"${JAVA_HOME:+$JAVA_HOME/bin/}jlink" --output "$root/opt/jre" --no-man-pages --no-header-files --strip-debug --add-modules \
  java.base,java.logging,java.management,java.naming,java.security.jgss,java.security.sasl,java.sql,java.xml,java.desktop,java.rmi,java.scripting,jdk.unsupported,jdk.management,jdk.crypto.ec,jdk.zipfs

cp "${BUSYBOX:-$(command -v busybox)}" "$root/bin/busybox"
for name in sh cat env grep tr echo; do ln -s busybox "$root/bin/$name"; done
printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"

# What the runtime and the native parts of the jars (zstd, snappy, lz4) are linked against.
{ find "$root/opt/jre" -name '*.so' -o -name java -path '*/bin/*'; } | while read -r file; do
  ldd "$file" 2>/dev/null | sed -n 's:^[^/]*\(/[^ ]*\).*:\1:p'
done | grep -v "^$root" | sort -u >"$root/tmp/libraries"
ldconfig -p | sed -n 's:.* => \(/.*/lib\(stdc++\.so\.6\|gcc_s\.so\.1\|m\.so\.6\)\)$:\1:p' >>"$root/tmp/libraries"
while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done <"$root/tmp/libraries"
rm "$root/tmp/libraries"

cp "$jars"/*.jar "$root/opt/kafka/"
cp "$here/image-entry.sh" "$root/entry.sh"
tar -C "$root" -c . | docker import \
  --change 'ENTRYPOINT ["/bin/sh","/entry.sh"]' --change 'ENV PATH=/opt/jre/bin:/bin' --change 'EXPOSE 9092' - "$tag"
