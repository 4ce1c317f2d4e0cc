/** A token that says nothing but who and until when; the broker of the tests does not ask for a signature. */
export function unsignedToken(expiresInSeconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: 'alice', iat: now - 7200, exp: now + expiresInSeconds })}.`;
}
