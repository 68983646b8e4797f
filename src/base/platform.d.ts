/**
 * The platform API that Node and browsers share and that the engine uses. The core is compiled without DOM and Node
 * types so that nothing else can slip in; every name here must exist in both.
 */

interface TextDecoder {
  decode(bytes?: Uint8Array): string;
}
declare var TextDecoder: {
  new (encoding?: 'utf-8', options?: { fatal?: boolean }): TextDecoder;
};

interface TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}
declare var TextEncoder: {
  new (): TextEncoder;
};

interface SubtleCrypto {
  digest(algorithm: 'SHA-256', bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
}
interface Crypto {
  readonly subtle: SubtleCrypto;
}
declare var crypto: Crypto;

declare function setTimeout(callback: () => void, milliseconds: number): unknown;

/** Milliseconds since some fixed moment. */
declare var performance: { now(): number };
