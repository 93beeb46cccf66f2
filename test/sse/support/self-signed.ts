import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** Both PEM. */
  readonly key: string;
  readonly cert: string;
}

/** A certificate for `localhost`, valid for a day, signed by itself. Source: RFC 5280, section 4.1. */
export function createSelfSigned(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const name = sequence(set(sequence(objectId(2, 5, 4, 3), utf8("localhost"))));
  const ecdsaWithSha256 = sequence(objectId(1, 2, 840, 10045, 4, 3, 2));
  const now = Date.now();
  const day = 86_400_000;
  const toBeSigned = sequence(
    tagged(0, element(0x02, Buffer.of(2))), // version 3
    element(0x02, Buffer.concat([Buffer.of(0x01), randomBytes(15)])), // serial number
    ecdsaWithSha256,
    name, // issuer
    sequence(time(now - day), time(now + day)),
    name, // subject
    publicKey.export({ type: "spki", format: "der" }),
    tagged(3, sequence(alternativeNames("localhost", [127, 0, 0, 1]), isAuthority())),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, ecdsaWithSha256, bitString(signature));
  const base64 = certificate.toString("base64").replaceAll(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}

/** One DER element. Source: X.690. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = Buffer.from(length.toString(16).padStart(length > 255 ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.of(tag, 0x80 | size.length), size, content]);
}

const sequence = (...parts: Buffer[]) => element(0x30, Buffer.concat(parts));
const set = (...parts: Buffer[]) => element(0x31, Buffer.concat(parts));
const tagged = (tag: number, content: Buffer) => element(0xa0 | tag, content);
const utf8 = (text: string) => element(0x0c, Buffer.from(text));
const octets = (content: Buffer) => element(0x04, content);
const bitString = (content: Buffer) => element(0x03, Buffer.concat([Buffer.of(0), content]));
const yes = element(0x01, Buffer.of(0xff));

function objectId(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = rest.flatMap((value) => {
    const groups = [value & 0x7f];
    for (let left = value >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return element(0x06, Buffer.of(first * 40 + second, ...bytes));
}

/** `GeneralizedTime` would do for all years, but before 2050 it has to be `UTCTime`. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return element(0x17, Buffer.from(text.slice(2)));
}

function alternativeNames(dnsName: string, address: readonly number[]): Buffer {
  const names = sequence(element(0x82, Buffer.from(dnsName)), element(0x87, Buffer.from(address)));
  return sequence(objectId(2, 5, 29, 17), octets(names));
}

function isAuthority(): Buffer {
  return sequence(objectId(2, 5, 29, 19), yes, octets(sequence(yes)));
}
