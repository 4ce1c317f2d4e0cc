#!/bin/sh
# Entry of the image that build-image.sh makes. Takes its settings as apache/kafka does: KAFKA_NODE_ID is node.id.
set -efu
{
  printf 'status=ERROR\nappender.out.type=Console\nappender.out.name=out\nappender.out.layout.type=PatternLayout\n'
  printf 'appender.out.layout.pattern=%%p %%c{1}: %%m%%n\nrootLogger.level=INFO\nrootLogger.appenderRef.out.ref=out\n'
} >/tmp/log4j2.properties
env | grep '^KAFKA_' | while IFS='=' read -r name value; do
  printf '%s=%s\n' "$(echo "${name#KAFKA_}" | tr 'A-Z_' 'a-z.')" "$value"
done >/tmp/server.properties
# set -f: the star of the class path is for the JVM.
java="java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile=/tmp/log4j2.properties -cp /opt/kafka/*"
$java kafka.tools.StorageTool format -t "$CLUSTER_ID" -c /tmp/server.properties
exec $java kafka.Kafka /tmp/server.properties
