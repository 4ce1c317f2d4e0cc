/** What the test servers are pinned to. The broker's version stands in pom.xml as well; a test compares the two. */
export const kafkaVersion = '4.3.1';
export const apicurioVersion = '2.6.13.Final';
export const mavenDependencyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
