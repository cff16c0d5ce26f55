// Makes the provider's two key sets, once: `op.json` to start with, `op2.json` for after a rotation.
import fs from 'node:fs';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

const folder = new URL('./keys/', import.meta.url);
fs.mkdirSync(folder, { recursive: true });

async function signingKey(algorithm) {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig' };
}

for (const name of ['op.json', 'op2.json']) {
  const file = new URL(name, folder);
  if (fs.existsSync(file)) continue;
  const keys = await Promise.all(['RS256', 'ES256', 'ES384', 'ES512', 'Ed25519'].map(signingKey));
  fs.writeFileSync(file, JSON.stringify({ keys }, null, 1), { mode: 0o600 });
}
console.log('keys ready');
