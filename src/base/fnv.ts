/** The 64-bit FNV-1a hash of a text's UTF-8 bytes, as 16 hexadecimal digits. It tells texts apart; it is no secret. */
export function fnv1a(text: string): string {
  const [prime, mask] = [0x100000001b3n, 0xffffffffffffffffn];
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * prime) & mask;
  return hash.toString(16).padStart(16, '0');
}
